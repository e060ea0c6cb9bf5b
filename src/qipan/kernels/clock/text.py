"""Limits, moments and time left as people write them, in Chinese and English."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from .deadline import Clock, Limit, Remaining
from .timetable import CHINA
from .wording import Invalid, is_chinese, say

_WEEKDAYS = (
    ("周一", "Mon"),
    ("周二", "Tue"),
    ("周三", "Wed"),
    ("周四", "Thu"),
    ("周五", "Fri"),
    ("周六", "Sat"),
    ("周日", "Sun"),
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def duration(length: timedelta, *, language: str, exact: bool = False) -> str:
    """A length in its two largest units: 2天3小时 / 2 d 3 h, 1小时20分 / 1 h 20 min; cut, never rounded up.

    `exact` gives every unit down to the second, for sums that must add up; the sign is dropped in either case.
    """
    seconds = abs(length) // timedelta(seconds=1)
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, seconds = divmod(rest, 60)
    units = ("天", "小时", "分", "秒") if is_chinese(language) else (" d", " h", " min", " s")
    amounts = (days, hours, minutes, seconds)
    if not exact:
        if not any(amounts[:3]):
            return say("under_a_minute", language)
        amounts = (days, hours, 0, 0) if days else (0, hours, minutes, 0)
    parts = [f"{amount}{unit}" for amount, unit in zip(amounts, units, strict=True) if amount]
    if not parts:
        return f"0{units[2]}"
    return ("" if is_chinese(language) else " ").join(parts)


def remaining(left: Remaining, *, language: str) -> str:
    """剩余 1小时20分 / 1 h 20 min left; 超时 2天3小时 / 2 d 3 h overdue; paused with what is left.

    By the clock on the wall, but for WORKING_HOURS in working time, and says so. What is overdue is always by the wall.
    """
    working = "_working" if left.clock is Clock.WORKING_HOURS else ""
    if left.until_due is not None and left.overdue:
        return say("overdue", language, amount=duration(left.until_due, language=language))
    still = "paused" if left.paused or left.until_due is None else "left"
    if left.until_due is None and left.days_left is not None:
        return say("paused", language, amount=days(left.days_left, clock=left.clock, language=language))
    if working:
        amount = working_time(left.left, language=language, exact=False)
    else:
        amount = duration(left.left if left.until_due is None else left.until_due, language=language)
    return say(f"{still}{working}", language, amount=amount)


def limit(value: Limit, *, language: str) -> str:
    """A limit: 4 工作时, 30分（工作时）, 20 个工作日, 7 日（自然日）, 立即."""
    if value.clock.counts_days:
        return days(value.amount, clock=value.clock, language=language)
    if value.amount == 0:
        return say("at_once", language)
    length = timedelta(minutes=value.amount)
    if value.clock is Clock.WORKING_HOURS:
        hours, rest = divmod(value.amount, 60)
        if not rest:
            return say("limit_whole_hours" + ("_1" if hours == 1 else ""), language, n=hours)
        return say("limit_working_hours", language, amount=working_time(length, language=language))
    return say("limit_natural", language, amount=duration(length, language=language, exact=True))


def days(amount: int, *, clock: Clock, language: str) -> str:
    """An amount of a clock of days: 20 个工作日 / 20 working days."""
    return say(f"limit_{clock.value}" + ("_1" if amount == 1 else ""), language, n=amount)


def working_time(length: timedelta, *, language: str, exact: bool = True) -> str:
    """Working time in hours and minutes, never in days, which would be taken for 24 hours each: 35小时 / 35 h."""
    hours, rest = divmod(length, timedelta(hours=1))
    parts = [f"{hours}{'小时' if is_chinese(language) else ' h'}"] if hours else []
    if not hours or rest >= timedelta(seconds=1 if exact else 60):
        parts.append(duration(rest, language=language, exact=exact))
    return ("" if is_chinese(language) else " ").join(parts)


def day(value: date, *, language: str, year: int | None = None, weekday: bool = False) -> str:
    """11月23日 / 23 Nov; the day of the week if asked, the year where it is not `year` (the reader's; None: never)."""
    chinese = is_chinese(language)
    other_year = year is not None and value.year != year
    name = _WEEKDAYS[value.weekday()][0 if chinese else 1]
    if chinese:
        text = f"{value.year}年" * other_year + f"{value.month}月{value.day}日"
        return f"{text}（{name}）" if weekday else text
    text = f"{value.day} {_MONTHS[value.month - 1]}" + f" {value.year}" * other_year
    return f"{name} {text}" if weekday else text


def moment(
    value: datetime, *, language: str, year: int | None = None, weekday: bool = False, closing: bool = False,
    exact: bool = False,
) -> str:  # fmt: skip
    """11月23日 16:30 / 23 Nov 16:30 in Asia/Shanghai; `year`, `weekday` as in `day`.

    `closing` writes midnight as 24:00 of the day that ends, as a last day is meant. `exact` adds the seconds where
    there are any: for what is added up. Refuses (Invalid) naive values.
    """
    if value.tzinfo is None:
        raise Invalid("naive")
    local = value.astimezone(CHINA)
    date_part = local.date()
    if closing and local.timetz().replace(tzinfo=None) == datetime.min.time():
        return f"{day(date_part - timedelta(days=1), language=language, year=year, weekday=weekday)} 24:00"
    return f"{day(date_part, language=language, year=year, weekday=weekday)} {time_of_day(local, exact=exact)}"


def time_of_day(value: datetime, *, exact: bool = False) -> str:
    """16:30; 16:30:05 where it shall be `exact` and there are seconds."""
    local = value.astimezone(CHINA)
    return f"{local:%H:%M:%S}" if exact and local.second else f"{local:%H:%M}"
