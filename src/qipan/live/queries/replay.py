"""A past day of the map, from the journal: what was open at its beginning, and every change until its end.

The incidents that were open at some time of the day are found by an index on their lifetimes; then the whole journal
of each of them is read by its own index and told once more. What it costs does not depend on how many years there are.
Deadlines are those of the duties: a duty keeps its last one, the journal each move before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from django.db import connection
from django.utils import timezone

from qipan.foundation.journal import chain
from qipan.foundation.journal.rules import Class
from qipan.foundation.posts.models import Post
from qipan.foundation.refusals import Invalid
from qipan.incidents import access
from qipan.incidents.models import HAS_ENDED, IS_OPEN, Category, Supervision
from qipan.incidents.queries import fragments
from qipan.incidents.rules.classes import Leg
from qipan.incidents.rules.steps import OPEN

MOST = 60_000  # incidents open at some time of one day
AHEAD = timedelta(minutes=5)  # a report may be dated so much later than it came
LEGS = tuple(f"incidents.{leg}" for leg in Leg)
MOVES = ("duties.paused", "duties.resumed", "duties.extended", "duties.deadline_moved")
# As the index on lifetimes has it.
LIFETIME = "tstzrange(LEAST(reported_at, COALESCE(closed_at, status_at)), COALESCE(closed_at, status_at), '[]')"
FILE = "id, longitude, latitude, klass, urgent, (extract(epoch FROM reported_at) * 1000000)::bigint"
ENTRIES = """
SELECT about_id, (extract(epoch FROM at) * 1000000)::bigint, kind, status_before, status_after, %(area)s = ANY(areas),
  CASE WHEN kind = 'incidents.accepted' OR kind = ANY(%(moves)s) THEN detail END::text
FROM journal_entry
WHERE about_kind = 'incidents.incident' AND about_id = ANY(%(ids)s) AND privacy <= %(privacy)s
  AND (kind = ANY(%(moves)s) OR kind LIKE 'incidents.%%' AND status_after <> '')
ORDER BY about_id, id
"""
CLOCKS = """
SELECT about_id, id::text, (extract(epoch FROM opened_at) * 1000000)::bigint,
  (extract(epoch FROM ended_at) * 1000000)::bigint, (extract(epoch FROM due_at) * 1000000)::bigint
FROM duties_duty
WHERE about_id = ANY(%s) AND kind = ANY(%s) AND opened_at < %s AND (ended_at IS NULL OR ended_at >= %s)
ORDER BY about_id, opened_at DESC, id DESC
"""
ENDED = """
SELECT about_id, (extract(epoch FROM at) * 1000000)::bigint FROM journal_entry
WHERE about_kind = 'incidents.supervision' AND about_id = ANY(%s) AND kind = 'incidents.supervision_ended'
"""


class DayToCome(Invalid):
    """This day has not begun. Choose today or a day before."""


class TooBusyADay(Invalid):
    """On this day more than {most} incidents were open. Ask as a post of a smaller area."""


class State(NamedTuple):
    """How an incident lay on the map."""

    status: str
    klass: str
    urgent: bool
    supervised: bool
    due_at: int | None  # as all times here: microseconds since 1970


NOWHERE = State("", "", False, False, None)


class File(NamedTuple):
    """What the tables say of an incident today."""

    id: UUID
    longitude: float | None
    latitude: float | None
    klass: str
    urgent: bool
    reported_at: int


class Happened(NamedTuple):
    """An entry of the journal. `inside`: in the viewer's area."""

    at: int
    kind: str
    before: str
    after: str
    inside: bool
    detail: dict[str, Any] | None


class Clock(NamedTuple):
    """A duty whose deadline is the incident's: when it was open, and its last deadline."""

    id: str
    opened_at: int
    ended_at: int | None
    due_at: int | None


def replay(*, viewer: Post, day: date, now: datetime) -> dict[str, Any]:
    """{from, to, start, changes}: the incidents that the viewer may see today, as they were then, while they lay in the
    viewer's area; nothing of persons, and no places of staff, which are kept nowhere. Six queries at the most.

    `start`: [id, status, longitude, latitude, klass, urgent, supervised, due_at] of what was open at `from`. `changes`:
    the same behind the whole seconds since `from`, in order; with a status that is not open, it is on the map no more.
    Raises DayToCome, TooBusyADay.
    """
    begin, end = bounds(day, now=now)
    files = _files(viewer, begin, end)
    told, legs, ends = _told(viewer, files), _legs(files, begin, end), _ends(files)
    klasses = dict(Category.objects.filter(district=viewer.district_id).order_by().values_list("key", "klass"))
    start: list[tuple[Any, ...]] = []
    changes: list[tuple[Any, ...]] = []
    for file in files:
        # Without an entry of its own it was brought from elsewhere when it was over: nobody here saw it open.
        if happened := told.get(file.id):
            life = _life(file, happened, legs.get(file.id, ()), ends.get(file.id, ()), klasses)
            at_first, later = _of_day(life, chain.microseconds(begin), chain.microseconds(end))
            if at_first.status in OPEN:
                start.append(_shown(file, at_first))
            changes += [(seconds, *_shown(file, state)) for seconds, state in later]
    changes.sort(key=lambda change: change[0])
    return {"from": begin, "to": end, "start": start, "changes": changes}


def bounds(day: date, *, now: datetime) -> tuple[datetime, datetime]:
    """From midnight to midnight, or to now. Raises DayToCome."""
    if day > timezone.localdate(now):
        raise DayToCome(field="day")
    zone = timezone.get_default_timezone()
    end = datetime.combine(day + timedelta(days=1), time(), zone)
    return datetime.combine(day, time(), zone), min(end, now)


def _shown(file: File, state: State) -> tuple[Any, ...]:
    due_at = None if state.due_at is None else chain.moment(state.due_at)
    return (file.id, state.status, file.longitude, file.latitude, *state[1:4], due_at)


def _files(viewer: Post, begin: datetime, end: datetime) -> list[File]:
    """What may have been open at some time of the day. Each ground of sight by its own index."""
    is_open, ended = fragments.of(IS_OPEN), fragments.of(HAS_ENDED)
    assert is_open is not None and ended is not None
    times = (
        (f"{is_open[0]} AND reported_at <= %s", (*is_open[1], end + AHEAD)),
        (f"{ended[0]} AND {LIFETIME} && tstzrange(%s, %s)", (*ended[1], begin, end + AHEAD)),
    )
    parts = [
        (f"SELECT {FILE} FROM incidents_incident WHERE {sight} AND {when}", (*seeing, *values))  # noqa: S608
        for sight, seeing in fragments.sight(viewer, mine=False)
        for when, values in times
    ]
    if not parts:
        return []
    with connection.cursor() as cursor:
        statement = f"{' UNION '.join(sql for sql, _values in parts)} ORDER BY id LIMIT {MOST + 1}"
        cursor.execute(statement, [value for _sql, values in parts for value in values])
        found = [File(*row) for row in cursor.fetchall()]
    if len(found) > MOST:
        raise TooBusyADay(most=MOST)
    return found


def _told(viewer: Post, files: list[File]) -> dict[UUID, list[Happened]]:
    """The journal of each, in its order."""
    found: dict[UUID, list[Happened]] = defaultdict(list)
    # Who oversees an area sees what lies in it; who sees what is theirs, sees it wherever it lay.
    area = viewer.area_id if viewer.role in access.OVERSEERS else None
    values: dict[str, Any] = {
        "ids": [file.id for file in files],
        "moves": list(MOVES),
        "privacy": int(Class.PRIVATE),
        "area": area,
    }
    with connection.cursor() as cursor:
        cursor.execute(ENTRIES, values)
        for key, at, kind, before, after, inside, detail in cursor.fetchall():
            read = orjson.loads(detail) if detail else None
            found[key].append(Happened(at, kind, before, after, area is None or inside, read))
    return found


def _legs(files: list[File], begin: datetime, end: datetime) -> dict[UUID, list[Clock]]:
    """The clocks that ran at some time of the day, newest first."""
    found: dict[UUID, list[Clock]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(CLOCKS, [[file.id for file in files], list(LEGS), end, begin])
        for about, *values in cursor.fetchall():
            found[about].append(Clock(*values))
    return found


def _ends(files: list[File]) -> dict[UUID, list[int]]:
    """When supervisions of each ended."""
    rows = Supervision.objects.filter(incident__in=[file.id for file in files]).order_by()
    of = dict(rows.values_list("pk", "incident_id"))
    found: dict[UUID, list[int]] = defaultdict(list)
    if of:
        with connection.cursor() as cursor:
            cursor.execute(ENDED, [list(of)])
            for key, at in cursor.fetchall():
                found[of[key]].append(at)
    return found


def _of_day(life: Iterator[tuple[int, State]], begin: int, end: int) -> tuple[State, list[tuple[int, State]]]:
    """The state at the beginning, and those that differ from the one before, by the second."""
    first, by_second = NOWHERE, dict[int, State]()
    for at, state in life:
        if at <= begin:
            first = state
        elif at < end:
            by_second[(at - begin) // 1_000_000] = state
    last, later = first, []
    for seconds, state in by_second.items():
        if state != last and (state.status in OPEN or last.status in OPEN):
            later.append((seconds, state))
        last = state
    return first, later


def _life(
    file: File, happened: list[Happened], legs: Sequence[Clock], ends: Sequence[int], klasses: dict[str, str]
) -> Iterator[tuple[int, State]]:
    """Every moment at which something happened, in order, and how it stood then."""
    klass, urgent, status, supervisions, inside = _at_first(file, happened, klasses)
    by_time: dict[int, list[Happened]] = defaultdict(list)
    by_time[file.reported_at]
    latest = happened[0].at
    for one in happened:
        latest = max(latest, one.at)  # two servers' clocks may differ: the journal's order stands
        by_time[latest].append(one)
    for moment in (*ends, *(moment for leg in legs for moment in leg[1:3] if moment is not None)):
        by_time[moment]
    dues = {leg.id: leg.due_at for leg in legs} | _first_deadlines(happened)
    for at in sorted(by_time):
        for one in by_time[at]:
            if one.kind in MOVES:
                _move(dues, one)
                continue
            status, inside = one.after, one.inside
            supervisions += one.kind == "incidents.supervised"
            if one.detail:
                klass = klasses.get(one.detail.get("category", {}).get("to", ""), klass)
                urgent = one.detail.get("urgent", urgent)
        supervisions -= ends.count(at)
        leg = next((one for one in legs if one.opened_at <= at and (one.ended_at is None or one.ended_at > at)), None)
        if inside:
            yield at, State(status, klass, urgent, supervisions > 0, dues.get(leg.id) if leg else None)
        else:
            yield at, NOWHERE


def _at_first(file: File, happened: list[Happened], klasses: dict[str, str]) -> tuple[str, bool, str, int, bool]:
    """Class, urgency, status, supervisions, and whether in the viewer's area, when it was reported. What is told only
    from later on (cases from before this journal) stood till then as its first entry says."""
    klass, urgent = file.klass, file.urgent
    for one in reversed(happened):
        if one.kind not in MOVES and one.detail:
            klass = klasses.get(one.detail.get("category", {}).get("from", ""), klass)
            urgent = not one.detail["urgent"] if "urgent" in one.detail else urgent
    first = next((one for one in happened if one.kind not in MOVES), None)
    if first is None:
        return klass, urgent, "", 0, False
    if first.kind == "incidents.received":  # brought from elsewhere; its own report would have been told
        return klass, urgent, "", 0, False
    return klass, urgent, first.before, 0, first.inside


def _first_deadlines(happened: list[Happened]) -> dict[str, int | None]:
    """Of each duty whose deadline was moved, the one before the first move."""
    found: dict[str, int | None] = {}
    for one in happened:
        if one.kind in MOVES and one.detail and "due_before" in one.detail:
            found.setdefault(one.detail["duty"], _moment(one.detail["due_before"]))
    return found


def _move(dues: dict[str, int | None], one: Happened) -> None:
    if one.detail:
        dues[one.detail["duty"]] = _moment(one.detail.get("due_after"))  # a clock that stands still has no deadline


def _moment(text: str | None) -> int | None:
    return chain.microseconds(datetime.fromisoformat(text)) if text else None
