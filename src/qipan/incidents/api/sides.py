"""Side tracks, supervision, reminders and second checks over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema, Status

from qipan.foundation.posts.api_once import once
from qipan.foundation.posts.api_words import _
from qipan.incidents import operations
from qipan.incidents.api import schemas
from qipan.incidents.api.reads import viewer
from qipan.incidents.api.writes import unit
from qipan.kernels.clock import Limit

router = Router(tags=["side tracks"])


class Kept(Schema):
    """What was made or changed, and its state."""

    id: UUID
    state: str


class CheckIn(Schema):
    confirmed: bool
    note: schemas.Reason = ""


@router.post("/{uuid:incident_id}/asks", response={201: Kept}, summary=_("Ask for a side track"))
def ask(request: HttpRequest, incident_id: UUID, body: schemas.AskIn) -> Any:
    by = viewer(request)

    def work() -> dict[str, Any]:
        asked = operations.ask(
            incident_id=incident_id, kind=body.kind, reason=body.reason, days=body.days,
            unit=unit(body.unit, by) if body.unit else None, by=by, at=timezone.now(),
        )  # fmt: skip
        return {"id": str(asked.id), "state": asked.state}

    return Status(201, once(request, f"incidents.ask:{incident_id}", body, work))


@router.post("/asks/{uuid:ask_id}/decide", response=Kept, summary=_("Grant or refuse a request"))
def decide(request: HttpRequest, ask_id: UUID, body: schemas.DecideIn) -> Any:
    by = viewer(request)

    def work() -> dict[str, Any]:
        asked = operations.decide(ask_id=ask_id, approve=body.approve, reason=body.reason, by=by, at=timezone.now())
        return {"id": str(asked.id), "state": asked.state}

    return once(request, f"incidents.decide:{ask_id}", body, work)


@router.post("/asks/{uuid:ask_id}/withdraw", response=Kept, summary=_("Withdraw a request"))
def withdraw(request: HttpRequest, ask_id: UUID) -> Any:
    by = viewer(request)

    def work() -> dict[str, Any]:
        asked = operations.withdraw(ask_id=ask_id, by=by, at=timezone.now())
        return {"id": str(asked.id), "state": asked.state}

    return once(request, f"incidents.withdraw:{ask_id}", {}, work)


@router.post("/{uuid:incident_id}/assistance", response=Kept, summary=_("Say what the helping unit did"))
def assistance(request: HttpRequest, incident_id: UUID, body: schemas.AnswerIn) -> Any:
    by = viewer(request)

    def work() -> dict[str, Any]:
        operations.answer_assistance(incident_id=incident_id, text=body.text, by=by, at=timezone.now())
        return {"id": str(incident_id), "state": "answered"}

    return once(request, f"incidents.assistance:{incident_id}", body, work)


@router.post("/{uuid:incident_id}/remind", response={201: Kept}, summary=_("Remind whoever has it now"))
def remind(request: HttpRequest, incident_id: UUID, body: schemas.NoteIn) -> Any:
    by = viewer(request)

    def work() -> dict[str, Any]:
        operations.remind(incident_id=incident_id, note_text=body.note, by=by, at=timezone.now())
        return {"id": str(incident_id), "state": "reminded"}

    return Status(201, once(request, f"incidents.remind:{incident_id}", body, work))


@router.post("/{uuid:incident_id}/supervise", response={201: Kept}, summary=_("Put under supervision"))
def supervise(request: HttpRequest, incident_id: UUID, body: schemas.SuperviseIn) -> Any:
    by = viewer(request)

    def work() -> dict[str, Any]:
        found = operations.supervise(
            incident_id=incident_id, question=body.question, listed=body.listed, by=by, at=timezone.now(),
            limit=Limit.working_days(body.working_days),
        )  # fmt: skip
        return {"id": str(found.id), "state": "open"}

    return Status(201, once(request, f"incidents.supervise:{incident_id}", body, work))


@router.post("/supervisions/{uuid:supervision_id}/answer", response=Kept, summary=_("Answer a supervision"))
def answer_supervision(request: HttpRequest, supervision_id: UUID, body: schemas.AnswerIn) -> Any:
    by = viewer(request)

    def work() -> dict[str, Any]:
        operations.answer_supervision(supervision_id=supervision_id, text=body.text, by=by, at=timezone.now())
        return {"id": str(supervision_id), "state": "answered"}

    return once(request, f"incidents.supervision_answer:{supervision_id}", body, work)


@router.post("/supervisions/{uuid:supervision_id}/end", response=Kept, summary=_("End a supervision"))
def end(request: HttpRequest, supervision_id: UUID, body: schemas.NoteIn) -> Any:
    by = viewer(request)

    def work() -> dict[str, Any]:
        operations.end_supervision(supervision_id=supervision_id, note_text=body.note, by=by, at=timezone.now())
        return {"id": str(supervision_id), "state": "ended"}

    return once(request, f"incidents.supervision_end:{supervision_id}", body, work)


@router.post("/ratings/{uuid:rating_id}/call-back", response=Kept, summary=_("Note a call back"))
def call_back(request: HttpRequest, rating_id: UUID, body: schemas.NoteIn) -> Any:
    by = viewer(request)

    def work() -> dict[str, Any]:
        operations.call_back(rating_id=rating_id, note=body.note, by=by, at=timezone.now())
        return {"id": str(rating_id), "state": "called"}

    return once(request, f"incidents.call_back:{rating_id}", body, work)


@router.post("/checks/{uuid:spot_check_id}", response=Kept, summary=_("The result of a second check"))
def check(request: HttpRequest, spot_check_id: UUID, body: CheckIn) -> Any:
    by = viewer(request)

    def work() -> dict[str, Any]:
        operations.check_again(
            spot_check_id=spot_check_id, confirmed=body.confirmed, note=body.note, by=by, at=timezone.now()
        )
        return {"id": str(spot_check_id), "state": "confirmed" if body.confirmed else "reopened"}

    return once(request, f"incidents.check:{spot_check_id}", body, work)
