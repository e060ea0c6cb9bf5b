"""What a board needs first: whose it is, what is counted, what the map shows; and what needs its viewer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import QuerySet, TextChoices
from django.utils import timezone

from qipan.foundation.areas import queries as areas
from qipan.foundation.areas.models import Level, PointKind, PremisesKind
from qipan.foundation.duties import queries as duties
from qipan.foundation.duties.rules import State
from qipan.foundation.journal import queries as journal
from qipan.foundation.posts.models import Post
from qipan.live import here
from qipan.live.queries.figures import figures

LEVELS = {"district": Level.DISTRICT, "township": Level.TOWNSHIP, "village": Level.VILLAGE, "cell": Level.CELL}
MOST = 100  # duties
LAYERS = ("incidents", "heat", "premises", "points", "boundaries", "cells", "labels")
PLACES = ("id", "longitude", "latitude", "kind", "name")


def start(*, viewer: Post, now: datetime) -> dict[str, Any]:
    """The beginning of a board. The position is read first: what the feed tells after it misses nothing."""
    position = journal.last_position()
    shape = areas.geometry(viewer.area, at=now)
    return {
        "position": position,
        "now": now,
        "me": {
            "post": viewer.pk,
            "person": str(viewer.person),
            "role": viewer.role,
            "area": {"id": viewer.area_id, "level": viewer.level, "name": viewer.area.name},
            "unit": {"id": viewer.unit_id, "name": str(viewer.unit)} if viewer.unit_id else None,
        },
        "figures": figures(viewer=viewer, now=now),
        "layers": [*(["tiles"] if settings.TILES else []), *LAYERS, *(["staff"] if viewer.role in here.SEERS else [])],
        "map": {
            "bbox": list(shape.bounds) if shape is not None else None,
            "tiles": settings.TILES,
            "outlines": outlines(viewer),
        },
    }


def outlines(viewer: Post) -> str:
    """A mark that changes with every outline of the viewer's areas: whoever names it may keep what they got."""
    return f"{viewer.area_id}-{areas.revision(viewer.district_id)}-{timezone.localdate():%Y%m%d}"


def premises(*, viewer: Post) -> dict[str, Any]:
    """Columns id, longitude, latitude, kind and name of the viewer's premises that have a point; the kinds in words."""
    return _columns(areas.premises(viewer=viewer).filter(longitude__isnull=False), PremisesKind)


def points(*, viewer: Post) -> dict[str, Any]:
    """The same of the viewer's points: devices, booths, gates, shelters, hydrants."""
    return _columns(areas.points(viewer=viewer), PointKind)


def _columns(places: QuerySet[Any], kinds: type[TextChoices]) -> dict[str, Any]:
    rows = places.order_by("pk").values_list(*PLACES)
    columns = zip(*rows, strict=True) if rows else ([] for _name in PLACES)
    words = {kind.value: str(kind.label) for kind in kinds}
    return {**dict(zip(PLACES, columns, strict=True)), "kinds": words}


def needed(*, viewer: Post, now: datetime) -> dict[str, Any]:
    """What needs the viewer, soonest first, across all domains: {rows, more}."""
    work = duties.my_work(viewer=viewer, now=now, limit=MOST)
    rows = [
        {
            "id": row.duty.pk, "kind": row.duty.kind, "title": row.duty.title, "link": row.link,
            "about_kind": row.duty.about_kind, "about_id": row.duty.about_id, "due_at": row.duty.due_at,
            "warn_at": row.duty.warn_at, "starts_at": row.duty.starts_at, "urgent": row.duty.urgent,
            "paused": row.duty.state == State.PAUSED, "left": row.left,
            "label": " · ".join(word for word in (row.kind, row.duty.about_label) if word),
        }
        for row in work.rows
    ]  # fmt: skip
    return {"rows": rows, "more": max(0, work.total - len(rows))}
