"""A board of one's own server in Chromium, and a second desk beside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.test import Client
from playwright.sync_api import Browser, Page, expect

from qipan.foundation.posts.models import Post
from qipan.incidents.operations.report import Place
from tests import factories
from tests.incidents.conftest import Town


def inside(town: Town) -> Place:
    """The middle of the town's cell."""
    box = town.cell.boundaries.get()
    return Place(longitude=(box.west + box.east) / 2, latitude=(box.south + box.north) / 2)


def opened(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator("qipan-board[data-ready]")).to_be_attached(timeout=20_000)


@contextmanager
def desk(browser: Browser, live: str, post: Post, *, locale: str = "zh-CN") -> Iterator[Page]:
    """The board of somebody else, at a desk of their own."""
    context = browser.new_context(base_url=live, locale=locale, viewport={"width": 1366, "height": 768})
    cookie = factories.sign_in(Client(), post).cookies["sessionid"]
    context.add_cookies([{"name": "sessionid", "value": cookie.value, "url": live}])
    page = context.new_page()
    opened(page, "/board/")
    yield page
    page.goto("about:blank")
    context.close()


def line(page: Page, title: str):
    return page.locator(".board-lines li").filter(has_text=title)


def figure(page: Page, label: str):
    return page.locator(".board-figures li").filter(has_text=label).locator(".value")
