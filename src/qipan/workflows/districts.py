"""What a district needs beside its areas before anybody can work in it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from qipan.foundation.areas.models import Area, Level
from qipan.foundation.journal import operations as journal
from qipan.foundation.journal.rules import HasAuthor
from qipan.foundation.posts.models import Unit
from qipan.foundation.posts.rules import UnitKind
from qipan.incidents import defaults as incidents
from qipan.inspections import defaults as inspections

CENTRE = "{area}网格化服务中心"


@transaction.atomic
def begin(*, district: Area, by: HasAuthor, at: datetime) -> dict[str, int]:
    """Give a district what it has not: categories with their limits, checklists, a desk for itself and each township.

    Safe to repeat, as after an import of more areas. How many of each were made.
    """
    today = timezone.localdate(at)
    categories = len(incidents.load(district, since=min(today, district.valid_from)))
    checklists = len(inspections.load(district, since=min(today, district.valid_from)))
    levels = (Level.DISTRICT, Level.TOWNSHIP)
    places = Area.objects.filter(district=district, level__in=levels, valid_to=None).order_by("level", "pinyin", "pk")
    have = set(
        Unit.objects.filter(district=district, kind=UnitKind.CENTRE, valid_to=None).values_list("area", flat=True)
    )
    desks = Unit.objects.bulk_create(
        Unit(district=district, area=area, kind=UnitKind.CENTRE, name=CENTRE.format(area=area.name), valid_from=at)
        for area in places
        if area.pk not in have
    )
    made = {"categories": categories, "checklists": checklists, "desks": len(desks)}
    if any(made.values()):
        journal.record("workflows.district_begun", district, by=by, at=at, made=made)
    return made
