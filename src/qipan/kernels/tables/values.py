"""Values read strictly from texts: dates, moments, degrees, codes and choices."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, tzinfo
from datetime import time as time_of_day
from typing import Any

EARLIEST = date(1900, 1, 1)
# Year, month, day, in the ways people here write them; a year has four digits and comes first.
DATES = re.compile(
    r"(?P<year>\d{4})(?:-(?P<m1>\d{1,2})-(?P<d1>\d{1,2})|/(?P<m2>\d{1,2})/(?P<d2>\d{1,2})|\.(?P<m3>\d{1,2})\.(?P<d3>\d{1,2})"
    r"|年(?P<m4>\d{1,2})月(?P<d4>\d{1,2})日|(?P<m5>\d{2})(?P<d5>\d{2}))"
)
TIMES = re.compile(r"(?P<hour>\d{1,2})[:：](?P<minute>\d{2})(?:[:：](?P<second>\d{2})(?:\.\d+)?)?")
SHORT_YEAR = re.compile(r"\d{1,2}[-/.]\d{1,2}[-/.]\d{1,2}|\d{6}|\d{2}年.*")
DAY_FIRST = re.compile(r"\d{1,2}[-/.]\d{1,2}[-/.]\d{4}")
SCIENTIFIC = re.compile(r"\d(?:\.\d+)?[eE]\+?\d+")


class BadValue(ValueError):
    """A value that cannot be read with certainty, with the code of the reason and the facts for its message."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code, facts)
        self.code, self.facts = code, facts


def parse_date(text: str, *, today: date | None = None, earliest: date = EARLIEST, form: str = "") -> date:
    """A day from 2024-05-15, 2024/5/15, 2024.5.15, 20240515 or 2024年5月15日; midnight after it is ignored.

    With `form` (as strptime's) only that form is read. 15/05/20 and 05/15/2024 are refused: nobody can know which
    is the day. So are days before `earliest` (the year 0020) and, where `today` is given, days after it.
    """
    text = text.strip()
    if form:
        try:
            found = datetime.strptime(text, form).date()  # noqa: DTZ007
        except ValueError:
            raise BadValue("not_a_date", value=text) from None
        return _plausible(found, text, today=today, earliest=earliest)
    body = re.sub(r"[ T]0{1,2}:00(?::00(?:\.0+)?)?$", "", text)
    match = DATES.fullmatch(body)
    if not match:
        if SHORT_YEAR.fullmatch(body):
            raise BadValue("short_year", value=text)
        if DAY_FIRST.fullmatch(body):
            raise BadValue("day_or_month_first", value=text)
        raise BadValue("not_a_date", value=text)
    month, day = (int(next(match[f"{part}{n}"] for n in range(1, 6) if match[f"{part}{n}"])) for part in "md")
    try:
        found = date(int(match["year"]), month, day)
    except ValueError:
        raise BadValue("no_such_day", value=text) from None
    return _plausible(found, text, today=today, earliest=earliest)


def parse_moment(
    text: str, *, zone: tzinfo, now: datetime | None = None, earliest: date = EARLIEST, form: str = ""
) -> datetime:
    """A moment: a date as above, a blank or T, and 24-hour time; or ISO 8601 with its own offset; or in `form`.

    A text without an offset is read in `zone`, and what is given is in `zone` whatever offset the text has. Moments
    after `now` are refused where it is given.
    """
    text = text.strip()
    if form:
        try:
            found = datetime.strptime(text, form)  # noqa: DTZ007
        except ValueError:
            raise BadValue("not_a_moment", value=text) from None
    else:
        found = _moment(text)
    _plausible(found.date(), text, today=None, earliest=earliest)
    try:
        aware = found.astimezone(zone) if found.tzinfo else found.replace(tzinfo=zone)
    except OverflowError:
        raise BadValue("not_a_moment", value=text) from None
    if now is not None and aware > now:
        raise BadValue("in_the_future", value=text)
    return aware


def parse_degrees(text: str, *, limit: float) -> float:
    """A longitude (limit 180) or latitude (limit 90) in decimal degrees."""
    try:
        value = float(text.strip())
    except ValueError:
        raise BadValue("not_degrees", value=text) from None
    if not math.isfinite(value) or abs(value) > limit or "_" in text:
        raise BadValue("not_degrees", value=text)
    return value


def parse_code(text: str, *, lengths: Iterable[int] = ()) -> str:
    """A code of digits. 4.10505E+11 is refused: a spreadsheet has eaten the digits."""
    text = text.strip()
    if SCIENTIFIC.fullmatch(text):
        raise BadValue("damaged_code", value=text)
    if not (text.isascii() and text.isdigit()):
        raise BadValue("not_a_code", value=text)
    wanted = tuple(lengths)
    if wanted and len(text) not in wanted:
        raise BadValue("wrong_length", value=text, lengths=", ".join(map(str, wanted)))
    return text


def parse_choice(text: str, choices: Mapping[str, str]) -> str:
    """One of the known words (or its value), case ignored; `choices` maps each accepted word to its value."""
    known = {word.casefold(): value for word, value in choices.items()}
    found = known.get(text.strip().casefold())
    if found is None:
        raise BadValue("not_a_choice", value=text, choices="、".join(dict.fromkeys(choices)))
    return found


def _moment(text: str) -> datetime:
    parts = re.split(r"[ T]+", text, maxsplit=1)
    if len(parts) == 2 and (time := TIMES.fullmatch(parts[1])):
        day = parse_date(parts[0], earliest=date.min)
        try:
            clock = time_of_day(int(time["hour"]), int(time["minute"]), int(time["second"] or 0))
        except ValueError:
            raise BadValue("not_a_moment", value=text) from None
        return datetime.combine(day, clock)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise BadValue("not_a_moment", value=text) from None
    if found.tzinfo is None:
        raise BadValue("not_a_moment", value=text)
    return found


def _plausible(found: date, text: str, *, today: date | None, earliest: date) -> date:
    if found < earliest:
        raise BadValue("too_early", value=text, earliest=earliest.isoformat())
    if today is not None and found > today:
        raise BadValue("in_the_future", value=text)
    return found
