"""Where those on duty are: told by themselves, for as long as they are on duty, to the desks above them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from qipan.foundation.posts import queries as posts
from qipan.foundation.posts.models import Post, Shift
from qipan.foundation.posts.operations.shifts import NotOnShift
from qipan.foundation.posts.rules import Role
from qipan.foundation.refusals import Forbidden
from qipan.live.models import Here

KEPT = timedelta(minutes=15)
SEERS = frozenset({Role.COMMANDER, Role.DISPATCHER})


class NotForThisRole(Forbidden):
    """Where staff are is shown to commanders and dispatchers only."""


@transaction.atomic
def tell(*, by: Post, longitude: float, latitude: float, accuracy: float, at: datetime) -> None:
    """The post's own point (degrees, WGS 84; metres). Nothing is journalled. Raises NotOnShift."""
    if not Shift.objects.select_for_update().filter(post=by, closed_at=None).exists():
        raise NotOnShift
    point = {"longitude": round(longitude, 6), "latitude": round(latitude, 6), "accuracy": round(accuracy, 1), "at": at}
    Here.objects.update_or_create(post=by, defaults=point)


def forget(*, at: datetime) -> int:
    """Points that are too old, and those of shifts or posts that are over; how many."""
    on_duty = Shift.objects.filter(closed_at=None, post__in=Post.objects.in_force(at).values("pk")).values("post")
    old = Here.objects.filter(at__lt=at - KEPT).delete()[0]
    return old + Here.objects.exclude(post__in=on_duty).delete()[0]


def staff(*, viewer: Post, at: datetime) -> list[dict[str, Any]]:
    """Those on duty in the viewer's area whose point is known. Raises NotForThisRole."""
    if viewer.role not in SEERS:
        raise NotForThisRole
    on_duty = posts.on_shift(viewer=viewer, at=at)
    rows = Here.objects.filter(post__in=on_duty.values("pk"), at__gte=at - KEPT)
    rows = rows.select_related("post__person", "post__unit").order_by("pk")
    return [
        {"post": row.pk, "name": str(row.post.person), "role": str(row.post.get_role_display()),
         "unit": str(row.post.unit or ""), "longitude": row.longitude, "latitude": row.latitude,
         "accuracy": row.accuracy, "at": row.at}
        for row in rows
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Dot:
    """A point, and the ids of the areas that its post is in."""

    post: UUID
    longitude: float
    latitude: float
    areas: frozenset[int | None]


def dots(*, at: datetime) -> list[Dot]:
    """Everybody's, for the feed. One query."""
    areas = (f"post__area__{name}" for name in ("district_id", "township_id", "village_id", "id"))
    rows = Here.objects.filter(at__gte=at - KEPT, post__in=Post.objects.in_force(at).values("pk")).order_by("post_id")
    return [
        Dot(post, x, y, frozenset(inside))
        for post, x, y, *inside in rows.values_list("post_id", "longitude", "latitude", *areas)
    ]
