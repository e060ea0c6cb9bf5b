"""Hours as people write them, seasons, and what is refused."""

from __future__ import annotations

from datetime import date

import pytest

from qipan.kernels.clock import ROUND_THE_CLOCK, STANDARD, Invalid, Season, Span, WorkingHours, parse_spans

SUMMER = Season((5, 1), (9, 30), parse_spans(text="8:30-12:00, 15:00-18:30"))
WINTER = Season((11, 15), (2, 29), parse_spans(text="9:00-12:00"))


@pytest.mark.parametrize(
    "text", ["08:30-12:00, 14:30-18:00", "8:30–12:00；14:30~18:00", "08：30至12：00、14：30到18：00"]
)
def test_hours_are_read_as_people_write_them(text):
    assert WorkingHours.parse(text=text) == STANDARD


def test_hours_written_out_are_read_back():
    assert WorkingHours.parse(text=str(STANDARD)) == STANDARD
    assert parse_spans(text="00:00-24:00") == (Span(0, 1440),)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "span"),
        ("all day", "span"),
        ("08:30", "span"),
        ("08:30-12:60", "span"),
        ("12:00-08:30", "span_order"),
        ("22:00-25:00", "span_order"),
        ("08:30-08:30", "span_order"),
        ("08:30-12:00, 11:00-18:00", "spans_overlap"),
        ("14:30-18:00, 08:30-12:00", "spans_overlap"),
    ],
)
def test_hours_that_cannot_be_are_refused(text, code):
    with pytest.raises(Invalid) as refusal:
        WorkingHours.parse(text=text)
    assert refusal.value.code == code


def test_a_day_without_hours_is_refused():
    with pytest.raises(Invalid):
        WorkingHours(())
    with pytest.raises(Invalid):
        Season((5, 1), (9, 30), ())


def test_summer_hours_hold_from_may_to_september():
    hours = WorkingHours(STANDARD.spans, (SUMMER, WINTER))
    assert hours.on(date(2026, 4, 30), workday=True) == STANDARD.spans
    assert hours.on(date(2026, 5, 1), workday=True) == SUMMER.spans
    assert hours.on(date(2026, 9, 30), workday=True) == SUMMER.spans
    assert hours.on(date(2026, 10, 1), workday=True) == STANDARD.spans


def test_winter_hours_run_over_the_new_year():
    hours = WorkingHours(STANDARD.spans, (SUMMER, WINTER))
    for day in (date(2026, 11, 15), date(2026, 12, 31), date(2027, 1, 1), date(2028, 2, 29)):
        assert hours.on(day, workday=True) == WINTER.spans
    assert hours.on(date(2027, 3, 1), workday=True) == STANDARD.spans


def test_seasons_that_share_a_day_are_refused():
    with pytest.raises(Invalid, match="9-30"):
        WorkingHours(STANDARD.spans, (SUMMER, Season((9, 30), (10, 31), STANDARD.spans)))
    with pytest.raises(Invalid):
        Season((2, 30), (3, 1), STANDARD.spans)


def test_a_rest_day_has_only_the_hours_that_are_staffed():
    assert STANDARD.on(date(2026, 11, 22), workday=False) == ()
    desk = WorkingHours.parse(text="08:00-20:00", rest_days="09:00-17:00")
    assert desk.on(date(2026, 11, 22), workday=False) == (Span(540, 1020),)
    assert desk.needs_calendar
    assert not ROUND_THE_CLOCK.needs_calendar
