"""Which visits and plans a viewer may see or lock."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q, QuerySet

from qipan.foundation.areas.access import within
from qipan.foundation.posts.access import inside
from qipan.foundation.posts.models import Post
from qipan.foundation.posts.rules import Role
from qipan.foundation.refusals import NotFound
from qipan.inspections.models import Plan, Visit


def visible(*, viewer: Post) -> QuerySet[Visit]:
    """Visits in the viewer's area; for a handler, those of the unit or the post itself."""
    rows = Visit.objects.filter(district=viewer.district_id)
    own = Q(post=viewer) | (Q(unit=viewer.unit_id) if viewer.unit_id else Q(pk=None))
    if Role(viewer.role) == Role.HANDLER:
        return rows.filter(own)
    return rows.filter(Q(within(viewer.area)) | own)


def plans(*, viewer: Post) -> QuerySet[Plan]:
    """Plans of the viewer's own area and below."""
    return Plan.objects.filter(inside(viewer), district=viewer.district_id)


def lock(visit_id: UUID, *, viewer: Post) -> Visit:
    """The visit, locked for a change. Raises NotFound outside the viewer's sight."""
    if not visible(viewer=viewer).filter(pk=visit_id).exists():
        raise NotFound
    rows = Visit.objects.select_for_update(of=("self",)).select_related("premises", "checklist")
    return rows.get(pk=visit_id)


def lock_plan(plan_id: UUID, *, viewer: Post) -> Plan:
    """The plan, locked. Raises NotFound."""
    found = plans(viewer=viewer).select_for_update(of=("self",)).filter(pk=plan_id).first()
    if found is None:
        raise NotFound
    return found
