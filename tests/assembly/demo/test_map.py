"""The demo district's map: of the right size, nested exactly, the same every time, and loaded as it was built."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import UTC, datetime

import numpy as np
import pytest
import shapely

from qipan.assembly.demo import map as demo
from qipan.foundation.areas import queries
from qipan.foundation.areas.models import Area, Boundary, Code, Jurisdiction, Point, Premises
from qipan.foundation.journal.models import Entry
from qipan.foundation.journal.rules import SYSTEM
from qipan.kernels.geodesy import shapes

AT = datetime(2026, 11, 20, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def whole() -> demo.DemoMap:
    return demo.build("default", seed=1)


@pytest.fixture(scope="module")
def small() -> demo.DemoMap:
    return demo.build("small", seed=1)


def level(built: demo.DemoMap, number: int) -> list[demo.DemoArea]:
    return [area for area in built.areas if area.level == number]


def test_the_whole_district_has_its_real_figures(whole):
    counts = Counter(area.level for area in whole.areas)
    assert (counts[1], counts[2], counts[3]) == (1, 19, 342)
    assert 4_800 <= counts[4] <= 5_200
    assert len(whole.premises) == 5_280
    assert Counter(place.kind for place in whole.premises)["shop"] == 2_962
    assert sum(place.kind in {"village", "community"} for place in whole.premises) == 342
    assert Counter(place.kind for place in whole.points)["device"] == 846 + 11_739 + 273
    assert shapes.area(whole.areas[0].shape) == pytest.approx(682e6, rel=1e-4)
    kinds = Counter(area.kind for area in level(whole, 2))
    assert kinds == {"subdistrict": 9, "town": 5, "township": 5}
    foreign = [area for area in level(whole, 2) if area.code.startswith("410522")]
    assert len(foreign) == 7  # coded under another county, and of this district all the same


def test_names_and_codes_are_those_of_the_published_list(whole, shared):
    lines = (shared / "1_divisions/anyang_4105_villages_2023.csv").read_text().splitlines()
    published = {row["code12"]: row["name"] for row in csv.DictReader(lines)}
    for village in level(whole, 3):
        assert village.name.removesuffix("村").removesuffix("社区") in published[village.code]


@pytest.mark.parametrize("size", ["small", "default"])
def test_cells_fill_villages_and_those_their_townships_exactly(size, whole, small):
    built = {"small": small, "default": whole}[size]
    for number in (2, 3, 4):
        layer = np.array([area.shape for area in level(built, number)], dtype=object)
        assert shapely.is_valid(layer).all()
        assert shapely.coverage_is_valid(layer)
    by_key = {area.key: area for area in built.areas}
    for number in (1, 2, 3):
        for area in level(built, number):
            below = [other.shape for other in built.areas if other.parent == area.key]
            assert shapely.get_type_id(area.shape) == 3  # of one piece
            assert shapely.equals(shapely.coverage_union_all(below), area.shape)
    assert all(by_key[area.parent].level == area.level - 1 for area in built.areas if area.parent is not None)


def test_every_place_stands_in_its_cell_and_no_two_premises_of_a_village_share_a_name(whole):
    for places in (whole.premises, whole.points):
        for place in places:
            cell = whole.areas[place.area]
            assert cell.level == 4
            assert shapely.contains_xy(cell.shape, place.longitude, place.latitude)
        assert len({place.code for place in places}) == len(places)
    names = Counter((whole.areas[place.area].parent, place.kind, place.name) for place in whole.premises)
    assert max(names.values()) == 1


def test_cells_are_denser_where_more_people_live(whole):
    sizes = {kind: [] for kind in ("community", "village")}
    for cell in level(whole, 4):
        sizes[whole.areas[cell.parent].kind].append(shapes.area(cell.shape))
    assert np.median(sizes["community"]) < 0.5 * np.median(sizes["village"])


def test_the_same_seed_gives_the_same_map_and_another_seed_another(small):
    again, other = demo.build("small", seed=1), demo.build("small", seed=2)
    assert small == again
    assert small != other
    assert [area.name for area in small.areas[:16]] == [area.name for area in other.areas[:16]]


def test_the_small_one_is_small(small):
    counts = Counter(area.level for area in small.areas)
    assert (counts[2], counts[3], len(small.premises)) == (3, 12, 120)
    assert 60 <= counts[4] <= 110


@pytest.mark.django_db
def test_a_loaded_map_is_the_one_that_was_built(small):
    district = demo.load(small, by=SYSTEM, at=AT)
    assert (district.name, district.level) == ("殷都区", 1)
    assert Area.objects.filter(district=district).count() == len(small.areas)
    assert Code.objects.filter(district=district).count() == len(small.areas)
    assert Jurisdiction.objects.filter(area__district=district).count() == len(small.areas) - 1
    assert Premises.objects.filter(district=district).count() == len(small.premises)
    assert Point.objects.filter(district=district).count() == len(small.points)
    assert set(Boundary.objects.values_list("schematic", flat=True)) == {True}
    for built in small.areas:
        area = queries.by_code(district_id=district.pk, code=built.code, at=AT)
        assert area is not None
        assert (area.name, area.level, area.kind) == (built.name, built.level, built.kind)
        assert queries.geometry(area, at=AT).equals(built.shape)
    some = small.premises[::7]
    found = queries.locate_many(
        district_id=district.pk, longitudes=[p.longitude for p in some], latitudes=[p.latitude for p in some], at=AT
    )
    assert found == [Premises.objects.get(code=place.code).cell_id for place in some]
    cell = Area.objects.filter(district=district, level=4).first()
    assert cell.path == (district.pk, cell.parent.parent_id, cell.parent_id, cell.pk)
    (entry,) = Entry.objects.filter(about_id=district.key)
    assert (entry.kind, entry.detail["premises"]) == ("areas.map_loaded", 120)


@pytest.mark.django_db
def test_two_districts_can_be_loaded_beside_each_other(small):
    one, two = demo.load(small, by=SYSTEM, at=AT), demo.load(small, by=SYSTEM, at=AT)
    assert one.pk != two.pk
    assert Premises.objects.filter(district=two).count() == len(small.premises)
