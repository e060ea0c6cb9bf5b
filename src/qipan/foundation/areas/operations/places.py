"""Changes of premises and points."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from qipan.foundation.areas import access, queries, rules
from qipan.foundation.areas.models import Area, Point, Premises
from qipan.foundation.areas.operations.versions import impersonal, pinyin
from qipan.foundation.journal import operations as journal
from qipan.foundation.refusals import Conflict, Invalid, NotFound


class NoSuchPremises(NotFound):
    """There are no such premises in your area."""


class PlaceUnknown(Invalid):
    """Say in which area it lies, or give its point inside the district's outlines."""


class PremisesCodeTaken(Conflict):
    """The code {code} already belongs to {name}."""


class EndsTooEarly(Invalid):
    """The last day lies before the first."""


@transaction.atomic
def add_premises(
    *,
    kind: str,
    name: str,
    area: Area | None = None,
    longitude: float | None = None,
    latitude: float | None = None,
    code: str = "",
    by: access.Viewer,
    at: datetime,
    since: date | None = None,
) -> Premises:
    """New premises in an area, or in the cell around their point. Raises PlaceUnknown, PremisesCodeTaken,
    PersonalNumber."""
    impersonal(name=name, code=code)
    row = Premises(
        kind=kind, name=name.strip(), pinyin=pinyin(name), code=code.strip(), active_from=since or rules.day_of(at)
    )
    row.place(_area(by, area, longitude, latitude, at), longitude, latitude)
    _free(row)
    row.save(force_insert=True)
    journal.record("areas.premises_added", row, by=by, at=at)
    return row


@transaction.atomic
def change_premises(
    *, premises_id: UUID, by: access.Viewer, at: datetime, area: Area | None = None, **changes: Any
) -> Premises:
    """Other values for `name`, `kind`, `code`, `longitude` and `latitude`, or another `area`. Raises PersonalNumber."""
    row = _lock(premises_id, by)
    unknown = set(changes) - {"name", "kind", "code", "longitude", "latitude"}
    if unknown:
        raise TypeError(f"not fields of premises: {', '.join(sorted(unknown))}")
    for name, value in changes.items():
        setattr(row, name, value.strip() if isinstance(value, str) else value)
    impersonal(name=row.name, code=row.code)
    row.pinyin = pinyin(row.name)
    if area is not None:
        row.place(access.get(area.pk, viewer=by), row.longitude, row.latitude)
    _free(row)
    row.save()
    journal.record("areas.premises_changed", row, by=by, at=at, fields=sorted([*changes, *(["area"] if area else [])]))
    return row


@transaction.atomic
def close_premises(
    *, premises_id: UUID, by: access.Viewer, at: datetime, until: date | None = None, reason: str = ""
) -> Premises:
    """Premises that are no longer: `until` is the first day without them."""
    row = _lock(premises_id, by)
    row.active_to = until or rules.day_of(at)
    if row.active_to <= row.active_from:
        raise EndsTooEarly(field="until")
    row.save(update_fields=["active_to"])
    journal.record("areas.premises_closed", row, by=by, at=at, reason=reason)
    return row


@transaction.atomic
def add_point(
    *,
    kind: str,
    name: str,
    longitude: float,
    latitude: float,
    area: Area | None = None,
    code: str = "",
    by: access.Viewer,
    at: datetime,
    since: date | None = None,
) -> Point:
    """A new point, in the cell around it or in the area given. Raises PlaceUnknown, PersonalNumber."""
    impersonal(name=name, code=code)
    row = Point(kind=kind, name=name.strip(), code=code.strip(), active_from=since or rules.day_of(at))
    row.place(_area(by, area, longitude, latitude, at), longitude, latitude)
    row.save(force_insert=True)
    journal.record("areas.point_added", row, by=by, at=at)
    return row


def _area(by: access.Viewer, area: Area | None, longitude: float | None, latitude: float | None, at: datetime) -> Area:
    if area is not None:
        return access.get(area.pk, viewer=by)
    if longitude is not None and latitude is not None:
        found = queries.locate(district_id=by.district_id, longitude=longitude, latitude=latitude, at=at)
        if found is not None:
            return access.get(found.pk, viewer=by)
    raise PlaceUnknown(field="area")


def _free(row: Premises) -> None:
    taken = Premises.objects.filter(district_id=row.district_id, code=row.code).exclude(pk=row.pk)
    if row.code and (holder := taken.first()):
        raise PremisesCodeTaken(field="code", code=row.code, name=holder.name)


def _lock(premises_id: UUID, by: access.Viewer) -> Premises:
    found = access.visible_located(Premises, viewer=by).select_for_update(of=("self",)).filter(pk=premises_id).first()
    if found is None:
        raise NoSuchPremises
    return found
