"""Limits that belong together: the stages of one order, and the legs of one matter through the levels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from .calendar import Calendar
from .deadline import Deadline, Limit, Pauses, due
from .hours import WorkingHours
from .timetable import CHINA, instant
from .wording import Invalid


class From(StrEnum):
    """What starts a stage."""

    START = "start"
    PREVIOUS = "previous"  # the end of the stage before


@dataclass(frozen=True, slots=True)
class Stage:
    """One limit of an order in several (stop work in 4 工作时, penalty in 7 工作日, removal in 20 工作日)."""

    name: str
    limit: Limit
    after: From = From.START


@dataclass(frozen=True, slots=True)
class StageDue:
    """A stage and its deadline; None while it waits for a stage before it that is paused."""

    stage: Stage
    deadline: Deadline | None


def stages(
    *,
    start: datetime,
    stages: Sequence[Stage],
    calendar: Calendar,
    hours: WorkingHours,
    pauses: Pauses = (),
    ended: Mapping[str, datetime] | None = None,
) -> tuple[StageDue, ...]:
    """The deadline of each stage, from `start` or from the end of the stage before it.

    That end is when the stage was really ended, if `ended` names it, and its due moment otherwise. The first stage
    starts at `start` in either case. A pause stops all stages alike.
    """
    results: list[StageDue] = []
    previous: datetime | None = start
    for stage in stages:
        begin = start if stage.after is From.START else previous
        deadline = None
        if begin is not None:
            deadline = due(start=begin, limit=stage.limit, calendar=calendar, hours=hours, pauses=pauses)
        results.append(StageDue(stage, deadline))
        previous = (ended or {}).get(stage.name, deadline.due if deadline else None)
    return tuple(results)


@dataclass(frozen=True, slots=True)
class Leg:
    """One level's part in a matter, with a budget of its own (village 7, township 15, district 30 natural days)."""

    name: str
    limit: Limit


@dataclass(frozen=True, slots=True)
class LegDue:
    """What became of a leg by the moment asked for.

    `begun` and `deadline` are None for a leg not reached; `ended` is None for a leg not handed on. `used` is running
    time on the leg's own clock, `over` the time by the clock on the wall from the due moment to the end of the leg (or
    the moment asked for), zero where it is on time.
    """

    leg: Leg
    begun: datetime | None
    ended: datetime | None
    deadline: Deadline | None
    used: timedelta = timedelta(0)
    over: timedelta = timedelta(0)


def legs(
    *,
    start: datetime,
    legs: Sequence[Leg],
    handed: Sequence[datetime],
    now: datetime,
    calendar: Calendar,
    hours: WorkingHours,
    pauses: Pauses = (),
) -> tuple[LegDue, ...]:
    """Each leg on its own budget: it begins when the leg before handed on, early or late, and owes nothing for it.

    `handed[i]` is when leg i handed on (for the last leg: ended). Refuses (Invalid) hand-overs out of order, before
    `start`, or more than there are legs.
    """
    moments = [instant(moment) for moment in (start, *handed)]
    if len(handed) > len(legs) or moments != sorted(moments):
        raise Invalid("handovers")
    results: list[LegDue] = []
    for place, leg in enumerate(legs):
        if place > len(handed):
            results.append(LegDue(leg, None, None, None))
            continue
        begun = handed[place - 1] if place else start
        ended = handed[place] if place < len(handed) else None
        deadline = due(start=begun, limit=leg.limit, calendar=calendar, hours=hours, pauses=pauses)
        until = ended or now
        over = timedelta(0)
        if deadline.due is not None:
            over = max(over, timedelta(microseconds=instant(until) - instant(deadline.due)))
        in_china = None if ended is None else ended.astimezone(CHINA)
        results.append(LegDue(leg, deadline.start, in_china, deadline, deadline.elapsed(until=until), over))
    return tuple(results)
