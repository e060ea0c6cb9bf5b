"""What the API modules of rooms and domains are written with.

A room's `api` module has `ROUTERS = [("/areas", router)]`; the assembly mounts them below /api/v1. Texts are English
literals inside `_()` (gettext_noop): summary and description of each operation, description of each field; the OpenAPI
document is translated as it is served. Each field has examples. Every write is refused without an Idempotency-Key and
runs through `posts.api_once.once`, which keeps its answer: ids and states, nothing personal.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar

from django.utils.translation import gettext_noop as _
from ninja import Path, Query, Schema
from pydantic import AfterValidator, AwareDatetime, Field

from qipan.foundation.interface.cursors import Page

T = TypeVar("T")


def in_utc(given: datetime) -> datetime:
    """The same moment in UTC: PostgreSQL knows no distances of 16 hours from it. Raises ValueError beyond year 9999."""
    try:
        return given.astimezone(UTC)
    except OverflowError as problem:
        raise ValueError(str(problem)) from problem


def has_nul(value: Any) -> bool:
    """Whether any text in a JSON value holds NUL, which PostgreSQL has in no text."""
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(has_nul(each) for pair in value.items() for each in pair)
    return isinstance(value, list) and any(has_nul(each) for each in value)


BIGGEST = 2**63 - 1
AreaId = Annotated[
    int, Field(ge=1, le=BIGGEST, description=_("The number of an area (never its official code)."), examples=[1])
]
UnitId = Annotated[int, Field(ge=1, le=BIGGEST, description=_("The number of a unit."), examples=[1])]
UnitInPath = Annotated[int, Path(ge=1, le=BIGGEST, description=_("The number of a unit."))]
Cursor = Annotated[
    str,
    Query(max_length=400, description=_("`next` or `previous` of a page; empty for the first page."), examples=[""]),
]
Limit = Annotated[int, Query(ge=1, le=200, description=_("Rows to a page."), examples=[50])]


Moment = Annotated[AwareDatetime, AfterValidator(in_utc)]


class PageOf(Schema, Generic[T]):
    """One page of a list."""

    items: list[T] = Field(description=_("The rows of this page."))
    next: str = Field(description=_("The cursor of the next page; empty at the end."), examples=[""])
    previous: str = Field(description=_("The cursor of the previous page; empty on the first."), examples=[""])


class FeedOf(Schema, Generic[T]):
    """What has come since; it is only read onward."""

    items: list[T] = Field(description=_("The rows of this page."))
    next: str = Field(description=_("The cursor to go on with."), examples=[""])


def shown(page: Page[Any], row: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    """A page as PageOf gives it."""
    return {"items": [row(one) for one in page.items], "next": page.next, "previous": page.previous}
