"""Datums against published control points, two independent outlines of the same counties, and their own laws."""

from __future__ import annotations

import json

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from qipan.kernels.geodesy import shapes
from qipan.kernels.geodesy.datums import Datum, convert, in_box

# Control points published with EvilTransform (github.com/googollee/eviltransform), carried by its ports in ten
# languages: WGS 84 to GCJ-02 in Shanghai, Shenzhen and Beijing; BD-09 to WGS 84.
GCJ02 = [
    ((121.5272106, 31.1774276), (121.531541859215, 31.17530398364597)),
    ((113.912316, 22.543847), (113.9171764808363, 22.540796131694766)),
    ((116.377817, 39.911954), (116.38404722455657, 39.91334545536069)),
]
# Published with coordtransform (github.com/wandergis/coordtransform): GCJ-02 to BD-09; and with gcoord
# (github.com/hujiulong/gcoord): WGS 84 to BD-09. Both near Tian'anmen.
BD09 = [
    (Datum.GCJ02, (116.404, 39.915), (116.41036949371029, 39.92133699351021)),
    (Datum.WGS84, (116.403988, 39.914266), (116.41661560068297, 39.92196580126834)),
]
# Inside the box by more than the shift, so that there and back stays inside.
CHINA = st.tuples(st.floats(73, 136.5), st.floats(2, 54.5))
DATUMS = st.sampled_from(list(Datum))


def point_in(point, source: Datum, target: Datum) -> tuple[float, float]:
    x, y = convert(*point, source=source, target=target)
    return float(x), float(y)


@pytest.mark.parametrize(("wgs84", "gcj02"), GCJ02)
def test_gcj02_meets_the_published_points(wgs84, gcj02):
    assert point_in(wgs84, Datum.WGS84, Datum.GCJ02) == pytest.approx(gcj02, abs=1e-10)
    assert point_in(gcj02, Datum.GCJ02, Datum.WGS84) == pytest.approx(wgs84, abs=1e-9)


@pytest.mark.parametrize(("source", "point", "bd09"), BD09)
def test_bd09_meets_the_published_points(source, point, bd09):
    assert point_in(point, source, Datum.BD09) == pytest.approx(bd09, abs=1e-10)
    assert point_in(bd09, Datum.BD09, source) == pytest.approx(point, abs=1e-9)


@given(point=CHINA, source=DATUMS, target=DATUMS)
def test_there_and_back_is_the_same_point(point, source, target):
    there = point_in(point, source, target)
    assert point_in(there, target, source) == pytest.approx(point, abs=1e-9)


@given(point=CHINA, source=DATUMS, middle=DATUMS, target=DATUMS)
def test_a_way_over_a_third_datum_ends_at_the_same_point(point, source, middle, target):
    around = point_in(point_in(point, source, middle), middle, target)
    assert around == pytest.approx(point_in(point, source, target), abs=1e-9)


@given(point=CHINA)
def test_the_shift_in_china_is_tens_to_a_thousand_and_some_metres(point):
    assert 10 < float(shapes.distance(*point, *point_in(point, Datum.WGS84, Datum.BD09))) < 3000


@pytest.mark.parametrize("point", [(-73.9857, 40.7484), (2.3522, 48.8566), (151.2, -33.87), (139.767, 35.681)])
def test_outside_china_nothing_moves(point):
    for source in Datum:
        for target in Datum:
            assert point_in(point, source, target) == point
    assert not in_box(*point)


@settings(max_examples=20)
@given(points=st.lists(st.tuples(st.floats(-180, 180), st.floats(-90, 90)), min_size=1, max_size=30))
def test_an_array_gives_what_its_points_give_one_by_one(points):
    x, y = np.array(points).T
    together = convert(x, y, source=Datum.WGS84, target=Datum.GCJ02)
    single = [convert(*point, source=Datum.WGS84, target=Datum.GCJ02) for point in points]
    assert np.array_equal(np.column_stack(together), np.array(single))
    assert np.isfinite(together).all()


def outlines(path) -> dict[int, object]:
    features = json.loads(path.read_text())["features"]
    return {
        feature["properties"]["adcode"]: shapely.from_geojson(json.dumps(feature["geometry"])) for feature in features
    }


def test_a_published_outline_in_gcj02_becomes_its_published_form_in_wgs84(shared):
    given = outlines(shared / "1_divisions/anyang_counties_datav_GCJ02.geojson")
    wanted = outlines(shared / "1_divisions/anyang_counties_datav_to_WGS84.geojson")
    assert len(given) >= 9
    for code, outline in given.items():
        ours = shapes.convert_shape(outline, source=Datum.GCJ02, target=Datum.WGS84)
        # Six decimals are written in the file.
        assert np.abs(shapely.get_coordinates(ours) - shapely.get_coordinates(wanted[code])).max() < 2e-6


def test_converted_outlines_lie_on_an_independent_survey_of_the_same_counties(shared):
    amap = outlines(shared / "1_divisions/anyang_counties_datav_GCJ02.geojson")
    survey = outlines(shared / "1_divisions/anyang_counties_ctamap2021_WGS84.geojson")
    common = sorted(set(amap) & set(survey))
    assert len(common) >= 9
    converted = {code: shapes.convert_shape(amap[code], source=Datum.GCJ02, target=Datum.WGS84) for code in common}

    def alike(one, code) -> float:
        """Common ground over all ground of the same county in both sources."""
        together = shapely.area(shapely.union(one[code], survey[code]))
        return float(shapely.area(shapely.intersection(one[code], survey[code])) / together)

    def apart(one) -> float:
        """Metres between the middles of the same county in both sources, in the median."""
        middles = np.array([[*one[code].centroid.coords[0], *survey[code].centroid.coords[0]] for code in common])
        return float(np.median(shapes.distance(*middles.T)))

    # Some borders moved between the two editions, but every county lies better once converted.
    for code in common:
        assert alike(converted, code) > alike(amap, code)
    assert alike(converted, 410505) > 0.9
    assert apart(amap) > 500
    assert apart(converted) < 200
