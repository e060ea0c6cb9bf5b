"""Two things at once: one wins, the other is told or waits, and no duty is left under rules that are gone."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections, transaction

from qipan.foundation.duties import operations
from qipan.foundation.duties.models import Duty, Step
from qipan.foundation.duties.operations import recount, years
from qipan.foundation.duties.rules import DutyEnded
from qipan.foundation.journal.models import Entry
from qipan.foundation.journal.rules import SYSTEM
from qipan.foundation.posts.models import Unit
from qipan.foundation.refusals import Refusal
from qipan.kernels.clock import Limit
from tests import factories
from tests.foundation.duties.conftest import KIND, District, moment, small_district
from tests.foundation.duties.test_years import NEXT_YEAR, NOW, SOURCE

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]


def together(*works: Callable[[], Any]) -> list[Any]:
    """Run all at once in threads of their own; answers, or the refusal each met."""
    start = threading.Barrier(len(works))

    def one(work: Callable[[], Any]) -> Any:
        try:
            start.wait(10)
            return work()
        except Refusal as refusal:
            return refusal
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(works)) as threads:
        return list(threads.map(one, works))


def opened(district: District, **more: Any) -> Duty:
    values = {"limit": Limit.working_days(40), "post": district.handler, "at": NOW, **more}
    return operations.open(kind=KIND, about=district.thing(), by=SYSTEM, **values)


def test_a_duty_opened_while_a_calendar_is_imported_is_counted_by_the_new_one():
    district = small_district()
    administrator = factories.post("administrator", district.area)
    reference = opened(district)
    inside, ready = threading.Event(), threading.Event()

    def open_slowly() -> Any:
        with transaction.atomic():
            duty = opened(district)
            ready.set()
            inside.wait(2)  # the import has begun and waits for this transaction
        return duty.pk

    def import_year() -> Any:
        ready.wait(10)
        threading.Timer(0.5, inside.set).start()
        return years.import_year(
            district=district.area, data=NEXT_YEAR, year=2027, source=SOURCE, by=administrator, at=NOW
        )

    key, effect = together(open_slowly, import_year)
    assert len(effect.moves) == 2
    reference.refresh_from_db()
    assert Duty.objects.get(pk=key).due_at == reference.due_at


def test_a_change_of_rules_gives_up_rather_than_wait_for_ever(monkeypatch):
    district = small_district()
    monkeypatch.setattr(recount, "PATIENCE", 0.3)
    ready, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            opened(district)
            ready.set()
            done.wait(10)

    def change() -> Any:
        ready.wait(10)
        try:
            return years.import_year(
                district=district.area, data=NEXT_YEAR, year=2027, source=SOURCE, by=SYSTEM, at=NOW
            )
        finally:
            done.set()

    _held, refused = together(hold, change)
    assert isinstance(refused, recount.ClocksBusy)


def test_of_two_who_end_one_duty_at_once_one_ends_it():
    district = small_district()
    duty = opened(district)
    first, second = together(*[lambda: operations.end(duty=duty.pk, by=SYSTEM, at=NOW)] * 2)
    assert sorted((len(first), len(second))) == [0, 1]


def test_of_two_who_hand_over_and_end_the_slower_is_told():
    district = small_district()
    duties = [opened(district) for _ in range(6)]
    for duty in duties:
        answers = together(
            lambda duty=duty: operations.hand_over(
                duties=[duty.pk], post=district.colleague, by=district.handler, at=NOW
            ),
            lambda duty=duty: operations.end(duty=duty.pk, by=SYSTEM, at=NOW),
        )
        assert not isinstance(answers[0], Refusal) or isinstance(answers[0], DutyEnded)
        duty.refresh_from_db()
        assert duty.state == "ended"


def test_sweepers_in_many_threads_fire_each_step_once():
    from qipan.foundation.duties import sweeper

    district = small_district()
    start = moment("2026-03-02 09:00")
    for _ in range(60):
        opened(district, limit=Limit.natural(hours=2), at=start)
    fired = together(*[lambda: sweeper.sweep(now=NOW, batch=7)] * 4)
    assert sum(fired) == 240
    assert Step.objects.count() == 240
    assert Entry.objects.filter(kind="duties.breached").count() == 60


def test_a_pause_that_ends_while_somebody_works_on_the_thing_gives_way_and_is_resumed_later(monkeypatch):
    from datetime import timedelta

    from qipan.foundation.duties import kinds, sweeper

    def keep_the_same(moved: Any) -> None:  # as a domain does: its row is locked by whoever works on it
        list(Unit.objects.select_for_update().filter(pk=moved[0].unit_id))

    kind = kinds.Kind("tests.shown", "x", on_moved=keep_the_same)
    monkeypatch.setitem(kinds._kinds, kind.name, kind)
    district = small_district()
    duty = operations.open(
        kind=kind.name, about=district.thing(), limit=Limit.natural(hours=9), at=NOW, by=SYSTEM, unit=district.unit
    )
    operations.pause(
        duty=duty, asked_by=district.handler, approved_by=district.dispatcher, reason="等待", at=NOW,
        until=NOW + timedelta(hours=1),
    )  # fmt: skip
    locked, swept = threading.Event(), threading.Event()

    def work_on_it() -> None:
        with transaction.atomic():
            list(Unit.objects.select_for_update().filter(pk=district.unit.pk))
            locked.set()
            swept.wait(10)
            operations.extend(
                duty=duty.pk, add=Limit.natural(hours=1), by=district.dispatcher, at=NOW, reason="材料未到"
            )

    def sweep() -> int:
        locked.wait(10)
        fired = sweeper.sweep(now=NOW + timedelta(hours=2))
        swept.set()
        return fired

    worked, fired = together(work_on_it, sweep)
    assert (worked, fired) == (None, 0)
    assert sweeper.sweep(now=NOW + timedelta(hours=3)) == 1
    duty.refresh_from_db()
    assert (duty.state, duty.due_at) == ("open", NOW + timedelta(hours=11))
