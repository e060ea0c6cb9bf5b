"""Outlines in force, kept ready in memory for each district until its revision number moves on.

A process asks the database for the number (one small row) and builds its locator again only where the number is not
the one it has, so any process sees another's change with its next question.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import shapely
from django.db.models import Q
from numpy.typing import NDArray

from qipan.foundation.areas.models import Boundary, Revision, valid_on
from qipan.kernels.geodesy.cells import NOWHERE, Locator

KEPT = 8  # snapshots of a district: today's, and a few days that somebody looks back to


@dataclass
class Layer:
    """Outlines of one level, in the order of their area ids."""

    ids: NDArray[np.int64]
    shapes: NDArray[Any]
    schematic: NDArray[np.bool_]
    locator: Locator | None = None

    def ask(self, longitude: NDArray[np.float64], latitude: NDArray[np.float64]) -> NDArray[np.int64]:
        """Id of the area around each point, 0 where there is none."""
        if self.locator is None:
            self.locator = Locator(self.shapes)
        index = self.locator.locate(longitude, latitude)
        return np.where(index == NOWHERE, 0, self.ids[index] if len(self.ids) else 0)


@dataclass
class Snapshot:
    """The outlines of a district from one change to the next."""

    revision: int
    first: date
    last: date | None  # the first day no longer
    layers: dict[int, Layer]
    simple: dict[Any, Any] = field(default_factory=dict)  # what was derived from them, by its own key


_lock = threading.Lock()
_kept: dict[int, list[Snapshot]] = {}


def snapshot(district_id: int, on: date) -> Snapshot:
    """The outlines in force on a day."""
    revision = Revision.objects.filter(pk=district_id).values_list("number", flat=True).first() or 0
    with _lock:
        known = [each for each in _kept.get(district_id, ()) if each.revision == revision]
        _kept[district_id] = known
        for each in known:
            if each.first <= on and (each.last is None or on < each.last):
                return each
    built = _build(district_id, on, revision)
    with _lock:
        _kept[district_id] = [built, *_kept[district_id]][:KEPT]
    return built


def locate(
    district_id: int, longitude: Sequence[float] | NDArray[np.float64], latitude: Sequence[float] | NDArray[np.float64],
    on: date, *, levels: Sequence[int] = (4, 3, 2, 1),
) -> NDArray[np.int64]:  # fmt: skip
    """Id of the smallest area around each point (degrees, WGS 84), 0 where there is none."""
    x, y = np.asarray(longitude, dtype=np.float64), np.asarray(latitude, dtype=np.float64)
    found = np.zeros(x.shape, dtype=np.int64)
    layers = snapshot(district_id, on).layers
    for level in levels:
        open_ = np.flatnonzero(found == 0)
        if level in layers and len(open_):
            found[open_] = layers[level].ask(x[open_], y[open_])
    return found


def _build(district_id: int, on: date, revision: int) -> Snapshot:
    of_district = Q(area__district=district_id)
    rows = list(
        Boundary.objects.filter(of_district & valid_on(on) & valid_on(on, "area__"))
        .order_by("area_id")
        .values_list("area__level", "area_id", "wkb", "schematic", "valid_from", "valid_to", "area__valid_to")
    )
    ends = [day for *_, one, other in rows for day in (one, other) if day]
    later = (
        Boundary.objects.filter(of_district, valid_from__gt=on)
        .order_by("valid_from")
        .values_list("valid_from", flat=True)
    )
    changes = [*ends, *later[:1]]
    layers = {}
    for level in {row[0] for row in rows}:
        some = [row for row in rows if row[0] == level]
        layers[level] = Layer(
            ids=np.array([row[1] for row in some], dtype=np.int64),
            shapes=np.array(shapely.from_wkb([bytes(row[2]) for row in some]), dtype=object),
            schematic=np.array([row[3] for row in some], dtype=np.bool_),
        )
    # Earlier than `on` nothing is known of this set's beginning, and nothing needs to be.
    return Snapshot(revision, on, min(changes, default=None), layers)
