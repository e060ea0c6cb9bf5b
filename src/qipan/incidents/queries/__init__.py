"""Every read of incidents: lists by keyset, one file with what may come next, the map's feed."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from math import cos, radians
from typing import Any
from uuid import UUID

import orjson
from django.contrib.postgres.search import SearchQuery
from django.db.models import F, Q, QuerySet, TextField
from django.db.models.functions import Cast

from qipan.foundation.areas.models import Level
from qipan.foundation.posts.models import Post
from qipan.foundation.refusals import Invalid
from qipan.incidents import access
from qipan.incidents.models import Incident
from qipan.incidents.rules.caps import UNHAPPY as UNHAPPY
from qipan.incidents.rules.classes import CLASSES, Klass
from qipan.incidents.rules.steps import ENDED, OPEN, STEPS, Move, Status, Step, following
from qipan.kernels import bigrams


class BadCursor(Invalid):
    """This page link is damaged. Please start again from the first page."""


class UnknownOrder(Invalid):
    """This list cannot be sorted that way."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed to. Empty means all."""

    text: str = ""
    status: tuple[str, ...] = ()
    state: str = ""  # open, ended, overdue, due (within the hour), supervised
    klass: tuple[str, ...] = ()
    category: str = ""
    area: int | None = None
    unit: int | None = None
    urgent: bool | None = None
    supervised: bool | None = None
    mine: bool = False
    source: str = ""
    since: date | None = None
    until: date | None = None
    ids: tuple[UUID, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Page:
    """Rows as dictionaries, and the cursor of the next page ("" on the last)."""

    rows: list[dict[str, Any]]
    after: str


# Each order: its columns (a leading "-" descends), always ending in the id, all with an index that serves them.
ORDERS: dict[str, tuple[str, ...]] = {
    "newest": ("-reported_at", "-id"),
    "oldest": ("reported_at", "id"),
    "due": ("due_at", "id"),
    "last-due": ("-due_at", "-id"),
}
COLUMNS = (
    "id", "number", "title", "klass", "status", "urgent", "private", "supervised", "level", "reported_at", "status_at",
    "due_at", "closed_at", "on_time", "longitude", "latitude", "address", "flags", "reworks", "reopenings", "source",
    "version",
)  # fmt: skip
NAMES = {
    "category_name": F("category__name"),
    "category_name_en": F("category__name_en"),
    "category_key": F("category__key"),
    "township_name": F("township__name"),
    "village_name": F("village__name"),
    "cell_name": F("cell__name"),
    "unit_name": F("unit__name"),
    "desk_name": F("desk__name"),
}


def filtered(*, viewer: Post, filters: Filters, now: datetime) -> QuerySet[Incident]:
    """The visible rows that fit the filters, in no order."""
    rows = access.visible(viewer=viewer)
    conditions = Q()
    if filters.text:
        conditions &= searched(filters.text)
    if filters.status:
        conditions &= Q(status__in=filters.status)
    if filters.state:
        conditions &= in_state(filters.state, now)
    if filters.klass:
        conditions &= Q(klass__in=filters.klass)
    if filters.category:
        conditions &= Q(category__key=filters.category)
    if filters.area:
        conditions &= (
            Q(district=filters.area) | Q(township=filters.area) | Q(village=filters.area) | Q(cell=filters.area)
        )
    if filters.unit:
        conditions &= Q(unit=filters.unit)
    if filters.urgent is not None:
        conditions &= Q(urgent=filters.urgent)
    if filters.supervised is not None:
        conditions &= Q(supervised=filters.supervised)
    if filters.mine:
        conditions &= access.mine(viewer)
    if filters.source:
        conditions &= Q(source=filters.source)
    if filters.since:
        conditions &= Q(reported_at__date__gte=filters.since)
    if filters.until:
        conditions &= Q(reported_at__date__lte=filters.until)
    if filters.ids:
        conditions &= Q(pk__in=filters.ids)
    return rows.filter(conditions)


def in_state(state: str, now: datetime) -> Q:
    opened = ~Q(status__in=[*ENDED, Status.DRAFT])
    match state:
        case "open":
            return opened
        case "ended":
            return Q(status__in=ENDED)
        case "overdue":
            return opened & Q(due_at__lt=now)
        case "due":
            return opened & Q(due_at__gte=now, due_at__lt=now + timedelta(hours=1))
        case "supervised":
            return opened & Q(supervised=True)
    raise UnknownOrder(field="state")


def searched(text: str) -> Q:
    """Rows whose masked words hold every term; a number is found whole."""
    wanted = bigrams.query(text)
    if not wanted:
        return Q()
    raw = " & ".join("'" + term.replace("\\", "\\\\").replace("'", "''") + "'" for term in wanted)
    return Q(search=SearchQuery(raw, search_type="raw", config="simple"))


def page(
    *, viewer: Post, filters: Filters, now: datetime, order: str = "newest", after: str = "", limit: int = 50
) -> Page:
    """One page of a list by keyset: its cost does not grow with how far one has turned. One query."""
    if order not in ORDERS:
        raise UnknownOrder(field="order")
    rows = filtered(viewer=viewer, filters=filters, now=now)
    if order in {"due", "last-due"}:
        rows = rows.filter(due_at__isnull=False)
    if after:
        rows = rows.filter(_behind(ORDERS[order], after))
    found = list(rows.order_by(*ORDERS[order]).values(*COLUMNS, **NAMES)[: limit + 1])
    more = len(found) > limit
    found = found[:limit]
    return Page(found, _cursor(ORDERS[order], found[-1]) if more else "")


def rows(*, viewer: Post, filters: Filters, now: datetime, order: str, limit: int) -> list[dict[str, Any]]:
    """The first rows of a list, for a file that holds it whole. One query."""
    if order not in ORDERS:
        raise UnknownOrder(field="order")
    found = filtered(viewer=viewer, filters=filters, now=now).order_by(*ORDERS[order])
    return list(found.values(*COLUMNS, **NAMES)[:limit])


def _cursor(columns: Sequence[str], row: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([row[name.lstrip("-")] for name in columns])).decode().rstrip("=")


def _behind(columns: Sequence[str], cursor: str) -> Q:
    """Rows after the cursor's, for a two-column order that runs one way."""
    try:
        first, last = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        when, key = datetime.fromisoformat(first), UUID(last)
    except (ValueError, TypeError) as problem:
        raise BadCursor(field="after") from problem
    name, way = columns[0].lstrip("-"), "lt" if columns[0].startswith("-") else "gt"
    # The first condition alone lets the index be entered at the right place.
    return Q(**{f"{name}__{way}e": when}) & (Q(**{f"{name}__{way}": when}) | Q(**{f"id__{way}": key}))


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
            return rule.refer
        case Step.DISPATCH:
            return not rule.refer
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
    found = list(rows.values(*COLUMNS, **NAMES)[:100])

    def distance(row: dict[str, Any]) -> float:
        dx = (row["longitude"] - incident.longitude) / east
        dy = (row["latitude"] - incident.latitude) / north
        return float((dx * dx + dy * dy) ** 0.5 * metres)

    near = [{**row, "metres": round(distance(row))} for row in found]
    return sorted((row for row in near if row["metres"] <= metres), key=lambda row: row["metres"])[:10]


def map_feed(*, viewer: Post) -> list[tuple[Any, ...]]:
    """Every visible open incident with a point, as rows (id, longitude, latitude, klass, status, urgent, supervised,
    due_at): what a map draws."""
    rows = access.visible(viewer=viewer).filter(status__in=OPEN, longitude__isnull=False)
    return list(
        rows.annotate(key=Cast("id", TextField())).values_list(
            "key", "longitude", "latitude", "klass", "status", "urgent", "supervised", "due_at"
        )
    )


def level_name(level: int) -> str:
    return str(Level(level).label)


def step_of(name: str) -> Move | None:
    """The table's row for a step's name, if there is one."""
    try:
        return STEPS[Step(name)]
    except ValueError:
        return None
