"""A resident asks to see, correct or delete what is held of them (个人信息保护法 44 to 50)."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import DatabaseError, transaction

from qipan.foundation.journal import operations as journal
from qipan.foundation.journal.rules import About, Class, HasAuthor
from qipan.foundation.refusals import Invalid
from qipan.foundation.vault import access, grounds, rules
from qipan.foundation.vault.keystore import store
from qipan.foundation.vault.models import Card, Look, Request
from qipan.foundation.vault.operations import cards, retention
from qipan.foundation.vault.rules import REQUESTS, Retention, State
from qipan.kernels import clock, identity
from qipan.kernels.ids import new_id

PURPOSE = "vault.request"
LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_told: list[tuple[Callable[..., Any], Callable[..., Any]]] = []


class ReasonForRefusal(Invalid):
    """Say why the request is refused. The resident is told, and where to complain."""


class NoCardsChosen(Invalid):
    """Choose at least one record of this resident."""


class NotThisKind(Invalid):
    """The request asks for something else."""


def register_duty(*, opened: Callable[..., Any], ended: Callable[..., Any]) -> None:
    """`opened(request, by, at)` and `ended(request, by, at)`: the room of duties starts and stops the clock."""
    _told.append((opened, ended))


def about_request(request: Request) -> About:
    return About(
        "request", request.id, request.number, request.district_id, (request.district_id,), privacy=Class.PRIVATE
    )


def due_at(at: datetime) -> datetime | None:
    """Fifteen working days from the day after it was received."""
    return clock.due(
        start=at,
        limit=clock.Limit.working_days(rules.REQUEST_WORKING_DAYS),
        calendar=clock.Calendar.from_official(),
        hours=clock.STANDARD,
    ).due


def open_request(
    *, district_id: int, kind: str, fields: dict[str, str], text: str = "", by: HasAuthor, at: datetime
) -> Request:
    """Takes a request in. `fields`: who asks (name, phone, id_number ...), sealed; numbers in `text` are masked."""
    request_id = new_id()
    with transaction.atomic():
        request = Request(
            id=request_id,
            number=f"G{rules.local_date(at):%Y%m%d}-{''.join(secrets.choice(LETTERS) for _ in range(5))}",
            district_id=district_id,
            kind=Request.Kind(kind),
            text=identity.mask_text(text, names=[fields.get("name", "")]).text,
            received_at=at,
            due_at=due_at(at),
        )
        request.asker_card = cards.seal(
            district_id=district_id,
            purpose=PURPOSE,
            retention=Retention.CASE,
            about=about_request(request),
            fields=fields,
            by=by,
            at=at,
            areas=(district_id,),
        )
        request.save(force_insert=True)
        journal.record("vault.request_received", about_request(request), by=by, at=at, after=request.state, asked=kind)
        for opened, _ended in _told:
            opened(request=request, by=by, at=at)
    return request


def check_identity(*, request_id: UUID, how: str, by: grounds.Viewer, at: datetime) -> Request:
    """Somebody made sure that the asker is who they say; `how`: card shown, called back ..."""
    with transaction.atomic():
        request = access.lock(request_id, viewer=by)
        rules.check_step(request.state, State.CHECKED)
        before, request.state, request.checked_how = request.state, State.CHECKED, how[:40]
        return _step(request, "vault.request_checked", before, by, at, how=how)


def answer_access(
    *, request_id: UUID, card_ids: Iterable[UUID], by: grounds.Viewer, at: datetime
) -> list[dict[str, str]]:
    """What the cards chosen hold, for the asker to read; recorded before it is opened. Not inside a transaction."""
    access.require(by, REQUESTS)
    chosen = _chosen(card_ids, by)
    keys = store()
    opened = [(card, keys.get(card.key_id)) for card in chosen]
    try:
        with transaction.atomic(durable=True):
            request = _lock(request_id, Request.Kind.ACCESS, by)
            for card in chosen:
                Look.objects.create(
                    card_id=card.id,
                    district_id=card.district_id,
                    post_id=by.id,
                    at=at,
                    ground=Look.Ground.REQUEST,
                    reason=request.number,
                )
            _end(request, State.DONE, "vault.request_done", by, at, card_ids=[card.id for card in chosen])
    except DatabaseError as problem:
        raise cards.NotRecorded from problem
    return [cards.contents(card, key)[0] for card, key in opened]


def correct(
    *, request_id: UUID, card_ids: Iterable[UUID], fields: dict[str, str], by: grounds.Viewer, at: datetime
) -> Request:
    """Puts the corrected fields into the cards chosen."""
    chosen = _chosen(card_ids, by)
    with transaction.atomic():
        request = _lock(request_id, Request.Kind.CORRECTION, by)
        for card in chosen:
            cards.change(card_id=card.id, fields=fields, by=by, at=at, reason=request.number)
        return _end(request, State.DONE, "vault.request_done", by, at, card_ids=[card.id for card in chosen])


def delete(*, request_id: UUID, card_ids: Iterable[UUID], by: grounds.Viewer, at: datetime) -> Request:
    """Erases the cards chosen. What the law bids to keep is refused instead, with the reason."""
    chosen = _chosen(card_ids, by)
    with transaction.atomic():
        request = _lock(request_id, Request.Kind.DELETION, by)
        for card in chosen:
            cards.erase(card_id=card.id, by=by, at=at, reason=request.number)
        return _end(request, State.DONE, "vault.request_done", by, at, card_ids=[card.id for card in chosen])


def refuse(*, request_id: UUID, reason: str, by: grounds.Viewer, at: datetime) -> Request:
    """Turns the request down, saying why."""
    if len(reason.strip()) < rules.REASON_LENGTH:
        raise ReasonForRefusal(field="reason")
    with transaction.atomic():
        request = access.lock(request_id, viewer=by)
        request.answer = identity.mask_text(reason.strip()).text
        return _end(request, State.REFUSED, "vault.request_refused", by, at)


def withdraw(*, request_id: UUID, by: grounds.Viewer, at: datetime) -> Request:
    """The resident takes it back."""
    with transaction.atomic():
        return _end(access.lock(request_id, viewer=by), State.WITHDRAWN, "vault.request_withdrawn", by, at)


def _chosen(card_ids: Iterable[UUID], by: grounds.Viewer) -> list[Card]:
    chosen = [cards.visible_card(card_id, viewer=by) for card_id in dict.fromkeys(card_ids)]
    if not chosen:
        raise NoCardsChosen(field="cards")
    return chosen


def _lock(request_id: UUID, kind: str, by: grounds.Viewer) -> Request:
    request = access.lock(request_id, viewer=by)
    if request.kind != kind:
        raise NotThisKind
    rules.check_step(request.state, State.DONE)
    return request


def _end(
    request: Request, state: State, kind: str, by: grounds.Viewer, at: datetime, *, card_ids: Iterable[UUID] = ()
) -> Request:
    rules.check_step(request.state, state)
    before, request.state, request.ended_at, request.cards = request.state, state, at, list(card_ids)
    _step(request, kind, before, by, at, cards=list(card_ids))
    retention.matter_ended(about_kind="request", about_id=request.id, at=at)
    for _opened, ended in _told:
        ended(request=request, by=by, at=at)
    return request


def _step(request: Request, kind: str, before: str, by: HasAuthor, at: datetime, **detail: Any) -> Request:
    request.version += 1
    request.save()
    journal.record(
        kind, about_request(request), by=by, at=at, before=before, after=request.state, reason=request.answer, **detail
    )
    return request
