"""The journal over the API: what happened, as far as the viewer may read it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext_noop as _
from ninja import Query, Router, Schema
from pydantic import Field

from qipan.foundation.interface.api import BIGGEST, Cursor, FeedOf, Limit, Moment, PageOf, shown
from qipan.foundation.interface.cursors import BadCursor, decode, encode
from qipan.foundation.journal import queries
from qipan.foundation.journal.models import Entry

router = Router(tags=["journal"])
ROUTERS = [("/journal", router)]


class EntryOut(Schema):
    """One thing that happened."""

    id: int = Field(description=_("Says nothing about order: positions do."), examples=[4711])
    at: datetime = Field(description=_("When it happened."), examples=["2026-05-04T08:30:00Z"])
    kind: str = Field(description=_("What happened, as a code."), examples=["posts.shift_opened"])
    words: str = Field(description=_("What happened, in words."), examples=["On duty"])
    about_kind: str = Field(description=_("The kind of thing it is about."), examples=["posts.post"])
    about_id: UUID | None = Field(
        description=_("The id of that thing."), examples=["0198c0de-0000-7000-8000-000000000002"]
    )
    about_label: str = Field(description=_("Its name or number at that time."), examples=["QP20260504-00017"])
    areas: list[int] = Field(description=_("The areas it happened in, from the district down."), examples=[[1, 12]])
    by: str = Field(description=_("Who did it, for which post."), examples=["The system"])
    status_before: str = Field(description=_("The status before."), examples=["filed"])
    status_after: str = Field(description=_("The status after."), examples=["dispatched"])
    reason: str = Field(description=_("The reason that was given."), examples=[""])
    detail: dict[str, Any] = Field(description=_("What else there is to say; never personal data."), examples=[{}])

    @classmethod
    def of(cls, entry: Entry) -> dict[str, Any]:
        names = ("id", "at", "kind", "about_kind", "about_id", "about_label", "areas", "status_before", "status_after",
                 "reason", "detail")  # fmt: skip
        found = {name: getattr(entry, name) for name in names}
        return found | {"words": entry.kind_text, "by": entry.by_text}


class Placed(EntryOut):
    """One thing that happened, with its place in the one order of all."""

    position: int = Field(description=_("Its place in the one order of all entries, without gaps."), examples=[4700])


class Filters(Schema):
    """What to look for; everything may be left out."""

    kind: str = Field(
        "", max_length=64, description=_("One kind, or a room with its dot: `posts.`"), examples=["posts."]
    )
    about_kind: str = Field("", max_length=40, description=_("The kind of thing."), examples=["incidents.incident"])
    about: str = Field("", max_length=200, description=_("A number or id of a thing."), examples=["QP20260504-00017"])
    area: Annotated[int, Field(ge=1, le=BIGGEST)] | None = Field(
        None, description=_("Only what happened in this area."), examples=[1]
    )
    since: Moment | None = Field(None, description=_("From this time on."), examples=["2026-05-04T00:00:00Z"])
    until: Moment | None = Field(None, description=_("Before this time."), examples=["2026-05-05T00:00:00Z"])


@router.get(
    "/entries",
    response=PageOf[EntryOut],
    summary=_("Entries that your post may read, newest first"),
    description=_("Entries of your own area up to the privacy that your post may read, and what you did yourself."),
)
def entries(request: HttpRequest, filters: Query[Filters], cursor: Cursor = "", limit: Limit = 50) -> Any:
    wanted = queries.Filters(
        kind=filters.kind,
        area_id=filters.area,
        about_kind=filters.about_kind,
        about=filters.about,
        since=filters.since,
        until=filters.until,
    )
    page = queries.recent(viewer=request.viewer, filters=wanted, after=cursor, limit=limit)  # type: ignore[attr-defined]
    return shown(page, EntryOut.of)


@router.get(
    "/positions",
    response=FeedOf[Placed],
    summary=_("Entries after a position, oldest first"),
    description=_(
        "For programs that follow along: ask again with `next` as the cursor, which is given even where nothing is new."
    ),
)
def positions(request: HttpRequest, cursor: Cursor = "", limit: Limit = 50) -> Any:
    after = _number(cursor) if cursor else 0
    found, seen = queries.feed(viewer=request.viewer, after=after, limit=limit)  # type: ignore[attr-defined]
    items = [EntryOut.of(entry) | {"position": entry.position} for entry in found]  # type: ignore[attr-defined]
    return {"items": items, "next": encode(seen)}


def _number(cursor: str) -> int:
    (number,) = decode(cursor, length=1)
    if not isinstance(number, int) or not 0 <= number <= BIGGEST:
        raise BadCursor(field="cursor")
    return number
