"""What is due is fired, each step once, whatever happens to the sweepers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from qipan.foundation.duties import kinds, operations, sweeper
from qipan.foundation.duties.models import Duty, Step
from qipan.foundation.duties.rules import BREACH, WARN, State
from qipan.foundation.journal.models import Entry
from qipan.foundation.journal.rules import SYSTEM
from qipan.foundation.outbox.models import Message
from qipan.kernels.clock import Limit
from tests.foundation.duties.conftest import KIND, moment

pytestmark = pytest.mark.django_db
MONDAY = moment("2026-03-02 09:00")
TWO_HOURS = Limit.natural(hours=2)


def opened(district: Any, limit: Any = TWO_HOURS, kind: str = KIND, **more: Any) -> Duty:
    values = {"post": district.handler, "unit": district.unit, "at": MONDAY, "by": SYSTEM, **more}
    return operations.open(kind=kind, about=district.thing(), limit=limit, **values)


def fired(duty: Duty) -> list[str]:
    return list(Step.objects.filter(duty=duty).order_by("planned_at").values_list("name", flat=True))


def planned(duty: Duty, name: str) -> datetime:
    return next(step.at for step in duty.pending() if step.name == name)


def test_steps_fire_when_their_time_has_come_and_not_before(district):
    duty = opened(district)
    sweeper.sweep(now=duty.warn_at - timedelta(seconds=1))
    assert fired(duty) == []
    sweeper.sweep(now=duty.warn_at)
    assert fired(duty) == [WARN]
    sweeper.sweep(now=duty.due_at)
    assert fired(duty) == [WARN, BREACH]
    duty.refresh_from_db()
    assert duty.state == State.OPEN  # late, not gone
    sweeper.sweep(now=duty.due_at + timedelta(days=30))
    assert fired(duty) == [WARN, BREACH, "dispatcher", "commander"]
    duty.refresh_from_db()
    assert duty.next_at is None


def test_after_a_long_silence_every_step_fires_once_and_sweeping_again_fires_none(district):
    duty = opened(district)
    assert sweeper.sweep(now=MONDAY + timedelta(days=30)) == 4
    assert sweeper.sweep(now=MONDAY + timedelta(days=60)) == 0
    assert fired(duty) == [WARN, BREACH, "dispatcher", "commander"]


def test_a_breach_and_each_escalation_stand_in_the_history_of_the_thing(district):
    duty = opened(district)
    sweeper.sweep(now=MONDAY + timedelta(days=30))
    rows = Entry.objects.filter(about_kind="tests.thing", about_id=duty.about_id)
    assert list(rows.order_by("id").values_list("kind", flat=True)) == [
        "duties.breached",
        "duties.escalated",
        "duties.escalated",
    ]


def test_an_ended_duty_fires_nothing(district):
    duty = opened(district)
    operations.end(duty=duty, by=SYSTEM, at=MONDAY + timedelta(minutes=1))
    assert sweeper.sweep(now=MONDAY + timedelta(days=30)) == 0


def test_an_extension_arms_the_warning_and_the_breach_again(district):
    duty = opened(district)
    sweeper.sweep(now=duty.due_at)
    operations.extend(duty=duty, add=TWO_HOURS, by=district.dispatcher, at=duty.due_at, reason="材料未到")
    sweeper.sweep(now=MONDAY + timedelta(hours=4))
    assert sorted(Step.objects.filter(duty=duty).values_list("name", "round")) == [
        ("breach", 1),
        ("breach", 2),
        ("warn", 1),
        ("warn", 2),
    ]


def test_a_pause_that_runs_out_ends_by_itself_and_the_clock_goes_on_from_there(district):
    duty = opened(district)
    operations.pause(
        duty=duty,
        asked_by=district.handler,
        approved_by=district.dispatcher,
        reason="等待",
        at=MONDAY + timedelta(hours=1),
        until=MONDAY + timedelta(days=2),
    )
    sweeper.sweep(now=MONDAY + timedelta(days=1))
    assert fired(duty) == []
    sweeper.sweep(now=MONDAY + timedelta(days=2, minutes=5))
    duty.refresh_from_db()
    assert (duty.state, duty.due_at) == (State.OPEN, MONDAY + timedelta(days=2, hours=1))
    assert fired(duty) == ["resume"]
    assert Entry.objects.filter(kind="duties.resumed").count() == 1


def test_a_warning_that_fired_before_a_pause_does_not_fire_again_after_it(district):
    duty = opened(district)
    sweeper.sweep(now=duty.warn_at)
    at = duty.warn_at + timedelta(minutes=1)
    operations.pause(duty=duty, asked_by=district.handler, approved_by=district.dispatcher, reason="等待", at=at)
    operations.resume(duty=duty, by=SYSTEM, at=at + timedelta(days=1))
    sweeper.sweep(now=at + timedelta(days=1, minutes=1))
    assert fired(duty) == [WARN]


def test_hooks_run_with_the_step_and_one_that_ends_the_duty_is_honoured(district, monkeypatch):
    seen = []

    def hook(duty: Duty, step: Any, now: datetime) -> None:
        seen.append((step.name, now))
        operations.end(duty=duty.pk, by=SYSTEM, at=now, outcome="lapsed")

    monkeypatch.setitem(kinds._kinds, "tests.hooked", kinds.Kind("tests.hooked", "x", on_breach=hook))
    duty = opened(district, kind="tests.hooked")
    sweeper.sweep(now=duty.due_at)
    duty.refresh_from_db()
    assert (duty.state, duty.outcome) == (State.ENDED, "lapsed")
    assert seen == [("breach", duty.due_at)]


def test_a_hook_that_fails_holds_up_nobody_else_and_is_tried_again(district, monkeypatch, caplog):
    calls = []

    def hook(duty: Duty, step: Any, now: datetime) -> None:
        calls.append(now)
        Duty.objects.filter(pk=duty.pk).update(title="half done")
        if len(calls) == 1:
            raise RuntimeError("broken")

    monkeypatch.setitem(kinds._kinds, "tests.broken", kinds.Kind("tests.broken", "x", on_breach=hook))
    bad, good = opened(district, kind="tests.broken", escalation="none"), opened(district, escalation="none")
    sweeper.sweep(now=bad.due_at)
    bad.refresh_from_db()
    assert fired(good) == [WARN, BREACH]
    assert (fired(bad), bad.title) == ([], "x")
    sweeper.sweep(now=bad.due_at + sweeper.AGAIN)
    assert fired(bad) == [WARN, BREACH]
    assert len(calls) == 2
    assert "could not be carried out" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_a_duty_that_cannot_be_told_holds_up_nobody_else_and_is_tried_again(district, caplog):
    bad, *good = (opened(district) for _ in range(4))
    Duty.objects.filter(pk=bad.pk).update(escalation="of-an-older-version")
    sweeper.sweep(now=bad.due_at)
    assert [fired(duty) for duty in (bad, *good)] == [[], *[[WARN, BREACH]] * 3]
    assert "could not be swept" in caplog.text
    Duty.objects.filter(pk=bad.pk).update(escalation="default")
    assert sweeper.sweep(now=bad.due_at + sweeper.AGAIN - timedelta(seconds=1)) == 0
    sweeper.sweep(now=bad.due_at + sweeper.AGAIN)
    assert fired(bad) == [WARN, BREACH]


def test_a_pause_is_not_ended_by_a_look_that_comes_early(district):
    duty = opened(district)
    until = MONDAY + timedelta(days=2)
    operations.pause(duty=duty, asked_by=district.handler, approved_by=district.dispatcher, at=MONDAY, until=until,
                     reason="rain")  # fmt: skip
    Duty.objects.filter(pk=duty.pk).update(next_at=MONDAY + timedelta(hours=1))
    sweeper.sweep(now=MONDAY + timedelta(hours=1))
    duty.refresh_from_db()
    assert (duty.state, duty.next_at) == (State.PAUSED, until)
    sweeper.sweep(now=until)
    duty.refresh_from_db()
    assert duty.state == State.OPEN


def test_a_batch_costs_the_same_queries_for_three_duties_as_for_thirty(district):
    def cost(number: int) -> int:
        for _ in range(number):
            opened(district)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert sweeper.sweep(now=MONDAY + timedelta(days=30)) == 4 * number
        return len(queries)

    assert cost(3) == cost(30) <= 18


def test_the_loop_goes_by_the_databases_clock(district):
    now = sweeper.database_now()
    assert abs(now - datetime.now(UTC)) < timedelta(minutes=5)
    late = opened(district, at=now - timedelta(hours=5))
    early = opened(district, at=now + timedelta(hours=5))
    sweeper.sweep()
    assert fired(late)[:2] == [WARN, BREACH]
    assert fired(early) == []


# Whom it tells


def told(template: str = "") -> list[tuple[str, str]]:
    """(template, person) of every message, oldest first."""
    rows = Message.objects.filter(channel="app").order_by("created_at", "pk")
    if template:
        rows = rows.filter(template=template)
    return [(row.template, row.to_person_id) for row in rows]


def test_a_warning_tells_the_owner_a_breach_also_the_head_and_each_level_in_its_turn(district):
    duty = opened(district)
    sweeper.sweep(now=duty.warn_at)
    assert told() == [("duties.warned", district.handler.person_id)]
    sweeper.sweep(now=duty.due_at)
    assert set(told("duties.breached")) == {
        ("duties.breached", district.handler.person_id),
        ("duties.breached", district.head.person_id),
    }
    assert told("duties.escalated") == []
    sweeper.sweep(now=planned(duty, "dispatcher"))
    assert told("duties.escalated") == [("duties.escalated", district.dispatcher.person_id)]
    sweeper.sweep(now=planned(duty, "commander"))
    assert told("duties.escalated")[1:] == [("duties.escalated", district.commander.person_id)]


def test_a_duty_of_a_unit_that_nobody_has_taken_tells_everybody_in_it(district):
    duty = opened(district, post=None)
    sweeper.sweep(now=duty.warn_at)
    assert {person for _template, person in told()} == {
        post.person_id for post in (district.head, district.handler, district.colleague)
    }


def test_what_comes_late_all_at_once_tells_each_person_once(district):
    opened(district)
    sweeper.sweep(now=MONDAY + timedelta(days=30))
    people = [person for _template, person in told()]
    assert len(people) == len(set(people)) == 4


def test_many_at_once_become_one_message_that_counts_them(district):
    for _ in range(8):
        opened(district, escalation="none")
    sweeper.sweep(now=MONDAY + timedelta(days=1))
    message = Message.objects.get(to_person=district.handler.person_id)
    assert message.template == "duties.several"
    assert message.subject.startswith("8")


def test_a_private_matter_is_not_named_in_messages(district):
    from qipan.foundation.journal.rules import Class

    duty = operations.open(
        kind=KIND, about=district.thing(privacy=Class.PRIVATE), limit=TWO_HOURS, at=MONDAY, by=SYSTEM,
        post=district.handler, title="家中争吵",
    )  # fmt: skip
    sweeper.sweep(now=duty.due_at + timedelta(days=30))
    assert Message.objects.count() == 4
    assert not Message.objects.filter(subject__contains="争吵").exists()
    assert not Message.objects.filter(body__contains="争吵").exists()
