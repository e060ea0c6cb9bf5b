"""A small district on a square of ground, and the people who look at it."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
import shapely

from qipan.foundation.areas.models import Area, Boundary
from qipan.foundation.areas.operations.versions import touch
from tests import factories, places

AT = datetime(2026, 11, 20, 2, tzinfo=UTC)
TODAY = date(2026, 11, 20)
WEST, SOUTH, SIDE = 114.0, 36.0, 0.04


def square(area: Area, index: tuple[int, int, int]) -> shapely.Polygon:
    """Ground of an area of `places.tree`: townships are columns, villages rows of them, cells columns of those."""
    t, v, c = index
    west, east, south, north = WEST, WEST + SIDE, SOUTH, SOUTH + SIDE
    if area.level > 1:
        west, east = west + t * SIDE / 2, west + (t + 1) * SIDE / 2
    if area.level > 2:
        south, north = south + v * SIDE / 2, south + (v + 1) * SIDE / 2
    if area.level > 3:
        west, east = west + c * SIDE / 4, west + (c + 1) * SIDE / 4
    return shapely.box(west, south, east, north)


def drawn(district: Area) -> Area:
    """The same district with an outline for each of its areas."""
    by_parent: dict[int | None, list[Area]] = {}
    for area in Area.objects.filter(district=district).order_by("pk"):
        by_parent.setdefault(area.parent_id, []).append(area)
    order = {area.pk: index for areas in by_parent.values() for index, area in enumerate(areas)}
    for area in Area.objects.filter(district=district):
        index = tuple(order.get(number, 0) for number in (area.township_id, area.village_id, area.cell_id))
        shape = square(area, index)
        west, south, east, north = shape.bounds
        Boundary.objects.create(
            area=area, valid_from=places.SINCE, wkb=shapely.to_wkb(shape), datum="wgs84",
            west=west, south=south, east=east, north=north,
        )  # fmt: skip
    touch(district.pk)
    return district


@pytest.fixture
def district(db) -> Area:
    return drawn(places.tree())


@pytest.fixture
def administrator(district):
    return factories.post("administrator", district)
