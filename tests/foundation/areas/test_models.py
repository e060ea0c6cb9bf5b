"""What the database itself refuses about jurisdiction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pytest
from django.db import IntegrityError, connection, transaction

from qipan.foundation.areas import access, queries
from qipan.foundation.areas.models import Area, Boundary, Code, Jurisdiction, Kind, Premises, PremisesKind
from tests import places

pytestmark = [pytest.mark.django_db, pytest.mark.database]


@dataclass
class Holder:
    area: Area

    @property
    def district_id(self) -> int:
        return self.area.district_id


def refused(constraint: str):
    return pytest.raises(IntegrityError, match=constraint)


def settle() -> None:
    """Check what is only checked at the end of a transaction."""
    connection.check_constraints()


def test_an_area_knows_its_path_from_the_district_down():
    district = places.tree()
    cell = Area.objects.filter(district=district, level=4).order_by("id").last()
    assert cell is not None
    assert cell.path == (district.pk, cell.township_id, cell.village_id, cell.pk)
    assert district.path == (district.pk,)
    assert cell.village.path == (district.pk, cell.township_id, cell.village_id)


def test_a_village_directly_below_a_district_is_refused():
    district = places.area(None, "西区")
    (number,) = queries.next_ids(1)
    with refused("areas_area_place_in_the_tree"), transaction.atomic():
        Area.objects.create(
            id=number, level=3, parent=district, district=district, village_id=number, name="无镇村",
            kind=Kind.VILLAGE, valid_from=places.SINCE,
        )  # fmt: skip


def test_a_cell_that_names_another_township_than_its_village_is_refused():
    district = places.tree()
    cell = Area.objects.filter(district=district, level=4).order_by("id").first()
    other = Area.objects.filter(district=district, level=2).exclude(pk=cell.township_id).get()
    with refused("areas_area_village_id_agrees"), transaction.atomic():
        Area.objects.filter(pk=cell.pk).update(township=other)
        settle()


def test_a_township_under_another_district_than_its_villages_is_refused():
    one, two = places.tree("甲区", prefix="910201"), places.tree("乙区", prefix="910202")
    township = Area.objects.filter(district=one, level=2).first()
    with refused("areas_area_township_id_agrees"), transaction.atomic():
        Area.objects.filter(pk=township.pk).update(parent=two, district=two)
        settle()


def test_one_code_means_one_area_of_a_district_at_a_time():
    district = places.tree()
    one, two = Area.objects.filter(district=district, level=2)
    code = Code.objects.get(area=one)
    with refused("areas_code_one_area_at_a_time"), transaction.atomic():
        Code.objects.create(
            area=two, district=district, system=code.system, code=code.code, valid_from=date(2024, 1, 1)
        )
    Code.objects.filter(area=one).update(valid_to=date(2024, 1, 1))
    Code.objects.filter(area=two).update(valid_to=date(2024, 1, 1))
    Code.objects.create(area=two, district=district, system=code.system, code=code.code, valid_from=date(2024, 1, 1))


def test_another_district_may_use_the_same_code_for_the_same_township():
    places.tree("甲区", prefix="910201")
    places.tree("乙区", prefix="910201")
    assert Code.objects.filter(code="910201001").count() == 2


def test_an_area_bears_one_code_of_a_system_at_a_time_and_may_bear_one_of_each_system():
    district = places.tree()
    township = Area.objects.filter(district=district, level=2).first()
    with refused("areas_code_one_code_at_a_time"), transaction.atomic():
        Code.objects.create(
            area=township, district=district, system="statistical", code="910101999", valid_from=date(2025, 1, 1)
        )
    Code.objects.create(area=township, district=district, system="own", code="D-1", valid_from=date(2025, 1, 1))


@pytest.mark.parametrize("model", [Boundary, Jurisdiction])
def test_versions_of_one_thing_do_not_overlap_in_time(model):
    district = places.tree()
    township = Area.objects.filter(district=district, level=2).first()
    extra = (
        {"parent": district}
        if model is Jurisdiction
        else {"wkb": b"", "west": 1, "south": 1, "east": 2, "north": 2, "datum": "wgs84"}
    )
    first = model.objects.create(area=township, valid_from=date(2020, 1, 1), **extra)
    with refused("at_a_time"), transaction.atomic():
        model.objects.create(area=township, valid_from=date(2023, 1, 1), **extra)
    first.valid_to = date(2023, 1, 1)
    first.save()
    model.objects.create(area=township, valid_from=date(2023, 1, 1), **extra)


def test_a_place_keeps_all_four_areas_of_its_cell():
    district = places.tree()
    cell = Area.objects.filter(district=district, level=4).order_by("id").last()
    shop = Premises(kind=PremisesKind.SHOP, name="百货店", active_from=places.SINCE).place(cell, 114.3, 36.1)
    shop.save()
    shop.refresh_from_db()
    assert shop.areas() == cell.path
    assert (shop.longitude, shop.latitude) == (114.3, 36.1)


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"village": None}, "areas_without_gap"),
        ({"township": None}, "areas_without_gap"),
        ({"longitude": 200.0}, "point_on_earth"),
        ({"latitude": None}, "point_on_earth"),
        ({"active_to": places.SINCE}, "areas_premises_dates"),
        ({"name": ""}, "areas_premises_named"),
    ],
)
def test_premises_that_cannot_be_are_refused(change, constraint):
    district = places.tree()
    cell = Area.objects.filter(district=district, level=4).first()
    shop = Premises(kind=PremisesKind.SHOP, name="百货店", active_from=places.SINCE).place(cell, 114.3, 36.1)
    shop.save()
    with refused(constraint), transaction.atomic():
        Premises.objects.filter(pk=shop.pk).update(**change)


def test_a_viewer_sees_the_subtree_of_the_own_area_only():
    one, two = places.tree("甲区", prefix="910201"), places.tree("乙区", prefix="910202")
    township = Area.objects.filter(district=one, level=2).first()
    cell = Area.objects.filter(district=one, level=4).first()
    assert access.visible(viewer=Holder(one)).count() == 1 + 2 + 4 + 8
    assert access.visible(viewer=Holder(township)).count() == 1 + 2 + 4
    assert list(access.visible(viewer=Holder(cell))) == [cell]
    assert not access.visible(viewer=None).exists()
    with pytest.raises(access.NoSuchArea):
        access.get(two.pk, viewer=Holder(one))
    with pytest.raises(access.NoSuchArea):
        access.get(one.pk, viewer=Holder(township))


def test_located_rows_are_seen_from_the_areas_above_them_only():
    district = places.tree()
    for number, cell in enumerate(Area.objects.filter(district=district, level=4)):
        Premises(kind="shop", name=f"店{number}", active_from=places.SINCE).place(cell).save()
    assert access.visible_located(Premises, viewer=Holder(district)).count() == 8
    for area, count in ((Area.objects.filter(level=2).first(), 4), (Area.objects.filter(level=4).first(), 1)):
        assert access.visible_located(Premises, viewer=Holder(area)).count() == count
        assert Premises.objects.filter(queries.within(area)).count() == count
    assert not access.visible_located(Premises, viewer=None).exists()
