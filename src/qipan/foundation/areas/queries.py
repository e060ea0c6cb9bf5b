"""Every read of jurisdiction and places."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import orjson
import shapely
from django.db import connection
from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from numpy.typing import NDArray

from qipan.foundation.areas import outlines, rules
from qipan.foundation.areas.access import NoSuchArea, Viewer, get, located, visible, visible_located, within
from qipan.foundation.areas.models import Area, Boundary, Code, DistrictProfile, Level, Point, Premises, valid_on
from qipan.kernels.geodesy import shapes

__all__ = [
    "NoSuchArea",
    "Viewer",
    "area_names",
    "by_code",
    "codes",
    "contents",
    "district_at",
    "districts",
    "geometry",
    "get",
    "lineage",
    "locate",
    "locate_many",
    "located",
    "neighbours",
    "next_ids",
    "outline",
    "points",
    "premises",
    "search",
    "subtree",
    "visible",
    "visible_located",
    "within",
]  # fmt: skip

# Corners smaller than about this many degrees are left out of the outlines that maps show, by level.
TOLERANCES = {1: 0.001, 2: 0.0005, 3: 0.0002, 4: 0.00005}


def districts() -> QuerySet[Area]:
    """All districts of this installation, in the order of their names."""
    return Area.objects.filter(level=Level.DISTRICT).order_by("pinyin", "pk")


def setting(district_id: int, name: str) -> Any:
    """A district's own value of a setting, None where it has none."""
    return DistrictProfile.objects.filter(district=district_id).values_list(f"settings__{name}", flat=True).first()


def subtree(area: Area, *, level: int | None = None) -> QuerySet[Area]:
    """The areas inside an area, itself included; of one level, or of all."""
    found = Area.objects.filter(pk=area.pk) if area.level == 4 else Area.objects.filter(within(area))
    return found.filter(level=level) if level else found


def lineage(area: Area) -> list[Area]:
    """The area and what it lies in, the district first."""
    return sorted(Area.objects.filter(pk__in=area.path), key=lambda each: each.level)


def area_names(ids: Iterable[int]) -> dict[int, str]:
    """Names for ids, in one query."""
    return dict(Area.objects.filter(pk__in=set(ids)).values_list("pk", "name"))


def codes(ids: Iterable[int], *, at: datetime | None = None) -> dict[int, str]:
    """The code in force for each area: its statistical one, else that of the grid, else the district's own."""
    order = {system: rank for rank, system in enumerate(rules.SYSTEMS)}
    rows = Code.objects.filter(valid_on(_day(at)), area_id__in=set(ids)).values_list("area_id", "system", "code")
    return {area: code for area, _system, code in sorted(rows, key=lambda row: order[row[1]], reverse=True)}


def by_code(*, district_id: int, code: str, system: str = "", at: datetime | None = None) -> Area | None:
    """The area of a district that bears a code."""
    found = Code.objects.filter(valid_on(_day(at)), district_id=district_id, code=code).select_related("area")
    if system:
        found = found.filter(system=system)
    first = found.first()
    return first.area if first else None


def contents(areas: Sequence[Area]) -> dict[int, dict[str, int]]:
    """For each area how many `children`, `cells` and `premises` it holds today."""
    found = {area.pk: {"children": 0, "cells": 0, "premises": 0} for area in areas}
    open_ = Area.objects.filter(valid_to=None).order_by()
    for parent, count in open_.filter(parent__in=found).values_list("parent").annotate(Count("pk")):
        found[parent]["children"] = count
    for level in {area.level for area in areas}:
        column, ids = rules.COLUMNS[level], [area.pk for area in areas if area.level == level]
        inside = {f"{column}__in": ids}
        if level < Level.CELL:
            for number, count in open_.filter(level=Level.CELL, **inside).values_list(column).annotate(Count("pk")):
                found[number]["cells"] = count
        active = Premises.objects.filter(active_to=None, **inside).order_by()
        for number, count in active.values_list(column).annotate(Count("pk")):
            found[number]["premises"] = count
    return found


def search(*, viewer: Viewer | None, text: str = "", level: int | None = None, closed: bool = False) -> QuerySet[Area]:
    """The viewer's areas whose name, pinyin or code holds a text, in the order of their names."""
    found = visible(viewer=viewer)
    if not closed:
        found = found.filter(valid_on(_day(None)))
    if level:
        found = found.filter(level=level)
    text = text.strip()
    if text:
        by_its_code = Code.objects.filter(code__startswith=text).values("area_id")
        found = found.filter(Q(name__icontains=text) | Q(pinyin__icontains=text) | Q(pk__in=by_its_code))
    return found.order_by("level", "pinyin", "pk")


def premises(
    *, viewer: Viewer | None, text: str = "", kind: str = "", area: Area | None = None, closed: bool = False
) -> QuerySet[Premises]:
    """The viewer's premises, perhaps of one kind, inside one area, with a text in their name or code."""
    found = _places(Premises, viewer=viewer, kind=kind, area=area, closed=closed)
    text = text.strip()
    if text:
        found = found.filter(Q(name__icontains=text) | Q(pinyin__icontains=text) | Q(code__startswith=text))
    return found.order_by("kind", "pinyin", "pk")


def points(
    *, viewer: Viewer | None, text: str = "", kind: str = "", area: Area | None = None, closed: bool = False
) -> QuerySet[Point]:
    """The viewer's points, perhaps of one kind, inside one area, with a text in their name or code."""
    found = _places(Point, viewer=viewer, kind=kind, area=area, closed=closed)
    text = text.strip()
    if text:
        found = found.filter(Q(name__icontains=text) | Q(code__startswith=text))
    return found.order_by("kind", "name", "pk")


def locate(*, district_id: int, longitude: float, latitude: float, at: datetime | None = None) -> Area | None:
    """The smallest area of a district around a point (degrees, WGS 84): its cell where cells are drawn."""
    (number,) = locate_many(district_id=district_id, longitudes=[longitude], latitudes=[latitude], at=at)
    return Area.objects.get(pk=number) if number else None


def locate_many(
    *,
    district_id: int,
    longitudes: Sequence[float] | NDArray[np.float64],
    latitudes: Sequence[float] | NDArray[np.float64],
    at: datetime | None = None,
) -> list[int]:
    """The same for many points: area ids, 0 where no area of the district is."""
    return [int(number) for number in outlines.locate(district_id, longitudes, latitudes, _day(at))]


def district_at(*, longitude: float, latitude: float) -> Area | None:
    """The district of this installation around a point, by the outlines of any of its levels."""
    for district in districts():
        if locate(district_id=district.pk, longitude=longitude, latitude=latitude):
            return district
    return None


def geometry(area: Area, *, at: datetime | None = None) -> Any | None:
    """The area's own outline in force (a shapely polygon), or None."""
    layer = outlines.snapshot(area.district_id, _day(at)).layers.get(area.level)
    place = _index(layer, area.pk)
    return None if layer is None or place is None else layer.shapes[place]


def neighbours(area: Area, *, at: datetime | None = None) -> list[tuple[Area, float]]:
    """Areas of the same level and district with a common border, and its metres, the longest first."""
    layer = outlines.snapshot(area.district_id, _day(at)).layers.get(area.level)
    place = _index(layer, area.pk)
    if layer is None or place is None:
        return []
    near = np.flatnonzero(shapely.intersects(layer.shapes[place].buffer(1e-7), layer.shapes))
    some = [place, *(int(index) for index in near if index != place)]
    shared = {some[j]: metres for i, j, metres in shapes.neighbours(layer.shapes[some], shortest=0.5) if i == 0}
    found = Area.objects.in_bulk([int(layer.ids[index]) for index in shared])
    pairs = [(found[int(layer.ids[index])], metres) for index, metres in shared.items()]
    return sorted(pairs, key=lambda pair: -pair[1])


def outline(area: Area, *, level: int | None = None, at: datetime | None = None) -> bytes:
    """Outlines for a map as a GeoJSON FeatureCollection (bytes): the areas of a level inside an area, simplified alike.

    Each feature bears id, name, level, parent, and whether it is schematic. Kept until the district's revision moves.
    """
    level = level or area.level
    snapshot = outlines.snapshot(area.district_id, _day(at))
    key = ("outline", area.pk, level)
    if key not in snapshot.simple:
        snapshot.simple[key] = _outline(area, level, snapshot)
    found: bytes = snapshot.simple[key]
    return found


def revision(district_id: int) -> int:
    """A number that grows with every change of the district's tree or outlines: what caches and ETags hang on."""
    return outlines.snapshot(district_id, _day(None)).revision


def next_ids(count: int) -> list[int]:
    """Fresh ids for areas, before their rows exist: a district's row names itself."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('areas_area', 'id')) FROM generate_series(1, %s)", [count]
        )
        return [number for (number,) in cursor.fetchall()]


def boundary_versions(area: Area) -> QuerySet[Boundary]:
    """All outlines the area ever had, the newest first, without the outlines themselves."""
    return Boundary.objects.filter(area=area).defer("wkb").order_by("-valid_from")


def _outline(area: Area, level: int, snapshot: outlines.Snapshot) -> bytes:
    layer = snapshot.layers.get(level)
    inside = dict(subtree(area, level=level).values_list("pk", "name"))
    parents = dict(subtree(area, level=level).values_list("pk", "parent_id"))
    features = []
    if layer is not None:
        if ("simple", level) not in snapshot.simple:  # over the whole level, so that neighbours keep their border
            snapshot.simple["simple", level] = shapes.simplify(layer.shapes, tolerance=TOLERANCES[level])
        simple = snapshot.simple["simple", level]
        chosen = [index for index, number in enumerate(layer.ids) if int(number) in inside]
        texts = shapely.to_geojson(shapely.set_precision(simple[chosen], 1e-6, mode="pointwise")) if chosen else []
        for index, text in zip(chosen, texts, strict=True):
            number = int(layer.ids[index])
            properties = {
                "id": number, "name": inside[number], "level": level, "parent": parents[number],
                "schematic": bool(layer.schematic[index]),
            }  # fmt: skip
            features.append(
                {"type": "Feature", "id": number, "properties": properties, "geometry": orjson.Fragment(text)}
            )
    return orjson.dumps({"type": "FeatureCollection", "features": features})


def _places(model: type[Any], *, viewer: Viewer | None, kind: str, area: Area | None, closed: bool) -> QuerySet[Any]:
    found = visible_located(model, viewer=viewer)
    if area is not None:
        found = found.filter(within(area))
    if kind:
        found = found.filter(kind=kind)
    if not closed:
        today = _day(None)
        found = found.filter(Q(active_to=None) | Q(active_to__gt=today), active_from__lte=today)
    return found


def _index(layer: outlines.Layer | None, number: int) -> int | None:
    if layer is None:
        return None
    place = int(np.searchsorted(layer.ids, number))
    return place if place < len(layer.ids) and layer.ids[place] == number else None


def _day(at: datetime | None) -> Any:
    return rules.day_of(at or timezone.now())
