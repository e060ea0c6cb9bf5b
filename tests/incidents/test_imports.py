"""Real exports of three cities, each into a district of its own areas, with every row accounted for."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from openpyxl import Workbook
from tests.incidents.conftest import Town

from qipan.foundation.areas.models import Area
from qipan.foundation.journal.models import Entry
from qipan.foundation.journal.rules import SYSTEM
from qipan.foundation.refusals import Refusal, tables
from qipan.incidents.models import Incident
from qipan.incidents.operations import imports
from qipan.incidents.rules import mapping as mappings

NOW = datetime(2026, 4, 8, 4, tzinfo=UTC)
HEADER = ["service_request_id", "status", "service_name", "requested_datetime", "updated_datetime", "long", "lat",
          "zipcode", "description", "status_notes", "address"]  # fmt: skip
GOOD = ["1", "Closed", "Sidewalk_Cleaning", "2011-06-28 05:00:00", "2011-06-29 05:00:00", "-122.4", "37.7", "94110",
        "call 13800138000", "", ""]  # fmt: skip


def load(name: str, source: bytes | Path) -> tuple[imports.Outcome, Area]:
    mapping = mappings.load(name)
    district = imports.found(mapping, by=SYSTEM, at=NOW)
    return imports.load(source, mapping=mapping, district=district, by=SYSTEM, at=NOW, build_areas=True), district


def sheet(*rows: list[str], header: list[str] = HEADER) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([header, *rows])
    return out.getvalue().encode()


def changed(**values: str) -> list[str]:
    return [values.get(name, cell) for name, cell in zip(HEADER, GOOD, strict=True)]


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("fuzhou12345", "fuzhou_12345_river_complaints_sample.csv"),
        ("nyc311", "nyc311_all_types_235.csv"),
        ("sf311", "sf311_open311_500_requests.csv"),
        pytest.param("nyc311", "nyc311_animals_2010s_2020s.csv", marks=pytest.mark.deep),
    ],
)
def test_every_row_of_a_real_export_is_loaded_or_refused_and_the_same_file_again_changes_nothing(
    db: None, shared: Path, name: str, file: str
) -> None:
    path = shared / "5_events" / file
    with path.open(encoding="utf-8-sig") as handle:
        expected = sum(1 for _ in csv.DictReader(handle))
    outcome, district = load(name, path)
    assert outcome.rows == expected
    assert outcome.loaded + outcome.refused == expected
    assert outcome.loaded > 0.9 * expected  # San Francisco closed 38 before they were reported
    assert Incident.objects.filter(district=district).count() == outcome.loaded
    assert all(tables.words(problem) for problem in outcome.problems)
    mapping = mappings.load(name)
    again = imports.load(path, mapping=mapping, district=district, by=SYSTEM, at=NOW, build_areas=True)
    assert (again.loaded, again.unchanged, again.areas) == (0, outcome.loaded, 0)
    assert Entry.objects.filter(kind="incidents.imported").count() == 1


def test_closed_rows_are_closed_files_and_open_ones_wait_at_the_desk(town: Town) -> None:
    rows = sheet(GOOD, changed(service_request_id="2", status="Open", updated_datetime="", zipcode="94109"))
    mapping = mappings.load("sf311")
    outcome = imports.load(rows, mapping=mapping, district=town.district, by=SYSTEM, at=NOW, build_areas=True)
    assert outcome.counts() == {"rows": 2, "loaded": 2, "unchanged": 0, "refused": 0, "areas": 3}
    closed, waiting = Incident.objects.order_by("external_id")
    assert (closed.status, closed.closed_at.isoformat()) == ("closed", "2011-06-29T12:00:00+00:00")
    assert (waiting.status, waiting.desk) == ("awaiting", town.centre)
    assert waiting.due_at is None or waiting.due_at > NOW
    assert "13800138000" not in closed.text


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"requested_datetime": "15/05/20"}, "not_a_moment"),
        ({"requested_datetime": "0020-05-15 00:00:00"}, "too_early"),
        ({"requested_datetime": "2031-01-01 00:00:00"}, "in_the_future"),
        ({"updated_datetime": "2011-06-27 00:00:00"}, "closed_before_reported"),
        ({"updated_datetime": ""}, "empty"),
        ({"lat": "95"}, "not_degrees"),
        ({"long": "west"}, "not_degrees"),
        ({"service_name": ""}, "empty"),
        ({"service_request_id": "=1+1"}, "formula"),
    ],
)
def test_a_row_that_cannot_be_is_refused_by_name_and_the_others_are_loaded(
    town: Town, values: dict[str, str], code: str
) -> None:
    bad = changed(**{"service_request_id": "9", **values})
    outcome = imports.load(
        sheet(GOOD, bad), mapping=mappings.load("sf311"), district=town.district, by=SYSTEM, at=NOW, build_areas=True
    )
    assert (outcome.loaded, [problem.code for problem in outcome.problems]) == (1, [code])
    assert outcome.problems[0].line == 3


def test_the_same_number_twice_in_a_file_is_refused_the_second_time(town: Town) -> None:
    outcome = imports.check(sheet(GOOD, GOOD), mapping=mappings.load("sf311"), district=town.district, at=NOW)
    assert (outcome.loaded, outcome.problems[0].code, outcome.problems[0].facts) == (1, "twice", {"line": 2})
    assert Incident.objects.count() == 0


def test_without_building_areas_a_row_must_name_one_that_is_there(town: Town) -> None:
    here = changed(service_request_id="2", zipcode=town.village.name)
    outcome = imports.load(sheet(GOOD, here), mapping=mappings.load("sf311"), district=town.district, by=SYSTEM, at=NOW)
    assert (outcome.loaded, outcome.problems[0].code) == (1, "no_such_area")


def _bomb() -> bytes:
    import zipfile

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (64 * 2**20))
    return out.getvalue()


def _formula() -> bytes:
    book = Workbook()
    book.active.append(HEADER)
    book.active.append(["=1+1", *GOOD[1:]])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [b"", b"\x00\x01\x02" * 50, sheet(GOOD, header=[*HEADER[:2], "other", *HEADER[3:]]), _bomb(),
     "服务,编号\n".encode("gb18030") + b"\xff\xfe\xfd", b"PK\x03\x04 broken"],
    ids=["empty", "binary", "missing column", "zip bomb", "broken encoding", "broken zip"],
)  # fmt: skip
def test_a_broken_file_is_refused_whole_and_nothing_is_loaded(town: Town, data: bytes) -> None:
    with pytest.raises(Refusal) as refusal:
        imports.load(data, mapping=mappings.load("sf311"), district=town.district, by=SYSTEM, at=NOW, build_areas=True)
    assert refusal.value.message
    assert Incident.objects.count() == 0
    assert not Area.objects.filter(name="San Francisco").exists()


def test_a_formula_in_a_workbook_is_refused(town: Town) -> None:
    outcome = imports.check(_formula(), mapping=mappings.load("sf311"), district=town.district, at=NOW)
    assert (outcome.loaded, [problem.code for problem in outcome.problems]) == (0, ["formula"])


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8-sig", "utf-16"])
def test_an_export_in_another_encoding_is_read(town: Town, encoding: str) -> None:
    text = sheet(changed(description="路灯不亮，请尽快修理，晚上很黑")).decode().encode(encoding)
    outcome = imports.check(text, mapping=mappings.load("sf311"), district=town.district, at=NOW)
    assert outcome.loaded == 1


@pytest.mark.parametrize("name", mappings.known())
def test_a_mapping_of_the_project_names_categories_that_a_new_district_has(name: str) -> None:
    from qipan.incidents.defaults import CATEGORIES

    keys = {key for _klass, key, *_rest in CATEGORIES}
    assert set(mappings.load(name).categories.values()) <= keys


def test_a_mapping_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(mappings.NoSuchMapping):
        mappings.load("../settings")
    path = tmp_path / "own.json"
    path.write_text(json.dumps({"name": "x"}))
    with pytest.raises(mappings.BadMapping):
        mappings.load(str(path))


def test_what_is_imported_is_hidden_and_protected_like_what_is_reported(town: Town) -> None:
    plain = mappings.load("sf311")
    columns = {**plain.columns, "victim_cannot_act": ["zipcode"]}
    mapping = replace(plain, columns=columns, categories={"": "river", "violence": "violence"})
    said = enumerate((("violence", "是"), ("violence", "否"), ("other", "是")))
    rows = [changed(service_request_id=str(number), service_name=kind, zipcode=word) for number, (kind, word) in said]
    imports.load(sheet(*rows), mapping=mapping, district=town.district, by=SYSTEM, at=NOW, build_areas=True)
    seen = list(Incident.objects.order_by("external_id").values_list("hidden_from_village", "victim_cannot_act"))
    assert seen == [(True, True), (True, False), (False, False)]


def test_violence_in_an_export_is_hidden_from_the_village_and_not_on_its_desk(town: Town) -> None:
    from tests import factories

    desk = factories.unit(area=town.village, kind="centre", name="村网格化中心")
    mapping = replace(mappings.load("sf311"), categories={"": "violence"})
    row = changed(status="Open", updated_datetime="", long="", lat="")
    with_place = replace(mapping, columns=mapping.columns | {"village": ["zipcode"]}, no_point=[])
    row = [town.village.name if cell == "94110" else cell for cell in row]
    outcome = imports.load(sheet(row), mapping=with_place, district=town.district, by=SYSTEM, at=NOW)
    assert outcome.loaded == 1, outcome.problems
    incident = Incident.objects.get(source=mapping.source)
    assert incident.village == town.village
    assert (incident.hidden_from_village, incident.desk) == (True, town.desk)
    assert incident.desk != desk
