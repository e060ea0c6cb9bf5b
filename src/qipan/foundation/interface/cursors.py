"""Pages by key, both ways: a page begins beside a row seen, however many rows came or went meanwhile."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

import orjson
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import Field, Model, Q, QuerySet

from qipan.foundation.refusals import Invalid

M = TypeVar("M", bound=Model)
R = TypeVar("R")
LONGEST = 400  # characters
BACK = "~"  # what a cursor begins with that leads back
# Gives the first rows of a list: the order, the values of the row to begin beyond (None: at the start), how many.
First = Callable[[Sequence[str], Sequence[Any] | None, int], list[R]]


class BadCursor(Invalid):
    """This is not the cursor of a page. Start from the first page again."""


@dataclass(frozen=True, slots=True)
class Page(Generic[R]):
    """Rows of one page; the cursor of the next page, "" on the last, and of the previous one, "" on the first."""

    items: list[R]
    next: str
    previous: str = ""


def keyset(
    rows: QuerySet[M], *, order: Sequence[str], after: str = "", limit: int = 50, nullable: Collection[str] = ()
) -> Page[M]:
    """One page of `rows` in the given order ("-reported_at", "-id"): the last column must tell rows apart.

    Columns are stored fields, also of what a row leads to ("person__name"), or annotations; never null but where
    `nullable` names them: what has no value comes last, and first in a column that descends. `after` is the `next` or
    `previous` of a page. One query; see `turn`. Raises BadCursor for anything else.
    """

    def first(order: Sequence[str], beside: Sequence[Any] | None, count: int) -> list[M]:
        beyond = rows if beside is None else rows.filter(condition(order, beside, nullable))
        return list(beyond.order_by(*order)[:count])

    beside = read(rows, order=order, cursor=after, nullable=nullable)
    return turn(first, order=order, beside=beside, back=leads_back(after), limit=limit, value=_value)


def turn(
    first: First[R],
    *,
    order: Sequence[str],
    beside: Sequence[Any] | None,
    back: bool,
    limit: int,
    value: Callable[[R, str], Any],
) -> Page[R]:
    """The page that lies beyond the row with the values `beside`, or before it; the first page without them.

    A page before is read against the order, by the same index. It reads once; a second time only where rows came or
    went since, so that fewer than a page lie before: then it is the first page, whole. What one came back from is
    named as the next without looking; where its rows went away since, that page is empty and leads back. `value` gives
    a row's column.
    """

    def cursor(row: R, *, back: bool = False) -> str:
        return encode(*(value(row, name.removeprefix("-")) for name in order), back=back)

    back = back and beside is not None
    found = first(reverse(order) if back else order, beside, limit + 1)
    if back and len(found) < limit:
        back, beside = False, None
        found = first(order, None, limit + 1)
    more, found = len(found) > limit, found[:limit]
    if back:
        found.reverse()
    following = cursor(found[-1]) if back or more else ""
    if beside is None or (back and not more):
        return Page(found, following)
    return Page(found, following, cursor(found[0], back=True) if found else encode(*beside, back=True))


def reverse(order: Sequence[str]) -> list[str]:
    """The order read from its end."""
    return [name[1:] if name.startswith("-") else f"-{name}" for name in order]


def leads_back(cursor: str) -> bool:
    return cursor.startswith(BACK)


def encode(*values: Any, back: bool = False) -> str:
    """An opaque cursor of plain values, and whether it leads back."""
    return BACK * back + base64.urlsafe_b64encode(orjson.dumps(values, default=str)).decode().rstrip("=")


def decode(cursor: str, *, length: int) -> list[Any]:
    """The values of a cursor made by `encode`. Raises BadCursor."""
    try:
        if len(cursor) > LONGEST:
            raise ValueError
        plain = cursor.removeprefix(BACK).encode()
        found = orjson.loads(base64.urlsafe_b64decode(plain + b"=" * (-len(plain) % 4)))
    except (ValueError, binascii.Error):
        raise BadCursor(field="cursor") from None
    if not isinstance(found, list) or len(found) != length:
        raise BadCursor(field="cursor")
    return found


def read(rows: QuerySet[Any], *, order: Sequence[str], cursor: str, nullable: Collection[str] = ()) -> list[Any] | None:
    """What a cursor says of the columns of an order, as their fields read it; None without a cursor. Raises
    BadCursor."""
    if not cursor:
        return None
    names = [name.removeprefix("-") for name in order]
    given = decode(cursor, length=len(names))
    try:
        found = [_plain(_field(rows, name).to_python(value)) for name, value in zip(names, given, strict=True)]
    except (ValidationError, TypeError, ValueError, OverflowError):
        raise BadCursor(field="cursor") from None
    for name, value in zip(names, found, strict=True):
        if (value is None and name not in nullable) or (isinstance(value, str) and "\0" in value):
            raise BadCursor(field="cursor")
    return found


def _plain(value: Any) -> Any:
    """A moment as UTC, since PostgreSQL knows no distances of 16 hours from it. Raises ValueError for a naive one."""
    if not isinstance(value, datetime):
        return value
    if value.tzinfo is None:
        raise ValueError(value)
    return value.astimezone(UTC)


def condition(order: Sequence[str], values: Sequence[Any], nullable: Collection[str] = ()) -> Q:
    """(a, b) beyond (x, y): a not before x, by which an index is entered, and a beyond x or b beyond y."""
    column, value = order[0].removeprefix("-"), values[0]
    down = column != order[0]
    if value is None:
        not_before = Q() if down else Q(**{column: None})
        beyond = Q(**{f"{column}__isnull": False}) if down else Q(pk__in=[])
    else:
        last = Q(**{column: None}) if column in nullable and not down else Q()
        not_before = Q(**{f"{column}__{'lte' if down else 'gte'}": value}) | last
        beyond = Q(**{f"{column}__{'lt' if down else 'gt'}": value}) | last
    if len(order) == 1:
        return beyond
    return not_before & (beyond | condition(order[1:], values[1:], nullable))


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
    for part in name.split("__"):
        row = getattr(row, part)
    return row.pk if isinstance(row, Model) else row
