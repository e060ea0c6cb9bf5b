"""The wall screen in Chromium: an hour of simulated time without a leak, stale data said, a session that ends."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone
from playwright.sync_api import CDPSession, Page, expect

from qipan.foundation.journal import sequencer
from qipan.incidents import operations
from qipan.live.operations import View, set_views
from tests.foundation.areas.conftest import drawn
from tests.incidents.conftest import Town, make_town
from tests.journeys.browser import Complaints, assert_accessible, assert_fits
from tests.journeys.test_board import answered, inside, live

__all__ = ["live"]
HEAP, NODES, LISTENERS = 1.5e6, 120, 20  # bytes, nodes and listeners more after fifty minutes than after ten
STEP = 50_000  # milliseconds; some views are passed over, all are seen in an hour


@pytest.fixture
def town(live: str, page: Page) -> Iterator[Town]:
    made = make_town("东区")
    drawn(made.district)
    made.at = timezone.now()
    yield made
    page.goto("about:blank")
    answered()


def opened(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 1920, "height": 1080})
    page.clock.install()
    page.goto(f"{address}/board/wall/")
    expect(page.locator("qipan-wall[data-ready]")).to_be_attached(timeout=20_000)


def used(cdp: CDPSession) -> dict[str, float]:
    for _ in range(3):
        cdp.send("HeapProfiler.collectGarbage")
    found = cdp.send("Performance.getMetrics")["metrics"]
    return {one["name"]: one["value"] for one in found}


def test_an_hour_turns_through_the_views_and_nothing_grows(
    page: Page, live: str, town: Town, sign_in, complaints: Complaints
) -> None:
    shown = ["area", "township", "worst", "supervised", "figures", "scores"]
    set_views(views=[View(kind, 20, town.township.pk if kind == "township" else None) for kind in shown],
              by=town.commander, at=town.later(seconds=1))  # fmt: skip
    first = town.dispatched("street-light", place=inside(town), title="路灯不亮")
    operations.supervise(incident_id=first.pk, question="何故", by=town.commander, at=town.later(seconds=1))
    sequencer.drain()
    sign_in(town.commander)
    opened(page, live)
    cdp = page.context.new_cdp_session(page)
    cdp.send("Performance.enable")
    heads, figures = set(), []
    for step in range(72):
        page.clock.run_for(STEP)
        if step % 4 == 0:  # meanwhile things happen
            one = town.report(place=inside(town), title=f"第{step}件")
            if step % 8:
                operations.void(incident_id=one.pk, reason="重复", by=town.dispatcher, at=town.later(seconds=1))
            sequencer.drain()
        page.wait_for_timeout(60)
        heads.add(page.locator(".wall-head h1").inner_text())
        if step in {11, 71}:
            figures.append(used(cdp))
    assert len(heads) == len(shown), heads
    then, now = figures
    print({name: (then[name], now[name]) for name in ("JSHeapUsedSize", "Nodes", "JSEventListeners")})
    assert now["JSHeapUsedSize"] - then["JSHeapUsedSize"] < HEAP
    assert now["Nodes"] - then["Nodes"] < NODES
    assert now["JSEventListeners"] - then["JSEventListeners"] < LISTENERS
    assert page.evaluate("document.querySelectorAll('canvas').length") == 1
    complaints.found[:] = []


def test_stale_data_are_said_and_the_screen_goes_on_by_itself(
    page: Page, live: str, town: Town, sign_in, complaints: Complaints
) -> None:
    town.report(place=inside(town), title="路灯不亮")
    sequencer.drain()
    sign_in(town.dispatcher)
    opened(page, live)
    page.wait_for_timeout(2_500)
    stale = page.locator(".wall-stale")
    expect(stale).to_have_count(0)
    assert_accessible(page)
    assert_fits(page)
    assert page.evaluate("parseFloat(getComputedStyle(document.querySelector('.wall-figures .label')).fontSize)") >= 28
    assert page.evaluate("getComputedStyle(document.body).cursor") == "none"
    page.context.set_offline(True)
    page.clock.run_for(50_000)
    expect(stale).to_contain_text("数据停在")
    assert_accessible(page)
    page.context.set_offline(False)
    page.clock.run_for(20_000)
    expect(stale).to_have_count(0, timeout=20_000)
    complaints.found[:] = [one for one in complaints.found if not re.search("ERR_INTERNET_DISCONNECTED", one)]


def test_a_session_that_ends_leaves_a_calm_notice_and_nothing_else(
    page: Page, live: str, town: Town, sign_in, complaints: Complaints
) -> None:
    town.report(place=inside(town), title="路灯不亮")
    sequencer.drain()
    sign_in(town.dispatcher)
    opened(page, live)
    Session.objects.all().delete()
    page.clock.run_for(20_000)
    expect(page.get_by_role("alert")).to_contain_text("大屏已退出登录", timeout=15_000)
    expect(page.get_by_role("link", name="登录")).to_be_visible()
    assert "路灯不亮" not in page.content()
    assert "/board/wall/" in page.url
    assert_accessible(page)
    sign_in(town.dispatcher)
    page.clock.run_for(70_000)
    expect(page.locator(".wall-head h1")).to_contain_text(town.township.name, timeout=15_000)
    complaints.found[:] = []
