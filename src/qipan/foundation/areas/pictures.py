"""An area drawn: its outline, what lies in it, and who is around it, as paths for an SVG of a fixed size.

Schematic ground is drawn like surveyed ground; the page says which it is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import shapely
from django.utils import timezone

from qipan.foundation.areas import outlines, queries, rules
from qipan.foundation.areas.models import Area

WIDTH, TALLEST, MARGIN = 720.0, 620.0, 56.0
NAMED = 60  # more areas inside than this are drawn without their names


@dataclass(frozen=True, slots=True)
class Shape:
    """One area: its path, where its name stands, and whether the name fits."""

    id: int
    name: str
    path: str
    x: float
    y: float
    named: bool = True


@dataclass(frozen=True, slots=True)
class Picture:
    """What the template draws, in the units of its view box."""

    width: int
    height: int
    own: Shape
    schematic: bool
    inside: list[Shape] = field(default_factory=list)
    around: list[Shape] = field(default_factory=list)


def picture(area: Area, *, at: datetime | None = None) -> Picture | None:
    """The area with its neighbours and its children; None where it has no outline."""
    snapshot = outlines.snapshot(area.district_id, rules.day_of(at or timezone.now()))
    shape = queries.geometry(area, at=at)
    if shape is None:
        return None
    key = ("picture", area.pk)
    if key not in snapshot.simple:
        snapshot.simple[key] = _picture(area, shape, snapshot, at)
    found: Picture = snapshot.simple[key]
    return found


def _picture(area: Area, shape: Any, snapshot: outlines.Snapshot, at: datetime | None) -> Picture:
    west, south, east, north = shapely.bounds(shape)
    stretch = math.cos(math.radians((south + north) / 2))
    scale = min((WIDTH - 2 * MARGIN) / ((east - west) * stretch), (TALLEST - 2 * MARGIN) / (north - south))
    height = (north - south) * scale + 2 * MARGIN
    left = (WIDTH - (east - west) * stretch * scale) / 2
    frame = shapely.box(0, 0, WIDTH, height)

    def flat(shapes: Any) -> Any:
        """Degrees to units of the picture, half a unit's detail."""

        def move(points: Any) -> Any:
            return np.column_stack(
                [(points[:, 0] - west) * stretch * scale + left, (north - points[:, 1]) * scale + MARGIN]
            )

        return shapely.transform(shapes, move)

    layer = snapshot.layers[area.level]
    names = dict(
        Area.objects.filter(district=area.district_id, level__in=(area.level, area.level + 1)).values_list("pk", "name")
    )
    around = []
    for other, _metres in queries.neighbours(area, at=at):
        drawn = shapely.intersection(flat(queries.geometry(other, at=at)), frame)
        around.append(_shape(other.pk, other.name, drawn))
    below = snapshot.layers.get(area.level + 1)
    inside = []
    if below is not None:
        children = set(Area.objects.filter(parent=area).values_list("pk", flat=True))
        chosen = [index for index, number in enumerate(below.ids) if int(number) in children]
        flats = shapely.coverage_simplify(flat(below.shapes[chosen]), 0.7) if chosen else []
        inside = [
            _shape(int(below.ids[index]), names[int(below.ids[index])], drawn, named=len(chosen) <= NAMED)
            for index, drawn in zip(chosen, flats, strict=True)
        ]
    own = _shape(area.pk, area.name, shapely.simplify(flat(shape), 0.4))
    place = int(np.searchsorted(layer.ids, area.pk))
    return Picture(int(WIDTH), round(height), own, bool(layer.schematic[place]), inside, around)


def _shape(number: int, name: str, drawn: Any, *, named: bool = True) -> Shape:
    parts = [part for part in shapely.get_parts(drawn) if shapely.get_type_id(part) == 3]
    path = "".join(
        "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in shapely.get_coordinates(ring)) + "Z"
        for part in parts
        for ring in shapely.get_rings(part)
    )
    if not parts:
        return Shape(number, name, path, 0.0, 0.0, named=False)
    largest = max(parts, key=shapely.area)
    (x, y) = shapely.get_coordinates(shapely.maximum_inscribed_circle(largest, tolerance=2.0))[0]
    room = shapely.length(shapely.maximum_inscribed_circle(largest, tolerance=2.0)) * 2
    return Shape(number, name, path, round(x, 1), round(y, 1), named=named and room > 13 + 5 * len(name))
