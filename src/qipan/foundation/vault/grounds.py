"""What gives a post the right to look behind a mask. Rooms above the vault answer; it cannot import them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol
from uuid import UUID

from qipan.foundation.journal.rules import Author
from qipan.foundation.vault.models import Card
from qipan.foundation.vault.rules import DAILY_LOOKS, REQUESTS


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
_settings: list[Callable[[int, str], Any]] = []
_erasures: list[Callable[[list[Card]], None]] = []
_holds: dict[str, Callable[[list[UUID]], set[UUID]]] = {}


def register(check: Callable[[Card, Any, UUID], bool]) -> None:
    """`check(card, viewer, duty_id)`: is this an own open duty of the viewer that concerns the card?"""
    if check not in _duty_checks:
        _duty_checks.append(check)


def register_sight(about_kind: str, check: Callable[[Card, Any], bool]) -> None:
    """`check(card, viewer)`: may the viewer see the thing of this kind that the card belongs to?"""
    _sights[about_kind] = check


def register_settings(find: Callable[[int, str], Any]) -> None:
    """`find(district_id, name)`: the district's own value of a setting, None for the default.

    Names: `vault.daily_looks`, and `vault.retention.<class>` in days.
    """
    if find not in _settings:
        _settings.append(find)


def register_hold(about_kind: str, held: Callable[[list[UUID]], set[UUID]]) -> None:
    """`held(ids)`: which of these things are still open, so that their cards are kept beyond their day."""
    _holds[about_kind] = held


def register_erasure(erased: Callable[[list[Card]], None]) -> None:
    """`erased(cards)`: cards are being emptied, in this transaction; what was derived from them goes too (files after
    the commit)."""
    if erased not in _erasures:
        _erasures.append(erased)


def erased(cards: list[Card]) -> None:
    """Tells the rooms above which cards are being emptied."""
    for tell in _erasures:
        tell(cards)


def setting(district_id: int, name: str, default: Any) -> Any:
    """A district's value of a setting, or the default."""
    for find in _settings:
        if (found := find(district_id, name)) is not None:
            return found
    return default


def held(about_kind: str, ids: list[UUID]) -> set[UUID]:
    """Which of these things are still open."""
    check = _holds.get(about_kind)
    return check(ids) if check and ids else set()


def concerns(card: Card, viewer: Any, duty_id: UUID) -> bool:
    """Whether the duty gives this viewer one-tap sight of the card."""
    return any(check(card, viewer, duty_id) for check in _duty_checks)


def in_sight(card: Card, viewer: Any) -> bool:
    """Whether the card exists for this viewer at all."""
    if card.district_id != viewer.district_id:
        return False
    if viewer.may(REQUESTS) and viewer.covers([card.district_id]):
        return True  # the district's data-protection officer answers for all of them
    if sight := _sights.get(card.about_kind):
        return sight(card, viewer)
    # A card without areas lies at the district itself.
    return bool(viewer.covers(card.areas or [card.district_id]))


def quota(district_id: int) -> int:
    """Looks a day by reason for one post."""
    return int(setting(district_id, "vault.daily_looks", DAILY_LOOKS))
