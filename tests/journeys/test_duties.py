"""My work, a deadline explained, a call from the bar, hand-over and the calendar, in Chromium at three sizes."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from qipan.foundation.duties import operations
from qipan.foundation.duties.models import Duty
from qipan.foundation.journal.rules import SYSTEM
from qipan.kernels.clock import Limit
from tests import factories
from tests.foundation.duties.conftest import KIND, District, register_kinds, small_district
from tests.journeys.browser import SIZES, assert_accessible, assert_fits

TITLES = [
    ("学校门口窨井盖缺失", Limit.natural(hours=2), 3),
    ("占道经营", Limit.working(hours=4), 1),
    ("楼道堆放杂物，影响消防通道，居民多次反映，需会同消防救援大队现场核实", Limit.natural(hours=6), 5),
    ("路灯不亮", Limit.working_days(7), 24),
    ("河道垃圾清理", Limit.working_days(20), 30),
    ("小区供水压力不足", Limit.natural_days(7), 48),
    ("道路养护巡查", None, 2),
]


def busy_district() -> tuple[District, list[Duty]]:
    register_kinds()
    district = small_district()
    district.handler.person.name = "王强"
    district.handler.person.save()
    now = timezone.now()
    duties = [
        operations.open(
            kind=KIND, about=district.thing(), limit=limit, at=now - timedelta(hours=hours), by=SYSTEM,
            post=district.handler, unit=district.unit, title=title,
        )
        for title, limit, hours in TITLES
    ]  # fmt: skip
    operations.pause(
        duty=duties[4],
        asked_by=district.handler,
        approved_by=district.dispatcher,
        reason="等待鉴定",
        at=now - timedelta(hours=20),
    )
    operations.pause(
        duty=duties[3],
        asked_by=district.handler,
        approved_by=district.dispatcher,
        reason="等待备件到货",
        at=now - timedelta(hours=10),
    )
    operations.resume(duty=duties[3], by=district.dispatcher, at=now - timedelta(hours=6))
    return district, duties


def look(page: Page, name: str) -> None:
    """Hold the page to its screen and to WCAG; QIPAN_LOOK=folder keeps a picture of it."""
    assert_fits(page)
    assert_accessible(page)
    if folder := os.environ.get("QIPAN_LOOK"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("size", SIZES)
def test_every_page_fits_its_screen_and_is_accessible(page: Page, live: str, sign_in: Any, size: str, language: str):
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    page.context.add_cookies([{"name": "django_language", "value": language, "url": live}])
    district, duties = busy_district()
    sign_in(district.handler)
    mark = f"{size}-{language[:2]}"
    for path, name in [
        ("/my-work/", "my-work"),
        ("/my-work/unit/", "unit-work"),
        (f"/duties/{duties[3].pk}/explain/", "explain-days"),
        (f"/duties/{duties[1].pk}/explain/", "explain-hours"),
        ("/duties/hand-over/", "hand-over"),
        ("/calendar/?year=2026", "calendar"),
        ("/calendar/hours/", "hours"),
    ]:
        page.goto(live + path)
        look(page, f"{name}-{mark}")
    sign_in(factories.post("administrator", district.area))
    page.goto(f"{live}/calendar/import/")
    look(page, f"import-{mark}")
    sign_in(district.commander)
    page.goto(f"{live}/calendar/orders/")
    look(page, f"orders-{mark}")


def test_a_call_is_one_tap_and_one_field(page: Page, live: str, sign_in: Any):
    district, _duties = busy_district()
    sign_in(district.handler)
    page.goto(f"{live}/calendar/")
    page.get_by_role("button", name="登记来电").click()
    page.keyboard.type("13812345678 水管爆裂")
    look(page, "call-dialog")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("138****5678 水管爆裂")
    look(page, "call")
    page.get_by_role("button", name="查看号码").click()
    expect(page.locator("#noted")).to_have_text("13812345678 水管爆裂")
    page.get_by_role("button", name="办结").click()
    expect(page.get_by_role("status")).to_contain_text("来电已办结")


def test_a_family_emergency_is_two_taps_and_the_head_relieves(page: Page, live: str, sign_in: Any):
    district, _duties = busy_district()
    sign_in(district.handler)
    page.goto(f"{live}/my-work/")
    page.get_by_role("button", name="家有急事").click()
    page.get_by_role("button", name="申请替班").click()
    expect(page.get_by_role("main")).to_contain_text("您已申请替班")
    look(page, "relief-asked")
    sign_in(district.head)
    page.goto(f"{live}/my-work/")
    page.get_by_role("link", name="家有急事：安排替班").click()
    look(page, "relief")
    page.get_by_label("接手人").select_option(label=f"{district.colleague.person} · 承办人")
    page.get_by_role("button", name="安排替班").click()
    expect(page.get_by_role("status")).to_contain_text("移交7项任务")


def test_several_duties_are_handed_over_after_a_look(page: Page, live: str, sign_in: Any):
    district, _duties = busy_district()
    sign_in(district.handler)
    page.goto(f"{live}/duties/hand-over/")
    page.get_by_label("占道经营").uncheck()
    page.get_by_label("移交给").select_option(label=f"{district.colleague.person} · 承办人")
    page.get_by_role("button", name="先预览").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("6项任务移交给")
    look(page, "hand-over-preview")
    page.get_by_role("button", name="移交任务", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("已移交6项任务")


def test_a_year_is_imported_after_a_look(page: Page, live: str, sign_in: Any, tmp_path: Path):
    from tests.foundation.duties.test_years import NEXT_YEAR, SOURCE

    district, _duties = busy_district()
    operations.open(
        kind=KIND, about=district.thing(), limit=Limit.working_days(60), at=timezone.now(), by=SYSTEM,
        post=district.handler, title="违建拆除",
    )  # fmt: skip
    file = tmp_path / "2027.csv"
    file.write_bytes(NEXT_YEAR)
    sign_in(factories.post("administrator", district.area))
    page.goto(f"{live}/calendar/import/")
    page.get_by_label("年份").fill("2027")
    page.get_by_label("通知文号").fill(SOURCE)
    page.get_by_label("日历文件").set_input_files(file)
    page.get_by_role("button", name="先预览").click()
    expect(page.get_by_role("main")).to_contain_text("将变动")
    look(page, "import-preview")
    page.get_by_role("button", name="导入并重算时限").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("2027")
