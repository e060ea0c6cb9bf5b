"""The official calendar against the `chinesecalendar` package, published facts, and what a calendar refuses."""

from __future__ import annotations

from datetime import date, timedelta

import chinese_calendar
import pytest

from qipan.kernels.clock import Calendar, Invalid, Kind, YearPlan

OFFICIAL = Calendar.from_official()


def days(first: date, last: date) -> list[date]:
    return [first + timedelta(n) for n in range((last - first).days + 1)]


def test_every_day_of_2022_to_2026_is_worked_or_off_as_the_chinesecalendar_package_says():
    for day in days(date(2022, 1, 1), date(2026, 12, 31)):
        assert OFFICIAL.is_workday(day) == chinese_calendar.is_workday(day), day


def test_every_adjusted_working_day_belongs_to_the_holiday_that_the_package_names():
    english = {holiday.value: holiday.chinese for holiday in chinese_calendar.Holiday}
    for day in days(date(2022, 1, 1), date(2026, 12, 31)):
        name = chinese_calendar.constants.workdays.get(day)
        found = OFFICIAL.day(day)
        assert (found.kind is Kind.ADJUSTED) == (name is not None)
        if name is not None:
            assert english[name] in found.name or {english[name], found.name} == {"清明", "清明节"}, day


def test_no_new_year_holiday_ever_reached_further_back_than_29_december():
    for year in range(2004, 2026):
        for day in days(date(year, 12, 1), date(year, 12, 28)):
            assert chinese_calendar.is_workday(day) == (day.weekday() < 5), day
    assert chinese_calendar.is_workday(date(2018, 12, 29))  # a Saturday


def test_each_official_year_names_its_notice():
    assert OFFICIAL.years == {2022, 2023, 2024, 2025, 2026}
    assert [OFFICIAL.source(year=year) for year in range(2022, 2027)] == [
        "国办发明电〔2021〕11号",
        "国办发明电〔2022〕16号",
        "国办发明电〔2023〕7号",
        "国办发明电〔2024〕12号",
        "国办发明电〔2025〕7号",
    ]
    assert OFFICIAL.source(year=2027) == ""
    assert OFFICIAL.day(date(2026, 2, 14)).source == "国办发明电〔2025〕7号"


def test_the_spring_festival_of_2024_is_worked_on_two_sundays():
    assert [OFFICIAL.kind(day) for day in (date(2024, 2, 4), date(2024, 2, 18))] == [Kind.ADJUSTED, Kind.ADJUSTED]
    assert {OFFICIAL.kind(day) for day in days(date(2024, 2, 10), date(2024, 2, 17))} == {Kind.HOLIDAY}
    assert OFFICIAL.is_workday(date(2024, 2, 9))  # New Year's Eve was recommended, not ordered, as a day off
    assert OFFICIAL.day(date(2024, 2, 4)).name == "春节"


def test_the_national_day_of_2026_is_worked_on_a_sunday_before_and_a_saturday_after():
    worked = [day.date for day in OFFICIAL.days(year=2026) if day.kind is Kind.ADJUSTED and day.name == "国庆节"]
    assert worked == [date(2026, 9, 20), date(2026, 10, 10)]
    assert sum(day.kind is Kind.HOLIDAY for day in OFFICIAL.days(year=2026)) == 33


def test_a_notice_reaches_into_the_december_before():
    found = OFFICIAL.day(date(2022, 12, 31))
    assert (found.kind, found.name, found.source) == (Kind.HOLIDAY, "元旦", "国办发明电〔2022〕16号")
    assert Calendar.from_official(years=[2022]).kind(date(2022, 12, 31)) is Kind.WEEKEND


def test_a_year_without_a_notice_counts_weekends_only_and_is_provisional():
    assert OFFICIAL.kind(date(2027, 10, 1)) is Kind.WORKDAY
    assert OFFICIAL.kind(date(2027, 10, 2)) is Kind.WEEKEND
    assert OFFICIAL.day(date(2027, 10, 1)).provisional
    assert not OFFICIAL.is_provisional(date(2026, 12, 28))
    assert OFFICIAL.is_provisional(date(2026, 12, 29))  # the notice for 2027 may still change it
    assert not OFFICIAL.is_provisional(date(2025, 12, 31))
    assert OFFICIAL.provisional_years(date(2026, 1, 1), date(2026, 12, 28)) == ()
    assert OFFICIAL.provisional_years(date(2026, 1, 1), date(2026, 12, 29)) == (2027,)
    assert OFFICIAL.provisional_years(date(2021, 1, 1), date(2028, 1, 1)) == (2021, 2027, 2028)


def test_publishing_a_year_ends_its_being_provisional_and_leaves_the_old_calendar_alone():
    new_year = date(2027, 1, 1)
    published = OFFICIAL.with_year(year=2027, off={new_year: "元旦"}, work={date(2027, 1, 3): "元旦"}, source="试")
    assert published.kind(new_year) is Kind.HOLIDAY
    assert published.is_workday(date(2027, 1, 3))
    assert not published.is_provisional(new_year)
    assert OFFICIAL.kind(new_year) is Kind.WORKDAY
    assert published != OFFICIAL


def test_a_year_published_again_replaces_all_its_days():
    first = Calendar().with_year(year=2027, off={date(2027, 1, 1): "元旦"}, work={}, source="一")
    second = first.with_year(year=2027, off={date(2027, 1, 4): "元旦"}, work={}, source="二")
    assert second.is_workday(date(2027, 1, 1))
    assert not second.is_workday(date(2027, 1, 4))
    assert second.source(year=2027) == "二"


def test_the_later_notice_decides_a_day_that_two_of_them_name():
    calendar = Calendar().with_year(year=2026, off={}, work={date(2026, 12, 27): "年底"}, source="一")
    assert calendar.is_workday(date(2026, 12, 27))
    for order in (calendar, Calendar()):
        both = order.with_year(year=2027, off={date(2026, 12, 27): "元旦"}, work={}, source="二")
        assert not both.is_workday(date(2026, 12, 27))


def test_equal_calendars_are_equal_however_they_came_about():
    assert Calendar.from_official() == OFFICIAL
    assert hash(Calendar.from_official()) == hash(OFFICIAL)
    other = Calendar.from_official(years=[2023, 2022])
    assert Calendar.from_official(years=[2022], extra=[other.plans[1]]) == other


@pytest.mark.parametrize(
    ("off", "work", "source", "code"),
    [
        ({date(2027, 1, 1): "元旦"}, {}, " ", "source_missing"),
        ({date(2028, 1, 1): "元旦"}, {}, "试", "wrong_year"),
        ({date(2026, 11, 30): "元旦"}, {}, "试", "wrong_year"),
        ({}, {date(2027, 1, 4): "元旦"}, "试", "work_on_weekday"),
        ({date(2027, 1, 3): "元旦"}, {date(2027, 1, 3): "元旦"}, "试", "both"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(off, work, source, code):
    with pytest.raises(Invalid) as refusal:
        YearPlan.of(year=2027, off=off, work=work, source=source)
    assert refusal.value.code == code


def test_a_year_that_the_package_does_not_hold_is_refused():
    with pytest.raises(Invalid, match="2031"):
        Calendar.from_official(years=[2026, 2031])
