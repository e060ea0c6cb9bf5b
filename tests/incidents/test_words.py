from __future__ import annotations

from qipan.foundation.journal import kinds
from qipan.foundation.posts.rules import MAY
from qipan.incidents.operations.steps import SAID
from qipan.incidents.rules.steps import STEPS, Step


def test_every_step_is_said_in_registered_words() -> None:
    assert set(SAID) == set(Step) == set(STEPS)
    assert {f"incidents.{said}" for said in SAID.values()} <= set(kinds.every())


def test_every_step_names_an_ability_that_some_role_has() -> None:
    for move in STEPS.values():
        assert MAY[move.ability], move.ability
