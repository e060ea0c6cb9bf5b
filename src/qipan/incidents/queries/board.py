"""What a live map draws: every open incident in sight, and after that only what changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Max, TextField
from django.db.models.functions import Cast

from qipan.foundation.journal.models import Entry, Position
from qipan.foundation.posts.models import Post
from qipan.incidents import access
from qipan.incidents.models import IS_OPEN

COLUMNS = ("longitude", "latitude", "klass", "status", "urgent", "supervised", "due_at")
FEED = ("id", *COLUMNS)
MOST = 2_000  # changes told one by one; after more, a map is drawn anew


@dataclass(frozen=True, slots=True)
class Feed:
    """Rows (id, longitude, latitude, klass, status, urgent, supervised, due_at), the journal's position that they
    are as new as, and the ids of what is open no more. `whole`: everything there is, not only what changed."""

    rows: list[tuple[Any, ...]]
    position: int
    gone: list[UUID]
    whole: bool


def map_feed(*, viewer: Post) -> Feed:
    """Every visible open incident with a point. Two queries."""
    position = Position.objects.aggregate(last=Max("position"))["last"] or 0  # before the rows: nothing is missed
    rows = access.visible(viewer=viewer).filter(IS_OPEN, longitude__isnull=False)
    return Feed(_rows(rows), position, [], True)


def changes(*, viewer: Post, after: int) -> Feed:
    """What changed since a position: rows that are open now, and the ids of those that are not or are out of sight.

    Everything anew where too much happened in between, or where the position is not of this journal. Three queries.
    """
    places = list(
        Position.objects.filter(position__gte=after)
        .order_by("position")
        .values_list("position", "entry_id")[: MOST + 2]
    )
    if not places or places[0][0] != after or len(places) > MOST + 1:
        return map_feed(viewer=viewer)
    ids = set(
        Entry.objects.filter(
            pk__in=[entry for _position, entry in places[1:]], about_kind="incidents.incident",
            areas__contains=[viewer.area_id],
        ).values_list("about_id", flat=True)
    )  # fmt: skip
    if not ids:
        return Feed([], places[-1][0], [], False)
    rows = _rows(
        access.visible(viewer=viewer).filter(IS_OPEN, longitude__isnull=False, pk__in=[key for key in ids if key])
    )
    here = {row[0] for row in rows}
    return Feed(rows, places[-1][0], sorted(key for key in ids if key and str(key) not in here), False)


def _rows(rows: Any) -> list[tuple[Any, ...]]:
    return list(rows.annotate(key=Cast("id", TextField())).values_list("key", *COLUMNS))
