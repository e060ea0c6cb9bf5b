"""Units and departments, as a tree."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from qipan.foundation.areas.models import Area
from qipan.foundation.areas.operations.versions import impersonal
from qipan.foundation.journal import operations as journal
from qipan.foundation.journal.rules import Author
from qipan.foundation.posts import access
from qipan.foundation.posts.models import Post, Unit
from qipan.foundation.posts.operations.authors import check
from qipan.foundation.posts.rules import UnitKind
from qipan.foundation.refusals import Conflict, Invalid, NotFound


class CodeTaken(Conflict):
    """Another unit of this district has the code {code}."""


class UnitInUse(Conflict):
    """{count} posts still belong to this unit. End or move them first."""


class UnitsBelow(Conflict):
    """Other units still belong to this one. Move them first."""


class InACircle(Invalid):
    """A unit cannot belong to itself or to a unit below it."""


class Nameless(Invalid):
    """A name is needed."""


CHANGEABLE = frozenset({"name", "short_name", "code", "contact_text", "kind"})


@transaction.atomic
def create_unit(
    *,
    area: Area,
    kind: UnitKind | str,
    name: str,
    code: str = "",
    parent: Unit | None = None,
    contact_text: str = "",
    short_name: str = "",
    by: Post | Author,
    at: datetime,
) -> Unit:
    """A new unit at an area. Raises CodeTaken, Nameless, PersonalNumber; NotFound for a parent of another district."""
    check(by, "posts.administer", area)
    impersonal(name=name, code=code)
    if not name.strip():
        raise Nameless(field="name")
    if parent and parent.district_id != area.district_id:
        raise NotFound
    _check_code(code, district_id=area.district_id)
    unit = Unit.objects.create(
        district_id=area.district_id,
        area=area,
        kind=UnitKind(kind),
        name=name.strip(),
        short_name=short_name.strip(),
        code=code,
        parent=parent,
        contact_text=contact_text,
        valid_from=at,
    )
    journal.record("posts.unit_created", unit, by=by, at=at, unit_kind=str(kind), code=code)
    return unit


@transaction.atomic
def change_unit(*, unit_id: int, by: Post, at: datetime, parent: Unit | None = None, **values: Any) -> Unit:
    """Change a unit's name, short name, code, kind, contact, or the unit it belongs to."""
    access.require(by, "posts.administer")
    unit = access.lock_unit(unit_id, viewer=by)
    if unknown := set(values) - CHANGEABLE:
        raise TypeError(f"not changeable: {unknown}")
    changed = {key: value for key, value in values.items() if getattr(unit, key) != value}
    impersonal(name=changed.get("name", ""), code=changed.get("code", ""))
    if "code" in changed:
        _check_code(changed["code"], district_id=unit.district_id)
    if "name" in changed and not changed["name"].strip():
        raise Nameless(field="name")
    if parent and parent.pk != unit.parent_id:
        if parent.district_id != unit.district_id:
            raise NotFound
        _check_no_circle(unit, parent)
        unit.parent = parent
        changed["parent"] = parent.pk
    if not changed:
        return unit
    for key in CHANGEABLE & set(changed):
        setattr(unit, key, changed[key])
    unit.save()
    journal.record("posts.unit_changed", unit, by=by, at=at, changed=sorted(changed))
    return unit


@transaction.atomic
def close_unit(*, unit_id: int, by: Post, at: datetime, reason: str = "") -> Unit:
    """End a unit that no post and no unit belongs to any more. Raises UnitInUse, UnitsBelow."""
    access.require(by, "posts.administer")
    unit = access.lock_unit(unit_id, viewer=by)
    if count := Post.objects.filter(unit=unit).held(at).count():
        raise UnitInUse(count=count)
    if Unit.objects.filter(parent=unit, valid_to=None).exists():
        raise UnitsBelow
    unit.valid_to = at
    unit.save(update_fields=["valid_to"])
    journal.record("posts.unit_closed", unit, by=by, at=at, reason=reason)
    return unit


def _check_code(code: str, *, district_id: int) -> None:
    if code and Unit.objects.filter(district=district_id, code=code).exists():
        raise CodeTaken(field="code", code=code)


def _check_no_circle(unit: Unit, parent: Unit | None) -> None:
    while parent:
        if parent.pk == unit.pk:
            raise InACircle(field="parent")
        parent = parent.parent
