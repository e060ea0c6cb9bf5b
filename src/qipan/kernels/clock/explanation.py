"""Why a deadline is due when it is: the time from start to due cut into spans, each with what it counts and why.

The spans follow each other without a gap from the start to the due moment, and what they count adds up to the budget
(under an open pause: to what is used so far, the last span being the open pause). `Explanation.grouped` writes runs of
whole working days as one line, so that twenty working days are some ten lines.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from . import text
from .calendar import Kind
from .deadline import Clock, Deadline, Hole, first_closing_after, is_paused_at, merge
from .hours import Span
from .line import Line, Reason, amount_of
from .timetable import DAY, MINUTE, day_of, instant, moment_of, timetable
from .wording import is_chinese, say

# A fine list longer than this is grouped unless asked otherwise.
LONGEST_FINE_LIST = 12
_NOON_BREAK = Span(11 * 60, 15 * 60)


@dataclass(frozen=True, slots=True)
class Explanation:
    """The spans of a deadline (`spans`), and ways to read them."""

    deadline: Deadline
    spans: tuple[Line, ...]

    @property
    def counted(self) -> timedelta:
        """All that the spans count: the budget, or under an open pause what is used."""
        return self.spans[-1].total if self.spans else timedelta(0)

    def grouped(self) -> tuple[Line, ...]:
        """The spans with whole working days joined, each run of them one line."""
        return tuple(_group(self.spans, self.deadline))

    def rows(self, *, grouped: bool | None = None) -> tuple[Line, ...]:
        """The spans, joined if they are many (or as `grouped` says)."""
        if grouped is None:
            grouped = len(self.spans) > LONGEST_FINE_LIST
        return self.grouped() if grouped else self.spans

    def lines(self, *, language: str, grouped: bool | None = None, year: int | None = None) -> list[str]:
        """The explanation as text, one string a row; `year` is the reader's, other years are written out."""
        year = self.deadline.start.year if year is None else year
        return [row.text(language=language, year=year) for row in self.rows(grouped=grouped)]

    def summary(self, *, language: str, year: int | None = None) -> str:
        """The deadline in a sentence, and a second one where the calendar is provisional."""
        deadline = self.deadline
        year = deadline.start.year if year is None else year
        values = {
            "limit": text.limit(deadline.limit, language=language),
            "start": text.moment(deadline.start, language=language, year=year),
        }
        if deadline.due is not None:
            at = text.moment(deadline.due, language=language, year=year, closing=True)
            sentence = say("summary", language, due=at, **values)
        else:
            left = amount_of(deadline.limit.budget - self.counted, deadline.limit.clock, language)
            sentence = say("summary_paused", language, left=left, **values)
        if not deadline.provisional:
            return sentence + ("。" if is_chinese(language) else ".")
        last = deadline.due or (self.spans[-1].begin if self.spans else deadline.start)
        years = deadline.calendar.provisional_years(deadline.start.date(), last.date())
        joined = "、".join(map(str, years)) if is_chinese(language) else ", ".join(map(str, years))
        joiner, end = ("。", "。") if is_chinese(language) else (". ", ".")
        return sentence + joiner + say("unpublished", language, years=joined) + end

    def basis(self, *, language: str) -> str:
        """The notices that the days counted by come from; "" where the calendar plays no part."""
        deadline = self.deadline
        if deadline.limit.clock in (Clock.NATURAL, Clock.NATURAL_DAYS) and not deadline.limit.roll:
            return ""
        last = deadline.due or (self.spans[-1].begin if self.spans else deadline.start)
        named = {year: deadline.calendar.source(year=year) for year in range(deadline.start.year, last.year + 1)}
        notices = [say("notice", language, year=year, source=source) for year, source in named.items() if source]
        return say("basis", language, notices=("、" if is_chinese(language) else ", ").join(notices)) if notices else ""


def explain(deadline: Deadline) -> Explanation:
    """How a deadline came about. Takes time in proportion to its days, unlike `due`."""
    pieces = _days(deadline) if deadline.limit.clock.counts_days else _time(deadline)
    lines: list[Line] = []
    total = timedelta(0)
    for piece in pieces:
        total += piece.counted
        line = replace(piece, total=total)
        if lines and _joins(lines[-1], line):
            line = replace(
                line,
                begin=lines[-1].begin,
                counted=lines[-1].counted + line.counted,
                days=lines[-1].days + line.days,
                provisional=lines[-1].provisional or line.provisional,
            )
            lines.pop()
        lines.append(line)
    return Explanation(deadline, tuple(lines))


def _joins(before: Line, line: Line) -> bool:
    """Whether a span continues the one before it: the same reason, and days, or time that does not count."""
    alike = (before.reason, before.name, before.note, before.paused) == (line.reason, line.name, line.note, line.paused)
    return alike and (line.clock.counts_days or not (before.counted or line.counted))


def _line(deadline: Deadline, begin: int, end: int | None, reason: Reason, counted: int, *, name: str = "") -> Line:
    zero = timedelta(0)
    length = timedelta(microseconds=counted)
    at = None if end is None else moment_of(end)
    provisional = deadline.provisional and deadline.calendar.is_provisional(day_of(begin))
    return Line(moment_of(begin), at, reason, length, zero, deadline.limit.clock, name, provisional=provisional)


# Clocks of minutes


def _time(deadline: Deadline) -> Iterator[Line]:
    """Running time and pauses from the start to the due moment; a pause is one span whatever it covers."""
    at = instant(deadline.start)
    end = None if deadline.due is None else instant(deadline.due)
    for hole in merge(deadline.pauses):
        if end is not None and hole.begin >= end:
            break
        if hole.end is not None and hole.end <= at:
            continue
        if hole.begin > at:
            yield from _running(deadline, at, hole.begin)
            at = hole.begin
        if end is not None and at >= end:  # a limit of nothing that begins in a pause
            break
        yield replace(_line(deadline, at, hole.end, Reason.PAUSE, 0), note=hole.note)
        if hole.end is None:
            return
        at = hole.end
    if end is not None and at < end:
        yield from _running(deadline, at, end)


def _running(deadline: Deadline, begin: int, end: int) -> Iterator[Line]:
    """A stretch without pauses."""
    if deadline.limit.clock is Clock.NATURAL:
        yield _line(deadline, begin, end, Reason.NATURAL, end - begin)
        return
    pieces = _absorb_nights(list(_by_day(deadline, begin, end)))
    yield from pieces


def _by_day(deadline: Deadline, begin: int, end: int) -> Iterator[Line]:
    table = timetable(deadline.calendar, deadline.hours)
    for ordinal in range(begin // DAY, (end - 1) // DAY + 1):
        day = deadline.calendar.day(date.fromordinal(ordinal))
        spans = table.spans(ordinal)
        counts = {Kind.WORKDAY: Reason.WORKING, Kind.ADJUSTED: Reason.ADJUSTED}.get(day.kind, Reason.STAFFED)
        cuts: list[tuple[int, int, Reason]] = []
        at = 0
        for place, span in enumerate(spans):
            gap = Reason.NIGHT if place == 0 else _break(at, span.begin)
            cuts += [(at, span.begin, gap), (span.begin, span.end, counts)]
            at = span.end
        cuts.append((at, DAY // MINUTE, Reason.NIGHT if spans else _rest(day.kind)))
        for first, last, reason in cuts:
            low = max(begin, ordinal * DAY + first * MINUTE)
            high = min(end, ordinal * DAY + last * MINUTE)
            if low < high:
                name = day.name if reason in (Reason.HOLIDAY, Reason.ADJUSTED) else ""
                yield _line(deadline, low, high, reason, high - low if reason is counts else 0, name=name)


def _break(begin: int, end: int) -> Reason:
    return Reason.LUNCH if begin < _NOON_BREAK.end and end > _NOON_BREAK.begin else Reason.BREAK


def _rest(kind: Kind) -> Reason:
    return Reason.HOLIDAY if kind is Kind.HOLIDAY else Reason.WEEKEND


def _absorb_nights(pieces: list[Line]) -> list[Line]:
    """The nights beside a weekend or a holiday as part of it: Friday 18:00 to Monday 08:30 is one weekend."""
    rest = (Reason.WEEKEND, Reason.HOLIDAY)
    kept: list[Line] = []
    for place, piece in enumerate(pieces):
        if piece.reason is Reason.NIGHT:
            after = pieces[place + 1] if place + 1 < len(pieces) else None
            if after is not None and after.reason in rest:
                pieces[place + 1] = replace(after, begin=piece.begin)
                continue
            if kept and kept[-1].reason in rest:
                kept[-1] = replace(kept[-1], end=piece.end)
                continue
        kept.append(piece)
    return kept


def _group(lines: tuple[Line, ...], deadline: Deadline) -> Iterator[Line]:
    """Runs of working days that count in full, from the first span of the first to the last of the last."""
    if deadline.limit.clock is not Clock.WORKING_HOURS:
        yield from lines
        return
    table = timetable(deadline.calendar, deadline.hours)
    place = 0
    while place < len(lines):
        run: Line | None = None
        after = place
        while (size := _whole_day(lines, after, table.spans(lines[after].begin.toordinal()))) > 0:
            day, last = lines[after], lines[after + size - 1]
            hours = table.spans(day.begin.toordinal())
            if run is not None and (run.reason, run.name, run.hours) != (day.reason, day.name, hours):
                break
            base = run or replace(day, counted=timedelta(0), hours=hours)
            counted = base.counted + sum((line.counted for line in lines[after : after + size]), timedelta(0))
            provisional = base.provisional or day.provisional
            days = base.days + 1
            run = replace(base, end=last.end, counted=counted, total=last.total, provisional=provisional, days=days)
            after += size
            place = after
            if after + 1 < len(lines) and lines[after].reason is Reason.NIGHT:
                after += 1
            if after >= len(lines):
                break
        if run is not None:
            yield run
        else:
            yield lines[place]
            place += 1


def _whole_day(lines: tuple[Line, ...], place: int, spans: tuple[Span, ...]) -> int:
    """How many lines from `place` on are one day counted in full, breaks included; 0 if they are not."""
    wanted: list[tuple[int, int]] = []
    for span in spans:
        if wanted and wanted[-1][1] < span.begin:
            wanted.append((wanted[-1][1], span.begin))
        wanted.append((span.begin, span.end))
    found = lines[place : place + len(wanted)]
    day = lines[place].begin.toordinal() * DAY
    for line, (begin, end) in zip(found, wanted, strict=False):
        if line.reason is Reason.PAUSE or line.end is None:
            return 0
        if (instant(line.begin) - day, instant(line.end) - day) != (begin * MINUTE, end * MINUTE):
            return 0
    return len(wanted) if len(found) == len(wanted) else 0


# Clocks of days


def _days(deadline: Deadline) -> Iterator[Line]:
    """Day by day from the start to the due moment, each counted or not."""
    start, limit, calendar = instant(deadline.start), deadline.limit, deadline.calendar
    holes = merge(deadline.pauses)
    end = None if deadline.due is None else instant(deadline.due)
    after = first_closing_after(start, limit)
    left = limit.amount
    ordinal = start // DAY
    table = timetable(calendar, deadline.hours)
    while True:
        midnight = (ordinal + 1) * DAY
        workday = calendar.is_workday(date.fromordinal(ordinal))
        closing = midnight
        if limit.clock is Clock.WORKING_DAYS and workday:
            closing = ordinal * DAY + table.spans(ordinal)[-1].end * MINUTE
        begin = max(start, ordinal * DAY)
        hole = next((hole for hole in holes if is_paused_at(closing, [hole])), None)
        if hole is not None and hole.end is None and closing > after:
            yield replace(_line(deadline, begin, None, Reason.PAUSE, 0), note=hole.note, paused=_paused(hole))
            return
        reason, name = _day_reason(deadline, ordinal, counts=closing > after, left=left, paused=hole is not None)
        counted = reason in (Reason.WORKING_DAY, Reason.ADJUSTED, Reason.NATURAL_DAY)
        left -= counted
        last = midnight if end is None else min(midnight, end)
        line = replace(_line(deadline, begin, last, reason, DAY if counted else 0, name=name), days=1)
        if reason is Reason.PAUSE and hole is not None:
            line = replace(line, note=hole.note, paused=_paused(hole))
        yield line
        if last == end:
            return
        ordinal += 1


def _day_reason(deadline: Deadline, ordinal: int, *, counts: bool, left: int, paused: bool) -> tuple[Reason, str]:
    day = deadline.calendar.day(date.fromordinal(ordinal))
    working = deadline.limit.clock is Clock.WORKING_DAYS
    if not counts:
        if deadline.limit.count_start_day:  # after hours
            return (Reason.NIGHT, "") if day.is_workday else (_rest(day.kind), day.name)
        return Reason.START_DAY, ""
    if paused:
        return Reason.PAUSE, ""
    if not working:
        return (Reason.NATURAL_DAY, "") if left > 0 else (Reason.ROLL, "")
    if not day.is_workday:
        return _rest(day.kind), day.name
    return (Reason.ADJUSTED, day.name) if day.kind is Kind.ADJUSTED else (Reason.WORKING_DAY, "")


def _paused(hole: Hole) -> tuple[datetime, datetime | None]:
    return moment_of(hole.begin), None if hole.end is None else moment_of(hole.end)
