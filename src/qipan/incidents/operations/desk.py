"""The desk: accept, decline, void, dispatch, refer, send for verification."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from qipan.foundation.areas.models import Level
from qipan.foundation.duties import operations as duties
from qipan.foundation.journal.rules import SYSTEM
from qipan.foundation.posts.access import NotYours
from qipan.foundation.posts.models import Post, Unit
from qipan.foundation.refusals import Conflict, Invalid
from qipan.incidents import access, routing
from qipan.incidents.models import Category, Incident
from qipan.incidents.operations.conceal import narrow
from qipan.incidents.operations.said import answered
from qipan.incidents.operations.steps import allow, end_all, end_leg, note, start_leg, take
from qipan.incidents.operations.tell import tell_reporters
from qipan.incidents.operations.upward import owe_anew
from qipan.incidents.rules.classes import CLASSES, Klass, Leg
from qipan.incidents.rules.steps import AT_DESK, WITH_UNIT, Status, Step, WrongStep


class ReasonMissing(Invalid):
    """Give the reason; the person who reported it will read it."""


class UnitEnded(Invalid):
    """This unit no longer exists. Please choose another."""


class ToTheAccused(Conflict):
    """An accusation never goes to the unit that it is about. Please choose another unit."""


class NotOnTheList(Conflict):
    """This kind of work is not on the list of duties of that level. Choose a district department instead."""


class NotAPoliceMatter(Conflict):
    """Only a police matter is referred. Dispatch this one to a unit."""


class OnlyReferred(Conflict):
    """A police matter is referred to the police at once; only the receipt is kept here."""


class PoliceOnly(Conflict):
    """The victim is a minor or cannot act for themselves: refer this to the police at once, to nobody else."""


class VictimChooses(Invalid):
    """Ask the victim first, and say that the victim chose this. Without that it goes nowhere."""


class NotProtected(Conflict):
    """This is asked only of what is never mediated."""


class MarkedAlready(Conflict):
    """It is marked already: it is for the police only."""


class SamePerson(Conflict):
    """Whoever handled it cannot verify it. Please choose somebody else."""


@transaction.atomic
def accept(
    *, incident_id: UUID, by: Post, at: datetime, category: Category | None = None, urgent: bool | None = None,
    victim_cannot_act: bool | None = None,
) -> Incident:  # fmt: skip
    """Accept and file what was reported, perhaps under a better category; the dispatch clock starts.

    A category that makes it private takes its words and photos out of sight; one hidden from the village takes it off
    the village's desk. `victim_cannot_act` (None: as reported) counts only where the category is never mediated.

    Raises WrongStep if it was decided already, NotFound outside `by`'s jurisdiction.
    """
    incident = access.lock(incident_id, viewer=by)
    detail: dict[str, Any] = {}
    if category is not None and category.pk != incident.category_id:
        detail["category"] = {"from": incident.category.key, "to": category.key}
        incident.category, incident.klass = category, category.klass
        narrow(incident, private=category.private or CLASSES[Klass(category.klass)].private,
               hidden=category.hidden_from_village, by=by, at=at)  # fmt: skip
    asked = incident.victim_cannot_act if victim_cannot_act is None else victim_cannot_act
    if incident.victim_cannot_act != (asked and incident.category.never_mediated):
        detail["victim_cannot_act"] = incident.victim_cannot_act = not incident.victim_cannot_act
    if urgent is not None and urgent != incident.urgent:
        incident.urgent, detail["urgent"] = urgent, urgent
    incident.filed_at = at
    allow(incident, Step.ACCEPT, by=by)
    end_leg(incident, Leg.ACCEPT, by=by, at=at, outcome="accepted")
    start_leg(incident, Leg.DISPATCH, by=by, at=at, unit=incident.desk)
    take(incident, Step.ACCEPT, by=by, at=at, **detail)
    if "category" in detail:
        owe_anew(incident, outcome="reclassified", by=by, at=at)
    tell_reporters(incident, "incidents.accepted", at=at)
    return incident


@transaction.atomic
def decline(*, incident_id: UUID, reason: str, by: Post, at: datetime) -> Incident:
    """Decline what is not for this district, with a reason that the reporter reads. Raises ReasonMissing, WrongStep."""
    incident = access.lock(incident_id, viewer=by)
    if not reason.strip():
        raise ReasonMissing(field="reason")
    incident.outcome, incident.answer = "declined", answered(incident, reason, by=by, at=at)
    reason = incident.answer
    allow(incident, Step.DECLINE, by=by)
    end_all(incident, by=by, at=at, outcome="declined")
    take(incident, Step.DECLINE, by=by, at=at, reason=reason)
    tell_reporters(incident, "incidents.declined", at=at)
    return incident


@transaction.atomic
def void(*, incident_id: UUID, reason: str, by: Post, at: datetime) -> Incident:
    """Declare void what was reported by mistake. Raises ReasonMissing, WrongStep."""
    incident = access.lock(incident_id, viewer=by)
    if not reason.strip():
        raise ReasonMissing(field="reason")
    incident.outcome = "void"
    allow(incident, Step.VOID, by=by)
    end_all(incident, by=by, at=at, outcome="void")
    take(incident, Step.VOID, by=by, at=at, reason=reason)
    tell_reporters(incident, "incidents.declined", at=at)
    return incident


@transaction.atomic
def dispatch(
    *, incident_id: UUID, unit: Unit, by: Post, at: datetime, note: str = "", chosen_by_victim: bool = False
) -> Incident:
    """Send a filed incident to a unit and start that unit's clock.

    What is never mediated goes only where the victim chose, and to the police alone if the victim cannot choose.
    Raises WrongStep if it is past dispatching, UnitEnded, ToTheAccused, NotOnTheList, OnlyReferred, PoliceOnly,
    VictimChooses; NotFound outside `by`'s jurisdiction.
    """
    incident = access.lock(incident_id, viewer=by)
    if CLASSES[Klass(incident.klass)].refer:
        raise OnlyReferred
    if incident.victim_cannot_act:
        raise PoliceOnly
    choice = _choice(incident, chosen_by_victim)
    if unit.district_id != incident.district_id or not routing.in_force(at).filter(pk=unit.pk).exists():
        raise UnitEnded(field="unit")
    if unit.pk == incident.accused_id:
        raise ToTheAccused(field="unit")
    hidden = incident.hidden_from_village and unit.area.level >= Level.VILLAGE
    if unit.area.level != Level.DISTRICT and (hidden or unit.area.level not in incident.category.on_lists):
        raise NotOnTheList(field="unit")
    incident.unit, incident.handler, incident.dispatched_at = unit, None, at
    allow(incident, Step.DISPATCH, by=by)
    end_leg(incident, Leg.DISPATCH, by=by, at=at, outcome="dispatched")
    start_leg(incident, Leg.HANDLE, by=by, at=at, unit=unit)
    take(incident, Step.DISPATCH, by=by, at=at, reason=note, unit=unit.name, **choice)
    return incident


@transaction.atomic
def refer(*, incident_id: UUID, receipt: str, by: Post, at: datetime, chosen_by_victim: bool = False) -> Incident:
    """Hand a police matter over at once, or what is never mediated: for a victim who cannot act, or who chose it.

    Only the receipt stays. Raises NotAPoliceMatter, VictimChooses, ReasonMissing, WrongStep.
    """
    incident = access.lock(incident_id, viewer=by)
    protected = incident.category.never_mediated or incident.victim_cannot_act
    if not CLASSES[Klass(incident.klass)].refer and not protected:
        raise NotAPoliceMatter
    choice = _choice(incident, chosen_by_victim)
    if not receipt.strip():
        raise ReasonMissing(field="receipt")
    receipt = answered(incident, receipt, by=by, at=at)
    incident.outcome, incident.answer, incident.closed_at = "referred", receipt, at
    allow(incident, Step.REFER, by=by)
    end_all(incident, by=by, at=at, outcome="referred")
    take(incident, Step.REFER, by=by, at=at, receipt=receipt, **choice)
    return incident


@transaction.atomic
def mark_victim(*, incident_id: UUID, by: Post, at: datetime) -> Incident:
    """Say, after the acceptance, that the victim is a minor or cannot act: from now on it is for the police only.

    For the dispatcher, and for the handler of the unit that has it; what a unit has goes back to the desk, which
    refers it. It is not taken back. Raises NotProtected, MarkedAlready, WrongStep if it is over or reported back.
    """
    incident = access.lock(incident_id, viewer=by)
    if not _may_mark(incident, by):
        raise NotYours
    if not incident.category.never_mediated:
        raise NotProtected
    if incident.victim_cannot_act:
        raise MarkedAlready
    if incident.status not in MARKABLE:
        raise WrongStep(status=incident.get_status_display())
    incident.victim_cannot_act = True
    with_unit = incident.status in WITH_UNIT
    incident.unit = incident.handler = None
    note(incident, "victim_marked", by=by, at=at, victim_cannot_act=True)
    if with_unit:
        allow(incident, Step.RETURN, by=SYSTEM)
        end_leg(incident, Leg.HANDLE, by=SYSTEM, at=at, outcome="returned")
        start_leg(incident, Leg.DISPATCH, by=SYSTEM, at=at, unit=incident.desk)
        take(incident, Step.RETURN, by=SYSTEM, at=at)
    duties.end(about=incident, kind="incidents.assist", by=SYSTEM, at=at, outcome="returned")
    if incident.desk:
        for supervision in incident.supervisions.filter(ended_at=None):
            duties.reassign(about=supervision, unit=incident.desk, by=SYSTEM, at=at)
        incident.supervisions.filter(ended_at=None).update(unit=incident.desk)
    return incident


MARKABLE = AT_DESK | WITH_UNIT | {Status.FILED}


def may_mark_victim(incident: Incident, *, viewer: Post) -> bool:
    """Whether `mark_victim` makes sense for this viewer now."""
    asked = incident.category.never_mediated and not incident.victim_cannot_act
    return asked and incident.status in MARKABLE and _may_mark(incident, viewer)


def _may_mark(incident: Incident, by: Post) -> bool:
    own = incident.handler_id == by.pk or (by.unit_id is not None and incident.unit_id == by.unit_id)
    return by.may("incidents.dispatch") or (by.may("incidents.handle") and own)


def _choice(incident: Incident, chosen_by_victim: bool) -> dict[str, Any]:
    """What the journal keeps of the victim's choice, where the victim has one. Raises VictimChooses."""
    if not incident.category.never_mediated or incident.victim_cannot_act:
        return {}
    if not chosen_by_victim:
        raise VictimChooses(field="chosen_by_victim")
    return {"chosen_by_victim": True}


@transaction.atomic
def check_back(*, incident_id: UUID, by: Post, at: datetime, verifier: Post | None = None) -> Incident:
    """Ask somebody who is not the handler to look whether it is solved: by default the cell's grid worker.

    Raises WrongStep before the unit reported back, SamePerson.
    """
    incident = access.lock(incident_id, viewer=by)
    verifier = verifier or routing.verifier(incident, at=at)
    if verifier is not None and (
        verifier.pk == incident.handler_id
        or (incident.handler and verifier.person_id == incident.handler.person_id)
    ):  # fmt: skip
        raise SamePerson(field="verifier")
    incident.verifier = verifier
    allow(incident, Step.CHECK_BACK, by=by)
    end_leg(incident, Leg.VERIFY, by=by, at=at, outcome="sent")
    start_leg(incident, Leg.VERIFY, by=by, at=at, post=verifier, unit=None if verifier else incident.desk)
    take(incident, Step.CHECK_BACK, by=by, at=at, verifier=str(verifier.pk) if verifier else "")
    return incident
