"""A queue that a phone sealed for the server: it arrives without a session, so that what was done is never lost.

It is carried out under the post that did it where that post, its holder and the phone were in force at the corrected
time. What was not, and what is refused or stands against what somebody else did, an administrator decides about.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from django.db import transaction
from django.db.models import QuerySet
from pydantic import ValidationError

from qipan.foundation.devices import access as devices_access
from qipan.foundation.devices import operations as devices
from qipan.foundation.devices.boxes import BoxBroken
from qipan.foundation.devices.models import Carried, Device, Kept
from qipan.foundation.interface.api import has_nul
from qipan.foundation.journal import operations as journal
from qipan.foundation.posts.access import require
from qipan.foundation.posts.models import Post
from qipan.foundation.posts.rules import PostKind
from qipan.foundation.refusals import Conflict, Invalid, NotFound
from qipan.kernels import photos
from qipan.workflows.field import commands
from qipan.workflows.field.commands import APPLIED, CONFLICT, REFUSED, REPEATED, Command
from qipan.workflows.field.shapes import CommandIn
from qipan.workflows.field.steps import STEPS

LATE = timedelta(days=3)  # a phone may be without a network for a day, and a weekend
KEPT, WAITING, UNKNOWN, MOST = "kept", "waiting", "unknown", 500


class DecidedAlready(Conflict):
    """This was decided already."""


class BoxTooFull(Invalid):
    """A box holds at most {most} steps. Seal the rest in another one."""


class ReasonMissing(Invalid):
    """Give a reason."""


def receive(*, device_id: UUID, box: bytes, at: datetime, keep: bool = True) -> list[dict[str, Any]]:
    """Opens a sealed queue and does with each step what can be done: [{id, seq, result}], nothing that could be read.

    Without `keep`, what was refused or stands against something stays with the phone (`waiting`): its person decides.
    Raises BoxBroken, also for a phone that nobody bound, and BoxTooFull.
    """
    device = Device.objects.select_related(*devices_access.NAMES, "post__district").filter(pk=device_id).first()
    if device is None:
        raise BoxBroken(field="sealed")
    queue, pictures = _opened(device, box)
    by, answers = device.post, []
    failed: set[UUID] = set()
    ids = [command.id for command in queue]
    aside = set(Kept.objects.filter(device=device, pk__in=ids, applied=False).values_list("pk", flat=True))
    for command in sorted(queue, key=lambda each: each.seq):
        if command.id in aside:  # decided: the same box again changes nothing about that
            failed.add(command.id)
            answers.append({"id": str(command.id), "seq": command.seq, "result": KEPT})
            continue
        if picture := pictures.get(command.id):
            devices.keep_photo(command_id=command.id, content=picture, device=device, at=at)
        why = _not_in_force(command, device, at=at)
        if not why:
            answer = commands.answer(command, device=device, by=by, at=at, failed=failed)
            why = answer["code"] if answer["result"] in {CONFLICT, REFUSED} else ""
            result = KEPT if why else answer["result"]
        elif Carried.objects.filter(pk=command.id, device=device).exists():
            result, why = REPEATED, ""
        else:
            result = KEPT
        if why:
            failed.add(command.id)
            if keep:
                _keep(command, why, device=device, at=at)
            else:
                result = WAITING
        answers.append({"id": str(command.id), "seq": command.seq, "result": result})
    return answers


def _opened(device: Device, box: bytes) -> tuple[list[Command], dict[UUID, bytes]]:
    """The steps of a box and the photos in it, by their command."""
    try:
        found = orjson.loads(devices.opened(device, box))
        if has_nul(found):
            raise BoxBroken(field="sealed")
        rows = [CommandIn.model_validate(each).command() for each in found["commands"]]
        given = {UUID(key): base64.b64decode(text, validate=True) for key, text in found.get("photos", {}).items()}
    except (ValidationError, KeyError, TypeError, ValueError, AttributeError, binascii.Error) as problem:
        raise BoxBroken(field="sealed") from problem
    if len(rows) > MOST:
        raise BoxTooFull(field="sealed", most=MOST)
    return rows, {key: content for key, content in given.items() if len(content) <= photos.MOST_BYTES}


def _not_in_force(command: Command, device: Device, *, at: datetime) -> str:
    """Why a step may not be carried out by itself; empty where it may.

    A clock can be set back: what comes long after the phone was revoked or the post ended is not taken at its word.
    """
    post, when = device.post, commands.corrected(command, device)
    if not post.person.is_active:
        return "person-disabled"
    stands_in = post.kind != PostKind.DEPUTY or Post.objects.filter(pk=post.pk).in_force(when).exists()
    if when < post.valid_from or (post.valid_to and when >= post.valid_to) or not stands_in:
        return "post-not-in-force"
    if device.revoked_at and when > device.revoked_at:
        return "device-revoked"
    if any(end and at > end + LATE for end in (device.revoked_at, post.valid_to)):
        return "arrived-late"
    return ""


@transaction.atomic
def _keep(command: Command, why: str, *, device: Device, at: datetime) -> None:
    step = command.step if command.step in STEPS else UNKNOWN  # one that nobody knows may be named anything
    kept = devices.keep(
        command_id=command.id, step=step, why=why, content=orjson.dumps(command.plain()),
        corrected_time=commands.corrected(command, device), device=device, at=at,
    )  # fmt: skip
    if kept is not None:
        journal.record("workflows.field_kept", device, by=device.post, at=at, command=command.id, step=kept.step,
                       why=why, corrected_time=kept.corrected_time)  # fmt: skip


def waiting(*, viewer: Post) -> QuerySet[Kept]:
    """Steps of the phones in the viewer's area that wait for a decision, the first to come first."""
    require(viewer, "posts.administer")
    rows = Kept.objects.filter(device__in=devices_access.visible(viewer=viewer), decided_at=None)
    done = Carried.objects.values("pk")
    return rows.exclude(pk__in=done).select_related(*(f"device__{name}" for name in devices_access.NAMES))


def told(kept: Kept) -> Command:
    """The step as the phone told it. For the server's own eyes: what is shown of it is chosen and masked."""
    return CommandIn.model_validate(orjson.loads(devices.kept_content(kept))).command()


@transaction.atomic
def decide(*, kept_id: UUID, apply: bool, reason: str, by: Post, at: datetime) -> Kept:
    """An administrator has a kept step carried out under the post that did it, or lays it aside; never its own.

    Raises NotFound, DecidedAlready, ReasonMissing, and whatever refuses the step.
    """
    require(by, "posts.administer")
    seen = devices_access.visible(viewer=by).exclude(post__person=by.person_id)
    rows = Kept.objects.select_for_update(of=("self",)).select_related("device__post__person", "device__post__area",
                                                                       "device__post__unit")  # fmt: skip
    kept = rows.filter(pk=kept_id, device__in=seen).first()
    if kept is None:
        raise NotFound
    if kept.decided_at or Carried.objects.filter(pk=kept.pk).exists():
        raise DecidedAlready
    if not reason.strip():
        raise ReasonMissing(field="reason")
    if apply:
        commands.once(replace(told(kept), base=None), device=kept.device, by=kept.device.post, at=at)
    kept.decided_at, kept.decided_by, kept.applied = at, by, apply
    kept.save(update_fields=["decided_at", "decided_by", "applied"])
    journal.record("workflows.field_decided", kept.device, by=by, at=at, reason=reason, command=kept.pk,
                   step=kept.step, after=APPLIED if apply else "laid-aside")  # fmt: skip
    return kept
