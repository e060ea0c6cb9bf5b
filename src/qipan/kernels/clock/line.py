"""One line of an explanation: a span of time, what it counts and why, as data and in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from . import text
from .deadline import Clock
from .hours import Span
from .wording import holiday_name, is_chinese, say


class Reason(StrEnum):
    """Why a span counts or does not; the value is the code of its wording."""

    NATURAL = "natural"
    NATURAL_DAY = "natural_day"
    WORKING = "working"
    WORKING_DAY = "working_day"
    ADJUSTED = "adjusted"
    STAFFED = "staffed"
    LUNCH = "lunch"
    BREAK = "break"
    NIGHT = "night"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    PAUSE = "pause"
    START_DAY = "start_day"
    ROLL = "roll"


@dataclass(frozen=True, slots=True)
class Line:
    """A span from `begin` to `end` (None: an open pause) and what it counts.

    `counted` and the running `total` are running time, or for limits in days the number of days counted. `name` is the
    holiday's name, `note` a pause's note, `days` the whole days that a line covers where it groups some, `hours` their
    spans, `paused` the pause itself where the line is rounded to days.
    """

    begin: datetime
    end: datetime | None
    reason: Reason
    counted: timedelta
    total: timedelta
    clock: Clock
    name: str = ""
    note: str = ""
    provisional: bool = False
    days: int = 0
    hours: tuple[Span, ...] = ()
    paused: tuple[datetime, datetime | None] | None = None

    def period(self, *, language: str, year: int | None = None) -> str:
        """11月23日（周一） 08:30–12:00, or both ends in full; the year is written where it is not `year`."""
        if self.clock.counts_days:
            first = self.begin.date()
            last = first if self.end is None else (self.end - timedelta(microseconds=1)).date()
            start = text.day(first, language=language, year=year, weekday=True)
            if self.end is None:
                return f"{start} –"
            return start if last == first else f"{start} – {text.day(last, language=language, year=year, weekday=True)}"
        start = text.moment(self.begin, language=language, year=year, weekday=True, exact=True)
        if self.end is None:
            return f"{start} –"
        if (self.end - timedelta(microseconds=1)).date() == self.begin.date():
            midnight = self.end.date() != self.begin.date()
            return f"{start}–{'24:00' if midnight else text.time_of_day(self.end, exact=True)}"
        end = text.moment(self.end, language=language, year=year, weekday=True, closing=True, exact=True)
        return f"{start} – {end}"

    def words(self, *, language: str) -> str:
        """The reason, with the holiday's name, the pause's note and what is provisional."""
        name = self.name and holiday_name(self.name, language)
        words = say(self.reason.value, language, name=name)
        comma, semicolon = ("，", "；") if is_chinese(language) else (", ", "; ")
        if self.hours:
            spans = "、".join(map(str, self.hours)) if is_chinese(language) else ", ".join(map(str, self.hours))
            code = "each_day" if self.days > 1 else "each_day_1"
            words = say(code, language, reason=words, days=self.days, hours=spans)
        elif self.days > 1 and not self.counted:
            words = say("whole_days", language, reason=words, days=self.days)
        if self.paused is not None:
            begin, end = self.paused
            code = "pause_from" if end is None else "pause_from_to"
            values = {"begin": text.moment(begin, language=language, exact=True)}
            if end is not None:
                values["end"] = text.moment(end, language=language, exact=True)
            words += comma + say(code, language, **values)
        elif self.end is None:
            words += comma + say("not_resumed", language)
        if self.note:
            words += semicolon + self.note
        return words + (comma + say("provisional", language) if self.provisional else "")

    def amount(self, *, language: str) -> str:
        """What is counted, such that the amounts shown add up to the totals shown; 不计 where nothing is."""
        if not self.counted:
            return say("not_counted", language)
        shown = _cut(self.total) - _cut(self.total - self.counted)
        return say("counted", language, amount=amount_of(shown, self.clock, language))

    def running(self, *, language: str) -> str:
        """The running total."""
        return say("running", language, amount=amount_of(_cut(self.total), self.clock, language))

    def text(self, *, language: str, year: int | None = None) -> str:
        """The whole line."""
        parts = [
            self.period(language=language, year=year),
            self.words(language=language),
            self.amount(language=language),
        ]
        if self.counted:
            parts.append(self.running(language=language))
        return ("　" if is_chinese(language) else " | ").join(parts)


def amount_of(length: timedelta, clock: Clock, language: str) -> str:
    """Counted time in full: days for the clocks of days, hours and minutes of working time, or natural time."""
    if clock.counts_days:
        return text.days(length // timedelta(days=1), clock=clock, language=language)
    if clock is Clock.WORKING_HOURS:
        return text.working_time(length, language=language)
    return text.duration(length, language=language, exact=True)


def _cut(length: timedelta) -> timedelta:
    return timedelta(seconds=length // timedelta(seconds=1))
