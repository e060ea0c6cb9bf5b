"""Messages over the API: one's own inbox."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_noop as _
from ninja import Router, Schema
from pydantic import Field

from qipan.foundation.interface.api import Cursor, Limit, PageOf
from qipan.foundation.outbox import operations, queries
from qipan.foundation.outbox.models import Message
from qipan.foundation.posts.api_once import once
from qipan.foundation.posts.models import Post

router = Router(tags=["messages"])
ROUTERS = [("/messages", router)]
SOME_ID = "0198c0de-0000-7000-8000-000000000009"


class MessageOut(Schema):
    """Something you were told."""

    id: UUID = Field(description=_("Its id."), examples=[SOME_ID])
    subject: str = Field(description=_("What it is about."), examples=["A duty is due soon"])
    body: str = Field(description=_("The text; numbers of people are masked."), examples=["Missing manhole cover"])
    link: str = Field(description=_("Where it leads, on this installation."), examples=["/incidents/1/"])
    urgent: bool = Field(description=_("Whether it did not wait for the morning."), examples=[False])
    created_at: datetime = Field(description=_("When it was written."), examples=["2026-03-02T04:00:00Z"])
    read_at: datetime | None = Field(description=_("When you read it; empty while you have not."), examples=[None])


class ReadIn(Schema):
    """Which messages you have read."""

    ids: list[UUID] = Field(
        default_factory=list, max_length=500, description=_("Their ids; empty: all of them."), examples=[[SOME_ID]]
    )


class ReadOut(Schema):
    """How many of them had been unread."""

    read: int = Field(description=_("Messages that were unread until now."), examples=[1])


@router.get(
    "",
    response=PageOf[MessageOut],
    summary=_("Your messages"),
    description=_("What you were told in the application, newest first."),
)
def inbox(request: HttpRequest, *, cursor: Cursor = "", limit: Limit = 50) -> Any:
    page = queries.inbox(person=_by(request).person, after=cursor, limit=limit)
    return {"items": [_shown(message) for message in page.items], "next": page.next}


@router.post(
    "/read",
    response=ReadOut,
    summary=_("Read messages"),
    description=_("Notes that you have read these messages, or all of them."),
)
def read(request: HttpRequest, body: ReadIn) -> Any:
    def work() -> dict[str, Any]:
        return {"read": operations.mark_read(by=_by(request), at=timezone.now(), message_ids=body.ids or None)}

    return once(request, "outbox.read", body, work)


def _by(request: HttpRequest) -> Post:
    post: Post = request.post  # type: ignore[attr-defined]
    return post


def _shown(message: Message) -> dict[str, Any]:
    names = ("id", "subject", "body", "link", "urgent", "created_at", "read_at")
    return {name: getattr(message, name) for name in names}
