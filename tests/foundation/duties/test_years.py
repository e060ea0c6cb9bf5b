"""Calendars imported, hours and orders: what moves, what is journalled, what is refused."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from click.testing import CliRunner
from django.db import connection
from django.test.utils import CaptureQueriesContext

from qipan.foundation.areas.access import NoSuchArea
from qipan.foundation.duties import clocks, commands, operations, queries, sweeper
from qipan.foundation.duties.models import CalendarYear, ClockOrder, Duty, StaffedHours
from qipan.foundation.duties.operations import years
from qipan.foundation.journal.models import Entry
from qipan.foundation.journal.rules import SYSTEM
from qipan.foundation.outbox.models import Message
from qipan.foundation.posts.access import NotYours
from qipan.kernels.clock import Limit
from tests import factories
from tests.foundation.duties.conftest import KIND, moment

pytestmark = pytest.mark.django_db

NEXT_YEAR = """date,kind,name
2027-01-01,off,元旦
2027-02-05,off,春节
2027-02-06,off,春节
2027-02-07,off,春节
2027-02-08,off,春节
2027-02-09,off,春节
2027-02-10,off,春节
2027-02-11,off,春节
2027-02-14,work,春节
2027-02-20,work,春节
2027-04-05,off,清明节
2027-05-01,off,劳动节
2027-05-03,off,劳动节
2027-06-09,off,端午节
2027-09-15,off,中秋节
2027-10-01,off,国庆节
2027-10-02,off,国庆节
2027-10-03,off,国庆节
2027-10-04,off,国庆节
2027-10-05,off,国庆节
""".encode()
SOURCE = "国办发明电〔2026〕9号"
NOW = moment("2026-12-20 10:00")


def opened(district: Any, limit: Any, at: Any = NOW, **more: Any) -> Duty:
    return operations.open(
        kind=KIND, about=district.thing(), limit=limit, at=at, by=SYSTEM, post=district.handler, **more
    )


@pytest.fixture
def administrator(district: Any) -> Any:
    return factories.post("administrator", district.area)


def imported(district: Any, by: Any, data: bytes = NEXT_YEAR, year: int = 2027) -> Any:
    return years.import_year(district=district.area, data=data, year=year, source=SOURCE, by=by, at=NOW)


def test_a_year_not_published_counts_weekends_only_and_says_so(district):
    duty = opened(district, Limit.working_days(40))
    assert duty.provisional
    assert not opened(district, Limit.working_days(3)).provisional


def test_importing_a_year_moves_open_deadlines_and_journals_each(district, administrator):
    long, short, ended = (opened(district, Limit.working_days(days)) for days in (40, 3, 41))
    operations.end(duty=ended, by=SYSTEM, at=NOW)
    before = long.due_at
    effect = imported(district, administrator)
    long.refresh_from_db()
    # Five of the seven days off of the Spring Festival are weekdays; two weekend days are worked instead.
    assert (effect.counted, len(effect.moves), effect.settled) == (2, 1, 1)
    assert long.due_at > before
    assert not long.provisional
    assert Entry.objects.filter(kind="duties.deadline_moved", about_id=long.about_id).count() == 1
    entry = Entry.objects.get(kind="duties.year_imported")
    assert (entry.detail["moved"], entry.detail["counted"], len(entry.detail["digest"])) == (1, 2, 64)
    short.refresh_from_db()
    assert short.due_at == moment("2026-12-23 18:00")


def test_a_preview_says_what_would_move_and_changes_nothing(district, administrator):
    duty = opened(district, Limit.working_days(40))
    before = duty.due_at
    preview = years.preview_year(district=district.area, data=NEXT_YEAR, year=2027, source=SOURCE, at=NOW)
    assert [move.duty.pk for move in preview.effect.moves] == [duty.pk]
    assert len(preview.differing) > 10
    duty.refresh_from_db()
    assert duty.due_at == before
    assert not CalendarYear.objects.exists()
    effect = imported(district, administrator)
    assert [(m.duty.pk, m.after) for m in effect.moves] == [(m.duty.pk, m.after) for m in preview.effect.moves]


def test_the_same_year_twice_changes_nothing_the_second_time(district, administrator):
    imported(district, administrator)
    entries = Entry.objects.count()
    assert imported(district, administrator).moves == []
    assert (Entry.objects.count(), CalendarYear.objects.count()) == (entries, 1)


def test_a_corrected_year_replaces_the_earlier_one_which_stays_on_record(district, administrator):
    imported(district, administrator)
    corrected = NEXT_YEAR.replace("2027-09-15,off,中秋节\n".encode(), b"")
    imported(district, administrator, corrected)
    assert CalendarYear.objects.filter(replaced_at=None).count() == 1
    assert CalendarYear.objects.count() == 2
    assert clocks.rules_of(district.area.pk).calendar.kind(date(2027, 9, 15)) == "workday"


def test_one_districts_calendar_is_not_anothers(district, make_district, administrator):
    other = make_district("西区", "910102")
    duty = opened(other, Limit.working_days(40))
    before = duty.due_at
    imported(district, administrator)
    duty.refresh_from_db()
    assert duty.due_at == before
    assert 2027 not in clocks.rules_of(other.area.pk).calendar.years


@pytest.mark.parametrize(
    ("data", "row"),
    [
        (b"", 0),
        (b"date,kind\n2027-01-01,off\n", 1),
        ("date,kind,name\n20/01/01,off,元旦\n".encode(), 2),
        (NEXT_YEAR.replace(b"2027-02-14,work", b"2027-02-15,work"), 10),
        (NEXT_YEAR.replace(b"2027-", b"2026-"), 2),
        (b"\xff\xfe\x00", 0),
    ],
)
def test_a_broken_year_file_is_refused_with_its_row_and_nothing_is_loaded(district, administrator, data, row):
    with pytest.raises(years.YearFileRefused) as refused:
        imported(district, administrator, data)
    assert refused.value.row == row
    assert str(row) in refused.value.message
    assert not CalendarYear.objects.exists()
    assert not Entry.objects.exists()


def test_a_file_larger_than_any_calendar_is_refused(district, administrator):
    with pytest.raises(years.YearFileTooLarge):
        imported(district, administrator, b"x" * (years.MOST_BYTES + 1))


def test_only_an_administrator_imports_a_year_or_sets_hours(district):
    with pytest.raises(NotYours):
        imported(district, district.dispatcher)
    with pytest.raises(NotYours):
        years.set_hours(
            district=district.area,
            working=clocks.STANDARD_WORKING,
            staffed=clocks.STANDARD_STAFFED,
            valid_from=date(2026, 12, 21),
            by=district.commander,
            at=NOW,
        )
    assert not StaffedHours.objects.exists()


def test_a_deadline_brought_forward_beyond_now_is_fired_at_the_next_sweep(district, administrator):
    duty = opened(district, Limit.working_days(2), at=moment("2027-02-12 09:00"))  # a Friday
    assert duty.due_at == moment("2027-02-16 18:00")
    now = moment("2027-02-16 10:00")
    years.import_year(district=district.area, data=NEXT_YEAR, year=2027, source=SOURCE, by=administrator, at=now)
    duty.refresh_from_db()
    assert duty.due_at == moment("2027-02-15 18:00")  # Sunday the 14th is worked
    sweeper.sweep(now=now)
    assert set(duty.steps.values_list("name", flat=True)) >= {"breach"}


def test_importing_costs_a_fixed_number_of_queries_for_a_thousand_duties(district, administrator):
    for _ in range(30):
        opened(district, Limit.working_days(40))
    with CaptureQueriesContext(connection) as queries_made:
        effect = imported(district, administrator)
    assert len(effect.moves) == 30
    assert len(queries_made) <= 25


# Hours


SUMMER = {"spans": "08:00-12:00, 15:00-18:00"}


def test_new_hours_count_from_their_day_on_and_the_days_before_keep_theirs(district, administrator):
    duty = opened(district, Limit.working(hours=14), at=moment("2026-06-29 08:30"))  # a Monday
    assert duty.due_at == moment("2026-06-30 18:00")
    values = {"working": SUMMER, "staffed": clocks.STANDARD_STAFFED, "valid_from": date(2026, 6, 30)}
    preview = years.preview_hours(district=district.area, at=moment("2026-06-29 09:00"), **values)
    years.set_hours(district=district.area, by=administrator, at=moment("2026-06-29 09:00"), **values)
    duty.refresh_from_db()
    assert duty.due_at == moment("2026-06-30 18:00")  # seven hours on Monday, seven on Tuesday, only otherwise shared
    assert preview.moves == []
    later = opened(district, Limit.working(hours=4), at=moment("2026-06-30 08:00"))
    assert later.due_at == moment("2026-06-30 12:00")


def test_desks_have_their_own_hours_on_rest_days_too(district):
    saturday = moment("2026-03-07 09:00")
    duty = opened(district, Limit.working(hours=1), at=saturday, hours=Duty.Hours.STAFFED)
    assert duty.due_at == saturday + timedelta(hours=1)
    assert opened(district, Limit.working(hours=1), at=saturday).due_at == moment("2026-03-09 09:30")
    assert queries.staffed(district_id=district.area.pk, at=saturday)
    assert not queries.staffed(district_id=district.area.pk, at=moment("2026-03-07 20:00"))


@pytest.mark.parametrize("spans", ["", "8-12", "12:00-08:00", "08:00-12:00, 11:00-18:00", None])
def test_hours_that_are_none_are_refused_by_the_field(district, administrator, spans):
    with pytest.raises(years.HoursRefused) as refused:
        years.set_hours(
            district=district.area,
            working={"spans": spans},
            staffed=clocks.STANDARD_STAFFED,
            valid_from=date(2026, 12, 21),
            by=administrator,
            at=NOW,
        )
    assert refused.value.field == "working"
    assert not StaffedHours.objects.exists()


# Orders

ORDER: dict[str, Any] = {
    "number": "指挥部令〔2026〕3号",
    "ground": "疫情防控",
    "begins_at": moment("2026-03-03 00:00"),
    "ends_at": moment("2026-03-10 00:00"),
    "at": moment("2026-03-02 12:00"),
}


def test_an_order_suspends_all_clocks_that_are_not_urgent_alike(district):
    start = moment("2026-03-02 09:00")
    plain, urgent = (
        opened(district, Limit.natural_days(3), at=start),
        opened(district, Limit.natural_days(3), at=start, urgent=True),
    )
    years.give_order(area=district.area, factor=None, by=district.commander, **ORDER)
    plain.refresh_from_db()
    urgent.refresh_from_db()
    assert plain.due_at == moment("2026-03-13 00:00")
    assert urgent.due_at == moment("2026-03-06 00:00")
    after = opened(district, Limit.natural_days(3), at=moment("2026-03-04 09:00"))
    assert after.due_at == moment("2026-03-13 00:00")


def test_an_order_multiplies_limits_that_run_in_its_time_and_no_others(district):
    during = opened(district, Limit.working_days(3), at=moment("2026-03-02 09:00"))
    before = opened(district, Limit.working(hours=2), at=moment("2026-03-02 09:00"))
    preview = years.preview_order(area=district.area, factor=Decimal("1.5"), **ORDER)
    _order, effect = years.give_order(area=district.area, factor=Decimal("1.5"), by=district.commander, **ORDER)
    assert [move.duty.pk for move in effect.moves] == [move.duty.pk for move in preview.moves] == [during.pk]
    during.refresh_from_db()
    before.refresh_from_db()
    assert during.due_at == moment("2026-03-09 18:00")  # three working days become five, rounded up
    assert before.due_at == moment("2026-03-02 11:00")


def test_an_order_touches_its_area_only(district, make_district):
    other = make_district("西区", "910102")
    mine, theirs = (opened(one, Limit.natural_days(3), at=moment("2026-03-02 09:00")) for one in (district, other))
    township = factories.below(district.area, 2)
    years.give_order(area=township, factor=None, by=district.commander, **ORDER)
    mine.refresh_from_db()
    theirs.refresh_from_db()
    assert (mine.due_at, theirs.due_at) == (moment("2026-03-13 00:00"), moment("2026-03-06 00:00"))


def test_a_revoked_order_keeps_what_it_did_and_does_no_more(district):
    duty = opened(district, Limit.natural_days(3), at=moment("2026-03-02 09:00"))
    order, _effect = years.give_order(area=district.area, factor=None, by=district.commander, **ORDER)
    years.revoke_order(order_id=order.pk, by=district.commander, at=moment("2026-03-05 00:00"), reason="解除")
    duty.refresh_from_db()
    assert duty.due_at == moment("2026-03-08 00:00")
    with pytest.raises(years.OrderRevoked):
        years.revoke_order(order_id=order.pk, by=district.commander, at=moment("2026-03-06 00:00"), reason="解除")


def test_orders_are_the_commanders_own_and_those_of_another_district_do_not_exist(district, make_district):
    with pytest.raises(NotYours):
        years.give_order(area=district.area, factor=None, by=district.dispatcher, **ORDER)
    other = make_district("西区", "910102")
    with pytest.raises(NoSuchArea):
        years.give_order(area=district.area, factor=None, by=other.commander, **ORDER)
    order, _effect = years.give_order(area=district.area, factor=None, by=district.commander, **ORDER)
    with pytest.raises(years.NoSuchOrder):
        years.revoke_order(order_id=order.pk, by=other.commander, at=NOW, reason="解除")
    assert ClockOrder.objects.get().revoked_at is None


@pytest.mark.parametrize(
    ("wrong", "refusal"),
    [
        ({"number": " "}, years.NumberAndGroundMissing),
        ({"ground": ""}, years.NumberAndGroundMissing),
        ({"ends_at": ORDER["begins_at"]}, years.OrderEndsBeforeItBegins),
        ({"factor": Decimal(1)}, years.FactorTooSmall),
        ({"factor": Decimal(11)}, years.FactorTooSmall),
    ],
)
def test_an_order_that_is_none_is_refused_and_changes_nothing(district, wrong, refusal):
    with pytest.raises(refusal):
        years.give_order(area=district.area, by=district.commander, **{"factor": None, **ORDER, **wrong})
    assert not ClockOrder.objects.exists()


def test_the_number_of_an_order_is_used_once(district):
    years.give_order(area=district.area, factor=None, by=district.commander, **ORDER)
    with pytest.raises(years.NumberUsed):
        years.give_order(area=district.area, factor=None, by=district.commander, **ORDER)


def test_from_december_on_a_missing_next_year_is_reported(district):
    assert queries.missing_years(district_id=district.area.pk, on=date(2026, 11, 30)) == []
    assert queries.missing_years(district_id=district.area.pk, on=date(2026, 12, 1)) == [2027]
    assert queries.missing_years(district_id=district.area.pk, on=date(2027, 3, 1)) == [2027]
    assert (district.area, 2027) in queries.calendar_warnings(now=NOW)


# Owners, the command line, readiness


def test_owners_are_told_in_one_message_each_when_asked_for(district, administrator):
    for days in (40, 45, 50):
        opened(district, Limit.working_days(days))
    years.import_year(
        district=district.area, data=NEXT_YEAR, year=2027, source=SOURCE, by=administrator, at=NOW, tell=True
    )
    [message] = Message.objects.all()
    assert (message.to_person_id, message.template) == (district.handler.person_id, "duties.moved")
    assert message.subject.startswith("您有3项任务")


def test_nobody_is_told_unless_asked_for(district, administrator):
    opened(district, Limit.working_days(40))
    imported(district, administrator)
    assert not Message.objects.exists()


def test_the_command_line_looks_first_and_then_imports(district, tmp_path):
    duty = opened(district, Limit.working_days(40))
    file = tmp_path / "2027.csv"
    file.write_bytes(NEXT_YEAR)
    words = ["calendar", str(file), "--district", district.area.name, "--year", "2027", "--source", SOURCE]
    looked = CliRunner().invoke(commands.import_, [*words, "--dry-run", "--json"])
    assert json.loads(looked.output)["moved"] == 1
    assert not CalendarYear.objects.exists()
    done = CliRunner().invoke(commands.import_, [*words, "--json"])
    assert json.loads(done.output)["moved"] == 1
    before = duty.due_at
    duty.refresh_from_db()
    assert duty.due_at != before
    listed = CliRunner().invoke(commands.calendar, ["years", "--district", district.area.name, "--json"])
    assert {row["year"]: row["published"] for row in json.loads(listed.output)}[2027] is True


def test_the_command_line_refuses_a_broken_file(district, tmp_path):
    file = tmp_path / "2027.csv"
    file.write_bytes(NEXT_YEAR.replace(b"2027-02-14,work", b"2027-02-15,work"))
    words = ["calendar", str(file), "--district", district.area.name, "--year", "2027", "--source", SOURCE]
    done = CliRunner().invoke(commands.import_, words)
    assert isinstance(done.exception, years.YearFileRefused)
    assert not CalendarYear.objects.exists()


def test_readiness_warns_of_a_missing_calendar(district, monkeypatch):
    from qipan.assembly import health

    monkeypatch.setattr(health.timezone, "now", lambda: NOW)
    assert f"calendar: 2027 missing in district {district.area.pk}" in health.warnings()
