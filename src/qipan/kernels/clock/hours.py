"""When a working day is worked: spans with breaks between them, by season if need be, and staffed hours on rest days.

All times are Asia/Shanghai, a fixed +08:00: mainland China has had no summer time since 1991.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Self

from .wording import Invalid

MINUTES_A_DAY = 24 * 60
_SPAN = re.compile(r"(\d{1,2})[:：](\d{2})\s*(?:-|–|—|~|至|到)\s*(\d{1,2})[:：](\d{2})")


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From `begin` to `end`, in minutes of the day; 1440 is 24:00. Refuses (Invalid) an end not after its begin."""

    begin: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.begin < self.end <= MINUTES_A_DAY:
            raise Invalid("span_order", text=str(self))

    def __str__(self) -> str:
        return f"{self.begin // 60:02}:{self.begin % 60:02}-{self.end // 60:02}:{self.end % 60:02}"


@dataclass(frozen=True, slots=True)
class Season:
    """Other hours on the days from `begin` to `end` (month, day), both included; may run over New Year's Eve."""

    begin: tuple[int, int]
    end: tuple[int, int]
    spans: tuple[Span, ...]

    def __post_init__(self) -> None:
        for month, day in (self.begin, self.end):
            try:
                date(2024, month, day)  # a leap year, so that 29 February may be written
            except ValueError:
                raise Invalid("season", text=f"{month}-{day}") from None
        _check(self.spans)

    def holds(self, day: date) -> bool:
        key = (day.month, day.day)
        if self.begin <= self.end:
            return self.begin <= key <= self.end
        return key >= self.begin or key <= self.end


@dataclass(frozen=True)
class WorkingHours:
    """The hours of a working day, e.g. 08:30-12:00 and 14:30-18:00; the gaps are breaks.

    `seasons` replace `spans` on their days (summer hours). `rest_day_spans` are hours staffed on weekends and holidays
    too: a duty desk's hours, on which a WORKING_HOURS clock runs although the day is no working day.
    Refuses (Invalid) no span at all, spans that overlap or are out of order, seasons that share a day.
    """

    spans: tuple[Span, ...]
    seasons: tuple[Season, ...] = ()
    rest_day_spans: tuple[Span, ...] = ()

    def __post_init__(self) -> None:
        _check(self.spans)
        if self.rest_day_spans:
            _check(self.rest_day_spans)
        for ordinal in range(date(2024, 1, 1).toordinal(), date(2025, 1, 1).toordinal() if self.seasons else 0):
            day = date.fromordinal(ordinal)
            if sum(season.holds(day) for season in self.seasons) > 1:
                raise Invalid("seasons_overlap", text=f"{day.month}-{day.day}")

    @classmethod
    def parse(cls, *, text: str, rest_days: str = "") -> Self:
        """Hours as people write them: "08:30-12:00, 14:30-18:00" (、 ， ； and ： too)."""
        return cls(parse_spans(text=text), rest_day_spans=parse_spans(text=rest_days) if rest_days.strip() else ())

    def on(self, day: date, *, workday: bool) -> tuple[Span, ...]:
        """The spans of `day`; of a rest day the staffed ones."""
        if not workday:
            return self.rest_day_spans
        return next((season.spans for season in self.seasons if season.holds(day)), self.spans)

    @property
    def needs_calendar(self) -> bool:
        """Whether it matters to these hours which days are worked."""
        return any(spans != self.rest_day_spans for spans in (self.spans, *(season.spans for season in self.seasons)))

    def __str__(self) -> str:
        return ", ".join(map(str, self.spans))


def parse_spans(*, text: str) -> tuple[Span, ...]:
    """Spans of one day from text such as "08:30-12:00, 14:30-18:00". Refuses (Invalid) anything else."""
    spans = []
    for part in re.split(r"[,，;；、]", text):
        match = _SPAN.fullmatch(part.strip())
        if match is None:
            raise Invalid("span", text=part.strip())
        hour, minute, to_hour, to_minute = map(int, match.groups())
        if minute > 59 or to_minute > 59:
            raise Invalid("span", text=part.strip())
        spans.append(Span(hour * 60 + minute, to_hour * 60 + to_minute))
    _check(tuple(spans))
    return tuple(spans)


def _check(spans: tuple[Span, ...]) -> None:
    if not spans:
        raise Invalid("no_spans")
    for before, span in pairwise(spans):
        if span.begin < before.end:
            raise Invalid("spans_overlap", text=str(span))


STANDARD = WorkingHours((Span(8 * 60 + 30, 12 * 60), Span(14 * 60 + 30, 18 * 60)))
ROUND_THE_CLOCK = WorkingHours((Span(0, MINUTES_A_DAY),), rest_day_spans=(Span(0, MINUTES_A_DAY),))
