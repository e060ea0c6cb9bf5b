"""Changes of the tree: areas founded, renamed, moved, recoded, closed."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.db.models import Q

from qipan.foundation.areas import access, queries, rules
from qipan.foundation.areas.models import (
    Area,
    Code,
    DistrictProfile,
    Jurisdiction,
    Kind,
    Level,
    System,
)
from qipan.foundation.areas.operations.versions import hold, impersonal, pinyin, succeed, touch
from qipan.foundation.journal import operations as journal
from qipan.foundation.journal.rules import HasAuthor
from qipan.foundation.refusals import Conflict, Invalid


class CodeTaken(Conflict):
    """The code {code} already belongs to {name}."""


class NotAParent(Invalid):
    """{name} cannot lie there: a township lies in a district, a village in a township, a grid cell in a village."""


class LiesThere(Invalid):
    """{name} lies there already."""


class HasAreas(Conflict):
    """{name} still contains other areas. Move or close those first."""


class AreaClosed(Conflict):
    """{name} is closed."""


class FromTooEarly(Invalid):
    """The change cannot begin before the area itself, nor in the future."""


def system_of(level: int) -> str:
    """Whose numbering the code of an area usually is."""
    return System.GRID if level == Level.CELL else System.STATISTICAL


@transaction.atomic
def found_district(
    *, name: str, code: str = "", kind: str = Kind.DISTRICT, by: HasAuthor, at: datetime, since: date | None = None
) -> Area:
    """A new district of this installation, with its own profile and nothing in it yet. Raises PersonalNumber."""
    impersonal(name=name, code=code)
    since = since or rules.day_of(at)
    (number,) = queries.next_ids(1)
    district = Area.objects.create(
        id=number, level=Level.DISTRICT, district_id=number, name=name.strip(), kind=kind, pinyin=pinyin(name),
        valid_from=since,
    )  # fmt: skip
    DistrictProfile.objects.create(district=district, languages=["zh-hans", "en"])
    if code:
        Code.objects.create(
            area=district, district=district, system=System.STATISTICAL, code=code.strip(), valid_from=since
        )
    touch(number)
    journal.record("areas.founded", district, by=by, at=at, name=district.name)
    return district


@transaction.atomic
def create(
    *,
    parent: Area,
    name: str,
    kind: str,
    code: str = "",
    system: str = "",
    by: HasAuthor,
    at: datetime,
    since: date | None = None,
) -> Area:
    """A new area directly below `parent`. Raises AreaClosed, NotAParent, CodeTaken, PersonalNumber."""
    impersonal(name=name, code=code)
    since = since or rules.day_of(at)
    hold(parent.district_id)
    parent = Area.objects.get(pk=parent.pk)
    if parent.valid_to is not None:
        raise AreaClosed(name=parent.name)
    if parent.level >= Level.CELL:
        raise NotAParent(field="parent", name=name)
    (number,) = queries.next_ids(1)
    area = Area(
        id=number, level=parent.level + 1, parent=parent, name=name.strip(), kind=kind, pinyin=pinyin(name),
        valid_from=since,
    )  # fmt: skip
    _stand_below(area, parent)
    area.save(force_insert=True)
    Jurisdiction.objects.create(area=area, parent=parent, valid_from=since)
    if code:
        system = system or system_of(area.level)
        _free(area, code=code, system=system, since=since)
        Code.objects.create(area=area, district_id=area.district_id, system=system, code=code, valid_from=since)
    touch(area.district_id)
    journal.record("areas.created", area, by=by, at=at, parent=parent.name)
    return area


@transaction.atomic
def rename(*, area_id: int, name: str, by: access.Viewer, at: datetime) -> Area:
    """Another name from now on; the journal keeps the old one. Raises PersonalNumber."""
    impersonal(name=name)
    area = lock(area_id, by)
    before, area.name, area.pinyin = area.name, name.strip(), pinyin(name)
    area.save(update_fields=["name", "pinyin"])
    touch(area.district_id)
    journal.record("areas.renamed", area, by=by, at=at, old=before, new=area.name)
    return area


@transaction.atomic
def move(*, area_id: int, parent: Area, by: access.Viewer, at: datetime, since: date | None = None) -> Area:
    """Put an area with all it contains under another parent of the same district, from a day up to today on.

    What stood there keeps the areas that it had. Raises NotAParent, LiesThere, AreaClosed, FromTooEarly.
    """
    area = lock(area_id, by)
    parent = access.get(parent.pk, viewer=by)
    if parent.pk == area.parent_id:
        raise LiesThere(field="parent", name=area.name)
    if parent.level != area.level - 1 or parent.district_id != area.district_id:
        raise NotAParent(field="parent", name=area.name)
    if parent.valid_to is not None:
        raise AreaClosed(name=parent.name)
    since = first_day(area, since, at)
    before = area.parent.name if area.parent else ""
    relocate(area, parent, since)
    touch(area.district_id)
    journal.record("areas.moved", area, by=by, at=at, old=before, new=parent.name, since=since.isoformat())
    return area


@transaction.atomic
def recode(
    *, area_id: int, code: str, system: str = "", by: access.Viewer, at: datetime, since: date | None = None
) -> Area:
    """Another official code from a day on; the old one stays with its dates. Raises CodeTaken, FromTooEarly,
    PersonalNumber."""
    impersonal(code=code)
    area = lock(area_id, by)
    since = first_day(area, since, at)
    system, code = system or system_of(area.level), code.strip()
    _free(area, code=code, system=system, since=since)
    current = Code.objects.filter(area=area, system=system, valid_to=None).first()
    put_code(area, current, code=code, system=system, since=since)
    journal.record("areas.recoded", area, by=by, at=at, since=since.isoformat())
    return area


@transaction.atomic
def close(*, area_id: int, by: access.Viewer, at: datetime, until: date | None = None) -> Area:
    """End an area: `until` is its first day no longer. Its codes, outline and jurisdiction end with it.

    Raises HasAreas while others lie in it, AreaClosed if it is closed already.
    """
    area = lock(area_id, by)
    until = until or rules.day_of(at)
    if until <= area.valid_from or until > rules.day_of(at):
        raise FromTooEarly(field="until")
    if Area.objects.filter(parent=area, valid_to=None).exists():
        raise HasAreas(name=area.name)
    area.valid_to = until
    area.save(update_fields=["valid_to"])
    for versions in (area.codes, area.boundaries, area.jurisdictions):
        versions.filter(Q(valid_to=None) & Q(valid_from__lt=until)).update(valid_to=until)
    touch(area.district_id)
    journal.record("areas.closed", area, by=by, at=at, until=until.isoformat())
    return area


def relocate(area: Area, parent: Area, since: date) -> None:
    """The rows of a move: the area, all below it, and the version of its jurisdiction."""
    current = Jurisdiction.objects.filter(area=area, valid_to=None).first()
    if current is None:
        Jurisdiction.objects.create(area=area, parent=parent, valid_from=since)
    else:
        succeed(current, since=since, build=lambda row: setattr(row, "parent", parent))
    _stand_below(area, parent)
    area.save(update_fields=["parent", "district", "township", "village"])
    if area.level == Level.VILLAGE:
        Area.objects.filter(village=area).exclude(pk=area.pk).update(township=parent)


def put_code(area: Area, current: Code | None, *, code: str, system: str, since: date) -> None:
    """A code's version following the one in force, if there is one."""

    def build(row: Code) -> None:
        row.district_id, row.system, row.code = area.district_id, system, code

    if succeed(current, since=since, build=build) is None:
        Code.objects.create(area=area, district_id=area.district_id, system=system, code=code, valid_from=since)


def _stand_below(area: Area, parent: Area) -> None:
    area.parent, area.district_id = parent, parent.district_id
    area.township_id = area.pk if area.level == Level.TOWNSHIP else parent.township_id
    area.village_id = area.pk if area.level == Level.VILLAGE else parent.village_id


def _free(area: Area, *, code: str, system: str, since: date) -> None:
    taken = Code.objects.filter(
        Q(valid_to=None) | Q(valid_to__gt=since), district_id=area.district_id, system=system, code=code
    ).exclude(area=area)
    if holder := taken.select_related("area").first():
        raise CodeTaken(field="code", code=code, name=holder.area.name)


def lock(area_id: int, by: access.Viewer) -> Area:
    """The area for a change, its district held. The order is always district first."""
    hold(access.get(area_id, viewer=by).district_id)
    area = access.lock(area_id, viewer=by)
    if area.valid_to is not None:
        raise AreaClosed(name=area.name)
    return area


def first_day(area: Area, since: date | None, at: datetime) -> date:
    since = since or rules.day_of(at)
    if since < area.valid_from or since > rules.day_of(at):
        raise FromTooEarly(field="since")
    return since
