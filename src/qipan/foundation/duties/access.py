"""Which duties a viewer may see, and which it may change.

A duty of the open class is seen in its area. A private or secret one is seen by whom it is owed by, by the head of that
unit where the kind says so, and by whom else the kind names.
"""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q, QuerySet

from qipan.foundation.areas.access import within
from qipan.foundation.duties import kinds
from qipan.foundation.duties.models import Duty
from qipan.foundation.duties.rules import State
from qipan.foundation.journal.rules import Class
from qipan.foundation.posts.models import Post
from qipan.foundation.refusals import NotFound


class NoSuchDuty(NotFound):
    """There is no such duty in your area."""


def posts_of(viewer: Post) -> list[UUID]:
    """The posts that this one acts for: itself, and as a deputy its main post too."""
    return [viewer.pk, viewer.deputy_of_id] if viewer.deputy_of_id else [viewer.pk]


def owed_by(viewer: Post) -> Q:
    """Duties that need this viewer: its own, and those of its unit that nobody in it has taken."""
    mine = Q(post__in=posts_of(viewer))
    return mine | Q(post=None, unit=viewer.unit_id) if viewer.unit_id else mine


def visible(*, viewer: Post | None) -> QuerySet[Duty]:
    """Duties this viewer may see, ended ones included."""
    if viewer is None:
        return Duty.objects.none()
    seen = owed_by(viewer) | (Q(privacy=Class.OPEN) & within(viewer.area))
    for kind in kinds.every():
        if kind.may_see is not None:
            seen |= Q(kind=kind.name) & kind.may_see(viewer)
    return Duty.objects.filter(seen, district=viewer.district_id)


def get(duty_id: UUID, *, viewer: Post | None) -> Duty:
    """One visible duty. Raises NoSuchDuty for any other."""
    found = (
        visible(viewer=viewer)
        .select_related("unit", "post__person", "post__unit", "post__area")
        .filter(pk=duty_id)
        .first()
    )
    if found is None:
        raise NoSuchDuty
    return found


def lock(duty_id: UUID, *, viewer: Post | None) -> Duty:
    """The same, locked until the transaction ends."""
    found = visible(viewer=viewer).select_for_update(of=("self",)).filter(pk=duty_id).first()
    if found is None:
        raise NoSuchDuty
    return found


def running(*, viewer: Post | None) -> QuerySet[Duty]:
    """Visible duties that have not ended."""
    return visible(viewer=viewer).exclude(state=State.ENDED)
