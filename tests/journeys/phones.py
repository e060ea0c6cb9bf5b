"""A cheap phone in a worker's hand: Chromium with a profile that survives being killed."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.test import Client
from playwright.sync_api import BrowserContext, Page, Playwright, expect

from tests import factories
from tests.journeys import browser

PIN = "482913"
ON, OFF = True, False


class Hand:
    """The phone's browser, started anew as often as it is killed."""

    def __init__(self, playwright: Playwright, profile: Path, live: str, *, width: int = 390, language: str = "zh-CN",
                 slow: int = 1) -> None:  # fmt: skip
        self.playwright, self.profile, self.live, self.width, self.language = playwright, profile, live, width, language
        self.slow, self.point, self.ahead = slow, (0.0, 0.0), timedelta(0)
        self.context: BrowserContext | None = None
        self.errors: list[str] = []

    def start(self, *, online: bool = True) -> Page:
        path = browser.chromium()
        assert path is not None
        self.context = self.playwright.chromium.launch_persistent_context(
            self.profile, executable_path=path, args=browser.FLAGS, viewport={"width": self.width, "height": 844},
            device_scale_factor=2, is_mobile=True, has_touch=True, locale=self.language, timezone_id="Asia/Shanghai",
            geolocation={"longitude": self.point[0], "latitude": self.point[1], "accuracy": 12},
            permissions=["geolocation"],
        )  # fmt: skip
        page = self.context.pages[0]
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda said: self.errors.append(said.text) if "Content Security" in said.text else None)
        if self.slow > 1:
            page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": self.slow})
        if self.ahead:
            page.clock.install(time=datetime.now(UTC) + self.ahead)
        self.online(online)
        return page

    def online(self, there: bool) -> None:
        assert self.context is not None
        self.context.set_offline(not there)

    def sign_in(self, post: Any) -> None:
        assert self.context is not None
        cookie = factories.sign_in(Client(), post).cookies["sessionid"]
        # Kept when the browser is killed, as the server's own is: it names its age.
        until = time.time() + 12 * 3600
        self.context.add_cookies([{"name": "sessionid", "value": cookie.value, "url": self.live, "expires": until}])

    def sign_out(self) -> None:
        assert self.context is not None
        self.context.clear_cookies(name="sessionid")

    def kill(self) -> None:
        if self.context is not None:
            self.context.close()
        self.context = None

    def open(self, place: str = "") -> Page:
        assert self.context is not None
        page = self.context.pages[0]
        page.goto(f"{self.live}/field/{place}")
        return page


def press(page: Page, pin: str = PIN) -> None:
    expect(page.locator(".dots i[data-full]")).to_have_count(0)
    for digit in pin:
        page.get_by_role("button", name=digit, exact=True).click()


def bound(hand: Hand, post: Any) -> Page:
    """First use: signed in, the phone named, the PIN chosen; its worker keeps the shell."""
    page = hand.start()
    hand.sign_in(post)
    hand.open()
    page.locator("input[name=name]").fill("巡查手机")
    page.get_by_role("button", name="继续" if hand.language == "zh-CN" else "Go on").click()
    press(page)
    page.get_by_text("再次输入" if hand.language == "zh-CN" else "once more").wait_for()
    press(page)
    page.locator(".tabs").wait_for(timeout=20_000)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    return page


def unlocked(hand: Hand) -> Page:
    page = hand.open()
    press(page)
    page.locator(".tabs").wait_for(timeout=20_000)
    return page
