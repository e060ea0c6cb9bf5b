"""Measures, neighbours, nesting and simpler outlines."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from qipan.kernels.geodesy import shapes
from tests.kernels.geodesy.test_cells import voronoi


def test_a_degree_of_meridian_and_an_octant_have_their_known_size():
    # WGS 84: quarter meridian 10 001 965.729 m; whole surface 510 065 621.724 km².
    meridian = shapely.LineString([(114, degree) for degree in range(91)])
    assert shapes.length(meridian) == pytest.approx(10_001_965.729, abs=0.01)
    octant = shapely.Polygon([(0, 0), (90, 0), (90, 90), (0, 90)])
    assert shapes.area(octant) == pytest.approx(510_065_621_724_000 / 8, rel=1e-6)


def test_a_hole_is_not_part_of_the_area_whichever_way_it_is_drawn():
    whole, hole = shapely.box(114, 36, 114.1, 36.1), shapely.box(114.02, 36.02, 114.04, 36.04)
    for ring in (hole.exterior.coords, hole.exterior.coords[::-1]):
        with_hole = shapely.Polygon(whole.exterior.coords, [ring])
        assert shapes.area(with_hole) == pytest.approx(shapes.area(whole) - shapes.area(hole), rel=1e-9)


def test_distance_is_that_of_the_published_example():
    # GeographicLib's own example: New York JFK to Singapore Changi, 15 347.628 km.
    jfk, sin = (
        (-(73 + 46 / 60 + 44 / 3600), 40 + 38 / 60 + 23 / 3600),
        (103 + 59 / 60 + 22 / 3600, 1 + 21 / 60 + 33 / 3600),
    )
    assert float(shapes.distance(*jfk, *sin)) == pytest.approx(15_347_628, abs=1)


def test_county_sizes_are_those_of_the_source(shared):
    features = json.loads((shared / "1_divisions/anyang_counties_ctamap2021_WGS84.geojson").read_text())["features"]
    ours = [shapes.area(shapely.from_geojson(json.dumps(feature["geometry"]))) for feature in features]
    wanted = [feature["properties"]["area_m2_source"] for feature in features]
    # The file's outlines were simplified after its areas had been measured.
    assert ours == pytest.approx(wanted, rel=0.05)
    assert sum(ours) == pytest.approx(sum(wanted), rel=0.002)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), count=st.integers(2, 40))
def test_neighbours_are_the_pairs_with_a_common_line(seed, count):
    polygons = voronoi(seed, count)
    found = {(i, j) for i, j, _metres in shapes.neighbours(polygons, shortest=0.5)}
    wanted = set()
    for i in range(count):
        for j in range(i + 1, count):
            line = polygons[i].intersection(polygons[j])
            if shapes.length(line) >= 0.5:
                wanted.add((i, j))
    assert found == wanted


def test_touching_in_a_corner_makes_no_neighbours():
    squares = [shapely.box(0, 0, 1, 1), shapely.box(1, 1, 2, 2), shapely.box(1, 0, 2, 1)]
    assert [(i, j) for i, j, _ in shapes.neighbours(squares)] == [(0, 2), (1, 2)]


def test_a_shared_border_has_its_length():
    (found,) = shapes.neighbours([shapely.box(114, 36, 114.1, 36.1), shapely.box(114.1, 36, 114.2, 36.1)])
    assert found[2] == pytest.approx(shapes.length(shapely.LineString([(114.1, 36), (114.1, 36.1)])), rel=1e-9)


def test_the_part_outside_and_the_ground_in_common_are_measured():
    whole, half_out = shapely.box(0, 0, 2, 2), shapely.box(1, 0, 3, 1)
    assert shapes.outside_share(half_out, whole) == pytest.approx(0.5)
    assert shapes.outside_share(shapely.box(0, 0, 1, 1), whole) == 0
    assert shapes.overlaps([whole, half_out, shapely.box(2, 1, 3, 2)]) == [(0, 1, pytest.approx(0.5))]


def jagged(seed: int) -> np.ndarray:
    """A coverage with many small corners. Rounded before it is bent, so that both sides of a border agree."""

    def bend(points):
        points = points.round(9)
        return points + 0.002 * np.column_stack([np.sin(250 * points[:, 1]), np.cos(200 * points[:, 0])])

    return shapely.transform(shapely.segmentize(voronoi(seed, 25), 0.002), bend)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_simpler_outlines_keep_shared_borders(seed):
    bent = jagged(seed)
    assert shapely.coverage_is_valid(bent)
    simple = shapes.simplify(bent, tolerance=0.01)
    assert shapely.coverage_is_valid(simple)
    assert shapely.get_num_coordinates(simple).sum() < 0.5 * shapely.get_num_coordinates(bent).sum()
    assert shapely.area(simple).sum() == pytest.approx(shapely.area(shapely.union_all(simple)), rel=1e-9)
    assert shapely.area(simple).sum() == pytest.approx(shapely.area(bent).sum(), rel=0.05)


def test_what_is_not_a_polygon_is_dropped_and_a_crossed_one_is_mended():
    crossed = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
    mended = shapes.polygonal(crossed)
    assert mended.is_valid
    assert mended.area == pytest.approx(2)
    assert shapes.polygonal(shapely.LineString([(0, 0), (1, 1)])) is None
    assert shapes.polygonal(shapely.Polygon()) is None
    mixed = shapely.GeometryCollection([shapely.Point(5, 5), shapely.box(0, 0, 1, 1)])
    assert math.isclose(shapes.polygonal(mixed).area, 1)
