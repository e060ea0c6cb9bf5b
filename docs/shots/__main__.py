"""The screenshots of README and docs: `python3 run.py shots [NAME ...]`.

Starts the demo (or uses the one at --address), signs in as each role with one click and keeps the pictures beside this
file. A picture is a line of `SHOTS`; `open` is a link to follow from the page and `ready` what must be there, by CSS;
`bind` a phone first, as the field app asks.
"""

from __future__ import annotations

import argparse
import contextlib
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from tests.journeys import browser as system

HERE = Path(__file__).parent
SETTLED = 4000.0  # milliseconds for a map to draw what was picked
BLINK = 1000.0  # until the pad asks once more
PIN = "482913"
LANGUAGES = {"zh": "zh-CN", "en": "en-GB"}


@dataclass(frozen=True)
class Shot:
    """One picture. `role` is a role's code ("dispatcher"), empty for a page before sign-in."""

    name: str
    path: str
    role: str = ""
    size: str = "desk"
    language: str = "zh"
    theme: str = "light"
    open: str = ""
    ready: str = ""
    bind: bool = False
    whole: bool = False


BOARD = "qipan-board[data-ready]"
SHOTS = [
    Shot("board", "/board/", role="commander", ready=BOARD, open=".board-scroll li a"),
    Shot("board-wide", "/board/", role="commander", size="wall", ready=BOARD),
    Shot(
        "board-dark", "/board/", role="dispatcher", language="en", theme="dark", ready=BOARD, open=".board-scroll li a"
    ),
    Shot("charts", "/board/charts/", role="commander", ready=".charts[data-ready]"),
    Shot("wall", "/board/wall/", role="commander", size="wall", ready="qipan-wall[data-ready]"),
    Shot("field", "/field/", role="handler", size="phone", bind=True, ready=".card"),
    Shot(
        "field-report", "/field/", role="handler", size="phone", bind=True, ready=".tabs", open=".tabs a:nth-child(3)"
    ),
    Shot("work", "/my-work/", role="handler"),
    Shot("incident", "/incidents/?state=overdue&klass=facility", role="dispatcher", open="table.incidents [data-open]"),
    Shot("clock", "/my-work/", role="handler", open='a[href$="/explain/"]'),
    Shot("scores", "/incidents/scores/", role="commander"),
    Shot("area", "/areas/1/", role="administrator"),
    Shot("journal", "/journal/", role="auditor"),
    Shot("calendar", "/calendar/", role="dispatcher", theme="dark"),
    Shot("work-phone", "/my-work/", role="handler", size="phone"),
    Shot("public-phone", "/public/", size="phone", open='main a[href$="/report/"]'),
]


def take(shot: Shot, *, browser: Browser, address: str, folder: Path) -> Path:
    """One picture, in a browser window of its own."""
    width, height = system.SIZES[shot.size]
    phone = shot.size == "phone"
    context = browser.new_context(
        base_url=address,
        viewport={"width": width, "height": height},
        locale=LANGUAGES[shot.language],
        timezone_id="Asia/Shanghai",
        color_scheme="dark" if shot.theme == "dark" else "light",
        reduced_motion="reduce",
        is_mobile=phone,
        has_touch=phone,
    )
    with contextlib.closing(context):
        page = context.new_page()
        if shot.role:
            sign_in(page, shot.role)
        page.goto(shot.path)
        if shot.bind:
            bind(page)
        if shot.ready:
            page.wait_for_selector(shot.ready)
        if shot.open:
            page.locator(shot.open).first.click()
            page.wait_for_load_state()
        if shot.ready:  # a page that listens for ever is never idle
            page.wait_for_timeout(SETTLED)
        else:
            page.wait_for_load_state("networkidle")
        page.evaluate("document.fonts.ready")
        path = folder / f"{shot.name}.png"
        page.screenshot(path=path, full_page=shot.whole, animations="disabled")
    # Ink on paper has few colours: a palette makes the file a third.
    Image.open(path).convert("RGB").quantize(96, dither=Image.Dither.NONE).save(path, optimize=True)
    return path


def sign_in(page: Page, role: str) -> None:
    """With one click, as the demo offers it."""
    page.goto("/accounts/login/")
    button = page.locator(f'button.role[data-role="{role}"]').first
    if not button.count():
        raise SystemExit(f"the demo has nobody with the role {role}")
    button.click()
    page.wait_for_load_state()


def bind(page: Page) -> None:
    """First use of the field app: the phone's name as offered, a PIN twice."""
    page.locator("form button").click()
    for _time in range(2):
        page.wait_for_timeout(BLINK)
        for digit in PIN:
            page.get_by_role("button", name=digit, exact=True).click()
    page.locator(".tabs").wait_for()


@contextlib.contextmanager
def demo() -> Iterator[str]:
    """The demo on a free port with data of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as data:
        words = [sys.executable, "-m", "qipan", "demo", "--port", str(port), "--data", data]
        process = subprocess.Popen(words)
        try:
            wait_for(f"{address}/readyz", process)
            yield address
        finally:
            process.terminate()
            process.wait(timeout=60)


def wait_for(url: str, process: subprocess.Popen[bytes], seconds: float = 600) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if process.poll() is not None:
            raise SystemExit(f"the demo ended with {process.returncode}")
        with contextlib.suppress(urllib.error.URLError, ConnectionError), urllib.request.urlopen(url, timeout=5):
            return
        time.sleep(0.5)
    raise SystemExit("the demo did not get ready")


def main() -> None:
    parser = argparse.ArgumentParser(prog="run.py shots", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="which pictures (all)")
    parser.add_argument("--address", help="use the demo that runs there")
    parser.add_argument("--folder", type=Path, default=HERE)
    given = parser.parse_args()
    chromium = system.chromium()
    if chromium is None:
        raise SystemExit(system.HOW)
    wanted = [shot for shot in SHOTS if not given.names or shot.name in given.names]
    given.folder.mkdir(parents=True, exist_ok=True)
    running = contextlib.nullcontext(given.address) if given.address else demo()
    with running as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=[*system.FLAGS, "--lang=zh-CN"])
        for shot in wanted:
            print(take(shot, browser=browser, address=address, folder=given.folder))
        browser.close()


if __name__ == "__main__":
    main()
