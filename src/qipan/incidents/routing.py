"""Where an incident goes: to which desk first, to which unit then, and to whom for verification."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from qipan.foundation.areas.models import Level
from qipan.foundation.duties import clocks
from qipan.foundation.posts.models import Post, Unit
from qipan.foundation.posts.rules import Role, UnitKind
from qipan.incidents.models import Incident, Rule
from qipan.incidents.rules.classes import CLASSES, Klass
from qipan.kernels.clock import Clock, elapsed


def desk(*, areas: tuple[int, ...], level: int, at: datetime, accused: int | None = None) -> Unit | None:
    """The command centre nearest to `level` at or above it among the areas of a place (district first); never the
    `accused` unit."""
    here = areas[:level]
    rows = in_force(at).filter(kind=UnitKind.CENTRE, area__in=here)
    centres = {unit.area_id: unit for unit in rows if unit.pk != accused}
    return next((centres[area] for area in reversed(here) if area in centres), None)


def first_level(*, klass: Klass, urgent: bool, hidden_from_village: bool, staffed: bool) -> int:
    """Whose desk a new incident lies on. Urgent ones outside staffed hours go to the district's, which never closes;
    what is hidden from the village never goes to the village's."""
    if urgent and not staffed:
        return Level.DISTRICT
    level = CLASSES[klass].first_level
    return min(level, Level.TOWNSHIP) if hidden_from_village else level


def staffed(*, district_id: int, at: datetime) -> bool:
    """Whether the district's desks are staffed at this minute."""
    rules = clocks.rules_of(district_id)
    minute = timedelta(minutes=1)
    return bool(
        elapsed(start=at, end=at + minute, clock=Clock.WORKING_HOURS, calendar=rules.calendar, hours=rules.staffed)
    )


def in_force(at: datetime) -> QuerySet[Unit]:
    return Unit.objects.filter(Q(valid_to=None) | Q(valid_to__gt=at), valid_from__lte=at)


def rules_in_force(*, district_id: int, on: date) -> QuerySet[Rule]:
    return Rule.objects.filter(Q(valid_to=None) | Q(valid_to__gt=on), district=district_id, valid_from__lte=on)


def best(rules: list[Rule], *, areas: tuple[int, ...], klass: str, category_key: str) -> Rule | None:
    """The most specific rule that fits: the deepest area first, then category before class before any."""
    depth = {area: position for position, area in enumerate(areas)}

    def fits(rule: Rule) -> bool:
        return (
            rule.area_id in depth and rule.klass in {"", klass} and rule.category_key in {"", category_key}
        )  # fmt: skip

    def weight(rule: Rule) -> tuple[int, bool, bool]:
        return (depth[rule.area_id], bool(rule.category_key), bool(rule.klass))

    return max(filter(fits, rules), key=weight, default=None)


def suggest(incident: Incident, *, at: datetime) -> Unit | None:
    """The unit that the rules in force send this incident to; never the accused one."""
    rules = list(rules_in_force(district_id=incident.district_id, on=timezone.localdate(at)).select_related("unit"))
    rules = [rule for rule in rules if rule.unit_id != incident.accused_id]
    found = best(rules, areas=incident.areas(), klass=incident.klass, category_key=incident.category.key)
    return found.unit if found else None


def verifier(incident: Incident, *, at: datetime) -> Post | None:
    """A grid worker of the incident's cell, else of its village, who neither handled nor answered it."""
    for area in (incident.cell_id, incident.village_id):
        if area:
            found = (
                Post.objects.in_force(at)
                .filter(role=Role.GRID_WORKER, area=area)
                .exclude(person=incident.handler.person if incident.handler else None)
                .order_by("id")
                .first()
            )
            if found:
                return found
    return None
