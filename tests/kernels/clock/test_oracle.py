"""The kernel against counting minute by minute and day by day."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qipan.kernels.clock import Calendar, Clock, Reason, due, elapsed, explain

from . import oracle
from .strategies import cases

COUNTED = (
    Reason.NATURAL,
    Reason.NATURAL_DAY,
    Reason.WORKING,
    Reason.WORKING_DAY,
    Reason.ADJUSTED,
    Reason.STAFFED,
)


@pytest.mark.parametrize("clock", list(Clock))
def test_a_due_moment_is_what_counting_one_by_one_gives(clock):
    @settings(max_examples=150, deadline=None)
    @given(cases((clock,)))
    def check(case):
        world, calendar, start, limit, pauses = case
        found = due(start=start, limit=limit, calendar=calendar, hours=world.hours, pauses=pauses)
        assert found.due == oracle.due(world, start, limit, pauses)

    check()


@settings(max_examples=80, deadline=None)
@given(cases(), st.integers(0, 6 * 86_400))
def test_elapsed_time_is_what_counting_one_by_one_gives(case, seconds):
    world, calendar, start, limit, pauses = case
    end = start + timedelta(seconds=seconds)
    clock = {Clock.WORKING_DAYS: Clock.WORKING_HOURS, Clock.NATURAL_DAYS: Clock.NATURAL}.get(limit.clock, limit.clock)
    wanted = oracle.elapsed(world, start, end, clock, pauses)
    found = elapsed(start=start, end=end, clock=limit.clock, calendar=calendar, hours=world.hours, pauses=pauses)
    assert found == wanted
    deadline = due(start=start, limit=limit, calendar=calendar, hours=world.hours, pauses=pauses)
    assert deadline.elapsed(until=end) == wanted


@settings(max_examples=80, deadline=None)
@given(cases((Clock.NATURAL, Clock.WORKING_HOURS)), st.sampled_from([0.1, 0.25, 0.5, 0.75, 0.9, 1]))
def test_a_warning_comes_when_the_fraction_is_used(case, fraction):
    world, calendar, start, limit, pauses = case
    deadline = due(start=start, limit=limit, calendar=calendar, hours=world.hours, pauses=pauses)
    budget = timedelta(microseconds=round(limit.budget // timedelta(microseconds=1) * fraction))
    assert deadline.warn_at(fraction=fraction) == oracle.due(world, start, limit, pauses, budget)


@settings(max_examples=100, deadline=None)
@given(cases((Clock.WORKING_DAYS, Clock.NATURAL_DAYS)), st.floats(0.05, 1))
def test_a_warning_of_a_limit_in_days_lies_between_start_and_due(case, fraction):
    world, calendar, start, limit, pauses = case
    deadline = due(start=start, limit=limit, calendar=calendar, hours=world.hours, pauses=pauses)
    warning = deadline.warn_at(fraction=fraction)
    if deadline.due is not None:
        assert start <= warning <= deadline.due
        whole = deadline.elapsed(until=deadline.due)
        assert abs(deadline.elapsed(until=warning) - whole * fraction) <= timedelta(microseconds=1)


@settings(max_examples=300, deadline=None)
@given(cases())
def test_an_explanation_parts_the_time_and_adds_up_to_the_budget(case):
    world, calendar, start, limit, pauses = case
    deadline = due(start=start, limit=limit, calendar=calendar, hours=world.hours, pauses=pauses)
    explanation = explain(deadline)
    for rows in (explanation.spans, explanation.grouped()):
        at, total = start, timedelta(0)
        for row in rows:
            assert row.begin == at
            assert row.end is None or row.end > row.begin
            assert bool(row.counted) == (row.reason in COUNTED)
            total += row.counted
            assert row.total == total
            at = row.end
        if deadline.due is None:
            assert at is None
            assert rows[-1].reason is Reason.PAUSE
            assert total < limit.budget or limit.roll
        else:
            assert at == deadline.due
            assert total == limit.budget == explanation.counted


@settings(max_examples=60, deadline=None)
@given(cases((Clock.NATURAL, Clock.WORKING_HOURS)))
def test_each_span_of_an_explanation_counts_what_counting_one_by_one_gives(case):
    world, calendar, start, limit, pauses = case
    deadline = due(start=start, limit=limit, calendar=calendar, hours=world.hours, pauses=pauses)
    for span in explain(deadline).spans:
        end = span.end or span.begin + timedelta(days=3)
        assert span.counted == oracle.elapsed(world, span.begin, end, limit.clock, pauses)


@settings(max_examples=150, deadline=None)
@given(cases())
def test_no_deadline_that_is_not_provisional_changes_with_the_next_notice(case):
    world, calendar, start, limit, pauses = case
    deadline = due(start=start, limit=limit, calendar=calendar, hours=world.hours, pauses=pauses)
    if deadline.provisional:
        return
    # A notice that makes every day it may name the opposite of what it was.
    for year in range(2024, 2029):
        if year not in calendar.years:
            flipped = flip(calendar, year)
            again = due(start=start, limit=limit, calendar=flipped, hours=world.hours, pauses=pauses)
            assert again.due == deadline.due


def flip(calendar: Calendar, year: int) -> Calendar:
    days = [*calendar.days(year=year - 1)[-3:], *calendar.days(year=year)]
    off = {day.date: "节日" for day in days if day.is_workday}
    work = {day.date: "节日" for day in days if not day.is_workday and day.date.weekday() >= 5}
    return calendar.with_year(year=year, off=off, work=work, source="试")


@settings(max_examples=100, deadline=None)
@given(cases())
def test_time_left_is_the_budget_less_what_is_used(case):
    world, calendar, start, limit, pauses = case
    deadline = due(start=start, limit=limit, calendar=calendar, hours=world.hours, pauses=pauses)
    if deadline.due is None:
        return
    assert deadline.remaining(now=deadline.due).left == timedelta(0)
    assert deadline.remaining(now=deadline.due).until_due == timedelta(0)
    assert not deadline.remaining(now=deadline.due).overdue
    assert deadline.remaining(now=deadline.due + timedelta(seconds=1)).overdue
    if limit.clock.counts_days:
        assert deadline.remaining(now=start).days_left == limit.amount
        assert deadline.remaining(now=deadline.due).days_left == 0
