"""Incidents of many days, into the database: full histories for the last days, closing entries only before them.

`history` makes chunks of rows, day by day and in the order of time; `load` writes them. For tests of speed and scale:

    with bare(TABLES):
        load(scene, days=3650, full_days=365, per_day=2000, seed=1, now=now)
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from qipan.assembly.demo.ledger import Ledger
from qipan.assembly.demo.ledger.closed import Closed
from qipan.assembly.demo.loading import ORDER, Loader, Speed, analyze
from qipan.assembly.demo.scene import Scene
from qipan.assembly.demo.stories import CHANCES, Teller
from qipan.kernels.clock.timetable import DAY, instant

TABLES = (*ORDER, "journal_entry")
GATHER = 5_000  # incidents to a COPY
Progress = Callable[[int, int], None]


@dataclass(slots=True)
class Chunk:
    """Rows of some days: lines by table, and the journal's entries that nothing later can come before."""

    incidents: int
    day: int
    lines: dict[str, list[str]]
    entries: list[tuple[int, int, str]]


def history(
    scene: Scene, *, days: int, per_day: float, seed: int, now: datetime, full_days: int | None = None,
    photos: bool = True, chances: dict[str, float] = CHANCES, only: range | None = None,
) -> Iterator[Chunk]:  # fmt: skip
    """Chunks of incidents reported in the `days` days up to `now`; the last `full_days` (all by default) in full.

    `only` narrows this call to a range of days (ordinals, see `days_of`), so that several processes share the work:
    a day is the same whoever makes it.
    """
    until = instant(now)
    last = until // DAY
    full_from = last - (days if full_days is None else full_days) + 1
    ledger = Ledger(scene, seed=seed)
    teller = Teller(scene, ledger, seed=seed, now=until, photos=photos, chances=chances)
    closed = Closed(ledger, teller)
    told = gathered = 0
    wanted = only or range(last - days + 1, last + 1)
    for day in wanted:
        found = closed.day(day, per_day=per_day) if day < full_from else teller.day(day, per_day=per_day)
        told, gathered = told + found, gathered + found
        if gathered >= GATHER or day == wanted[-1]:
            if day == wanted[-1]:
                ledger.lines["incidents_number"] = ledger.number_lines()
            settled = (day + 1) * DAY if day != wanted[-1] else until + 400 * DAY
            ready = [entry for entry in ledger.entries if entry[0] < settled]
            ledger.entries = [entry for entry in ledger.entries if entry[0] >= settled]
            lines, ledger.lines = dict(ledger.lines), defaultdict(list)
            yield Chunk(gathered, day, lines, ready)
            gathered = 0


def days_of(*, days: int, now: datetime) -> range:
    """The days (ordinals) of a history that ends at `now`."""
    last = instant(now) // DAY
    return range(last - days + 1, last + 1)


def load(
    scene: Scene, *, days: int, per_day: float, seed: int, now: datetime, full_days: int | None = None,
    progress: Progress | None = None, photos: bool = True, chances: dict[str, float] = CHANCES,
    only: range | None = None,
) -> tuple[int, Speed, float]:  # fmt: skip
    """Make and write the incidents of `history`. Returns how many, what was written how fast, and the seconds in all.

    The journal's entries are left pending: the sequencer gives them their places. After several calls with `only`,
    call `Loader().mark_pending()` and `analyze` once.
    """
    loader, told, started = Loader(), 0, time.perf_counter()
    first = instant(now) // DAY - days + 1
    chunks = history(scene, days=days, per_day=per_day, seed=seed, now=now, full_days=full_days, photos=photos,
                     chances=chances, only=only)  # fmt: skip
    for chunk in chunks:
        loader.write_all(chunk.lines)
        loader.write_entries(chunk.entries)
        told += chunk.incidents
        if progress is not None:
            progress(chunk.day - first + 1, days)
    if only is None:
        loader.mark_pending()
        analyze((*TABLES, "journal_pending"))
    return told, loader.speed, time.perf_counter() - started
