"""Tables as people send them, and files that are refused whole."""

from __future__ import annotations

import contextlib
import json

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qipan.kernels.tables import Column, Limits, Unreadable, read_features, read_table
from qipan.kernels.tables.problems import Problem
from tests.kernels.tables import files

COLUMNS = [Column("name", ("名称", "Name"), required=True), Column("code", ("代码",)), Column("since", ("启用日期",))]
PEOPLE = (("名称", "代码", "备注"), ("曲沟镇", "410505100000", ""), ("𬌗集", "0042", "生僻字"))


def refused(data, code: str, **options) -> dict[str, object]:
    with pytest.raises(Unreadable) as caught:
        read_table(data, columns=COLUMNS, **options)
    assert caught.value.code == code
    return caught.value.facts


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (files.csv(*PEOPLE), "utf-8"),
        (files.csv(*PEOPLE, encoding="utf-8-sig"), "utf-8"),
        (files.csv(*PEOPLE, encoding="gb18030"), "gb18030"),
        (files.csv(*PEOPLE, encoding="utf-16"), "utf-16-le"),
        (files.csv(*PEOPLE).replace(b",", b"\t"), "utf-8"),
        (files.csv(*PEOPLE).replace(b",", b";"), "utf-8"),
        (files.csv(*PEOPLE).replace(b"\r\n", b"\n"), "utf-8"),
        (files.xlsx(*PEOPLE), ""),
    ],
)
def test_the_same_table_is_read_from_every_form_of_it(data, encoding):
    table = read_table(data, columns=COLUMNS)
    assert table.encoding == encoding
    assert [(row.line, row.values) for row in table.rows] == [
        (2, {"name": "曲沟镇", "code": "410505100000", "since": ""}),
        (3, {"name": "𬌗集", "code": "0042", "since": ""}),
    ]
    assert table.unknown == ("备注",)
    assert table.named == {"name": "名称", "code": "代码"}
    assert not table.problems


def test_lines_are_those_of_the_editor_when_cells_span_lines_and_rows_are_blank():
    table = read_table(b'name,code\n\n"two\nlines",1\n\n\nlast,2\n', columns=COLUMNS)
    assert [(row.line, row.values["name"]) for row in table.rows] == [(3, "two\nlines"), (7, "last")]


def test_a_file_gives_the_same_digest_from_memory_and_from_disk(tmp_path):
    path = tmp_path / "areas.csv"
    path.write_bytes(files.csv(*PEOPLE))
    assert read_table(path, columns=COLUMNS).digest == read_table(path.read_bytes(), columns=COLUMNS).digest


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b" \r\n \n", "empty"),
        (files.csv(("name", "code")), "no_rows"),
        (files.csv(("code",), ("1",)), "missing_column"),
        (files.csv(("name", "名称"), ("a", "b")), "column_twice"),
        (files.csv(("name",), ("Müller",), encoding="latin-1"), "unknown_encoding"),
        (files.csv(("name",), ("Straße des 17. Juni",), encoding="latin-1"), "unknown_encoding"),
        (b"name\n\xff\xfe\xfd\n", "unknown_encoding"),
        (b"name\nx\0y\n", "not_text"),
        (b"\x89PNG\r\n\x1a\n" + bytes(20), "not_text"),
        (b"%PDF-1.7 ...", "not_text"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old_excel"),
        (b"PK\x03\x04 and then nothing", "broken_sheet"),
        (files.xlsx(("name",), ("a",))[:-40], "broken_sheet"),
        (files.zip_bomb(), "bomb"),
        (files.many_entries(), "bomb"),
        (files.entity_bomb(), "bomb"),
        (b'name,code\n"never closed,1\n', "broken_csv"),
        (b'name,code\n"a"b,1\n', "broken_csv"),
    ],
)
def test_a_broken_file_is_refused_whole_with_its_reason(data, code):
    refused(data, code)


def test_a_zip_that_is_no_workbook_is_refused():
    import io
    import zipfile

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("readme.txt", "hello")
    refused(buffer.getvalue(), "not_a_sheet")


def test_a_file_over_the_limit_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "huge.csv"
    with path.open("wb") as file:
        file.truncate(2**30)  # one sparse gigabyte
    assert refused(path, "too_large") == {"limit": "64 MB"}


def test_rows_and_columns_beyond_the_limit_are_refused():
    rows = [("name",), *[(f"n{number}",) for number in range(11)]]
    for data in (files.csv(*rows), files.xlsx(*rows)):
        assert refused(data, "too_many_rows", limits=Limits(rows=10)) == {"limit": 10}
        assert len(read_table(data, columns=COLUMNS, limits=Limits(rows=11)).rows) == 11
    wide = (("name", *[f"c{number}" for number in range(10)]), ("a",))
    refused(files.csv(*wide), "too_many_columns", limits=Limits(columns=10))
    refused(files.xlsx(*wide), "too_many_columns", limits=Limits(columns=10))


def test_a_row_said_to_be_far_away_neither_hangs_nor_gets_lost():
    refused(files.distant_row(), "too_many_rows", limits=Limits(rows=1000))


def test_a_declared_encoding_is_used_or_refused():
    data = files.csv(("name",), ("café",), encoding="latin-1")
    assert read_table(data, columns=COLUMNS, encoding="latin-1").rows[0].values["name"] == "café"
    refused(data, "not_in_declared_encoding", encoding="utf-8")
    refused(data, "not_in_declared_encoding", encoding="no-such-encoding")


@pytest.mark.parametrize(
    ("data", "line", "column", "code"),
    [
        (files.csv(("name", "code"), ("a", "=1+1")), 2, "code", "formula"),
        (files.xlsx(("name", "代码"), ("a", 1), ("b", "=A1&A2")), 3, "代码", "formula"),
        (files.xlsx(("name", "code"), ("a", 410505100000123456)), 2, "code", "number_too_long"),
        (files.csv(("name", "code"), ("a", "1", "2")), 2, "", "too_many_cells"),
        (files.csv(("name", "code"), ("a" * 20_001, "1")), 2, "name", "cell_too_long"),
        (files.csv(("name", "code"), ("a\ufffd", "1")), 2, "name", "broken_characters"),
    ],
)
def test_a_row_that_cannot_be_trusted_is_named_and_left_out(data, line, column, code):
    table = read_table(data, columns=COLUMNS)
    assert [(found.line, found.column, found.code) for found in table.problems] == [(line, column, code)]
    assert line not in [row.line for row in table.rows]


def test_a_formula_in_a_column_nobody_asked_for_does_no_harm():
    table = read_table(files.xlsx(("name", "note"), ("a", "=1+1")), columns=COLUMNS)
    assert (len(table.rows), table.problems) == (1, [])


def test_numbers_and_days_of_a_sheet_become_plain_texts():
    from datetime import date

    table = read_table(files.xlsx(("name", "code", "since"), ("a", 42.0, date(2024, 5, 15))), columns=COLUMNS)
    assert table.rows[0].values == {"name": "a", "code": "42", "since": "2024-05-15 00:00:00"}


def test_a_hidden_sheet_is_not_read_and_one_can_be_named():
    import io

    book = openpyxl.Workbook()
    book.active.title, book.active.sheet_state = "hidden", "hidden"
    book.active.append(["name"])
    for title in ("one", "two"):
        book.create_sheet(title)
        book[title].append(["name"])
        book[title].append([title])
    buffer = io.BytesIO()
    book.save(buffer)
    assert read_table(buffer.getvalue(), columns=COLUMNS).rows[0].values["name"] == "one"
    assert read_table(buffer.getvalue(), columns=COLUMNS, sheet="two").rows[0].values["name"] == "two"
    refused(buffer.getvalue(), "no_such_sheet", sheet="hidden")


CELL = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20).map(str.strip)


@settings(max_examples=50, deadline=None)
@given(rows=st.lists(st.tuples(CELL.filter(bool), CELL), min_size=1, max_size=8))
def test_what_a_csv_writer_writes_is_read_back(rows):
    import csv
    import io

    buffer = io.StringIO()
    csv.writer(buffer).writerows([("name", "code"), *rows])
    table = read_table(buffer.getvalue().encode(), columns=COLUMNS)
    suspicious = [row for row in rows if any(cell.startswith("=") or "\ufffd" in cell for cell in row)]
    assert [(row.values["name"], row.values["code"]) for row in table.rows] == [
        row for row in rows if row not in suspicious
    ]
    assert len(table.problems) == len(suspicious)


@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=200) | st.binary(max_size=200).map(lambda more: b"PK\x03\x04" + more))
def test_no_bytes_make_it_fail_in_another_way_than_refusing(data):
    with contextlib.suppress(Unreadable):
        read_table(data, columns=COLUMNS)
    with contextlib.suppress(Unreadable):
        read_features(data, columns=COLUMNS)


def test_every_real_table_of_divisions_is_read(shared):
    for path in sorted((shared / "1_divisions").glob("*villages*.csv")):
        table = read_table(path, columns=[Column("code", ("code12",), required=True), Column("name", required=True)])
        assert len(table.rows) == sum(1 for line in path.read_text().splitlines() if line) - 1
        assert not table.problems


def feature(properties: object, geometry: object = None) -> dict[str, object]:
    return {
        "type": "Feature",
        "properties": properties,
        "geometry": geometry or {"type": "Point", "coordinates": [1, 2]},
    }


def collection(*features: object, **more: object) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": features, **more}).encode()


def test_features_give_their_properties_as_values_and_keep_their_geometry():
    table = read_features(collection(feature({"name": "一", "code": 42.0}), feature({"name": "二"})), columns=COLUMNS)
    assert [(row.line, row.values["name"], row.values["code"]) for row in table.rows] == [
        (1, "一", "42"),
        (2, "二", ""),
    ]
    assert table.rows[0].geometry == {"type": "Point", "coordinates": [1, 2]}


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"{", "not_geojson"),
        (b"[]", "not_geojson"),
        (b'{"type": "Feature"}', "not_geojson"),
        (b"[" * 100_000, "not_geojson"),
        (collection(feature({"name": "a"}), crs={"properties": {"name": "EPSG:3857"}}), "foreign_crs"),
        (collection(), "empty"),
        (collection(feature({"other": "a"})), "missing_column"),
        (b'{"type": "FeatureCollection", "features": [{"properties": {"name": NaN}}]}', "not_geojson"),
    ],
)
def test_what_is_no_collection_of_features_is_refused(data, code):
    with pytest.raises(Unreadable) as caught:
        read_features(data, columns=COLUMNS)
    assert caught.value.code == code


def test_a_feature_without_geometry_is_named_and_left_out():
    table = read_features(
        collection(feature({"name": "a"}), {"type": "Feature", "properties": {"name": "b"}}, 7), columns=COLUMNS
    )
    assert [problem.line for problem in table.problems] == [2, 3]
    assert len(table.rows) == 1


def test_a_value_is_told_without_numbers_of_people_and_never_at_length():
    value = "张三13812345678" + "很长" * 100
    told = Problem(3, "电话13812345678", "not_a_choice", {"value": value, "choices": "村、社区"})
    assert told.column == "电话138****5678"
    assert told.facts["value"].startswith("张三138****5678很长")
    assert len(told.facts["value"]) == 80
    cell = {"value": "410505001001001"}
    assert Problem(3, "", "unknown_code", cell).facts == cell
