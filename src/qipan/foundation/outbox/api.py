"""Messages over the API: one's own inbox."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext_noop as _
from ninja import Router, Schema
from pydantic import Field

from qipan.foundation.interface.api import Cursor, Limit, PageOf, shown
from qipan.foundation.outbox import operations, queries
from qipan.foundation.outbox.models import Message
from qipan.foundation.posts.api_writes import write
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
    person = request.post.person  # type: ignore[attr-defined]
    return shown(queries.inbox(person=person, after=cursor, limit=limit), _message)


def _read(*, ids: list[UUID], by: Post, at: datetime) -> int:
    return operations.mark_read(by=by, at=at, message_ids=ids or None)


write(
    router, "/read", "outbox.read", _("Read messages"),
    description=_("Notes that you have read these messages, or all of them."),
    body=ReadIn, work=_read, gives=lambda read: {"read": read}, answer=ReadOut,
)  # fmt: skip


def _message(message: Message) -> dict[str, Any]:
    names = ("id", "subject", "body", "link", "urgent", "created_at", "read_at")
    return {name: getattr(message, name) for name in names}
