"""The journal at the size of a district's year: writing, sequencing, verifying.

python3 run.py bench journal [--entries 5000000] [--per-seal 3] [--seconds 20] [--writers 16] [--keep]

1. Writers: `--writers` threads record one entry a transaction for `--seconds`, the sequencer running beside them in a
   process of its own; how many commit, and how long from commit to a position.
2. Backlog: 200,000 entries loaded by COPY with their marks, placed by the real sequencer in batches.
3. Year: `--entries` in all, loaded by COPY, sealed in groups of `--per-seal` (a quiet day's seals are small; many small
   seals are the slow case), then verified whole by two processes with all heads kept outside compared.

Runs on an embedded server of its own with fsync on, in a folder of its own; nothing else should run meanwhile.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import subprocess
import sys
import threading
import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

from qipan.assembly.database import OWNER, Embedded
from qipan.assembly.folders import data_folder

FOLDER = data_folder() / "bench-journal"
COLUMNS = (
    "at, kind, about_kind, about_id, about_label, district_id, areas, unit_id, post_id, person_id, by_label, privacy, "
    "status_before, status_after, reason, detail, command_id"
)
KINDS = ["incidents.reported", "incidents.filed", "incidents.dispatched", "incidents.signed", "duties.opened"]
STATES = ["reported", "filed", "dispatched", "signed", "handling"]


def say(text: str) -> None:
    print(text, flush=True)


def rows(count: int, start: datetime):
    """Entries as the COPY text format takes them, about the size of real ones."""
    rng = random.Random(1)
    posts = [uuid.UUID(int=rng.getrandbits(128)) for _ in range(900)]
    step = timedelta(days=365) / max(count, 1)
    for n in range(count):
        at = start + n * step
        incident, state, village = uuid.UUID(int=rng.getrandbits(128)), n % 5, rng.randrange(342)
        yield (
            f"{at.isoformat()}\t{KINDS[state]}\tincident\t{incident}\t{at:%Y%m%d}-{n % 100000:05}\t1\t"
            f"{{1,{2 + village % 19},{21 + village},{363 + rng.randrange(5000)}}}\t{village}\t{rng.choice(posts)}\t"
            f"\\N\t水冶镇派遣员\t0\t{STATES[state - 1]}\t{STATES[state]}\t\t"
            f'{{"unit": {village}, "limit": "4 工作时", "category": "市容环境"}}\t'
            f"{uuid.UUID(int=rng.getrandbits(128))}\n"
        )


def load(cursor, count: int, start: datetime) -> float:
    began = time.perf_counter()
    with cursor.copy(f"COPY journal_entry ({COLUMNS}) FROM STDIN") as copy:
        block = []
        for row in rows(count, start):
            block.append(row)
            if len(block) == 2000:
                copy.write("".join(block))
                block = []
        copy.write("".join(block))
    return time.perf_counter() - began


def seal_year(connection, per_seal: int) -> tuple[int, float]:
    """What the sequencer would have left: positions, seals and heads, written by COPY."""
    from django.conf import settings

    from qipan.foundation.journal import chain, heads, sequencer, signing
    from qipan.foundation.journal.models import Position, Seal

    newest = Seal.objects.order_by("-number").first()
    number, position, head = (
        (newest.number, newest.last_position, bytes(newest.head)) if newest else (0, 0, chain.GENESIS)
    )
    first_head = bytes(Seal.objects.get(number=1).head) if newest else None
    signer, began, lines = signing.signer(sequencer.keys_folder()), time.perf_counter(), []
    last_entry = Position.objects.order_by("-position").values_list("entry_id", flat=True).first() or 0
    with connection.cursor() as reader, connection.cursor() as writer:
        while True:
            reader.execute(
                f"SELECT {chain.FIELDS} FROM journal_entry e WHERE id > %s ORDER BY id LIMIT 30000", [last_entry]
            )
            found = reader.fetchall()
            if not found:
                break
            last_entry = found[-1][0]
            places, seals = [], []
            for start in range(0, len(found), per_seal):
                group = found[start : start + per_seal]
                digests = [chain.digest((position + 1 + n, *row)) for n, row in enumerate(group)]
                number, first, last, now = number + 1, position + 1, position + len(group), datetime.now(UTC)
                head = chain.head(
                    before=head,
                    number=number,
                    first=first,
                    last=last,
                    sealed_at=chain.microseconds(now),
                    digests=digests,
                )
                signature = signer.sign(number, head)
                first_head = first_head or head
                places += [
                    (first + n, row[0], digest) for n, (row, digest) in enumerate(zip(group, digests, strict=True))
                ]
                seals.append((number, first, last, head, signature, signer.key_id, now))
                lines.append(heads.Head(number, last, head, signature, signer.key_id, chain.microseconds(now)).line())
                position = last
            with writer.copy("COPY journal_position (position, entry_id, digest) FROM STDIN") as copy:
                for place in places:
                    copy.write_row(place)
            with writer.copy(
                "COPY journal_seal (number, first_position, last_position, head, signature, key_id, sealed_at) "
                "FROM STDIN"
            ) as copy:
                for seal in seals:
                    copy.write_row(seal)
    path = heads.path_of(Path(settings.HEADS), first_head)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as handle:
        handle.write(b"".join(lines))
    return number, time.perf_counter() - began


def write_for(seconds: float, writers: int) -> tuple[int, list[float]]:
    """Commits in all, and the time from a commit to its position in milliseconds, sampled."""
    from django.db import connection, transaction

    from qipan.foundation.journal import operations
    from qipan.foundation.journal.models import Position
    from qipan.foundation.journal.rules import SYSTEM, About

    ends, counts, waits = time.monotonic() + seconds, [0] * writers, []

    def writer(index: int) -> None:
        thing = About("thing", uuid.uuid4(), "20260504-00001", 1, (1, 2, 21, 400), unit_id=5)
        try:
            while time.monotonic() < ends:
                with transaction.atomic():
                    entry = operations.record("incidents.filed", thing, by=SYSTEM, at=datetime.now(UTC), unit=5)
                counts[index] += 1
                if index == 0 and counts[0] % 10 == 0:
                    committed = time.monotonic()
                    while not Position.objects.filter(entry_id=entry.id).exists():
                        time.sleep(0.002)
                    waits.append((time.monotonic() - committed) * 1000)
        finally:
            connection.close()

    threads = [threading.Thread(target=writer, args=(index,)) for index in range(writers)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    return sum(counts), waits


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--entries", type=int, default=5_000_000)
    options.add_argument("--per-seal", type=int, default=3)
    options.add_argument("--seconds", type=float, default=20)
    options.add_argument("--writers", type=int, default=16)
    options.add_argument("--processes", type=int, default=2)
    options.add_argument("--keep", action="store_true", help="leave the database and its server")
    given = options.parse_args()

    shutil.rmtree(FOLDER / "keys", ignore_errors=True)
    shutil.rmtree(FOLDER / "heads", ignore_errors=True)
    server = Embedded(FOLDER)
    server.start()
    os.environ |= {
        "DATABASE_URL": server.url(role=OWNER),
        "QIPAN_KEYS": str(FOLDER / "keys"),
        "QIPAN_HEADS": str(FOLDER / "heads"),
        "QIPAN_POOL": "0",
        "DJANGO_SETTINGS_MODULE": "qipan.assembly.settings",
        "QIPAN_LOG": "WARNING",
    }
    try:
        run(given)
    finally:
        if not given.keep:
            server.stop()
            shutil.rmtree(FOLDER, ignore_errors=True)


def run(given: argparse.Namespace) -> None:
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from qipan.foundation.journal import sequencer, verify

    call_command("migrate", "journal", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        say(f"PostgreSQL {cursor.fetchone()[0]}, {os.cpu_count()} cores, Python {sys.version.split()[0]}")
        cursor.execute("TRUNCATE journal_entry, journal_pending, journal_position, journal_seal RESTART IDENTITY")

    leader = subprocess.Popen([sys.executable, "-m", "qipan", "journal", "sequence"])
    time.sleep(3)
    commits, waits = write_for(given.seconds, given.writers)
    leader.terminate()
    leader.wait()
    waits.sort()
    say(
        f"writers: {given.writers} threads, {commits / given.seconds:,.0f} commits/s; commit to position "
        f"p50 {statistics.median(waits):.0f} ms, p95 {waits[int(len(waits) * 0.95)]:.0f} ms, max {waits[-1]:.0f} ms"
    )
    sequencer.drain()

    with connection.cursor() as cursor:
        load(cursor, 200_000, datetime(2025, 1, 1, tzinfo=UTC))
        cursor.execute(
            "INSERT INTO journal_pending SELECT id FROM journal_entry e "
            "WHERE NOT EXISTS (SELECT FROM journal_position p WHERE p.entry_id = e.id)"
        )
        began = time.perf_counter()
        placed = sequencer.drain()
        seconds = time.perf_counter() - began
        say(f"backlog: {placed:,} entries sequenced in {seconds:.1f} s, {placed / seconds:,.0f}/s")

        count = max(0, given.entries - placed - commits)
        seconds = load(cursor, count, datetime(2025, 1, 1, tzinfo=UTC))
        say(f"load: {count:,} entries by COPY in {seconds:.1f} s, {count / max(seconds, 1e-9):,.0f}/s")
        seals, seconds = seal_year(connection, given.per_seal)
        say(f"seals: {seals:,} in all, made in {seconds:.1f} s")
        cursor.execute("VACUUM ANALYZE journal_entry, journal_position, journal_seal")
        cursor.execute("SELECT pg_total_relation_size('journal_entry') + pg_total_relation_size('journal_position') "
                       "+ pg_total_relation_size('journal_seal')")  # fmt: skip
        say(f"size: {cursor.fetchone()[0] / 1e9:.2f} GB with indexes")

    report = verify.verify(processes=given.processes)
    say(
        f"verify: {report.entries:,} entries, {report.seals:,} seals, {report.signatures:,} signatures, "
        f"{report.kept_heads:,} kept heads, {given.processes} processes: {report.seconds:.1f} s, "
        f"{report.entries / report.seconds:,.0f} entries/s, {'sound' if report.sound else report.faults[:5]}"
    )
    if not report.sound:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
