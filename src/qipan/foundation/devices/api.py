"""Phones over the API: bind, list, revoke. What they send and are told is in the workflows."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any, ClassVar
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from ninja import Path, Router, Schema, Status
from pydantic import Field, StringConstraints

from qipan.foundation.devices import access, operations, rules
from qipan.foundation.devices.boxes import NotAKey
from qipan.foundation.devices.models import Device
from qipan.foundation.interface.api import Cursor, Limit, PageOf, in_utc, shown
from qipan.foundation.interface.cursors import keyset
from qipan.foundation.posts.api_once import once
from qipan.foundation.posts.api_words import _
from qipan.foundation.posts.models import Post
from qipan.foundation.refusals import Forbidden, Invalid, Refusal

router = Router(tags=["field"])
ROUTERS = [("/field", router)]
SOME_ID = "0198c0de-0000-7000-8000-000000000001"
VERSION, CLOCK = "Field-Version", "Field-Clock"


class AppTooOld(Refusal):
    """This version of the app is too old for the server. Open the app with a network and let it renew itself."""

    status: ClassVar[int] = 426


class FullSignIn(Forbidden):
    """A phone is bound by a person who has just signed in on it, not by a program's token."""


class ClockUnreadable(Invalid):
    """Field-Clock is not a time with its offset, such as 2026-05-04T08:30:00+08:00."""


def version(request: HttpRequest) -> int:
    """The version of the protocol that the app speaks. Raises AppTooOld for one before those that are spoken here."""
    given = request.headers.get(VERSION, "")
    number = int(given) if given.isascii() and given.isdigit() and len(given) < 5 else 0
    if number < rules.oldest():
        raise AppTooOld(field=VERSION)
    return number


def clock(request: HttpRequest) -> Any:
    """What the phone's clock shows as it sends, None where it does not say. Raises ClockUnreadable."""
    given = request.headers.get(CLOCK, "").replace(" ", "+")
    if not given:
        return None
    try:
        found = parse_datetime(given)
        if found is not None and found.tzinfo and 2000 <= found.year <= 2200:
            return in_utc(found)
    except ValueError:
        pass
    raise ClockUnreadable(field=CLOCK)


def bytes_of(text: str, refusal: type[Invalid], field: str) -> bytes:
    """Bytes from base64, with or without padding, also in the form for addresses. Raises what it is given."""
    plain = text.strip().replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError) as problem:
        raise refusal(field=field) from problem


class BindIn(Schema):
    name: Annotated[str, StringConstraints(strip_whitespace=True, max_length=80)] = Field(
        description=_("A name by which its owner knows the phone."), examples=["巡查手机"]
    )
    public_key: Annotated[str, StringConstraints(max_length=100)] = Field(
        description=_("The phone's public key: ECDH on P-256, uncompressed (65 bytes), in base64."),
        examples=["BGsX0fLhLEJH+Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWT+NC4v4af5uO5+tKfA+eFivOM1drMV7Oy7ZAaDe/UfU="],
    )


class BoundOut(Schema):
    device: UUID = Field(description=_("The id of the phone."), examples=[SOME_ID])
    server_public_key: str = Field(
        description=_("The key that the phone seals its unsent queue to: P-256, uncompressed, in base64."),
        examples=["BGsX0fLhLEJH+Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWT+NC4v4af5uO5+tKfA+eFivOM1drMV7Oy7ZAaDe/UfU="],
    )
    lease_until: str = Field(
        description=_("Until when the phone may show what it holds without asking anew."),
        examples=["2026-05-04T08:30:00+08:00"],
    )
    version: int = Field(description=_("The newest version of the protocol that the server speaks."), examples=[1])
    now: str = Field(description=_("The server's time."), examples=["2026-05-04T08:30:00+08:00"])


class DeviceOut(Schema):
    id: UUID = Field(description=_("The id of the phone."), examples=[SOME_ID])
    name: str = Field(description=_("A name by which its owner knows the phone."), examples=["巡查手机"])
    post: UUID = Field(description=_("The post that works with it."), examples=[SOME_ID])
    person: str = Field(description=_("Who holds that post."), examples=["某某"])
    bound_at: Any = Field(description=_("When it was bound."), examples=["2026-05-04T08:30:00+08:00"])
    seen_at: Any = Field(description=_("When it was heard from last."), examples=["2026-05-04T08:30:00+08:00"])
    revoked_at: Any = Field(None, description=_("When it was revoked."), examples=["2026-05-04T08:30:00+08:00"])


class RevokeIn(Schema):
    reason: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] = Field(
        "", description=_("Why, for the journal."), examples=["手机遗失"]
    )


def _shape(device: Device) -> dict[str, Any]:
    return {"id": str(device.pk), "name": device.name, "post": str(device.post_id), "person": str(device.post.person),
            "bound_at": device.bound_at, "seen_at": device.seen_at, "revoked_at": device.revoked_at}  # fmt: skip


@router.post(
    "/bind",
    response={201: BoundOut},
    summary=_("Bind this phone to your post"),
    description=_(
        "Needs the session of a signed-in person. Every call of the field app says in `Field-Version` which version "
        "of the protocol it speaks (the server knows its own and the two before it, else 426), and in `Field-Clock` "
        "what its clock shows."
    ),
)
def bind(request: HttpRequest, body: BindIn) -> Any:
    by: Post = request.post  # type: ignore[attr-defined]
    if request.token_used:  # type: ignore[attr-defined]
        raise FullSignIn
    spoken, shows, at = version(request), clock(request), timezone.now()

    def work() -> dict[str, Any]:
        device = operations.bind(
            name=body.name, public_key=bytes_of(body.public_key, NotAKey, "public_key"), version=spoken,
            clock_offset=rules.offset_of(clock=shows, at=at) or 0, by=by, at=at,
        )  # fmt: skip
        return {
            "device": str(device.pk),
            "server_public_key": base64.b64encode(device.server_public_key).decode(),
            "lease_until": device.lease_until.isoformat(),
            "version": rules.VERSION,
            "now": at.isoformat(),
        }

    return Status(201, once(request, "devices.bind", body, work))


@router.get(
    "/devices",
    response=PageOf[DeviceOut],
    summary=_("Phones that are or were bound"),
    description=_("Your own; for an administrator those of every post in the area."),
)
def devices(request: HttpRequest, *, cursor: Cursor = "", limit: Limit = 50) -> Any:
    rows = access.visible(viewer=request.viewer).select_related(*access.NAMES)  # type: ignore[attr-defined]
    return shown(keyset(rows, order=("-bound_at", "id"), after=cursor, limit=limit), _shape)


@router.post(
    "/devices/{uuid:device_id}/revoke",
    response=DeviceOut,
    summary=_("Revoke a phone"),
    description=_("It is told nothing more. What was done on it before may still be sent in, sealed."),
)
def revoke(
    request: HttpRequest, device_id: Annotated[UUID, Path(description=_("The id of the phone."))], body: RevokeIn
) -> Any:
    by: Post = request.post  # type: ignore[attr-defined]

    def work() -> dict[str, Any]:
        found = _shape(operations.revoke(device_id=device_id, by=by, at=timezone.now(), reason=body.reason))
        return {key: value.isoformat() if hasattr(value, "isoformat") else value for key, value in found.items()}

    return once(request, f"devices.revoke:{device_id}", body, work)
