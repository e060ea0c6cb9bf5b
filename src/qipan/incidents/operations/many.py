"""One step on many incidents: each in a transaction of its own, by the same operation and rules as by hand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from django.db import transaction

from qipan.foundation.journal import operations as journal
from qipan.foundation.posts import access as posts
from qipan.foundation.posts.access import require
from qipan.foundation.posts.models import Post
from qipan.foundation.refusals import Invalid, Refusal
from qipan.incidents import access, routing
from qipan.incidents.operations.desk import dispatch
from qipan.incidents.operations.supervise import remind, supervise
from qipan.incidents.rules.steps import Step, check

MOST = 200
STEPS = {"dispatch": "incidents.dispatch", "remind": "incidents.remind", "supervise": "incidents.supervise"}


class NoRule(Invalid):
    """No routing rule says where this goes. Choose a unit."""


class NothingChosen(Invalid):
    """Choose at least one incident from the list first."""


class TooManyAtOnce(Invalid):
    """At most {most} incidents at once. Take them in parts, the most urgent first."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be done to each. `unit`: where to dispatch to, None: as the routing rules suggest; `text`: the remark,
    or what a supervision asks."""

    step: str
    unit: int | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one, or would: with whom it is now, or why it was refused, in the refusal's own words."""

    id: UUID
    unit: str = ""
    refusal: str = ""


class _TakenBack(Exception):
    """Ends a preview."""


def preview(*, ids: Iterable[UUID], asked: Asked, by: Post, at: datetime) -> list[Outcome]:
    """What `act` would do. Every step is taken for real and taken back, so that it tells exactly what would happen;
    nothing is changed. Raises NothingChosen, TooManyAtOnce, NotYours."""
    return [_one(each, asked, by, at, command=None) for each in _chosen(ids, asked, by)]


def act(*, ids: Iterable[UUID], asked: Asked, by: Post, at: datetime, command: UUID) -> list[Outcome]:
    """Take the step on each. Under the same `command` again nothing is done twice: what was refused or not come to is
    tried again. Raises NothingChosen, TooManyAtOnce, NotYours."""
    return [_one(each, asked, by, at, command=uuid5(command, str(each))) for each in _chosen(ids, asked, by)]


def _chosen(ids: Iterable[UUID], asked: Asked, by: Post) -> list[UUID]:
    require(by, STEPS[asked.step])
    found = list(dict.fromkeys(ids))
    if not found:
        raise NothingChosen
    if len(found) > MOST:
        raise TooManyAtOnce(most=MOST)
    return found


def _one(incident_id: UUID, asked: Asked, by: Post, at: datetime, *, command: UUID | None) -> Outcome:
    unit = ""
    body = {"incident": str(incident_id), "unit": asked.unit, "note": asked.text}
    try:
        with transaction.atomic():
            done = journal.once(command, author=by, name=f"incidents.many.{asked.step}", body=body, at=at)
            if done is not None:
                return Outcome(incident_id)
            unit = _step(incident_id, asked, by, at)
            journal.answer(command, {"id": str(incident_id)})
            if command is None:
                raise _TakenBack
    except _TakenBack:
        pass
    except Refusal as refusal:
        return Outcome(incident_id, refusal=refusal.message)
    return Outcome(incident_id, unit)


def _step(incident_id: UUID, asked: Asked, by: Post, at: datetime) -> str:
    """Take it; the name of the unit that it is with."""
    incident = access.get(incident_id, viewer=by, related=("category", "unit", "desk"))
    if asked.step == "remind":
        remind(incident_id=incident_id, by=by, at=at, note_text=asked.text)
        return str(incident.unit or incident.desk or "")
    if asked.step == "supervise":
        supervise(incident_id=incident_id, question=asked.text, by=by, at=at)
        return str(incident.unit or incident.desk or "")
    check(Step.DISPATCH, incident.status)
    unit = posts.unit(asked.unit, viewer=by) if asked.unit else routing.suggest(incident, at=at)
    if unit is None:
        raise NoRule
    dispatch(incident_id=incident_id, unit=unit, note=asked.text, by=by, at=at)
    return unit.name
