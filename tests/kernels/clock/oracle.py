"""The slow oracle: time counted minute by minute, days one by one, by asking of each whether it counts.

It shares nothing with the kernel but the values that describe hours and limits: days are looked up in plain sets, and
nothing is jumped over.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from qipan.kernels.clock import CHINA, Clock, Limit, WorkingHours

MINUTE = timedelta(minutes=1)
ONE_DAY = timedelta(days=1)


@dataclass
class World:
    off: set[date]
    work: set[date]
    hours: WorkingHours

    def is_workday(self, day: date) -> bool:
        if day in self.work:
            return True
        if day in self.off:
            return False
        return day.weekday() < 5

    def spans(self, day: date) -> list[tuple[datetime, datetime]]:
        spans = self.hours.rest_day_spans
        if self.is_workday(day):
            spans = self.hours.spans
            for season in self.hours.seasons:
                mark = (day.month, day.day)
                if season.begin <= season.end:
                    inside = season.begin <= mark <= season.end
                else:
                    inside = mark >= season.begin or mark <= season.end
                if inside:
                    spans = season.spans
        midnight = datetime(day.year, day.month, day.day, tzinfo=CHINA)
        return [(midnight + span.begin * MINUTE, midnight + span.end * MINUTE) for span in spans]


def paused(moment: datetime, pauses) -> bool:
    return any(begin <= moment and (end is None or moment < end) for begin, end in pauses)


def cells(start: datetime, pauses):
    """Time from `start` on in pieces of at most a minute, none of which a whole minute or a pause's edge divides."""
    edges = sorted({edge for pause in pauses for edge in pause if edge is not None and edge > start})
    at = start
    while True:
        end = at.replace(second=0, microsecond=0) + MINUTE
        while edges and edges[0] <= at:
            edges.pop(0)
        if edges:
            end = min(end, edges[0])
        yield at, end
        at = end


def counts(world: World, clock: Clock, moment: datetime, pauses, days: dict) -> bool:
    if paused(moment, pauses):
        return False
    if clock is Clock.NATURAL:
        return True
    day = moment.date()
    if day not in days:
        days[day] = world.spans(day)
    return any(begin <= moment < end for begin, end in days[day])


def stopped_for_ever(moment: datetime, pauses) -> bool:
    return any(end is None and begin <= moment for begin, end in pauses)


def due(world: World, start: datetime, limit: Limit, pauses, budget: timedelta | None = None) -> datetime | None:
    if limit.clock.counts_days and budget is None:
        return due_by_days(world, start, limit, pauses)
    budget = timedelta(minutes=limit.amount) if budget is None else budget
    if not budget:
        return start
    days: dict = {}
    for at, end in cells(start, pauses):
        if stopped_for_ever(at, pauses):
            return None
        if counts(world, limit.clock, at, pauses, days):
            if end - at >= budget:
                return at + budget
            budget -= end - at
    raise AssertionError


def elapsed(world: World, start: datetime, until: datetime, clock: Clock, pauses) -> timedelta:
    total, days = timedelta(0), {}
    for at, end in cells(start, pauses):
        if at >= until:
            return total
        if counts(world, clock, at, pauses, days):
            total += min(end, until) - at
    raise AssertionError


def due_by_days(world: World, start: datetime, limit: Limit, pauses) -> datetime | None:
    moment = timedelta(microseconds=1)
    day, left = start.date(), limit.amount
    while True:
        closing = datetime(day.year, day.month, day.day, tzinfo=CHINA) + ONE_DAY
        candidate = True
        if limit.clock is Clock.WORKING_DAYS:
            candidate = world.is_workday(day)
            if candidate:
                closing = world.spans(day)[-1][1]
        if day == start.date() and (not limit.count_start_day or closing <= start):
            candidate = False
        if candidate:
            if stopped_for_ever(closing - moment, pauses):
                return None
            if not paused(closing - moment, pauses):
                left -= 1
                if left == 0:
                    break
        day += ONE_DAY
    while limit.roll and (not world.is_workday(day) or paused(closing - moment, pauses)):
        if stopped_for_ever(closing - moment, pauses):
            return None
        day += ONE_DAY
        closing += ONE_DAY
    return closing
