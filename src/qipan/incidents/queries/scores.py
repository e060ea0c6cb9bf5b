"""The scoreboard: what became of what was closed, by unit and by grid cell, among their like.

It counts results that residents feel (in time, right the first time, not reopened) and nothing about how staff use
the system. A group of fewer than five people is never ranked: that would rank persons. Nor is a grid cell, which one or
two people look after.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone

from qipan.foundation.areas.access import get as get_area
from qipan.foundation.areas.access import within
from qipan.foundation.areas.models import Area, Kind, Level
from qipan.foundation.posts.access import require
from qipan.foundation.posts.models import Post, Unit
from qipan.foundation.posts.rules import UnitKind
from qipan.foundation.refusals import Invalid
from qipan.incidents.models import Incident
from qipan.incidents.rules.steps import Status

MOST_DAYS = 92
FEWEST_PEOPLE = 5
FEWEST_CLOSED = 10  # one case more or less would decide a place
CLOSED = (Status.CLOSED, Status.RATED)


class RangeTooLong(Invalid):
    """The scoreboard covers at most {days} days at a time."""


class RangeBackwards(Invalid):
    """The last of these days lies before the first."""


@dataclass(slots=True)
class Score:
    """One unit or cell. `timed` of the closed ones had a deadline to keep; `people` is None for a cell."""

    id: int
    name: str
    closed: int
    timed: int
    on_time: int
    first_time: int
    reworked: int
    reopened: int
    immediate: int
    people: int | None = None
    place: int | None = None

    @property
    def on_time_share(self) -> float | None:
        return self.on_time / self.timed if self.timed else None

    @property
    def first_time_share(self) -> float:
        return self.first_time / self.closed

    @property
    def ranked(self) -> bool:
        return self.people is not None and self.people >= FEWEST_PEOPLE and self.closed >= FEWEST_CLOSED

    @property
    def few(self) -> bool:
        return self.people is not None and self.people < FEWEST_PEOPLE


@dataclass(slots=True)
class Group:
    """Units or cells of one kind. `more`: how many of it are not among the rows."""

    kind: str
    name: str
    rows: list[Score] = field(default_factory=list)
    more: int = 0


def scores(
    *, viewer: Post, since: date, until: date, at: datetime, area_id: int | None = None, by: str = "unit",
    most: int = 200,
) -> list[Group]:  # fmt: skip
    """What was closed from `since` to `until`, both whole days, in the viewer's area or one inside it.

    At most `most` rows of each group. Five queries. Raises RangeTooLong, RangeBackwards, NoSuchArea, NotYours.
    """
    require(viewer, "incidents.scores")
    if until < since:
        raise RangeBackwards(field="until")
    if (until - since).days >= MOST_DAYS:
        raise RangeTooLong(field="since", days=MOST_DAYS)
    area = get_area(area_id, viewer=viewer) if area_id else viewer.area
    counted = _counted(viewer, area, since, until, by)
    groups = _units(counted, viewer, at) if by == "unit" else _cells(counted, most)
    for group in groups:
        _rank(group.rows)
        group.more += max(0, len(group.rows) - most)
        del group.rows[most:]
    return groups


def _counted(viewer: Post, area: Area, since: date, until: date, by: str) -> list[dict[str, Any]]:
    """One pass over the index of what was closed."""
    rows = Incident.objects.filter(
        within(area), district=viewer.district_id, status__in=CLOSED,
        closed_at__gte=timezone.make_aware(datetime.combine(since, time.min)),
        closed_at__lt=timezone.make_aware(datetime.combine(until + timedelta(days=1), time.min)),
    )  # fmt: skip
    keys: tuple[str, ...] = ("unit",)
    if viewer.level >= Level.VILLAGE:  # what the village may not see is not counted there either
        rows = rows.filter(hidden_from_village=False)
    if by == "unit":
        rows = rows.filter(unit__isnull=False)
    else:  # a private matter of one cell in one week could be recognised
        keys = ("cell", "township")
        rows = rows.filter(cell__isnull=False, private=False)
    return list(
        rows.order_by().values(*keys).annotate(
            closed=Count("*"),  # counted by columns of that index alone
            timed=Count("on_time"),
            on_time=Count("closed_at", filter=Q(on_time=True)),
            first_time=Count("closed_at", filter=Q(reworks=0, reopenings=0)),
            reworked=Count("closed_at", filter=Q(reworks__gt=0)),
            reopened=Count("closed_at", filter=Q(reopenings__gt=0)),
            immediate=Count("closed_at", filter=Q(immediate=True)),
        )
    )  # fmt: skip


COUNTS = ("closed", "timed", "on_time", "first_time", "reworked", "reopened", "immediate")


def _units(counted: list[dict[str, Any]], viewer: Post, at: datetime) -> list[Group]:
    found = {row["unit"]: row for row in counted}
    units = Unit.objects.filter(pk__in=found).order_by("area__level", "area__pinyin", "name").values_list(
        "pk", "kind", "name")  # fmt: skip
    held = Post.objects.held(at).filter(unit__in=found).order_by().values_list("unit")
    people = dict(held.annotate(people=Count("person", distinct=True)))
    groups: dict[str, Group] = {}
    for key, kind, name in units:
        group = groups.setdefault(kind, Group(kind, str(UnitKind(kind).label)))
        group.rows.append(Score(key, name, **{count: found[key][count] for count in COUNTS}, people=people.get(key, 0)))
    order = list(UnitKind.values)
    return sorted(groups.values(), key=lambda group: order.index(group.kind))


def _cells(counted: list[dict[str, Any]], most: int) -> list[Group]:
    townships = {row["township"] for row in counted}
    kinds = dict(Area.objects.filter(pk__in=townships).values_list("pk", "kind"))
    by_kind: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in counted:
        by_kind[kinds[row["township"]]].append(row)
    groups, shown = [], []
    for kind, rows in by_kind.items():
        rows.sort(key=lambda row: (-row["closed"], row["cell"]))
        groups.append((kind, rows[:most], max(0, len(rows) - most)))
        shown += [row["cell"] for row in rows[:most]]
    names = {
        key: f"{village} · {name}"
        for key, village, name in Area.objects.filter(pk__in=shown).values_list("pk", "village__name", "name")
    }
    return [
        Group(kind, str(Kind(kind).label), [Score(row["cell"], names[row["cell"]], **{count: row[count]
              for count in COUNTS}) for row in rows], more)
        for kind, rows, more in sorted(groups)
    ]  # fmt: skip


def _rank(rows: list[Score]) -> None:
    """Give places to those that are ranked: in time first, then right the first time. The others come after them."""
    ranked = [row for row in rows if row.ranked]
    ranked.sort(key=lambda row: (-(row.on_time_share or 0), -row.first_time_share, row.reopened / row.closed))
    for place, row in enumerate(ranked, 1):
        row.place = place
    order = {id(row): place for place, row in enumerate(ranked)}
    rows.sort(key=lambda row: order.get(id(row), len(ranked)))
