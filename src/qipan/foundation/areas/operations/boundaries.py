"""Changes of outlines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

import numpy as np
import shapely
from django.db import transaction

from qipan.foundation.areas import access, outlines, queries, rules
from qipan.foundation.areas.models import Area, Boundary
from qipan.foundation.areas.operations.tree import first_day, lock
from qipan.foundation.areas.operations.versions import succeed, touch
from qipan.foundation.journal import operations as journal
from qipan.foundation.refusals import Invalid
from qipan.kernels.geodesy import shapes
from qipan.kernels.geodesy.datums import Datum

# Outlines of different makers never meet exactly; more than these parts of an area is a mistake. [ours]
OUTSIDE, OVERLAP = 0.02, 0.02


class NotAnOutline(Invalid):
    """The outline must be one or more closed areas."""


class Outside(Invalid):
    """{share} % of {name} lies outside {parent}."""


class Overlaps(Invalid):
    """{name} and {other} cover the same ground ({share} % of the smaller one)."""


@transaction.atomic
def redraw(
    *,
    area_id: int,
    shape: Any,
    datum: str = Datum.WGS84,
    schematic: bool = False,
    source: str = "",
    by: access.Viewer,
    at: datetime,
    since: date | None = None,
) -> Boundary:
    """Another outline from a day on; the old one stays with its dates.

    `shape` is a shapely polygon in `datum`; kept is WGS 84. Raises NotAnOutline, Outside its parent, Overlaps with a
    sibling, FromTooEarly.
    """
    area = lock(area_id, by)
    since = first_day(area, since, at)
    outline = prepared(shape, datum)
    if outline is None:
        raise NotAnOutline(field="outline")
    check({area.pk: outline}, {area.pk: area}, at=at)
    drawn = put_outline(area, outline, datum=datum, schematic=schematic, source=source, since=since)
    touch(area.district_id)
    journal.record(
        "areas.redrawn", area, by=by, at=at, since=since.isoformat(), square_metres=round(shapes.area(outline))
    )
    return drawn


def prepared(shape: Any, datum: str) -> Any | None:
    """An outline as it is kept: valid, polygonal, WGS 84; None if it is no outline at all."""
    try:
        moved = shapes.convert_shape(shapely.force_2d(shape), source=Datum(datum), target=Datum.WGS84)
        return shapes.polygonal(moved)
    except shapely.errors.GEOSException:
        return None


def put_outline(area: Area, outline: Any, *, datum: str, schematic: bool, source: str, since: date) -> Boundary:
    """An outline's version following the one in force, if there is one."""

    def build(row: Boundary) -> None:
        row.wkb = shapely.to_wkb(outline)
        row.west, row.south, row.east, row.north = (float(edge) for edge in shapely.bounds(outline))
        row.datum, row.schematic, row.source = datum, schematic, source

    current = Boundary.objects.filter(area=area, valid_to=None).first()
    if current is not None:
        row: Boundary = succeed(current, since=since, build=build)
        return row
    fresh = Boundary(area=area, valid_from=since)
    build(fresh)
    fresh.save()
    return fresh


def check(drawn: Mapping[int, Any], areas: Mapping[int, Area], *, at: datetime) -> None:
    """Raise the first thing wrong with new outlines, by area id: see `faults`."""
    for _area, fault in faults(drawn, areas, at=at):
        raise fault


def faults(
    drawn: Mapping[int, Any], areas: Mapping[int, Area], *, at: datetime, names: Mapping[int, str] | None = None
) -> Iterable[tuple[int, Outside | Overlaps]]:
    """(area id, refusal) for each new outline that leaves its parent or covers a sibling.

    Looked at together with the outlines in force: a whole new layer is judged as it will be. Parents and siblings
    without outlines are no reason to refuse. `names` of areas that are not in the database yet.
    """
    if not drawn:
        return
    district = next(iter(areas.values())).district_id
    known_names = {number: area.name for number, area in areas.items()} | dict(names or {})
    layers = outlines.snapshot(district, rules.day_of(at)).layers
    known = {
        int(number): shape for layer in layers.values() for number, shape in zip(layer.ids, layer.shapes, strict=True)
    }
    known.update(drawn)
    for number, outline in drawn.items():
        area = areas[number]
        parent = known.get(area.parent_id or 0)
        if parent is not None and (share := shapes.outside_share(outline, parent)) > OUTSIDE:
            yield number, Outside(
                field="outline", share=round(share * 100, 1), name=area.name,
                parent=_name(area.parent_id, known_names),
            )  # fmt: skip
    yield from _overlaps(drawn, areas, known, known_names)


def _overlaps(
    drawn: Mapping[int, Any], areas: Mapping[int, Area], known: Mapping[int, Any], names: Mapping[int, str]
) -> Iterable[tuple[int, Overlaps]]:
    parents = {area.parent_id for area in areas.values()}
    siblings = dict(Area.objects.filter(parent__in=parents, valid_to=None).values_list("pk", "parent_id"))
    siblings.update({number: area.parent_id for number, area in areas.items() if area.parent_id})
    for parent in sorted(parents - {None}, key=lambda number: number or 0):
        numbers = [number for number, above in siblings.items() if above == parent and number in known]
        pairs = shapes.overlaps(np.array([known[number] for number in numbers], dtype=object), share=OVERLAP)
        for i, j, share in pairs:
            one, other = numbers[i], numbers[j]
            if other in drawn:
                one, other = other, one
            if one in drawn:
                yield (
                    one,
                    Overlaps(
                        field="outline", share=round(share * 100, 1), name=areas[one].name, other=_name(other, names)
                    ),
                )


def _name(number: int | None, names: Mapping[int, str]) -> str:
    if number is None:
        return ""
    return names[number] if number in names else queries.area_names([number]).get(number, "")
