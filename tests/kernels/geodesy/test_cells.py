"""The locator against asking every polygon about every point."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from qipan.kernels.geodesy.cells import NOWHERE, Locator


def slow(polygons, x: float, y: float) -> int:
    point = shapely.Point(x, y)
    return next((index for index, polygon in enumerate(polygons) if polygon.intersects(point)), NOWHERE)


def voronoi(seed: int, count: int) -> np.ndarray:
    points = np.random.default_rng(seed).uniform(0, 1, (count, 2))
    cells = shapely.voronoi_polygons(shapely.multipoints(points), extend_to=shapely.box(0, 0, 1, 1))
    return shapely.intersection(shapely.get_parts(cells), shapely.box(0, 0, 1, 1))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), count=st.integers(1, 60))
def test_it_finds_what_asking_every_polygon_finds(seed, count):
    polygons = voronoi(seed, count)
    x, y = np.random.default_rng(seed + 1).uniform(-0.2, 1.2, (2, 200))
    assert Locator(polygons).locate(x, y).tolist() == [slow(polygons, *p) for p in zip(x, y, strict=True)]


def test_a_point_on_a_shared_border_belongs_to_the_first_polygon():
    squares = [shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)]
    assert Locator(squares).locate([1.0, 1.5, 1.0], [0.5, 0.5, 1.0]).tolist() == [0, 1, 0]
    assert Locator(squares[::-1]).locate(1.0, 0.5).tolist() == [0]


def test_holes_and_islands_count():
    ring = shapely.box(0, 0, 3, 3).difference(shapely.box(1, 1, 2, 2))
    islands = shapely.union_all([shapely.box(5, 0, 6, 1), shapely.box(7, 0, 8, 1)])
    assert Locator([ring, islands]).locate([1.5, 0.5, 7.5, 6.5], [1.5, 0.5, 0.5, 0.5]).tolist() == [-1, 0, 1, -1]


@pytest.mark.parametrize("polygons", [[], [shapely.box(0, 0, 1, 1)]])
def test_no_polygons_or_no_points_give_nothing(polygons):
    assert Locator(polygons).locate([], []).tolist() == []
    assert Locator([]).locate([0.5], [0.5]).tolist() == [NOWHERE]


def test_points_far_from_every_polygon_are_nowhere():
    assert Locator([shapely.box(0, 0, 1, 1)]).locate([50.0, -50.0], [0.0, 0.0]).tolist() == [NOWHERE, NOWHERE]
