"""The clocks of duties, counted on whole microseconds: what `duties.clocks.wind` says of a new duty, some ten times
as fast. What is rare (pauses, extensions) goes through the real one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from qipan.foundation.duties import clocks, kinds
from qipan.foundation.duties.models import Duty
from qipan.foundation.duties.rules import BREACH, WARN
from qipan.kernels.clock import Clock, Limit
from qipan.kernels.clock.timetable import DAY, MINUTE, NATURAL, Counter, timetable

Steps = list[tuple[str, int, int]]  # name, instant, round


class Wound(NamedTuple):
    """A deadline and what will fire: instants, None where there is no deadline."""

    due: int | None
    warn: int | None
    provisional: bool
    steps: Steps


class Winder:
    """Winds new duties of one district."""

    def __init__(self, rules: clocks.Rules) -> None:
        if rules.orders:
            raise ValueError("a district under clock orders is not for the ledger")
        self.rules = rules
        self.working = timetable(rules.calendar, rules.working)
        self.staffed = timetable(rules.calendar, rules.staffed)
        self._published: dict[tuple[int, int], bool] = {}

    def counter(self, limit: Limit, hours: str) -> Counter:
        if limit.clock in (Clock.NATURAL, Clock.NATURAL_DAYS):
            return NATURAL
        return self.staffed if hours == Duty.Hours.STAFFED else self.working

    def wind(self, *, kind: str, limit: Limit, hours: str, start: int, escalation: str) -> Wound:
        """The first deadline of a duty that starts at `start`."""
        counter = self.counter(limit, hours)
        first = start
        if limit.clock.counts_days:
            first = start if limit.count_start_day else (start // DAY + 1) * DAY
            due = counter.nth_closing(first, limit.amount)
            whole = counter.between(start, due)
            if limit.roll:
                raise ValueError("no category rolls its days")
        else:
            whole = limit.amount * MINUTE
            due = counter.advance(start, whole)
        share, beyond = _chain(kind, escalation)
        warn = counter.advance(start, round(whole * share))
        steps: Steps = [(BREACH, due, 1)]
        if warn < due:
            steps.insert(0, (WARN, warn, 1))
        for name, after in beyond:
            steps.append((name, self.counter(after, Duty.Hours.WORKING).advance(due, after.amount * MINUTE), 1))
        steps.sort(key=_at)
        return Wound(due, warn if warn < due else None, self._provisional(limit, hours, first, due), steps)

    def _provisional(self, limit: Limit, hours: str, first: int, due: int) -> bool:
        needs = limit.clock is Clock.WORKING_DAYS or (
            limit.clock is Clock.WORKING_HOURS
            and (self.rules.staffed if hours == Duty.Hours.STAFFED else self.rules.working).needs_calendar
        )
        if not needs:
            return False
        span = first // DAY, max(first, due - 1) // DAY
        if span not in self._published:
            days = [date.fromordinal(day) for day in span]
            self._published[span] = bool(self.rules.calendar.provisional_years(days[0], days[1]))
        return self._published[span]


def _at(step: tuple[str, int, int]) -> int:
    return step[1]


@lru_cache(maxsize=64)
def _chain(kind: str, escalation: str) -> tuple[float, Sequence[tuple[str, Limit]]]:
    found = kinds.get(kind)
    return found.warn, [(step.name, step.after) for step in kinds.steps_of(kind=found, chain=escalation)]
