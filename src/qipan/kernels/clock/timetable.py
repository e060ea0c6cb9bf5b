"""Counting running time and closings in closed form: jumps by day through sums kept per year.

Inside the kernel an instant is an integer: microseconds of Asia/Shanghai time (fixed +08:00, no summer time since
1991) since the day numbered 0 by `date.toordinal`. Two counters share one interface: `NaturalTime`, where all time
runs, and `Timetable`, where only the spans of `WorkingHours` run on the days that a `Calendar` allows.

A **closing** is the end of a day that counts: 24:00 of every day in natural time, the end of the last span of each
working day in a timetable. Limits in days are counted in closings.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from typing import Protocol

from .calendar import Calendar
from .hours import Span, WorkingHours
from .wording import Invalid

CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")
MINUTE = 60_000_000
DAY = 24 * 60 * MINUTE
_FIRST = datetime(1, 1, 1, tzinfo=CHINA)


def instant(moment: datetime) -> int:
    """An aware datetime of any zone as microseconds. Refuses (Invalid) a naive one."""
    if moment.tzinfo is None:
        raise Invalid("naive")
    local = moment.astimezone(CHINA)
    seconds = (local.hour * 60 + local.minute) * 60 + local.second
    return local.toordinal() * DAY + seconds * 1_000_000 + local.microsecond


def moment_of(at: int) -> datetime:
    """The datetime in Asia/Shanghai of an instant."""
    return _FIRST + timedelta(microseconds=at - DAY)


def day_of(at: int) -> date:
    """The day that an instant lies in; 24:00 is the next day."""
    return date.fromordinal(at // DAY)


class Counter(Protocol):
    """How time runs. Amounts and instants are microseconds."""

    def between(self, begin: int, end: int) -> int:
        """The time that runs from `begin` to `end`."""

    def advance(self, begin: int, amount: int) -> int:
        """The first instant from `begin` on by which `amount` has run."""

    def closings(self, begin: int, end: int) -> int:
        """How many closings lie after `begin` and not after `end`."""

    def nth_closing(self, begin: int, n: int) -> int:
        """The `n`-th closing after `begin`; n >= 1."""


class NaturalTime:
    """All time runs and every day closes at 24:00."""

    def between(self, begin: int, end: int) -> int:
        return end - begin

    def advance(self, begin: int, amount: int) -> int:
        return begin + amount

    def closings(self, begin: int, end: int) -> int:
        return max(0, end // DAY - begin // DAY)

    def nth_closing(self, begin: int, n: int) -> int:
        return (begin // DAY + n) * DAY


@dataclass(frozen=True, slots=True)
class _Year:
    first: int  # ordinal of 1 January
    spans: list[tuple[Span, ...]]  # of each day
    time: list[int]  # what ran before each day; one more entry: the whole year
    days: list[int]  # working days before each day; likewise
    workdays: list[int]  # ordinals
    closing: list[int]  # of each working day, in microseconds of the day; 0 on a rest day


class Timetable:
    """Working time of one calendar and one set of hours."""

    def __init__(self, calendar: Calendar, hours: WorkingHours) -> None:
        self._calendar = calendar
        self._hours = hours
        self._years: dict[int, _Year] = {}

    def _year(self, year: int) -> _Year:
        found = self._years.get(year)
        if found is None:
            found = self._years[year] = self._build(year)
        return found

    def _build(self, year: int) -> _Year:
        table = _Year(date(year, 1, 1).toordinal(), [], [0], [0], [], [])
        for ordinal in range(table.first, date(year + 1, 1, 1).toordinal()):
            day = date.fromordinal(ordinal)
            workday = self._calendar.is_workday(day)
            spans = self._hours.on(day, workday=workday)
            table.spans.append(spans)
            table.time.append(table.time[-1] + sum(span.end - span.begin for span in spans) * MINUTE)
            table.days.append(table.days[-1] + workday)
            table.closing.append(spans[-1].end * MINUTE if workday else 0)
            if workday:
                table.workdays.append(ordinal)
        return table

    def _find(self, at: int) -> tuple[int, _Year, int, int]:
        """The year of an instant, its table, the day's place in it and the microseconds of the day."""
        ordinal, rest = divmod(at, DAY)
        year = date.fromordinal(ordinal).year
        table = self._year(year)
        return year, table, ordinal - table.first, rest

    def spans(self, ordinal: int) -> tuple[Span, ...]:
        """The spans that run on a day."""
        _, table, place, _ = self._find(ordinal * DAY)
        return table.spans[place]

    def between(self, begin: int, end: int) -> int:
        year, table, place, rest = self._find(begin)
        last_year, last_table, last_place, last_rest = self._find(end)
        ran = _position(last_table, last_place, last_rest) - _position(table, place, rest)
        for whole in range(year, last_year):
            ran += self._year(whole).time[-1]
        return ran

    def advance(self, begin: int, amount: int) -> int:
        if amount == 0:
            return begin
        year, table, place, rest = self._find(begin)
        target = _position(table, place, rest) + amount
        while target > table.time[-1]:
            target -= table.time[-1]
            year += 1
            table = self._year(year)
        place = bisect_left(table.time, target) - 1
        left = target - table.time[place]
        for span in table.spans[place]:
            length = (span.end - span.begin) * MINUTE
            if left <= length:
                return (table.first + place) * DAY + span.begin * MINUTE + left
            left -= length
        raise AssertionError("a day's spans are shorter than its sum")

    def closings(self, begin: int, end: int) -> int:
        if end <= begin:
            return 0
        year, table, place, rest = self._find(begin)
        last_year, last_table, last_place, last_rest = self._find(end)
        closed = _closed(last_table, last_place, last_rest) - _closed(table, place, rest)
        for whole in range(year, last_year):
            closed += self._year(whole).days[-1]
        return closed

    def nth_closing(self, begin: int, n: int) -> int:
        year, table, place, rest = self._find(begin)
        target = _closed(table, place, rest) + n
        while target > table.days[-1]:
            target -= table.days[-1]
            year += 1
            table = self._year(year)
        ordinal = table.workdays[target - 1]
        return ordinal * DAY + table.closing[ordinal - table.first]


def _position(table: _Year, place: int, rest: int) -> int:
    """What ran in the year before an instant."""
    ran = table.time[place]
    for span in table.spans[place]:
        begin = span.begin * MINUTE
        if rest <= begin:
            break
        ran += min(rest, span.end * MINUTE) - begin
    return ran


def _closed(table: _Year, place: int, rest: int) -> int:
    """The closings of the year not after an instant."""
    closing = table.closing[place]
    return table.days[place] + (1 if closing and closing <= rest else 0)


@lru_cache(maxsize=128)
def timetable(calendar: Calendar, hours: WorkingHours) -> Timetable:
    """The timetable of a calendar and hours, kept: building a year takes far longer than using it."""
    return Timetable(calendar, hours)


NATURAL = NaturalTime()
