"""Fixtures of browser tests: `page` (of pytest-playwright, with the system's Chromium) and `live` (address)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Page

from tests import factories
from tests.journeys import browser

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    path = browser.chromium()
    if path is None:
        pytest.skip(browser.HOW)
    return {"executable_path": path, "args": browser.FLAGS}


@pytest.fixture(scope="session")
def browser_context_args() -> dict[str, Any]:
    width, height = browser.SIZES["desk"]
    return {"viewport": {"width": width, "height": height}, "locale": "zh-CN", "timezone_id": "Asia/Shanghai"}


@pytest.fixture(scope="session")
def address(django_db_setup: None) -> Iterator[str]:
    from qipan.assembly.asgi import application

    with browser.serving(application) as address:
        yield address


@pytest.fixture
def live(address: str, transactional_db: None) -> str:
    """The server's address, on the test database; each test starts with empty tables."""
    return address


@pytest.fixture
def sign_in(page: Page, live: str) -> Callable[[Any], None]:
    """`sign_in(post)`: the page goes on as the holder of this post."""

    def as_post(post: Any) -> None:
        cookie = factories.sign_in(Client(), post).cookies["sessionid"]
        page.context.add_cookies([{"name": "sessionid", "value": cookie.value, "url": live}])

    return as_post


@pytest.fixture(autouse=True)
def complaints(page: Page) -> Iterator[browser.Complaints]:
    """No test leaves an error in the browser's console (a refused request may be taken out of `found`)."""
    heard = browser.Complaints(page)
    yield heard
    assert not heard.found, "\n".join(heard.found)
