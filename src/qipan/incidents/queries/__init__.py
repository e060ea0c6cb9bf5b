"""Every read of incidents: lists by keyset, one file with what may come next, the map's feed, the scoreboard."""

from __future__ import annotations

from datetime import timedelta
from math import cos, radians
from typing import Any

from qipan.foundation.areas.models import Level
from qipan.foundation.posts.models import Post
from qipan.incidents import access
from qipan.incidents.models import Incident
from qipan.incidents.queries.board import FEED as FEED
from qipan.incidents.queries.board import Feed as Feed
from qipan.incidents.queries.board import changes as changes
from qipan.incidents.queries.board import map_feed as map_feed
from qipan.incidents.queries.counts import counts as counts
from qipan.incidents.queries.lists import COLUMNS as COLUMNS
from qipan.incidents.queries.lists import FEW_NAMES as FEW_NAMES
from qipan.incidents.queries.lists import HORIZON as HORIZON
from qipan.incidents.queries.lists import NAMES as NAMES
from qipan.incidents.queries.lists import Filters as Filters
from qipan.incidents.queries.lists import Page as Page
from qipan.incidents.queries.lists import UnknownOrder as UnknownOrder
from qipan.incidents.queries.lists import filtered as filtered
from qipan.incidents.queries.lists import page as page
from qipan.incidents.queries.lists import rows as rows
from qipan.incidents.queries.marks import Marks as Marks
from qipan.incidents.rules.caps import UNHAPPY as UNHAPPY
from qipan.incidents.rules.classes import CLASSES, Klass
from qipan.incidents.rules.steps import OPEN, STEPS, Move, Step, following


def next_steps(incident: Incident, *, viewer: Post) -> list[Move]:
    """The steps of the table that this viewer may take now, as the pages' buttons."""
    found = [move for move in following(incident.status) if viewer.may(move.ability)]
    return [move for move in found if _fits(move.step, incident, viewer)]


def _fits(step: Step, incident: Incident, viewer: Post) -> bool:
    rule = CLASSES[Klass(incident.klass)]
    handler = incident.handler
    handled_by_viewer = handler is not None and handler.person_id == viewer.person_id
    unit_is_mine = viewer.unit_id is not None and incident.unit_id == viewer.unit_id
    match step:
        case Step.SIGN | Step.START | Step.ANSWER:
            return unit_is_mine or handled_by_viewer
        case Step.VERIFY | Step.REWORK:
            return not handled_by_viewer
        case Step.CLOSE:
            return rule.call_back and not handled_by_viewer
        case Step.CHECK_BACK:
            return not handled_by_viewer
        case Step.REFER:
            return rule.refer or incident.category.never_mediated or incident.victim_cannot_act
        case Step.DISPATCH:
            return not rule.refer and not incident.victim_cannot_act
        case Step.SUBMIT | Step.SETTLE:
            return incident.reported_by_id == viewer.pk
        case Step.RECEIVE | Step.RETURN | Step.RATE:
            return False  # taken by the system, by a granted request, by a resident
    return True


def nearby(incident: Incident, *, viewer: Post, metres: float = 150, hours: int = 72) -> list[dict[str, Any]]:
    """Open incidents of the same class close in place and time: perhaps the same thing. Nearest first, ten at most."""
    if incident.longitude is None or incident.latitude is None:
        return []
    north = metres / 111_320
    east = north / max(0.1, cos(radians(incident.latitude)))
    around = timedelta(hours=hours)
    rows = access.visible(viewer=viewer).filter(
        status__in=OPEN, klass=incident.klass, private=incident.private, township=incident.township_id,
        longitude__range=(incident.longitude - east, incident.longitude + east),
        latitude__range=(incident.latitude - north, incident.latitude + north),
        reported_at__range=(incident.reported_at - around, incident.reported_at + around),
    ).exclude(pk=incident.pk)  # fmt: skip
    found = list(rows.values(*COLUMNS, **FEW_NAMES)[:100])

    def distance(row: dict[str, Any]) -> float:
        dx = (row["longitude"] - incident.longitude) / east
        dy = (row["latitude"] - incident.latitude) / north
        return float((dx * dx + dy * dy) ** 0.5 * metres)

    near = [{**row, "metres": round(distance(row))} for row in found]
    return sorted((row for row in near if row["metres"] <= metres), key=lambda row: row["metres"])[:10]


def level_name(level: int) -> str:
    return str(Level(level).label)


def step_of(name: str) -> Move | None:
    """The table's row for a step's name, if there is one."""
    try:
        return STEPS[Step(name)]
    except ValueError:
        return None
