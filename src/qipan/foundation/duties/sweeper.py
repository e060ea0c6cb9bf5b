"""The one loop that fires what duties owe to time: warnings, breaches, the steps beyond, pauses that end.

Any number of sweepers may run. Each takes a batch of due duties with SKIP LOCKED and, in one transaction, records the
steps (unique, so that none fires twice), sets what comes next, appends the journal's entries and queues messages. A
sweeper that is killed has done all of a batch or nothing of it, and another takes the rest.

The loop goes by the database's clock: a machine whose own clock is wrong neither fires early nor late.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import close_old_connections, connection, transaction
from psycopg.types.json import Jsonb

from qipan.foundation.duties import clocks, kinds, messages
from qipan.foundation.duties.kinds import Hook
from qipan.foundation.duties.models import Duty
from qipan.foundation.duties.operations.alarm import raise_alarms
from qipan.foundation.duties.operations.pauses import resume_locked
from qipan.foundation.duties.rules import BREACH, RESUME, WARN, Planned, State
from qipan.foundation.journal import operations as journal
from qipan.foundation.journal.rules import SYSTEM

Fired = tuple[Duty, list[Planned]]

log = logging.getLogger(__name__)
AGAIN = timedelta(minutes=1)  # how long a duty whose hook failed is left alone
ALARM_EVERY = timedelta(hours=1)
EVERY = 1.0  # seconds between two looks when nothing is due

INSERT_STEPS = """
INSERT INTO duties_step (duty_id, name, round, planned_at, fired_at)
SELECT duty, name, round, planned, %s
FROM unnest(%s::uuid[], %s::text[], %s::smallint[], %s::timestamptz[]) AS new (duty, name, round, planned)
ON CONFLICT DO NOTHING RETURNING duty_id, name, round
"""
UPDATE_DUTIES = """
UPDATE duties_duty SET schedule = new.schedule, next_at = new.next_at
FROM unnest(%s::uuid[], %s::jsonb[], %s::timestamptz[]) AS new (id, schedule, next_at)
WHERE duties_duty.id = new.id
"""


def database_now() -> datetime:
    """The database's clock, which all sweepers share."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now


def sweep(*, now: datetime | None = None, batch: int = 500) -> int:
    """Fire every step due by `now` (the database's clock where it is not given). Returns how many fired."""
    fired, size = 0, batch
    until = now or database_now()
    while True:
        try:
            taken, steps = _batch(now=until, size=size)
        except Exception:
            if connection.in_atomic_block:
                raise
            log.exception("a batch of duties could not be swept")
            # One by one up to the duty that cannot be, which is left alone; then the rest together again.
            if size == 1:
                _leave_first(now=until)
                size = batch
            else:
                size = 1
            continue
        fired += steps
        if taken < size:
            return fired


def run(stop: threading.Event, *, every: float = EVERY, batch: int = 500) -> None:
    """Sweep until `stop` is set. An error is logged and the loop goes on: nothing is lost, steps stay due."""
    looked: datetime | None = None
    while not stop.is_set():
        try:
            close_old_connections()
            fired = sweep(batch=batch)
            now = database_now()
            if looked is None or now - looked > ALARM_EVERY:
                raise_alarms(at=now)
                looked = now
            if fired:
                log.info("fired %d steps", fired)
        except Exception:
            log.exception("the sweeper failed; it goes on")
            connection.close()
        stop.wait(every)


@transaction.atomic
def _batch(*, now: datetime, size: int) -> tuple[int, int]:
    """One transaction: how many duties were taken, how many steps fired."""
    duties = _take(now=now, size=size)
    if not duties:
        return 0, 0
    plain, fired = [], []
    for duty in duties:
        due = [step for step in duty.pending() if step.at <= now]
        if due and (duty.state == State.PAUSED or any(_hook(duty, step) for step in due)):
            fired += _one(duty, due, now)
        else:
            plain.append((duty, due))
    fired += _record_steps(plain, now)
    for duty, _due in plain:
        duty.arm([step for step in duty.pending() if step.at > now])
    _save([duty for duty, _due in plain])
    _journal(fired, now)
    messages.tell(fired, now=now)
    return len(duties), sum(len(steps) for _duty, steps in fired)


def _take(*, now: datetime, size: int) -> list[Duty]:
    """Duties that are due, locked, but for those that another has."""
    due = Duty.objects.filter(next_at__lte=now).order_by("next_at", "pk")
    return list(due.select_for_update(skip_locked=True, of=("self",))[:size])


def _hook(duty: Duty, step: Planned) -> Hook | None:
    kind = kinds.known(duty.kind)
    return {WARN: kind.on_warn, BREACH: kind.on_breach}.get(clocks.base(step.name), kind.on_step)


def _one(duty: Duty, due: list[Planned], now: datetime) -> list[Fired]:
    """A duty whose pause ended or whose kind has hooks: by itself, so that its failure is its own."""
    try:
        with transaction.atomic(), clocks.impatient():
            fired = _record_steps([(duty, due)], now)
            if duty.state == State.PAUSED:
                resume_locked(duty, by=SYSTEM, at=due[0].at)
                duty.save()
                return fired
            duty.arm([step for step in duty.pending() if step.at > now])
            _save([duty])
            for step in fired[0][1]:
                if hook := _hook(duty, step):
                    hook(duty, step, now)
            return fired
    except Exception:
        log.exception("duty %s: its step could not be carried out, it is tried again", duty.pk)
        Duty.objects.filter(pk=duty.pk).update(next_at=now + AGAIN)
        return []


def _record_steps(rows: Sequence[Fired], now: datetime) -> list[Fired]:
    """Insert the steps of duties; what comes back was not there before."""
    flat = [(duty, step) for duty, steps in rows for step in steps]
    if not flat:
        return [(duty, []) for duty, _steps in rows]
    with connection.cursor() as cursor:
        cursor.execute(
            INSERT_STEPS,
            [
                now,
                [duty.pk for duty, _ in flat],
                [step.name for _, step in flat],
                [step.round for _, step in flat],
                [step.at for _, step in flat],
            ],
        )
        new = set(cursor.fetchall())
    return [(duty, [step for step in steps if (duty.pk, step.name, step.round) in new]) for duty, steps in rows]


def _save(duties: Sequence[Duty]) -> None:
    if not duties:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            UPDATE_DUTIES,
            [
                [duty.pk for duty in duties],
                [Jsonb(duty.schedule) for duty in duties],
                [duty.next_at for duty in duties],
            ],
        )


def _journal(fired: Sequence[Fired], now: datetime) -> None:
    """Breaches and escalations stand in the history of what the duty is about; a warning is only a message."""
    entries: list[dict[str, Any]] = []
    for duty, steps in fired:
        for step in steps:
            name = clocks.base(step.name)
            if name in (WARN, RESUME):
                continue
            entries.append(
                {
                    "kind": "duties.breached" if name == BREACH else "duties.escalated",
                    "about": duty.about(),
                    "by": SYSTEM,
                    "at": now,
                    "detail": {"duty": duty.pk, "duty_kind": duty.kind, "step": step.name, "due": step.at},
                }
            )
    journal.record_many(entries)


@transaction.atomic
def _leave_first(*, now: datetime) -> None:
    """After an error with a single duty: leave it alone for a while, so that it does not hold up the others. What
    another sweeper has taken meanwhile was not the one."""
    for duty in _take(now=now, size=1):
        Duty.objects.filter(pk=duty.pk).update(next_at=now + AGAIN)
