"""Every read of jurisdiction and places."""

from __future__ import annotations

from django.db import connection
from django.db.models import QuerySet

from qipan.foundation.areas.access import NoSuchArea, Viewer, get, located, visible, visible_located, within
from qipan.foundation.areas.models import Area

__all__ = [
    "NoSuchArea",
    "Viewer",
    "get",
    "located",
    "next_ids",
    "subtree",
    "visible",
    "visible_located",
    "within",
]


def subtree(area: Area, *, level: int | None = None) -> QuerySet[Area]:
    """The areas inside an area, itself included; of one level, or of all."""
    found = Area.objects.filter(pk=area.pk) if area.level == 4 else Area.objects.filter(within(area))
    return found.filter(level=level) if level else found


def next_ids(count: int) -> list[int]:
    """Fresh ids for areas, before their rows exist: a district's row names itself."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('areas_area', 'id')) FROM generate_series(1, %s)", [count]
        )
        return [number for (number,) in cursor.fetchall()]
