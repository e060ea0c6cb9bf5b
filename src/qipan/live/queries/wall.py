"""What a wall screen shows: its views, and the lists and groups of them. No title of a private matter, no person."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import get_language

from qipan.foundation.posts.models import Post
from qipan.incidents import queries as incidents
from qipan.incidents.queries import Filters, scores
from qipan.live.models import WallView
from qipan.live.queries.figures import figures

MOST = 8  # rows that fit a screen at four metres
DAYS = 30  # of the scoreboard
USUAL = (("area", 30), ("worst", 20), ("supervised", 20), ("figures", 15))


def views(*, viewer: Post) -> list[dict[str, Any]]:
    """[{kind, seconds, part: {id, name, level} | None}]: those of the nearest area, from the viewer's own upward, that
    has some; the usual ones without. A view of a part outside the viewer's area is left out."""
    rows = WallView.objects.filter(area__in=viewer.area.path).select_related("part", "area")
    nearest = max((row.area.level for row in rows), default=0)
    found = [
        {"kind": row.kind, "seconds": row.seconds,
         "part": {"id": row.part.pk, "name": row.part.name, "level": row.part.level} if row.part else None}
        for row in rows
        if row.area.level == nearest and (row.part is None or viewer.area_id in row.part.path)
    ]  # fmt: skip
    if not viewer.may("incidents.scores"):
        found = [view for view in found if view["kind"] != "scores"]
    return found or [{"kind": kind, "seconds": seconds, "part": None} for kind, seconds in USUAL]


def wall(*, viewer: Post, now: datetime, groups: bool) -> dict[str, Any]:
    """{now, views, figures, worst, supervised, groups}; `groups` None unless asked for: it reads a month."""
    return {
        "now": now,
        "views": views(viewer=viewer),
        "figures": figures(viewer=viewer, now=now),
        "worst": _rows(viewer, "open", now),
        "supervised": _rows(viewer, "supervised", now),
        "groups": _groups(viewer, now) if groups else None,
    }


def _rows(viewer: Post, state: str, now: datetime) -> list[dict[str, Any]]:
    english = (get_language() or "").startswith("en")
    page = incidents.page(viewer=viewer, filters=Filters(state=state), now=now, order="due", limit=MOST)
    return [
        {
            "number": row["number"],
            "title": "" if row["private"] else row["title"],
            "kind": "" if row["private"] else row["category_name_en" if english else "category_name"],
            "place": row["village_name"] or row["township_name"] or "",
            "unit": row["unit_name"] or "",
            "due_at": row["due_at"],
            "urgent": row["urgent"],
            "supervised": row["supervised"],
        }
        for row in page.rows
    ]


def _groups(viewer: Post, now: datetime) -> list[dict[str, Any]]:
    """Units among their like, as the scoreboard has them; none that would rank persons."""
    if not viewer.may("incidents.scores"):
        return []
    today = timezone.localdate(now)
    found = scores.scores(viewer=viewer, since=today - timedelta(days=DAYS - 1), until=today, at=now, most=MOST)
    return [
        {"name": str(group.name),
         "rows": [{"name": row.name, "closed": row.closed, "on_time": row.on_time_share, "place": row.place}
                  for row in group.rows if row.ranked]}
        for group in found
        if any(row.ranked for row in group.rows)
    ]  # fmt: skip
