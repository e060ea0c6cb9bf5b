"""The page of charts in Chromium: pictures that lead to their rows by pointer and key, tables, files, both lights."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from xml.etree import ElementTree

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from tests import factories
from tests.incidents.conftest import Town, make_town
from tests.journeys.browser import assert_accessible, assert_fits
from tests.journeys.test_board import answered


@pytest.fixture
def town(live: str, page: Page) -> Iterator[Town]:
    made = make_town()
    made.at = timezone.now() - timedelta(days=9)
    for _ in range(5):
        factories.post("grid_worker", made.cell)
    made.closed("street-light")
    made.report()
    yield made
    page.goto("about:blank")
    answered()


def opened(page: Page, live: str, query: str = "") -> None:
    page.goto(f"{live}/board/charts/{query}")
    expect(page.locator(".charts[data-ready]")).to_be_attached()


def test_each_mark_leads_to_its_rows(page: Page, live: str, town: Town, sign_in) -> None:
    sign_in(town.commander)
    opened(page, live)
    expect(page.locator(".chart-picture svg")).to_have_count(5)
    expect(page.locator("#again")).to_contain_text("没有返工或重开")
    assert_accessible(page)
    assert_fits(page)

    # By the keys: the reported ones of the first class.
    picture = page.locator("#classes .chart-picture")
    picture.focus()
    page.keyboard.press("End")
    said = page.locator("#classes [role=status]")
    expect(said).to_contain_text("已上报 · 1")
    assert_accessible(page)
    page.keyboard.press("Enter")
    page.wait_for_url("**/incidents/?**klass=**")
    expect(page.locator("tr[data-row]")).to_have_count(1)
    page.go_back()
    expect(page.locator(".charts[data-ready]")).to_be_attached()

    # By the pointer: the one point of the line.
    page.locator("#on-time .chart-picture svg path[fill='#fffdf8']").last.click()
    page.wait_for_url("**/incidents/?**on_time=either**")
    expect(page.locator("tr[data-row]")).to_have_count(1)
    expect(page.locator(".chips a")).to_have_count(2)
    assert_accessible(page)
    page.locator(".chips a").first.click()
    assert "closed_since" not in page.url


def test_tables_and_files(page: Page, live: str, town: Town, sign_in) -> None:
    sign_in(town.dispatcher)
    opened(page, live)
    section = page.locator("#weekdays")
    toggle = section.get_by_role("button", name="表格", exact=True)
    toggle.click()
    expect(toggle).to_have_attribute("aria-pressed", "true")
    expect(section.locator("tbody tr")).to_have_count(7)
    expect(section.locator(".chart-picture")).to_be_hidden()
    assert_accessible(page)
    for name in ("SVG", "PNG", "Excel", "CSV"):
        with page.expect_download() as download:
            section.locator(".chart-tools").get_by_text(name, exact=True).click()
        found = download.value
        content = found.path().read_bytes()
        assert "按星期的工作量" in found.suggested_filename
        begins = {"SVG": b"<svg", "PNG": b"\x89PNG", "Excel": b"PK", "CSV": "\ufeff星期".encode()}[name]
        assert content.startswith(begins), name
        if name == "SVG":
            assert "按星期的工作量" in "".join(ElementTree.fromstring(content).itertext())


def test_range_and_class_stand_in_the_address(page: Page, live: str, town: Town, sign_in) -> None:
    sign_in(town.commander)
    opened(page, live)
    page.locator("#f-klass").select_option(label="公共设施")
    page.wait_for_url("**klass=facility**")
    expect(page.locator("#classes tbody tr")).to_have_count(1)
    page.goto(f"{live}/board/charts/?since=2020-01-01&until=2020-01-31")
    expect(page.get_by_text("这段时间没有上报或办结的事项")).to_be_visible()
    assert_accessible(page)


def test_in_english_and_in_the_dark(live: str, town: Town, browser: Browser) -> None:
    context = browser.new_context(
        locale="en-GB", color_scheme="dark", viewport={"width": 1920, "height": 1080}, timezone_id="Asia/Shanghai"
    )
    cookie = factories.sign_in(Client(), town.commander).cookies["sessionid"]
    context.add_cookies([{"name": "sessionid", "value": cookie.value, "url": live}])
    page = context.new_page()
    opened(page, live)
    expect(page.get_by_role("heading", name="Load by hour of the day")).to_be_visible()
    assert_accessible(page)
    assert_fits(page)
    page.emulate_media(color_scheme="light")
    assert_accessible(page)
    context.close()
