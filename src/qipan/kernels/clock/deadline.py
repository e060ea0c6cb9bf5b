"""When something is due, counted on one of four clocks, less the time for which the clock was paused.

| clock | budget | runs | due |
|---|---|---|---|
| NATURAL 自然时 | minutes | always | when the minutes have run |
| WORKING_HOURS 工作时 | minutes | in the spans of the hours, on the days that they hold | when the minutes have run |
| WORKING_DAYS 工作日 | days | - | at the closing of the N-th working day after the day of the start |
| NATURAL_DAYS 自然日 | days | - | at 24:00 of the N-th day after the day of the start |

Days follow the Civil Code (民法典): the day of the start is not counted (201); the last day ends at 24:00, or where
there are business hours when these end (203); a last day that is a rest day gives way to the next working day (203;
here only with `roll`, for an authority that means its 自然日 to the day). `count_start_day` counts the day of the start
where that day still has its closing ahead of it.

**Pauses** are [from, to) and may overlap; together they are one set of paused time. Paused time does not run. A day
counts towards a limit in days if the clock is running when that day closes: a pause from Monday 10:00 to Tuesday 10:00
costs Monday and nothing else, so the limit moves by one working day; a pause within one day moves nothing. While a
pause without an end stands between the start and the due moment, there is no due moment (`due` is None).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, Self

from .calendar import Calendar
from .hours import WorkingHours
from .timetable import CHINA, DAY, MINUTE, NATURAL, Counter, day_of, instant, moment_of, timetable
from .wording import Invalid

MOST_MINUTES = 10 * 366 * 24 * 60
MOST_DAYS = 10 * 366


class Clock(StrEnum):
    NATURAL = "natural"
    WORKING_HOURS = "working_hours"
    WORKING_DAYS = "working_days"
    NATURAL_DAYS = "natural_days"

    @property
    def counts_days(self) -> bool:
        return self in (Clock.WORKING_DAYS, Clock.NATURAL_DAYS)


@dataclass(frozen=True, slots=True)
class Limit:
    """A budget on a clock: minutes for NATURAL and WORKING_HOURS (0 is at once), days (1 or more) for the others.

    `count_start_day` is for the two clocks of days, `roll` for NATURAL_DAYS alone. Refuses (Invalid) an amount below
    that or above ten years.
    """

    clock: Clock
    amount: int
    count_start_day: bool = False
    roll: bool = False

    def __post_init__(self) -> None:
        least, most = (1, MOST_DAYS) if self.clock.counts_days else (0, MOST_MINUTES)
        if not least <= self.amount <= most:
            raise Invalid("amount", amount=self.amount)

    @classmethod
    def natural(cls, *, minutes: int = 0, hours: int = 0, days: int = 0) -> Self:
        return cls(Clock.NATURAL, minutes + 60 * hours + 24 * 60 * days)

    @classmethod
    def working(cls, *, minutes: int = 0, hours: int = 0) -> Self:
        return cls(Clock.WORKING_HOURS, minutes + 60 * hours)

    @classmethod
    def working_days(cls, days: int, *, count_start_day: bool = False) -> Self:
        return cls(Clock.WORKING_DAYS, days, count_start_day)

    @classmethod
    def natural_days(cls, days: int, *, count_start_day: bool = False, roll: bool = False) -> Self:
        return cls(Clock.NATURAL_DAYS, days, count_start_day, roll)

    @property
    def budget(self) -> timedelta:
        """The amount as a length: of running time, or as many days as are counted."""
        return timedelta(days=self.amount) if self.clock.counts_days else timedelta(minutes=self.amount)


class Pause(NamedTuple):
    """The clock stopped from `begin` to `end`, or until further notice (None). `note` says by whose approval."""

    begin: datetime
    end: datetime | None = None
    note: str = ""


Pauses = Sequence[Pause | tuple[datetime, datetime | None]]


class Hole(NamedTuple):
    """Paused time as instants; apart from its neighbours."""

    begin: int
    end: int | None
    note: str


@dataclass(frozen=True, slots=True)
class Remaining:
    """What is left at a moment.

    `left` is what is left of the budget in the clock's own running time (working time for the two working clocks),
    below zero once overdue; `days_left` are the days still to be counted, None for clocks of minutes. `until_due` is by
    the clock on the wall, None while there is no due moment. `paused` says that the clock stands still by approval.
    """

    clock: Clock
    left: timedelta
    until_due: timedelta | None
    paused: bool
    days_left: int | None = None

    @property
    def overdue(self) -> bool:
        return self.until_due is not None and self.until_due < timedelta(0)


@dataclass(frozen=True, slots=True)
class Deadline:
    """A due moment with all that it was counted from, so that it can be explained and counted again.

    `due` is None while an open pause stands before it. `provisional` (暂定) says that a calendar not yet published may
    change it. Moments are in Asia/Shanghai; `pauses` are merged and in order.
    """

    start: datetime
    limit: Limit
    due: datetime | None
    provisional: bool
    calendar: Calendar
    hours: WorkingHours
    pauses: tuple[Pause, ...] = ()

    def elapsed(self, *, until: datetime) -> timedelta:
        """The running time used from the start to `until`."""
        begin = instant(self.start)
        ran = _ran(counter_of(self), begin, max(begin, instant(until)), merge(self.pauses))
        return timedelta(microseconds=ran)

    def remaining(self, *, now: datetime) -> Remaining:
        at = instant(now)
        holes = merge(self.pauses)
        paused = any(hole.begin <= at and (hole.end is None or at < hole.end) for hole in holes)
        until_due = None if self.due is None else timedelta(microseconds=instant(self.due) - at)
        left = timedelta(microseconds=_whole(self)) - self.elapsed(until=now)
        days_left = None
        if self.limit.clock.counts_days:
            counted = _counted_days(counter_of(self), first_closing_after(instant(self.start), self.limit), at, holes)
            days_left = max(0, self.limit.amount - counted)
        return Remaining(self.limit.clock, left, until_due, paused, days_left)

    def warn_at(self, *, fraction: float) -> datetime | None:
        """The moment by which `fraction` (above 0, at most 1) of the budget is used; None if a pause holds it off.

        A limit in days is measured here by the running time from the start to the due moment: working time for
        WORKING_DAYS, natural time for NATURAL_DAYS. Refuses (Invalid) any other fraction.
        """
        if not 0 < fraction <= 1:
            raise Invalid("fraction", fraction=fraction)
        begin = instant(self.start)
        at = _run(counter_of(self), begin, round(_whole(self) * fraction), merge(self.pauses))
        return None if at is None else moment_of(at)


def due(*, start: datetime, limit: Limit, calendar: Calendar, hours: WorkingHours, pauses: Pauses = ()) -> Deadline:
    """The deadline of `limit` from `start`, under the rules at the head of this module.

    Refuses (Invalid) naive moments and a pause that ends before it begins.
    """
    begin = instant(start)
    holes = merge(pauses)
    counter = counter_for(limit.clock, calendar, hours)
    first: int | None = begin
    if limit.clock.counts_days:
        first = first_closing_after(begin, limit)
        end = _count_days(counter, first, limit.amount, holes)
        if limit.clock is Clock.NATURAL_DAYS:  # only whether its last day is a rest day depends on the calendar
            first = None if end is None else end - 1
            if limit.roll and end is not None:
                end = _roll(end, calendar, holes)
    else:
        end = _run(counter, begin, limit.amount * MINUTE, holes)
    provisional = False
    if first is not None and _needs_calendar(limit, hours):
        last = max(first, (holes[-1].begin if end is None else end) - 1)
        provisional = bool(calendar.provisional_years(day_of(first), day_of(last)))
    merged = tuple(Pause(moment_of(h.begin), None if h.end is None else moment_of(h.end), h.note) for h in holes)
    at = None if end is None else moment_of(end)
    return Deadline(start.astimezone(CHINA), limit, at, provisional, calendar, hours, merged)


def elapsed(
    *,
    start: datetime,
    end: datetime,
    clock: Clock,
    calendar: Calendar,
    hours: WorkingHours,
    pauses: Pauses = (),
) -> timedelta:
    """The time that runs on `clock` from `start` to `end`, pauses left out: working time for both working clocks."""
    begin = instant(start)
    counter = counter_for(clock, calendar, hours)
    return timedelta(microseconds=_ran(counter, begin, max(begin, instant(end)), merge(pauses)))


def merge(pauses: Pauses) -> list[Hole]:
    """Pauses as instants, in order, overlapping and touching ones joined, empty ones dropped."""
    raw = []
    for pause in pauses:
        begin = instant(pause[0])
        end = None if pause[1] is None else instant(pause[1])
        if end is not None and end < begin:
            raise Invalid("pause_backwards")
        if end is None or end > begin:
            raw.append(Hole(begin, end, pause[2] if len(pause) > 2 else ""))
    raw.sort(key=lambda hole: hole.begin)
    holes: list[Hole] = []
    for hole in raw:
        if not holes or (holes[-1].end is not None and hole.begin > holes[-1].end):
            holes.append(hole)
            continue
        last = holes[-1]
        end = None if last.end is None or hole.end is None else max(last.end, hole.end)
        notes = dict.fromkeys(note for note in (*last.note.split("; "), hole.note) if note)
        holes[-1] = Hole(last.begin, end, "; ".join(notes))
    return holes


def counter_for(clock: Clock, calendar: Calendar, hours: WorkingHours) -> Counter:
    """How time runs on `clock`."""
    if clock in (Clock.NATURAL, Clock.NATURAL_DAYS):
        return NATURAL
    return timetable(calendar, hours)


def counter_of(deadline: Deadline) -> Counter:
    return counter_for(deadline.limit.clock, deadline.calendar, deadline.hours)


def first_closing_after(begin: int, limit: Limit) -> int:
    """The instant after which closings count: the start itself, or the end of its day where that is not counted."""
    return begin if limit.count_start_day else (begin // DAY + 1) * DAY


def is_paused_at(closing: int, holes: Sequence[Hole]) -> bool:
    """Whether the clock stands still as a day closes, that is just before `closing`."""
    return any(hole.begin < closing and (hole.end is None or closing <= hole.end) for hole in holes)


def _run(counter: Counter, begin: int, amount: int, holes: Sequence[Hole]) -> int | None:
    """The first instant by which `amount` has run since `begin`; None if an open pause comes first."""
    at = begin
    for hole in holes:
        if hole.begin > at:
            ran = counter.between(at, hole.begin)
            if ran >= amount:
                return counter.advance(at, amount)
            amount -= ran
        elif amount == 0:
            return at
        if hole.end is None:
            return None
        at = max(at, hole.end)
    return counter.advance(at, amount)


def _count_days(counter: Counter, after: int, days: int, holes: Sequence[Hole]) -> int | None:
    """The closing at which `days` days have counted; None if an open pause comes first."""
    for hole in holes:
        closed = counter.closings(after, hole.begin)
        if closed >= days:
            return counter.nth_closing(after, days)
        days -= closed
        if hole.end is None:
            return None
        after = max(after, hole.end)
    return counter.nth_closing(after, days)


def _counted_days(counter: Counter, after: int, until: int, holes: Sequence[Hole]) -> int:
    """The days that count and have closed by `until`."""
    counted = 0
    for hole in holes:
        counted += counter.closings(after, min(hole.begin, until))
        if hole.end is None:
            return counted
        after = max(after, hole.end)
    return counted + counter.closings(after, until)


def _roll(closing: int, calendar: Calendar, holes: Sequence[Hole]) -> int | None:
    """The end of the first working day from the one that closes at `closing` on; None if an open pause comes first."""
    while not calendar.is_workday(day_of(closing - 1)) or is_paused_at(closing, holes):
        if any(hole.end is None and hole.begin < closing for hole in holes):
            return None
        closing += DAY
    return closing


def _ran(counter: Counter, begin: int, end: int, holes: Sequence[Hole]) -> int:
    """What runs from `begin` to `end` outside pauses."""
    ran, at = 0, begin
    for hole in holes:
        if hole.begin >= end:
            break
        if hole.begin > at:
            ran += counter.between(at, hole.begin)
        if hole.end is None:
            return ran
        at = max(at, hole.end)
    return ran + (counter.between(at, end) if at < end else 0)


def _whole(deadline: Deadline) -> int:
    """All the running time of a deadline. For a limit in days under an open pause: as if it were resumed at once."""
    if not deadline.limit.clock.counts_days:
        return deadline.limit.amount * MINUTE
    begin, end, pauses = instant(deadline.start), deadline.due, deadline.pauses
    if end is None:
        pauses = tuple(pause for pause in pauses if pause.end is not None)
        end = due(
            start=deadline.start,
            limit=deadline.limit,
            calendar=deadline.calendar,
            hours=deadline.hours,
            pauses=pauses,
        ).due
        assert end is not None
    return _ran(counter_of(deadline), begin, instant(end), merge(pauses))


def _needs_calendar(limit: Limit, hours: WorkingHours) -> bool:
    if limit.clock is Clock.WORKING_HOURS:
        return hours.needs_calendar
    return limit.clock is Clock.WORKING_DAYS or (limit.clock is Clock.NATURAL_DAYS and limit.roll)
