"""Values that are certain are read; the others are refused with their reason."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qipan.kernels.tables import BadValue, parse_choice, parse_code, parse_date, parse_degrees, parse_moment

ZONE = ZoneInfo("Asia/Shanghai")
TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    "text",
    [
        "2020-05-15",
        "2020/5/15",
        "2020.05.15",
        "20200515",
        "2020年5月15日",
        " 2020-5-15 ",
        "2020-05-15 00:00:00",
        "2020-05-15T00:00",
    ],
)
def test_the_ways_people_write_a_day_are_read(text):
    assert parse_date(text, today=TODAY) == date(2020, 5, 15)


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)))
def test_every_day_is_read_back_from_every_form(day):
    for form in (
        "{0:%Y}-{0:%m}-{0:%d}",
        "{0.year}/{0.month}/{0.day}",
        "{0.year}年{0.month}月{0.day}日",
        "{0:%Y}{0:%m}{0:%d}",
    ):
        assert parse_date(form.format(day)) == day


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("15/05/20", "short_year"),
        ("20-05-15", "short_year"),
        ("200515", "short_year"),
        ("20年5月15日", "short_year"),
        ("05/15/2020", "day_or_month_first"),
        ("15.05.2020", "day_or_month_first"),
        ("0020-05-15", "too_early"),
        ("1899-12-31", "too_early"),
        ("2026-11-24", "in_the_future"),
        ("2020-02-30", "no_such_day"),
        ("2020-13-01", "no_such_day"),
        ("43966", "not_a_date"),
        ("yesterday", "not_a_date"),
        ("", "not_a_date"),
        ("2020-05-15 08:30", "not_a_date"),
    ],
)
def test_a_doubtful_day_is_refused(text, code):
    with pytest.raises(BadValue) as caught:
        parse_date(text, today=TODAY)
    assert caught.value.code == code


def test_a_declared_form_reads_that_form_only():
    assert parse_date("05/15/2020", form="%m/%d/%Y") == date(2020, 5, 15)
    for text in ("2020-05-15", "15/05/2020"):
        with pytest.raises(BadValue):
            parse_date(text, form="%m/%d/%Y")
    with pytest.raises(BadValue, match="too_early"):
        parse_date("05/15/0020", form="%m/%d/%Y")


@pytest.mark.parametrize(
    "text",
    [
        "2020-05-15 08:30",
        "2020/5/15 8:30:00",
        "2020年5月15日 08：30",
        "2020-05-15T08:30:00.000",
        "2020-05-15T00:30:00+00:00",
        "2020-05-15T00:30:00Z",
    ],
)
def test_the_ways_people_write_a_moment_are_read(text):
    assert parse_moment(text, zone=ZONE) == datetime(2020, 5, 15, 8, 30, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2020-05-15", "not_a_moment"),
        ("2020-05-15 25:00", "not_a_moment"),
        ("2020-02-30 08:00", "no_such_day"),
        ("15/05/20 08:30", "short_year"),
        ("0020-05-15 08:30", "too_early"),
        ("2026-11-23 08:01", "in_the_future"),
        ("8:30", "not_a_moment"),
        ("", "not_a_moment"),
    ],
)
def test_a_doubtful_moment_is_refused(text, code):
    with pytest.raises(BadValue) as caught:
        parse_moment(text, zone=ZONE, now=datetime(2026, 11, 23, 0, 0, tzinfo=UTC))
    assert caught.value.code == code


def test_a_moment_with_an_offset_of_its_own_comes_in_the_zone_asked_for():
    found = parse_moment("2026-01-01T00:00:00+16:30", zone=ZONE)  # further from UTC than PostgreSQL can read
    assert found == datetime(2025, 12, 31, 7, 30, tzinfo=UTC)
    assert found.utcoffset() == ZONE.utcoffset(found)
    with pytest.raises(BadValue):
        parse_moment("9999-12-31T23:59:59-14:00", zone=ZONE)


def test_degrees_are_decimal_and_on_earth():
    assert parse_degrees(" 114.3525 ", limit=180) == 114.3525
    for text in ("181", "nan", "inf", "114°21′", "", "1_0", "东经114"):
        with pytest.raises(BadValue, match="not_degrees"):
            parse_degrees(text, limit=180)


def test_a_code_keeps_its_zeros_and_a_damaged_one_is_refused():
    assert parse_code(" 0042 ") == "0042"
    assert parse_code("410505100", lengths=(9, 12)) == "410505100"
    for text, code in (
        ("4.10505E+11", "damaged_code"),
        ("41050x", "not_a_code"),
        ("４１", "not_a_code"),
        ("4105", "wrong_length"),
    ):
        with pytest.raises(BadValue) as caught:
            parse_code(text, lengths=(9, 12))
        assert caught.value.code == code


def test_a_choice_is_one_of_its_words():
    words = {"学校": "school", "School": "school", "商铺": "shop"}
    assert parse_choice(" school ", words) == "school"
    assert parse_choice("学校", words) == "school"
    with pytest.raises(BadValue) as caught:
        parse_choice("工厂", words)
    assert caught.value.facts["choices"] == "学校、School、商铺"
