"""How long cards are kept, and the nightly erasure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from uuid import UUID

from django.db import transaction

from qipan.foundation.journal import operations as journal
from qipan.foundation.journal.rules import SYSTEM
from qipan.foundation.vault import grounds, rules
from qipan.foundation.vault.models import Card, Index

POSTPONED = dt.timedelta(days=30)


def due_date(district_id: int, retention: str, at: dt.datetime) -> dt.date | None:
    """The last day on which a card of a class is kept; None while nobody ends it."""
    known = rules.RETENTION_DAYS[retention]
    days = grounds.setting(district_id, f"vault.retention.{retention}", known)
    return None if days is None else rules.local_date(at) + dt.timedelta(days=int(days))


def matter_ended(*, about_kind: str, about_id: UUID, at: dt.datetime) -> int:
    """A matter is closed: its cards are kept from today as long as their class says. How many cards."""
    cards = list(Card.objects.filter(about_kind=about_kind, about_id=about_id, erased_at__isnull=True))
    for card in cards:
        card.erase_after = due_date(card.district_id, card.retention, at)
    Card.objects.bulk_update(cards, ["erase_after"])
    return len(cards)


def keep_for(*, card_ids: Iterable[UUID], retention: str, at: dt.datetime) -> None:
    """Puts cards into another retention class, counted from `at` (a dispute that became a petition)."""
    for card in Card.objects.filter(id__in=list(card_ids), erased_at__isnull=True):
        card.retention = retention
        card.erase_after = due_date(card.district_id, retention, at)
        card.save(update_fields=["retention", "erase_after"])


def erase_due(*, at: dt.datetime, batch: int = 500) -> int:
    """Erases every card whose time has passed, batch by batch, each batch its own transaction; how many.

    Cards of matters that are still open are kept and looked at again in a month. Safe to run twice and to stop.
    """
    today, erased = rules.local_date(at), 0
    while True:
        with transaction.atomic():
            cards = list(
                Card.objects.select_for_update(skip_locked=True)
                .filter(erased_at__isnull=True, erase_after__lt=today)
                .order_by("erase_after", "id")[:batch]
            )
            if not cards:
                return erased
            kinds = {card.about_kind for card in cards}
            kept: set[UUID] = set()
            for kind in kinds:
                ids = {card.about_id for card in cards if card.about_kind == kind and card.about_id}
                still_open = grounds.held(kind, sorted(ids))
                kept |= {card.id for card in cards if card.about_kind == kind and card.about_id in still_open}
            Card.objects.filter(id__in=kept).update(erase_after=today + POSTPONED)
            gone = [card for card in cards if card.id not in kept]
            empty(gone, at=at)
            for card in gone:
                journal.record("vault.erased", card.about(), by=SYSTEM, at=at, retention=card.retention)
            erased += len(gone)


def empty(cards: list[Card], *, at: dt.datetime) -> None:
    """Removes content, masks and indexes of locked cards; the rows stay."""
    ids = [card.id for card in cards]
    Index.objects.filter(card_id__in=ids).delete()
    Card.objects.filter(id__in=ids).update(sealed=b"", masked={}, erased_at=at)
    grounds.erased(cards)
