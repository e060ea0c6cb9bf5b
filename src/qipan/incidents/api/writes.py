"""Writes along the table of steps. Each happens once for its Idempotency-Key."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja import File, Form, Router, Status
from ninja.files import UploadedFile

from qipan.foundation.areas.access import get as get_area
from qipan.foundation.areas.models import Premises
from qipan.foundation.posts import access as posts
from qipan.foundation.posts.api_once import once
from qipan.foundation.posts.api_words import _
from qipan.foundation.posts.models import Post, Unit
from qipan.foundation.refusals import NotFound
from qipan.incidents import operations
from qipan.incidents.api import schemas
from qipan.incidents.api.reads import viewer
from qipan.incidents.models import Category, Incident
from qipan.incidents.operations.report import Place

router = Router(tags=["incidents"])


def done(incident: Incident) -> dict[str, Any]:
    return {"id": str(incident.id), "number": incident.number, "status": str(incident.status),
            "version": incident.version, "due_at": incident.due_at}  # fmt: skip


def step(request: HttpRequest, name: str, incident_id: UUID, body: Any, work: Callable[[Post], Incident]) -> Any:
    """Carry out one step once and say where the incident stands."""
    by = viewer(request)
    return once(request, f"incidents.{name}:{incident_id}", body, lambda: done(work(by)))


def unit(unit_id: int, by: Post) -> Unit:
    found = posts.visible_units(viewer=by).select_related("area").filter(pk=unit_id).first()
    if found is None:
        raise NotFound(field="unit")
    return found


def category(key: str, by: Post) -> Category:
    found = Category.objects.filter(district=by.district_id, key=key, valid_to=None).first()
    if found is None:
        raise NotFound(field="category")
    return found


@router.post("", response={201: schemas.Reported}, summary=_("Report an incident"))
def report(request: HttpRequest, body: schemas.ReportIn) -> Any:
    by = viewer(request)

    def work() -> dict[str, Any]:
        premises = None
        if body.premises:
            premises = Premises.objects.filter(pk=body.premises, district=by.district_id).first()
            if premises is None:
                raise NotFound(field="premises")
        place = Place(
            longitude=body.longitude, latitude=body.latitude, premises=premises, address=body.address,
            area=get_area(body.area, viewer=by) if body.area else None, names=tuple(body.names),
        )  # fmt: skip
        contact = operations.Contact(**body.contact.model_dump()) if body.contact else None
        incident, code = operations.report(
            category=category(body.category, by), place=place, title=body.title, text=body.text, urgent=body.urgent,
            source="api" if by.scopes is not None else "staff", contact=contact, draft=body.draft, by=by,
            accused=unit(body.accused, by) if body.accused else None, at=timezone.now(),
        )  # fmt: skip
        return {**done(incident), "tracking_code": code}

    return Status(201, once(request, "incidents.report", body, work))


@router.post("/{uuid:incident_id}/submit", response=schemas.Done, summary=_("Hand in a draft"))
def submit(request: HttpRequest, incident_id: UUID) -> Any:
    def work(by: Post) -> Incident:
        return operations.submit(incident_id=incident_id, by=by, at=timezone.now())

    return step(request, "submit", incident_id, {}, work)


@router.post("/{uuid:incident_id}/settle", response=schemas.Done, summary=_("Close a draft as settled on the spot"))
def settle(request: HttpRequest, incident_id: UUID, body: schemas.AnswerIn) -> Any:
    def work(by: Post) -> Incident:
        return operations.settle(incident_id=incident_id, text=body.text, by=by, at=timezone.now())

    return step(request, "settle", incident_id, body, work)


@router.post("/{uuid:incident_id}/accept", response=schemas.Done, summary=_("Accept and file"))
def accept(request: HttpRequest, incident_id: UUID, body: schemas.AcceptIn) -> Any:
    def work(by: Post) -> Incident:
        chosen = category(body.category, by) if body.category else None
        return operations.accept(incident_id=incident_id, category=chosen, urgent=body.urgent, by=by, at=timezone.now())

    return step(request, "accept", incident_id, body, work)


@router.post("/{uuid:incident_id}/decline", response=schemas.Done, summary=_("Decline, with a reason"))
def decline(request: HttpRequest, incident_id: UUID, body: schemas.ReasonIn) -> Any:
    def work(by: Post) -> Incident:
        return operations.decline(incident_id=incident_id, reason=body.reason, by=by, at=timezone.now())

    return step(request, "decline", incident_id, body, work)


@router.post("/{uuid:incident_id}/void", response=schemas.Done, summary=_("Declare void, with a reason"))
def void(request: HttpRequest, incident_id: UUID, body: schemas.ReasonIn) -> Any:
    def work(by: Post) -> Incident:
        return operations.void(incident_id=incident_id, reason=body.reason, by=by, at=timezone.now())

    return step(request, "void", incident_id, body, work)


@router.post("/{uuid:incident_id}/dispatch", response=schemas.Done, summary=_("Send to a unit"))
def dispatch(request: HttpRequest, incident_id: UUID, body: schemas.DispatchIn) -> Any:
    def work(by: Post) -> Incident:
        to = unit(body.unit, by)
        return operations.dispatch(incident_id=incident_id, unit=to, note=body.note, by=by, at=timezone.now())

    return step(request, "dispatch", incident_id, body, work)


@router.post("/{uuid:incident_id}/refer", response=schemas.Done, summary=_("Refer a police matter"))
def refer(request: HttpRequest, incident_id: UUID, body: schemas.ReferIn) -> Any:
    def work(by: Post) -> Incident:
        return operations.refer(incident_id=incident_id, receipt=body.receipt, by=by, at=timezone.now())

    return step(request, "refer", incident_id, body, work)


@router.post("/{uuid:incident_id}/sign", response=schemas.Done, summary=_("Sign for it"))
def sign(request: HttpRequest, incident_id: UUID) -> Any:
    def work(by: Post) -> Incident:
        return operations.sign(incident_id=incident_id, by=by, at=timezone.now())

    return step(request, "sign", incident_id, {}, work)


@router.post("/{uuid:incident_id}/start", response=schemas.Done, summary=_("Say that work has begun"))
def start(request: HttpRequest, incident_id: UUID) -> Any:
    def work(by: Post) -> Incident:
        return operations.start(incident_id=incident_id, by=by, at=timezone.now())

    return step(request, "start", incident_id, {}, work)


@router.post("/{uuid:incident_id}/answer", response=schemas.Done, summary=_("Report back what was done"))
def answer(request: HttpRequest, incident_id: UUID, body: schemas.AnswerIn) -> Any:
    def work(by: Post) -> Incident:
        return operations.answer(incident_id=incident_id, text=body.text, by=by, at=timezone.now())

    return step(request, "answer", incident_id, body, work)


@router.post("/{uuid:incident_id}/check-back", response=schemas.Done, summary=_("Send for verification"))
def check_back(request: HttpRequest, incident_id: UUID, body: schemas.VerifierIn) -> Any:
    def work(by: Post) -> Incident:
        verifier = posts.post(body.verifier, viewer=by) if body.verifier else None
        return operations.check_back(incident_id=incident_id, verifier=verifier, by=by, at=timezone.now())

    return step(request, "check-back", incident_id, body, work)


@router.post("/{uuid:incident_id}/verify", response=schemas.Done, summary=_("Verified: close"))
def verify(request: HttpRequest, incident_id: UUID, body: schemas.NoteIn) -> Any:
    def work(by: Post) -> Incident:
        return operations.verify(incident_id=incident_id, note=body.note, by=by, at=timezone.now())

    return step(request, "verify", incident_id, body, work)


@router.post("/{uuid:incident_id}/rework", response=schemas.Done, summary=_("Not solved: back to the handler"))
def rework(request: HttpRequest, incident_id: UUID, body: schemas.ReasonIn) -> Any:
    def work(by: Post) -> Incident:
        return operations.rework(incident_id=incident_id, reason=body.reason, by=by, at=timezone.now())

    return step(request, "rework", incident_id, body, work)


@router.post("/{uuid:incident_id}/close", response=schemas.Done, summary=_("Close after a call back"))
def close(request: HttpRequest, incident_id: UUID, body: schemas.NoteIn) -> Any:
    def work(by: Post) -> Incident:
        return operations.close(incident_id=incident_id, note=body.note, by=by, at=timezone.now())

    return step(request, "close", incident_id, body, work)


@router.post("/{uuid:incident_id}/reopen", response=schemas.Done, summary=_("Reopen"))
def reopen(request: HttpRequest, incident_id: UUID, body: schemas.ReasonIn) -> Any:
    def work(by: Post) -> Incident:
        return operations.reopen(incident_id=incident_id, reason=body.reason, by=by, at=timezone.now())

    return step(request, "reopen", incident_id, body, work)


@router.post("/{uuid:incident_id}/merge", response=schemas.Done, summary=_("Merge into another file"))
def merge(request: HttpRequest, incident_id: UUID, body: schemas.MergeIn) -> Any:
    def work(by: Post) -> Incident:
        return operations.merge(
            incident_id=incident_id, into_id=body.into, reason=body.reason, by=by, at=timezone.now()
        )

    return step(request, "merge", incident_id, body, work)


@router.post("/{uuid:incident_id}/unmerge", response=schemas.Done, summary=_("Undo the merge"))
def unmerge(request: HttpRequest, incident_id: UUID, body: schemas.NoteIn) -> Any:
    def work(by: Post) -> Incident:
        return operations.unmerge(incident_id=incident_id, reason=body.note, by=by, at=timezone.now())

    return step(request, "unmerge", incident_id, body, work)


@router.post("/{uuid:incident_id}/photos", response={201: list[UUID]}, summary=_("Add photos"))
def photos(request: HttpRequest, incident_id: UUID, stage: Form[str], files: File[list[UploadedFile]]) -> Any:
    by = viewer(request)
    contents = [file.read() for file in files]

    def work() -> dict[str, Any]:
        added = operations.add_photos(incident_id=incident_id, stage=stage, files=contents, by=by, at=timezone.now())
        return {"photos": [str(each.id) for each in added]}

    body = {"stage": stage, "files": [hashlib.sha256(content).hexdigest() for content in contents]}
    return Status(201, once(request, f"incidents.photos:{incident_id}", body, work)["photos"])
