"""What is loaded in bulk is what real operations would have written."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from qipan.assembly.demo import incidents, people, rhythm, scene, stories
from qipan.assembly.demo import map as demo_map
from qipan.foundation.journal.rules import SYSTEM
from qipan.kernels.clock.timetable import DAY, instant
from tests.assembly.demo.replay import Both
from tests.assembly.demo.tables import comparable, orders

NOW = datetime(2026, 4, 20, 6, 30, tzinfo=UTC)
SEED, DAYS, PER_DAY = 8, 12, 3.0
# Everything that seldom happens happens often here.
CHANCES = {
    "declined": 0.06, "void": 0.05, "twin": 0.3, "rework": 0.3, "drawn": 0.5, "check fails": 0.5, "reminded": 0.3,
    "supervised": 0.3, "rated": 0.9, "refused": 0.3, "unhappy": 0.5,
    "return": 0.15, "extension": 0.2, "hold": 0.2, "escalate": 0.3, "assist": 0.4,
}  # fmt: skip
ACTS = {
    "report", "accept", "decline", "void", "refer", "dispatch", "sign", "start", "photo", "answer", "settle",
    "check_back", "verify", "close", "rework", "rate", "call_back", "draw", "check_again", "answer_assistance",
    "remind", "supervise", "answer_supervision", "end_supervision", "merge", "report_up",
    *(f"{act} {kind}" for act in ("ask", "grant") for kind in ("return", "extension", "hold", "escalate", "assist")),
}  # fmt: skip


@pytest.fixture
def ground(db: None, settings: Any, tmp_path: Path) -> scene.Scene:
    settings.FILES = tmp_path
    district = demo_map.load(demo_map.build("small", 1), by=SYSTEM, at=NOW)
    people.build(district=district, seed=1, at=NOW, staff=90)
    return scene.load(district, at=NOW)


def test_stories_loaded_in_bulk_leave_the_rows_that_operations_leave(
    ground: scene.Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind in ("violence", "cluster", "fire"):  # what has a way of its own
        monkeypatch.setitem(rhythm.WEIGHTS, kind, (90, 90))
    with transaction.atomic():
        incidents.load(ground, days=DAYS, per_day=PER_DAY, seed=SEED, now=NOW, chances=CHANCES)
        bulk, bulk_orders = comparable(), orders()
        transaction.set_rollback(True)
    both = Both(ground, seed=SEED)
    teller = stories.Teller(ground, both, seed=SEED, now=instant(NOW), chances=CHANCES)
    last = instant(NOW) // DAY
    for day in range(last - DAYS + 1, last + 1):
        teller.day(day, per_day=PER_DAY)
    real, real_orders = comparable(), orders()
    for table, bag in real.items():
        missing, extra = bag - bulk[table], bulk[table] - bag
        assert not (missing or extra), f"{table}: not in bulk {list(missing)[:12]}, only in bulk {list(extra)[:12]}"
    assert bulk_orders == real_orders
    assert both.calls >= ACTS, "nothing was compared of some acts: take another seed"
