"""What a live map draws: every open incident in sight, and after that only what changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Exists, Max, OuterRef, Q

from qipan.foundation.journal.models import Entry, Position
from qipan.foundation.journal.rules import Class
from qipan.foundation.posts.models import Post
from qipan.incidents import access
from qipan.incidents.models import IS_OPEN, Incident, Supervision
from qipan.incidents.queries import fragments

COLUMNS = ("longitude", "latitude", "klass", "status", "urgent", "supervised", "due_at")
FEED = ("id", *COLUMNS)
ON_MAP = IS_OPEN & Q(longitude__isnull=False)
SUPERVISION = "incidents.supervision"
MOST = 2_000  # changes told one by one; after more, a map is drawn anew


@dataclass(frozen=True, slots=True)
class Feed:
    """Rows (id, longitude, latitude, klass, status, urgent, supervised, due_at), the journal's position that they
    are as new as, and the ids of what is open no more. `whole`: everything there is, not only what changed."""

    rows: list[tuple[Any, ...]]
    position: int
    gone: list[UUID]
    whole: bool


Held = Callable[[Post], Feed | None]
_held: list[Held] = []


def hold(answer: Held) -> None:
    """Whole maps are asked of this first; it answers None where it cannot say what the database would."""
    _held[:] = [answer]


def map_feed(*, viewer: Post) -> Feed:
    """Every visible open incident with a point. Two queries, or one where the rows are held in the process."""
    for held in _held:
        if (found := held(viewer)) is not None:
            return found
    return read(viewer=viewer)


def read(*, viewer: Post) -> Feed:
    """The same from the database. Two queries."""
    position = Position.objects.aggregate(last=Max("position"))["last"] or 0  # before the rows: nothing is missed
    return Feed(_rows(viewer, ON_MAP), position, [], True)


def changes(*, viewer: Post, after: int) -> Feed:
    """What changed since a position: rows that are open now, and the ids of those that are not or are out of sight.

    Everything anew where too much happened in between, or where the position is not of this journal. Four queries.
    """
    places = list(
        Position.objects.filter(position__gte=after)
        .order_by("position")
        .values_list("position", "entry__about_kind", "entry__about_id", "entry__areas")[: MOST + 2]
    )
    if not places or places[0][0] != after or len(places) > MOST + 1:
        return map_feed(viewer=viewer)
    near = [(kind, about) for _position, kind, about, areas in places[1:] if about and viewer.area_id in (areas or ())]
    ids = {about for kind, about in near if kind == "incidents.incident"}
    ids |= set(supervised(about for kind, about in near if kind == SUPERVISION).values())
    if not ids:
        return Feed([], places[-1][0], [], False)
    rows = _rows(viewer, ON_MAP & Q(pk__in=ids))
    here = {row[0] for row in rows}
    return Feed(rows, places[-1][0], gone([key for key in ids if str(key) not in here], viewer=viewer), False)


def supervised(supervisions: Iterable[UUID]) -> dict[UUID, UUID]:
    """The incident of each: its end is told of the supervision, and changes the incident. A query, none for none."""
    keys = list(supervisions)
    return dict(Supervision.objects.filter(pk__in=keys).values_list("pk", "incident_id")) if keys else {}


def gone(ids: list[UUID], *, viewer: Post) -> list[UUID]:
    """Those among the ids that the viewer may have drawn: what is or was in sight, never what was always out of it.

    Was: its journal names it open to all of an area that the viewer's role reads, or with the viewer's unit or post.
    """
    entries = Entry.objects.filter(about_kind="incidents.incident", about_id=OuterRef("pk"))
    had = Q(post_id=viewer.pk) | (Q(unit_id=viewer.unit_id) if viewer.unit_id else Q(pk__in=()))
    if access.reads_area(viewer):
        had |= Q(privacy=Class.OPEN, areas__contains=[viewer.area_id])
    known = access.scope(viewer) | Exists(entries.filter(had))
    rows = Incident.objects.filter(known, pk__in=ids).filter(access.never_hidden(viewer))
    return sorted(rows.order_by().values_list("pk", flat=True))


def _rows(viewer: Post, condition: Q) -> list[tuple[Any, ...]]:
    """Each ground of sight by its own index: all in one condition, they would be tried on every open row."""
    narrowed, grounds = fragments.of(condition), fragments.sight(viewer, mine=False)
    if narrowed is None or not grounds:
        return []
    statement = " UNION ".join(
        f"SELECT id::text, {', '.join(COLUMNS)} FROM incidents_incident WHERE {sql} AND {narrowed[0]}"  # noqa: S608
        for sql, _values in grounds
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [value for _sql, values in grounds for value in (*values, *narrowed[1])])
        return list(cursor.fetchall())
