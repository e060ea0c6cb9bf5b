"""python3 run.py bench phone: how long the field app takes on a cheap phone, in Chromium.

The demo district, served as users have it; headless Chromium with a phone's screen (360 by 740, touch), its processor
slowed four times, a profile on disk as a phone has it. First use: from the address to the first step of binding, in a
new profile. Later start: the browser started anew without a network, from opening the app until the PIN can be typed,
and from the last digit to my duties. A report: from the tap on "report" to the words "kept on this phone", with a
person's pauses: 1.2 s before each tap, 4 s to look at the place, 0.25 s for each of the twelve characters typed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Locator, Page, sync_playwright

from benchmarks._demo import entered, needs_chromium, profile, served

SLOW = 4
PIN = "482913"
LOOK: dict[str, Any] = {
    "viewport": {"width": 360, "height": 740}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True,
    "locale": "zh-CN", "timezone_id": "Asia/Shanghai", "permissions": ["geolocation"],
    "geolocation": {"longitude": 114.30, "latitude": 36.10, "accuracy": 12},
}  # fmt: skip
TAP, LOOKING, KEY = 1.2, 4.0, 0.25  # seconds
WORDS = "路口井盖破损请尽快处理一下"


def slowed(context: BrowserContext) -> Page:
    page = context.pages[0]
    context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOW})
    return page


SEEN = """wanted => new Promise(done => {
  const look = () => document.querySelector(wanted) ? done(performance.now()) : requestAnimationFrame(look);
  look();
})"""


def seen(page: Page, selector: str) -> float:
    """When something was first drawn, in seconds of the page's own clock, which starts with the navigation."""
    return float(page.evaluate(SEEN, selector)) / 1_000


def typed(page: Page) -> None:
    for digit in PIN:
        page.get_by_role("button", name=digit, exact=True).click()


def bind(context: BrowserContext, address: str) -> float:
    """First use on a slow phone, then bound at full speed; seconds of the first use."""
    page = context.pages[0]
    entered(page, address, "grid_worker")
    line = context.new_cdp_session(page)
    line.send("Emulation.setCPUThrottlingRate", {"rate": SLOW})
    page.goto(f"{address}/field/", wait_until="commit")
    took = seen(page, "input[name=name]")
    line.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    page.locator("input[name=name]").fill("巡查手机")
    page.get_by_role("button", name="继续").click()
    typed(page)
    page.get_by_text("再次输入").wait_for()
    typed(page)
    page.locator(".tabs").wait_for(timeout=60_000)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.wait_for_timeout(3_000)  # what it keeps for later comes in its own time
    return took


def start(context: BrowserContext, address: str) -> tuple[float, float]:
    """Seconds until the PIN can be typed, and from its last digit to my duties."""
    page = slowed(context)
    context.set_offline(True)
    page.goto(f"{address}/field/", wait_until="commit")
    pin = seen(page, ".key")
    typed(page)
    began = float(page.evaluate("performance.now()")) / 1_000
    return pin, max(0.0, seen(page, ".card, .empty") - began)


def report(page: Page) -> float:
    """Seconds of a report, a person's pauses among them."""
    began = time.monotonic()

    def tap(wanted: Locator) -> None:
        time.sleep(TAP)
        wanted.first.click()

    tap(page.locator(".tabs a", has_text="上报"))
    tap(page.locator("[data-category=manhole], [data-category]"))
    page.locator("textarea").wait_for()
    time.sleep(LOOKING)
    tap(page.locator("textarea"))
    page.keyboard.type(WORDS, delay=KEY * 1_000)
    tap(page.get_by_role("button", name="提交"))
    page.locator(".toast", has_text="已保存在本手机").first.wait_for()
    return time.monotonic() - began


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench phone", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=5, help="starts and reports (default 5)")
    parser.add_argument("--data", type=Path, help="folder of the demo's database; by default one that goes afterwards")
    asked = parser.parse_args()
    needs_chromium()
    folder = asked.data or Path(tempfile.mkdtemp(prefix="qipan-phone-"))
    kept = Path(tempfile.mkdtemp(prefix="qipan-profile-"))
    found: dict[str, list[float]] = {"first_use": [], "until_pin": [], "after_pin": [], "report": []}
    try:
        with served(folder) as address, sync_playwright() as playwright:
            for _ in range(2):  # the first warms the server
                shutil.rmtree(kept, ignore_errors=True)
                with profile(playwright.chromium, kept, **LOOK) as context:
                    found["first_use"] = [bind(context, address)]
            for _ in range(asked.rounds):
                with profile(playwright.chromium, kept, **LOOK) as context:
                    pin, after = start(context, address)
                    found["until_pin"].append(pin)
                    found["after_pin"].append(after)
                    found["report"].append(report(context.pages[0]))
    finally:
        shutil.rmtree(kept, ignore_errors=True)
        if asked.data is None:
            shutil.rmtree(folder, ignore_errors=True)
    medians = {f"{name}_s": round(statistics.median(some), 2) for name, some in found.items()}
    print(json.dumps({"load": os.getloadavg()[0], **medians, "every": found}, indent=1))


if __name__ == "__main__":
    main()
