"""A phone's patrol list: which premises are due for a visit by its post, and what is looked at there."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson
from django.db.models import Q

from qipan.foundation.areas.access import within
from qipan.foundation.posts.models import Post
from qipan.inspections import access
from qipan.inspections.models import Checklist, Visit
from qipan.inspections.rules import State

MOST = 500
LINES = ("premises", "plan__area", "cell", "village")


def patrol(viewer: Post, known: str) -> dict[str, Any]:
    """{revision, visits, checklists}; both None where the phone holds this revision already. The visits are those that
    the post may hand in, the first due first; texts in both languages, as a phone changes its language offline."""
    rows = list(_owed(viewer)) if viewer.may("inspections.visit") else []
    lists = Checklist.objects.filter(pk__in={row.checklist_id for row in rows}).prefetch_related("items")
    visits, checklists = [_visit(row) for row in rows], [_checklist(one) for one in lists.order_by("kind", "id")]
    revision = hashlib.sha256(orjson.dumps([visits, checklists])).hexdigest()[:16]
    if known == revision:
        return {"revision": revision, "visits": None, "checklists": None}
    return {"revision": revision, "visits": visits, "checklists": checklists}


def _owed(viewer: Post) -> Any:
    mine = Q(post=viewer) | Q(within(viewer.area), post=None, unit=None)
    if viewer.unit_id:
        mine |= Q(unit=viewer.unit_id)
    rows = access.visible(viewer=viewer).filter(mine, state=State.OWED).select_related(*LINES)
    return rows.order_by("due_at", "id")[:MOST]


def _visit(row: Visit) -> dict[str, Any]:
    plan = row.plan
    return {
        "id": str(row.pk), "premises": str(row.premises_id), "name": row.premises.name, "kind": row.premises.kind,
        "longitude": row.longitude, "latitude": row.latitude, "cell": row.cell_id,
        "place": str(row.cell or row.village or ""), "opened_at": row.opened_at, "due_at": row.due_at,
        "plan": {"id": str(plan.pk), "area": plan.area.name, "every_days": plan.every_days} if plan else None,
        "checklist": str(row.checklist_id),
    }  # fmt: skip


def _checklist(one: Checklist) -> dict[str, Any]:
    items = [
        {"id": str(item.pk), "text": item.text, "text_en": item.text_en, "category": item.category_key}
        for item in one.items.all()
    ]
    return {"id": str(one.pk), "name": one.name, "name_en": one.name_en, "items": items}
