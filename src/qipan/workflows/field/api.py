"""The field app's calls: its queue, its photos, what it is told, and the sealed queue that needs no session."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any, cast
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja import Path, Query, Router

from qipan.foundation.devices import access, operations
from qipan.foundation.devices.api import bytes_of, clock, version
from qipan.foundation.devices.boxes import BoxBroken
from qipan.foundation.devices.models import Device
from qipan.foundation.posts.access import require
from qipan.foundation.posts.api_once import once
from qipan.foundation.posts.api_words import _
from qipan.foundation.posts.models import Post
from qipan.foundation.refusals import Invalid
from qipan.incidents.operations.attach import NotAPhoto, PhotoTooLarge
from qipan.kernels import photos
from qipan.workflows.field import commands, sealed, shapes
from qipan.workflows.field.down import down as told

router = Router(tags=["field"])
Phone = Annotated[UUID, Query(description=_("The id of the phone."), examples=[shapes.SOME_ID])]


class BadCursor(Invalid):
    """This cursor is none that was given out. Begin again without one."""


def heard(request: HttpRequest, device_id: UUID) -> tuple[Device, Post]:
    """The phone that speaks and the post it works with. Raises AppTooOld, NotFound, DeviceRevoked."""
    spoken, shows = version(request), clock(request)
    by = require(cast(Any, request).post, "incidents.view")
    device = access.own(device_id, by=by)
    return operations.heard(device, version=spoken, clock=shows, at=timezone.now()), by


@router.post(
    "/commands",
    response=shapes.AnswersOut,
    summary=_("Carry out what was done on the phone"),
    description=_(
        "Each step is one transaction and happens once by its own id (the Idempotency-Key names the call alone and is "
        "not kept). `conflict`: the incident's version is another than `base`, and not through this phone alone. "
        "`refused` with the code `depends`: the step named in `after` was not carried out. What was not carried out "
        "changed nothing and may be sent again."
    ),
)
def carry_out(request: HttpRequest, body: shapes.CommandsIn) -> Any:
    device, by = heard(request, body.device)
    at = timezone.now()
    given = [each.command() for each in body.commands]
    answers = commands.carry_out(given, device=device, by=by, at=at)
    return {"answers": answers, "lease_until": device.lease_until, "now": at}


@router.put(
    "/photos/{uuid:command_id}",
    response=shapes.PhotoOut,
    summary=_("Send the photo of a step"),
    description=_("The bytes alone, before the step; sent again they take the place of those before."),
)
def photo(
    request: HttpRequest,
    command_id: Annotated[UUID, Path(description=_("The step that it belongs to."))],
    device: Phone,
) -> Any:
    phone, _by = heard(request, device)
    content = request.read(photos.MOST_BYTES + 1)
    if len(content) > photos.MOST_BYTES:
        raise PhotoTooLarge(field="photo", megabytes=photos.MOST_BYTES // 1024 // 1024)
    if not content:
        raise NotAPhoto(field="photo")
    kept = operations.keep_photo(command_id=command_id, content=content, device=phone, at=timezone.now())
    return {"id": command_id, "digest": hashlib.sha256(content).hexdigest(), "waits": kept is not None}


@router.get(
    "/down",
    response=shapes.DownOut,
    summary=_("What the phone is to hold"),
    description=_("The open duties of your post with their incidents, and what the phone is to forget."),
)
def down(
    request: HttpRequest,
    *,
    device: Phone,
    cursor: Annotated[str, Query(max_length=20, description=_("The cursor of the last answer; empty at first."))] = "",
    areas: Annotated[int | None, Query(ge=0, le=2**31, description=_("The revision of outlines it holds."))] = None,
    categories: Annotated[str, Query(max_length=20, description=_("The revision of categories it holds."))] = "",
    patrol: Annotated[str, Query(max_length=20, description=_("The revision of the patrol list it holds."))] = "",
) -> Any:
    phone, by = heard(request, device)
    if cursor and not (cursor.isascii() and cursor.isdigit() and int(cursor) < 2**63):
        raise BadCursor(field="cursor")
    return told(device=phone, viewer=by, cursor=int(cursor) if cursor else None, areas_revision=areas,
                categories_revision=categories, patrol_revision=patrol, now=timezone.now())  # fmt: skip


@router.post(
    "/sealed",
    auth=None,
    response=list[shapes.ReceivedOut],
    summary=_("Send in a queue that the phone sealed"),
    description=_(
        "Without a session: after signing out, or after the phone was revoked. Steps are carried out under the post "
        "that did them if it was in force at the corrected time; the others wait for an administrator. Nothing can be "
        "read by it."
    ),
)
def receive(request: HttpRequest, body: shapes.SealedIn) -> Any:
    version(request)
    box = bytes_of(body.sealed, BoxBroken, "sealed")
    return sealed.receive(device_id=body.device, box=box, at=timezone.now(), keep=body.keep)


@router.get(
    "/kept",
    response=list[shapes.KeptOut],
    summary=_("Steps of phones that wait for a decision"),
    description=_("What arrived sealed and was not carried out, of the phones in your area."),
)
def kept(request: HttpRequest) -> Any:
    rows = sealed.waiting(viewer=cast(Any, request).viewer)[: sealed.MOST]
    return [
        {"id": one.pk, "device": one.device_id, "person": str(one.device.post.person), "step": one.step,
         "why": one.why, "corrected_time": one.corrected_time, "kept_at": one.kept_at} for one in rows
    ]  # fmt: skip


@router.post(
    "/kept/{uuid:kept_id}/decide",
    response=shapes.DecidedOut,
    summary=_("Decide about a step that was kept"),
    description=_("It is carried out under the post that did it, or laid aside. Nobody decides about their own."),
)
def decide(
    request: HttpRequest, kept_id: Annotated[UUID, Path(description=_("The step's id."))], body: shapes.DecideIn
) -> Any:
    by = require(cast(Any, request).post, "posts.administer")

    def work() -> dict[str, Any]:
        done = sealed.decide(kept_id=kept_id, apply=body.apply, reason=body.reason, by=by, at=timezone.now())
        return {"id": str(done.pk), "applied": bool(done.applied)}

    return once(request, f"field.decide:{kept_id}", body, work)
