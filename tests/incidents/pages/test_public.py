"""Residents without an account: report, follow, rate, remind; nothing to guess and nothing to flood."""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from tests.incidents.conftest import Town
from tests.incidents.pages.conftest import command
from tests.incidents.pages.test_reports import photo

from qipan.foundation.journal.models import Entry
from qipan.incidents import operations
from qipan.incidents.models import Incident, Rating, Reporter
from qipan.incidents.operations import allowance

CODE = re.compile(r"[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}")


@pytest.fixture
def outside() -> Client:
    return Client(headers={"Accept-Language": "zh-CN"})


def form(town: Town, **fields: object) -> dict[str, object]:
    values = {
        "category": "rubbish",
        "text": "东墙外垃圾成堆",
        "area": town.village.pk,
        "nonce": secrets.token_urlsafe(20),
    }
    return command(**{**values, **fields})


def report(client: Client, town: Town, **fields: object):
    return client.post(f"/public/{town.district.pk}/report/", form(town, **fields))


def code_of(answer) -> str:
    found = CODE.search(answer.content.decode())
    assert found
    return found[0]


def follow(client: Client, code: str):
    return client.post("/public/track/", {"code": code})


def test_a_resident_reports_and_follows_by_the_code_alone(recent: Town, outside: Client) -> None:
    answer = report(outside, recent, photos=[photo()], name="某某", phone="13800138000")
    code, incident = code_of(answer), Incident.objects.get()
    assert answer["Cache-Control"] == "no-store"
    assert (incident.source, incident.status, incident.attachments.count()) == ("resident", "awaiting", 1)
    assert incident.reported_by is None
    for typed in (code, code.lower(), code.replace("-", " ")):
        page = follow(outside, typed).content.decode()
        assert "已收到" in page
        assert "某某" not in page
    reported = Entry.objects.get(kind="incidents.reported")
    assert (reported.by_label, reported.post_id) == ("A resident", None)
    assert code not in str([vars(entry) for entry in Entry.objects.all()])


def test_a_district_is_named_by_its_code_or_number_and_others_do_not_exist(recent: Town, outside: Client) -> None:
    assert outside.get("/public/910101/report/").context["district"] == recent.district
    assert outside.get(f"/public/{recent.district.pk}/report/").status_code == 200
    for wrong in ("999999", "x", str(recent.township.pk), "1" * 30):
        assert outside.get(f"/public/{wrong}/report/").status_code == 404


def test_residents_choose_public_categories_only(recent: Town, outside: Client) -> None:
    shown = outside.get(f"/public/{recent.district.pk}/report/").content.decode()
    assert 'value="rubbish"' in shown
    assert 'value="police"' not in shown
    answer = report(outside, recent, category="police")
    assert answer.status_code == 422
    assert not Incident.objects.exists()


def test_a_place_of_another_district_is_no_choice(recent: Town, outside: Client) -> None:
    from tests.incidents.conftest import make_town

    answer = report(outside, recent, area=make_town("西区").village.pk)
    assert answer.status_code == 422
    assert not Incident.objects.exists()


def test_a_double_click_tells_the_same_code_and_files_once(recent: Town, outside: Client) -> None:
    sent = form(recent)
    codes = {code_of(outside.post(f"/public/{recent.district.pk}/report/", sent)) for _ in range(3)}
    assert len(codes) == 1
    assert (Incident.objects.count(), Reporter.objects.count()) == (1, 1)


def test_the_code_cannot_be_worked_out_from_the_database(recent: Town, outside: Client) -> None:
    one, other = form(recent), form(recent)
    other["command"] = one["command"]
    first = code_of(outside.post(f"/public/{recent.district.pk}/report/", one))
    answer = outside.post(f"/public/{recent.district.pk}/report/", other)  # the same command, another nonce
    assert answer.status_code == 409
    assert first not in answer.content.decode()
    assert report(outside, recent, nonce="short").status_code == 422


def test_a_program_that_fills_the_trap_is_thanked_and_nothing_is_kept(recent: Town, outside: Client) -> None:
    assert report(outside, recent, website="https://spam.example").status_code == 200
    assert not Incident.objects.exists()


def test_wrong_codes_all_get_one_answer_and_guessing_ends(recent: Town, outside: Client) -> None:
    right = code_of(report(outside, recent))
    pages = set()
    for wrong in ("AAAA-BBBB-CCCC", "x", "", "222222222222", right + "2", "'; --"):
        page = follow(outside, wrong)
        assert page.status_code == 200
        text = re.sub(r'value="[^"]*"', "", page.content.decode())
        pages.add(re.sub(r'data-(?:now|csrf)="[^"]*"', "", text))
    assert len(pages) == 1
    for _ in range(allowance.WRONG_CODES_FROM_HERE.most):
        answer = follow(outside, "AAAA-BBBB-CCCC")
    assert answer.status_code == 429
    assert follow(outside, right).status_code == 429  # whoever guesses learns nothing from a right one either
    elsewhere = Client(REMOTE_ADDR="203.0.113.9")
    assert follow(elsewhere, right).context["incident"] == Incident.objects.get()


def test_one_address_and_one_district_report_so_much_in_an_hour(
    recent: Town, outside: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(allowance, "REPORTS_FROM_HERE", allowance.Allowed(2, timedelta(hours=1)))
    monkeypatch.setattr(allowance, "REPORTS_IN_DISTRICT", allowance.Allowed(3, timedelta(hours=1)))
    assert [report(outside, recent).status_code for _ in range(3)] == [200, 200, 429]
    others = [Client(REMOTE_ADDR=f"203.0.113.{number}") for number in (1, 2)]
    assert [report(client, recent).status_code for client in others] == [200, 429]
    assert Incident.objects.count() == 3


def test_an_allowance_is_counted_exactly_and_begins_anew(recent: Town) -> None:
    from qipan.incidents.models import Allowance

    allowed, at = allowance.Allowed(2, timedelta(minutes=10)), datetime(2026, 4, 8, 1, 2, tzinfo=UTC)
    spent = [allowance.spend(what="x", who="192.0.2.1", allowed=allowed, at=at) for _ in range(2)]
    assert spent == [1, 2]
    with pytest.raises(allowance.TryLater):
        allowance.spend(what="x", who="192.0.2.1", allowed=allowed, at=at)
    assert allowance.spend(what="x", who="192.0.2.2", allowed=allowed, at=at) == 1
    assert allowance.spend(what="x", who="192.0.2.1", allowed=allowed, at=at + timedelta(minutes=10)) == 1
    assert "192.0.2" not in str(list(Allowance.objects.values()))


def test_residents_read_their_own_words_and_never_those_of_the_file(recent: Town, outside: Client) -> None:
    incident = recent.with_contact("street-light")
    code, seen = recent.code, []
    for name, fields in (
        ("accept", {}), ("dispatch", {"unit": recent.department}), ("sign", {"by": recent.handler}),
        ("answer", {"by": recent.handler, "text": "已更换"}), ("check_back", {}),
        ("verify", {"by": recent.grid_worker}),
    ):  # fmt: skip
        step = {"incident_id": incident.id, "by": recent.dispatcher, "at": recent.later(), **fields}
        getattr(operations, name)(**step)
        page = follow(outside, code)
        seen.append(str(page.context["status_name"]))
        assert "立案" not in page.content.decode()
    assert seen == ["已受理", "办理中", "办理中", "办理中", "办理中", "已办结"]
    assert "已更换" in page.content.decode()


def test_a_declined_report_says_why(recent: Town, outside: Client) -> None:
    incident = recent.with_contact()
    operations.decline(incident_id=incident.id, reason="属市管道路", by=recent.dispatcher, at=recent.later())
    page = follow(outside, recent.code).content.decode()
    assert "属市管道路" in page
    assert "不予受理" in page


def test_an_unhappy_rating_reopens_and_counts_once(recent: Town, outside: Client) -> None:
    incident = recent.closed(contact=operations.Contact(name="某某"))
    code = recent.code
    assert outside.post("/public/track/rate/", command(code=code)).status_code == 422
    sent = command(code=code, stars="1", comment="又坏了，打我电话13800138000")
    for _ in range(2):
        answer = outside.post("/public/track/rate/", sent)
        assert answer.status_code == 200
        assert "已重新办理" in answer.content.decode()
    rating = Rating.objects.get()
    assert (rating.stars, "13800138000" in rating.comment, rating.reopened) == (1, False, True)
    incident.refresh_from_db()
    assert incident.status == "filed"
    assert outside.post("/public/track/rate/", command(code=code, stars="5")).status_code == 409
    wrong = outside.post("/public/track/rate/", command(code="AAAA-BBBB-CCCC", stars="1"))
    assert wrong.context["wrong"] is True


def test_another_language_keeps_the_code_of_a_report_and_is_not_offered_where_it_would_lose_it(
    recent: Town, outside: Client
) -> None:
    answer = report(outside, recent)
    assert "/language/" not in answer.content.decode()
    page = follow(outside, code := code_of(answer)).content.decode()
    assert f'name="next" value="/public/track/?code={code}"' in page


def test_a_resident_reminds_once_a_day(recent: Town, outside: Client) -> None:
    incident = recent.with_contact()
    for expected in (200, 409):
        answer = outside.post("/public/track/remind/", command(code=recent.code))
        assert answer.status_code == expected
    assert incident.reminders.count() == 1
    incident.reminders.update(at=datetime.now(UTC) - timedelta(days=1, hours=1))
    assert outside.post("/public/track/remind/", command(code=recent.code)).status_code == 200
    assert incident.reminders.count() == 2
    entry = Entry.objects.filter(kind="incidents.reminded").latest("id")
    assert entry.by_label == "A resident"


def test_both_of_two_merged_reporters_follow_the_one_file(recent: Town, outside: Client) -> None:
    first = recent.with_contact()
    one = recent.code
    second = recent.with_contact()
    other = recent.code
    operations.merge(incident_id=second.id, into_id=first.id, by=recent.dispatcher, at=recent.later())
    for code in (one, other):
        assert follow(outside, code).context["incident"] == first
    assert "合并办理" in follow(outside, other).content.decode()


def test_a_private_matter_shows_its_reporter_no_more_than_where_it_stands(recent: Town, outside: Client) -> None:
    recent.with_contact("neighbours", title="围墙", text="邻居张某砌墙")
    page = follow(outside, recent.code).content.decode()
    assert "张某" not in page
    assert "已收到" in page


def test_pages_carry_the_security_headers(recent: Town, outside: Client) -> None:
    for path in ("/public/", "/public/track/", f"/public/{recent.district.pk}/report/"):
        answer = outside.get(path)
        assert "script-src 'self'" in answer["Content-Security-Policy"]
        assert answer["X-Frame-Options"] == "DENY"
    strict = Client(enforce_csrf_checks=True)
    assert report(strict, recent).status_code == 403
    assert not Incident.objects.exists()
