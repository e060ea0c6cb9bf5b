"""What the page of one incident shows beside its row: legs of its clock, history, people, side tracks, the map."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from qipan.foundation.areas import queries as areas
from qipan.foundation.areas.models import Area
from qipan.foundation.duties import access as duty_access
from qipan.foundation.duties import clocks
from qipan.foundation.duties import queries as duties
from qipan.foundation.duties.models import Duty
from qipan.foundation.duties.rules import State
from qipan.foundation.journal.models import Entry
from qipan.foundation.journal.rules import Class
from qipan.foundation.posts.models import Post
from qipan.foundation.posts.rules import Role
from qipan.foundation.vault import queries as vault
from qipan.incidents.models import Incident, Reporter
from qipan.incidents.rules.classes import LEG_NAMES, Klass, Leg, limit_for
from qipan.kernels import clock

KIND = "incidents.incident"


@dataclass(frozen=True, slots=True)
class LegRow:
    """One leg of the clock: its last duty if it ever ran, with its limit and what ran of it in the clock's own time."""

    leg: Leg
    name: str
    duty: Duty | None
    limit: clock.Limit | None
    whole: float  # minutes
    used: float
    paused: float
    rounds: int  # how often this leg ran: a rework or a reopening runs it again


def legs(incident: Incident, *, now: datetime) -> list[LegRow]:
    """The four legs in their order. Whoever sees the incident sees its clock."""
    rows = list(
        Duty.objects.filter(about_kind=KIND, about_id=incident.pk, kind__in=[f"incidents.{leg}" for leg in Leg])
        .select_related("unit", "post__person", "post__unit")
        .order_by("opened_at")
    )
    last = {row.kind: row for row in rows}
    deadlines = duties.last_deadlines(list(last.values()))
    rounds = Counter(row.kind for row in rows)
    running = [row.opened_at for row in rows if row.state != State.ENDED]
    found = []
    for leg in Leg:
        if leg_is_of_an_earlier_round(last, leg, running):
            last.pop(f"incidents.{leg}")
        duty = last.get(f"incidents.{leg}")
        deadline = deadlines.get(duty.pk) if duty else None
        found.append(_leg(incident, leg, duty, deadline, now=now, rounds=rounds[f"incidents.{leg}"]))
    return found


def leg_is_of_an_earlier_round(last: dict[str, Duty], leg: Leg, running: list[datetime]) -> bool:
    """A leg that comes after the running one but ran before it waits again: the file was reopened or sent back."""
    duty = last.get(f"incidents.{leg}")
    if duty is None or duty.state != State.ENDED or not running:
        return False
    order = list(Leg)
    here = max(
        (order.index(one) for one in order if (row := last.get(f"incidents.{one}")) and row.state != State.ENDED),
        default=-1,
    )
    return order.index(leg) > here and duty.opened_at <= max(running)


def _leg(
    incident: Incident, leg: Leg, duty: Duty | None, deadline: clock.Deadline | None, *, now: datetime, rounds: int
) -> LegRow:
    name = str(LEG_NAMES[leg])
    if duty is None:
        stages = incident.category.stages if leg is Leg.HANDLE and not incident.urgent else []
        own = {**incident.category.limits, leg: stages[-1]} if stages else incident.category.limits
        found = limit_for(klass=Klass(incident.klass), leg=leg, own=own, urgent=incident.urgent, level=incident.level)
        limit = clocks.load_one({"clock": found["clock"], "amount": found["amount"]})
        return LegRow(leg, name, None, limit, limit.budget.total_seconds() / 60, 0, 0, 0)
    if deadline is None:
        return LegRow(leg, name, duty, None, 0, 0, 0, rounds)
    until = duty.ended_at or now
    used = _minutes(deadline.elapsed(until=until))
    whole = used + _minutes(deadline.remaining(now=until).left)
    stops = sum((min(p.end or until, until) - p.begin).total_seconds() for p in deadline.pauses if p.begin < until) / 60
    return LegRow(leg, name, duty, deadline.limit, whole, used, stops if whole else 0, rounds)


def _minutes(length: Any) -> float:
    return float(length.total_seconds() / 60)


def own_duty(incident: Incident, *, viewer: Post) -> Duty | None:
    """An open duty of the viewer's about this incident: it gives sight of its people in one tap."""
    return (
        Duty.objects.filter(duty_access.owed_by(viewer), about_kind=KIND, about_id=incident.pk)
        .exclude(state=State.ENDED)
        .order_by("opened_at")
        .first()
    )


@dataclass(frozen=True, slots=True)
class Person:
    """A reporter as the page may show one: masked."""

    reporter: Reporter
    masked: dict[str, str]
    came_with: str  # the number of the merged report this one came with


def people(incident: Incident) -> tuple[list[Person], dict[str, str]]:
    """The reporters with their masked fields, and the masked fields of the incident's own sealed words."""
    reporters = list(incident.reporters.order_by("reported_at"))
    masked = vault.masked([*(one.card for one in reporters), incident.text_card])
    came = {one.came_with for one in reporters if one.came_with}
    numbers = dict(Incident.objects.filter(pk__in=came).values_list("pk", "number")) if came else {}
    found = [
        Person(
            one, masked.get(one.card, {}) if one.card else {}, numbers.get(one.came_with, "") if one.came_with else ""
        )
        for one in reporters
    ]
    return found, masked.get(incident.text_card, {}) if incident.text_card else {}


def history(incident: Incident, *, viewer: Post, more: Iterable[tuple[str, UUID]] = ()) -> list[Entry]:
    """Everything in the journal about the incident and its supervisions, newest first. The auditor and the
    data-protection officer also see who looked behind its masks; others see their own looks."""
    supervisions = list(incident.supervisions.values_list("pk", flat=True))
    cards = {card for card in incident.reporters.values_list("card", flat=True) if card}
    cards |= {card for _name, card in more if card}
    if incident.text_card:
        cards.add(incident.text_card)
    mine = Q(privacy__lte=Class.PRIVATE) | Q(post_id=viewer.pk)
    if Role(viewer.role) in {Role.AUDITOR, Role.DPO}:
        mine |= Q(privacy=Class.SECRET)
    about = Q(about_kind=KIND, about_id=incident.pk)
    about |= Q(about_kind="incidents.supervision", about_id__in=supervisions)
    about |= Q(about_kind="card", about_id__in=cards)
    rows = Entry.objects.filter(about & mine, district_id=incident.district_id)
    return list(rows.order_by("-at", "-id")[:500])


def outlines(incident: Incident, *, now: datetime) -> tuple[Area | None, Any, list[tuple[str, Any]]]:
    """The smallest area with an outline around the incident, that outline, and its neighbours' names and outlines."""
    for area in (incident.cell, incident.village, incident.township, incident.district):
        shape = areas.geometry(area, at=now) if area else None
        if area is not None and shape is not None:
            near = [(other.name, areas.geometry(other, at=now)) for other, _metres in areas.neighbours(area, at=now)]
            return area, shape, [(name, each) for name, each in near if each is not None]
    return None, None, []
