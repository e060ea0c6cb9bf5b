"""Every model says of each of its fields whether it is personal, about staff, or plain (tests/architecture asks)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Privacy:
    """`personal`: a resident's data, stored sealed or as a reference to a card of the vault, never in clear.

    `staff`: data of somebody who works here (name, work phone), stored in clear, shown to staff only.
    Fields that are in neither list are plain: nobody can be found by them.
    """

    personal: tuple[str, ...] = ()
    staff: tuple[str, ...] = ()


def declared(model: Any) -> Privacy | None:
    """What a model declares in `privacy`, or in `privacy_of_fields` where `privacy` is one of its columns."""
    for name in ("privacy_of_fields", "privacy"):
        if isinstance(found := getattr(model, name, None), Privacy):
            return found
    return None
