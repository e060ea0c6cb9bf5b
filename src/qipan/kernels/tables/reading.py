"""A file to rows. Format and encoding are found out from the bytes, columns by their names, in any order."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from qipan.kernels.tables import encoding as encodings
from qipan.kernels.tables import sheets
from qipan.kernels.tables.problems import Problem, Unreadable, told

OLD_EXCEL, ZIP = b"\xd0\xcf\x11\xe0", b"PK"
NOT_TABLES = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"\x7fELF", b"MZ")
SEPARATORS = ",\t;，"
DEPTH = 12


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a file is read at most."""

    size: int = 64 * 2**20  # bytes
    rows: int = 500_000
    columns: int = 200
    cell: int = 20_000  # characters


@dataclass(frozen=True, slots=True)
class Column:
    """A column that an importer knows: its key, and the names it may bear in a file (case and blanks ignored)."""

    key: str
    names: tuple[str, ...] = ()
    required: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One row with its line in the file, its values by the importer's keys ("" where empty)."""

    line: int
    values: dict[str, str]
    geometry: Any = None


@dataclass(frozen=True, slots=True)
class Table:
    """A file as read. `problems` are rows that cannot be trusted; they are not among `rows`."""

    format: str
    encoding: str
    digest: str
    header: tuple[str, ...]  # as written
    unknown: tuple[str, ...]  # columns nobody asked for
    rows: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    named: dict[str, str] = field(default_factory=dict)  # an importer's key to the name it bears in this file


def digest_of(source: bytes | Path) -> str:
    """SHA-256 of the file, in hex."""
    if isinstance(source, bytes):
        return hashlib.sha256(source).hexdigest()
    with source.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_table(
    source: bytes | Path,
    *,
    columns: Sequence[Column],
    encoding: str = "",
    sheet: str = "",
    limits: Limits | None = None,
) -> Table:
    """Reads CSV (comma, semicolon or tab) or xlsx. Raises Unreadable for what is wrong with the file as a whole."""
    limits = limits or Limits()
    data = _bytes(source, limits)
    if data.startswith(ZIP):
        kind, used, lines = "xlsx", "", sheets.rows(data, sheet=sheet, columns=limits.columns)
    else:
        text, used = encodings.decode(data, encoding=encoding)
        kind, lines = "csv", _csv_rows(text, limits)
    return _table(kind=kind, used=used, data=data, lines=lines, columns=columns, limits=limits)


def read_features(source: bytes | Path, *, columns: Sequence[Column], limits: Limits | None = None) -> Table:
    """Reads a GeoJSON FeatureCollection: properties as values, geometry as parsed; a feature's line is its number."""
    limits = limits or Limits()
    data = _bytes(source, limits)
    text, used = encodings.decode(data)
    try:
        found = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise Unreadable("not_geojson") from None
    features = found.get("features") if isinstance(found, dict) else None
    if not isinstance(features, list) or found.get("type") != "FeatureCollection":
        raise Unreadable("not_geojson")
    if _foreign_crs(found.get("crs")):
        raise Unreadable("foreign_crs")
    if len(features) > limits.rows:
        raise Unreadable("too_many_rows", limit=limits.rows)
    names: dict[str, None] = {}
    for feature in features:
        if isinstance(feature, dict) and isinstance(feature.get("properties"), dict):
            names.update(dict.fromkeys(feature["properties"]))
    if not features:
        raise Unreadable("empty")
    places, unknown = _match(list(names), columns)
    table = Table(
        "geojson", used, digest_of(data), tuple(names), unknown, named={key: name for name, key in places.items()}
    )
    for line, feature in enumerate(features, 1):
        properties = feature.get("properties") if isinstance(feature, dict) else None
        if not isinstance(properties, dict) or not isinstance(feature.get("geometry"), dict):
            table.problems.append(Problem(line, "", "not_a_feature"))
            continue
        values = {column.key: "" for column in columns}
        for name, key in places.items():
            values[key] = _plain(properties.get(name))
        table.rows.append(Row(line, values, feature["geometry"]))
    return table


def _bytes(source: bytes | Path, limits: Limits) -> bytes:
    size = len(source) if isinstance(source, bytes) else source.stat().st_size
    if size > limits.size:
        raise Unreadable("too_large", limit=f"{limits.size // 2**20} MB")
    data = source if isinstance(source, bytes) else source.read_bytes()
    if not data.strip():
        raise Unreadable("empty")
    if data.startswith(OLD_EXCEL):
        raise Unreadable("old_excel")
    if data.startswith(NOT_TABLES):
        raise Unreadable("not_text")
    return data


def _csv_rows(text: str, limits: Limits) -> Iterator[tuple[int, list[str]]]:
    separator = _separator(text)
    csv.field_size_limit(max(limits.cell * 4, 131_072))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    last = 0
    try:
        for cells in reader:
            yield last + 1, [cell.strip() for cell in cells]
            last = reader.line_num
    except csv.Error:
        raise Unreadable("broken_csv", line=last + 1) from None


def _separator(text: str) -> str:
    """The separator that occurs most in the header, outside quotes."""
    head: list[str] = []
    quoted = False
    for character in text:
        if character == '"':
            quoted = not quoted
        elif character in "\r\n" and not quoted:
            if head:
                break
        elif not quoted:
            head.append(character)
    return max(SEPARATORS, key=head.count)


def _table(
    *,
    kind: str,
    used: str,
    data: bytes,
    lines: Iterator[tuple[int, list[str]]],
    columns: Sequence[Column],
    limits: Limits,
) -> Table:
    filled = ((line, cells) for line, cells in _counted(lines, limits) if any(cells))
    first = next(filled, None)
    if first is None:
        raise Unreadable("empty")
    header = [str(cell) for cell in first[1]]
    if len(header) > limits.columns:
        raise Unreadable("too_many_columns", limit=limits.columns)
    places, unknown = _match(header, columns)
    table = Table(
        kind, used, digest_of(data), tuple(header), unknown, named={key: name for name, key in places.items()}
    )
    keys = [places.get(name) for name in header]
    for line, cells in filled:
        if problem := _wrong(line, cells, header, keys, limits):
            table.problems.append(problem)
            continue
        values = {column.key: "" for column in columns}
        values.update({key: str(cell) for key, cell in zip(keys, cells, strict=False) if key})
        table.rows.append(Row(line, values))
    if not table.rows and not table.problems:
        raise Unreadable("no_rows")
    return table


def _counted(lines: Iterator[tuple[int, list[str]]], limits: Limits) -> Iterator[tuple[int, list[str]]]:
    for count, line in enumerate(lines):
        if count > limits.rows:
            raise Unreadable("too_many_rows", limit=limits.rows)
        yield line


def _match(header: Sequence[str], columns: Sequence[Column]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Which header name is which of the importer's columns, and the names that are none."""
    known = {_folded(name): column.key for column in columns for name in (column.key, *column.names)}
    places: dict[str, str] = {}
    for name in header:
        key = known.get(_folded(name))
        if key is not None and (key in places.values() or name in places):
            raise Unreadable("column_twice", column=name)
        if key is not None:
            places[name] = key
    missing = [column for column in columns if column.required and column.key not in places.values()]
    if missing:
        wanted = "、".join((column.names or (column.key,))[0] for column in missing)
        names = [str(name) for name in header if name]
        found = "、".join(names) if names == [told(name) for name in names] else "***"  # no header: somebody's row
        raise Unreadable("missing_column", columns=wanted, found=found)
    return places, tuple(told(name) for name in header if name and name not in places)


def _wrong(line: int, cells: list[str], header: list[str], keys: list[str | None], limits: Limits) -> Problem | None:
    if len(cells) > len(header):
        return Problem(line, "", "too_many_cells", {"cells": len(cells), "columns": len(header)})
    for cell, name, key in zip(cells, header, keys, strict=False):
        if key is None:
            continue
        if isinstance(cell, sheets.Marked):
            return Problem(line, name, cell.problem, {"value": str(cell)[:80]})
        if cell.startswith("="):
            return Problem(line, name, sheets.FORMULA, {"value": cell[:80]})
        if len(cell) > limits.cell:
            return Problem(line, name, "cell_too_long", {"limit": limits.cell})
        if "\0" in cell or "\ufffd" in cell:
            return Problem(line, name, "broken_characters")
    return None


def _folded(name: str) -> str:
    return "".join(str(name).split()).casefold().lstrip("\ufeff")


def _plain(value: Any) -> str:
    if value is None or isinstance(value, dict | list):
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < sheets.EXACT:
        return str(int(value))
    return str(value).strip()


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _foreign_crs(crs: Any) -> bool:
    """GeoJSON before 2016 could name a reference system; only those in degrees of WGS 84 or CGCS2000 pass."""
    if not crs:
        return False
    name = str(crs.get("properties", {}).get("name", "")) if isinstance(crs, dict) else ""
    return not name.upper().endswith(("CRS84", "EPSG::4326", "EPSG:4326", "EPSG::4490", "EPSG:4490"))
