"""Writes along the table of steps. Each happens once for its Idempotency-Key."""

from __future__ import annotations

import hashlib
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
from qipan.foundation.posts.api_writes import write
from qipan.foundation.posts.models import Post
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


def category_of(key: str, by: Post) -> Category:
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
            category=category_of(body.category, by), place=place, title=body.title, text=body.text, urgent=body.urgent,
            source="api" if by.scopes is not None else "staff", contact=contact, draft=body.draft, by=by,
            victim_cannot_act=body.victim_cannot_act,
            accused=posts.unit(body.accused, viewer=by) if body.accused else None, at=timezone.now(),
        )  # fmt: skip
        return {**done(incident), "tracking_code": code}

    return Status(201, once(request, "incidents.report", body, work))


@router.post("/categories", response={201: schemas.CategoryOut}, summary=_("Add a category, in use from today on"))
def add_category(request: HttpRequest, body: schemas.CategoryIn) -> Any:
    by = viewer(request)

    def work() -> dict[str, Any]:
        values = body.model_dump(exclude={"klass", "key"})
        added = operations.add_category(klass=body.klass, key=body.key, values=values, by=by, at=timezone.now())
        return schemas.CategoryOut.from_orm(added).model_dump(mode="json")

    return Status(201, once(request, "incidents.add_category", body, work))


def _accept(*, category: str, by: Post, **more: Any) -> Incident:
    return operations.accept(category=category_of(category, by) if category else None, by=by, **more)


def _dispatch(*, unit: int, by: Post, **more: Any) -> Incident:
    return operations.dispatch(unit=posts.unit(unit, viewer=by), by=by, **more)


def _check_back(*, verifier: UUID | None, by: Post, **more: Any) -> Incident:
    return operations.check_back(verifier=posts.post(verifier, viewer=by) if verifier else None, by=by, **more)


def _merge(*, into: UUID, **more: Any) -> Incident:
    return operations.merge(into_id=into, **more)


def _unmerge(*, note: str, **more: Any) -> Incident:
    return operations.unmerge(reason=note, **more)


def _report_up(*, note: str, **more: Any) -> Incident:
    return operations.report_up(note_text=note, **more)


for name, summary, body, work in (
    ("submit", _("Hand in a draft"), None, operations.submit),
    ("settle", _("Close a draft as settled on the spot"), schemas.AnswerIn, operations.settle),
    ("accept", _("Accept and file"), schemas.AcceptIn, _accept),
    ("decline", _("Decline, with a reason"), schemas.ReasonIn, operations.decline),
    ("void", _("Declare void, with a reason"), schemas.ReasonIn, operations.void),
    ("dispatch", _("Send to a unit"), schemas.DispatchIn, _dispatch),
    ("refer", _("Refer a police matter"), schemas.ReferIn, operations.refer),
    ("mark-victim", _("Say that the victim cannot act: for the police only"), None, operations.mark_victim),
    ("report-up", _("Report upward, to whom and how"), schemas.NoteIn, _report_up),
    ("sign", _("Sign for it"), None, operations.sign),
    ("start", _("Say that work has begun"), None, operations.start),
    ("answer", _("Report back what was done"), schemas.AnswerIn, operations.answer),
    ("check-back", _("Send for verification"), schemas.VerifierIn, _check_back),
    ("verify", _("Verified: close"), schemas.NoteIn, operations.verify),
    ("rework", _("Not solved: back to the handler"), schemas.ReasonIn, operations.rework),
    ("close", _("Close after a call back"), schemas.NoteIn, operations.close),
    ("reopen", _("Reopen"), schemas.ReasonIn, operations.reopen),
    ("merge", _("Merge into another file"), schemas.MergeIn, _merge),
    ("unmerge", _("Undo the merge"), schemas.NoteIn, _unmerge),
):
    write(router, f"/{{uuid:incident_id}}/{name}", f"incidents.{name}", summary, ability="incidents.view", body=body,
          work=work, gives=done, answer=schemas.Done)  # fmt: skip


@router.post("/{uuid:incident_id}/photos", response={201: list[UUID]}, summary=_("Add photos"))
def photos(request: HttpRequest, incident_id: UUID, stage: Form[str], files: File[list[UploadedFile]]) -> Any:
    by = viewer(request)
    contents = [file.read() for file in files]

    def work() -> dict[str, Any]:
        added = operations.add_photos(incident_id=incident_id, stage=stage, files=contents, by=by, at=timezone.now())
        return {"photos": [str(each.id) for each in added]}

    body = {"stage": stage, "files": [hashlib.sha256(content).hexdigest() for content in contents]}
    return Status(201, once(request, f"incidents.photos:{incident_id}", body, work)["photos"])
