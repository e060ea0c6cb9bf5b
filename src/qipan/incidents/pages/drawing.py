"""A small map as SVG: the area around an incident, its neighbours, and the point. No request, no script, no colour."""

from __future__ import annotations

from math import cos, radians
from typing import Any

from shapely.geometry.base import BaseGeometry

SIDE = 400.0  # the longer side of the picture
MARGIN = 0.35  # of the area's own size, for the neighbours around it


def small_map(
    shape: BaseGeometry, neighbours: list[tuple[str, BaseGeometry]], longitude: float | None, latitude: float | None
) -> dict[str, Any]:
    """Paths in a box of 400 at the most, true to shape at the area's latitude; `point` is None where none is known."""
    west, south, east, north = shape.bounds
    pad_x, pad_y = (east - west) * MARGIN, (north - south) * MARGIN
    west, south, east, north = west - pad_x, south - pad_y, east + pad_x, north + pad_y
    squeeze = max(0.1, cos(radians((south + north) / 2)))
    scale = SIDE / max((east - west) * squeeze, north - south, 1e-9)
    width, height = (east - west) * squeeze * scale, (north - south) * scale

    def flat(x: float, y: float) -> tuple[float, float]:
        return (x - west) * squeeze * scale, (north - y) * scale

    def path(one: BaseGeometry) -> str:
        return "".join(
            "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in (flat(*pair[:2]) for pair in ring.coords)) + "Z"
            for polygon in getattr(one, "geoms", [one])
            for ring in (polygon.exterior, *polygon.interiors)
        )

    labels = []
    for name, one in neighbours:
        seen = one.intersection(_box(west, south, east, north))
        if not seen.is_empty and seen.area > (east - west) * (north - south) * 0.02:
            x, y = flat(*seen.representative_point().coords[0])
            labels.append({"name": name, "x": f"{x:.0f}", "y": f"{y:.0f}"})
    point = None
    if longitude is not None and latitude is not None:
        x, y = flat(longitude, latitude)
        point = {"x": f"{x:.1f}", "y": f"{y:.1f}"}
    return {
        "width": f"{width:.0f}",
        "height": f"{height:.0f}",
        "area": path(shape),
        "around": [path(one) for _name, one in neighbours],
        "labels": labels,
        "point": point,
    }


def _box(west: float, south: float, east: float, north: float) -> BaseGeometry:
    from shapely.geometry import box

    return box(west, south, east, north)
