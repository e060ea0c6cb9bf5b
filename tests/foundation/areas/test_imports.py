"""Areas, outlines and premises from files: good, repeated, changed, broken; and the real ones."""

from __future__ import annotations

import csv as csv_module
import io
import json
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest
import shapely

from qipan.foundation.areas import imports, operations, queries
from qipan.foundation.areas.models import Area, Boundary, Code, Jurisdiction, Premises
from qipan.foundation.journal.models import Entry
from qipan.foundation.journal.rules import SYSTEM
from qipan.foundation.refusals import Refusal, tables
from qipan.kernels.geodesy import shapes
from qipan.kernels.geodesy.datums import Datum
from qipan.kernels.ids import new_id
from tests import factories
from tests.foundation.areas.conftest import AT, SIDE, SOUTH, TODAY, WEST
from tests.kernels.tables import files

pytestmark = pytest.mark.django_db

HEADER = ("代码", "名称", "类型", "上级代码", "启用日期")


def rows(model) -> list[dict[str, object]]:
    return list(model.objects.order_by("pk").values())


def everything() -> list[object]:
    return [rows(model) for model in (Area, Code, Jurisdiction, Boundary, Premises, Entry)]


@pytest.fixture
def empty() -> Area:
    return operations.found_district(name="殷都区", code="410505", by=SYSTEM, at=AT, since=date(2002, 1, 1))


def load(source, district, kind="areas", **options) -> imports.Result:
    return imports.load(source, kind=kind, district=district, by=SYSTEM, at=AT, **options)


def problems(source, district, kind="areas", **options) -> list[tuple[int, str, str]]:
    """What is wrong, row by row; and that neither looking nor trying to load changed anything."""
    before = everything()
    found = imports.check(source, kind=kind, district=district, at=AT, **options)
    with pytest.raises(imports.NothingLoaded) as caught:
        load(source, district, kind, **options)
    assert caught.value.result.problems == found.problems
    assert caught.value.facts["count"] == found.counts["refused"]
    assert everything() == before
    return [(problem.line, problem.column, problem.code) for problem in found.problems]


GOOD = (
    HEADER,
    ("410505100000", "曲沟镇", "镇", "", "2010-01-01"),
    ("410505100200", "曲沟村", "村委会", "410505100000", ""),
    ("410505100200001", "第1网格", "网格", "410505100200", ""),
    ("410522102", "铜冶镇", "", "", ""),
)


@pytest.mark.parametrize("data", [files.csv(*GOOD), files.xlsx(*GOOD), files.csv(*GOOD, encoding="gb18030")])
def test_a_tree_is_loaded_from_one_file_and_the_same_file_again_changes_nothing(empty, data):
    looked_at = imports.check(data, kind="areas", district=empty, at=AT)
    assert looked_at.counts == {"new": 4, "changed": 0, "unchanged": 0, "left_out": 0, "refused": 0}
    assert Area.objects.count() == 1
    result = load(data, empty)
    assert result.loaded
    assert result.counts == looked_at.counts
    cell = queries.by_code(district_id=empty.pk, code="410505100200001", at=AT)
    assert [(area.name, area.kind) for area in queries.lineage(cell)] == [
        ("殷都区", "district"), ("曲沟镇", "town"), ("曲沟村", "village"), ("第1网格", "cell"),
    ]  # fmt: skip
    assert queries.lineage(cell)[1].valid_from == date(2010, 1, 1)
    foreign = queries.by_code(district_id=empty.pk, code="410522102", at=AT)
    assert (foreign.parent, foreign.kind) == (empty, "town")
    (entry,) = Entry.objects.filter(kind="areas.imported")
    assert entry.detail["counts"] == result.counts
    assert entry.detail["digest"] == tables.read(data, columns=()).digest
    before = everything()
    again = load(data, empty)
    assert again.counts["unchanged"] == 4
    assert not again.loaded
    assert everything() == before


def test_rows_may_stand_in_any_order(empty):
    load(files.csv(HEADER, *reversed(GOOD[1:])), empty)
    assert Area.objects.count() == 5


def test_a_changed_file_renames_and_moves_and_says_so(empty):
    load(files.csv(*GOOD), empty)
    changed = files.csv(
        HEADER,
        ("410505100", "曲沟街道", "街道", "", ""),
        ("410505100200", "曲沟村", "村委会", "410522102", ""),
        ("410505100200001", "第1网格", "", "", ""),
    )
    result = load(changed, empty)
    assert [(item.action, item.changes) for item in result.items] == [
        ("changed", (("name", "曲沟镇", "曲沟街道"), ("kind", "town", "subdistrict"))),
        ("changed", (("parent", "曲沟镇", "铜冶镇"),)),
        ("unchanged", ()),
    ]
    cell = queries.by_code(district_id=empty.pk, code="410505100200001", at=AT)
    assert [area.name for area in queries.lineage(cell)] == ["殷都区", "铜冶镇", "曲沟村", "第1网格"]
    assert load(changed, empty).counts["unchanged"] == 3


@pytest.mark.parametrize(
    ("bad", "wanted"),
    [
        (("410505100", "曲沟镇", "镇", "", "2026-11-21"), ("启用日期", "in_the_future")),
        (("410505100", "曲沟镇", "镇", "", "0020-05-15"), ("启用日期", "too_early")),
        (("410505100", "曲沟镇", "镇", "", "15/05/20"), ("启用日期", "short_year")),
        (("410505100", "", "镇", "", ""), ("代码", "unknown_code")),
        (("410505100", "曲沟镇", "城堡", "", ""), ("类型", "not_a_choice")),
        (("410505100", "=A1", "镇", "", ""), ("名称", "formula")),
        (("4.10505E+08", "曲沟镇", "镇", "", ""), ("代码", "damaged_code")),
        (("41050510", "曲沟镇", "镇", "", ""), ("代码", "wrong_length")),
        (("", "曲沟镇", "镇", "", ""), ("代码", "empty")),
        (("410505100200", "某村", "村", "", ""), ("上级代码", "parent_needed")),
        (("410505100200", "某村", "村", "410505999", ""), ("上级代码", "unknown_parent")),
        (("410505100200", "某村", "村", "410505", ""), ("上级代码", "wrong_level")),
        (("410505100", "甲镇联系13800138000", "镇", "", ""), ("名称", "personal_number")),
    ],
)
def test_a_bad_row_is_named_and_nothing_is_loaded(empty, bad, wanted):
    good = ("410505200", "西郊乡", "乡", "", "")
    assert problems(files.csv(HEADER, good, bad), empty) == [(3, *wanted)]


def test_duplicate_codes_and_circles_are_named(empty):
    twice = files.csv(HEADER, ("410505100", "甲镇", "", "", ""), ("410505100000", "乙镇", "", "", ""))
    assert problems(twice, empty) == [(3, "代码", "twice")]
    circle = files.csv(
        HEADER, ("410505100200", "甲村", "", "410505100201", ""), ("410505100201", "乙村", "", "410505100200", "")
    )
    assert ("上级代码", "circle") in {(column, code) for _line, column, code in problems(circle, empty)}


def test_the_error_file_names_line_column_and_reason_in_the_readers_language(empty):
    from django.utils import translation

    data = files.csv(HEADER, ("410505100", "曲沟镇", "镇", "", "15/05/20"), ("410505200", "x", "=cmd()", "", ""))
    found = imports.check(data, kind="areas", district=empty, at=AT)
    for language, head, reason in (
        ("zh-hans", ["行号", "列", "问题"], "四位"), ("en", ["Line", "Column", "What is wrong"], "four digits"),
    ):  # fmt: skip
        with translation.override(language):
            text = tables.error_file(found.problems).decode("utf-8-sig")
        lines = list(csv_module.reader(io.StringIO(text)))
        assert lines[0] == head
        assert [(line[0], line[1]) for line in lines[1:]] == [("2", "启用日期"), ("3", "类型")]
        assert reason in lines[1][2]


@pytest.mark.parametrize(
    ("data", "refusal"),
    [
        (b"", tables.EmptyFile),
        (files.csv(("名称",), ("曲沟镇",)), tables.MissingColumn),
        (files.csv(HEADER), tables.NoRows),
        (files.csv(("code", "name"), ("1", "Müller"), encoding="latin-1"), tables.UnknownEncoding),
        (files.zip_bomb(), tables.SuspiciousSheet),
        (files.entity_bomb(), tables.SuspiciousSheet),
        (b"\xd0\xcf\x11\xe0" + bytes(600), tables.OldExcel),
        (b"%PDF-1.7", tables.NotText),
        (b'{"type": "Feature"}', tables.NotGeojson),
    ],
)
@pytest.mark.parametrize("kind", ["areas", "premises"])
def test_a_broken_file_is_refused_in_words_and_nothing_is_loaded(empty, data, refusal, kind):
    before = everything()
    with pytest.raises(refusal) as caught:
        load(data, empty, kind)
    assert caught.value.field == "file"
    assert caught.value.status == 422
    assert "{" not in caught.value.message
    assert everything() == before


def test_a_gigabyte_is_refused_without_being_read(empty, tmp_path: Path):
    path = tmp_path / "huge.csv"
    with path.open("wb") as file:
        file.truncate(2**30)
    with pytest.raises(tables.FileTooLarge):
        load(path, empty)


def test_an_unknown_kind_or_datum_is_refused(empty):
    for given in ({"kind": "people"}, {"datum": "beijing54"}):
        with pytest.raises(Refusal):
            load(files.csv(*GOOD), empty, **{"kind": "areas", **given})


def test_a_cancelled_import_leaves_nothing(empty):
    before = everything()

    def progress(done: int, total: int) -> None:
        if done >= total / 2:
            raise imports.Cancelled

    with pytest.raises(imports.Cancelled):
        load(files.csv(*GOOD), empty, progress=progress)
    assert everything() == before


def test_one_command_loads_once(empty):
    command = new_id()
    load(files.csv(*GOOD), empty, command_id=command)
    before = everything()
    load(files.csv(*GOOD), empty, command_id=command)
    assert everything() == before


def features(*given: tuple[dict[str, object], object]) -> bytes:
    made = [
        {"type": "Feature", "properties": properties, "geometry": json.loads(shapely.to_geojson(shape))}
        for properties, shape in given
    ]
    return json.dumps({"type": "FeatureCollection", "features": made}).encode()


def in_gcj02(shape):
    return shapes.convert_shape(shape, source=Datum.WGS84, target=Datum.GCJ02)


def test_outlines_are_converted_once_and_the_same_file_again_changes_nothing(empty):
    load(files.csv(*GOOD), empty)
    town, village = shapely.box(114.1, 36.0, 114.2, 36.1), shapely.box(114.12, 36.02, 114.16, 36.06)
    data = features(({"代码": "410505100"}, in_gcj02(town)), ({"代码": "410505100200"}, in_gcj02(village)))
    result = load(data, empty, datum="gcj02")
    assert [item.changes for item in result.items] == [(("outline", "", ""),)] * 2
    drawn = queries.geometry(queries.by_code(district_id=empty.pk, code="410505100", at=AT), at=AT)
    assert shapely.equals_exact(drawn, town, 1e-9)
    assert set(Boundary.objects.values_list("datum", "schematic")) == {("gcj02", False)}
    before = everything()
    assert load(data, empty, datum="gcj02").counts["unchanged"] == 2
    assert everything() == before
    # Declared wrongly, the same numbers are another outline.
    assert imports.check(data, kind="areas", district=empty, at=AT).counts["changed"] == 2


def test_areas_come_with_their_outlines_from_geojson(empty):
    town, village = shapely.box(114.1, 36.0, 114.2, 36.1), shapely.box(114.12, 36.02, 114.16, 36.06)
    load(
        features(
            ({"code": "410505100200", "name": "曲沟村", "parent_code": "410505100"}, village),
            ({"code": "410505100", "name": "曲沟镇"}, town),
        ),
        empty,
    )
    here = queries.locate(district_id=empty.pk, longitude=114.13, latitude=36.03, at=AT)
    assert here.name == "曲沟村"
    assert queries.locate(district_id=empty.pk, longitude=114.11, latitude=36.01, at=AT).name == "曲沟镇"


def test_a_new_outline_follows_the_old_one_and_an_old_case_finds_its_own(empty):
    load(files.csv(*GOOD), empty)
    one, two = shapely.box(114.1, 36.0, 114.2, 36.1), shapely.box(114.1, 36.0, 114.3, 36.1)
    load(features(({"code": "410505100"}, one)), empty, since=date(2020, 1, 1))
    load(features(({"code": "410505100"}, two)), empty, since=date(2024, 1, 1))
    assert list(Boundary.objects.order_by("valid_from").values_list("valid_from", "valid_to")) == [
        (date(2020, 1, 1), date(2024, 1, 1)), (date(2024, 1, 1), None),
    ]  # fmt: skip
    where = {"district_id": empty.pk, "longitude": 114.25, "latitude": 36.05}
    assert queries.locate(**where, at=AT) is not None
    assert queries.locate(**where, at=AT - timedelta(days=3 * 365)) is None


@pytest.mark.parametrize(
    ("shape", "code"),
    [
        (shapely.box(114.15, 36.0, 114.3, 36.05), "outside_parent"),
        (shapely.box(110, 30, 110.1, 30.1), "outside_parent"),
        (shapely.box(114.11, 36.01, 114.19, 36.09), "overlap"),
        (shapely.LineString([(114.1, 36), (114.2, 36.1)]), "not_an_outline"),
        (shapely.Point(114.1, 36), "not_an_outline"),
        (shapely.box(38_500_000, 4_000_000, 38_500_100, 4_000_100), "not_degrees"),
    ],
)
def test_an_outline_that_cannot_be_is_named_and_nothing_is_loaded(empty, shape, code):
    load(files.csv(*GOOD), empty)
    load(files.csv(HEADER, ("410505100201", "邻村", "", "410505100", "")), empty)
    load(
        features(
            ({"code": "410505100"}, shapely.box(114.1, 36.0, 114.2, 36.1)),
            ({"code": "410505100201"}, shapely.box(114.1, 36.0, 114.15, 36.1)),
        ),
        empty,
    )
    assert problems(features(({"code": "410505100200"}, shape)), empty) == [(1, "geometry", code)]


def test_a_damaged_geometry_is_named(empty):
    load(files.csv(*GOOD), empty)
    for geometry in (
        {"type": "Polygon", "coordinates": [[[1, 2]]]},
        {"type": "Polygon"},
        {"type": "Cube", "coordinates": []},
    ):
        data = {
            "type": "FeatureCollection",
            "features": [{"type": "Feature", "properties": {"code": "410505100"}, "geometry": geometry}],
        }
        assert [code for _l, _c, code in problems(json.dumps(data).encode(), empty)] in (
            ["bad_geometry"],
            ["not_an_outline"],
        )


PREMISES = ("名称", "类型", "编号", "区域代码", "经度", "纬度", "启用日期")


def premises_rows() -> list[tuple[object, ...]]:
    x, y = WEST + SIDE / 8, SOUTH + SIDE / 4
    return [
        PREMISES,
        ("好日子超市", "商铺", "S1", "", x, y, "2021-05-01"),
        ("中心小学", "学校", "", "910101001002", "", "", ""),
        ("一厂", "企业", "E1", "910101001001", x, y, ""),
    ]


def test_premises_are_placed_by_code_or_point_and_the_same_file_again_changes_nothing(district):
    data = files.csv(*premises_rows())
    assert load(data, district, "premises").counts["new"] == 3
    shop, school, works = (Premises.objects.get(name=name) for name in ("好日子超市", "中心小学", "一厂"))
    assert (shop.cell.name, shop.active_from) == ("第1网格", date(2021, 5, 1))
    assert (school.village.name, school.cell, school.active_from) == ("东区1镇2村", None, TODAY)
    assert works.cell == shop.cell
    before = everything()
    assert load(data, district, "premises").counts["unchanged"] == 3
    assert everything() == before
    moved = [*premises_rows()[:2], ("中心小学", "学校", "", "910101001002", WEST + SIDE / 8, SOUTH + 0.75 * SIDE, "")]
    result = load(files.csv(*moved), district, "premises")
    assert [item.action for item in result.items] == ["unchanged", "changed"]
    school.refresh_from_db()
    assert school.cell is not None


def test_points_of_premises_are_converted_from_the_declared_datum(district):
    point = in_gcj02(shapely.Point(WEST + SIDE / 8, SOUTH + SIDE / 4))
    load(files.csv(PREMISES, ("店", "商铺", "", "", point.x, point.y, "")), district, "premises", datum="gcj02")
    shop = Premises.objects.get()
    assert (shop.longitude, shop.latitude) == pytest.approx((WEST + SIDE / 8, SOUTH + SIDE / 4), abs=1e-7)
    data = features(({"name": "店", "kind": "shop"}, point))
    assert imports.check(data, kind="premises", district=district, at=AT, datum="gcj02").counts["unchanged"] == 1


@pytest.mark.parametrize(
    ("bad", "wanted"),
    [
        (("", "商铺", "", "910101001001", "", "", ""), ("名称", "empty")),
        (("店", "城堡", "", "910101001001", "", "", ""), ("类型", "not_a_choice")),
        (("店", "商铺", "", "", "", "", ""), ("区域代码", "place_needed")),
        (("店", "商铺", "13812345678", "910101001001", "", "", ""), ("编号", "personal_number")),
        (("店", "商铺", "11010519491231002X", "910101001001", "", "", ""), ("编号", "personal_number")),
        (("店", "商铺", "", "999", "", "", ""), ("区域代码", "unknown_code")),
        (("店", "商铺", "", "", "0", "0", ""), ("经度", "outside_district")),
        (("店", "商铺", "", "910101002", WEST + 0.001, SOUTH + 0.001, ""), ("经度", "outside_area")),
        (("店", "商铺", "", "", "114", "", ""), ("纬度", "empty")),
        (("店", "商铺", "", "", "东经114", "36", ""), ("经度", "not_degrees")),
        (("店", "商铺", "", "910101001001", "", "", "2026-12-01"), ("启用日期", "in_the_future")),
        (("店", "商铺", "", "910101001001", "", "", "0020-05-15"), ("启用日期", "too_early")),
        (("好店", "商铺", "G", "910101001001", "", "", ""), ("编号", "twice")),
        (("好", "商铺", "", "910101001001", "", "", ""), ("名称", "twice")),
    ],
)
def test_bad_premises_are_named_and_nothing_is_loaded(district, bad, wanted):
    good = [("好", "商铺", "", "910101001001", "", "", ""), ("棋", "商铺", "G", "910101001001", "", "", "")]
    assert problems(files.csv(PREMISES, *good, bad), district, "premises") == [(4, *wanted)]


def test_five_thousand_premises_take_few_questions(district, django_assert_max_num_queries):
    data = files.csv(PREMISES, *((f"店{n}", "商铺", f"S{n}", "910101001001", "", "", "") for n in range(5_280)))
    with django_assert_max_num_queries(40):
        assert load(data, district, "premises").counts["new"] == 5_280
    with django_assert_max_num_queries(12):
        assert load(data, district, "premises").counts["unchanged"] == 5_280


def test_the_nineteen_townships_and_342_villages_of_the_district_as_run_are_loaded(empty, shared):
    folder = shared / "1_divisions"
    towns = load(folder / "yindu_actual_jurisdiction_candidate_19_townships.csv", empty)
    assert towns.counts == {"new": 19, "changed": 0, "unchanged": 0, "left_out": 0, "refused": 0}
    assert Area.objects.filter(parent=empty, codes__code__startswith="410522").count() == 7
    villages = load(folder / "anyang_4105_villages_2023.csv", empty, skip_foreign=True)
    total = sum(villages.counts.values())
    assert (villages.counts["new"], villages.counts["refused"]) == (342, 0)
    assert total == len(tables.read(folder / "anyang_4105_villages_2023.csv", columns=()).rows)
    published = csv_module.DictReader(
        (folder / "yindu_actual_jurisdiction_candidate_19_townships.csv").read_text().splitlines()
    )
    counted = Counter(Area.objects.filter(level=3).values_list("township__name", flat=True))
    assert counted == {row["name"]: int(row["village_level_units"]) for row in published}
    before = everything()
    assert not load(folder / "anyang_4105_villages_2023.csv", empty, skip_foreign=True).loaded
    assert not load(folder / "yindu_actual_jurisdiction_candidate_19_townships.csv", empty).loaded
    assert everything() == before


def test_without_leaving_others_out_the_citys_file_is_refused_row_by_row(empty, shared):
    folder = shared / "1_divisions"
    load(folder / "yindu_410505_townships_2023.csv", empty)
    found = imports.check(folder / "anyang_4105_villages_2023.csv", kind="areas", district=empty, at=AT)
    assert {problem.code for problem in found.problems} == {"unknown_parent"}
    assert sum(found.counts.values()) == len(found.table.rows)


def test_another_district_of_the_same_form_imports_its_own_areas(shared):
    folder = shared / "1_divisions"
    district = operations.found_district(name="文峰区", code="410502", by=SYSTEM, at=AT)
    towns = load(folder / "anyang_4105_townships_2023.csv", district, skip_foreign=True)
    villages = load(folder / "anyang_4105_villages_2023.csv", district, skip_foreign=True)
    listed = list(csv_module.DictReader((folder / "anyang_4105_townships_2023.csv").read_text().splitlines()))
    own = [row for row in listed if row["county_code"] == "410502"]
    assert towns.counts["new"] == len(own)
    assert villages.counts["new"] == sum(int(row["village_level_units"]) for row in own)


def test_the_outline_of_a_real_district_is_converted_and_loaded(empty, shared):
    data = json.loads((shared / "1_divisions/anyang_counties_datav_GCJ02.geojson").read_text())
    data["features"] = [one for one in data["features"] if one["properties"]["adcode"] == 410505]
    load(json.dumps(data).encode(), empty, datum="gcj02")
    drawn = queries.geometry(empty, at=AT)
    assert shapes.area(drawn) == pytest.approx(65e6, rel=0.1)  # the statutory area, not the one that is run
    assert "410505" in Code.objects.filter(area=empty).values_list("code", flat=True)


def test_a_post_of_the_district_imports_and_the_entry_names_it(district, administrator):
    imports.load(files.csv(*premises_rows()), kind="premises", district=district, by=administrator, at=AT)
    (entry,) = Entry.objects.filter(kind="areas.premises_imported")
    assert entry.post_id == administrator.pk
    assert entry.district_id == district.pk
    assert factories.below(district, 2).pk not in entry.areas
