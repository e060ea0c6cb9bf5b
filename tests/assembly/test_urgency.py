"""Time left in words: the same on the server as in the pages' script (which vitest holds to the same file)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.utils import translation

from qipan.assembly import urgency

VECTORS = json.loads((Path(__file__).parents[1] / "vectors/remaining.json").read_text())
NOW = datetime(2026, 4, 17, 8, 0, tzinfo=UTC)
LANGUAGES = [("en", "en"), ("zh", "zh-hans")]


def after(minutes):
    return None if minutes is None else NOW + timedelta(minutes=minutes)


@pytest.mark.parametrize(("key", "language"), LANGUAGES)
@pytest.mark.parametrize("vector", VECTORS["spans"], ids=lambda vector: f"{vector['seconds']}s")
def test_a_span_is_said_in_its_two_largest_parts(vector, key, language):
    with translation.override(language):
        assert urgency.span(timedelta(seconds=vector["seconds"])) == vector[key]
        assert urgency.span(-timedelta(seconds=vector["seconds"])) == vector[key]


@pytest.mark.parametrize(("key", "language"), LANGUAGES)
@pytest.mark.parametrize("vector", VECTORS["clocks"], ids=lambda vector: f"due {vector['due']} warn {vector['warn']}")
def test_a_clock_says_what_is_left_and_how_urgent_it_is(vector, key, language):
    due = after(vector["due"])
    assert urgency.level(NOW, due, after(vector["warn"]), after(vector["start"])) == vector["level"]
    with translation.override(language):
        assert urgency.remaining(NOW, due) == vector[key]


def test_every_level_has_a_word_in_both_languages():
    for language in ("en", "zh-hans"):
        with translation.override(language):
            words = {urgency.word(level) for level in (*urgency.LEVELS, "paused", "done")}
        assert len(words) == 6
