"""What a phone did without a network, carried out in its order, each step once.

A step is one transaction with its evidence. What is refused or stands against what somebody else did changes nothing
and leaves nothing behind, so that it may be sent again: only what was carried out is ever `repeated`.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import InterfaceError, OperationalError, transaction
from django.utils.translation import gettext as _
from pydantic import ValidationError

from qipan.foundation.devices import operations as devices
from qipan.foundation.devices.models import Carried, Device
from qipan.foundation.devices.rules import FLAGGED
from qipan.foundation.journal import operations as journal
from qipan.foundation.posts.models import Post
from qipan.foundation.refusals import Conflict, Invalid, NotFound, Refusal
from qipan.incidents import access
from qipan.incidents.models import Incident
from qipan.incidents.rules.steps import following
from qipan.inspections.models import Visit
from qipan.inspections.rules import VisitOver
from qipan.workflows.field.steps import STEPS, WITH_PHOTO, Doing

log = logging.getLogger(__name__)
APPLIED, REPEATED, CONFLICT, REFUSED = "applied", "repeated", "conflict", "refused"


class UnknownStep(Invalid):
    """The server does not know this step. Open the app with a network and let it renew itself."""


class StepIncomplete(Invalid):
    """This step does not hold what it needs: {fields}."""


class Depends(Conflict):
    """This step builds on another one that was not carried out."""


class ChangedMeanwhile(Conflict):
    """Somebody has done something about this meanwhile. Look at how it stands now and decide anew."""


@dataclass(frozen=True, slots=True)
class Command:
    """A step as a phone tells it. `base`: the version of the incident that the phone knew when it was done."""

    id: UUID
    seq: int
    step: str
    device_time: datetime
    about: UUID | None = None
    base: int | None = None
    after: UUID | None = None
    body: dict[str, Any] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        """As it is told, and may be read again."""
        return asdict(self)


def carry_out(commands: Sequence[Command], *, device: Device, by: Post, at: datetime) -> list[dict[str, Any]]:
    """Carries the steps out in the order of their numbers and answers in that order."""
    failed: set[UUID] = set()
    answers = []
    for command in sorted(commands, key=lambda each: each.seq):
        answered = answer(command, device=device, by=by, at=at, failed=failed)
        (failed.discard if answered["result"] in {APPLIED, REPEATED} else failed.add)(command.id)
        answers.append({"id": str(command.id), "seq": command.seq, **answered})
    return answers


def corrected(command: Command, device: Device) -> datetime:
    """When it was done, by the server's clock: the phone's own, set right by what it was off by."""
    return command.device_time + timedelta(milliseconds=device.clock_offset)


def answer(command: Command, *, device: Device, by: Post, at: datetime, failed: set[UUID]) -> dict[str, Any]:
    """Carries one step out: {result, code, detail, state}. `failed`: the steps before it that were not."""
    try:
        lacks = command.after and (command.after in failed or not _carried(command.after, device))
        if lacks and not _carried(command.id, device):  # an administrator may have had it carried out all the same
            raise Depends
        result, kept = once(command, device=device, by=by, at=at)
    except (ChangedMeanwhile, VisitOver) as refusal:
        return _said(CONFLICT, refusal, state=state(command.about, by=by))
    except Refusal as refusal:
        return _said(REFUSED, refusal, state=state(command.about, by=by))
    except (OperationalError, InterfaceError):
        raise  # the database is away: the phone sends the rest again
    except Exception:
        log.exception("step %s of a phone broke", command.id)
        text = _("Something broke on our side. Nothing was changed. It has been written down for the people who run "
                 "this.")  # fmt: skip
        return {"result": REFUSED, "code": "broken", "detail": text, "state": None}
    about = UUID(kept["about"]) if kept.get("about") else command.about
    more = {key: value for key, value in kept.items() if key != "about"}
    return {"result": result, "code": "", "detail": "", "state": {**(state(about, by=by) or {}), **more} or None}


def _said(result: str, refusal: Refusal, *, state: dict[str, Any] | None) -> dict[str, Any]:
    return {"result": result, "code": refusal.code, "detail": refusal.message, "state": state}


def _carried(command_id: UUID, device: Device) -> bool:
    return Carried.objects.filter(pk=command_id, device=device).exists()


@transaction.atomic
def once(command: Command, *, device: Device, by: Post, at: datetime) -> tuple[str, dict[str, Any]]:
    """What was done, and what is kept of it. Raises whatever refuses it; then nothing of it is there."""
    asked = {"about": command.about, "body": command.body}
    earlier = journal.once(command.id, author=by, name=f"field.{command.step}"[:100], body=asked, at=at)
    if earlier is not None:
        return REPEATED, earlier
    if command.step not in STEPS:
        raise UnknownStep(field="step")
    shape, work = STEPS[command.step]
    try:
        body = shape.model_validate(command.body)
    except ValidationError as problem:
        names = ", ".join(sorted({".".join(map(str, each["loc"])) for each in problem.errors()}))
        raise StepIncomplete(field="body", fields=names) from problem
    before = _same(command, device=device, by=by)
    photo = devices.take_photo(command_id=command.id, device=device) if command.step in WITH_PHOTO else None
    about, more = work(Doing(command.id, command.about, body, photo, device, by, at))
    told = {**more, "about": str(about.pk)} if about else more
    _keep(command, about, before=before, device=device, by=by, at=at)
    journal.answer(command.id, told)
    return APPLIED, told


def _same(command: Command, *, device: Device, by: Post) -> int | None:
    """The version of what it is about, locked; None where it is about nothing. Raises NotFound, ChangedMeanwhile.

    What this phone itself did since the version it knew is no surprise to it.
    """
    if command.about is None:
        return None
    version = access.lock(command.about, viewer=by).version
    if command.base is not None and version != command.base:
        rows = Carried.objects.filter(device=device, about=command.about, version_after__gt=command.base)
        own = dict(rows.values_list("version_before", "version_after"))
        known: int | None = command.base
        while known is not None and known < version:
            known = own.get(known)
        if known != version:
            raise ChangedMeanwhile
    return version


def _keep(
    command: Command, about: Incident | Visit | None, *, before: int | None, device: Device, by: Post, at: datetime
) -> None:
    """The evidence: what the phone's clock said, set right, and whether the two times lie apart."""
    done_at = corrected(command, device)
    apart = round((at - done_at).total_seconds())
    flagged = abs(at - done_at) > FLAGGED
    incident = about if isinstance(about, Incident) else None
    Carried.objects.create(
        id=command.id, device=device, seq=command.seq, step=command.step, about=about.pk if about else None,
        version_before=(0 if before is None else before) if incident else None,
        version_after=incident.version if incident else None,
        at=at, device_time=command.device_time, corrected_time=done_at, flagged=flagged,
    )  # fmt: skip
    journal.record(
        "workflows.field_step", about or by, by=by, at=at, command_id=command.id, step=command.step,
        device=device.pk, device_time=command.device_time, corrected_time=done_at, seconds_apart=apart,
        clock_off_seconds=round(device.clock_offset / 1000), flagged=flagged,
        clock_flagged=abs(timedelta(milliseconds=device.clock_offset)) > FLAGGED,
    )  # fmt: skip


def state(about: UUID | None, *, by: Post) -> dict[str, Any] | None:
    """How an incident in sight stands now; None for any other."""
    if about is None:
        return None
    try:
        incident = access.get(about, viewer=by, related=())
    except NotFound:
        return None
    return {
        "id": str(incident.pk), "number": incident.number, "status": str(incident.status),
        "version": incident.version, "due_at": incident.due_at.isoformat() if incident.due_at else None,
        "steps": next_steps(incident, by=by),
    }  # fmt: skip


def next_steps(incident: Incident, *, by: Post) -> list[str]:
    """The steps of a phone that may come next."""
    found = [str(move.step) for move in following(incident.status) if by.may(move.ability)]
    return [step for step in found if step in STEPS]
