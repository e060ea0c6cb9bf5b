"""The unit: sign, start, report back; help another; settle on the spot (即办)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from qipan.foundation.duties import operations as duties
from qipan.foundation.posts.models import Post
from qipan.foundation.refusals import Conflict, Forbidden, Invalid, NotFound
from qipan.incidents import access
from qipan.incidents.models import Assistance, Incident
from qipan.incidents.operations.flags import flag_mass_closing
from qipan.incidents.operations.said import answered, said
from qipan.incidents.operations.steps import allow, end_leg, note, start_leg, take
from qipan.incidents.rules.classes import CLASSES, Klass, Leg
from qipan.incidents.rules.steps import Step


class NotYourUnit(Forbidden):
    """This was sent to another unit."""


class AnswerMissing(Invalid):
    """Say what was done, in a sentence; the person who reported it will read it."""


class PhotoMissing(Invalid):
    """This kind of event needs a photo: {reason}"""


class NotOnTheSpot(Conflict):
    """This kind of event cannot be settled on the spot; report it instead."""


def _own(incident: Incident, by: Post) -> None:
    if incident.handler_id != by.pk and (by.unit_id is None or incident.unit_id != by.unit_id):
        raise NotYourUnit


@transaction.atomic
def sign(*, incident_id: UUID, by: Post, at: datetime) -> Incident:
    """Take a dispatched incident on for the unit; who signs is its handler. Raises NotYourUnit, WrongStep."""
    incident = access.lock(incident_id, viewer=by)
    _own(incident, by)
    incident.handler, incident.signed_at = by, at
    take(incident, Step.SIGN, by=by, at=at)
    duties.reassign(about=incident, kind="incidents.handle", post=by, by=by, at=at)
    return incident


@transaction.atomic
def start(*, incident_id: UUID, by: Post, at: datetime) -> Incident:
    """Say that work has begun. Raises NotYourUnit, WrongStep."""
    incident = access.lock(incident_id, viewer=by)
    _own(incident, by)
    return take(incident, Step.START, by=by, at=at)


@transaction.atomic
def answer(*, incident_id: UUID, text: str, by: Post, at: datetime) -> Incident:
    """Report back what was done; the handling clock ends and the desk's verification clock starts.

    Raises AnswerMissing, PhotoMissing where the class asks for one, NotYourUnit, WrongStep.
    """
    incident = access.lock(incident_id, viewer=by)
    _own(incident, by)
    allow(incident, Step.ANSWER, by=by)
    if not text.strip():
        raise AnswerMissing(field="text")
    reason = incident.category.photo_reason
    if reason and not incident.attachments.filter(stage="answer").exists():
        raise PhotoMissing(field="photos", reason=reason)
    incident.handler = incident.handler or by
    incident.answer, incident.answered_at = answered(incident, text, by=by, at=at), at
    on_time = end_leg(incident, Leg.HANDLE, by=by, at=at, outcome="answered")
    incident.on_time = on_time if incident.on_time is None else incident.on_time and on_time is not False
    flag_mass_closing(incident, at=at)
    start_leg(incident, Leg.VERIFY, by=by, at=at, unit=incident.desk)
    take(incident, Step.ANSWER, by=by, at=at, on_time=on_time)
    return incident


@transaction.atomic
def answer_assistance(*, incident_id: UUID, text: str, by: Post, at: datetime) -> Assistance:
    """The helping unit says what it did. Raises AnswerMissing, NotFound if the unit was not asked."""
    incident = access.lock(incident_id, viewer=by)
    found = incident.assistance.select_for_update().filter(unit=by.unit_id, answered_at=None).first()
    if found is None:
        raise NotFound
    if not text.strip():
        raise AnswerMissing(field="text")
    found.answer, found.answered_by, found.answered_at = said(incident, text, by=by, at=at, most=1000), by, at
    found.save()
    duties.end(about=incident, kind="incidents.assist", unit=found.unit, by=by, at=at, outcome="answered")
    note(incident, "assisted", by=by, at=at, unit=found.unit.name)
    return found


@transaction.atomic
def settle(*, incident_id: UUID, text: str, by: Post, at: datetime) -> Incident:
    """Close what the person on the spot noted (a draft of `by`) and put right at once; a share is checked afterwards.

    Raises NotOnTheSpot, AnswerMissing, PhotoMissing, WrongStep; NotFound for another's draft.
    """
    incident = access.lock(incident_id, viewer=by)
    rule = CLASSES[Klass(incident.klass)]
    if incident.private or rule.confirm_first or rule.floors or incident.major:
        raise NotOnTheSpot
    if not text.strip():
        raise AnswerMissing(field="text")
    reason = incident.category.photo_reason
    if reason and not incident.attachments.exists():
        raise PhotoMissing(field="photos", reason=reason)
    incident.immediate, incident.on_time, incident.handler = True, True, by
    incident.unit = by.unit
    incident.filed_at = incident.answered_at = incident.closed_at = at
    incident.outcome, incident.answer = "settled", answered(incident, text, by=by, at=at)
    return take(incident, Step.SETTLE, by=by, at=at, klass=incident.klass, category=incident.category.key)
