"""Reads that show no more than the mask, and the exact look-up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import DatabaseError, transaction
from django.db.models import Count, Q, QuerySet

from qipan.foundation.journal import operations as journal
from qipan.foundation.journal.rules import About, Class
from qipan.foundation.vault import access, grounds, operations
from qipan.foundation.vault.models import Card, Key, KeyCopy, Look, Request
from qipan.foundation.vault.rules import REASON_LENGTH, REQUESTS
from qipan.kernels import identity


def masked(card_ids: Iterable[UUID | None]) -> dict[UUID, dict[str, str]]:
    """What may be shown of each card: {card id: {field: masked value}}; {} for an erased one. One query."""
    ids = {card_id for card_id in card_ids if card_id is not None}
    return dict(Card.objects.filter(id__in=ids).values_list("id", "masked")) if ids else {}


def find(*, kind: str, value: str, viewer: grounds.Viewer, at: dt.datetime, reason: str) -> list[Card]:
    """Cards of the viewer's jurisdiction that hold exactly this value (kind: id, phone or name). Journalled first.

    The journal keeps the reason, never the value. Counts like a look against the day's quota: otherwise numbers could
    be tried one after another. Raises ReasonNeeded, LooksUsedUp.
    """
    reason = identity.mask_text(reason.strip()).text
    if len(reason) < REASON_LENGTH:
        raise operations.ReasonNeeded(field="reason")
    digests = operations.blind_digests(viewer.district_id, kind, value)
    author = viewer.author()
    try:
        with transaction.atomic(durable=True):
            if not viewer.may(REQUESTS):
                operations.spend(viewer, at)
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
        district_id=viewer.district_id, indexes__kind=kind, indexes__digest__in=digests, erased_at__isnull=True
    )
    return [card for card in cards.distinct().order_by("-created_at")[:500] if grounds.in_sight(card, viewer)]


def keys(*, viewer: grounds.Viewer | None = None) -> list[dict[str, Any]]:
    """Every key with its age, the cards under it and its open copies; those of the viewer's district, if one is given.

    Shares of escrow belong to a bundle, not to one key; they come with the key of the bundle's name (`shares`).
    """
    found = Key.objects.all() if viewer is None else access.visible_keys(viewer=viewer)
    rows = list(found.order_by("destroyed_at", "district_id", "purpose", "created_at").values())
    counts = dict(
        Card.objects.filter(key_id__in=[row["id"] for row in rows], erased_at__isnull=True)
        .values_list("key_id")
        .annotate(count=Count("id"))
    )
    copies: dict[str, list[dict[str, Any]]] = {}
    for copy in KeyCopy.objects.filter(ended_at__isnull=True).order_by("made_at").values():
        copies.setdefault(copy["key_id"], []).append(dict(copy))
    return [row | {"records": counts.get(row["id"], 0), "copies": copies.get(row["id"], [])} for row in rows]


def shares() -> list[KeyCopy]:
    """Escrow shares that exist, newest first."""
    return list(KeyCopy.objects.filter(form=KeyCopy.Form.SHARE, ended_at__isnull=True).order_by("-made_at", "place"))


def looks(*, viewer: grounds.Viewer, card_id: UUID | None = None) -> QuerySet[Look]:
    """Who looked behind a mask in the viewer's district."""
    found = Look.objects.filter(district_id=viewer.district_id)
    return found.filter(card_id=card_id) if card_id else found


def requests(*, viewer: Any, open_only: bool = False) -> QuerySet[Request]:
    """Residents' requests of the viewer's district, those due first at the top."""
    found = access.visible(viewer=viewer)
    if open_only:
        found = found.filter(Q(state=Request.State.RECEIVED) | Q(state=Request.State.CHECKED))
    return found.order_by("ended_at", "due_at", "id")
