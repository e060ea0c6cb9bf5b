"""Explanations as they are read."""

from __future__ import annotations

import string
from datetime import timedelta

import pytest

from qipan.assembly.folders import CHECKOUT
from qipan.kernels.clock import STANDARD, Limit, Pause, Reason, WorkingHours, explain
from qipan.kernels.clock.wording import WORDS, holiday_name

from .test_deadline import at, deadline


def test_four_working_hours_over_a_night_read_as_three_lines():
    explanation = explain(deadline("11-23 16:30", Limit.working(hours=4)))
    assert explanation.lines(language="zh-hans") == [
        "11月23日（周一） 16:30–18:00　工作时间　计 1小时30分　累计 1小时30分",
        "11月23日（周一） 18:00 – 11月24日（周二） 08:30　非工作时间　不计",
        "11月24日（周二） 08:30–11:00　工作时间　计 2小时30分　累计 4小时",
    ]
    assert explanation.lines(language="en") == [
        "Mon 23 Nov 16:30–18:00 | working hours | 1 h 30 min counted | 1 h 30 min in all",
        "Mon 23 Nov 18:00 – Tue 24 Nov 08:30 | outside working hours | not counted",
        "Tue 24 Nov 08:30–11:00 | working hours | 2 h 30 min counted | 4 h in all",
    ]
    assert explanation.summary(language="zh") == "时限 4 工作时，自 11月23日 16:30 起，至 11月24日 11:00 止。"
    assert explanation.summary(language="en") == "4 working hours from 23 Nov 16:30: due 24 Nov 11:00."
    assert explanation.basis(language="zh") == "日历依据：2026年 国办发明电〔2025〕7号"


def test_a_holiday_is_named_and_an_adjusted_saturday_too():
    explanation = explain(deadline("09-30 09:00", Limit.working_days(3)))
    assert explanation.lines(language="zh") == [
        "9月30日（周三）　开始当日　不计",
        "10月1日（周四） – 10月7日（周三）　放假（国庆节），共 7 天　不计",
        "10月8日（周四） – 10月9日（周五）　工作日　计 2 个工作日　累计 2 个工作日",
        "10月10日（周六）　调休上班（国庆节）　计 1 个工作日　累计 3 个工作日",
    ]
    assert explanation.lines(language="en")[1] == "Thu 1 Oct – Wed 7 Oct | holiday (National Day), 7 days | not counted"


def test_the_lunch_break_and_other_breaks_are_told_apart():
    hours = WorkingHours.parse(text="06:00-08:00, 09:00-12:00, 13:00-16:00")
    reasons = [span.reason for span in explain(deadline("11-23 05:00", Limit.working(hours=6), hours=hours)).spans]
    assert reasons == [
        Reason.NIGHT,
        Reason.WORKING,
        Reason.BREAK,
        Reason.WORKING,
        Reason.LUNCH,
        Reason.WORKING,
    ]


def test_a_weekend_takes_the_nights_beside_it():
    spans = explain(deadline("11-27 17:00", Limit.working(hours=2))).spans
    assert [(span.reason, span.begin, span.end) for span in spans] == [
        (Reason.WORKING, at("11-27 17:00"), at("11-27 18:00")),
        (Reason.WEEKEND, at("11-27 18:00"), at("11-30 08:30")),
        (Reason.WORKING, at("11-30 08:30"), at("11-30 09:30")),
    ]


def test_a_weekend_before_a_holiday_is_a_line_of_its_own():
    spans = explain(deadline("2024-09-30 17:00", Limit.working(hours=2))).spans
    assert [span.name for span in spans] == ["", "国庆节", ""]
    spans = explain(deadline("06-18 17:00", Limit.working(hours=2))).spans  # Friday to Sunday: 端午节
    assert [span.name for span in spans] == ["", "端午节", ""]
    spans = explain(deadline("2024-06-07 17:00", Limit.working(hours=2))).spans  # Saturday, Sunday; Monday 端午节
    assert [span.reason for span in spans] == [Reason.WORKING, Reason.WEEKEND, Reason.HOLIDAY, Reason.WORKING]


def test_twenty_working_days_read_in_ten_lines():
    lines = explain(deadline("11-23 16:30", Limit.working_days(20))).lines(language="zh")
    assert len(lines) == 10
    assert lines[0] == "11月23日（周一）　开始当日　不计"
    assert lines[1] == "11月24日（周二） – 11月27日（周五）　工作日　计 4 个工作日　累计 4 个工作日"
    assert lines[2] == "11月28日（周六） – 11月29日（周日）　周末，共 2 天　不计"
    assert lines[-1] == "12月21日（周一）　工作日　计 1 个工作日　累计 20 个工作日"


def test_many_working_hours_are_grouped_by_whole_days():
    explanation = explain(deadline("11-23 16:30", Limit.working(hours=60)))
    assert len(explanation.spans) > 30
    lines = explanation.lines(language="zh")
    assert len(lines) == 7
    assert lines[2] == (
        "11月24日（周二） 08:30 – 11月27日（周五） 18:00　"
        "工作时间，共 4 天，每日 08:30-12:00、14:30-18:00　计 28小时　累计 29小时30分"
    )
    assert explanation.lines(language="en", grouped=False) == [span.text(language="en") for span in explanation.spans]


def test_an_adjusted_saturday_is_not_grouped_with_ordinary_days():
    rows = explain(deadline("10-08 08:30", Limit.working(hours=28))).grouped()
    assert [(row.reason, row.days) for row in rows if row.counted] == [
        (Reason.WORKING, 2),
        (Reason.ADJUSTED, 1),
        (Reason.WORKING, 1),
    ]


def test_a_pause_is_one_line_with_its_note():
    pause = Pause(at("11-23 17:00"), at("11-25 09:00"), "挂账 2026-17")
    lines = explain(deadline("11-23 16:30", Limit.working(hours=1), pauses=[pause])).lines(language="zh")
    assert lines == [
        "11月23日（周一） 16:30–17:00　工作时间　计 30分　累计 30分",
        "11月23日（周一） 17:00 – 11月25日（周三） 09:00　经批准暂停；挂账 2026-17　不计",
        "11月25日（周三） 09:00–09:30　工作时间　计 30分　累计 1小时",
    ]
    days = explain(deadline("11-23 16:30", Limit.working_days(1), pauses=[(at("11-24 10:00"), at("11-25 09:00"))]))
    assert days.lines(language="en") == [
        "Mon 23 Nov | the day of the start | not counted",
        "Tue 24 Nov | paused by approval, from 24 Nov 10:00 to 25 Nov 09:00 | not counted",
        "Wed 25 Nov | working days | 1 working day counted | 1 working day in all",
    ]


def test_an_open_pause_is_the_last_line():
    explanation = explain(deadline("11-23 16:30", Limit.working(hours=2), pauses=[(at("11-23 17:00"), None)]))
    assert explanation.lines(language="zh")[-1] == "11月23日（周一） 17:00 –　经批准暂停，尚未恢复　不计"
    assert explanation.counted == timedelta(minutes=30)
    assert "尚余 1小时30分" in explanation.summary(language="zh")
    days = explain(deadline("11-23 16:30", Limit.working_days(5), pauses=[(at("11-25 10:00"), None)]))
    assert days.lines(language="zh")[-1] == "11月25日（周三） –　经批准暂停，11月25日 10:00 起，尚未恢复　不计"
    assert "4 working days left" in days.summary(language="en")


def test_an_unpublished_year_is_said_to_be_provisional():
    explanation = explain(deadline("12-24 16:30", Limit.working_days(7)))
    assert explanation.lines(language="zh") == [
        "12月24日（周四）　开始当日　不计",
        "12月25日（周五）　工作日　计 1 个工作日　累计 1 个工作日",
        "12月26日（周六） – 12月27日（周日）　周末，共 2 天　不计",
        "12月28日（周一） – 2027年1月1日（周五）　工作日，暂定　计 5 个工作日　累计 6 个工作日",
        "2027年1月2日（周六） – 2027年1月3日（周日）　周末，共 2 天，暂定　不计",
        "2027年1月4日（周一）　工作日，暂定　计 1 个工作日　累计 7 个工作日",
    ]
    assert explanation.summary(language="zh").endswith(
        "止。2027年放假安排尚未公布，暂只按周末计算，公布后重算（暂定）。"
    )
    assert "2027 is not published" in explanation.summary(language="en")


def test_a_rolled_last_day_says_why():
    explanation = explain(deadline("11-23 09:00", Limit.natural_days(5, roll=True)))
    assert explanation.lines(language="zh") == [
        "11月23日（周一）　开始当日　不计",
        "11月24日（周二） – 11月28日（周六）　自然日　计 5 日（自然日）　累计 5 日（自然日）",
        "11月29日（周日） – 11月30日（周一）　末日为休息日，顺延，共 2 天　不计",
    ]
    assert explanation.summary(language="zh").endswith("至 11月30日 24:00 止。")


def test_shown_amounts_add_up_though_seconds_are_cut():
    start = at("11-23 17:59:30.700000")
    spans = explain(
        deadline(
            start.isoformat()[:-6], Limit.working(minutes=1), pauses=[(at("11-24 08:30:10.100000"), at("11-24 09:00"))]
        )
    ).spans
    shown = [span.amount(language="en").removesuffix(" counted") for span in spans if span.counted]
    assert shown == ["29 s", "10 s", "21 s"]
    assert spans[-1].running(language="en") == "1 min in all"


def test_natural_time_needs_no_calendar_and_one_line():
    explanation = explain(deadline("11-23 16:30", Limit.natural(hours=24)))
    assert explanation.lines(language="zh") == [
        "11月23日（周一） 16:30 – 11月24日（周二） 16:30　自然时间　计 1天　累计 1天"
    ]
    assert explanation.basis(language="zh") == ""


def test_nothing_to_count_has_nothing_to_explain():
    explanation = explain(deadline("11-23 16:30", Limit.natural()))
    assert explanation.lines(language="zh") == []
    assert explanation.summary(language="en") == "at once from 23 Nov 16:30: due 23 Nov 16:30."


def test_staffed_hours_on_a_rest_day_are_named():
    desk = WorkingHours.parse(text="08:00-20:00", rest_days="09:00-17:00")
    spans = explain(deadline("11-28 16:50", Limit.working(minutes=15), hours=desk)).spans
    assert [span.reason for span in spans] == [Reason.STAFFED, Reason.NIGHT, Reason.STAFFED]


@pytest.mark.parametrize("code", WORDS)
def test_both_languages_fill_in_the_same_values(code):
    chinese, english = ({name for _, name, _, _ in string.Formatter().parse(text) if name} for text in WORDS[code])
    assert chinese == english


def test_every_reason_has_words():
    assert {reason.value for reason in Reason} <= WORDS.keys()


def test_holidays_have_english_names():
    assert holiday_name("国庆节、中秋节", "en") == "National Day and Mid-Autumn Festival"
    assert holiday_name("国庆节、中秋节", "zh-hans") == "国庆节、中秋节"
    assert holiday_name("三月三", "en") == "三月三"


def test_hours_of_a_season_are_not_grouped_with_others():
    assert STANDARD.spans == explain(deadline("11-23 08:30", Limit.working(hours=60))).grouped()[0].hours


@pytest.mark.parametrize(("page", "language", "note"), [("clock.md", "en", "hold"), ("clock.zh.md", "zh", "挂账")])
def test_the_worked_examples_of_the_documentation_are_what_the_kernel_says(page, language, note):
    written = (CHECKOUT / "docs" / "explanation" / page).read_text(encoding="utf-8")
    hold = Pause(at("10-12 10:00"), at("10-13 10:00"), f"{note} 2026-17")
    for found in (
        deadline("11-23 16:30", Limit.working(hours=4)),
        deadline("09-30 10:00", Limit.working_days(8), pauses=[hold]),
    ):
        assert "\n".join(explain(found).lines(language=language)) in written
