"""The rows that the board's benchmark copies: whatever a row points to is there."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest
from benchmarks.board import data
from django.db import connection

from qipan.assembly.demo import map as demo_map
from qipan.assembly.demo import people, scene, stories
from qipan.assembly.demo.loading import Loader
from qipan.foundation.journal.rules import SYSTEM
from qipan.foundation.vault.models import Card
from qipan.incidents.models import Incident, Reporter

NOW = datetime(2026, 4, 20, 6, 30, tzinfo=UTC)
# Second reports of one thing, some of them after the week is over; and all else that leaves rows behind.
CHANCES = {"twin": 0.9, "supervised": 0.3, "rated": 0.9, "unhappy": 0.3, "assist": 0.3, "hold": 0.1}


@pytest.fixture
def ground(db: None) -> scene.Scene:
    district = demo_map.load(demo_map.build("small", 1), by=SYSTEM, at=NOW)
    people.build(district=district, seed=1, at=NOW, staff=90)
    return scene.load(district, at=NOW)


@pytest.mark.parametrize("closed_only", [False, True], ids=["whole histories", "closed ones"])
def test_every_foreign_key_of_a_copied_week_holds(
    ground: scene.Scene, closed_only: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, chance in CHANCES.items():
        monkeypatch.setitem(stories.CHANCES, name, chance)
    pattern = data._pattern(ground, per_day=60, at=NOW, closed_only=closed_only)
    loader = Loader()
    for back in (1, 2):
        for table, lines in pattern.moved((data.BASE - back) * data.WINDOW):
            loader.write(table, lines)
    connection.check_constraints()
    assert Incident.objects.count() == 2 * len(pattern) > 400
    # What no foreign key holds: the vault's cards are those of incidents and reporters that are there, and the reverse.
    named = Counter(Incident.objects.exclude(text_card=None).values_list("text_card", flat=True))
    named += Counter(Reporter.objects.exclude(card=None).values_list("card", flat=True))
    assert set(named) == set(Card.objects.values_list("pk", flat=True))
    assert closed_only or Incident.objects.filter(status="merged").exists()
