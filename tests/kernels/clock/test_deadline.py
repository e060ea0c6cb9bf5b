"""Deadlines that can be checked on paper. Where no year is written it is 2026, with 08:30-12:00 and 14:30-18:00."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from qipan.kernels.clock import (
    CHINA,
    ROUND_THE_CLOCK,
    STANDARD,
    Calendar,
    Clock,
    Invalid,
    Limit,
    Pause,
    Season,
    WorkingHours,
    due,
    elapsed,
    parse_spans,
)

OFFICIAL = Calendar.from_official()


def at(text: str) -> datetime:
    """ "11-23 16:30", or with a year in front."""
    return datetime.fromisoformat(text if text.count("-") > 1 else f"2026-{text}").replace(tzinfo=CHINA)


def deadline(start: str, limit: Limit, *, pauses=(), hours=STANDARD, calendar=OFFICIAL):
    return due(start=at(start), limit=limit, calendar=calendar, hours=hours, pauses=pauses)


def moment(start: str, limit: Limit, **more) -> datetime | None:
    return deadline(start, limit, **more).due


@pytest.mark.parametrize(
    ("start", "limit", "end", "why"),
    [
        ("11-23 09:00", Limit.working(hours=1), "11-23 10:00", "within a span"),
        ("11-23 11:30", Limit.working(hours=1), "11-23 15:00", "over the lunch break"),
        ("11-23 11:30", Limit.working(minutes=30), "11-23 12:00", "up to the break, not to its end"),
        ("11-23 12:00", Limit.working(hours=1), "11-23 15:30", "from the minute the break begins"),
        ("11-23 13:10", Limit.working(hours=1), "11-23 15:30", "from inside the break"),
        ("11-23 17:30", Limit.working(hours=1), "11-24 09:00", "over the night"),
        ("11-23 21:00", Limit.working(hours=1), "11-24 09:30", "from inside the night"),
        ("11-23 03:00", Limit.working(hours=1), "11-23 09:30", "from before work"),
        ("11-27 17:30", Limit.working(hours=1), "11-30 09:00", "over the weekend"),
        ("11-28 11:00", Limit.working(hours=1), "11-30 09:30", "from inside the weekend"),
        ("09-30 17:30", Limit.working(hours=1), "10-08 09:00", "over the National Day"),
        ("10-03 11:00", Limit.working(hours=1), "10-08 09:30", "from inside a holiday"),
        ("10-09 17:30", Limit.working(hours=1), "10-10 09:00", "into an adjusted working Saturday"),
        ("2024-02-09 17:30", Limit.working(hours=1), "2024-02-18 09:00", "from the festival's eve to a worked Sunday"),
        ("11-23 16:30:20", Limit.working(hours=4), "11-24 11:00:20", "seconds are kept"),
        ("11-23 12:00:01", Limit.working(minutes=1), "11-23 14:31", "but not those of a break"),
        ("11-23 13:00", Limit.working(), "11-23 13:00", "at once"),
        ("11-23 17:30", Limit.natural(hours=1), "11-23 18:30", "natural time knows no evening"),
        ("09-30 17:30", Limit.natural(days=2), "10-02 17:30", "nor a holiday"),
        ("11-23 09:00", Limit.working_days(1), "11-24 18:00", "the day of the start is not counted"),
        ("11-23 23:00", Limit.working_days(1), "11-24 18:00", "at whatever hour"),
        ("11-23 09:00", Limit.working_days(1, count_start_day=True), "11-23 18:00", "unless it is"),
        ("11-23 18:00", Limit.working_days(1, count_start_day=True), "11-24 18:00", "but a closed day is over"),
        ("11-28 09:00", Limit.working_days(1, count_start_day=True), "11-30 18:00", "and a rest day is none"),
        ("11-27 09:00", Limit.working_days(1), "11-30 18:00", "Friday to Monday"),
        ("11-28 09:00", Limit.working_days(1), "11-30 18:00", "Saturday to Monday"),
        ("09-30 09:00", Limit.working_days(3), "10-10 18:00", "the third is an adjusted Saturday"),
        ("2024-02-02 09:00", Limit.working_days(1), "2024-02-04 18:00", "the first is an adjusted Sunday"),
        ("11-23 09:00", Limit.natural_days(7), "12-01 00:00", "24:00 of the seventh day"),
        ("11-23 09:00", Limit.natural_days(7, count_start_day=True), "11-30 00:00", "of the sixth after"),
        ("11-23 00:00", Limit.natural_days(1), "11-25 00:00", "midnight belongs to the day that begins"),
        ("11-23 09:00", Limit.natural_days(5), "11-29 00:00", "a Saturday, as it is"),
        ("11-23 09:00", Limit.natural_days(5, roll=True), "12-01 00:00", "a Saturday, rolled to Monday"),
        ("09-28 09:00", Limit.natural_days(3, roll=True), "10-09 00:00", "a holiday, rolled to its end"),
        ("10-09 09:00", Limit.natural_days(1, roll=True), "10-11 00:00", "a worked Saturday is no rest day"),
    ],
)
def test_a_due_moment_is_right(start, limit, end, why):
    assert moment(start, limit) == at(end), why


def test_a_petition_of_15_and_60_days_is_due_at_midnight():
    assert moment("11-23 10:00", Limit.natural_days(15)) == at("12-09 00:00")
    assert moment("04-01 10:00", Limit.natural_days(60)) == at("06-01 00:00")


def test_a_start_in_another_time_zone_is_counted_in_china():
    found = due(
        start=datetime(2026, 11, 23, 0, 30, tzinfo=UTC), limit=Limit.working(hours=1), calendar=OFFICIAL, hours=STANDARD
    )
    assert found.due == at("11-23 09:30")
    assert found.due.utcoffset() == found.start.utcoffset() == timedelta(hours=8)


def test_staffed_hours_stop_a_working_clock_outside_them_and_run_it_on_rest_days():
    desk = WorkingHours.parse(text="08:00-20:00", rest_days="09:00-17:00")
    assert moment("11-28 16:50", Limit.working(minutes=15), hours=desk) == at("11-29 09:05")
    assert moment("11-23 19:50", Limit.working(minutes=15), hours=desk) == at("11-24 08:05")
    # A rest day that is staffed is still no working day.
    assert moment("11-27 09:00", Limit.working_days(1), hours=desk) == at("11-30 20:00")
    assert moment("11-28 16:50", Limit.working(minutes=15), hours=ROUND_THE_CLOCK) == at("11-28 17:05")


def test_summer_hours_move_the_closing():
    hours = WorkingHours(STANDARD.spans, (Season((5, 1), (9, 30), parse_spans(text="8:30-12:00, 15:00-18:30")),))
    assert moment("09-28 09:00", Limit.working_days(1), hours=hours) == at("09-29 18:30")
    assert moment("09-29 09:00", Limit.working_days(2), hours=hours) == at("10-08 18:00")
    assert moment("06-01 11:30", Limit.working(hours=1), hours=hours) == at("06-01 15:30")


def test_a_pause_stops_working_time_only_while_it_lasts():
    pause = [(at("11-23 10:00"), at("11-24 10:00"))]
    assert moment("11-23 09:00", Limit.working(hours=4), pauses=pause) == at("11-24 15:30")
    in_the_night = [(at("11-23 19:00"), at("11-24 08:00"))]
    assert moment("11-23 16:30", Limit.working(hours=4), pauses=in_the_night) == at("11-24 11:00")


def test_overlapping_and_nested_pauses_stop_the_clock_once():
    pauses = [
        (at("11-23 11:00"), at("11-23 11:30")),
        (at("11-23 10:00"), at("11-23 11:10")),
        (at("11-23 10:20"), at("11-23 10:40")),
        (at("11-23 16:00"), at("11-23 16:00")),
    ]
    found = deadline("11-23 09:00", Limit.natural(hours=2), pauses=pauses)
    assert found.due == at("11-23 12:30")
    assert found.pauses == (Pause(at("11-23 10:00"), at("11-23 11:30")),)


def test_pauses_that_join_keep_both_notes():
    pauses = [
        Pause(at("11-23 10:00"), at("11-23 11:00"), "甲"),
        Pause(at("11-23 11:00"), at("11-23 12:00"), "乙"),
        Pause(at("11-23 11:00"), at("11-23 11:30"), "甲"),
    ]
    [joined] = deadline("11-23 09:00", Limit.natural(hours=2), pauses=pauses).pauses
    assert joined == Pause(at("11-23 10:00"), at("11-23 12:00"), "甲; 乙")


def test_an_open_pause_leaves_no_due_moment_until_it_is_closed():
    begin = at("11-24 10:00")
    for limit in (Limit.working(hours=20), Limit.natural(hours=30), Limit.working_days(2), Limit.natural_days(2)):
        assert moment("11-23 09:00", limit, pauses=[(begin, None)]) is None
        assert moment("11-23 09:00", limit, pauses=[(begin, at("11-30 09:00"))]) is not None


def test_an_open_pause_after_the_due_moment_does_not_undo_it():
    for limit in (Limit.working(hours=1), Limit.natural(hours=1), Limit.working_days(1), Limit.natural_days(1)):
        end = moment("11-23 09:00", limit)
        assert moment("11-23 09:00", limit, pauses=[(end, None)]) == end
        assert moment("11-23 09:00", limit, pauses=[(end - timedelta(seconds=1), None)]) is None


@pytest.mark.parametrize(
    ("begin", "end", "moved"),
    [
        ("11-24 10:00", "11-25 10:00", "11-26 18:00"),  # one closing passes: one day
        ("11-24 10:00", "11-24 17:59", "11-25 18:00"),  # none passes: nothing
        ("11-24 10:00", "11-24 18:00", "11-26 18:00"),  # paused right up to the closing
        ("11-24 18:00", "11-25 09:00", "11-25 18:00"),  # from the closing on: the day has counted
        ("11-23 10:00", "11-23 19:00", "11-25 18:00"),  # the day of the start does not count in any case
        ("11-25 10:00", "11-30 10:00", "11-30 18:00"),  # Wednesday to Monday: three closings, the weekend has none
    ],
)
def test_a_working_day_counts_if_the_clock_runs_when_it_closes(begin, end, moved):
    assert moment("11-23 09:00", Limit.working_days(2), pauses=[(at(begin), at(end))]) == at(moved)


def test_a_natural_day_counts_if_the_clock_runs_at_midnight():
    limit = Limit.natural_days(2)
    assert moment("11-23 09:00", limit, pauses=[(at("11-24 10:00"), at("11-25 10:00"))]) == at("11-27 00:00")
    assert moment("11-23 09:00", limit, pauses=[(at("11-24 10:00"), at("11-24 23:00"))]) == at("11-26 00:00")


def test_a_pause_moves_a_rolled_last_day_on():
    limit = Limit.natural_days(5, roll=True)  # Saturday, so Monday
    assert moment("11-23 09:00", limit, pauses=[(at("11-30 10:00"), at("12-01 10:00"))]) == at("12-02 00:00")
    assert moment("11-23 09:00", limit, pauses=[(at("11-29 10:00"), None)]) is None


def test_only_a_deadline_that_touches_an_unpublished_year_is_provisional():
    assert not deadline("11-23 09:00", Limit.working_days(20)).provisional
    assert deadline("11-23 09:00", Limit.working_days(30)).provisional
    assert deadline("12-25 17:30", Limit.working(hours=30)).provisional
    assert not deadline("12-25 17:30", Limit.natural(days=20)).provisional
    assert not deadline("12-25 17:30", Limit.natural_days(20)).provisional
    assert deadline("12-25 17:30", Limit.natural_days(20, roll=True)).provisional
    assert not deadline("12-25 17:30", Limit.working(hours=300), hours=ROUND_THE_CLOCK).provisional
    assert not deadline("2021-12-31 17:30", Limit.working_days(1)).provisional  # its own day is not counted
    assert deadline("2021-12-31 17:30", Limit.working_days(1, count_start_day=True)).provisional


def test_publishing_the_year_moves_the_deadline():
    limit = Limit.working_days(3)
    assert moment("12-30 09:00", limit) == at("2027-01-04 18:00")
    new_year = {at(f"2027-01-0{n} 00:00").date(): "元旦" for n in (1, 2, 3)}
    published = OFFICIAL.with_year(year=2027, off=new_year, work={}, source="试")
    found = deadline("12-30 09:00", limit, calendar=published)
    assert (found.due, found.provisional) == (at("2027-01-05 18:00"), False)


def test_a_warning_comes_at_the_fraction():
    found = deadline("11-23 16:30", Limit.working(hours=4))
    assert found.warn_at(fraction=0.75) == at("11-24 10:00")
    assert found.warn_at(fraction=1) == found.due
    assert deadline("11-23 09:00", Limit.natural_days(1)).warn_at(fraction=0.5) == at("11-24 04:30")
    # Half of 7 hours today and 7 tomorrow is tonight's closing.
    assert deadline("11-23 08:00", Limit.working_days(1)).warn_at(fraction=0.5) == at("11-23 18:00")


def test_a_warning_waits_for_an_open_pause_but_not_for_a_later_one():
    open_pause = [(at("11-23 10:00"), None)]
    assert deadline("11-23 09:00", Limit.working(hours=4), pauses=open_pause).warn_at(fraction=0.5) is None
    assert deadline("11-23 09:00", Limit.working(hours=4), pauses=open_pause).warn_at(fraction=0.25) == at(
        "11-23 10:00"
    )
    assert deadline("11-23 09:00", Limit.working_days(4), pauses=open_pause).warn_at(fraction=0.5) is None


@pytest.mark.parametrize("fraction", [0, -0.1, 1.01])
def test_a_fraction_that_cannot_be_is_refused(fraction):
    with pytest.raises(Invalid):
        deadline("11-23 09:00", Limit.working(hours=4)).warn_at(fraction=fraction)


def test_what_is_left_is_told_in_the_clocks_own_time_and_by_the_wall():
    found = deadline("11-23 16:30", Limit.working(hours=4))
    left = found.remaining(now=at("11-23 18:30"))
    assert (left.left, left.until_due) == (timedelta(hours=2.5), timedelta(hours=16.5))
    assert (left.overdue, left.paused, left.days_left) == (False, False, None)
    late = found.remaining(now=at("11-24 18:00"))
    assert (late.left, late.until_due, late.overdue) == (-timedelta(hours=4.5), -timedelta(hours=7), True)
    assert found.remaining(now=at("11-23 10:00")).left == timedelta(hours=4)


def test_what_is_left_while_paused_stands_still():
    pauses = [(at("11-23 10:00"), None)]
    found = deadline("11-23 09:00", Limit.working(hours=4), pauses=pauses)
    for now in ("11-23 10:00", "11-25 10:00"):
        left = found.remaining(now=at(now))
        assert (left.left, left.until_due, left.paused, left.overdue) == (timedelta(hours=3), None, True, False)
    assert not found.remaining(now=at("11-23 09:59")).paused
    days = deadline("11-23 09:00", Limit.working_days(4), pauses=[(at("11-25 10:00"), None)])
    assert days.remaining(now=at("11-30 10:00")).days_left == 3
    assert days.remaining(now=at("11-30 10:00")).left == timedelta(hours=7 * 5 - 0.5) - timedelta(hours=6.5 + 7 + 1.5)


def test_elapsed_time_leaves_out_what_does_not_run():
    found = elapsed(
        start=at("11-23 09:00"),
        end=at("11-24 09:00"),
        clock=Clock.WORKING_HOURS,
        calendar=OFFICIAL,
        hours=STANDARD,
        pauses=[(at("11-23 17:00"), at("11-23 20:00"))],
    )
    assert found == timedelta(hours=6)
    again = elapsed(
        start=at("11-24 09:00"), end=at("11-23 09:00"), clock=Clock.NATURAL, calendar=OFFICIAL, hours=STANDARD
    )
    assert again == timedelta(0)


@pytest.mark.parametrize(
    ("clock", "amount"),
    [(Clock.NATURAL, -1), (Clock.WORKING_HOURS, 10**9), (Clock.WORKING_DAYS, 0), (Clock.NATURAL_DAYS, 4000)],
)
def test_an_amount_that_cannot_be_is_refused(clock, amount):
    with pytest.raises(Invalid):
        Limit(clock, amount)


def test_moments_without_a_zone_and_pauses_that_run_backwards_are_refused():
    naive = datetime(2026, 11, 23, 9)  # noqa: DTZ001
    with pytest.raises(Invalid) as refusal:
        due(start=naive, limit=Limit.working(hours=1), calendar=OFFICIAL, hours=STANDARD)
    assert refusal.value.code == "naive"
    assert refusal.value.text(language="zh") == "时间缺少时区。"
    with pytest.raises(Invalid) as refusal:
        deadline("11-23 09:00", Limit.working(hours=1), pauses=[(at("11-23 10:00"), at("11-23 09:30"))])
    assert refusal.value.code == "pause_backwards"


def test_a_limit_of_ten_years_is_counted():
    assert moment("11-23 09:00", Limit.natural_days(3660)) == at("2036-12-01 00:00")
    assert moment("11-23 09:00", Limit.working(minutes=5_270_400)).year > 2070
