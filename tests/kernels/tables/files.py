"""Files for tests of importers: good ones, and every broken one that people or attackers send."""

from __future__ import annotations

import io
import zipfile

import openpyxl


def csv(*rows: tuple[object, ...], encoding: str = "utf-8") -> bytes:
    return "".join(",".join(map(str, row)) + "\r\n" for row in rows).encode(encoding)


def xlsx(*rows: tuple[object, ...]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def rezipped(data: bytes, name: str, change) -> bytes:
    """The same archive with one part changed by `change(bytes) -> bytes`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            part = old.read(entry)
            new.writestr(entry.filename, change(part) if entry.filename == name else part)
    return buffer.getvalue()


SHEET = "xl/worksheets/sheet1.xml"


def zip_bomb() -> bytes:
    return rezipped(xlsx(("a",), ("b",)), SHEET, lambda part: part + b" " * 50 * 2**20)


def many_entries() -> bytes:
    buffer = io.BytesIO(xlsx(("a",), ("b",)))
    with zipfile.ZipFile(buffer, "a") as archive:
        for number in range(3000):
            archive.writestr(f"xl/x{number}", b"")
    return buffer.getvalue()


def entity_bomb() -> bytes:
    bomb = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "' + b"a" * 100 + b'"><!ENTITY b "&a;&a;&a;&a;&a;">]>'
    return rezipped(xlsx(("a",), ("b",)), SHEET, lambda part: bomb + part.split(b"?>", 1)[-1])


def distant_row() -> bytes:
    """A sheet whose second row says it is the two thousand millionth."""
    return rezipped(xlsx(("name",), ("b",)), SHEET, lambda part: part.replace(b'<row r="2"', b'<row r="2000000000"'))
