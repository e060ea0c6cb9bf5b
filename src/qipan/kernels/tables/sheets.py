"""xlsx, read as a stream of cells behind guards: a sheet is a zip of XML, and both can be bombs."""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from qipan.kernels.tables.problems import Unreadable

ENTRIES = 2_000
RATIO = 200  # sheets of real numbers reach 30; a bomb reaches 1,000
UNPACKED = 300 * 2**20
HEAD = 4096
EXACT = 10**15  # beyond, a spreadsheet no longer keeps every digit

FORMULA, ERROR, TOO_LONG = "formula", "cell_error", "number_too_long"


class Marked(str):
    """The text of a cell that is not what it seems; `problem` is the code of why."""

    problem: str

    def __new__(cls, text: str, problem: str) -> Marked:
        marked = super().__new__(cls, text)
        marked.problem = problem
        return marked


def rows(data: bytes, *, sheet: str = "", columns: int) -> Iterator[tuple[int, list[str]]]:
    """(row number, texts) of the first visible sheet, or of the one named."""
    check(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles and extensions that are of no interest here
            book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
            yield from _rows(book, sheet, columns)
            book.close()
    except Unreadable:
        raise
    except (
        InvalidFileException,
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        TypeError,
        OSError,
        EOFError,
        SyntaxError,
        AttributeError,
        IndexError,
    ) as problem:
        raise Unreadable("broken_sheet") from problem


def check(data: bytes) -> None:
    """Refuse what would grow, what is not a workbook, and what brings its own entities."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if len(entries) > ENTRIES:
                raise Unreadable("bomb")
            for entry in entries:
                if entry.flag_bits & 1:
                    raise Unreadable("encrypted")
                if entry.file_size > 2**20 and entry.file_size > RATIO * max(entry.compress_size, 1):
                    raise Unreadable("bomb")
            if sum(entry.file_size for entry in entries) > UNPACKED:
                raise Unreadable("bomb")
            if "[Content_Types].xml" not in archive.namelist() or not any(
                name.startswith("xl/") for name in archive.namelist()
            ):
                raise Unreadable("not_a_sheet")
            for entry in entries:
                if entry.filename.endswith((".xml", ".rels")):
                    with archive.open(entry) as part:
                        head = part.read(HEAD).replace(b"\0", b"").upper()
                    if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
                        raise Unreadable("bomb")
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, NotImplementedError, RuntimeError) as problem:
        raise Unreadable("broken_sheet") from problem


def _rows(book: Any, sheet: str, columns: int) -> Iterator[tuple[int, list[str]]]:
    visible = [each for each in book.worksheets if each.sheet_state == "visible"]
    if sheet:
        visible = [each for each in visible if each.title == sheet]
    if not visible:
        raise Unreadable("no_such_sheet", sheet=sheet)
    chosen = visible[0]
    chosen.reset_dimensions()  # what it says of its own size need not be true
    for number, cells in enumerate(chosen.iter_rows(max_col=columns + 1), 1):
        texts = [_text(cell) for cell in cells]
        while texts and not texts[-1]:
            texts.pop()
        yield number, texts


def _text(cell: Any) -> str:
    value, kind = cell.value, getattr(cell, "data_type", "n")
    if value is None:
        return ""
    if kind == "f":
        return Marked(str(getattr(value, "text", value)), FORMULA)
    if kind == "e":
        return Marked(str(value), ERROR)
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, int | float):
        if abs(value) >= EXACT:
            return Marked(str(value), TOO_LONG)
        return str(int(value)) if value == int(value) else repr(value)
    return str(value).strip()
