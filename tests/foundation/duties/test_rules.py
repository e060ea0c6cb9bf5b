"""States, pauses, urgency, steps to fire, and limits as they are kept: plain values."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qipan.foundation.duties import clocks, kinds, rules
from qipan.foundation.duties.rules import NEXT, Planned, State, Urgency
from qipan.kernels.clock import Clock, Limit, WorkingHours
from tests.foundation.duties.conftest import moment

NOON = moment("2026-03-02 12:00")
MIDNIGHT = moment("2026-03-03 00:00")


@pytest.mark.parametrize(("before", "after"), list(product(State, State)))
def test_only_the_steps_of_the_table_may_follow(before, after):
    if after in NEXT[before]:
        rules.check_step(before, after)
        return
    with pytest.raises((rules.DutyEnded, rules.DutyPaused, rules.DutyNotPaused)):
        rules.check_step(before, after)


@pytest.mark.parametrize(
    ("state", "due", "warn", "group"),
    [
        ("open", -1, -2, Urgency.OVERDUE),
        ("open", 0, -1, Urgency.SOON),
        ("open", 5, -1, Urgency.SOON),
        ("open", 5, 1, Urgency.TODAY),
        ("open", 11, None, Urgency.TODAY),
        ("open", 12, 1, Urgency.LATER),
        ("open", None, None, Urgency.UNTIMED),
        ("paused", -1, -2, Urgency.PAUSED),
    ],
)
def test_a_duty_belongs_to_one_group(state, due, warn, group):
    def at(hours: int | None) -> datetime | None:
        return None if hours is None else NOON + timedelta(hours=hours)

    found = rules.urgency(state=state, due_at=at(due), warn_at=at(warn), now=NOON, midnight=MIDNIGHT)
    assert found is group


def test_what_fired_and_stays_behind_us_is_not_armed_again_and_what_moves_ahead_is():
    plan = [("warn", NOON - timedelta(hours=1)), ("breach", NOON + timedelta(hours=1)), ("late", NOON)]
    assert rules.pending(plan=plan, fired={}, now=NOON) == [
        Planned("warn", plan[0][1], 1),
        Planned("late", NOON, 1),
        Planned("breach", plan[1][1], 1),
    ]
    assert rules.pending(plan=plan, fired={"warn": 1, "breach": 2, "late": 1}, now=NOON) == [
        Planned("breach", plan[1][1], 3)
    ]


CAP = rules.PauseCap(count=3, total=timedelta(days=10))


def test_a_pause_without_an_end_ends_when_the_cap_is_used_up():
    earlier = [(NOON - timedelta(days=20), NOON - timedelta(days=16))]
    assert rules.check_pause(cap=CAP, earlier=earlier, begins=NOON, until=None) == NOON + timedelta(days=6)


@pytest.mark.parametrize(
    ("earlier", "until", "refusal"),
    [
        ([], NOON, rules.PauseEndsBeforeItBegins),
        ([], NOON - timedelta(days=1), rules.PauseEndsBeforeItBegins),
        ([], NOON + timedelta(days=11), rules.PauseTooLong),
        ([(NOON - timedelta(days=12), NOON - timedelta(days=2))], None, rules.PauseTooLong),
        ([(NOON, NOON)] * 3, None, rules.TooManyPauses),
    ],
)
def test_a_pause_beyond_the_cap_is_refused(earlier, until, refusal):
    with pytest.raises(refusal):
        rules.check_pause(cap=CAP, earlier=earlier, begins=NOON, until=until)


def test_one_id_for_each_calendar_that_is_missing():
    ids = {rules.alarm_id(district_id=district, year=year) for district in (1, 2) for year in (2026, 2027)}
    assert len(ids) == 4
    assert rules.alarm_id(district_id=1, year=2027) == rules.alarm_id(district_id=1, year=2027)


# Kinds


def test_a_kind_is_registered_once(monkeypatch):
    monkeypatch.setattr(kinds, "_kinds", {})
    kind = kinds.Kind("tests.once", "x")
    kinds.register(kind)
    kinds.register(kind)
    with pytest.raises(ValueError, match="registered twice"):
        kinds.register(kinds.Kind("tests.once", "y"))


@pytest.mark.parametrize("warn", [0, 1, -0.1, 80])
def test_a_warning_comes_inside_the_budget(warn):
    with pytest.raises(ValueError, match="part of the budget"):
        kinds.Kind("tests.warn", "x", warn=warn)


def test_a_kind_that_is_gone_is_still_called_something():
    assert kinds.title("tests.gone") == "tests.gone"
    with pytest.raises(kinds.UnknownKind):
        kinds.get("tests.gone")


# Limits and hours as they are kept

LIMITS = st.one_of(
    st.builds(lambda n: Limit(Clock.NATURAL, n), st.integers(0, 100_000)),
    st.builds(lambda n: Limit(Clock.WORKING_HOURS, n), st.integers(0, 100_000)),
    st.builds(lambda n, start: Limit(Clock.WORKING_DAYS, n, start), st.integers(1, 1000), st.booleans()),
    st.builds(
        lambda n, start, roll: Limit(Clock.NATURAL_DAYS, n, start, roll),
        st.integers(1, 1000),
        st.booleans(),
        st.booleans(),
    ),
)


@given(LIMITS)
def test_a_limit_comes_back_as_it_was_kept(limit):
    assert clocks.load(clocks.dump(limit)) == (("", limit),)


@given(st.lists(st.tuples(st.text(max_size=5), LIMITS), min_size=1, max_size=4))
def test_stages_come_back_as_they_were_kept(stages):
    assert clocks.load(clocks.dump(stages)) == tuple(stages)


def test_no_limit_is_no_deadline_and_no_stage_is_a_mistake():
    assert clocks.load(clocks.dump(None)) == ()
    with pytest.raises(ValueError, match="at least one"):
        clocks.dump([])


def test_hours_hold_from_their_day_and_those_before_keep_theirs():
    winter, summer, autumn = (
        WorkingHours.parse(text=text) for text in ("08:30-12:00, 14:30-18:00", "08:00-12:00", "09:00-17:00")
    )
    both = clocks.from_day(winter, summer, date(2026, 6, 1))
    three = clocks.from_day(both, autumn, date(2026, 10, 1))
    for day, hours in [
        (date(2026, 5, 31), winter),
        (date(2026, 6, 1), summer),
        (date(2026, 9, 30), summer),
        (date(2026, 10, 1), autumn),
    ]:
        assert three.on(day, workday=True) == hours.on(day, workday=True)
    assert three.needs_calendar


def test_hours_set_for_a_day_before_replace_those_set_for_later_days():
    first, second, third = (WorkingHours.parse(text=text) for text in ("08:00-12:00", "09:00-13:00", "10:00-14:00"))
    later = clocks.from_day(first, second, date(2026, 10, 1))
    again = clocks.from_day(later, third, date(2026, 6, 1))
    assert again.on(date(2026, 5, 31), workday=True) == first.spans
    assert again.on(date(2026, 12, 1), workday=True) == third.spans


def test_seasons_are_kept_as_text():
    stored = {"spans": "08:30-12:00, 14:30-18:00", "seasons": [["6-1", "9-30", "08:00-12:00, 15:00-18:00"]]}
    hours = clocks.hours_of(stored)
    assert str(hours.on(date(2026, 7, 1), workday=True)[1]) == "15:00-18:00"
    assert str(hours.on(date(2026, 1, 5), workday=True)[1]) == "14:30-18:00"
