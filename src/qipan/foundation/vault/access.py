"""Which requests and keys a viewer may see."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from qipan.foundation.refusals import Forbidden, NotFound
from qipan.foundation.vault.models import Key, Request
from qipan.foundation.vault.rules import REQUESTS


class NotYourTask(Forbidden):
    """Your post does not deal with this."""


class NoSuchRequest(NotFound):
    """There is no such request in your district."""


def require(viewer: Any, ability: str) -> None:
    """Raises NotYourTask unless the post may."""
    if not viewer.may(ability):
        raise NotYourTask


def visible(*, viewer: Any) -> QuerySet[Request]:
    """Requests of the viewer's district, for those who deal with them."""
    if not viewer.may(REQUESTS):
        return Request.objects.none()
    return Request.objects.filter(district_id=viewer.district_id)


def lock(request_id: UUID, *, viewer: Any) -> Request:
    """The request, locked until the transaction ends. Raises NotYourTask, NoSuchRequest."""
    require(viewer, REQUESTS)
    found = visible(viewer=viewer).select_for_update().filter(id=request_id).first()
    if found is None:
        raise NoSuchRequest
    return found


def visible_keys(*, viewer: Any) -> QuerySet[Key]:
    """Keys of the viewer's district."""
    return Key.objects.filter(district_id=viewer.district_id)
