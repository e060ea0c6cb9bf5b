"""A resident's requests, and the erasure of what is no longer needed."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import uuid4

import pytest

from qipan.foundation.journal.models import Entry
from qipan.foundation.journal.rules import RESIDENT, SYSTEM
from qipan.foundation.vault import access, grounds, operations, queries, rules
from qipan.foundation.vault.models import Card, Look, Request
from qipan.foundation.vault.operations import requests

AT = datetime(2026, 5, 4, 2, 0, tzinfo=UTC)
ASKER = {"name": "王小明", "phone": "13812345678"}

pytestmark = pytest.mark.django_db


def card(retention="case", about=None, **fields):
    return operations.seal(
        district_id=1,
        purpose="incidents.reporter",
        retention=retention,
        about=("thing", about or uuid4()),
        fields=fields or {"name": "王小明", "phone": "13812345678"},
        by=SYSTEM,
        at=AT,
        areas=(1,),
    )


@pytest.fixture
def officer(somebody):
    return somebody(abilities=frozenset({rules.REQUESTS}))


def request(kind, **more):
    return operations.open_request(
        district_id=1, kind=kind, fields=ASKER, text="我是王小明，电话13812345678", by=RESIDENT, at=AT, **more
    )


def checked(kind, officer):
    asked = request(kind)
    return operations.check_identity(request_id=asked.id, how="id card shown", by=officer, at=AT)


def test_a_request_names_nobody_in_clear_and_is_due_in_fifteen_working_days():
    asked = request("access")
    assert asked.text == "我是王*，电话138****5678"
    assert queries.masked([asked.asker_card_id])[asked.asker_card_id]["name"] == "王*"
    # Received on 4 May 2026, inside the May holidays (to 5 May): day 1 is the 6th; Saturday the 9th is a working day.
    assert asked.due_at.astimezone(rules.SHANGHAI).date() == date(2026, 5, 25)


def test_a_copy_is_given_after_the_check_and_recorded_first(officer):
    one, asked = card(), request("access")
    with pytest.raises(rules.WrongStep):
        operations.answer_access(request_id=asked.id, card_ids=[one.id], by=officer, at=AT)
    assert not Look.objects.exists()
    operations.check_identity(request_id=asked.id, how="id card shown", by=officer, at=AT)
    assert operations.answer_access(request_id=asked.id, card_ids=[one.id], by=officer, at=AT) == [ASKER]
    look = Look.objects.get()
    assert (look.ground, look.reason, look.card_id) == ("request", asked.number, one.id)
    asked.refresh_from_db()
    assert (asked.state, asked.cards) == ("done", [one.id])
    with pytest.raises(rules.WrongStep):
        operations.answer_access(request_id=asked.id, card_ids=[one.id], by=officer, at=AT)


def test_a_correction_changes_the_cards_and_their_index(officer):
    one, asked = card(), checked("correction", officer)
    operations.correct(request_id=asked.id, card_ids=[one.id], fields={"phone": "13900001111"}, by=officer, at=AT)
    found = queries.find(kind="phone", value="13900001111", viewer=officer, at=AT, reason="same?")
    assert [each.id for each in found] == [one.id]
    assert queries.find(kind="phone", value="13812345678", viewer=officer, at=AT, reason="same?") == [
        Card.objects.get(id=asked.asker_card_id)
    ]


def test_a_wrong_correction_changes_nothing(officer):
    one, asked = card(), checked("correction", officer)
    with pytest.raises(rules.WrongPhone):
        operations.correct(request_id=asked.id, card_ids=[one.id], fields={"phone": "1"}, by=officer, at=AT)
    assert Request.objects.get().state == "checked"


def test_a_deletion_erases_the_cards(officer):
    one, asked = card(), checked("deletion", officer)
    operations.delete(request_id=asked.id, card_ids=[one.id], by=officer, at=AT)
    assert Card.objects.get(id=one.id).erased_at == AT
    assert Entry.objects.filter(kind="vault.erased", reason=asked.number).exists()


def test_a_refusal_says_why_and_a_withdrawal_ends_it(officer):
    asked = request("deletion")
    with pytest.raises(requests.ReasonForRefusal):
        operations.refuse(request_id=asked.id, reason=" ", by=officer, at=AT)
    operations.refuse(request_id=asked.id, reason="法律要求保存", by=officer, at=AT)
    assert Request.objects.get().answer == "法律要求保存"
    with pytest.raises(rules.WrongStep):
        operations.withdraw(request_id=asked.id, by=officer, at=AT)
    other = request("access")
    assert operations.withdraw(request_id=other.id, by=officer, at=AT).state == "withdrawn"


def test_a_request_answers_only_what_was_asked(officer):
    one, asked = card(), checked("access", officer)
    with pytest.raises(requests.NotThisKind):
        operations.delete(request_id=asked.id, card_ids=[one.id], by=officer, at=AT)
    with pytest.raises(requests.NoCardsChosen):
        operations.answer_access(request_id=asked.id, card_ids=[], by=officer, at=AT)
    assert Card.objects.get(id=one.id).erased_at is None


def test_only_the_officer_of_the_district_deals_with_requests(somebody, officer):
    one, asked = card(), checked("access", officer)
    stranger = somebody(district_id=2, area_id=2, abilities=frozenset({rules.REQUESTS}))
    with pytest.raises(access.NotYourTask):
        operations.check_identity(request_id=asked.id, how="x", by=somebody(), at=AT)
    with pytest.raises(operations.NoSuchCard):
        operations.answer_access(request_id=asked.id, card_ids=[one.id], by=stranger, at=AT)
    with pytest.raises(access.NoSuchRequest):
        operations.withdraw(request_id=asked.id, by=stranger, at=AT)
    assert list(access.visible(viewer=stranger)) == []


def test_a_request_starts_and_ends_a_duty(officer, monkeypatch):
    told = []
    monkeypatch.setattr(requests, "_told", [])
    requests.register_duty(
        opened=lambda request, by, at: told.append(("opened", request.number)),
        ended=lambda request, by, at: told.append(("ended", request.state)),
    )
    asked = request("access")
    operations.withdraw(request_id=asked.id, by=officer, at=AT)
    assert told == [("opened", asked.number), ("ended", "withdrawn")]


def test_every_step_of_the_table_ends_somewhere():
    assert set(rules.NEXT) == set(rules.State) == set(Request.State.values)
    assert all(then in rules.NEXT for nexts in rules.NEXT.values() for then in nexts)


# Retention


def test_cards_are_erased_the_day_after_their_time(somebody):
    short, case, staff = card("short"), card("case"), card("staff")
    assert (short.erase_after, case.erase_after, staff.erase_after) == (date(2026, 8, 2), date(2028, 5, 3), None)
    assert operations.erase_due(at=datetime(2026, 8, 2, 15, 0, tzinfo=UTC)) == 0
    assert operations.erase_due(at=datetime(2026, 8, 2, 16, 0, tzinfo=UTC)) == 1  # the 3rd in China
    assert operations.erase_due(at=datetime(2040, 1, 1, tzinfo=UTC), batch=1) == 1
    left = Card.objects.filter(erased_at=None).values_list("id", flat=True)
    assert list(left) == [staff.id]
    assert Entry.objects.filter(kind="vault.erased").count() == 2


def test_cards_of_an_open_matter_are_kept(monkeypatch):
    open_one, closed_one = uuid4(), uuid4()
    monkeypatch.setattr(grounds, "_holds", {"thing": lambda ids: {open_one} & set(ids)})
    kept, gone = card("short", about=open_one), card("short", about=closed_one)
    assert operations.erase_due(at=datetime(2026, 9, 1, tzinfo=UTC)) == 1
    kept.refresh_from_db()
    gone.refresh_from_db()
    assert (kept.erased_at, kept.erase_after) == (None, date(2026, 10, 1))
    assert gone.erased_at is not None


def test_a_closed_matter_counts_from_its_end_and_a_district_may_set_the_days(monkeypatch):
    thing = uuid4()
    card("case", about=thing)
    monkeypatch.setattr(
        grounds, "_settings", [lambda district, name: {"vault.retention.case": 10}.get(name) if district == 1 else None]
    )
    assert operations.matter_ended(about_kind="thing", about_id=thing, at=datetime(2026, 6, 1, tzinfo=UTC)) == 1
    assert Card.objects.get().erase_after == date(2026, 6, 11)
    operations.keep_for(card_ids=[Card.objects.get().id], retention="dispute", at=datetime(2026, 6, 1, tzinfo=UTC))
    assert Card.objects.get().erase_after == date(2031, 6, 1)
