"""Proves the journal, or says what is altered, missing, reordered, replaced or cut off, and where."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from psycopg.conninfo import make_conninfo

from qipan.foundation.journal import chain, checking, heads
from qipan.foundation.journal.checking import Fault, Kind, Range
from qipan.foundation.journal.sequencer import keys_folder

CHUNK = 50_000  # entries a range, about
EVERY_SIGNATURE_UP_TO = 200_000  # seals; beyond that every thousandth, the chain binding those between
MOST_FAULTS = 1_000
TEXTS: dict[str, str | Promise] = {
    Kind.ALTERED: _("Entry altered"),
    Kind.MISSING: _("Entry missing"),
    Kind.REORDERED: _("Entry moved to another place"),
    Kind.RESEALED: _("Seal does not fit its entries or the seal before it"),
    Kind.UNSIGNED: _("Signature is not by a known key"),
    Kind.CUT_OFF: _("The newest entries were cut off"),
    Kind.REPLACED: _("The journal was replaced: the heads kept elsewhere differ"),
    Kind.UNMARKED: _("Entry left over: it has neither a position nor a mark"),
    Kind.UNSEALED: _("Position without a seal"),
}


@dataclass(slots=True)
class Report:
    """What was checked, up to which head, and what is wrong with it."""

    entries: int = 0
    seals: int = 0
    signatures: int = 0
    waiting: int = 0  # entries whose turn has not come yet
    newest: int = 0
    newest_head: str = ""
    newest_at: datetime | None = None
    kept_heads: int = 0  # lines of the file of heads that were compared
    other_journals: int = 0  # files of heads of other journals in the same folder
    seconds: float = 0.0
    faults: list[Fault] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        return not self.faults


def verify(
    *,
    heads_file: Path | None = None,
    processes: int | None = None,
    every_signature: bool | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Checks everything up to the newest seal, and against the heads kept outside the database.

    heads_file: a copy of the heads kept elsewhere; the installation's own otherwise. processes: 0 checks in this
    process and transaction; by default two beyond 100,000 entries. progress(done, all) is told of entries.
    """
    started = time.monotonic()
    report = Report()
    with connection.cursor() as cursor:
        newest, last_position = _newest(cursor), 0
        if newest is not None:
            report.newest, last_position, report.newest_head, report.newest_at = newest
            _check_ranges(
                cursor,
                report,
                entries=last_position,
                processes=processes,
                every_signature=every_signature,
                progress=progress,
            )
        _check_beyond(cursor, report, last_position)
        _check_left_over(cursor, report)
        _check_heads(cursor, report, heads_file)
    # One cause can show in two ways; the fuller account stays.
    report.faults = sorted(set(report.faults), key=lambda fault: (fault.seal or 0, fault.position or 0, fault.kind))
    del report.faults[MOST_FAULTS:]
    report.seconds = time.monotonic() - started
    return report


def _newest(cursor: Any) -> tuple[int, int, str, datetime] | None:
    cursor.execute("SELECT number, last_position, head, sealed_at FROM journal_seal ORDER BY number DESC LIMIT 1")
    row = cursor.fetchone()
    return None if row is None else (row[0], row[1], bytes(row[2]).hex(), row[3])


def _check_ranges(
    cursor: Any,
    report: Report,
    *,
    entries: int,
    processes: int | None,
    every_signature: bool | None,
    progress: Callable[[int, int], None] | None,
) -> None:
    if every_signature is None:
        every_signature = report.newest <= EVERY_SIGNATURE_UP_TO
    if processes is None:
        processes = 2 if entries > 100_000 else 0
    size = max(1, round(report.newest * CHUNK / max(entries, 1)))
    ranges = [
        Range(first, min(first + size - 1, report.newest), 1 if every_signature else 1000)
        for first in range(1, report.newest + 1, size)
    ]
    keys, done = keys_folder(), 0

    def take(found: checking.Found) -> None:
        nonlocal done
        done += found.entries
        report.entries += found.entries
        report.seals += found.seals
        report.signatures += found.signatures
        report.faults += found.faults[:MOST_FAULTS]
        if progress is not None:
            progress(done, entries)

    if not processes:
        for part in ranges:
            take(checking.check(cursor, keys=keys, part=part))
        return
    conninfo = _conninfo()
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        open_ones = {pool.submit(checking.check_in_process, conninfo, str(keys), part) for part in ranges}
        while open_ones:
            finished, open_ones = wait(open_ones, return_when=FIRST_COMPLETED)
            for future in finished:
                take(future.result())


def _conninfo() -> str:
    parameters = connection.get_connection_params()
    wanted = ("dbname", "user", "password", "host", "port", "sslmode", "options")
    return make_conninfo("", **{key: parameters[key] for key in wanted if parameters.get(key)})


def _check_beyond(cursor: Any, report: Report, last_position: int) -> None:
    """Positions that no seal closes: positions and seal come in one transaction, so there are none but by force."""
    cursor.execute(
        "SELECT position, entry_id FROM journal_position WHERE position > %s AND position > "
        "(SELECT coalesce(max(last_position), 0) FROM journal_seal) ORDER BY position LIMIT 100",
        [last_position],
    )
    report.faults += [Fault(Kind.UNSEALED, position, entry) for position, entry in cursor.fetchall()]
    cursor.execute("SELECT position, entry_id FROM journal_position WHERE position < 1 LIMIT 100")
    report.faults += [Fault(Kind.UNSEALED, position, entry) for position, entry in cursor.fetchall()]


def _check_left_over(cursor: Any, report: Report) -> None:
    cursor.execute(
        "SELECT e.id FROM journal_entry e LEFT JOIN journal_position p ON p.entry_id = e.id "
        "WHERE p.entry_id IS NULL AND NOT EXISTS (SELECT FROM journal_pending w WHERE w.entry_id = e.id) "
        "ORDER BY e.id LIMIT %s",
        [MOST_FAULTS],
    )
    report.faults += [Fault(Kind.UNMARKED, entry_id=entry) for (entry,) in cursor.fetchall()]
    cursor.execute("SELECT count(*) FROM journal_pending")
    report.waiting = cursor.fetchone()[0]
    cursor.execute(
        "SELECT w.entry_id FROM journal_pending w LEFT JOIN journal_entry e ON e.id = w.entry_id WHERE e.id IS NULL "
        "ORDER BY w.entry_id LIMIT %s",
        [MOST_FAULTS],
    )
    report.faults += [Fault(Kind.MISSING, entry_id=entry) for (entry,) in cursor.fetchall()]


def _check_heads(cursor: Any, report: Report, given: Path | None) -> None:
    """Compares the seals with the heads kept outside; the file may end earlier, never later."""
    path = given
    if path is None or path.is_dir():
        folder = path or Path(settings.HEADS)
        cursor.execute("SELECT head FROM journal_seal WHERE number = 1")
        row = cursor.fetchone()
        path = heads.path_of(folder, bytes(row[0])) if row is not None else None
        if path is None or not path.exists():
            report.other_journals = len(list(folder.glob("*.jsonl"))) if folder.exists() else 0
            if report.other_journals and given is not None:
                report.faults.append(Fault(Kind.REPLACED if report.newest else Kind.CUT_OFF, position=1, seal=1))
            return
    block: list[heads.Head] = []
    try:
        for head in heads.every(path):
            block.append(head)
            if len(block) == 5_000:
                _compare(cursor, report, block)
                block = []
    except heads.NotAHead:
        report.faults.append(Fault(Kind.REPLACED, seal=report.kept_heads + len(block) + 1))
    _compare(cursor, report, block)


def _compare(cursor: Any, report: Report, block: list[heads.Head]) -> None:
    if not block:
        return
    report.kept_heads += len(block)
    cursor.execute(
        "SELECT number, head, signature FROM journal_seal WHERE number = ANY(%s)", [[kept.number for kept in block]]
    )
    seals = {number: (bytes(head), bytes(signature)) for number, head, signature in cursor.fetchall()}
    for kept in block:
        if kept.number > report.newest:
            if not any(fault.kind is Kind.CUT_OFF for fault in report.faults) and kept.number not in seals:
                report.faults.append(Fault(Kind.CUT_OFF, position=_last_position(cursor) + 1, seal=kept.number))
        elif kept.number not in seals:
            report.faults.append(Fault(Kind.MISSING, seal=kept.number))
        elif seals[kept.number] != (kept.head, kept.signature) and len(report.faults) < MOST_FAULTS:
            report.faults.append(Fault(Kind.REPLACED, seal=kept.number))


def _last_position(cursor: Any) -> int:
    cursor.execute("SELECT coalesce(max(last_position), 0) FROM journal_seal")
    return int(cursor.fetchone()[0])


def verified_upto(report: Report) -> str:
    """The newest head in short, for people to compare."""
    return report.newest_head[:16] or chain.GENESIS.hex()[:16]
