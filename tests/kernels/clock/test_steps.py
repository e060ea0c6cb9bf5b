"""Stages of one order and legs through the levels."""

from __future__ import annotations

from datetime import timedelta

import pytest

from qipan.kernels.clock import STANDARD, Calendar, From, Invalid, Leg, Limit, Stage, legs, stages

from .test_deadline import at

OFFICIAL = Calendar.from_official()
ORDER = (
    Stage("停工", Limit.working(hours=4)),
    Stage("处罚", Limit.working_days(7)),
    Stage("拆除", Limit.working_days(20)),
)
LEVELS = (
    Leg("村", Limit.natural_days(7)),
    Leg("乡镇", Limit.natural_days(15)),
    Leg("区", Limit.natural_days(30)),
)


def due_moments(order, **more):
    found = stages(start=at("11-23 16:30"), stages=order, calendar=OFFICIAL, hours=STANDARD, **more)
    return [stage.deadline and stage.deadline.due for stage in found]


def run_legs(handed, now):
    return legs(start=at("11-01 09:00"), legs=LEVELS, handed=handed, now=now, calendar=OFFICIAL, hours=STANDARD)


def test_stages_run_from_the_start_side_by_side():
    assert due_moments(ORDER) == [at("11-24 11:00"), at("12-02 18:00"), at("12-21 18:00")]


def test_stages_run_one_after_the_other():
    chained = [Stage(stage.name, stage.limit, From.PREVIOUS) for stage in ORDER]
    assert due_moments(chained) == [at("11-24 11:00"), at("12-03 18:00"), at("12-31 18:00")]


def test_a_stage_ended_early_or_late_moves_the_next():
    chained = [Stage(stage.name, stage.limit, From.PREVIOUS) for stage in ORDER]
    early = due_moments(chained, ended={"停工": at("11-23 17:00")})
    assert early == [at("11-24 11:00"), at("12-02 18:00"), at("12-30 18:00")]


def test_a_paused_stage_leaves_those_after_it_waiting():
    chained = [Stage(stage.name, stage.limit, From.PREVIOUS) for stage in ORDER]
    pauses = [(at("11-26 09:00"), None)]
    assert due_moments(chained, pauses=pauses) == [at("11-24 11:00"), None, None]
    assert due_moments(ORDER, pauses=pauses) == [at("11-24 11:00"), None, None]
    found = stages(start=at("11-23 16:30"), stages=chained, calendar=OFFICIAL, hours=STANDARD, pauses=pauses)
    assert found[1].deadline is not None
    assert found[2].deadline is None


def test_each_leg_has_its_own_budget_whatever_the_one_before_did():
    early = run_legs([at("11-03 09:00")], at("11-10 09:00"))
    late = run_legs([at("11-20 09:00")], at("11-25 09:00"))
    assert early[0].deadline.due == late[0].deadline.due == at("11-09 00:00")
    assert early[1].deadline.due == at("11-19 00:00")
    assert late[1].deadline.due == at("12-06 00:00")
    assert (early[0].over, late[0].over) == (timedelta(0), timedelta(days=11, hours=9))
    assert (early[0].used, late[0].used) == (timedelta(days=2), timedelta(days=19))
    assert (late[1].used, late[1].over) == (timedelta(days=5), timedelta(0))


def test_a_leg_not_handed_on_grows_late_by_the_clock_and_the_next_owes_nothing():
    found = run_legs([], at("11-12 12:00"))
    assert (found[0].ended, found[0].over) == (None, timedelta(days=3, hours=12))
    assert [leg.deadline for leg in found[1:]] == [None, None]
    assert [leg.over for leg in found[1:]] == [timedelta(0), timedelta(0)]


def test_all_legs_ended():
    handed = [at("11-03 09:00"), at("11-04 09:00"), at("11-05 10:00")]
    found = run_legs(handed, at("12-31 09:00"))
    assert [leg.begun for leg in found] == [at("11-01 09:00"), *handed[:2]]
    assert [leg.ended for leg in found] == handed
    assert found[2].used == timedelta(hours=25)


@pytest.mark.parametrize(
    "handed",
    [
        ["10-31 09:00"],
        ["11-05 09:00", "11-04 09:00"],
        ["11-03 09:00", "11-04 09:00", "11-05 09:00", "11-06 09:00"],
    ],
)
def test_handovers_that_cannot_be_are_refused(handed):
    with pytest.raises(Invalid) as refusal:
        run_legs([at(moment) for moment in handed], at("11-30 09:00"))
    assert refusal.value.code == "handovers"
