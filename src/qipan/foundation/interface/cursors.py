"""Pages by key: the next page begins after the last row seen, however many rows came or went meanwhile."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import orjson
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import Field, Model, Q, QuerySet

from qipan.foundation.refusals import Invalid

M = TypeVar("M", bound=Model)
LONGEST = 400  # characters


class BadCursor(Invalid):
    """This is not the cursor of a page. Start from the first page again."""


@dataclass(frozen=True, slots=True)
class Page(Generic[M]):
    """Rows of one page and the cursor of the next, "" at the end."""

    items: list[M]
    next: str


def keyset(rows: QuerySet[M], *, order: Sequence[str], after: str = "", limit: int = 50) -> Page[M]:
    """One page of `rows` in the given order ("-reported_at", "-id"): the last column must tell rows apart.

    Columns are stored fields, also of what a row leads to ("person__name"), or annotations, and never null. `after`
    is the `next` of the page before. Raises BadCursor for anything else.
    """
    fields = [_field(rows, name.removeprefix("-")) for name in order]
    rows = rows.order_by(*order)
    if after:
        rows = rows.filter(_beyond(order, _values(after, fields)))
    found = list(rows[: limit + 1])
    more = len(found) > limit
    return Page(found[:limit], encode(*(_value(found[limit - 1], name) for name in order)) if more else "")


def encode(*values: Any) -> str:
    """An opaque cursor of plain values."""
    return base64.urlsafe_b64encode(orjson.dumps(values, default=str)).decode().rstrip("=")


def decode(cursor: str, *, length: int) -> list[Any]:
    """The values of a cursor made by `encode`. Raises BadCursor."""
    try:
        if len(cursor) > LONGEST:
            raise ValueError
        found = orjson.loads(base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error):
        raise BadCursor(field="cursor") from None
    if not isinstance(found, list) or len(found) != length:
        raise BadCursor(field="cursor")
    return found


def _field(rows: QuerySet[Any], name: str) -> Field[Any, Any]:
    if name in rows.query.annotations:
        return rows.query.annotations[name].output_field
    model: Any = rows.model
    *way, last = name.split("__")
    for part in way:
        model = model._meta.get_field(part).related_model
    found = model._meta.get_field(last)
    if not isinstance(found, Field):
        raise FieldDoesNotExist(name)
    return found


def _value(row: Any, name: str) -> Any:
    for part in name.removeprefix("-").split("__"):
        row = getattr(row, part)
    return row.pk if isinstance(row, Model) else row


def _values(cursor: str, fields: Sequence[Field[Any, Any]]) -> list[Any]:
    values = decode(cursor, length=len(fields))
    try:
        found = [field.to_python(value) for field, value in zip(fields, values, strict=True)]
    except (ValidationError, TypeError, ValueError, OverflowError):
        raise BadCursor(field="cursor") from None
    if any(value is None or (isinstance(value, str) and "\0" in value) for value in found):
        raise BadCursor(field="cursor")
    return found


def _beyond(order: Sequence[str], values: Sequence[Any]) -> Q:
    """(a, b) after (x, y): a beyond x, or a equal to x and b beyond y; and a not before x, which an index can use."""
    condition, same = Q(), Q()
    for name, value in zip(order, values, strict=True):
        column = name.removeprefix("-")
        condition |= same & Q(**{f"{column}__lt" if name.startswith("-") else f"{column}__gt": value})
        same &= Q(**{column: value})
    return condition & Q(**{f"{order[0].removeprefix('-')}__{'lte' if order[0].startswith('-') else 'gte'}": values[0]})
