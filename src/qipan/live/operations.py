"""What wall screens rotate through, set by who commands or administers an area."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from qipan.foundation.areas import access as areas
from qipan.foundation.areas.models import Area
from qipan.foundation.journal import operations as journal
from qipan.foundation.posts.access import require
from qipan.foundation.posts.models import Post
from qipan.foundation.refusals import Invalid
from qipan.live.models import LONGEST, MOST_VIEWS, SHORTEST, WallView

ABILITY = "live.set_wall"


class TooManyViews(Invalid):
    """A wall screen rotates through at most {most} views."""


class SecondsOutOfRange(Invalid):
    """A view stays for {shortest} to {longest} seconds."""


class PartMissing(Invalid):
    """Choose which part of the area this view shows."""


@dataclass(frozen=True, slots=True)
class View:
    """One view to be set. `part`: the area below that a view of one part shows."""

    kind: str
    seconds: int
    part: int | None = None


@transaction.atomic
def set_views(*, views: Sequence[View], by: Post, at: datetime) -> list[WallView]:
    """Set the views of `by`'s own area, in this order; none means those of the area above, or the usual ones.

    Raises NotYours, TooManyViews, SecondsOutOfRange, PartMissing; NoSuchArea for a part outside `by`'s area.
    """
    require(by, ABILITY)
    if len(views) > MOST_VIEWS:
        raise TooManyViews(most=MOST_VIEWS)
    Area.objects.select_for_update().get(pk=by.area_id)
    made = [_made(view, order, by) for order, view in enumerate(views, 1)]
    WallView.objects.filter(area=by.area_id).delete()
    WallView.objects.bulk_create(made)
    journal.record(
        "live.wall_set", by.area, by=by, at=at,
        views=[{"kind": view.kind, "seconds": view.seconds, "part": view.part_id} for view in made],
    )  # fmt: skip
    return made


def _made(view: View, order: int, by: Post) -> WallView:
    kind = WallView.Kind(view.kind)
    if not SHORTEST <= view.seconds <= LONGEST:
        raise SecondsOutOfRange(field=f"seconds_{order}", shortest=SHORTEST, longest=LONGEST)
    part = None
    if kind is WallView.Kind.TOWNSHIP:
        if view.part is None:
            raise PartMissing(field=f"part_{order}")
        part = areas.get(view.part, viewer=by)
    return WallView(area_id=by.area_id, order=order, kind=kind, seconds=view.seconds, part=part)
