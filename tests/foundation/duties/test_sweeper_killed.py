"""Several sweepers as real processes, killed without warning in the middle of batches: nothing lost, nothing twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from qipan.foundation.duties import operations
from qipan.foundation.duties.models import Duty, Step
from qipan.foundation.journal.models import Entry
from qipan.foundation.journal.rules import SYSTEM
from qipan.kernels.clock import Limit
from tests.foundation.duties.conftest import CHINA, moment

NAMES = ["breach", "commander", "dispatcher", "warn"]


def url() -> str:
    parts = connection.settings_dict
    place = f"?host={parts['HOST']}" if str(parts["HOST"]).startswith("/") else ""
    host = "" if place else f"{parts['HOST']}:{parts['PORT']}"
    password = f":{parts['PASSWORD']}" if parts["PASSWORD"] else ""
    return f"postgresql://{parts['USER']}{password}@{host}/{parts['NAME']}{place}"


def drill(*, district: Any, duties: int, sweepers: int, kills: int) -> None:
    start = moment("2026-03-02 09:00")
    for _ in range(duties):
        operations.open(
            kind="duties.call", about=district.thing(), limit=Limit.natural(hours=2), at=start, by=SYSTEM,
            post=district.handler,
        )  # fmt: skip
    now = start + timedelta(days=30)
    nursery = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "tests.foundation.duties.nursery",
            str(sweepers),
            now.astimezone(CHINA).isoformat(),
            "7",
        ],
        env={**os.environ, "DATABASE_URL": url(), "QIPAN_POOL": "0", "QIPAN_LOG": "ERROR"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    alive: list[int] = []

    def grow() -> None:
        for line in iter(nursery.stdout.readline, ""):  # type: ignore[union-attr]
            alive.append(int(line))

    listener = threading.Thread(target=grow, daemon=True)
    listener.start()
    try:
        dice, killed, left, patience = random.Random(7), 0, duties + 1, 0.0
        while due := Duty.objects.filter(next_at__lte=now).count():
            if due < left:  # a slow machine is no failure, one on which nothing is done any more is
                left, patience = due, time.monotonic() + 120
            assert time.monotonic() < patience, "the sweepers do nothing any more"
            assert nursery.poll() is None
            recent = alive[-sweepers:]
            if killed < kills and recent and Step.objects.exists():
                try:
                    os.kill(dice.choice(recent), signal.SIGKILL)
                    killed += 1
                except ProcessLookupError:
                    pass
            time.sleep(dice.random() / 20)
    finally:
        assert nursery.stdin
        nursery.stdin.close()
        nursery.wait(timeout=30)
        listener.join(timeout=10)
        assert nursery.stdout
        nursery.stdout.close()
    steps: dict[Any, list[str]] = {}
    for duty, name in Step.objects.values_list("duty", "name"):
        steps.setdefault(duty, []).append(name)
    assert Counter(tuple(sorted(names)) for names in steps.values()) == {tuple(NAMES): duties}
    told = Counter(Entry.objects.filter(about_kind="tests.thing").values_list("kind", flat=True))
    assert told == {"duties.breached": duties, "duties.escalated": 2 * duties}
    assert killed >= min(kills, 3), "too few were killed for the drill to mean anything"


@pytest.mark.database
@pytest.mark.django_db(transaction=True)
def test_sweepers_killed_in_the_middle_of_batches_lose_nothing_and_fire_nothing_twice(make_district):
    drill(district=make_district(), duties=200, sweepers=3, kills=8)


@pytest.mark.deep
@pytest.mark.database
@pytest.mark.django_db(transaction=True)
def test_a_long_drill_of_killed_sweepers(make_district):
    drill(district=make_district(), duties=3000, sweepers=6, kills=120)
