"""A new year's calendar from a CSV file (date,kind,name), every fault named with its row."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from io import StringIO

from .calendar import YearPlan, check_work, check_year
from .wording import Invalid, holiday_name, say

COLUMNS = ("date", "kind", "name")
KINDS = {"off": "off", "work": "work", "放假": "off", "上班": "work", "休": "off", "班": "work"}
MOST_ROWS = 400
MOST_BYTES = 100_000
LONGEST_NAME = 30
_DATE = re.compile(r"(\d{4})(?:-|/|\.|年)(\d{1,2})(?:-|/|\.|月)(\d{1,2})日?")
# Off by law in every year (全国年节及纪念日放假办法), on fixed dates: a file without them is cut off or another year's.
LEGAL_DAYS = ((1, 1, "元旦"), (5, 1, "劳动节"), (10, 1, "国庆节"), (10, 2, "国庆节"), (10, 3, "国庆节"))


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong with one row (1 is the header; 0 is the file as a whole)."""

    row: int
    code: str
    values: tuple[tuple[str, object], ...]

    def text(self, *, language: str) -> str:
        values = dict(self.values)
        if self.code == "legal_day":
            values["name"] = holiday_name(str(values["name"]), language)
        return say(self.code, language, **values)


class BadYearFile(ValueError):
    """A year file that is refused as a whole; `errors` names every fault with its row."""

    def __init__(self, errors: tuple[RowError, ...]) -> None:
        self.errors = errors
        super().__init__("; ".join(f"row {error.row}: {error.text(language='en')}" for error in errors))


def read_year(*, data: bytes | str, year: int, source: str) -> YearPlan:
    """The plan of `year` from CSV text with the columns date, kind (off or work, 放假 or 上班) and name.

    Bytes are UTF-8 (with or without mark) or GB18030. `source` is the notice's number. Raises BadYearFile with all
    faults found, Invalid where `source` is empty.
    """
    try:
        rows = list(csv.reader(StringIO(_decode(data), newline=""), strict=True))
    except csv.Error:
        raise BadYearFile((RowError(0, "file_no_csv", ()),)) from None
    faults: list[RowError] = []

    def fault(row: int, code: str, **values: object) -> None:
        faults.append(RowError(row, code, tuple(values.items())))

    if not any(any(cell.strip() for cell in row) for row in rows):
        raise BadYearFile((RowError(0, "file_empty", ()),))
    if len(rows) > MOST_ROWS:
        raise BadYearFile((RowError(0, "file_too_long", (("most", MOST_ROWS),)),))
    header = [cell.strip().lower() for cell in rows[0]]
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        raise BadYearFile((RowError(1, "columns", (("names", ", ".join(missing)),)),))
    places = [header.index(name) for name in COLUMNS]

    seen: dict[date, int] = {}
    days: dict[str, dict[date, str]] = {"off": {}, "work": {}}
    for number, row in enumerate(rows[1:], start=2):
        cells = [row[place].strip() if place < len(row) else "" for place in places]
        if not any(cells):
            continue
        before = len(faults)
        day = _read_date(cells[0])
        kind = KINDS.get(cells[1].lower())
        if day is None:
            fault(number, "row_date", text=cells[0][:LONGEST_NAME])
        if kind is None:
            fault(number, "row_kind", text=cells[1][:LONGEST_NAME])
        if not cells[2]:
            fault(number, "row_name")
        elif len(cells[2]) > LONGEST_NAME:
            fault(number, "row_name_long", most=LONGEST_NAME)
        if day is not None:
            for refusal in _refusals(day, year, kind):
                fault(number, refusal.code, **refusal.values)
            if day in seen:
                fault(number, "row_twice", day=day, first=seen[day])
            seen.setdefault(day, number)
        if len(faults) == before and day is not None and kind is not None:
            days[kind][day] = cells[2]
    for month, day_number, name in LEGAL_DAYS:
        legal = date(year, month, day_number)
        if legal not in seen or legal in days["work"]:
            fault(0, "legal_day", day=legal, name=name)
    if faults:
        raise BadYearFile(tuple(faults))
    return YearPlan.of(year=year, off=days["off"], work=days["work"], source=source)


def _refusals(day: date, year: int, kind: str | None) -> Iterator[Invalid]:
    try:
        check_year(day=day, year=year)
        if kind == "work":
            check_work(day=day)
    except Invalid as refusal:
        yield refusal


def _decode(data: bytes | str) -> str:
    if len(data) > MOST_BYTES:
        raise BadYearFile((RowError(0, "file_too_big", (("most", MOST_BYTES // 1000),)),))
    if isinstance(data, str):
        return data.removeprefix("\ufeff")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadYearFile((RowError(0, "file_encoding", ()),))


def _read_date(text: str) -> date | None:
    """A date written 2027-01-01, 2027/1/1, 2027.1.1 or 2027年1月1日; None for anything else (15/05/20 too)."""
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    try:
        return date(*(int(part) for part in match.groups()))
    except ValueError:
        return None
