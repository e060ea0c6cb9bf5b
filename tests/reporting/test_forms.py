from __future__ import annotations

import io
from datetime import UTC, date, datetime, timedelta

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.styles import Font
from tests import factories
from tests.incidents.conftest import Town, make_town

from qipan.foundation.outbox.models import Message
from qipan.foundation.posts.rules import Role
from qipan.foundation.refusals import NotFound
from qipan.incidents import operations as incidents
from qipan.reporting import operations, queries
from qipan.reporting.rules import CellTwice, NoSuchFigure, NotACell

KLASSES = {"city", "facility", "hazard"}


def blank() -> bytes:
    book = Workbook()
    sheet = book.active
    sheet.title = "日报"
    sheet["A1"] = "网格事件日报表"
    sheet["A1"].font = Font(bold=True, size=18)
    sheet.append(["乡镇", "上报", "办结", "合计"])
    sheet["D3"] = "=B3+C3"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.fixture
def town(db: None) -> Town:
    return make_town()


@pytest.fixture
def clerk(town: Town) -> object:
    return factories.post(Role.PROGRAMME, town.district)


def mapped(town: Town, clerk: object, *cells: dict[str, str], daily: bool = False) -> object:
    form = operations.upload(name="市日报", data=blank(), by=clerk, at=town.at)
    return operations.map_cells(form_id=form.id, cells=list(cells), klasses=KLASSES, daily=daily, by=clerk, at=town.at)


BY_TOWNSHIP = (
    {"cell": "a3", "figure": "area", "repeat": "townships"},
    {"cell": "B3", "figure": "reported", "repeat": "townships"},
    {"cell": "C3", "figure": "closed", "repeat": "townships"},
    {"cell": "B20", "figure": "reported", "klass": "facility"},
    {"cell": "A20", "figure": "day"},
)


def test_a_blank_sheet_is_mapped_once_and_filled_from_what_the_system_holds(town: Town, clerk: object) -> None:
    town.report("rubbish")
    town.closed("street-light")
    voided = town.report("parking")
    incidents.void(incident_id=voided.id, reason="误报", by=town.dispatcher, at=town.later())
    form = mapped(town, clerk, *BY_TOWNSHIP)
    filling = operations.fill(form_id=form.id, day=date(2026, 4, 8), by=clerk, at=town.later())
    sheet = load_workbook(io.BytesIO(queries.filled(filling)))["日报"]
    rows = {sheet[f"A{row}"].value: (sheet[f"B{row}"].value, sheet[f"C{row}"].value) for row in range(3, 8)}
    assert rows[town.township.name] == (2, 1)
    assert sheet["B20"].value == 1
    assert sheet["A20"].value == "2026-04-08"
    assert sheet["D3"].value == "=B3+C3"  # the superior's own sums stay
    assert sheet["A1"].font.size == 18


def test_periods_reach_back_as_they_say() -> None:
    day = date(2026, 4, 8)  # a Wednesday
    first = {kind: queries.period(kind, day)[0].date() for kind in ("day", "week", "month", "year")}
    assert first == {"day": day, "week": date(2026, 4, 6), "month": date(2026, 4, 1), "year": date(2026, 1, 1)}


def test_what_is_open_at_the_end_of_a_day_is_what_was_open_then(town: Town, clerk: object) -> None:
    town.closed("street-light")
    form = mapped(town, clerk, {"cell": "B2", "figure": "open", "period": "now"})

    def on(day: date) -> int:
        return operations.fill(form_id=form.id, day=day, by=clerk, at=datetime(2026, 5, 1, tzinfo=UTC)).values["B2"]

    assert on(date(2026, 4, 7)) == 0
    assert on(date(2026, 4, 8)) == 0
    town.report("rubbish")
    assert on(date(2026, 4, 8)) == 1


@pytest.mark.parametrize(
    ("cells", "refusal"),
    [
        ([{"cell": "5C", "figure": "reported"}], NotACell),
        ([{"cell": "C5", "figure": "reported"}, {"cell": "c5", "figure": "closed"}], CellTwice),
        ([{"cell": "C5", "figure": "petitions per head"}], NoSuchFigure),
    ],
)
def test_a_bad_mapping_is_refused_and_the_old_one_stays(
    town: Town, clerk: object, cells: list[dict[str, str]], refusal: type[Exception]
) -> None:
    form = mapped(town, clerk, {"cell": "B2", "figure": "reported"})
    with pytest.raises(refusal):
        operations.map_cells(form_id=form.id, cells=cells, klasses=KLASSES, daily=False, by=clerk, at=town.at)
    form.refresh_from_db()
    assert [each["cell"] for each in form.cells] == ["B2"]


@pytest.mark.parametrize("data", [b"", b"not a sheet", b"PK\x03\x04 broken", b"\xd0\xcf\x11\xe0 old excel"])
def test_a_file_that_is_no_workbook_is_refused(town: Town, clerk: object, data: bytes) -> None:
    with pytest.raises(operations.NotASheet):
        operations.upload(name="表", data=data, by=clerk, at=town.at)


def test_a_form_of_another_district_or_seen_from_a_township_is_not_there(town: Town, clerk: object) -> None:
    form = mapped(town, clerk, {"cell": "B2", "figure": "reported"})
    stranger = factories.post(Role.PROGRAMME, make_town().district)
    below = factories.post(Role.PROGRAMME, town.township)
    for viewer in (stranger, below):
        with pytest.raises(NotFound):
            operations.fill(form_id=form.id, day=date(2026, 4, 8), by=viewer, at=town.at)


def test_a_form_is_not_filled_for_tomorrow(town: Town, clerk: object) -> None:
    form = mapped(town, clerk, {"cell": "B2", "figure": "reported"})
    with pytest.raises(operations.FromTheFuture):
        operations.fill(form_id=form.id, day=date(2026, 4, 9), by=clerk, at=town.at)


def test_a_daily_form_is_filled_once_each_morning_and_its_maker_told(town: Town, clerk: object) -> None:
    mapped(town, clerk, {"cell": "B2", "figure": "reported"}, daily=True)
    morning = town.at + timedelta(days=1)
    assert operations.fill_daily(at=morning) == 1
    assert operations.fill_daily(at=morning + timedelta(hours=1)) == 0
    assert Message.objects.filter(template="reporting.filled", to_person=clerk.person).count() == 1
