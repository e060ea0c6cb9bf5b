"""What a phone's steps are: for each the body it takes, and the operation of a domain that it means."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Schema
from pydantic import Field, StringConstraints

from qipan.foundation.areas.access import get as get_area
from qipan.foundation.areas.models import Premises
from qipan.foundation.devices.models import Carried, Device
from qipan.foundation.posts import access as posts
from qipan.foundation.posts import operations as shifts
from qipan.foundation.posts.models import Post
from qipan.foundation.refusals import Invalid, NotFound
from qipan.incidents import access, operations
from qipan.incidents.api import schemas
from qipan.incidents.models import Category, Incident
from qipan.incidents.operations.report import Place
from qipan.inspections.models import Finding, Visit
from qipan.inspections.operations import Found
from qipan.workflows.inspections import finish_visit


class PhotoNotHere(Invalid):
    """The photo of this step has not arrived yet. It is sent again with the next queue."""


class NoReportHere(Invalid):
    """This photo names neither an incident nor a report or finding that was carried out."""


class Nothing(Schema):
    """A step that says nothing more."""


class ExtendIn(Schema):
    days: int = Field(ge=1, le=365)
    reason: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)]


class PhotoIn(Schema):
    stage: Literal["report", "answer", "verify"]
    of: UUID | None = None  # the report's or visit's command, where the incident's id is not known yet
    item: UUID | None = None  # for a visit: the line of the checklist whose finding it shows


class FoundIn(Schema):
    item: UUID
    text: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)] = ""
    settled: bool = False  # put right while the visitor was there


class VisitIn(Schema):
    visit: UUID
    findings: list[FoundIn] = Field(default=[], max_length=200)
    note: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)] = ""


@dataclass(frozen=True, slots=True)
class Doing:
    """One step as it is carried out, inside its transaction."""

    id: UUID
    about: UUID | None
    body: Any
    photo: bytes | None
    device: Device
    by: Post
    at: datetime

    @property
    def incident(self) -> UUID:
        """The incident that it is about. Raises NotFound where it names none."""
        if self.about is None:
            raise NotFound(field="about")
        return self.about


Done = tuple[Incident | Visit | None, dict[str, Any]]  # what it changed, and what else to answer


def _report(doing: Doing) -> Done:
    body, by = doing.body, doing.by
    premises = None
    if body.premises:
        premises = Premises.objects.filter(pk=body.premises, district=by.district_id).first()
        if premises is None:
            raise NotFound(field="premises")
    category = Category.objects.filter(district=by.district_id, key=body.category, valid_to=None).first()
    if category is None:
        raise NotFound(field="category")
    place = Place(
        longitude=body.longitude, latitude=body.latitude, premises=premises, address=body.address,
        area=get_area(body.area, viewer=by) if body.area else None, names=tuple(body.names),
    )  # fmt: skip
    incident, code = operations.report(
        category=category, place=place, title=body.title, text=body.text, urgent=body.urgent, source="staff",
        channel="field", contact=operations.Contact(**body.contact.model_dump()) if body.contact else None,
        accused=posts.unit(body.accused, viewer=by) if body.accused else None,
        victim_cannot_act=body.victim_cannot_act, draft=body.draft, by=by, at=doing.at,
    )  # fmt: skip
    _photo(doing, "report", incident)
    return incident, {"tracking_code": code} if code else {}


def _sign(doing: Doing) -> Done:
    return operations.sign(incident_id=doing.incident, by=doing.by, at=doing.at), {}


def _start(doing: Doing) -> Done:
    return operations.start(incident_id=doing.incident, by=doing.by, at=doing.at), {}


def _answer(doing: Doing) -> Done:
    _photo(doing, "answer")
    return operations.answer(incident_id=doing.incident, text=doing.body.text, by=doing.by, at=doing.at), {}


def _verify(doing: Doing) -> Done:
    _photo(doing, "verify")
    return operations.verify(incident_id=doing.incident, note=doing.body.note, by=doing.by, at=doing.at), {}


def _rework(doing: Doing) -> Done:
    _photo(doing, "verify")
    return operations.rework(incident_id=doing.incident, reason=doing.body.reason, by=doing.by, at=doing.at), {}


def _extend(doing: Doing) -> Done:
    asked = operations.ask(incident_id=doing.incident, kind="extension", days=doing.body.days,
                           reason=doing.body.reason, by=doing.by, at=doing.at)  # fmt: skip
    return asked.incident, {"ask": str(asked.pk)}


def _visit(doing: Doing) -> Done:
    found = [Found(item_id=each.item, text=each.text, settled=each.settled) for each in doing.body.findings]
    visit = finish_visit(visit_id=doing.body.visit, found=found, note=doing.body.note, by=doing.by, at=doing.at)
    opened = {str(item): str(incident) for item, incident in visit.findings.values_list("item", "incident_id")}
    return visit, {"visit": str(visit.pk), "incidents": opened}


def _shift_on(doing: Doing) -> Done:
    return None, {"shift": str(shifts.open_shift(by=doing.by, at=doing.at).pk), "on_duty": True}


def _shift_off(doing: Doing) -> Done:
    return None, {"shift": str(shifts.close_shift(by=doing.by, at=doing.at).pk), "on_duty": False}


def _add_photo(doing: Doing) -> Done:
    if doing.photo is None:
        raise PhotoNotHere(field="photo")
    about = doing.about
    if about is None and doing.body.of:
        made = Carried.objects.filter(pk=doing.body.of, device=doing.device)
        if doing.body.item:
            findings = Finding.objects.filter(visit__in=made.filter(step="visit").values("about"), item=doing.body.item)
            about = findings.values_list("incident_id", flat=True).first()
        else:
            about = made.filter(step="report").values_list("about", flat=True).first()
    if about is None:
        raise NoReportHere(field="of")
    incident = access.lock(about, viewer=doing.by)
    _photo(doing, doing.body.stage, incident)
    return incident, {}


def _photo(doing: Doing, stage: str, incident: Incident | None = None) -> None:
    """The photo that came under this command's id, if one did, becomes the incident's."""
    if doing.photo is not None:
        incident = incident or access.lock(doing.incident, viewer=doing.by)
        operations.attach(incident=incident, stage=stage, data=doing.photo, by=doing.by, at=doing.at)


STEPS: dict[str, tuple[type[Schema], Callable[[Doing], Done]]] = {
    "report": (schemas.ReportIn, _report),
    "sign": (Nothing, _sign),
    "start": (Nothing, _start),
    "answer": (schemas.AnswerIn, _answer),
    "verify": (schemas.NoteIn, _verify),
    "rework": (schemas.ReasonIn, _rework),
    "extend": (ExtendIn, _extend),
    "visit": (VisitIn, _visit),
    "shift_on": (Nothing, _shift_on),
    "shift_off": (Nothing, _shift_off),
    "photo": (PhotoIn, _add_photo),
}

WITH_PHOTO = frozenset({"report", "answer", "verify", "rework", "photo"})  # steps to which a photo may belong
