"""Counting open deadlines anew when a calendar, hours or an order change: first to look, then for good."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import OperationalError, connection
from psycopg.types.json import Jsonb

from qipan.foundation.duties import clocks, kinds, messages
from qipan.foundation.duties.models import ClockRevision, Duty
from qipan.foundation.duties.rules import State
from qipan.foundation.journal import operations as journal
from qipan.foundation.journal.rules import HasAuthor
from qipan.foundation.refusals import Unavailable

CHUNK = 1000
PATIENCE = 30.0  # seconds

UPDATE = """
UPDATE duties_duty SET due_at = new.due_at, warn_at = new.warn_at, provisional = new.provisional,
  schedule = new.schedule, next_at = new.next_at
FROM unnest(%s::uuid[], %s::timestamptz[], %s::timestamptz[], %s::boolean[], %s::jsonb[], %s::timestamptz[])
  AS new (id, due_at, warn_at, provisional, schedule, next_at)
WHERE duties_duty.id = new.id
"""


class ClocksBusy(Unavailable):
    """Deadlines are being counted just now and cannot be changed. Please try again in a minute."""


@dataclass(frozen=True, slots=True)
class Move:
    """One deadline before and after."""

    duty: Duty
    before: datetime | None
    after: datetime | None

    @property
    def by(self) -> timedelta | None:
        return self.after - self.before if self.after and self.before else None

    @property
    def later(self) -> bool:
        return self.by is not None and self.by > timedelta()


@dataclass(slots=True)
class Effect:
    """What a change does to the open deadlines of a district."""

    counted: int = 0
    settled: int = 0  # provisional before, certain after
    unsettled: int = 0
    moves: list[Move] = field(default_factory=list)

    @property
    def later(self) -> int:
        return sum(move.later for move in self.moves)

    @property
    def earlier(self) -> int:
        return sum(move.by is not None and not move.later for move in self.moves)

    @property
    def longest(self) -> timedelta:
        return max((abs(move.by) for move in self.moves if move.by), default=timedelta())

    def counts(self) -> dict[str, Any]:
        """For the journal: counts only."""
        return {
            "counted": self.counted,
            "moved": len(self.moves),
            "later": self.later,
            "earlier": self.earlier,
            "settled": self.settled,
            "longest_minutes": int(self.longest.total_seconds() // 60),
        }


def hold(district_id: int) -> None:
    """Wait until nobody is opening duties in the district, and keep others waiting until this transaction ends.

    Asks again and again instead of queueing, so that openings never wait behind a change that itself waits.
    Raises ClocksBusy after half a minute.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [clocks.LOCK, district_id % 2**31])
            if cursor.fetchone()[0]:
                return
        if time.monotonic() > deadline:
            raise ClocksBusy
        time.sleep(0.05)


def renew(district_id: int) -> None:
    """Tell all processes that the district's rules have changed. The number is a time, so that one is never reused."""
    number = time.time_ns()
    row, made = ClockRevision.objects.get_or_create(district_id=district_id, defaults={"number": number})
    if not made:
        row.number = max(number, row.number + 1)
        row.save()


def effect(*, district_id: int, rules: clocks.Rules, now: datetime) -> Effect:
    """What counting by these rules would change. Changes nothing."""
    found = Effect()
    for _ in _moved(district_id, rules, now, found, lock=False):
        pass
    return found


def apply(*, district_id: int, now: datetime, by: HasAuthor, reason: str, tell: bool = False) -> Effect:
    """Count every open deadline of the district by the rules as they are in the tables now, and journal each that
    moves. Paused duties are counted when they are resumed. `tell` sends each owner one message."""
    found = Effect()
    rules = clocks.rules_of(district_id)
    moved: list[tuple[Duty, datetime | None]] = []
    for changed in _moved(district_id, rules, now, found, lock=True):
        with connection.cursor() as cursor:
            rows = [duty for duty, _ in changed]
            cursor.execute(
                UPDATE,
                [
                    [duty.pk for duty in rows],
                    [duty.due_at for duty in rows],
                    [duty.warn_at for duty in rows],
                    [duty.provisional for duty in rows],
                    [Jsonb(duty.schedule) for duty in rows],
                    [duty.next_at for duty in rows],
                ],
            )
        journal.record_many(
            [
                {
                    "kind": "duties.deadline_moved",
                    "about": duty.about(),
                    "by": by,
                    "at": now,
                    "reason": reason,
                    "detail": {
                        "duty": duty.pk,
                        "duty_kind": duty.kind,
                        "due_before": before,
                        "due_after": duty.due_at,
                    },
                }
                for duty, before in changed
                if before != duty.due_at
            ]
        )
        moved += [(duty, before) for duty, before in changed if before != duty.due_at]
        _tell_kinds([duty for duty, before in changed if before != duty.due_at])
    if tell and moved:
        messages.tell_moved(moved, reason=reason, now=now)
    return found


def _tell_kinds(duties: list[Duty]) -> None:
    """Domains lock their things before duties; here it is the other way round, so whoever works on one goes first."""
    if not kinds.concerned(duties):
        return
    try:
        with clocks.impatient():
            kinds.moved(duties)
    except OperationalError:
        raise ClocksBusy from None


def _moved(
    district_id: int, rules: clocks.Rules, now: datetime, found: Effect, *, lock: bool
) -> Iterator[list[tuple[Duty, datetime | None]]]:
    """The duties whose times change, chunk by chunk, wound anew but not saved, with the deadline before."""
    last: UUID | None = None
    while True:
        rows = Duty.objects.filter(district=district_id, state=State.OPEN, limit__isnull=False).order_by("pk")
        if last is not None:
            rows = rows.filter(pk__gt=last)
        if lock:
            rows = rows.select_for_update(of=("self",))
        chunk = list(rows[:CHUNK])
        if not chunk:
            return
        last = chunk[-1].pk
        held = clocks.held(chunk)
        changed: list[tuple[Duty, datetime | None]] = []
        for duty in chunk:
            before, provisional, schedule = duty.due_at, duty.provisional, duty.schedule
            pauses, extensions, fired = held[duty.pk]
            clocks.wind(duty, now=now, pauses=pauses, extensions=extensions, fired=fired, rules=rules)
            found.counted += 1
            found.settled += provisional and not duty.provisional
            found.unsettled += duty.provisional and not provisional
            if before != duty.due_at:
                found.moves.append(Move(duty, before, duty.due_at))
            if (before, provisional, schedule) != (duty.due_at, duty.provisional, duty.schedule):
                changed.append((duty, before))
        if changed:
            yield changed
