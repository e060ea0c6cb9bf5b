"""Lists of incidents by keyset: filters, orders, and search by words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from django.contrib.postgres.search import SearchQuery
from django.db import connection
from django.db.models import (
    BooleanField,
    CharField,
    F,
    Func,
    Q,
    QuerySet,
    Value,
)
from django.db.models.functions import Cast
from django.utils import timezone

from qipan.foundation.areas.access import within
from qipan.foundation.areas.models import Area, Level
from qipan.foundation.interface import cursors
from qipan.foundation.posts.models import Post, Unit
from qipan.foundation.posts.rules import Role
from qipan.foundation.refusals import Invalid
from qipan.incidents import access
from qipan.incidents.models import IS_OPEN, PLACES, Category, Incident, Months, Overlaps
from qipan.incidents.queries import fragments
from qipan.incidents.queries.marks import Marks
from qipan.incidents.rules.classes import Klass
from qipan.incidents.rules.steps import ENDED, OPEN
from qipan.kernels import bigrams

HORIZON = timedelta(days=366)  # how far back a search by words looks by itself
NEAR = timedelta(days=60)  # where a list of one kind of thing looks first
FIRST = datetime(1970, 1, 1, tzinfo=UTC)  # nothing is older: a cursor that somebody made up is not reckoned with
SPAN = 30 * 86400  # seconds; see models.Months
# Classes so common that the newest fifty are near however the list is read.
COMMON = frozenset({Klass.HAZARD, Klass.HELP, Klass.CITY, Klass.FACILITY, Klass.DISPUTE})


class UnknownOrder(Invalid):
    """This list cannot be sorted that way."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed to. Empty means all."""

    text: str = ""
    status: tuple[str, ...] = ()
    state: str = ""  # open, ended, overdue, due (within the hour), supervised, closed_today
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
    older: bool = False  # with `text`: beyond the horizon too
    ids: tuple[UUID, ...] = field(default=())
    marks: Marks | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Rows as dictionaries, the cursor of the next page ("" on the last) and of the previous one ("" on the first)."""

    rows: list[dict[str, Any]]
    after: str
    before: str


class HasDeadline(Func):
    """Whether there is a deadline, in a form of which the database has no statistics."""

    template = "(COALESCE(%(expressions)s, 'infinity') < 'infinity')"
    output_field = BooleanField()


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


class Named(Func):
    """One column of the row that a key names: a plan of its own for each. As joins, a page's eight names took the
    database some forty times as long to plan as to read."""

    template = "(SELECT named.%(column)s FROM %(table)s named WHERE named.id = %(expressions)s)"
    output_field = CharField(null=True)


# The same as NAMES, for a page of rows.
FEW_NAMES = {
    name: Named(F(key), table=model._meta.db_table, column=column)
    for name, key, model, column in (
        ("category_name", "category", Category, "name"),
        ("category_name_en", "category", Category, "name_en"),
        ("category_key", "category", Category, "key"),
        ("township_name", "township", Area, "name"),
        ("village_name", "village", Area, "name"),
        ("cell_name", "cell", Area, "name"),
        ("unit_name", "unit", Unit, "name"),
        ("desk_name", "desk", Unit, "name"),
    )
}


def filtered(*, viewer: Post, filters: Filters, now: datetime) -> QuerySet[Incident]:
    """The visible rows that fit the filters, in no order."""
    rows = access.visible(viewer=viewer).filter(narrowing(viewer=viewer, filters=filters, now=now))
    return rows.filter(access.mine(viewer)) if filters.mine else rows


def narrowing(*, viewer: Post, filters: Filters, now: datetime) -> Q:
    """Every filter but `mine`, each in a form that an index can serve."""
    conditions = Q()
    if filters.text:
        conditions &= searched(filters.text)
        if not filters.older and filters.since is None:
            conditions &= Q(reported_at__gte=now - HORIZON)
    if filters.status:
        conditions &= Q(status__in=filters.status)
    if filters.state:
        conditions &= in_state(filters.state, now)
    conditions &= _named(viewer, filters)
    if filters.unit:
        conditions &= Q(unit=filters.unit)
    if filters.urgent is not None:
        conditions &= Q(urgent=filters.urgent)
    if filters.supervised is not None:
        conditions &= Q(supervised=filters.supervised)
    if filters.source:
        conditions &= Q(source=filters.source)
    if filters.since:
        conditions &= Q(reported_at__gte=_midnight(filters.since))
    if filters.until:
        conditions &= Q(reported_at__lt=_midnight(filters.until + timedelta(days=1)))
    if filters.ids:
        conditions &= Q(pk__in=filters.ids)
    if filters.marks:
        conditions &= _marked(filters.marks)
    return conditions


def _marked(marks: Marks) -> Q:
    try:
        return marks.condition()
    except OverflowError:
        raise UnknownOrder(field="closed_since") from None


def _named(viewer: Post, filters: Filters) -> Q:
    """The filters by class, category and area. What they name is looked up by one query, so that the database knows
    how rare it is when it plans the list."""
    conditions, kinds = Q(), Q()
    if filters.klass:
        conditions &= Q(klass__in=filters.klass)
        # Rows are found by their category, which has an index.
        if viewer.role == Role.HANDLER or not set(filters.klass) & COMMON:
            kinds |= Q(klass__in=filters.klass)
    if filters.category:
        kinds = Q(key=filters.category) & (Q(klass__in=filters.klass) if filters.klass else Q())
    if not kinds and not filters.area:
        return conditions
    rows = Category.objects.filter(kinds, district=viewer.district_id) if kinds else Category.objects.none()
    found = rows.values_list(Cast("pk", CharField()), Value(0)).union(
        Area.objects.filter(pk=filters.area or 0).values_list(Value(""), "level"), all=True
    )
    named = list(found)
    if kinds:
        conditions &= Q(category__in=[UUID(key) for key, level in named if not level])
    if filters.area:
        level = next((level for _key, level in named if level), Level.CELL)  # in an area that is none there is nothing
        conditions &= within(Area(pk=filters.area, level=level))
        if filters.text and level > Level.DISTRICT:
            conditions &= Q(Overlaps(PLACES, [filters.area]))
    return conditions


def _midnight(day: date) -> datetime:
    try:
        return timezone.make_aware(datetime.combine(day, time.min))
    except OverflowError:
        raise UnknownOrder(field="since") from None


def in_state(state: str, now: datetime) -> Q:
    match state:
        case "open":
            return IS_OPEN
        case "ended":
            return Q(status__in=ENDED)
        case "overdue":
            return IS_OPEN & Q(due_at__lt=now)
        case "due":
            return IS_OPEN & Q(due_at__gte=now, due_at__lt=now + timedelta(hours=1))
        case "supervised":
            return IS_OPEN & Q(supervised=True)
        case "closed_today":
            today = timezone.localdate(now)
            return Q(closed_at__gte=_midnight(today), closed_at__lt=_midnight(today + timedelta(days=1)))
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
    """One page of a list by keyset: its cost does not grow with how far one has turned, nor with the years. `after` is
    the `after` or `before` of a page.

    One query, and a small one where a filter names an area or a category; a second one for a class or a category that
    does not fill a page in two months or in a year. A search by words looks into the newest two months first, then
    into a year, and further only where `older` asks for it; so a common word is as quick as a rare one.
    See also `cursors.turn`.
    """
    if order not in ORDERS:
        raise UnknownOrder(field="order")
    columns = ORDERS[order]
    beside = cursors.read(Incident.objects.all(), order=columns, cursor=after)
    conditions = narrowing(viewer=viewer, filters=filters, now=now)
    if order in {"due", "last-due"}:
        conditions &= _with_deadline(filters)

    def first(way: Sequence[str], beside: Sequence[Any] | None, count: int) -> list[dict[str, Any]]:
        begin, beyond, back = now, conditions, way[0] != columns[0]
        if beside is not None:
            begin, beyond = min(max(beside[0], FIRST), now), conditions & cursors.condition(way, beside)
        found: list[dict[str, Any]] = []
        for window, loose in _windows(viewer, filters, order, begin, back=back):
            found = _top(viewer, filters, beyond & window, way, count, loose=loose)
            if len(found) == count:
                break
        return found

    back = cursors.leads_back(after)
    found = cursors.turn(first, order=columns, beside=beside, back=back, limit=limit, value=dict.__getitem__)
    return Page(found.items, found.next, found.previous)


def _with_deadline(filters: Filters) -> Q:
    """What an order by deadline can show, told so that the database expects about as many rows as there are.

    It takes every condition for independent of the others. That something is open, said twice, or that it has a
    deadline, which hardly any of all the years' rows has and every open one does, would make it expect none at all,
    and read the whole district for each ground of sight.
    """
    if filters.state in {"overdue", "due"}:
        return Q()  # asks for a deadline itself
    if filters.state in {"open", "supervised"}:
        return Q(HasDeadline("due_at"))
    if filters.status and set(filters.status) <= set(OPEN):
        return Q(HasDeadline("due_at")) & IS_OPEN
    return Q(due_at__isnull=False)


def rows(*, viewer: Post, filters: Filters, now: datetime, order: str, limit: int) -> list[dict[str, Any]]:
    """The first rows of a list, for a file that holds it whole. One query."""
    if order not in ORDERS:
        raise UnknownOrder(field="order")
    found = filtered(viewer=viewer, filters=filters, now=now).order_by(*ORDERS[order])
    return list(found.values(*COLUMNS, **NAMES)[:limit])


def _top(
    viewer: Post, filters: Filters, conditions: Q, columns: Sequence[str], count: int, *, loose: bool
) -> list[dict[str, Any]]:
    """The first rows in an order. Where sight has several grounds, each gives its first rows by its own index, and
    the first of all are among them.

    `loose`: few rows fit, so they are all found by what they must fulfil and then sorted. Read along an index of the
    order, a thing that a unit hardly ever gets would cost all that the unit ever got.
    """
    narrowed = fragments.of(conditions)
    grounds = fragments.sight(viewer, mine=filters.mine, by_words=bool(filters.text))
    if narrowed is None or not grounds:  # it names what does not exist, or the role sees nothing
        return []
    sort, parameters = _sorted(columns, loose=loose), list[Any]()
    for _sql, values in grounds:
        parameters += [*values, *narrowed[1]]
    keys = " UNION ALL ".join(
        f"(SELECT id FROM incidents_incident WHERE {sql} AND {narrowed[0]} ORDER BY {sort} LIMIT {count})"  # noqa: S608
        for sql, _values in grounds
    )
    # The few rows are found first and get their columns then, by a statement that is not put together anew each time.
    statement = f"{_reading()[1]} WHERE id IN ({keys}) ORDER BY {_sorted(columns)} LIMIT {count}"
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return [dict(zip(_reading()[0], row, strict=True)) for row in cursor.fetchall()]


@cache
def _reading() -> tuple[tuple[str, ...], str]:
    """The names of a page's columns, and the statement that reads them."""
    query = Incident.objects.order_by().values(*COLUMNS, **FEW_NAMES).query
    return (*COLUMNS, *FEW_NAMES), str(query)


def _sorted(columns: Sequence[str], *, loose: bool = False) -> str:
    """The order as SQL; `loose`: in a form that no index gives."""
    names = [(name.lstrip("-"), " DESC" if name.startswith("-") else "") for name in columns]
    return ", ".join(f"{name} + interval '0'{way}" if loose and not place else f"{name}{way}"
                     for place, (name, way) in enumerate(names))  # fmt: skip


def _windows(viewer: Post, filters: Filters, order: str, begin: datetime, *, back: bool) -> Iterator[tuple[Q, bool]]:
    """How far from where it begins a list looks, step by step, until a page is full; and whether few rows are to be
    expected there. Every step holds those before it. `back`: towards now."""
    further = filters.older or filters.since is not None
    # Whoever sees what is the unit's own, and nothing by area.
    own = viewer.role == Role.HANDLER
    if order != "newest":
        yield Q(), False
    elif filters.text:
        at = int(begin.timestamp()) // SPAN
        # Who sees a village or a unit's own has few rows a year: the first step would seldom fill a page.
        for spans in (13,) if viewer.role in {Role.HANDLER, Role.GRID_WORKER} else (2, 13):
            months = range(at, at + spans) if back else range(at - spans + 1, at + 1)
            yield Q(Overlaps(Months(F("reported_at")), list(months))), False
        if further:
            yield Q(), own
    elif filters.klass and filters.since is None:
        yield Q(reported_at__lte=begin + NEAR) if back else Q(reported_at__gte=begin - NEAR), False
        yield Q(), own
    elif filters.category and filters.since is None and viewer.level > Level.DISTRICT:
        # Below the district no index holds places and categories: of a year's few rows they are picked out.
        yield Q(reported_at__lte=begin + HORIZON) if back else Q(reported_at__gte=begin - HORIZON), False
        yield Q(), own
    else:
        yield Q(), False
