"""Calls taken down in one tap, workers relieved, and the alarm for a missing calendar."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from qipan.foundation.areas.models import DistrictProfile
from qipan.foundation.duties import access, operations, own, queries, sweeper
from qipan.foundation.duties.models import Call, Duty, Relief
from qipan.foundation.duties.operations import calls, years
from qipan.foundation.duties.rules import DutyEnded
from qipan.foundation.journal.models import Entry
from qipan.foundation.journal.operations import CommandReused
from qipan.foundation.journal.rules import SYSTEM, Class
from qipan.foundation.outbox.models import Message
from qipan.foundation.posts.access import NotYours
from qipan.foundation.vault import operations as vault
from qipan.foundation.vault.models import Card
from qipan.kernels.clock import Limit
from qipan.kernels.ids import new_id
from tests import factories
from tests.foundation.duties.conftest import KIND, moment
from tests.foundation.duties.test_years import NEXT_YEAR, SOURCE

pytestmark = pytest.mark.django_db
MONDAY = moment("2026-03-02 09:00")


def owed(district: Any, post: Any = None) -> Duty:
    return operations.open(
        kind=KIND, about=district.thing(), limit=Limit.natural(hours=9), at=MONDAY, by=SYSTEM,
        post=post or district.handler, unit=district.unit,
    )  # fmt: skip


# Calls


def test_a_call_is_a_duty_of_who_took_it_with_the_number_sealed(district):
    duty = operations.take_call(line="13812345678 井盖丢了", by=district.handler, at=MONDAY)
    assert duty.title == "138****5678 井盖丢了"
    assert (duty.post, duty.unit, duty.due_at) == (district.handler, district.unit, moment("2026-03-02 13:00"))
    card = Card.objects.get(pk=duty.call.caller_card)
    assert b"13812345678" not in bytes(card.sealed)
    assert not Entry.objects.filter(detail__icontains="13812345678").exists()


@pytest.mark.django_db(transaction=True)
def test_whoever_owes_the_call_sees_the_number_in_one_tap_and_nobody_else(district):
    duty = operations.take_call(line="13812345678", by=district.handler, at=MONDAY)
    card = duty.call.caller_card
    assert vault.reveal(card_id=card, by=district.handler, at=MONDAY, duty_id=duty.pk)["text"] == "13812345678"
    assert Entry.objects.filter(kind="vault.revealed").count() == 1
    for other in (district.colleague, district.dispatcher):
        assert not own.concerns(Card.objects.get(pk=card), other, duty.pk)
        with pytest.raises((vault.NotYourDuty, vault.NoSuchCard)):
            vault.reveal(card_id=card, by=other, at=MONDAY, duty_id=duty.pk)
    operations.finish(duty_id=duty.pk, by=district.handler, at=MONDAY)
    assert not own.concerns(Card.objects.get(pk=card), district.handler, duty.pk)


def test_a_call_needs_nothing_but_the_tap(district):
    duty = operations.take_call(line="  ", by=district.dispatcher, at=MONDAY)
    assert duty.title == "来电 03-02 09:00"
    assert duty.call.caller_card is None


def test_a_call_sent_twice_is_taken_once(district):
    command = new_id()
    first, second = (
        operations.take_call(line="井盖", by=district.handler, at=MONDAY, command_id=command) for _ in range(2)
    )
    assert first == second
    assert Call.objects.count() == 1
    with pytest.raises(CommandReused):
        operations.take_call(line="别的", by=district.handler, at=MONDAY, command_id=command)


def test_the_district_sets_how_soon_a_call_is_due(district):
    stored = {"clock": "natural", "amount": 30}
    DistrictProfile.objects.create(district=district.area, settings={"call_limit": stored})
    duty = operations.take_call(line="", by=district.handler, at=MONDAY)
    assert duty.due_at == MONDAY + timedelta(minutes=30)


def test_an_auditor_takes_no_calls_and_only_who_owes_one_finishes_it(district):
    with pytest.raises(NotYours):
        operations.take_call(line="", by=factories.post("auditor", district.area), at=MONDAY)
    duty = operations.take_call(line="", by=district.handler, at=MONDAY)
    with pytest.raises(calls.NotYourDuty):
        operations.finish(duty_id=duty.pk, by=district.dispatcher, at=MONDAY)
    operations.finish(duty_id=duty.pk, by=district.handler, at=MONDAY, note="已解释")
    with pytest.raises(DutyEnded):
        operations.finish(duty_id=duty.pk, by=district.handler, at=MONDAY)
    assert Entry.objects.filter(kind="duties.ended").count() == 1


def test_a_call_of_another_district_does_not_exist(district, make_district):
    duty = operations.take_call(line="", by=district.handler, at=MONDAY)
    with pytest.raises(access.NoSuchDuty):
        operations.finish(duty_id=duty.pk, by=make_district("西区", "910102").handler, at=MONDAY)


# Relief


def test_the_head_is_told_at_once_and_owes_a_relief_within_two_hours(district):
    duty = operations.ask_relief(by=district.handler, at=MONDAY)
    assert (duty.post, duty.due_at, duty.privacy) == (district.head, MONDAY + timedelta(hours=2), Class.SECRET)
    [message] = Message.objects.all()
    assert (message.to_person_id, message.urgent) == (district.head.person_id, True)
    assert str(district.handler.person) not in message.subject + message.body


def test_only_the_head_sees_who_asks(district):
    duty = operations.ask_relief(by=district.handler, at=MONDAY)
    assert access.visible(viewer=district.head).filter(pk=duty.pk).exists()
    auditor = factories.post("auditor", district.area)
    for other in (district.colleague, district.dispatcher, district.commander, auditor):
        assert not access.visible(viewer=other).filter(pk=duty.pk).exists()
        assert queries.reliefs(viewer=other) == []
    assert [one.post for one in queries.reliefs(viewer=district.head)] == [district.handler]
    assert str(district.handler.person) not in duty.title + duty.about_label
    assert Entry.objects.get(kind="duties.relief_asked").privacy == Class.SECRET


def test_a_relief_that_is_late_reaches_the_commander_without_a_name(district):
    operations.ask_relief(by=district.handler, at=MONDAY)
    sweeper.sweep(now=MONDAY + timedelta(hours=3))
    message = Message.objects.get(to_person=district.commander.person_id)
    assert str(district.unit) in message.body
    assert str(district.handler.person) not in message.subject + message.body


def test_relieving_hands_the_work_over_and_tells_both(district):
    first, second = owed(district), owed(district)
    asked = operations.ask_relief(by=district.handler, at=MONDAY)
    moved = operations.relieve(
        duty_id=asked.pk, taker=district.colleague, by=district.head, at=MONDAY, duties=[first.pk]
    )
    assert moved == 1
    assert {row.pk: row.post for row in Duty.objects.filter(kind=KIND)} == {
        first.pk: district.colleague,
        second.pk: district.handler,
    }
    templates = set(Message.objects.values_list("template", "to_person"))
    assert ("duties.relieved", district.handler.person_id) in templates
    assert ("duties.handed_over", district.colleague.person_id) in templates
    assert Relief.objects.get().relieved_by == district.head
    with pytest.raises(DutyEnded):
        operations.relieve(duty_id=asked.pk, taker=district.colleague, by=district.head, at=MONDAY)


def test_nobody_but_the_head_relieves_and_the_worker_cannot_be_the_taker(district):
    asked = operations.ask_relief(by=district.handler, at=MONDAY)
    for other in (district.colleague, district.commander, district.handler):
        with pytest.raises(access.NoSuchDuty):
            operations.relieve(duty_id=asked.pk, taker=None, by=other, at=MONDAY)
    with pytest.raises(calls.TakerIsAway):
        operations.relieve(duty_id=asked.pk, taker=district.handler, by=district.head, at=MONDAY)
    assert Relief.objects.get().relieved_by is None


def test_asking_twice_is_refused_and_withdrawing_ends_it(district):
    operations.ask_relief(by=district.handler, at=MONDAY)
    with pytest.raises(calls.AskedAlready):
        operations.ask_relief(by=district.handler, at=MONDAY)
    assert operations.withdraw_relief(by=district.handler, at=MONDAY)
    assert not operations.withdraw_relief(by=district.handler, at=MONDAY)
    operations.ask_relief(by=district.handler, at=MONDAY)


def test_a_head_is_relieved_by_the_desk_and_where_nobody_is_it_is_said(district):
    assert operations.ask_relief(by=district.head, at=MONDAY).post == district.dispatcher
    alone = factories.post("grid_worker", factories.district())
    with pytest.raises(calls.NobodyToRelieve):
        operations.ask_relief(by=alone, at=MONDAY)


# The alarm


def test_from_december_on_the_administrator_owes_the_next_calendar_once_until_it_is_imported(district):
    administrator = factories.post("administrator", district.area)
    assert operations.raise_alarms(at=moment("2026-11-30 23:00")) == []
    [duty] = operations.raise_alarms(at=moment("2026-12-01 00:30"))
    assert (duty.post, duty.about_label) == (administrator, "2027")
    assert operations.raise_alarms(at=moment("2026-12-01 01:30")) == []
    years.import_year(
        district=district.area, data=NEXT_YEAR, year=2027, source=SOURCE, by=administrator,
        at=moment("2026-12-02 09:00"),
    )  # fmt: skip
    duty.refresh_from_db()
    assert duty.outcome == "imported"
    assert operations.raise_alarms(at=moment("2026-12-02 10:00")) == []
