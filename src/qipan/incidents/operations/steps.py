"""What every step has in common: the rule is checked, the row changed, the journal told, the clock moved on."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import connection

from qipan.foundation.duties import clocks
from qipan.foundation.duties import operations as duties
from qipan.foundation.duties.models import Duty
from qipan.foundation.journal import operations as journal
from qipan.foundation.journal.rules import SYSTEM, HasAuthor
from qipan.foundation.outbox import operations as outbox
from qipan.foundation.posts.access import require
from qipan.foundation.posts.models import Post, Unit
from qipan.foundation.vault import operations as vault
from qipan.incidents.models import Incident
from qipan.incidents.operations.said import said
from qipan.incidents.rules import classes
from qipan.incidents.rules.classes import CLASSES, Klass, Leg
from qipan.incidents.rules.steps import ENDED, STATUS_NAMES, STEPS, Status, Step, check
from qipan.kernels.clock import Limit

SAID = {
    Step.SUBMIT: "reported",
    Step.RECEIVE: "received",
    Step.ACCEPT: "accepted",
    Step.DECLINE: "declined",
    Step.VOID: "voided",
    Step.MERGE: "merged",
    Step.UNMERGE: "unmerged",
    Step.DISPATCH: "dispatched",
    Step.SIGN: "signed",
    Step.START: "started",
    Step.ANSWER: "answered",
    Step.RETURN: "returned",
    Step.CHECK_BACK: "sent_to_verify",
    Step.VERIFY: "verified",
    Step.REWORK: "sent_back",
    Step.CLOSE: "closed",
    Step.RATE: "rated",
    Step.REOPEN: "reopened",
    Step.REFER: "referred",
    Step.SETTLE: "settled",
}


def allow(incident: Incident, step: Step, *, by: Post | HasAuthor) -> Status:
    """The status that a step leads to. Asked before its clocks are moved. Raises NotYours or WrongStep."""
    if isinstance(by, Post):
        require(by, STEPS[step].ability)
    return check(step, incident.status)


def take(
    incident: Incident,
    step: Step,
    *,
    by: Post | HasAuthor,
    at: datetime,
    reason: str = "",
    save: bool = True,
    **detail: Any,
) -> Incident:
    """Take one step of the table: checks ability and status, saves the row, records the entry.

    Fields that the caller set on `incident` before, and the deadline of a leg begun or ended before, are saved with
    it: one write of a row that a score of indexes hold. `save` False: another step follows at once and saves it.
    Raises NotYours or WrongStep.
    """
    before = incident.status
    incident.status = allow(incident, step, by=by)
    reason = said(incident, reason, by=by, at=at)
    incident.status_at = at
    incident.version += 1
    if save:
        incident.save(force_insert=incident._state.adding)
    ended = Status(incident.status) in ENDED and Status(before) not in ENDED
    if ended:
        vault.matter_ended(about_kind="incidents.incident", about_id=incident.pk, at=at)  # kept from today on
    journal.record(
        f"incidents.{SAID[step]}", incident, by=by, at=at, before=before, after=incident.status, reason=reason, **detail
    )
    if ended:
        _lapse(incident, at=at)
    return incident


def _lapse(incident: Incident, *, at: datetime) -> None:
    """What was asked for and not decided ends with the incident; whoever asked is told."""
    waiting = list(incident.asks.select_for_update(of=("self",)).filter(state="asked").order_by("pk"))
    for asked in waiting:
        asked.state = "lapsed"
        asked.save(update_fields=["state"])
        journal.record("incidents.lapsed", incident, by=SYSTEM, at=at, ask=asked.kind)
    if waiting:
        duties.end(about=incident, kind="incidents.decide", by=SYSTEM, at=at, outcome="lapsed")
        context = {"number": incident.number, "status": STATUS_NAMES[Status(incident.status)]}
        outbox.send_many(
            [{"template": "incidents.lapsed", "to": asked.asked_by, "context": context, "about": incident,
              "link": f"/incidents/{incident.id}/"} for asked in waiting],
            at=at,
        )  # fmt: skip


def note(incident: Incident, kind: str, *, by: HasAuthor, at: datetime, reason: str = "", **detail: Any) -> None:
    """Save and record something that leaves the status as it is."""
    reason = said(incident, reason, by=by, at=at)
    incident.version += 1
    incident.save()
    journal.record(f"incidents.{kind}", incident, by=by, at=at, reason=reason,
                   before=incident.status, after=incident.status, **detail)  # fmt: skip


def limit(incident: Incident, leg: Leg) -> tuple[Limit | list[Limit], str]:
    """The limit of a leg for this incident (several for a staged one), and by which hours working time counts.

    A non-urgent acceptance clock does not run outside staffed hours, except where the law counts natural time.
    """
    if leg is Leg.HANDLE and incident.category.stages and not incident.urgent:
        return [clocks.load_one(stage) for stage in incident.category.stages], Duty.Hours.WORKING
    klass = Klass(incident.klass)
    found = classes.limit_for(
        klass=klass, leg=leg, own=incident.category.limits, urgent=incident.urgent, level=incident.level
    )
    if leg is Leg.ACCEPT and not incident.urgent and found["clock"] == "natural" and leg not in CLASSES[klass].floors:
        found["clock"] = "working_hours"
        return clocks.load_one(found), Duty.Hours.STAFFED
    return clocks.load_one(found), Duty.Hours.WORKING


def start_leg(
    incident: Incident,
    leg: Leg,
    *,
    by: HasAuthor,
    at: datetime,
    unit: Unit | None = None,
    post: Post | None = None,
    starts_at: datetime | None = None,
) -> Duty:
    """Open the duty of a leg; its deadline is the incident's, which the step or note after this saves."""
    found, hours = limit(incident, leg)
    duty = duties.open(
        kind=f"incidents.{leg}",
        about=incident,
        unit=unit,
        post=post,
        limit=found,
        hours=hours,
        urgent=incident.urgent,
        starts_at=starts_at,
        at=at,
        by=by,
        title=incident.title,
        link=f"/incidents/{incident.id}/",
        level=incident.level,
    )
    incident.due_at = duty.due_at
    return duty


def end_leg(incident: Incident, leg: Leg, *, by: HasAuthor, at: datetime, outcome: str = "") -> bool | None:
    """End the open duty of a leg, before the step or note that saves the incident. Whether it was in time; None if
    there was none."""
    ended = duties.end(about=incident, kind=f"incidents.{leg}", by=by, at=at, outcome=outcome)
    incident.due_at = None
    return ended[0].on_time if ended else None


def end_all(incident: Incident, *, by: HasAuthor, at: datetime, outcome: str, but: str = "") -> None:
    """End every open duty of an incident that is over, but those of one kind that goes on; before the last step."""
    duties.end(about=incident, but=but, by=by, at=at, outcome=outcome)
    incident.due_at = None


def next_number(*, district_id: int, series: str, day: date) -> str:
    """The next number of a series, as YD20260401-00017: gap-free within a committed day."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO incidents_number (district_id, series, day, last) VALUES (%s, %s, %s, 1) "
            "ON CONFLICT (district_id, series, day) DO UPDATE SET last = incidents_number.last + 1 RETURNING last",
            [district_id, series, day],
        )
        return f"{series}{day:%Y%m%d}-{cursor.fetchone()[0]:05d}"
