"""Gives committed entries their positions, chains and seals them, signs each head, and tells the readers once.

One runs at a time, by a lock of its session: whoever holds it leads, others wait to take over. What was committed and
not yet placed when a leader died is placed by the next; positions, seal and the end of the pending marks are one
transaction, so that nothing is placed twice or half.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, InterfaceError, close_old_connections, connection, transaction

from qipan.foundation.journal import chain, heads, signing
from qipan.foundation.journal.models import Seal
from qipan.foundation.refusals import Unavailable

LOCK = 0x51_69_70_61_6E_4A  # "QipanJ"
EVERY = 0.05
BATCH = 2000
CHANNEL = "journal"
# The marks are taken first: joined at once, a long backlog is read by walking the whole journal from its beginning.
TAKE = (
    f"SELECT {chain.FIELDS} FROM (SELECT entry_id FROM journal_pending ORDER BY entry_id LIMIT %s) p "  # noqa: S608
    "JOIN journal_entry e ON e.id = p.entry_id ORDER BY p.entry_id"
)
PLACE = (
    "INSERT INTO journal_position (position, entry_id, digest) "
    "SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bytea[])"
)
log = logging.getLogger(__name__)


class HeadsDisagree(Unavailable):
    """The signed heads outside the database know a later or another journal than the database holds.

    New entries wait. Verify the journal, and tell the auditor.
    """


class Elsewhere(Unavailable):
    """Another process is sequencing the journal."""


def keys_folder() -> Path:
    return Path(settings.KEYS) / "journal"


def _key_stamp() -> tuple[int, int]:
    kept = (keys_folder() / "current.pem").stat()
    return kept.st_ino, kept.st_mtime_ns


def step(*, batch: int = BATCH) -> int:
    """Places what is committed and pending now, at most one batch; how many entries that were."""
    with leading() as leader:
        return leader.batch(batch)


def drain() -> int:
    """Places everything that is pending now."""
    total = 0
    with leading() as leader:
        while placed := leader.batch(BATCH):
            total += placed
    return total


def run(stop: threading.Event, *, every: float = EVERY) -> None:
    """Leads until `stop` is set; waits while another leads; survives a database that goes away and comes back."""
    while not stop.is_set():
        try:
            with leading() as leader:
                while not stop.is_set():
                    started = time.monotonic()
                    if leader.batch(BATCH) < BATCH:
                        stop.wait(max(0.0, every - (time.monotonic() - started)))
        except Elsewhere:
            stop.wait(1)
        except (DatabaseError, InterfaceError, OSError, HeadsDisagree) as problem:
            log.error("the journal's sequencer stopped and will try again: %s", problem)
            with contextlib.suppress(Exception):
                connection.close()
            stop.wait(1)
    close_old_connections()
    connection.close()


@contextlib.contextmanager
def leading() -> Iterator[Leader]:
    """Takes the lead, or raises Elsewhere."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            raise Elsewhere
    try:
        leader = Leader()
        try:
            yield leader
        finally:
            leader.close()
    finally:
        # The session's end frees the lock too; a broken one has ended.
        with contextlib.suppress(DatabaseError, InterfaceError), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


class Leader:
    """The state of one lead: the last seal, the signing key, the file of heads."""

    def __init__(self) -> None:
        self.signer = signing.signer(keys_folder())
        self.key_seen = _key_stamp()
        self.writer: heads.Writer | None = None
        newest = Seal.objects.order_by("-number").first()
        self.number, self.position, self.head = 0, 0, chain.GENESIS
        if newest is None:
            return
        self.number, self.position, self.head = newest.number, newest.last_position, bytes(newest.head)
        path = heads.path_of(Path(settings.HEADS), self._head_of(1))
        try:
            kept = heads.last(path)
        except heads.NotAHead as problem:
            raise HeadsDisagree from problem
        if kept is not None and (kept.number > self.number or self._head_of(kept.number) != kept.head):
            raise HeadsDisagree
        self.writer = heads.Writer(path)
        if kept is None or kept.number < self.number:
            # Committed by a leader that died before it wrote the line. Only what our key signed is taken up.
            if not signing.valid(
                signing.public_keys(keys_folder()),
                key=newest.key_id,
                number=newest.number,
                head=self.head,
                signature=bytes(newest.signature),
            ):
                raise HeadsDisagree
            self._write(newest)

    @staticmethod
    def _head_of(number: int) -> bytes:
        found = Seal.objects.filter(number=number).values_list("head", flat=True).first()
        if found is None:
            raise HeadsDisagree
        return bytes(found)

    def batch(self, limit: int) -> int:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(TAKE, [limit])
            rows = cursor.fetchall()
            if not rows:
                return 0
            if (stamp := _key_stamp()) != self.key_seen:  # the key was renewed meanwhile
                self.signer, self.key_seen = signing.signer(keys_folder()), stamp
            first, last = self.position + 1, self.position + len(rows)
            digests = [chain.digest((first + index, *row)) for index, row in enumerate(rows)]
            now = datetime.now(UTC)
            number = self.number + 1
            head = chain.head(
                before=self.head,
                number=number,
                first=first,
                last=last,
                sealed_at=chain.microseconds(now),
                digests=digests,
            )
            ids = [row[0] for row in rows]
            cursor.execute(PLACE, [list(range(first, last + 1)), ids, digests])
            seal = Seal.objects.create(
                number=number,
                first_position=first,
                last_position=last,
                head=head,
                signature=self.signer.sign(number, head),
                key_id=self.signer.key_id,
                sealed_at=now,
            )
            cursor.execute("DELETE FROM journal_pending WHERE entry_id = ANY(%s)", [ids])
            # Only this one transaction notifies, so no writer waits for the lock that NOTIFY takes at commit.
            cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, f"{first} {last}"])
        self.number, self.position, self.head = number, last, head
        if self.writer is None:
            self.writer = heads.Writer(heads.path_of(Path(settings.HEADS), head))
        self._write(seal)
        return len(rows)

    def _write(self, seal: Seal) -> None:
        assert self.writer is not None
        self.writer.append(
            heads.Head(
                seal.number,
                seal.last_position,
                bytes(seal.head),
                bytes(seal.signature),
                seal.key_id,
                chain.microseconds(seal.sealed_at),
            )
        )

    def close(self) -> None:
        if self.writer is not None:
            self.writer.close()
