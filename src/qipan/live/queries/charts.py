"""The charts of a range of days: load, what was kept in time, classes, what had to be done again, areas among their
like. Each number has the address of the list that holds its rows.

No person and no use of the system is counted, nothing is ranked, and an area that fewer than five people look after
is not set beside others: that would compare persons.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count as CountOf
from django.db.models import Q
from django.urls import reverse
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from qipan.foundation.areas.access import children
from qipan.foundation.areas.models import Area, Kind, Level
from qipan.foundation.posts.access import require
from qipan.foundation.posts.models import Post
from qipan.incidents.queries import tallies
from qipan.incidents.queries.scores import FEWEST_PEOPLE, MOST_DAYS, RangeBackwards, RangeTooLong
from qipan.incidents.queries.tallies import Count, Tally
from qipan.incidents.rules.classes import CLASSES, Klass

BELOW = {Level.DISTRICT: "township", Level.TOWNSHIP: "village"}  # whose areas are many enough to be compared
NONE = Count()


@dataclass(frozen=True, slots=True)
class Cell:
    """A number of a table. `share`: it is one of a hundred. `link`: the list of the rows behind it, "" for none."""

    value: float | None
    link: str = ""
    share: bool = False

    @property
    def text(self) -> str:
        if self.value is None:
            return "—"
        return f"{self.value:.1f}%" if self.share else str(int(self.value))


@dataclass(frozen=True, slots=True)
class Column:
    """A column of numbers; `drawn` ones are a series of the picture, the others stand in the table alone."""

    name: str
    drawn: bool = True
    share: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """`kind`: bars (columns side by side), rows (the same lying) or line. `rows`: a label and its cells each."""

    key: str
    title: str
    head: str
    kind: str
    columns: tuple[Column, ...]
    rows: list[tuple[str, list[Cell]]] = field(default_factory=list)
    note: str = ""
    empty: str = ""

    @property
    def drawable(self) -> bool:
        return not self.empty

    def drawn(self) -> dict[str, Any]:
        """What the page's script draws."""
        places = [place for place, column in enumerate(self.columns) if column.drawn]
        return {
            "key": self.key, "title": self.title, "kind": self.kind, "labels": [label for label, _cells in self.rows],
            "series": [
                {"name": self.columns[place].name, "share": self.columns[place].share,
                 "values": [cells[place].value for _label, cells in self.rows],
                 "links": [cells[place].link for _label, cells in self.rows]}
                for place in places
            ],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """A range of whole days and a class, "" for all."""

    since: date
    until: date
    klass: str = ""

    def link(self, **more: Any) -> str:
        """The list of what was reported in the range, narrowed further."""
        return self._link({"since": self.since, "until": self.until} | more)

    def closed(self, **more: Any) -> str:
        """The list of what was closed in it."""
        return self._link({"closed_since": self.since, "closed_until": self.until} | more)

    def _link(self, values: dict[str, Any]) -> str:
        values = {"klass": self.klass} | values
        return f"{reverse('incidents')}?{urlencode({name: value for name, value in values.items() if value != ''})}"


def charts(*, viewer: Post, asked: Asked, now: datetime) -> list[Chart]:
    """Four queries, each over the range's rows alone. Raises RangeTooLong, RangeBackwards, NotYours."""
    require(viewer, "incidents.scores")
    require(viewer, "incidents.view")
    if asked.until < asked.since:
        raise RangeBackwards(field="until")
    if (asked.until - asked.since).days >= MOST_DAYS:
        raise RangeTooLong(field="since", days=MOST_DAYS)
    asking: dict[str, Any] = {"viewer": viewer, "since": asked.since, "until": asked.until, "now": now,
                              "klass": (asked.klass,) if asked.klass else ()}  # fmt: skip
    came, went = tallies.reported(**asking), tallies.closed(**asking)
    found = [_hours(asked, came, went), _weekdays(asked, came, went), _on_time(asked, went)]
    found += [_again(asked, went), _classes(asked, came, went), *_areas(asked, came, went, viewer, now)]
    if came.total or went.total:
        return found
    return [replace(one, empty=_("Nothing was reported or closed in these days.")) for one in found]


def _number(count: int, link: str, *, share: bool = False) -> Cell:
    return Cell(count, link if count else "", share)


def _share(part: int, whole: int, link: str = "") -> Cell:
    return Cell(round(100 * part / whole, 1) if whole else None, link if whole else "", share=True)


def _load(key: str, title: str, head: str, kind: str = "bars") -> Chart:
    return Chart(key, title, head, kind, (Column(_("Reported")), Column(_("Closed"))))


def _hours(asked: Asked, came: Tally, went: Tally) -> Chart:
    found = _load("hours", _("Load by hour of the day"), _("Hour"))
    for hour in range(24):
        found.rows.append((f"{hour:02}:00", [
            _number(came.hour.get(hour, NONE).all, asked.link(reported_hour=hour)),
            _number(went.hour.get(hour, NONE).all, asked.closed(closed_hour=hour)),
        ]))  # fmt: skip
    return found


def _weekdays(asked: Asked, came: Tally, went: Tally) -> Chart:
    found = _load("weekdays", _("Load by day of the week"), _("Day of the week"))
    for day in range(1, 8):
        found.rows.append((str(WEEKDAYS[day - 1]), [
            _number(came.weekday.get(day, NONE).all, asked.link(reported_weekday=day)),
            _number(went.weekday.get(day, NONE).all, asked.closed(closed_weekday=day)),
        ]))  # fmt: skip
    return found


def _weeks(asked: Asked) -> list[tuple[date, str, dict[str, date]]]:
    """The weeks of the range: the Monday, what it is called, and its days that lie in the range."""
    found, monday = [], asked.since - timedelta(days=asked.since.weekday())
    while monday <= asked.until:
        first, last = max(monday, asked.since), min(monday + timedelta(days=6), asked.until)
        days = {"closed_since": first, "closed_until": last}
        found.append((monday, f"{first:%m-%d}" if first == last else f"{first:%m-%d}–{last:%m-%d}", days))
        monday += timedelta(days=7)
    return found


def _on_time(asked: Asked, went: Tally) -> Chart:
    columns = (Column(_("Done on time"), share=True), Column(_("In time"), drawn=False), Column(_("Late"), drawn=False))
    rows, weeks = [], _weeks(asked)
    for monday, label, days in weeks:
        week = went.week.get(monday, NONE)
        rows.append((label, [
            _share(week.on_time, week.timed, asked.closed(on_time="either", **days)),
            _number(week.on_time, asked.closed(on_time="yes", **days)),
            _number(week.timed - week.on_time, asked.closed(on_time="no", **days)),
        ]))  # fmt: skip
    timed = sum(week.timed for week in went.week.values())
    return Chart(
        "on-time", _("Done on time, by week"), _("Week"), "line", columns, rows,
        note=_("One week only: choose a longer range to see how it goes.") if len(weeks) == 1 else "",
        empty="" if timed else _("Nothing that had a deadline was closed in these days."),
    )  # fmt: skip


def _classes(asked: Asked, came: Tally, went: Tally) -> Chart:
    found = _load("classes", _("Classes"), _("Incident class"), "rows")
    for klass in Klass:
        one, other = came.klass.get(klass, NONE).all, went.klass.get(klass, NONE).all
        if one or other:
            cells = [_number(one, asked.link(klass=klass.value)), _number(other, asked.closed(klass=klass.value))]
            found.rows.append((str(CLASSES[klass].name), cells))
    return found


def _again(asked: Asked, went: Tally) -> Chart:
    columns = (Column(_("Reworked")), Column(_("Reopened")), Column(_("Closed"), drawn=False))
    rows = []
    for monday, label, days in _weeks(asked):
        week = went.week.get(monday, NONE)
        rows.append((label, [
            _number(week.reworked, asked.closed(again="reworked", **days)),
            _number(week.reopened, asked.closed(again="reopened", **days)),
            _number(week.all, asked.closed(**days)),
        ]))  # fmt: skip
    done_again = any(week.reworked or week.reopened for week in went.week.values())
    empty = "" if done_again else _("Of what was closed in these days nothing was reworked or reopened.")
    return Chart("again", _("Rework and reopenings, by week"), _("Week"), "bars", columns, rows, empty=empty)


def _areas(asked: Asked, came: Tally, went: Tally, viewer: Post, now: datetime) -> list[Chart]:
    """One chart for each kind of area directly below the viewer's, in the order of their names."""
    level = BELOW.get(Level(viewer.level))
    if level is None:
        return []
    counted = {key for key in (*came.area, *went.area) if key}
    places = Area.objects.filter(children(viewer.area) & (Q(valid_to=None) | Q(pk__in=counted))).order_by(
        "pinyin", "pk"
    )
    held = Post.objects.held(now).filter(**{f"area__{level}__isnull": False}, district=viewer.district_id)
    people = dict(held.order_by().values_list(f"area__{level}").annotate(CountOf("person", distinct=True)))
    groups: dict[str, list[Area]] = defaultdict(list)
    few: dict[str, int] = defaultdict(int)
    for area in places:
        groups[area.kind] += [area] if people.get(area.pk, 0) >= FEWEST_PEOPLE else []
        few[area.kind] += people.get(area.pk, 0) < FEWEST_PEOPLE
    return [_group(asked, (came, went), kind, groups[kind], few[kind]) for kind in Kind.values if kind in groups]


def _group(asked: Asked, counted: tuple[Tally, Tally], kind: str, places: list[Area], few: int) -> Chart:
    """`few`: how many of the kind have too few people to be set beside others."""
    (came, went), rows = counted, []
    columns = (Column(_("Reported")), Column(_("Closed")), Column(_("Done on time"), drawn=False, share=True))
    for area in places:
        one, other = came.area.get(area.pk, NONE), went.area.get(area.pk, NONE)
        rows.append((area.short_name or area.name, [
            _number(one.all, asked.link(area=area.pk)),
            _number(other.all, asked.closed(area=area.pk)),
            _share(other.on_time, other.timed, asked.closed(area=area.pk, on_time="either")),
        ]))  # fmt: skip
    name = str(Kind(kind).label)
    note, empty = "", ""
    if few and rows:
        note = ngettext(
            "%(n)s is left out: fewer than %(fewest)s people look after it.",
            "%(n)s are left out: fewer than %(fewest)s people look after each.", few,
        ) % {"n": few, "fewest": FEWEST_PEOPLE}  # fmt: skip
    elif not rows:
        empty = _("Fewer than %(fewest)s people look after each of these; they are not compared.") % {
            "fewest": FEWEST_PEOPLE}  # fmt: skip
    elif len(rows) == 1:
        note = _("The only one of its kind: there is nothing to compare it with.")
    title = _("Areas among their like: %(kind)s") % {"kind": name}
    return Chart(f"areas-{kind}", title, name, "rows", columns, rows, note=note, empty=empty)
