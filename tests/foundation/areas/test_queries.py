"""Reads: where a point is, who borders on whom, what a map shows, what a search finds, in how many questions."""

from __future__ import annotations

import json
import threading
from datetime import timedelta

import numpy as np
import pytest
import shapely
from django.db import transaction

from qipan.foundation.areas import operations, outlines, queries
from qipan.foundation.areas.models import Area, Boundary, Point, Premises
from qipan.foundation.areas.operations.versions import touch
from tests import factories, places
from tests.foundation.areas.conftest import AT, SIDE, SOUTH, TODAY, WEST, drawn

pytestmark = pytest.mark.django_db


def test_a_point_is_in_the_cell_whose_outline_holds_it(district):
    layer = {area: queries.geometry(area, at=AT) for area in Area.objects.filter(district=district, level=4)}
    x, y = np.random.default_rng(1).uniform((WEST, SOUTH), (WEST + SIDE, SOUTH + SIDE), (200, 2)).T
    found = queries.locate_many(district_id=district.pk, longitudes=x, latitudes=y, at=AT)
    for longitude, latitude, number in zip(x, y, found, strict=True):
        (wanted,) = [area.pk for area, shape in layer.items() if shape.contains(shapely.Point(longitude, latitude))]
        assert number == wanted


def test_a_point_outside_is_nowhere_and_one_without_a_cell_is_in_its_village(district):
    assert queries.locate(district_id=district.pk, longitude=0.0, latitude=0.0, at=AT) is None
    cell = factories.below(district, 4)
    middle = queries.geometry(cell, at=AT).centroid
    Boundary.objects.filter(area=cell).delete()
    touch(district.pk)
    assert queries.locate(district_id=district.pk, longitude=middle.x, latitude=middle.y, at=AT) == cell.village


def test_asking_again_takes_one_question_for_the_revision_and_one_for_the_area(district, django_assert_num_queries):
    middle = queries.geometry(factories.below(district, 4), at=AT).centroid
    for _ in range(2):
        with django_assert_num_queries(2):
            queries.locate(district_id=district.pk, longitude=middle.x, latitude=middle.y, at=AT)
    with django_assert_num_queries(1):
        queries.locate_many(district_id=district.pk, longitudes=[middle.x] * 50, latitudes=[middle.y] * 50, at=AT)


def test_a_change_rolled_back_leaves_no_trace_in_memory(district, administrator):
    cell = factories.below(district, 4)
    before = queries.geometry(cell, at=AT)
    half = shapely.intersection(before, before.buffer(-0.002))
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        operations.redraw(area_id=cell.pk, shape=half, by=administrator, at=AT)
        assert queries.geometry(cell, at=AT).area < before.area
        raise ZeroDivisionError
    assert queries.geometry(cell, at=AT).equals(before)
    other = shapely.intersection(before, before.buffer(-0.001))
    operations.redraw(area_id=cell.pk, shape=other, by=administrator, at=AT)
    assert queries.geometry(cell, at=AT).equals(other)


def test_outlines_are_those_of_the_day_asked_for(district, administrator):
    cell = factories.below(district, 4)
    before = queries.geometry(cell, at=AT)
    half = shapely.intersection(before, before.buffer(-0.002))
    operations.redraw(area_id=cell.pk, shape=half, by=administrator, at=AT)
    for days, wanted in ((-1, before), (0, half), (30, half), (-30, before), (-1, before)):
        assert queries.geometry(cell, at=AT + timedelta(days=days)).equals(wanted)
    operations.close(area_id=cell.pk, by=administrator, at=AT + timedelta(days=3))
    assert queries.geometry(cell, at=AT + timedelta(days=2)).equals(half)
    assert queries.geometry(cell, at=AT + timedelta(days=3)) is None


@pytest.mark.django_db(transaction=True)
def test_another_connection_sees_a_change_at_once():
    district = drawn(places.tree())
    post = factories.post("administrator", district)
    cell = factories.below(district, 4)
    before = queries.geometry(cell, at=AT)
    half = shapely.intersection(before, before.buffer(-0.002))
    seen = []

    def elsewhere() -> None:
        from django.db import connection

        operations.redraw(area_id=cell.pk, shape=half, by=post, at=AT)
        seen.append(queries.geometry(cell, at=AT))
        connection.close()

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    outlines._kept.clear()  # as in another process, which has its own memory
    assert queries.geometry(cell, at=AT).equals(half)
    assert seen[0].equals(half)
    assert not before.equals(half)


def test_neighbours_have_a_common_border(district):
    village = factories.below(district, 3)
    found = queries.neighbours(village, at=AT)
    assert {area.level for area, _metres in found} == {3}
    assert len(found) == 2  # the one above and the one beside; the one across the corner is none
    assert found[0][1] > found[1][1] > 1000
    assert queries.neighbours(district, at=AT) == []


def test_a_map_gets_every_area_of_a_level_inside_an_area(district, django_assert_num_queries):
    collection = json.loads(queries.outline(district, level=4, at=AT))
    assert len(collection["features"]) == 8
    one = collection["features"][0]
    assert set(one["properties"]) == {"id", "name", "level", "parent", "schematic"}
    village = factories.below(district, 3)
    inside = json.loads(queries.outline(village, level=4, at=AT))["features"]
    assert {feature["properties"]["parent"] for feature in inside} == {village.pk}
    with django_assert_num_queries(1):
        assert queries.outline(district, level=4, at=AT)
    (own,) = json.loads(queries.outline(village, at=AT))["features"]
    assert shapely.from_geojson(json.dumps(own["geometry"])).equals_exact(queries.geometry(village, at=AT), 1e-5)


def test_a_search_finds_names_pinyin_and_codes_inside_the_viewers_area(
    district, administrator, django_assert_num_queries
):
    village = Area.objects.get(district=district, name="东区1镇2村")
    for text in ("1镇2村", "910101001002"):
        assert village in queries.search(viewer=administrator, text=text)
    assert [area.name for area in queries.search(viewer=administrator, text="dong qu", level=1)] == []
    Area.objects.filter(pk=village.pk).update(pinyin="dong qu 1 zhen 2 cun")
    assert list(queries.search(viewer=administrator, text="dong qu")) == [village]
    with django_assert_num_queries(1):
        assert len(queries.search(viewer=administrator, level=4)) == 8
    other = factories.post("dispatcher", factories.below(district, 2, 1))
    assert village not in queries.search(viewer=other)
    assert queries.search(viewer=None).count() == 0


def test_the_lineage_goes_from_the_district_down(district, django_assert_num_queries):
    cell = factories.below(district, 4)
    with django_assert_num_queries(1):
        assert [area.level for area in queries.lineage(cell)] == [1, 2, 3, 4]


def test_premises_and_points_are_listed_by_kind_and_area(district, administrator, django_assert_num_queries):
    cells = Area.objects.filter(district=district, level=4).order_by("pk")
    for number, cell in enumerate(cells):
        Premises(
            kind=["shop", "school"][number % 2], name=f"处{number}", code=f"P{number}", active_from=TODAY,
            active_to=TODAY + timedelta(days=1) if number == 0 else None,
        ).place(cell).save()  # fmt: skip
        Point(kind="gate", name=f"口{number}", active_from=TODAY).place(cell, 114.0, 36.0).save()
    with django_assert_num_queries(1):
        assert len(queries.premises(viewer=administrator, kind="school")) == 4
    assert len(queries.premises(viewer=administrator)) == 7
    assert len(queries.premises(viewer=administrator, closed=True)) == 8
    assert len(queries.premises(viewer=administrator, area=factories.below(district, 3), closed=True)) == 2
    assert [row.name for row in queries.premises(viewer=administrator, text="P3")] == ["处3"]
    assert len(queries.points(viewer=factories.post("handler", factories.below(district, 2)))) == 4


def test_the_district_around_a_point_is_found_among_several(district):
    places.tree("外区", prefix="910102")
    assert queries.district_at(longitude=WEST + 0.01, latitude=SOUTH + 0.01) == district
    assert queries.district_at(longitude=0.0, latitude=0.0) is None
