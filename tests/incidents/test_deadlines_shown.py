"""The deadline that a list of incidents shows is that of the open leg, whatever moves it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from tests.incidents.conftest import Town, every_row_shows_its_leg

from qipan.foundation.duties import clocks, sweeper
from qipan.foundation.duties.models import Duty
from qipan.foundation.duties.operations import years
from qipan.foundation.posts.models import Post
from qipan.foundation.refusals import Refusal
from qipan.incidents import operations
from qipan.incidents.models import Incident
from qipan.incidents.rules.steps import WrongStep

pytestmark = pytest.mark.django_db


def in_handling(town: Town) -> Incident:
    incident = town.dispatched()
    return operations.sign(incident_id=incident.id, by=town.handler, at=town.later())


def shown(incident: Incident) -> tuple[object, object]:
    """(what the incident shows, what its open leg says)."""
    incident.refresh_from_db()
    duty = Duty.objects.get(about_id=incident.id, kind="incidents.handle")
    return incident.due_at, duty.due_at


@pytest.mark.parametrize("kind", ["hold", "extension"])
def test_more_time_is_not_granted_when_the_unit_has_answered(town: Town, kind: str) -> None:
    """The clock that was to wait has ended; the desk's own goes on as it is."""
    incident = in_handling(town)
    asked = operations.ask(incident_id=incident.id, kind=kind, reason="待拨款", days=1, by=town.handler, at=town.at)
    operations.answer(incident_id=incident.id, text="已修复", by=town.handler, at=town.later())
    with pytest.raises(WrongStep), transaction.atomic():
        operations.decide(ask_id=asked.id, approve=True, reason="", by=town.dispatcher, at=town.later())
    incident.refresh_from_db()
    assert incident.due_at is not None
    operations.decide(ask_id=asked.id, approve=False, reason="已办完", by=town.dispatcher, at=town.later())


def test_it_comes_back_when_a_hold_runs_out_by_itself(town: Town) -> None:
    incident = in_handling(town)
    asked = operations.ask(incident_id=incident.id, kind="hold", reason="待拨款", days=30, by=town.handler, at=town.at)
    operations.decide(ask_id=asked.id, approve=True, reason="", by=town.dispatcher, at=town.later())
    incident.refresh_from_db()
    assert incident.due_at is None
    sweeper.sweep(now=town.at + timedelta(days=31))
    mine, leg = shown(incident)
    assert mine == leg is not None


def test_it_moves_with_an_order(town: Town) -> None:
    incident = in_handling(town)
    before, _leg = shown(incident)
    years.give_order(
        area=town.district, number="3号", ground="疫情防控", begins_at=town.at, ends_at=town.at + timedelta(days=5),
        factor=None, by=town.commander, at=town.at,
    )  # fmt: skip
    mine, leg = shown(incident)
    assert mine == leg
    assert mine != before


def test_it_moves_with_new_working_hours(town: Town) -> None:
    incident = in_handling(town)
    before, _leg = shown(incident)
    years.set_hours(
        district=town.district, working={"spans": "09:00-10:00"}, staffed=clocks.STANDARD_STAFFED,
        valid_from=town.at.date(), by=town.administrator, at=town.at,
    )  # fmt: skip
    mine, leg = shown(incident)
    assert mine == leg
    assert mine != before


def test_all_legs_are_moved_by_one_statement(town: Town) -> None:
    in_handling(town)
    town.dispatched()
    town.report()
    with CaptureQueriesContext(connection) as seen:
        years.give_order(
            area=town.district, number="4号", ground="台风", begins_at=town.at, ends_at=town.at + timedelta(days=5),
            factor=None, by=town.commander, at=town.at,
        )  # fmt: skip
    assert sum('UPDATE "incidents_incident"' in query["sql"] for query in seen) == 1
    for duty in Duty.objects.filter(about_kind="incidents.incident", state="open", due_at__isnull=False):
        assert Incident.objects.get(pk=duty.about_id).due_at == duty.due_at


def test_every_step_of_the_way_shows_its_leg_with_one_write(town: Town) -> None:
    def write(what: Any, key: UUID, **given: Any) -> None:
        with CaptureQueriesContext(connection) as seen:
            what(incident_id=key, at=town.later(), **given)
        assert sum('UPDATE "incidents_incident"' in query["sql"] for query in seen) == 1, what
        every_row_shows_its_leg()

    with CaptureQueriesContext(connection) as seen:
        incident = town.report("street-light")
    assert not any('UPDATE "incidents_incident"' in query["sql"] for query in seen)
    key = incident.id
    assert incident.due_at
    write(operations.accept, key, by=town.dispatcher)
    for _round in range(2):
        write(operations.dispatch, key, unit=town.department, by=town.dispatcher)
        write(operations.sign, key, by=town.handler)
        write(operations.start, key, by=town.handler)
        asked = operations.ask(incident_id=key, kind="return", reason="不属本单位", by=town.handler, at=town.later())
        operations.decide(ask_id=asked.id, approve=True, reason="", by=town.dispatcher, at=town.later())
        write(operations.dispatch, key, unit=town.department, by=town.dispatcher)
        write(operations.sign, key, by=town.handler)
        write(operations.answer, key, text="已修好", by=town.handler)
        write(operations.check_back, key, by=town.dispatcher)
        write(operations.rework, key, reason="仍不亮", by=town.grid_worker)
        write(operations.answer, key, text="已换灯", by=town.handler)
        write(operations.check_back, key, by=town.dispatcher)
        write(operations.verify, key, note="已亮", by=town.grid_worker)
        assert Incident.objects.get(pk=key).due_at is None
        write(operations.reopen, key, reason="又坏了", by=town.dispatcher)
    other = town.report("street-light")
    operations.merge(incident_id=other.id, into_id=key, by=town.dispatcher, at=town.later())
    write(operations.unmerge, other.id, by=town.dispatcher)


def as_stored(incident: Incident) -> tuple[Any, Any]:
    duties = Duty.objects.filter(about_id=incident.pk).values_list("kind", "state", "due_at")
    return Incident.objects.filter(pk=incident.pk).values().get(), sorted(duties)


def test_a_step_out_of_turn_is_refused_and_changes_nothing(town: Town) -> None:
    """Whatever the status: never a broken rule of the tables, and no clock moved on."""
    ways: list[tuple[Any, Post, dict[str, Any]]] = [
        (operations.accept, town.dispatcher, {}),
        (operations.decline, town.dispatcher, {"reason": "不属本区"}),
        (operations.void, town.dispatcher, {"reason": "误报"}),
        (operations.dispatch, town.dispatcher, {"unit": town.department}),
        (operations.sign, town.handler, {}),
        (operations.start, town.handler, {}),
        (operations.answer, town.handler, {"text": "已修好"}),
        (operations.check_back, town.dispatcher, {}),
        (operations.verify, town.grid_worker, {}),
        (operations.rework, town.grid_worker, {"reason": "仍不亮"}),
        (operations.reopen, town.dispatcher, {"reason": "又坏了"}),
        (operations.unmerge, town.dispatcher, {}),
    ]
    refused = 0
    for make in (town.report, town.dispatched, town.answered, town.closed):
        for what, by, given in ways:
            incident = make("street-light")
            before = as_stored(incident)
            try:
                with transaction.atomic():
                    what(incident_id=incident.pk, by=by, at=town.later(), **given)
            except Refusal:
                refused += 1
                assert as_stored(incident) == before
    assert refused > 30
