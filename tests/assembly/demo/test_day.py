"""The simulated day: real operations, at any speed, never behind a visitor's back."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from qipan.assembly.demo import build, day
from qipan.foundation.journal.models import Entry
from qipan.foundation.posts.models import Post
from qipan.incidents import operations
from qipan.incidents.models import Incident
from qipan.incidents.rules.steps import WITH_UNIT, Status
from tests.demo import AT

LATER = AT + timedelta(seconds=30)
pytestmark = pytest.mark.database


def player(demo: build.Demo, **given: float) -> day.Player:
    return day.Player(demo.district, seed=4, at=AT, **{"per_day": 400.0, **given})


def test_reports_come_in_and_work_is_done(demo_small: build.Demo) -> None:
    incidents, entries = Incident.objects.count(), Entry.objects.count()
    playing = player(demo_small)
    at = LATER
    done = 0
    for _ in range(4):
        done += playing.beat(at=at, minutes=20)
        at += timedelta(minutes=20)
    assert done > 20
    assert Incident.objects.count() > incidents
    new = Entry.objects.filter(id__gt=playing.first_entry)
    assert new.count() == Entry.objects.count() - entries
    steps = set(new.values_list("kind", flat=True))
    assert steps >= {"incidents.reported", "incidents.accepted", "incidents.dispatched", "incidents.signed"}
    assert not new.filter(at__gt=at).exists()


def test_nothing_happens_without_time(demo_small: build.Demo) -> None:
    assert player(demo_small).beat(at=LATER, minutes=0) == 0


def test_what_a_visitor_touched_is_left_alone_for_a_while(demo_small: build.Demo) -> None:
    playing = player(demo_small, per_day=0.0)
    waiting = Incident.objects.filter(status__in=WITH_UNIT, private=False).order_by("-reported_at").first()
    assert waiting is not None
    before = waiting.status
    desk = Post.objects.in_force(AT).filter(unit=waiting.desk, role="dispatcher").first()
    operations.remind(incident_id=waiting.pk, by=desk, at=LATER)
    for _ in range(3):
        playing.beat(at=LATER + timedelta(minutes=1), minutes=600)
    waiting.refresh_from_db()
    assert waiting.status == before
    playing.beat(at=LATER + day.ALONE + timedelta(minutes=1), minutes=6000)
    waiting.refresh_from_db()
    assert waiting.status != before


def test_its_own_work_does_not_stop_it(demo_small: build.Demo) -> None:
    playing = player(demo_small, per_day=200_000.0)
    playing.beat(at=LATER, minutes=0.05)
    playing.per_day = 0.0
    new = list(Incident.objects.filter(reported_at__gte=LATER).values_list("pk", flat=True))
    assert new
    for _ in range(6):
        playing.beat(at=LATER + timedelta(minutes=1), minutes=6000)
    moved = Incident.objects.filter(pk__in=new).exclude(status__in=(Status.AWAITING, Status.FILED))
    assert moved.count() == len(new)


def test_it_stops_when_told(demo_small: build.Demo) -> None:
    stop = threading.Event()
    stop.set()
    playing = player(demo_small)
    playing.run(stop, beat=0.01)
    assert playing.done == 0
