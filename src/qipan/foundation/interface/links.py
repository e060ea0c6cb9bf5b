"""Links that rows carry to pages of other rooms: whether whoever looks may open them. Where not, none is offered."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from typing import Any
from uuid import UUID

# Of the things with these ids, those that the viewer may open.
Opens = Callable[[Any, Collection[UUID]], Collection[UUID]]
THING = re.compile(r"/([a-z-]+)/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/")

_rooms: dict[str, tuple[str, Opens]] = {}


def register(room: str, *, ability: str, opens: Opens) -> None:
    """`room`: the first part of the address of its things, /<room>/<id>/; `ability`: without it none of them opens."""
    _rooms[room] = ability, opens


def shut(links: Iterable[str], *, viewer: Any, own: bool = False) -> set[str]:
    """Those among the links that the viewer may not open; a room that registered nothing is open. A query a room.

    `own`: what the links lead to is the viewer's own to do, so that only the ability is asked for, without a query.
    """
    asked: dict[str, dict[str, UUID]] = {}
    for link in links:
        if (found := THING.match(link)) and found[1] in _rooms:
            asked.setdefault(found[1], {})[link] = UUID(found[2])
    closed: set[str] = set()
    for room, things in asked.items():
        ability, opens = _rooms[room]
        if not viewer.may(ability):
            closed |= set(things)
        if own or not viewer.may(ability):
            continue
        may = set(opens(viewer, set(things.values())))
        closed |= {link for link, thing in things.items() if thing not in may}
    return closed
