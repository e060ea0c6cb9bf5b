"""The journal, residents' requests and the keys, on three screens and in two languages, and used with the mouse."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from qipan.foundation.journal import operations as journal
from qipan.foundation.journal import sequencer
from qipan.foundation.journal.rules import RESIDENT, SYSTEM, About
from qipan.foundation.vault import operations as vault
from qipan.foundation.vault.models import Request
from qipan.kernels.ids import new_id
from tests import factories
from tests.journeys import browser


@pytest.fixture
def officer(live, settings, tmp_path):
    """A district where things happened: steps, looks, a request; its data-protection officer."""
    settings.KEYS, settings.HEADS = tmp_path / "keys", tmp_path / "heads"
    district, now = factories.tree(), timezone.now()
    village = factories.below(district, 3)
    clerk = factories.post("dispatcher", district, person=factories.person(district=district, name="赵敏"))
    officer = factories.post("dpo", district, person=factories.person(district=district, name="钱进"))
    for number in range(12):
        about = About("thing", new_id(), f"QP20260504-{number:05}", district.pk, village.path)
        at = now - timedelta(minutes=30 * (12 - number))
        journal.record("incidents.reported", about, by=RESIDENT, at=at, after="reported")
        card = vault.seal(
            district_id=district.pk,
            purpose="incidents.reporter",
            retention="case",
            about=about,
            fields={"name": "王小明", "phone": "13812345678"},
            by=RESIDENT,
            at=at,
        )
        journal.record(
            "incidents.filed", about, by=clerk, at=at + timedelta(minutes=9), before="awaiting", after="filed", unit=7
        )
        if number % 5 == 0:
            vault.reveal(card_id=card.id, by=clerk, at=at + timedelta(minutes=10), reason="居民来电询问进度")
    sequencer.drain()
    vault.escrow(holders=("区委办机要室", "区公安分局"), by=SYSTEM, at=now, place="保密柜")
    for days, kind in ((10, "access"), (2, "deletion")):
        vault.open_request(
            district_id=district.pk,
            kind=kind,
            fields={"name": "王小明", "phone": "13812345678"},
            text="请告知贵单位保存的我的信息",
            by=officer,
            at=now - timedelta(days=days),
        )
    return officer


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("size", list(browser.SIZES))
def test_every_page_fits_and_can_be_read_by_everybody(page, live, sign_in, officer, size, language):
    sign_in(officer)
    width, height = browser.SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    page.context.add_cookies([{"name": "django_language", "value": language, "url": live}])
    request = Request.objects.earliest("received_at")
    for path in (
        "/journal/",
        "/journal/?chip=looks",
        "/journal/?kind=outbox.",
        "/data-requests/",
        "/data-requests/new/",
        f"/data-requests/{request.id}/",
        "/keys/",
    ):
        page.goto(f"{live}{path}")
        expect(page.locator("h1")).to_be_visible()
        assert page.locator("html").get_attribute("lang") == {"zh-hans": "zh-Hans"}.get(language, language)
        browser.assert_fits(page)
        browser.assert_accessible(page)


def test_the_officer_filters_the_journal_and_follows_one_thing(page, live, sign_in, officer):
    sign_in(officer)
    page.goto(f"{live}/journal/")
    page.get_by_role("link", name="查看脱敏原文").click()
    expect(page.get_by_text("居民来电询问进度").first).to_be_visible()
    expect(page.locator("tbody tr")).to_have_count(3)
    page.get_by_role("link", name="QP20260504-00005").click()
    expect(page.get_by_role("heading", name="QP20260504-00005")).to_be_visible()
    expect(page.locator("tbody tr").first).to_be_visible()
    browser.assert_accessible(page)


def test_the_officer_answers_a_request_from_check_to_copy(page, live, sign_in, officer):
    sign_in(officer)
    page.goto(f"{live}/data-requests/")
    page.get_by_role("link", name="查阅").click()
    page.get_by_role("button", name="本人无误").click()
    page.get_by_label("准确值").fill("13812345678")
    page.get_by_role("button", name="查找").click()
    expect(page.get_by_text("王*").first).to_be_visible()
    browser.assert_fits(page)
    browser.assert_accessible(page)
    page.get_by_role("button", name="打印副本").click()
    expect(page.get_by_role("cell", name="王小明").first).to_be_visible()
    browser.assert_accessible(page)
    page.goto(f"{live}/data-requests/")
    expect(page.get_by_role("link", name="查阅")).to_have_count(0)
