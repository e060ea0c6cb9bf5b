"""Writes over the API happen once, however often they are sent: the `Idempotency-Key` header names the command."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from pydantic import BaseModel

from qipan.foundation.journal import operations as journal
from qipan.foundation.journal.rules import RESIDENT, HasAuthor
from qipan.foundation.refusals import Invalid

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"


class KeyMissing(Invalid):
    """Every write needs the header Idempotency-Key with a UUID of its own, so that sending it twice does it once."""

    status: ClassVar[int] = 400


def key(request: HttpRequest) -> UUID:
    """The command's id from the header. Raises KeyMissing."""
    try:
        return UUID(request.headers.get(HEADER, ""))
    except ValueError as problem:
        raise KeyMissing(field=HEADER) from problem


def once(
    request: HttpRequest, name: str, body: Any, work: Callable[[], dict[str, Any]], *, by: HasAuthor | None = None
) -> dict[str, Any]:
    """Carry `work` out in one transaction and keep its answer under the key; the same key again gets that answer.

    `name` with what it is about and `body` (JSON-able, or a schema) belong to the key: the same key with others is a
    CommandReused. A replayed answer is marked on the request, and the API says so in the header Idempotent-Replayed.
    """
    command = key(request)
    plain = body.model_dump(mode="json") if isinstance(body, BaseModel) else body
    author = by or getattr(request, "post", None) or RESIDENT
    with transaction.atomic():
        earlier = journal.once(command, author=author, name=name, body=plain, at=timezone.now())
        if earlier is not None:
            request.replayed = True  # type: ignore[attr-defined]
            return earlier
        answer = work()
        journal.answer(command, answer)
    return answer
