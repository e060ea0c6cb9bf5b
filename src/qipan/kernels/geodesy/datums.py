"""Datums in use in China, and conversion between them.

WGS 84 and CGCS2000 agree within centimetres and are one here. GCJ-02 (Amap, Tencent, DataV) shifts positions in China
by some hundred metres; BD-09 (Baidu) shifts GCJ-02 once more. Both shifts are published as formulae only, found by
comparison (EvilTransform, 2013, and its many ports), not by their makers. They have no closed inverse; here it is
found by iteration. As those formulae do, GCJ-02 applies inside a box around China and leaves the rest as it is.

All functions take longitudes and latitudes in degrees (floats or arrays of one shape) and return arrays.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Degrees = NDArray[np.float64]
Pair = tuple[Degrees, Degrees]

BOX = (72.004, 0.8293, 137.8347, 55.8271)  # west, south, east, north
AXIS, ECCENTRICITY_SQUARED = 6378245.0, 0.00669342162296594323  # Krassovsky 1940
PRECISION = 1e-12  # degrees, about 0.1 µm
TURN = np.pi * 3000.0 / 180.0


class Datum(StrEnum):
    """How a source counts longitude and latitude."""

    WGS84 = "wgs84"
    CGCS2000 = "cgcs2000"
    GCJ02 = "gcj02"
    BD09 = "bd09"


def convert(longitude: ArrayLike, latitude: ArrayLike, *, source: Datum, target: Datum) -> Pair:
    """Positions given in one datum, in another."""
    point = _arrays(longitude, latitude)
    if _family(source) == _family(target):
        return point
    if source == Datum.BD09:
        point = _inverse(_to_bd09, point)
        source = Datum.GCJ02
    if _family(source) == Datum.GCJ02 and _family(target) == Datum.WGS84:
        return _inverse(_to_gcj02, point)
    if _family(source) == Datum.WGS84:
        point = _to_gcj02(point)
    return _to_bd09(point) if target == Datum.BD09 else point


def in_box(longitude: ArrayLike, latitude: ArrayLike) -> NDArray[np.bool_]:
    """Where the formulae of GCJ-02 apply."""
    x, y = _arrays(longitude, latitude)
    west, south, east, north = BOX
    return (x >= west) & (x <= east) & (y >= south) & (y <= north)


def _family(datum: Datum) -> Datum:
    return Datum.WGS84 if datum == Datum.CGCS2000 else datum


def _arrays(longitude: ArrayLike, latitude: ArrayLike) -> Pair:
    return np.asarray(longitude, dtype=np.float64), np.asarray(latitude, dtype=np.float64)


def _waves(t: Degrees, *terms: tuple[float, float]) -> Degrees:
    total: Any = 0.0
    for size, frequency in terms:
        total = total + size * np.sin(frequency * np.pi * t)
    return np.asarray(total * 2.0 / 3.0)


def _shift(point: Pair) -> Pair:
    """GCJ-02 minus WGS 84, in degrees, at a WGS 84 position."""
    x, y = point[0] - 105.0, point[1] - 35.0
    root = np.sqrt(np.abs(x))
    common = _waves(x, (20.0, 6.0), (20.0, 2.0))
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + common
    north = north + _waves(y, (20.0, 1.0), (40.0, 1 / 3), (160.0, 1 / 12), (320.0, 1 / 30))
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + common
    east = east + _waves(x, (20.0, 1.0), (40.0, 1 / 3), (150.0, 1 / 12), (300.0, 1 / 30))
    phi = np.radians(point[1])
    flatness = 1.0 - ECCENTRICITY_SQUARED * np.sin(phi) ** 2
    along_meridian = AXIS * (1.0 - ECCENTRICITY_SQUARED) / flatness**1.5
    along_parallel = AXIS / np.sqrt(flatness) * np.cos(phi)
    return np.degrees(east / along_parallel), np.degrees(north / along_meridian)


def _to_gcj02(point: Pair) -> Pair:
    inside = in_box(*point)
    # Far outside, the formulae may divide by nothing; there they are not asked.
    x, y = np.where(inside, point[0], 105.0), np.where(inside, point[1], 35.0)
    east, north = _shift((x, y))
    return np.where(inside, point[0] + east, point[0]), np.where(inside, point[1] + north, point[1])


def _to_bd09(point: Pair) -> Pair:
    inside = in_box(*point)
    x, y = point
    radius = np.hypot(x, y) + 0.00002 * np.sin(y * TURN)
    angle = np.arctan2(y, x) + 0.000003 * np.cos(x * TURN)
    return (
        np.where(inside, radius * np.cos(angle) + 0.0065, x),
        np.where(inside, radius * np.sin(angle) + 0.006, y),
    )


def _inverse(forwards: Callable[[Pair], Pair], wanted: Pair) -> Pair:
    """The position that `forwards` brings to `wanted`: corrected by its own error until that is below PRECISION.

    The shifts are smooth and small (their slope is below 0.01), so each step wins two digits or more.
    """
    x, y = np.array(wanted[0]), np.array(wanted[1])
    inside = in_box(*wanted)
    for _ in range(30):
        reached = forwards((x, y))
        dx, dy = wanted[0] - reached[0], wanted[1] - reached[1]
        x, y = np.where(inside, x + dx, x), np.where(inside, y + dy, y)
        if not inside.any() or max(np.abs(dx[inside]).max(), np.abs(dy[inside]).max()) < PRECISION:
            break
    return x, y
