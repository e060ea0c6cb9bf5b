"""Between the tables and the clock kernel: a duty's limit, pauses, extensions and orders as deadlines and steps."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any

from django.db import connection, models

from qipan.foundation.duties import kinds
from qipan.foundation.duties.models import (
    CalendarYear,
    ClockOrder,
    ClockRevision,
    Duty,
    Extension,
    Pause,
    StaffedHours,
    Step,
)
from qipan.foundation.duties.rules import BREACH, WARN, pending
from qipan.kernels import clock
from qipan.kernels.clock import Calendar, Clock, Deadline, Limit, Span, WorkingHours, YearPlan

LOCK = 0x44757479  # "Duty": the advisory lock of a district's clock rules, shared by openings, exclusive for changes
Stages = tuple[tuple[str, Limit], ...]


def dump(limit: Limit | Sequence[Limit | tuple[str, Limit]] | None) -> Any:
    """A limit as JSON: an object, a list of objects for stages, None for no deadline."""
    if limit is None:
        return None
    if isinstance(limit, Limit):
        return _dump_one(limit)
    stages = [one if isinstance(one, tuple) else ("", one) for one in limit]
    if not stages:
        raise ValueError("a staged limit has at least one stage")
    return [{**_dump_one(one), **({"name": name} if name else {})} for name, one in stages]


def _dump_one(limit: Limit) -> dict[str, Any]:
    found: dict[str, Any] = {"clock": str(limit.clock), "amount": limit.amount}
    if limit.count_start_day:
        found["count_start_day"] = True
    if limit.roll:
        found["roll"] = True
    return found


def load(stored: Any) -> Stages:
    """The stages of a stored limit with their names; one without a name for a plain limit, none for no deadline."""
    if stored is None:
        return ()
    rows = stored if isinstance(stored, list) else [stored]
    return tuple((row.get("name", ""), load_one(row)) for row in rows)


def load_one(row: Mapping[str, Any]) -> Limit:
    return Limit(
        Clock(row["clock"]),
        int(row["amount"]),
        count_start_day=bool(row.get("count_start_day")),
        roll=bool(row.get("roll")),
    )


@dataclass(frozen=True)
class DatedHours(WorkingHours):
    """Working hours with those that were in force before: each pair holds until, not including, its day."""

    until: tuple[tuple[date, WorkingHours], ...] = ()

    def on(self, day: date, *, workday: bool) -> tuple[Span, ...]:
        for end, hours in self.until:
            if day < end:
                return hours.on(day, workday=workday)
        return WorkingHours.on(self, day, workday=workday)

    @property
    def needs_calendar(self) -> bool:
        own = WorkingHours(self.spans, self.seasons, self.rest_day_spans)
        return own.needs_calendar or any(one.needs_calendar for _, one in self.until)


@dataclass(frozen=True, slots=True)
class Order:
    """A clock order in force for an area: a factor for limits, or None to suspend."""

    area_id: int
    number: str
    begins_at: datetime
    ends_at: datetime
    factor: float | None


@dataclass(frozen=True, slots=True)
class Rules:
    """What a district's clocks are counted by."""

    calendar: Calendar
    working: WorkingHours
    staffed: WorkingHours
    orders: tuple[Order, ...] = ()

    def hours(self, name: str) -> WorkingHours:
        return self.staffed if name == Duty.Hours.STAFFED else self.working

    def orders_for(self, duty: Duty) -> tuple[Order, ...]:
        if duty.urgent or not self.orders:
            return ()
        areas = set(duty.areas())
        return tuple(order for order in self.orders if order.area_id in areas)


def hours_of(stored: Mapping[str, Any]) -> WorkingHours:
    """Hours from their stored form {"spans": text, "rest_days": text, "seasons": [[from, to, text]]}.

    Raises the kernel's Invalid for hours that are none.
    """
    seasons = tuple(
        clock.Season(_month_day(begin), _month_day(end), clock.parse_spans(text=text))
        for begin, end, text in stored.get("seasons", ())
    )
    rest = str(stored.get("rest_days", ""))
    return WorkingHours(
        clock.parse_spans(text=str(stored["spans"])),
        seasons,
        clock.parse_spans(text=rest) if rest.strip() else (),
    )


def _month_day(text: str) -> tuple[int, int]:
    month, day = text.split("-")
    return int(month), int(day)


# Used until a district sets its own: office hours, and a desk that is staffed from 08:00 to 20:00 on every day.
STANDARD_WORKING = {"spans": "08:30-12:00, 14:30-18:00"}
STANDARD_STAFFED = {"spans": "08:00-20:00", "rest_days": "08:00-20:00"}


def plan_of(row: CalendarYear) -> YearPlan:
    """The kernel's plan of an imported year."""
    days: dict[bool, dict[date, str]] = {True: {}, False: {}}
    for day, name, off in row.rows:
        days[bool(off)][date.fromisoformat(day)] = name
    return YearPlan.of(year=row.year, off=days[True], work=days[False], source=row.source)


def _dated(versions: list[tuple[date, WorkingHours]]) -> WorkingHours:
    *earlier, (_, last) = versions
    if not earlier:
        return last
    until = tuple((versions[index + 1][0], hours) for index, (_, hours) in enumerate(earlier))
    return DatedHours(last.spans, last.seasons, last.rest_day_spans, until)


def from_day(now: WorkingHours, then: WorkingHours, day: date) -> WorkingHours:
    """Hours as they are until a day, and other ones from it on."""
    earlier = [one for one in now.until if one[0] < day] if isinstance(now, DatedHours) else []
    base = WorkingHours(now.spans, now.seasons, now.rest_day_spans)
    last = next((hours for end, hours in now.until if end >= day), base) if isinstance(now, DatedHours) else base
    return DatedHours(then.spans, then.seasons, then.rest_day_spans, (*earlier, (day, last)))


def rules_of(district_id: int) -> Rules:
    """The rules of a district now."""
    revision = ClockRevision.objects.filter(pk=district_id).values_list("number", flat=True).first() or 0
    return _rules(district_id, revision, connection.settings_dict["NAME"])


@lru_cache(maxsize=256)
def _rules(district_id: int, revision: int, database: str) -> Rules:
    years = CalendarYear.objects.filter(district=district_id, replaced_at=None)
    calendar = Calendar.from_official(extra=[plan_of(row) for row in years])
    working, staffed = [], []
    for row in StaffedHours.objects.filter(district=district_id).order_by("valid_from"):
        working.append((row.valid_from, hours_of(row.working)))
        staffed.append((row.valid_from, hours_of(row.staffed)))
    orders = []
    for order in ClockOrder.objects.filter(district=district_id).order_by("begins_at"):
        end = min(order.ends_at, order.revoked_at) if order.revoked_at else order.ends_at
        if end > order.begins_at:
            factor = float(order.factor) if order.factor else None
            orders.append(Order(order.area_id, order.number, order.begins_at, end, factor))
    first = date.min
    return Rules(
        calendar,
        _dated([(first, hours_of(STANDARD_WORKING)), *working]),
        _dated([(first, hours_of(STANDARD_STAFFED)), *staffed]),
        tuple(orders),
    )


def share(district_id: int) -> None:
    """Hold the district's clock rules still until this transaction ends; openings do not wait for each other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s, %s)", [LOCK, district_id % 2**31])


@contextmanager
def impatient(milliseconds: int = 500) -> Iterator[None]:
    """Inside, a wait for somebody's lock ends in an OperationalError, sooner than a deadlock would be found. Needs a
    transaction that is given up then."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{milliseconds}ms"])
        yield
        cursor.execute("SELECT set_config('lock_timeout', '0', true)")


def count(
    duty: Duty,
    *,
    rules: Rules,
    pauses: Iterable[clock.Pause],
    extensions: Iterable[Limit],
) -> list[Deadline]:
    """The deadlines that lead to the duty's: its limit's, then one for each extension on another clock."""
    stages = load(duty.limit)
    if duty.stage >= len(stages):
        return []
    limit = stages[duty.stage][1]
    hours, orders = rules.hours(duty.hours), rules.orders_for(duty)
    stops = [*pauses, *(clock.Pause(one.begins_at, one.ends_at, one.number) for one in orders if one.factor is None)]
    limit = stretched(duty, limit, orders=orders, rules=rules, hours=hours, stops=stops)
    found: list[Deadline] = []
    start = duty.starts_at
    for more in extensions:
        if limit.clock is more.clock:
            limit = replace(limit, amount=limit.amount + more.amount)
            continue
        before = clock.due(start=start, limit=limit, calendar=rules.calendar, hours=hours, pauses=stops)
        found.append(before)
        if before.due is None:
            return found
        start, limit = before.due, more
        if limit.clock.counts_days and start.timetz().replace(tzinfo=None) == time.min:
            limit = replace(limit, count_start_day=True)  # it follows a day that ended at 24:00
    found.append(clock.due(start=start, limit=limit, calendar=rules.calendar, hours=hours, pauses=stops))
    return found


def stretched(
    duty: Duty,
    limit: Limit,
    *,
    orders: Sequence[Order],
    rules: Rules,
    hours: WorkingHours,
    stops: Sequence[clock.Pause],
) -> Limit:
    """The limit times the largest factor of the orders in force at some time between its start and its plain end."""
    orders = [order for order in orders if order.factor is not None]
    if not orders:
        return limit
    plain = clock.due(start=duty.starts_at, limit=limit, calendar=rules.calendar, hours=hours, pauses=stops).due
    factors = [
        order.factor
        for order in orders
        if order.factor and order.ends_at > duty.starts_at and (plain is None or order.begins_at < plain)
    ]
    if not factors:
        return limit
    return replace(limit, amount=math.ceil(round(limit.amount * max(factors), 6)))


def plan(duty: Duty, *, deadlines: Sequence[Deadline], rules: Rules) -> list[tuple[str, datetime]]:
    """Every step of the duty with its time: the warning, the breach and the steps beyond it."""
    if not deadlines or deadlines[-1].due is None:
        return []
    kind, last = kinds.known(duty.kind), deadlines[-1]
    due_at = last.due
    assert due_at is not None
    suffix = f".{duty.stage}" if duty.stage else ""
    found = [(BREACH + suffix, due_at)]
    warn_at = last.warn_at(fraction=kind.warn)
    if warn_at is not None and warn_at < due_at:
        found.insert(0, (WARN + suffix, warn_at))
    for step in kinds.steps_of(kind=kind, chain=duty.escalation):
        after = clock.due(
            start=due_at, limit=step.after, calendar=rules.calendar, hours=rules.working, pauses=last.pauses
        ).due
        if after is not None:
            found.append((step.name + suffix, after))
    return found


def wind(
    duty: Duty,
    *,
    now: datetime,
    pauses: Iterable[clock.Pause],
    extensions: Iterable[Limit],
    fired: dict[str, int],
    rules: Rules | None = None,
) -> None:
    """Set the duty's deadline, its warning and the steps still to fire. The caller saves it."""
    if duty.limit is None:
        duty.warn_at = duty.due_at = None
        duty.provisional = False
        duty.arm([])
        return
    if rules is None:
        share(duty.district_id)
        rules = rules_of(duty.district_id)
    deadlines = count(duty, rules=rules, pauses=pauses, extensions=extensions)
    steps = plan(duty, deadlines=deadlines, rules=rules)
    duty.due_at = deadlines[-1].due if deadlines else None
    duty.provisional = any(one.provisional for one in deadlines)
    duty.warn_at = next((at for name, at in steps if base(name) == WARN), None)
    duty.arm(pending(plan=steps, fired=fired, now=now))


def wind_again(duty: Duty, *, now: datetime) -> None:
    """The same from what the tables hold of the duty."""
    [(pauses, extensions, fired)] = held([duty]).values()
    wind(duty, now=now, pauses=pauses, extensions=extensions, fired=fired)


Held = tuple[list[clock.Pause], list[Limit], dict[str, int]]


def held(duties: Sequence[Duty]) -> dict[Any, Held]:
    """Pauses, extensions and fired steps of many duties, in three queries."""
    ids = [duty.pk for duty in duties]
    found: dict[Any, Held] = {key: ([], [], {}) for key in ids}
    for pause in Pause.objects.filter(duty__in=ids).order_by("begins_at"):
        found[pause.duty_id][0].append(clock.Pause(pause.begins_at, pause.ended_at, pause.reason))
    for extension in Extension.objects.filter(duty__in=ids).order_by("given_at", "pk"):
        found[extension.duty_id][1].append(load_one(extension.limit))
    rounds = Step.objects.filter(duty__in=ids).values_list("duty", "name").annotate(models.Max("round"))
    for key, name, last in rounds:
        found[key][2][name] = last
    return found


def base(name: str) -> str:
    """A step's name without its stage."""
    return name.partition(".")[0]
