"""Which polygon a point lies in, for many points and many polygons."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

NOWHERE = -1


class Locator:
    """Polygons made ready to be asked. A point on a shared border belongs to the polygon that comes first."""

    def __init__(self, polygons: Sequence[Any] | NDArray[Any]) -> None:
        # Copies: nobody else asks what is prepared here.
        self.polygons = np.array(shapely.from_wkb(shapely.to_wkb(np.array(polygons, dtype=object))), dtype=object)
        shapely.prepare(self.polygons)
        self.tree = shapely.STRtree(self.polygons)
        # GEOS completes a prepared polygon at its first question, unguarded, while shapely lets other threads run: two
        # of them at once corrupt the memory of the process.
        self.lock = threading.Lock()

    def __len__(self) -> int:
        return len(self.polygons)

    def locate(self, longitude: ArrayLike, latitude: ArrayLike) -> NDArray[np.int64]:
        """Index of the polygon around each point, NOWHERE where there is none."""
        x = np.atleast_1d(np.asarray(longitude, dtype=np.float64))
        y = np.atleast_1d(np.asarray(latitude, dtype=np.float64))
        found = np.full(x.shape, NOWHERE, dtype=np.int64)
        if not len(self.polygons) or not len(x):
            return found
        with self.lock:
            return self._locate(x, y, found)

    def _locate(self, x: NDArray[np.float64], y: NDArray[np.float64], found: NDArray[np.int64]) -> NDArray[np.int64]:
        points, boxes = self.tree.query(shapely.points(x, y))
        if not len(boxes):
            return found
        # One polygon at a time, so that its prepared form serves all its points. The first in order is written last.
        order = np.argsort(-boxes, kind="stable")
        points, boxes = points[order], boxes[order]
        starts = np.flatnonzero(np.r_[True, boxes[1:] != boxes[:-1]])
        for start, end in zip(starts, [*starts[1:], len(boxes)], strict=True):
            some = points[start:end]
            inside = shapely.intersects_xy(self.polygons[boxes[start]], x[some], y[some])
            found[some[inside]] = boxes[start]
        return found
