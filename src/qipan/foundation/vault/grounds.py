"""What gives a post the right to look behind a mask. Rooms above the vault answer; it cannot import them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol
from uuid import UUID

from qipan.foundation.journal.rules import Author
from qipan.foundation.vault.models import Card
from qipan.foundation.vault.rules import DAILY_LOOKS


class Viewer(Protocol):
    """What the vault needs of a post."""

    @property
    def id(self) -> UUID: ...

    @property
    def district_id(self) -> int: ...

    def covers(self, area_ids: Any, /) -> bool: ...

    def may(self, ability: Any, /) -> bool: ...

    def author(self) -> Author: ...


_duty_checks: list[Callable[[Card, Any, UUID], bool]] = []
_sights: dict[str, Callable[[Card, Any], bool]] = {}
_quotas: list[Callable[[int], int | None]] = []


def register(check: Callable[[Card, Any, UUID], bool]) -> None:
    """`check(card, viewer, duty_id)`: is this an own open duty of the viewer that concerns the card?"""
    if check not in _duty_checks:
        _duty_checks.append(check)


def register_sight(about_kind: str, check: Callable[[Card, Any], bool]) -> None:
    """`check(card, viewer)`: may the viewer see the thing of this kind that the card belongs to?"""
    _sights[about_kind] = check


def register_quota(find: Callable[[int], int | None]) -> None:
    """`find(district_id)`: looks a day by reason that the district allows a post, None for the default."""
    if find not in _quotas:
        _quotas.append(find)


def concerns(card: Card, viewer: Any, duty_id: UUID) -> bool:
    """Whether the duty gives this viewer one-tap sight of the card."""
    return any(check(card, viewer, duty_id) for check in _duty_checks)


def in_sight(card: Card, viewer: Any) -> bool:
    """Whether the card exists for this viewer at all."""
    if card.district_id != viewer.district_id:
        return False
    if sight := _sights.get(card.about_kind):
        return sight(card, viewer)
    # A card without areas lies at the district itself.
    return bool(viewer.covers(card.areas or [card.district_id]))


def quota(district_id: int) -> int:
    """Looks a day by reason for one post."""
    for find in _quotas:
        if (found := find(district_id)) is not None:
            return found
    return DAILY_LOOKS
