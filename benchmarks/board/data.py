"""Ten years of a district for the benchmark, loaded by COPY.

The demo's own generator tells the stories; the newest two weeks are its work row by row, open ones and all. Of what
lies before, it tells a week in full and a week of closing entries only; their rows are then written again and again,
each time moved by a whole number of weeks (days of the week and hours of the day stay, as do ids' order in time),
with new ids, numbers and dates. So every row is one that operations could have written, and the loading is as quick as
the database takes it. What the copies' vault cards hold cannot be opened: a card's words are bound to its id.
"""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection

from qipan.assembly.demo import build, incidents, people, scene
from qipan.assembly.demo import map as demo_map
from qipan.assembly.demo.ledger import Ledger
from qipan.assembly.demo.ledger.closed import Closed
from qipan.assembly.demo.loading import ORDER, Loader, bare
from qipan.assembly.demo.stories import Teller
from qipan.foundation.areas.models import Area
from qipan.foundation.journal.rules import SYSTEM
from qipan.incidents.rules.steps import ENDED
from qipan.kernels.clock.timetable import DAY, day_of, instant

RECENT = 14  # days that are told row by row
WINDOW = 7  # days that are copied at a time
DAY_MS = 86_400_000
BASE = 52  # weeks before now in which the copied stories are told: all of them have ended by now
Say = Callable[[str], None]
ENTRY = "journal_entry"

PART = re.compile(
    r"([0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})"  # an id
    r"|(\d{4}-\d\d-\d\d)"  # a day
    r"|(?<=[A-Za-z]{2})(20\d{6})(?=[-'])"  # the day in a number
    r"|(?<=\\\\x)([0-9a-f]{64})(?=\t|$)"  # a digest that is there once only
)


@dataclass(slots=True)
class Made:
    """What was loaded."""

    district: Area
    incidents: int
    rows: int
    seconds: float
    index_seconds: float
    sealed: int
    seal_seconds: float


class Finished(Ledger):
    """A ledger of stories that began before `until` and were over by `latest`; of any other, nothing is kept."""

    until = latest = 0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.left_out: set[str] = set()

    def finish(self, file: Any, *, now: int) -> None:
        merged = file.merged_into is not None and str(file.merged_into.id) in self.left_out
        if merged or file.status not in ENDED or file.status_at > self.latest or file.reported_at >= self.until:
            # A merged report's reporters are with the other file, its cards are not.
            cards = [*(front[:36] for front, *_ in file.cards), *(one["card"] for one in file.reporters)]
            ids = [file.id, *(debt.id for debt in file.duties), *(one["id"] for one in file.supervisions), *cards]
            self.left_out |= {str(key) for key in ids if key}
        else:
            super().finish(file, now=now)


class Moved(dict[str, str]):
    """What the parts of a line become when the line is moved by a number of days."""

    def __init__(self, days: int) -> None:
        self.days = days

    def __missing__(self, part: str) -> str:
        if len(part) == 36:
            milliseconds = int(part[:8] + part[9:13], 16) + self.days * DAY_MS
            text = f"{milliseconds >> 16:08x}-{milliseconds & 0xFFFF:04x}{part[13:]}"
        elif len(part) == 10:
            text = date.fromordinal(date.fromisoformat(part).toordinal() + self.days).isoformat()
        elif len(part) == 8:
            text = f"{date.fromordinal(date.fromisoformat(part).toordinal() + self.days):%Y%m%d}"
        else:
            text = f"{self.days & 0xFFFF:04x}{part[4:]}"
        self[part] = text
        return text


class Pattern:
    """The rows of a week, to be written at other times."""

    def __init__(self, lines: dict[str, list[str]], *, left_out: set[str], first: int, last: int) -> None:
        """`first` and `last`: ids between these moments (milliseconds) belong to the stories; others are of posts."""
        self.left_out, self.first, self.last = left_out, first, last
        self.tables = {
            table: [found for line in lines[table] if (found := self._taken_apart(line))]
            for table in (*ORDER, ENTRY)
            if lines.get(table)
        }

    def __len__(self) -> int:
        return len(self.tables["incidents_incident"])

    def _taken_apart(self, line: str) -> tuple[str, tuple[str, ...]] | None:
        keys: list[str] = []

        def part(match: re.Match[str]) -> str:
            text = match.group()
            if match.group(1):
                if text in self.left_out:
                    raise KeyError
                if not self.first <= int(text[:8] + text[9:13], 16) < self.last:
                    return text
            keys.append(text)
            return "%s"

        try:
            return PART.sub(part, line.replace("%", "%%")), tuple(keys)
        except KeyError:
            self.left_out.add(line[:36])  # what points to it is left out too
            return None

    def moved(self, days: int) -> Iterator[tuple[str, list[str]]]:
        """Each table's lines, moved by a number of days."""
        get = Moved(days).__getitem__
        for table, rows in self.tables.items():
            yield table, [line % tuple(map(get, keys)) for line, keys in rows]


def make(*, count: int, per_day: float, full_days: int, size: str, staff: int, at: datetime, say: Say) -> Made:
    """Fill an empty database with a district and `count` incidents up to `at`, those of the last `full_days` in full.

    Run by the owner of the tables. Secondary indexes and foreign keys are set aside meanwhile.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
    started = time.perf_counter()
    district = demo_map.load(demo_map.build(size, 1), by=SYSTEM, at=at)
    found = people.build(district=district, seed=1, at=at, staff=staff)
    say(f"district: {Area.objects.count():,} areas, {found.people} people; {time.perf_counter() - started:.1f} s")
    here = scene.load(district, at=at)
    loader, told, started = Loader(), 0, time.perf_counter()
    with bare(incidents.TABLES):
        for table, lines, many in _history(here, count=count, per_day=per_day, full_days=full_days, at=at, say=say):
            loader.write(table, lines)
            told += many
        seconds = time.perf_counter() - started
        say(
            f"load: {told:,} incidents, {loader.speed.total:,} rows in {seconds:.0f} s, "
            f"{loader.speed.total / seconds:,.0f} rows/s with the telling, "
            f"{loader.speed.total / loader.speed.seconds:,.0f} rows/s in COPY"
        )
        indexing = time.perf_counter()
    indexing = time.perf_counter() - indexing
    say(f"indexes and foreign keys: {indexing:.0f} s")
    sealing = time.perf_counter()
    loader.mark_pending()
    sealed = build.seal()
    sealing = time.perf_counter() - sealing
    say(f"journal: {sealed:,} entries sealed in {sealing:.0f} s")
    with connection.cursor() as cursor:
        cursor.execute("RESET synchronous_commit")
        cursor.execute("ALTER TABLE incidents_incident ALTER COLUMN search SET STATISTICS 500")
        cursor.execute("VACUUM ANALYZE")
    say(f"vacuum: {time.perf_counter() - started:.0f} s since the start of loading")
    return Made(district, told, loader.speed.total, seconds, indexing, sealed, sealing)


def _history(
    here: Any, *, count: int, per_day: float, full_days: int, at: datetime, say: Say
) -> Iterator[tuple[str, list[str], int]]:
    """Everything to load, oldest first: table, lines, and how many incidents are among them."""
    began = time.perf_counter()
    newest = list(incidents.history(here, days=min(RECENT, max(1, round(count / per_day))), per_day=per_day, seed=1,
                                    now=at, photos=False))  # fmt: skip
    recent = sum(chunk.incidents for chunk in newest)
    windows = max(0, -(-(full_days - RECENT) // WINDOW))
    plan: list[tuple[Pattern, int]] = []
    left = count - recent
    full = _pattern(here, per_day=per_day, at=at, closed_only=False) if left > 0 and windows else []
    for back in range(1, windows + 1):
        if left > 0:
            plan.append((full, -back))
            left -= len(full)
    if left > 0:
        closed = _pattern(here, per_day=per_day, at=at, closed_only=True)
        back = max(1, windows + 1)
        while left > 0:
            plan.append((closed, -back))
            left -= len(closed)
            back += 1
    told = f"{recent:,} told and {len(full):,} to be copied in {time.perf_counter() - began:.0f} s"
    say(f"stories: {told}; then {len(plan)} weeks of them")
    for number, (pattern, back) in enumerate(reversed(plan), 1):
        days = (BASE + back) * WINDOW
        for table, lines in pattern.moved(days):
            yield table, lines, len(lines) if table == "incidents_incident" else 0
        if number % 20 == 0:
            say(f"  {number} of {len(plan)} weeks")
    for chunk in newest:
        for table in ORDER:
            lines = chunk.lines.get(table, [])
            yield table, lines, chunk.incidents if table == "incidents_incident" else 0
        yield ENTRY, [line for _at, _order, line in sorted(chunk.entries, key=lambda entry: entry[:2])], 0


def _pattern(here: Any, *, per_day: float, at: datetime, closed_only: bool) -> Pattern:
    """A week of stories told BASE weeks before the newest copy of it."""
    until = instant(at)
    last = until // DAY - RECENT - BASE * WINDOW + WINDOW
    ledger = Finished(here, seed=2 + closed_only)
    ledger.until, ledger.latest = (last + 1) * DAY, (last + 1 + RECENT) * DAY
    teller = Teller(here, ledger, seed=2 + closed_only, now=until, photos=False)
    closed = Closed(ledger, teller)
    for day in range(last - WINDOW + 1, last + 1):
        _ = closed.day(day, per_day=per_day) if closed_only else teller.day(day, per_day=per_day)
    lines = defaultdict(list, ledger.lines)
    lines[ENTRY] = [line for _at, _order, line in sorted(ledger.entries, key=lambda entry: entry[:2])]
    epoch = date(1970, 1, 1)
    first = (day_of((last - WINDOW) * DAY) - epoch).days * DAY_MS
    return Pattern(lines, left_out=ledger.left_out, first=first, last=first + 120 * DAY_MS)


def sizes() -> list[tuple[str, int]]:
    """The largest tables with their indexes, in bytes, and the whole database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, pg_total_relation_size(oid) FROM pg_class WHERE relkind = 'r' ORDER BY 2 DESC LIMIT 4"
        )
        rows = list(cursor.fetchall())
        cursor.execute("SELECT pg_database_size(current_database())")
        return [*rows, ("whole database", cursor.fetchone()[0])]
