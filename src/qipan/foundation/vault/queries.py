"""Reads that show no more than the mask, and the exact look-up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from uuid import UUID

from django.db import DatabaseError, transaction

from qipan.foundation.journal import operations as journal
from qipan.foundation.journal.rules import About, Class
from qipan.foundation.vault import grounds, operations
from qipan.foundation.vault.models import Card
from qipan.foundation.vault.rules import REASON_LENGTH
from qipan.kernels import identity


def masked(card_ids: Iterable[UUID | None]) -> dict[UUID, dict[str, str]]:
    """What may be shown of each card: {card id: {field: masked value}}; {} for an erased one. One query."""
    ids = {card_id for card_id in card_ids if card_id is not None}
    return dict(Card.objects.filter(id__in=ids).values_list("id", "masked")) if ids else {}


def find(*, kind: str, value: str, viewer: grounds.Viewer, at: dt.datetime, reason: str) -> list[Card]:
    """Cards of the viewer's jurisdiction that hold exactly this value (kind: id, phone or name). Journalled first.

    The journal keeps the reason and the count of the day, never the value. Raises ReasonNeeded, WrongPhone.
    """
    reason = identity.mask_text(reason.strip()).text
    if len(reason) < REASON_LENGTH:
        raise operations.ReasonNeeded(field="reason")
    digest = operations.blind(viewer.district_id, kind, value)
    author = viewer.author()
    try:
        with transaction.atomic(durable=True):
            journal.record(
                "vault.searched",
                About("search", None, kind, viewer.district_id, (), privacy=Class.SECRET),
                by=author,
                at=at,
                reason=reason,
                by_kind=kind,
            )
    except DatabaseError as problem:
        raise operations.NotRecorded from problem
    cards = Card.objects.filter(
        district_id=viewer.district_id, indexes__kind=kind, indexes__digest=digest, erased_at__isnull=True
    )
    return [card for card in cards.order_by("-created_at")[:500] if grounds.in_sight(card, viewer)]
