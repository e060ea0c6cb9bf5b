"""Outlines: measures on the ellipsoid, neighbours, nesting, and simpler lines that keep shared borders.

Geometries are shapely polygons or multipolygons in degrees, longitude first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from pyproj import Geod
from shapely.geometry.polygon import orient

from qipan.kernels.geodesy.datums import Datum, convert

ELLIPSOID = Geod(ellps="WGS84")
POLYGONAL = (3, 6)


def convert_shape(shape: Any, *, source: Datum, target: Datum) -> Any:
    """A geometry given in one datum, in another; vertex by vertex."""

    def move(coordinates: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(convert(coordinates[:, 0], coordinates[:, 1], source=source, target=target))

    return shapely.transform(shape, move)


def area(shape: Any) -> float:
    """Square metres on the ellipsoid (Karney 2013, as PROJ has it)."""
    total = 0.0
    for part in shapely.get_parts(shape):
        size, _length = ELLIPSOID.geometry_area_perimeter(orient(part))
        total += abs(size)
    return total


def length(line: Any) -> float:
    """Metres along a line, or around a polygon, on the ellipsoid."""
    return float(ELLIPSOID.geometry_length(line))


def distance(
    longitude: ArrayLike, latitude: ArrayLike, other_longitude: ArrayLike, other_latitude: ArrayLike
) -> NDArray[np.float64]:
    """Metres between points on the ellipsoid, pair by pair."""
    given = (longitude, latitude, other_longitude, other_latitude)
    x, y, other_x, other_y = np.broadcast_arrays(*(np.asarray(each, dtype=np.float64) for each in given))
    _there, _back, metres = ELLIPSOID.inv(x, y, other_x, other_y)
    return np.asarray(metres, dtype=np.float64)


def neighbours(shapes: Sequence[Any] | NDArray[Any], *, shortest: float = 0.1) -> list[tuple[int, int, float]]:
    """Pairs of polygons that share a piece of border, with its metres; touching in a point is not enough.

    `shortest` metres is what a shared border needs at least. Polygons that overlap share what lies in the other.
    """
    polygons = np.array(shapes, dtype=object)
    one, other = shapely.STRtree(polygons).query(polygons, predicate="intersects")
    once = one < other
    one, other = one[once], other[once]
    borders = shapely.boundary(polygons)
    shared = shapely.intersection(borders[one], polygons[other])
    found = []
    for i, j, line in zip(one, other, shared, strict=True):
        metres = sum(length(part) for part in shapely.get_parts(line) if shapely.get_dimensions(part) == 1)
        if metres >= shortest:
            found.append((int(i), int(j), metres))
    return sorted(found)


def outside_share(shape: Any, within: Any) -> float:
    """The part of a polygon, 0 to 1, that lies outside another."""
    whole = shapely.area(shape)
    return float(shapely.area(shapely.difference(shape, within)) / whole) if whole else 1.0


def overlaps(shapes: Sequence[Any] | NDArray[Any], *, share: float = 1e-6) -> list[tuple[int, int, float]]:
    """Pairs of polygons that cover common ground: more than `share` of the smaller one, with that share."""
    polygons = np.array(shapes, dtype=object)
    one, other = shapely.STRtree(polygons).query(polygons, predicate="intersects")
    once = one < other
    one, other = one[once], other[once]
    sizes = shapely.area(polygons)
    common = shapely.area(shapely.intersection(polygons[one], polygons[other])) / np.minimum(sizes[one], sizes[other])
    return [(int(i), int(j), float(part)) for i, j, part in zip(one, other, common, strict=True) if part > share]


def simplify(shapes: Sequence[Any] | NDArray[Any], *, tolerance: float) -> NDArray[Any]:
    """Fewer vertices, the same neighbours: a border shared by two polygons stays one line (Visvalingam-Whyatt).

    `tolerance` in degrees is about the side of the smallest corner that is kept.
    """
    polygons = np.array(shapes, dtype=object)
    return np.asarray(shapely.coverage_simplify(polygons, tolerance)) if len(polygons) else polygons


def polygonal(shape: Any) -> Any | None:
    """The valid polygon or multipolygon in a geometry, or None: lines and points that repairs leave are dropped."""
    if not shapely.is_valid(shape):
        shape = shapely.make_valid(shape, method="structure", keep_collapsed=False)
    if shapely.is_empty(shape):
        return None
    if shapely.get_type_id(shape) in POLYGONAL:
        return shape
    parts = [part for part in shapely.get_parts(shape) if shapely.get_type_id(part) in POLYGONAL]
    return shapely.union_all(parts) if parts else None
