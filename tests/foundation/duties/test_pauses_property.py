"""Whatever is paused, resumed, extended and swept in whatever order: the deadline is the kernel's, steps fire once."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qipan.foundation.duties import kinds, operations, sweeper
from qipan.foundation.duties.models import Pause, Step
from qipan.foundation.duties.rules import PauseCap, State
from qipan.foundation.journal.rules import SYSTEM
from qipan.foundation.refusals import Refusal
from qipan.kernels import clock
from tests.foundation.duties.conftest import moment

START = moment("2026-02-12 10:30")  # before the Spring Festival and its working Saturdays
LIMITS = st.one_of(
    st.integers(0, 3000).map(lambda n: clock.Limit.natural(minutes=n)),
    st.integers(0, 3000).map(lambda n: clock.Limit.working(minutes=n)),
    st.integers(1, 20).map(clock.Limit.working_days),
    st.integers(1, 20).map(clock.Limit.natural_days),
)
STEPS = st.lists(st.tuples(st.sampled_from(["pause", "resume", "extend", "sweep"]), st.integers(0, 4000)), max_size=8)


@pytest.fixture
def often(monkeypatch: Any) -> str:
    kind = kinds.Kind("tests.often", "x", pause=PauseCap(count=20, total=timedelta(days=400)))
    monkeypatch.setitem(kinds._kinds, "tests.often", kind)
    return kind.name


@pytest.mark.django_db
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(limit=LIMITS, steps=STEPS)
def test_the_deadline_is_always_what_the_kernel_says_and_no_step_fires_twice(district, often, limit, steps):
    duty = operations.open(kind=often, about=district.thing(), limit=limit, at=START, by=SYSTEM, post=district.handler)
    now, whole = START, limit
    who = {"asked_by": district.handler, "approved_by": district.dispatcher, "reason": "等待"}
    for name, minutes in steps:
        now += timedelta(minutes=minutes)
        try:
            if name == "pause":
                operations.pause(duty=duty, at=now, **who)
            elif name == "resume":
                operations.resume(duty=duty, by=SYSTEM, at=now)
            elif name == "extend":
                more = clock.Limit(limit.clock, 2)
                operations.extend(duty=duty, add=more, by=district.dispatcher, at=now, reason="x")
                whole = clock.Limit(limit.clock, whole.amount + 2)
            else:
                sweeper.sweep(now=now)
        except Refusal:
            pass
        duty.refresh_from_db()
        if duty.state == State.PAUSED:
            continue
        pauses = [clock.Pause(one.begins_at, one.ended_at) for one in Pause.objects.filter(duty=duty)]
        oracle = clock.due(
            start=START, limit=whole, calendar=clock.Calendar.from_official(), hours=clock.STANDARD, pauses=pauses
        )
        assert duty.due_at == oracle.due
        ahead = {step.name for step in duty.pending() if step.at > now}
        assert ("breach" in ahead) == (oracle.due > now)
    rounds = Counter(Step.objects.filter(duty=duty).values_list("name", "round"))
    assert all(number == 1 for number in rounds.values())
