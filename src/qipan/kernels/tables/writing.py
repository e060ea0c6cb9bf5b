"""Tables out: CSV and xlsx that open right in Excel, and never as formulas.

A cell that begins like a formula is what somebody typed, and would be carried out by the program that opens the file;
it gets an apostrophe before it, which Excel shows as text (CSV) or is written as text (xlsx).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta, timezone
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

FORMULA = tuple("=+-@\t\r")
NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
CHINA = timezone(timedelta(hours=8))
ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
CHUNK = 1000  # rows of CSV that go out together
WIDEST = 60

Row = Sequence[Any]


def csv_chunks(header: Row, rows: Iterable[Row]) -> Iterator[bytes]:
    """CSV in UTF-8 with a byte-order mark, in pieces, so that a long one need not be held whole."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    out.write("\ufeff")
    writer.writerow([_guarded(cell) for cell in header])
    for count, row in enumerate(rows, 1):
        writer.writerow([_guarded(cell) for cell in row])
        if not count % CHUNK:
            yield out.getvalue().encode()
            out.seek(0)
            out.truncate()
    if out.tell():
        yield out.getvalue().encode()


def xlsx(header: Row, rows: Iterable[Row], *, title: str) -> bytes:
    """One sheet: a bold header that stays in sight, a filter on it, times as times of China, widths that fit."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(re.sub(r"[\\/*?:\[\]]", " ", title)[:31] or "1")
    sheet.freeze_panes = "A2"
    held = [list(row) for row in rows]
    for place, name in enumerate(header, 1):
        longest = max([_width(name), *(_width(row[place - 1]) for row in held[:200])])
        sheet.column_dimensions[get_column_letter(place)].width = min(WIDEST, longest + 2)
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(header))}{len(held) + 1}"
    bold = []
    for name in header:
        cell = WriteOnlyCell(sheet, value=str(name))
        cell.font, cell.alignment = Font(bold=True), Alignment(vertical="center")
        bold.append(cell)
    sheet.append(bold)
    for row in held:
        sheet.append([_cell(sheet, value) for value in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _cell(sheet: Any, value: Any) -> Any:
    plain = _plain(value)
    if isinstance(plain, str) and plain.startswith(FORMULA):
        cell = WriteOnlyCell(sheet, value=plain)
        cell.data_type = "s"  # text, whatever it begins with
        return cell
    return plain


def _plain(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(CHINA).replace(tzinfo=None, microsecond=0) if value.tzinfo else value
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, int | float | date):
        return value
    return ILLEGAL.sub("", str(value))


def _guarded(value: Any) -> Any:
    plain = _plain(value)
    if isinstance(plain, str) and plain.startswith(FORMULA) and not NUMBER.fullmatch(plain):
        return "'" + plain
    return plain


def _width(value: Any) -> int:
    text = str(_plain(value))
    return sum(2 if ord(letter) > 0x2E7F else 1 for letter in text)
