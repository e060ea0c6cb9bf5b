"""What a phone holds: the open duties of its post with their incidents, and what it is to forget."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from qipan.foundation.areas import queries as areas
from qipan.foundation.devices.models import Device
from qipan.foundation.duties import access as duty_access
from qipan.foundation.duties.models import Duty
from qipan.foundation.duties.rules import State
from qipan.foundation.journal import queries as journal
from qipan.foundation.journal.models import Position
from qipan.foundation.posts.models import Post
from qipan.incidents import access
from qipan.incidents.models import Category, Incident
from qipan.workflows.field.commands import next_steps
from qipan.workflows.field.patrol import patrol

MOST, CHANGES = 500, 2_000
KIND = "incidents.incident"


def down(
    *,
    device: Device,
    viewer: Post,
    cursor: int | None,
    areas_revision: int | None,
    categories_revision: str,
    now: datetime,
    patrol_revision: str = "",
) -> dict[str, Any]:
    """Rows that are new or changed since the cursor, ids to forget, and outlines, categories and patrol list
    where they changed.

    `whole`: the rows are all there are, what else the phone holds it forgets. So it is at first, when the cursor is
    not the one that was given last (an answer was lost on its way), and after more than 2,000 changes.
    """
    position = journal.last_position()  # before the rows: what comes later is told again
    changed = _changed(cursor, position) if cursor is not None and cursor == device.cursor else None
    duties: dict[UUID, list[Duty]] = defaultdict(list)
    owed = Duty.objects.filter(duty_access.owed_by(viewer), district=viewer.district_id, about_kind=KIND)
    for duty in owed.exclude(state=State.ENDED).order_by("due_at", "id")[:MOST]:
        duties[duty.about_id].append(duty)
    rows = access.visible(viewer=viewer).filter(pk__in=duties).select_related("category", "cell", "village")
    found = {incident.pk: incident for incident in rows.defer("search").order_by()}
    held = set(device.holds)
    told = [incident for key, incident in found.items() if changed is None or key in changed or key not in held]
    device.cursor, device.holds = position, sorted(found)
    Device.objects.filter(pk=device.pk).update(cursor=position, holds=device.holds)
    order = {key: number for number, key in enumerate(duties)}
    return {
        "cursor": str(position),
        "whole": changed is None,
        "lease_until": device.lease_until,
        "now": now,
        "rows": [_row(each, duties[each.pk], viewer) for each in sorted(told, key=lambda one: order[one.pk])],
        "gone": [] if changed is None else sorted(str(key) for key in held - found.keys()),
        "areas": _areas(viewer, areas_revision),
        "categories": _categories(viewer, categories_revision),
        "patrol": patrol(viewer, patrol_revision),
    }


def _changed(after: int, newest: int) -> set[UUID] | None:
    """What the journal tells of since a position; None where that is too much or no position of this journal."""
    if not 0 <= newest - after <= CHANGES:
        return None
    rows = Position.objects.filter(position__gt=after, position__lte=newest, entry__about_kind=KIND)
    return {key for key in rows.values_list("entry__about_id", flat=True) if key}


def _row(incident: Incident, duties: list[Duty], viewer: Post) -> dict[str, Any]:
    """What the phone shows of one incident: masked text, never who reported it."""
    category = incident.category
    return {
        "id": incident.pk, "version": incident.version, "number": incident.number, "status": str(incident.status),
        "klass": incident.klass, "category": category.key, "title": incident.title, "text": incident.text,
        "address": incident.address, "urgent": incident.urgent, "private": incident.private,
        "supervised": incident.supervised, "longitude": incident.longitude, "latitude": incident.latitude,
        "cell": incident.cell_id, "place": str(incident.cell or incident.village or ""),
        "reported_at": incident.reported_at, "due_at": incident.due_at, "photo_reason": category.photo_reason,
        "steps": next_steps(incident, by=viewer),
        "duties": [
            {"id": duty.pk, "kind": duty.kind, "state": str(duty.state), "due_at": duty.due_at,
             "warn_at": duty.warn_at, "starts_at": duty.starts_at} for duty in duties
        ],
    }  # fmt: skip


def _areas(viewer: Post, known: int | None) -> dict[str, Any]:
    revision = areas.revision(viewer.district_id)
    if known == revision:
        return {"revision": revision, "outlines": None}
    return {"revision": revision, "outlines": orjson.loads(areas.outline(viewer.area, level=4))}


def _categories(viewer: Post, known: str) -> dict[str, Any]:
    rows = [
        {"key": one.key, "name": one.name, "name_en": one.name_en, "klass": one.klass, "private": one.private,
         "urgent": one.urgent_default, "photo_reason": one.photo_reason, "order": one.order}
        for one in Category.objects.filter(district=viewer.district_id, valid_to=None).order_by("order", "key")
    ]  # fmt: skip
    revision = hashlib.sha256(orjson.dumps(rows)).hexdigest()[:16]
    return {"revision": revision, "rows": None if known == revision else rows}
