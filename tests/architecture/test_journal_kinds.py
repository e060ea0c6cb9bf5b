"""What the code records has words for people, and each room names its own kinds."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from qipan.foundation.journal import kinds

SOURCE = Path(kinds.__file__).resolve().parents[2]


def recorded() -> list[tuple[str, str]]:
    """(place, kind) of every call of `record` with a literal kind."""
    found = []
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and (getattr(node.func, "attr", "") or getattr(node.func, "id", "")) == "record"
                and node.args
            ):
                first = node.args[0]
                found += [
                    (f"{path.relative_to(SOURCE)}:{node.lineno}", each.value)
                    for each in ast.walk(first)
                    if isinstance(each, ast.Constant) and isinstance(each.value, str) and "." in each.value[:-1]
                ]
    return found


def test_there_are_calls_to_look_at():
    assert len(recorded()) > 3


@pytest.mark.parametrize(("place", "kind"), recorded())
def test_a_recorded_kind_is_registered_with_words(place, kind):
    assert kind in kinds.every(), f"{place} records {kind}, which no app registered in journal.kinds"
    assert kind.count(".") == 1
