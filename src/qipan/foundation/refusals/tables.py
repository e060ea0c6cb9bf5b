"""Files that people send, and what is wrong with them, in their words. For every room that imports something.

The kernel of tables finds what is wrong and gives it a code; here codes become refusals of the whole file, or words for
one row, and rows that were refused become a file that can be opened beside the one that was sent.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from qipan.foundation.refusals import Invalid, _Facts
from qipan.kernels import tables
from qipan.kernels.tables import Column, Limits, Problem, Table, Unreadable


class EmptyFile(Invalid):
    """The file is empty."""


class NoRows(Invalid):
    """The file has a header and nothing below it."""


class FileTooLarge(Invalid):
    """The file is larger than {limit}. Split it and send the parts one after another."""


class TooManyRows(Invalid):
    """The file has more than {limit} rows. Split it and send the parts one after another."""


class TooManyColumns(Invalid):
    """The file has more than {limit} columns."""


class MissingColumn(Invalid):
    """The file has no column {columns}. It has: {found}."""


class ColumnTwice(Invalid):
    """The column {column} is there twice. Delete one of them."""


class UnknownEncoding(Invalid):
    """The text of the file cannot be read with certainty. Save it as UTF-8 or as xlsx and send it again."""


class NotInDeclaredEncoding(Invalid):
    """The file is not written in {encoding}."""


class NotText(Invalid):
    """This is not a table. Send CSV, xlsx or GeoJSON."""


class OldExcel(Invalid):
    """This is the old Excel format. Save it as xlsx and send it again."""


class BrokenSheet(Invalid):
    """The xlsx file is damaged or is none. Save it again in Excel or WPS."""


class NotASheet(Invalid):
    """This archive is not an xlsx workbook."""


class SuspiciousSheet(Invalid):
    """The xlsx file would grow out of proportion when opened. It is not read."""


class EncryptedSheet(Invalid):
    """The xlsx file is protected by a password. Save it without one."""


class NoSuchSheet(Invalid):
    """The workbook has no visible sheet {sheet}."""


class BrokenCsv(Invalid):
    """The quotation marks of the row at line {line} do not match."""


class NotGeojson(Invalid):
    """This is not a GeoJSON FeatureCollection."""


class ForeignReference(Invalid):
    """The coordinates of the file are not in degrees. Convert them to longitude and latitude first."""


class UnknownFile(Invalid):
    """The file cannot be used."""


REFUSALS: dict[str, type[Invalid]] = {
    "empty": EmptyFile,
    "no_rows": NoRows,
    "too_large": FileTooLarge,
    "too_many_rows": TooManyRows,
    "too_many_columns": TooManyColumns,
    "missing_column": MissingColumn,
    "column_twice": ColumnTwice,
    "unknown_encoding": UnknownEncoding,
    "not_in_declared_encoding": NotInDeclaredEncoding,
    "not_text": NotText,
    "old_excel": OldExcel,
    "broken_sheet": BrokenSheet,
    "not_a_sheet": NotASheet,
    "bomb": SuspiciousSheet,
    "encrypted": EncryptedSheet,
    "no_such_sheet": NoSuchSheet,
    "broken_csv": BrokenCsv,
    "not_geojson": NotGeojson,
    "foreign_crs": ForeignReference,
}

# What is wrong in one row. Rooms add their own with `register`.
WORDS: dict[str, Any] = {
    "formula": _("This is a formula ({value}). Replace it by its value."),
    "cell_error": _("This cell shows an error ({value})."),
    "number_too_long": _("A spreadsheet does not keep all digits of so long a number. Format the column as text."),
    "too_many_cells": _("The row has {cells} cells, the header has {columns}."),
    "cell_too_long": _("The text is longer than {limit} characters."),
    "broken_characters": _("The text holds characters that were damaged on the way."),
    "not_a_feature": _("The feature has no properties or no geometry."),
    "empty": _("This must not be empty."),
    "short_year": _("Write the year of {value} with four digits."),
    "day_or_month_first": _("Nobody can know which part of {value} is the day. Write year-month-day."),
    "not_a_date": _("{value} is not a date. Write year-month-day."),
    "no_such_day": _("There is no day {value}."),
    "too_early": _("{value} lies before {earliest}."),
    "in_the_future": _("{value} lies in the future."),
    "not_a_moment": _("{value} is not a date with a time. Write 2024-05-15 08:30."),
    "not_degrees": _("{value} is not a longitude or latitude in decimal degrees."),
    "not_a_code": _("{value} is not a code of digits."),
    "damaged_code": _("A spreadsheet has damaged this code ({value}). Format the column as text and enter it again."),
    "wrong_length": _("The code {value} must have {lengths} digits."),
    "not_a_choice": _("{value} is not one of: {choices}."),
    "twice": _("The same is already in line {line}."),
    "personal_number": _("An identification or phone number must not stand here."),
}

UNSAFE = ("=", "+", "-", "@", "\t", "\r")


def register(words: dict[str, Any]) -> None:
    """Words of a room for its own codes, once, when it starts."""
    WORDS.update(words)


def words(problem: Problem) -> str:
    """What is wrong in a row, in the reader's language."""
    found = WORDS.get(problem.code)
    return str(found).format_map(_Facts(problem.facts)) if found else gettext("The value cannot be used.")


def read(
    source: bytes | Path,
    *,
    columns: Sequence[Column],
    encoding: str = "",
    sheet: str = "",
    limits: Limits | None = None,
) -> Table:
    """A CSV, xlsx or GeoJSON file as rows; raises one of the refusals above, with field `file`."""
    if is_geojson(source):
        return _refusing(lambda: tables.read_features(source, columns=columns, limits=limits))
    return _refusing(lambda: tables.read_table(source, columns=columns, encoding=encoding, sheet=sheet, limits=limits))


def is_geojson(source: bytes | Path) -> bool:
    """Whether a file begins as JSON does."""
    if isinstance(source, Path):
        with source.open("rb") as file:
            head = file.read(64)
    else:
        head = source[:64]
    return head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith((b"{", b"["))


def error_file(problems: Iterable[Problem]) -> bytes:
    """The refused rows as CSV that Excel opens rightly: line, column, reason."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([gettext("Line"), gettext("Column"), gettext("What is wrong")])
    for problem in sorted(problems, key=lambda each: (each.line, each.column)):
        writer.writerow([problem.line, _harmless(problem.column), _harmless(words(problem))])
    return text.getvalue().encode("utf-8-sig")


def _harmless(text: str) -> str:
    """A text that a spreadsheet will not take for a formula."""
    return f"'{text}" if text.startswith(UNSAFE) else text


def _refusing(call: Callable[[], Table]) -> Table:
    try:
        return call()
    except Unreadable as problem:
        raise REFUSALS.get(problem.code, UnknownFile)(field="file", **problem.facts) from None
