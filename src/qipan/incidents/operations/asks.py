"""Side tracks: asked for by one, decided by another, each by name and within caps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from qipan.foundation.areas.models import Level
from qipan.foundation.duties import operations as duties
from qipan.foundation.posts.access import require
from qipan.foundation.posts.models import Post, Unit
from qipan.foundation.refusals import Conflict, Invalid
from qipan.incidents import access, routing
from qipan.incidents.models import Ask, Assistance, Incident
from qipan.incidents.operations.desk import ReasonMissing, ToTheAccused, UnitEnded
from qipan.incidents.operations.said import said
from qipan.incidents.operations.steps import allow, end_leg, note, start_leg, take
from qipan.incidents.operations.upward import owe_anew
from qipan.incidents.queries.caps import caps_of
from qipan.incidents.rules.caps import Caps
from qipan.incidents.rules.classes import CLASSES, Klass, Leg
from qipan.incidents.rules.steps import WITH_UNIT, Status, Step, WrongStep
from qipan.kernels.clock import Limit
from qipan.kernels.ids import new_id


class AskedAlready(Conflict):
    """This was asked for already and waits for a decision."""


class DecidedAlready(Conflict):
    """This was decided already."""


class DecidedByAnother(Conflict):
    """Whoever asks cannot decide. Somebody else has to."""


class TooOften(Conflict):
    """This may be granted {most} times, and was."""


class TooLong(Invalid):
    """At the most {most} days may be granted here."""


class NoLevelThere(Conflict):
    """There is no desk at that level for this place."""


KINDS = ("return", "extension", "hold", "escalate", "send-down", "assist", "major")


@transaction.atomic
def ask(
    *, incident_id: UUID, kind: str, reason: str, by: Post, at: datetime, days: int | None = None,
    unit: Unit | None = None,
) -> Ask:  # fmt: skip
    """Ask for a side track; the desk decides. `days` for extension and hold, `unit` for assistance.

    Raises ReasonMissing, AskedAlready, TooOften, TooLong, WrongStep where the incident is not with a unit.
    """
    incident = access.lock(incident_id, viewer=by)
    require(by, "incidents.ask")
    if not reason.strip():
        raise ReasonMissing(field="reason")
    _check(incident, kind, days=days, unit=unit)
    if incident.asks.filter(kind=kind, state="asked").exists():
        raise AskedAlready
    detail: dict[str, Any] = {key: value for key, value in (("days", days), ("unit", unit and unit.pk)) if value}
    reason = said(incident, reason, by=by, at=at, most=500)
    asked = Ask.objects.create(
        id=new_id(), incident=incident, kind=kind, reason=reason, detail=detail,
        asked_by=by, asked_at=at,
    )  # fmt: skip
    note(incident, "asked", by=by, at=at, reason=reason, ask=kind, **detail)
    if incident.asks.filter(state="asked").count() == 1:  # one duty of the desk for all that waits
        duties.open(kind="incidents.decide", about=incident, unit=incident.desk, at=at, by=by,
                    limit=Limit.working(hours=4), title=incident.title, link=f"/incidents/{incident.id}/",
                    level=incident.level)  # fmt: skip
    return asked


@transaction.atomic
def withdraw(*, ask_id: UUID, by: Post, at: datetime) -> Ask:
    """Take back what one asked for. Raises DecidedAlready, NotYours for another's."""
    asked = access.lock_ask(ask_id, viewer=by)
    if asked.state != "asked" or asked.asked_by_id != by.pk:
        raise DecidedAlready
    asked.state = "withdrawn"
    asked.save()
    note(asked.incident, "withdrew", by=by, at=at, ask=asked.kind)
    _decided(asked.incident, by=by, at=at)
    return asked


@transaction.atomic
def decide(*, ask_id: UUID, approve: bool, reason: str, by: Post, at: datetime) -> Ask:
    """Grant or refuse what was asked; a grant takes effect at once.

    Raises DecidedAlready, DecidedByAnother for who asked, ReasonMissing for a refusal without one, WrongStep for a
    grant that comes when the unit has it no more.
    """
    asked = access.lock_ask(ask_id, viewer=by)
    require(by, "incidents.decide")
    incident = asked.incident
    if asked.state != "asked":
        raise DecidedAlready
    if asked.asked_by_id == by.pk or asked.asked_by.person_id == by.person_id:
        raise DecidedByAnother
    if not approve and not reason.strip():
        raise ReasonMissing(field="reason")
    asked.state = "approved" if approve else "refused"
    reason = said(incident, reason, by=by, at=at, most=500)
    asked.decided_by, asked.decided_at, asked.decision = by, at, reason
    asked.save()
    note(incident, "granted" if approve else "refused", by=by, at=at, reason=reason, ask=asked.kind, **asked.detail)
    _decided(incident, by=by, at=at)
    if approve:
        GRANTS[asked.kind](incident, asked, by, at)
    return asked


def _check(incident: Incident, kind: str, *, days: int | None, unit: Unit | None) -> None:
    if kind not in KINDS:
        raise Invalid(field="kind")
    status = Status(incident.status)
    if kind in {"return", "extension", "assist", "hold"} and status not in WITH_UNIT:
        raise WrongStep(status=incident.get_status_display())
    if incident.ended:
        raise WrongStep(status=incident.get_status_display())
    caps = caps_of(incident.district_id)
    if kind in {"extension", "hold"}:
        most = caps.hold_days if kind == "hold" else extension_days(incident, caps)
        if not days or days < 1 or days > most:
            raise TooLong(field="days", most=most)
    often = {"extension": caps.extensions, "hold": caps.holds, "return": caps.returns}
    if kind in often and incident.asks.filter(kind=kind, state="approved").count() >= often[kind]:
        raise TooOften(most=often[kind])
    if kind == "send-down" and incident.hidden_from_village and incident.level >= Level.TOWNSHIP:
        raise NoLevelThere
    if kind == "assist" and (unit is None or unit.district_id != incident.district_id or unit.pk == incident.unit_id):
        raise UnitEnded(field="unit")
    if kind == "assist" and unit is not None and unit.pk == incident.accused_id:
        raise ToTheAccused(field="unit")


def extension_days(incident: Incident, caps: Caps) -> int:
    """The longest extension: the law's where it gives one, else the district's."""
    legal = CLASSES[Klass(incident.klass)].extension
    return int(legal["amount"]) if legal else caps.extension_days


def _decided(incident: Incident, *, by: Post, at: datetime) -> None:
    if not incident.asks.filter(state="asked").exists():
        duties.end(about=incident, kind="incidents.decide", by=by, at=at, outcome="decided")


def _return(incident: Incident, asked: Ask, by: Post, at: datetime) -> None:
    incident.handler = None
    incident.unit = None
    allow(incident, Step.RETURN, by=by)
    end_leg(incident, Leg.HANDLE, by=by, at=at, outcome="returned")
    start_leg(incident, Leg.DISPATCH, by=by, at=at, unit=incident.desk)
    take(incident, Step.RETURN, by=by, at=at, reason=asked.reason)


def _still_with_unit(incident: Incident) -> None:
    if Status(incident.status) not in WITH_UNIT:  # the clock that was to wait has ended; another one runs
        raise WrongStep(status=incident.get_status_display())


def _extend(incident: Incident, asked: Ask, by: Post, at: datetime) -> None:
    _still_with_unit(incident)
    add = Limit.natural_days(asked.detail["days"])
    extended = duties.extend(about=incident, kind="incidents.handle", add=add, reason=asked.reason, by=by, at=at)
    incident.extensions += 1
    incident.due_at = extended[0].due_at if extended else None
    incident.save()


def _hold(incident: Incident, asked: Ask, by: Post, at: datetime) -> None:
    _still_with_unit(incident)
    duties.pause(about=incident, kind="incidents.handle", reason=asked.reason, asked_by=asked.asked_by, approved_by=by,
                 at=at, until=at + timedelta(days=asked.detail["days"]))  # fmt: skip
    incident.due_at = None
    incident.save()


def _move(incident: Incident, level: int, by: Post, at: datetime) -> None:
    desk = routing.desk(areas=incident.areas(), level=level, at=at, accused=incident.accused_id)
    if desk is None or desk.pk == incident.desk_id:
        raise NoLevelThere
    open_leg = {Status.REPORTED: Leg.ACCEPT, Status.AWAITING: Leg.ACCEPT, Status.FILED: Leg.DISPATCH,
                Status.ANSWERED: Leg.VERIFY, Status.VERIFYING: Leg.VERIFY}.get(Status(incident.status))  # fmt: skip
    with_unit = Status(incident.status) in WITH_UNIT
    incident.desk, incident.level = desk, desk.area.level
    if with_unit:  # the level below is not charged for what the next one needs: its leg ends, a new one begins
        incident.unit = incident.handler = None
        allow(incident, Step.RETURN, by=by)
        end_leg(incident, Leg.HANDLE, by=by, at=at, outcome="moved")
        start_leg(incident, Leg.DISPATCH, by=by, at=at, unit=desk)
        take(incident, Step.RETURN, by=by, at=at)
    else:
        if open_leg:
            end_leg(incident, open_leg, by=by, at=at, outcome="moved")
            start_leg(incident, open_leg, by=by, at=at, unit=desk)
        note(incident, "moved", by=by, at=at, desk=desk.name)
    owe_anew(incident, outcome="moved", by=by, at=at)


def _escalate(incident: Incident, asked: Ask, by: Post, at: datetime) -> None:
    if incident.level == Level.DISTRICT:
        raise NoLevelThere
    _move(incident, incident.level - 1, by, at)


def _send_down(incident: Incident, asked: Ask, by: Post, at: datetime) -> None:
    _move(incident, min(incident.level + 1, Level.VILLAGE), by, at)


def _assist(incident: Incident, asked: Ask, by: Post, at: datetime) -> None:
    unit = Unit.objects.get(pk=asked.detail["unit"])
    Assistance.objects.get_or_create(incident=incident, unit=unit, defaults={"asked_at": at})
    duties.open(kind="incidents.assist", about=incident, unit=unit, at=at, by=by, limit=Limit.working_days(3),
                title=incident.title, link=f"/incidents/{incident.id}/", level=incident.level)  # fmt: skip


def _major(incident: Incident, asked: Ask, by: Post, at: datetime) -> None:
    incident.major = "confirmed"
    note(incident, "found_major", by=by, at=at, reason=asked.reason)


GRANTS: dict[str, Callable[[Incident, Ask, Post, datetime], None]] = {
    "return": _return,
    "extension": _extend,
    "hold": _hold,
    "escalate": _escalate,
    "send-down": _send_down,
    "assist": _assist,
    "major": _major,
}
