"""Changes of the tree, of outlines and of premises, and what they refuse."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import shapely

from qipan.foundation.areas import operations, queries
from qipan.foundation.areas.access import NoSuchArea
from qipan.foundation.areas.models import Area, Boundary, Code, Jurisdiction, Premises
from qipan.foundation.areas.operations import boundaries, tree
from qipan.foundation.areas.operations import places as place_operations
from qipan.foundation.journal import queries as journal
from qipan.foundation.journal.models import Entry
from qipan.foundation.journal.rules import SYSTEM
from qipan.foundation.refusals import Refusal
from tests import factories, places
from tests.foundation.areas.conftest import AT, TODAY

pytestmark = pytest.mark.django_db


def everything() -> list[object]:
    """All rows of this room and the journal, to see that a refusal changed nothing."""
    return [
        list(model.objects.order_by("pk").values()) for model in (Area, Code, Jurisdiction, Boundary, Premises, Entry)
    ]


def refused(refusal: type[Refusal], call, **given) -> Refusal:
    before = everything()
    with pytest.raises(refusal) as caught:
        call(**given, at=AT)
    assert everything() == before
    return caught.value


def test_a_district_is_founded_and_filled_level_by_level():
    district = operations.found_district(name="新区", code="910909", by=SYSTEM, at=AT)
    township = operations.create(parent=district, name="某镇", kind="town", code="910909100", by=SYSTEM, at=AT)
    village = operations.create(parent=township, name="某村", kind="village", code="910909100201", by=SYSTEM, at=AT)
    cell = operations.create(parent=village, name="第1网格", kind="cell", code="910909100201001", by=SYSTEM, at=AT)
    assert cell.path == (district.pk, township.pk, village.pk, cell.pk)
    assert (district.pinyin, township.pinyin) == ("xin qu", "mou zhen")
    assert district.profile.languages == ["zh-hans", "en"]
    assert queries.by_code(district_id=district.pk, code="910909100201001", at=AT) == cell
    assert Code.objects.get(area=cell).system == "grid"
    assert [entry.kind for entry in journal.history("areas.area", cell.key)] == ["areas.created"]
    refused(operations.NotAParent, operations.create, parent=cell, name="x", kind="cell", by=SYSTEM)
    taken = refused(
        operations.CodeTaken,
        operations.create,
        parent=district,
        name="另一镇",
        kind="town",
        code="910909100",
        by=SYSTEM,
    )
    assert (taken.field, taken.facts["name"]) == ("code", "某镇")


def test_a_rename_keeps_the_old_name_in_the_journal(district, administrator):
    village = factories.below(district, 3)
    old = village.name
    renamed = operations.rename(area_id=village.pk, name="新 村", by=administrator, at=AT)
    assert (renamed.name, renamed.pinyin) == ("新 村", "xin   cun")
    (entry,) = journal.history("areas.area", village.key)
    assert entry.detail == {"old": old, "new": "新 村"}


def test_a_moved_village_takes_its_cells_along_and_what_stood_there_keeps_its_areas(district, administrator):
    one, two = Area.objects.filter(district=district, level=2).order_by("pk")
    village = Area.objects.filter(parent=one).first()
    cell = Area.objects.filter(parent=village).first()
    shop = Premises(kind="shop", name="店", active_from=TODAY).place(cell)
    shop.save()
    operations.move(area_id=village.pk, parent=two, by=administrator, at=AT)
    cell.refresh_from_db()
    shop.refresh_from_db()
    assert cell.path == (district.pk, two.pk, village.pk, cell.pk)
    assert shop.township_id == one.pk
    assert list(Jurisdiction.objects.filter(area=village).values_list("parent", "valid_from", "valid_to")) == [
        (two.pk, TODAY, None)
    ]
    operations.move(area_id=village.pk, parent=one, by=administrator, at=AT + timedelta(days=5))
    assert list(Jurisdiction.objects.filter(area=village).order_by("valid_from").values_list("parent", "valid_to")) == [
        (two.pk, TODAY + timedelta(days=5)),
        (one.pk, None),
    ]


def test_moves_to_the_wrong_level_or_another_district_are_refused(district, administrator):
    village, cell = factories.below(district, 3), factories.below(district, 4)
    elsewhere = places.tree("外区", prefix="910102")
    refused(operations.NotAParent, operations.move, area_id=village.pk, parent=district, by=administrator)
    refused(operations.NotAParent, operations.move, area_id=cell.pk, parent=cell, by=administrator)
    refused(operations.LiesThere, operations.move, area_id=village.pk, parent=village.parent, by=administrator)
    refused(NoSuchArea, operations.move, area_id=village.pk, parent=factories.below(elsewhere, 2), by=administrator)
    refused(NoSuchArea, operations.move, area_id=factories.below(elsewhere, 3).pk, parent=district, by=administrator)
    refused(
        operations.FromTooEarly, operations.move, area_id=village.pk, parent=factories.below(district, 2, 1),
        since=TODAY + timedelta(days=1), by=administrator,
    )  # fmt: skip


def test_a_new_code_follows_the_old_one_and_both_are_found_at_their_time(district, administrator):
    township = factories.below(district, 2)
    operations.recode(area_id=township.pk, code="910101999", by=administrator, at=AT)
    find = queries.by_code
    assert find(district_id=district.pk, code="910101999", at=AT) == township
    assert find(district_id=district.pk, code="910101001", at=AT) is None
    assert find(district_id=district.pk, code="910101001", at=AT - timedelta(days=1)) == township
    assert queries.codes([township.pk], at=AT - timedelta(days=1)) == {township.pk: "910101001"}
    # The same day again corrects it.
    operations.recode(area_id=township.pk, code="910101998", by=administrator, at=AT)
    assert Code.objects.filter(area=township).count() == 2
    refused(operations.CodeTaken, operations.recode, area_id=township.pk, code="910101002", by=administrator)


def test_an_area_is_closed_when_nothing_lies_in_it_any_more(district, administrator):
    village = factories.below(district, 3)
    refused(operations.HasAreas, operations.close, area_id=village.pk, by=administrator)
    for cell in Area.objects.filter(parent=village):
        operations.close(area_id=cell.pk, by=administrator, at=AT)
    operations.close(area_id=village.pk, by=administrator, at=AT)
    village.refresh_from_db()
    assert village.valid_to == TODAY
    assert not Code.objects.filter(area=village, valid_to=None).exists()
    assert not Boundary.objects.filter(area=village, valid_to=None).exists()
    refused(operations.AreaClosed, operations.rename, area_id=village.pk, name="x", by=administrator)
    refused(operations.AreaClosed, operations.create, parent=village, name="x", kind="cell", by=administrator)
    refused(operations.FromTooEarly, operations.close, area_id=factories.below(district, 4, 4).pk,
            until=date(2019, 1, 1), by=administrator)  # fmt: skip


def test_nobody_changes_an_area_of_another_jurisdiction(district):
    township = factories.post("administrator", factories.below(district, 2))
    for area in (district, factories.below(district, 2, 1), places.tree("外区", prefix="910102")):
        refused(NoSuchArea, operations.rename, area_id=area.pk, name="x", by=township)
        refused(NoSuchArea, operations.close, area_id=area.pk, by=township)
        refused(NoSuchArea, operations.redraw, area_id=area.pk, shape=shapely.box(0, 0, 1, 1), by=township)


def test_a_new_outline_decides_where_a_point_is_from_its_day_on(district, administrator):
    left, right = Area.objects.filter(parent=factories.below(district, 3)).order_by("pk")
    one, two = queries.geometry(left, at=AT), queries.geometry(right, at=AT)
    x, y = two.centroid.x - 0.004, two.centroid.y
    where = lambda at: queries.locate(district_id=district.pk, longitude=x, latitude=y, at=at)  # noqa: E731
    assert where(AT) == right
    wider = shapely.box(one.bounds[0], one.bounds[1], two.centroid.x - 0.003, one.bounds[3])
    narrower = shapely.difference(two, wider)
    refused(operations.Overlaps, operations.redraw, area_id=left.pk, shape=wider, by=administrator)
    operations.redraw(area_id=right.pk, shape=narrower, by=administrator, at=AT)
    assert where(AT).level == 3  # for a moment no cell is there
    operations.redraw(area_id=left.pk, shape=wider, by=administrator, at=AT)
    assert where(AT) == left
    assert where(AT - timedelta(days=1)) == right
    assert where(AT + timedelta(days=900)) == left


def test_an_outline_in_another_datum_is_converted_once(district, administrator):
    cell = factories.below(district, 4)
    before = queries.geometry(cell, at=AT)
    from qipan.kernels.geodesy import shapes
    from qipan.kernels.geodesy.datums import Datum

    amap = shapes.convert_shape(before, source=Datum.WGS84, target=Datum.GCJ02)
    drawn = operations.redraw(area_id=cell.pk, shape=amap, datum="gcj02", source="高德", by=administrator, at=AT)
    assert shapely.equals_exact(shapely.from_wkb(bytes(drawn.wkb)), before, tolerance=1e-9)
    assert (drawn.datum, drawn.source) == ("gcj02", "高德")


def test_outlines_that_leave_the_parent_or_are_none_are_refused(district, administrator):
    cell = factories.below(district, 4)
    far = refused(
        operations.Outside,
        operations.redraw,
        area_id=cell.pk,
        shape=shapely.box(110, 30, 110.1, 30.1),
        by=administrator,
    )
    assert far.facts["share"] == 100
    assert far.facts["parent"] == cell.parent.name
    for shape in (shapely.LineString([(114, 36), (114.1, 36)]), shapely.Polygon(), shapely.Point(114, 36)):
        refused(boundaries.NotAnOutline, operations.redraw, area_id=cell.pk, shape=shape, by=administrator)


def test_premises_are_placed_by_area_or_by_their_point(district, administrator):
    cell = factories.below(district, 4)
    middle = queries.geometry(cell, at=AT).centroid
    shop = operations.add_premises(
        kind="shop", name="百货店", longitude=middle.x, latitude=middle.y, code="S1", by=administrator, at=AT
    )
    school = operations.add_premises(kind="school", name="小学", area=cell.village, by=administrator, at=AT)
    assert (shop.areas(), school.areas()) == (cell.path, cell.village.path)
    refused(place_operations.PlaceUnknown, operations.add_premises, kind="shop", name="x", by=administrator)
    refused(
        place_operations.PlaceUnknown, operations.add_premises, kind="shop", name="x", longitude=0.0, latitude=0.0,
        by=administrator,
    )  # fmt: skip
    refused(
        place_operations.PremisesCodeTaken, operations.add_premises, kind="shop", name="x", area=cell, code="S1",
        by=administrator,
    )  # fmt: skip
    operations.change_premises(
        premises_id=shop.pk, name="新百货店", area=factories.below(district, 4, 1), by=administrator, at=AT
    )
    shop.refresh_from_db()
    assert (shop.name, shop.cell) == ("新百货店", factories.below(district, 4, 1))
    operations.close_premises(premises_id=shop.pk, by=administrator, at=AT + timedelta(days=1))
    kinds = [entry.kind for entry in journal.history("areas.premises", shop.pk)]
    assert kinds == ["areas.premises_added", "areas.premises_changed", "areas.premises_closed"]


def test_premises_of_another_area_do_not_exist(district, administrator):
    other = factories.post("administrator", factories.below(district, 2, 1))
    shop = operations.add_premises(kind="shop", name="店", area=factories.below(district, 4), by=administrator, at=AT)
    refused(place_operations.NoSuchPremises, operations.change_premises, premises_id=shop.pk, name="x", by=other)
    refused(place_operations.NoSuchPremises, operations.close_premises, premises_id=shop.pk, by=other)
    refused(NoSuchArea, operations.add_premises, kind="shop", name="x", area=factories.below(district, 4), by=other)
    refused(
        place_operations.EndsTooEarly, operations.close_premises, premises_id=shop.pk, until=TODAY, by=administrator
    )


def test_a_point_is_put_into_the_cell_around_it(district, administrator):
    cell = factories.below(district, 4, 3)
    middle = queries.geometry(cell, at=AT).centroid
    point = operations.add_point(
        kind="hydrant", name="消火栓1", longitude=middle.x, latitude=middle.y, by=administrator, at=AT
    )
    assert point.areas() == cell.path


def test_the_tree_keeps_no_code_in_its_order(district):
    """A township coded under another county belongs where the tree says."""
    foreign = operations.create(parent=district, name="铜冶镇", kind="town", code="410522102", by=SYSTEM, at=AT)
    assert foreign in queries.subtree(district, level=2)
    assert tree.system_of(foreign.level) == "statistical"
