"""Lengths, moments, limits and time left as people write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from qipan.kernels.clock import Invalid, Limit, text

from .test_deadline import at, deadline


@pytest.mark.parametrize(
    ("length", "chinese", "english"),
    [
        (timedelta(hours=1, minutes=20, seconds=59), "1小时20分", "1 h 20 min"),
        (timedelta(days=2, hours=3, minutes=59), "2天3小时", "2 d 3 h"),
        (timedelta(days=2, minutes=59), "2天", "2 d"),
        (timedelta(hours=5), "5小时", "5 h"),
        (timedelta(minutes=45), "45分", "45 min"),
        (timedelta(seconds=59), "不足1分", "under 1 min"),
        (-timedelta(days=1), "1天", "1 d"),
    ],
)
def test_a_length_is_written_in_its_two_largest_units(length, chinese, english):
    assert text.duration(length, language="zh") == chinese
    assert text.duration(length, language="en") == english


def test_a_length_can_be_written_exactly():
    length = timedelta(days=1, hours=2, minutes=3, seconds=4)
    assert text.duration(length, language="zh", exact=True) == "1天2小时3分4秒"
    assert text.duration(length, language="en", exact=True) == "1 d 2 h 3 min 4 s"
    assert text.duration(timedelta(0), language="zh", exact=True) == "0分"


def test_working_time_is_never_written_in_days():
    assert text.working_time(timedelta(hours=35), language="zh") == "35小时"
    assert text.working_time(timedelta(hours=35, minutes=5, seconds=6), language="en") == "35 h 5 min 6 s"
    assert text.working_time(timedelta(hours=35, seconds=6), language="en", exact=False) == "35 h"
    assert text.working_time(timedelta(minutes=5), language="zh") == "5分"
    assert text.working_time(timedelta(0), language="zh", exact=False) == "不足1分"


@pytest.mark.parametrize(
    ("limit", "chinese", "english"),
    [
        (Limit.working(hours=4), "4 工作时", "4 working hours"),
        (Limit.working(hours=1), "1 工作时", "1 working hour"),
        (Limit.working(minutes=90), "1小时30分（工作时）", "1 h 30 min of working time"),
        (Limit.working_days(20), "20 个工作日", "20 working days"),
        (Limit.working_days(1), "1 个工作日", "1 working day"),
        (Limit.natural_days(7), "7 日（自然日）", "7 days"),
        (Limit.natural(minutes=15), "15分", "15 min"),
        (Limit.natural(hours=24), "1天", "1 d"),
        (Limit.natural(), "立即", "at once"),
    ],
)
def test_a_limit_is_written_as_rules_write_it(limit, chinese, english):
    assert text.limit(limit, language="zh-hans") == chinese
    assert text.limit(limit, language="en") == english


def left(start, limit, now, language, **more):
    return text.remaining(deadline(start, limit, **more).remaining(now=at(now)), language=language)


def test_what_is_left_reads_as_people_say_it():
    day = Limit.natural(hours=2)
    assert left("11-23 09:00", day, "11-23 09:40", "zh") == "剩余 1小时20分"
    assert left("11-23 09:00", day, "11-23 09:40", "en") == "1 h 20 min left"
    assert left("11-23 09:00", day, "11-25 14:00", "zh") == "超时 2天3小时"
    assert left("11-23 09:00", day, "11-25 14:00", "en") == "2 d 3 h overdue"
    assert left("11-23 09:00", day, "11-23 11:00", "zh") == "剩余 不足1分"


def test_working_time_left_says_so_and_overdue_is_by_the_wall():
    four = Limit.working(hours=4)
    assert left("11-23 16:30", four, "11-23 18:30", "zh") == "剩余 2小时30分（工作时）"
    assert left("11-23 16:30", four, "11-23 18:30", "en") == "2 h 30 min of working time left"
    assert left("11-23 16:30", four, "11-25 11:00", "zh") == "超时 1天"


def test_what_is_left_under_a_pause_says_so():
    pauses = [(at("11-23 10:00"), None)]
    assert left("11-23 09:00", Limit.natural(hours=3), "11-25 09:00", "zh", pauses=pauses) == "已暂停，剩余 2小时"
    assert (
        left("11-23 09:00", Limit.working_days(3), "11-25 09:00", "en", pauses=pauses) == "paused, 3 working days left"
    )
    assert (
        left("11-23 09:00", Limit.working(hours=3), "11-25 09:00", "zh", pauses=pauses)
        == "已暂停，剩余 2小时（工作时）"
    )
    closed = [(at("11-23 10:00"), at("11-23 12:00"))]
    assert left("11-23 09:00", Limit.natural(hours=3), "11-23 11:00", "zh", pauses=closed) == "已暂停，剩余 3小时"
    assert left("11-23 09:00", Limit.natural(hours=3), "11-23 12:00", "zh", pauses=closed) == "剩余 2小时"


def test_moments_are_written_in_china():
    assert text.moment(datetime(2026, 11, 23, 8, 30, tzinfo=UTC), language="zh") == "11月23日 16:30"
    assert text.moment(at("11-23 16:30:05"), language="en") == "23 Nov 16:30"
    assert text.moment(at("11-23 16:30:05"), language="en", exact=True) == "23 Nov 16:30:05"
    assert text.moment(at("11-23 16:30"), language="en", exact=True) == "23 Nov 16:30"
    assert text.moment(at("11-23 16:30"), language="zh", weekday=True) == "11月23日（周一） 16:30"
    assert text.moment(at("11-23 16:30"), language="zh", year=2027) == "2026年11月23日 16:30"
    assert text.moment(at("11-23 16:30"), language="en", year=2027, weekday=True) == "Mon 23 Nov 2026 16:30"
    assert text.moment(at("11-23 16:30"), language="zh", year=2026) == "11月23日 16:30"


def test_a_last_day_ends_at_24():
    assert text.moment(at("12-01 00:00"), language="zh", closing=True) == "11月30日 24:00"
    assert text.moment(at("2027-01-01 00:00"), language="en", closing=True, year=2027) == "31 Dec 2026 24:00"
    assert text.moment(at("12-01 00:00"), language="zh") == "12月1日 00:00"
    assert text.moment(at("12-01 00:01"), language="zh", closing=True) == "12月1日 00:01"


def test_a_moment_without_a_zone_is_refused():
    with pytest.raises(Invalid):
        text.moment(datetime(2026, 11, 23), language="zh")  # noqa: DTZ001
