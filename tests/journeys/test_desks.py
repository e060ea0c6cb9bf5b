"""Desks in Chromium: the dispatcher's morning, the commander's worst case, two desks at one incident, many at once."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, Playwright, expect

from qipan.foundation.journal import sequencer
from qipan.incidents import operations
from qipan.incidents.models import Incident, Reminder
from tests.foundation.areas.conftest import drawn
from tests.incidents.conftest import Town, make_town
from tests.journeys.browser import Complaints, assert_accessible, assert_fits
from tests.journeys.desks import desk, figure, inside, line, opened
from tests.journeys.phones import OFF, ON, Hand, bound
from tests.journeys.test_board import answered
from tests.live import serving


@pytest.fixture
def live(transactional_db: None) -> Iterator[str]:
    with serving.server() as address:
        yield address


@pytest.fixture
def town(live: str, page: Page) -> Iterator[Town]:
    made = make_town("东区")
    drawn(made.district)
    made.at = timezone.now() - timedelta(hours=10)
    yield made
    page.goto("about:blank")
    answered()


def filed(town: Town, title: str, key: str = "street-light", *, late: bool = False) -> Incident:
    """Accepted at the desk, waiting to be dispatched; `late`: overdue for two days."""
    at = town.at
    if late:
        town.at -= timedelta(days=2)
    incident = town.report(key, title=title, place=inside(town))
    operations.accept(incident_id=incident.pk, by=town.dispatcher, at=town.later())
    town.at = at
    return incident


def test_from_the_worst_on_the_board_over_a_phone_without_a_network_to_closed(
    page: Page, live: str, town: Town, sign_in, playwright: Playwright, tmp_path: Path
) -> None:
    """The dispatcher's morning: what the board is for, from its first look to what it shows in the end."""
    operations.set_rule(area=town.township, unit=town.department, by=town.administrator, at=town.later())
    worst = filed(town, "桥面塌陷", late=True)
    filed(town, "路灯不亮")
    sequencer.drain()
    sign_in(town.dispatcher)
    opened(page, f"{live}/board/")
    first = page.locator(".board-lines li").first
    expect(first).to_contain_text("桥面塌陷")  # the worst stands first by itself
    first.locator("a").click()
    picked = page.locator(".board-picked")
    expect(picked).to_contain_text("桥面塌陷")

    # Two clicks: on the step, and on its button. The unit is the one that the rule suggests.
    picked.locator("a[data-step=dispatch]").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("按分派规则建议")
    dialog.locator("button.primary").click()
    expect(dialog).to_be_hidden()
    sequencer.drain()
    expect(line(page, "桥面塌陷")).to_have_count(0, timeout=10_000)
    expect(line(page, "路灯不亮")).to_have_count(1)
    assert Incident.objects.get(pk=worst.pk).unit == town.department

    # The unit's phone has it, and does it where there is no network.
    hand = Hand(playwright, tmp_path / "profile", live, width=360)
    try:
        phone = bound(hand, town.handler)
        expect(phone.locator(".card")).to_contain_text("桥面塌陷", timeout=20_000)
        hand.online(OFF)
        phone.locator(".card").get_by_role("button", name="签收").click()
        phone.locator(".card a").click()
        phone.get_by_role("button", name="反馈").click()
        phone.locator("textarea").fill("已封路并修复桥面")
        phone.get_by_role("button", name="提交").click()
        expect(phone.locator(".count")).to_have_text("2")
        expect(picked.locator(".head-marks")).to_contain_text("已派遣")
        hand.online(ON)
        expect(phone.locator(".count")).to_have_count(0, timeout=20_000)
    finally:
        hand.kill()
    assert not hand.errors, hand.errors

    # The board hears of it while it is open, and the case is closed there.
    sequencer.drain()
    expect(picked).to_contain_text("已封路并修复桥面", timeout=10_000)
    picked.locator("a[data-step=check-back]").click()
    dialog.locator("button.primary").click()
    expect(dialog).to_be_hidden()
    operations.verify(incident_id=worst.pk, by=town.grid_worker, at=timezone.now())
    sequencer.drain()
    expect(figure(page, "今日办结")).to_have_text("1", timeout=10_000)
    expect(picked.locator(".head-marks")).to_contain_text("已结案", timeout=10_000)


def test_a_commander_finds_the_worst_in_five_seconds_and_supervises_it(
    page: Page, live: str, town: Town, sign_in
) -> None:
    worst = filed(town, "桥面塌陷", late=True)
    for number in range(12):
        filed(town, f"第{number}件")
    sequencer.drain()
    sign_in(town.commander)
    opened(page, f"{live}/board/")
    began = time.monotonic()
    expect(page.get_by_role("button", name="最急在前")).to_have_attribute("aria-pressed", "true")
    first = page.locator(".board-lines li").first
    expect(first).to_contain_text("桥面塌陷")
    expect(first.locator("[data-level=overdue]")).to_be_visible()
    print(f"found after {time.monotonic() - began:.1f} s")

    first.locator("a").click()
    page.locator(".board-picked a[data-step=supervise]").click()
    dialog = page.get_by_role("dialog")
    dialog.locator("textarea").first.fill("为何迟迟未办，今日内答复")
    dialog.locator("button.primary").click()
    expect(dialog).to_be_hidden()
    sequencer.drain()
    expect(figure(page, "督办")).to_have_text("1", timeout=10_000)
    expect(page.locator(".board-picked .seal")).to_be_visible()
    assert Incident.objects.get(pk=worst.pk).supervised


def test_two_desks_at_one_incident(
    page: Page, live: str, town: Town, sign_in, browser: Browser, complaints: Complaints
) -> None:
    incident = filed(town, "路灯不亮")
    sequencer.drain()
    sign_in(town.dispatcher)
    opened(page, f"{live}/board/?incident={incident.pk}")
    with desk(browser, live, town.commander) as other:
        expect(other.locator("#board-state")).to_have_text("实时")

        # Both look at it, one has the form open; another is first.
        other.get_by_role("button", name="最急在前").click()
        line(other, "路灯不亮").locator("a").click()
        expect(other.locator(".board-picked")).to_contain_text("已立案")
        page.locator(".board-picked a[data-step=dispatch]").click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_be_visible()
        operations.dispatch(
            incident_id=incident.pk, unit=town.other, by=town.dispatcher, at=Incident.objects.get().status_at
        )
        sequencer.drain()
        expect(other.locator(".board-picked")).to_contain_text(town.other.name, timeout=5_000)

        # Whoever comes second is told, and nothing is overwritten.
        dialog.locator("select").first.select_option(label=town.department.name)
        dialog.locator("button.primary").click()
        expect(page.locator("dialog .problem, dialog [role=alert], .toast, dialog .errorlist").first).to_contain_text(
            re.compile("已派遣|现在不能"), timeout=10_000
        )
    assert Incident.objects.get().unit == town.other
    complaints.found[:] = [one for one in complaints.found if not re.search("409|422", one)]


def test_what_one_desk_does_is_on_the_other_within_a_second(
    page: Page, live: str, town: Town, sign_in, browser: Browser
) -> None:
    filed(town, "路灯不亮")
    sequencer.drain()
    sign_in(town.dispatcher)
    opened(page, f"{live}/board/")
    with desk(browser, live, town.commander) as other:
        expect(other.locator("#board-state")).to_have_text("实时")
        expect(figure(other, "未结")).to_have_text("1")
        town.report(title="第二件", place=inside(town))
        sequencer.drain()
        began = time.monotonic()
        expect(figure(page, "未结")).to_have_text("2", timeout=10_000)
        expect(figure(other, "未结")).to_have_text("2", timeout=10_000)
        print(f"on both after {time.monotonic() - began:.2f} s")


def test_many_are_dispatched_by_a_box_around_them(page: Page, live: str, town: Town, sign_in) -> None:
    good = [filed(town, f"路灯{number}") for number in range(3)]
    gone = town.dispatched(title="已派的路灯", place=inside(town))
    sequencer.drain()
    sign_in(town.dispatcher)
    opened(page, f"{live}/board/")
    expect(page.locator(".select-begin")).to_be_visible()
    page.keyboard.press("s")
    expect(page.get_by_role("status").filter(has_text="拖出方框")).to_be_visible()
    assert_accessible(page)
    page.keyboard.press("Escape")
    expect(page.locator(".select-ground")).to_have_count(0)

    page.keyboard.press("s")
    box = page.locator(".board-map").bounding_box()
    assert box
    left, top, width, height = (box[name] for name in ("x", "y", "width", "height"))
    page.mouse.move(left + 10, top + 120)
    page.mouse.down()
    page.mouse.move(left + width - 80, top + height - 10, steps=5)
    page.mouse.up()
    expect(page.locator(".select-panel h2")).to_have_text("已选 4 件")
    expect(page.locator(".select-rows li")).to_have_count(4)
    assert_accessible(page)
    assert_fits(page)

    # Said before anything happens, and nothing has happened then.
    page.locator(".select-panel").get_by_role("button", name=re.compile("派遣")).click()
    dialog = page.get_by_role("dialog")
    dialog.locator("select").select_option(label=town.department.name)
    assert_accessible(page)
    dialog.get_by_role("button", name="预览结果").click()
    expect(dialog).to_contain_text(f"3 件将派给{town.department.name}")
    expect(dialog).to_contain_text("1 件不能办理")
    expect(dialog).to_contain_text("已派的路灯")
    assert_accessible(page)
    assert set(Incident.objects.filter(pk__in=[one.pk for one in good]).values_list("status", flat=True)) == {"filed"}
    dialog.get_by_role("button", name="派遣 3 件").click()
    expect(dialog).to_contain_text("1 件未办理")
    dialog.locator(".buttons").get_by_role("button", name="关闭").click()
    expect(dialog).to_be_hidden()
    units = Incident.objects.filter(pk__in=[one.pk for one in good]).values_list("unit__name", flat=True)
    assert set(units) == {town.department.name}
    assert Incident.objects.get(pk=gone.pk).version == gone.version


def test_many_are_reminded_by_a_line_of_corners_and_by_the_keyboard_alone(
    page: Page, live: str, town: Town, sign_in
) -> None:
    filed(town, "路灯不亮")
    sequencer.drain()
    sign_in(town.commander)
    opened(page, f"{live}/board/")
    expect(page.locator(".select-begin")).to_be_visible()
    box = page.locator(".board-map").bounding_box()
    assert box
    page.keyboard.press("s")
    for across, down in ((0.02, 0.25), (0.85, 0.25), (0.85, 0.95), (0.02, 0.95)):
        page.mouse.click(box["x"] + box["width"] * across, box["y"] + box["height"] * down)
        page.wait_for_timeout(350)  # two clicks in one place and moment would be a double one
    page.keyboard.press("Enter")
    expect(page.locator(".select-panel h2")).to_have_text("已选 1 件")
    page.keyboard.press("Escape")
    expect(page.locator(".select-panel")).to_have_count(0)

    page.keyboard.press("s")
    page.get_by_role("button", name="当前视野内全部").press("Enter")
    expect(page.locator(".select-panel h2")).to_have_text("已选 1 件")
    page.locator(".select-panel").get_by_role("button", name=re.compile("催办")).press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="预览结果").press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="催办 1 件").press("Enter")
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert Reminder.objects.count() == 1
