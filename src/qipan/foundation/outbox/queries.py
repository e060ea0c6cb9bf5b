"""Reads about messages."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Count, QuerySet

from qipan.foundation.interface.cursors import Page, keyset
from qipan.foundation.outbox import access
from qipan.foundation.outbox.models import Gateway, Message, Policy, Wording
from qipan.foundation.outbox.rules import Channel, State
from qipan.foundation.posts.models import Person, Post


def inbox(*, person: Person, after: str = "", limit: int = 50) -> Page[Message]:
    """The messages of a person, newest first, page by page."""
    return keyset(access.inbox(person=person), order=("-created_at", "-id"), after=after, limit=limit)


def unread(*, person: Person) -> int:
    return access.inbox(person=person).filter(read_at=None).count()


def sent(*, viewer: Post, state: str = "", channel: str = "", limit: int = 100) -> list[Message]:
    """The district's messages, newest first, recipients masked by the page."""
    return _listed(access.visible(viewer=viewer), state, channel, limit)


def everything(*, district_id: int, state: str = "", channel: str = "", limit: int = 100) -> list[Message]:
    """The same for anybody: the demo's viewer, where every message is made up."""
    return _listed(Message.objects.filter(district=district_id), state, channel, limit)


def _listed(rows: QuerySet[Message], state: str, channel: str, limit: int) -> list[Message]:
    if state:
        rows = rows.filter(state=state)
    if channel:
        rows = rows.filter(channel=channel)
    return list(
        rows.select_related("to_person", "to_unit", "gateway", "to_address_card").order_by("-created_at")[:limit]
    )


def about(*, kind: str, about_id: UUID) -> list[Message]:
    """Everything that was sent about one thing, oldest first. The caller has checked that the viewer may see it."""
    return list(Message.objects.filter(about_kind=kind, about_id=about_id).order_by("created_at"))


def policy(district_id: int) -> Policy:
    """The district's way of sending, or the usual one."""
    return Policy.objects.filter(district=district_id).first() or Policy(district_id=district_id)


def gateways(*, viewer: Post) -> list[Gateway]:
    return list(Gateway.objects.filter(district=viewer.district_id).select_related("unit"))


def wordings(*, viewer: Post) -> dict[tuple[str, str], Wording]:
    """The district's own texts by template and language."""
    return {(row.template, row.language): row for row in Wording.objects.filter(district=viewer.district_id)}


def waiting() -> dict[str, int]:
    """How many messages are queued, being sent, failed: for the metrics."""
    rows = Message.objects.exclude(channel=Channel.APP).exclude(state__in=[State.SENT, State.CANCELLED])
    return dict(rows.values_list("state").annotate(number=Count("id")))
