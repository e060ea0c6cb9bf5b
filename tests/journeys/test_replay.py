"""The replay of yesterday in Chromium: what was open at noon is on the map, what was closed later is gone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from qipan.foundation.journal import sequencer
from qipan.incidents import operations
from tests.foundation.areas.conftest import drawn
from tests.incidents.conftest import Town, make_town
from tests.journeys.browser import SIZES, assert_accessible, assert_fits
from tests.journeys.test_board import answered, figure, inside, live, opened

__all__ = ["live"]


@pytest.fixture
def town(live: str, page: Page) -> Iterator[Town]:
    made = make_town("东区")
    drawn(made.district)
    yield made
    page.goto("about:blank")
    answered()


def yesterday(hour: int) -> datetime:
    day = timezone.localdate() - timedelta(days=1)
    return datetime.combine(day, time(hour), timezone.get_default_timezone())


def go(page: Page, presses: int, key: str) -> None:
    for _ in range(presses):
        page.keyboard.press(key)


@pytest.mark.parametrize("size", ["desk", "wall"])
def test_yesterday_is_replayed_and_now_comes_back(page: Page, live: str, town: Town, sign_in, size: str) -> None:
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    town.at = yesterday(9)
    first = town.closed("street-light", place=inside(town), title="路灯")  # over before ten
    town.at = yesterday(11)
    second = town.dispatched("street-light", place=inside(town), title="第二盏")
    operations.supervise(incident_id=second.pk, question="何故", by=town.commander, at=town.later())
    town.at = yesterday(15)
    operations.sign(incident_id=second.pk, by=town.handler, at=town.later())
    operations.answer(incident_id=second.pk, text="已修复", by=town.handler, at=town.later())
    operations.check_back(incident_id=second.pk, by=town.dispatcher, at=town.later())
    operations.verify(incident_id=second.pk, by=town.grid_worker, at=town.later())
    assert first.pk != second.pk
    sequencer.drain()
    sign_in(town.commander)
    opened(page, f"{live}/board/")
    expect(figure(page, "未结")).to_have_text("0")

    page.get_by_role("button", name="回放这一天").click()
    expect(page.locator(".replay-banner")).to_contain_text("不是现在的情况")
    track = page.get_by_role("slider")
    expect(track).to_be_focused()
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="播放")).to_be_visible()
    page.keyboard.press("Home")
    assert_accessible(page)
    assert_fits(page)
    expect(figure(page, "未结")).to_have_text("0")
    go(page, 9, "PageUp")
    go(page, 2, "ArrowRight")
    expect(track).to_have_attribute("aria-valuetext", "09:10")
    expect(figure(page, "未结")).to_have_text("1")
    go(page, 10, "ArrowRight")
    expect(figure(page, "未结")).to_have_text("0")
    go(page, 2, "PageUp")
    expect(track).to_have_attribute("aria-valuetext", "12:00")
    expect(figure(page, "未结")).to_have_text("1")
    expect(figure(page, "督办")).to_have_text("1")
    expect(page.get_by_role("link", name="督办")).to_have_count(0)
    go(page, 4, "PageUp")
    expect(figure(page, "未结")).to_have_text("0")

    # A link to the moment opens it again.
    page.wait_for_timeout(300)
    assert f"day={timezone.localdate() - timedelta(days=1)}&at=16:00" in page.url
    link = page.url
    page.goto("about:blank")
    opened(page, link)
    expect(track).to_have_attribute("aria-valuetext", "16:00")
    expect(page.locator(".replay-banner")).to_contain_text("不是现在的情况")

    # The moment of the supervision; then what happens now is held back, and there on return.
    page.get_by_role("button", name="下一个督办").click()
    expect(track).to_have_attribute("aria-valuetext", "11:20")
    town.at = timezone.now()
    town.report(place=inside(town), title="此刻")
    sequencer.drain()
    page.wait_for_timeout(1_500)
    expect(figure(page, "未结")).to_have_text("1")
    expect(figure(page, "督办")).to_have_text("1")
    page.get_by_role("button", name="回到现在").click()
    expect(page.locator(".replay-banner")).to_have_count(0)
    assert "day=" not in page.url
    expect(figure(page, "未结")).to_have_text("1", timeout=15_000)
    expect(figure(page, "督办")).to_have_text("0")


def test_no_step_is_offered_while_a_day_is_replayed(page: Page, live: str, town: Town, sign_in) -> None:
    town.at = yesterday(9)
    incident = town.report("street-light", place=inside(town))
    sequencer.drain()
    sign_in(town.dispatcher)
    opened(page, f"{live}/board/?incident={incident.pk}")
    steps = page.locator(".picked-steps")
    expect(steps).to_be_visible()
    page.get_by_role("button", name="回放这一天").click()
    expect(page.locator(".replay-banner")).to_be_visible()
    expect(steps).to_be_hidden()
    expect(page.locator(".board-right")).to_contain_text("回放时不能办理")
    page.get_by_role("button", name="回到现在").click()
    expect(steps).to_be_visible()
