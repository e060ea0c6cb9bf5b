"""Verification: handled is not verified, and verified is not closed until somebody else has looked."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from qipan.foundation.posts.models import Post
from qipan.foundation.refusals import Conflict
from qipan.incidents import access
from qipan.incidents.models import Incident
from qipan.incidents.operations import upward
from qipan.incidents.operations.desk import ReasonMissing, SamePerson
from qipan.incidents.operations.steps import allow, end_all, end_leg, start_leg, take
from qipan.incidents.operations.tell import tell_reporters
from qipan.incidents.rules.classes import CLASSES, Klass, Leg
from qipan.incidents.rules.steps import Step


class NeedsAVisit(Conflict):
    """This kind of event is closed after somebody looked at the place. Send it for verification."""


def _by_another(incident: Incident, by: Post) -> None:
    handler = incident.handler
    if handler is not None and (handler.pk == by.pk or handler.person_id == by.person_id):
        raise SamePerson


@transaction.atomic
def verify(*, incident_id: UUID, by: Post, at: datetime, note: str = "") -> Incident:
    """Whoever was asked to look finds it solved: closed. Raises SamePerson for the handler, WrongStep."""
    incident = access.lock(incident_id, viewer=by)
    _by_another(incident, by)
    incident.verifier = by
    return _close(incident, Step.VERIFY, by=by, at=at, note=note)


@transaction.atomic
def close(*, incident_id: UUID, note: str, by: Post, at: datetime) -> Incident:
    """Close after a call back where the class is closed by one (disputes, requests for help).

    Raises NeedsAVisit for other classes, SamePerson for the handler, ReasonMissing without a note of the call.
    """
    incident = access.lock(incident_id, viewer=by)
    if not CLASSES[Klass(incident.klass)].call_back:
        raise NeedsAVisit
    if not note.strip():
        raise ReasonMissing(field="note")
    _by_another(incident, by)
    return _close(incident, Step.CLOSE, by=by, at=at, note=note)


@transaction.atomic
def rework(*, incident_id: UUID, reason: str, by: Post, at: datetime) -> Incident:
    """It is not solved: back to the handler, whose clock starts again. Raises SamePerson, ReasonMissing, WrongStep."""
    incident = access.lock(incident_id, viewer=by)
    _by_another(incident, by)
    if not reason.strip():
        raise ReasonMissing(field="reason")
    incident.reworks += 1
    incident.verifier = None
    allow(incident, Step.REWORK, by=by)
    end_leg(incident, Leg.VERIFY, by=by, at=at, outcome="rework")
    start_leg(incident, Leg.HANDLE, by=by, at=at, unit=incident.unit, post=incident.handler)
    take(incident, Step.REWORK, by=by, at=at, reason=reason)
    return incident


def _close(incident: Incident, step: Step, *, by: Post, at: datetime, note: str) -> Incident:
    incident.closed_at, incident.outcome = at, incident.outcome or "solved"
    allow(incident, step, by=by)
    end_leg(incident, Leg.VERIFY, by=by, at=at, outcome="closed")
    end_all(incident, by=by, at=at, outcome="closed", but=upward.KIND)  # what is over is still reported upward
    take(incident, step, by=by, at=at, reason=note)
    tell_reporters(incident, "incidents.closed", at=at)
    return incident
