"""How many incidents of the viewer's sight were reported and closed in a range of days: by hour, weekday, class, week
and area, for charts. Each row behind a number is one of `lists.filtered` with `marks`."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from qipan.foundation.areas.models import Level
from qipan.foundation.posts.models import Post
from qipan.incidents.queries import fragments
from qipan.incidents.queries.lists import Filters, narrowing
from qipan.incidents.queries.marks import Marks

BY = ("hour", "weekday", "klass", "week", "area")
COLUMNS = {Level.DISTRICT: "township_id", Level.TOWNSHIP: "village_id", Level.VILLAGE: "cell_id"}


@dataclass(frozen=True, slots=True)
class Count:
    """How many. `timed`, `on_time`, `reworked`, `reopened` are told of what was closed alone."""

    all: int = 0
    timed: int = 0
    on_time: int = 0
    reworked: int = 0
    reopened: int = 0


@dataclass(frozen=True, slots=True)
class Tally:
    """The same incidents counted by each of five things; an hour, a weekday (1: Monday), a class, the Monday of a
    week, the id of an area one level below the viewer's (None: in none of them)."""

    hour: dict[int, Count] = field(default_factory=dict)
    weekday: dict[int, Count] = field(default_factory=dict)
    klass: dict[str, Count] = field(default_factory=dict)
    week: dict[date, Count] = field(default_factory=dict)
    area: dict[int | None, Count] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(one.all for one in self.klass.values())


def reported(*, viewer: Post, since: date, until: date, klass: tuple[str, ...] = (), now: datetime) -> Tally:
    """What was reported in these days. One query, along the index of its time of report."""
    filters = Filters(since=since, until=until, klass=klass)
    return _tally(viewer, narrowing(viewer=viewer, filters=filters, now=now), "reported_at")


def closed(*, viewer: Post, since: date, until: date, klass: tuple[str, ...] = (), now: datetime) -> Tally:
    """What was closed in these days, and how. One query, along the index of its time of closing."""
    filters = Filters(klass=klass, marks=Marks(closed_since=since, closed_until=until))
    return _tally(viewer, narrowing(viewer=viewer, filters=filters, now=now), "closed_at")


def _tally(viewer: Post, condition: Q, column: str) -> Tally:
    """All five in one pass over the rows."""
    narrowed, grounds = fragments.of(condition), fragments.sight(viewer, mine=False)
    found = Tally()
    if narrowed is None or not grounds:
        return found
    local = f"({column} AT TIME ZONE %s)"
    area = COLUMNS.get(Level(viewer.level), "NULL::bigint")
    keys = (f"extract(hour FROM {local})::int", f"extract(isodow FROM {local})::int", "klass",
            f"date_trunc('week', {local})::date", area)  # fmt: skip
    counted = ("count(*)", "count(on_time)", "count(*) FILTER (WHERE on_time)", "count(*) FILTER (WHERE reworks > 0)",
               "count(*) FILTER (WHERE reopenings > 0)")  # fmt: skip
    named = ", ".join(f"{key} AS by_{name}" for name, key in zip(BY, keys, strict=True))
    sight = " OR ".join(f"({sql})" for sql, _values in grounds)
    sets = ", ".join(f"(by_{name})" for name in BY)
    statement = (
        f"SELECT {', '.join(f'GROUPING(by_{name})' for name in BY)}, {', '.join(f'by_{name}' for name in BY)}, "  # noqa: S608
        f"{', '.join(counted)} FROM (SELECT {named}, on_time, reworks, reopenings FROM incidents_incident "
        f"WHERE ({sight}) AND {narrowed[0]}) counted GROUP BY GROUPING SETS ({sets})"
    )
    zone = timezone.get_current_timezone_name()
    values: list[Any] = [zone, zone, zone, *(value for _sql, own in grounds for value in own), *narrowed[1]]
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        for row in cursor.fetchall():
            place = row.index(0)  # the one that this row is grouped by
            getattr(found, BY[place])[row[len(BY) + place]] = Count(*row[2 * len(BY) :])
    return found


assert tuple(one.name for one in fields(Tally)) == BY
