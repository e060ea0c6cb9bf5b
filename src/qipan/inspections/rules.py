"""Inspections (隐患排查): what a visit may become, and which premises a day draws."""

from __future__ import annotations

import hashlib
from datetime import date
from enum import StrEnum
from uuid import UUID

from qipan.foundation.posts.rules import Role
from qipan.foundation.refusals import Conflict


class State(StrEnum):
    """Where a visit stands. The value is stored."""

    OWED = "owed"
    DONE = "done"
    CANCELLED = "cancelled"


NEXT: dict[State, frozenset[State]] = {
    State.OWED: frozenset({State.DONE, State.CANCELLED}),
    State.DONE: frozenset(),
    State.CANCELLED: frozenset(),
}


class VisitOver(Conflict):
    """This visit was finished or cancelled already."""


def check_step(before: str, after: State) -> None:
    """Raises VisitOver if `after` may not follow."""
    if after not in NEXT[State(before)]:
        raise VisitOver


ABILITIES: dict[str, set[Role]] = {
    "inspections.view": {Role.COMMANDER, Role.DISPATCHER, Role.HANDLER, Role.GRID_WORKER, Role.ADMINISTRATOR,
                         Role.AUDITOR},
    "inspections.visit": {Role.HANDLER, Role.GRID_WORKER},
    "inspections.plan": {Role.COMMANDER, Role.DISPATCHER, Role.ADMINISTRATOR},
    "inspections.configure": {Role.ADMINISTRATOR},
}  # fmt: skip


def drawn_on(premises_id: UUID, *, every_days: int, on: date) -> bool:
    """Whether a plan that visits every so many days draws these premises on this day.

    The premises are spread evenly over the days by a hash of their id, so that nobody owes a whole township at once.
    """
    spread = int.from_bytes(hashlib.blake2b(premises_id.bytes, digest_size=4).digest(), "big")
    return (on.toordinal() + spread) % every_days == 0
