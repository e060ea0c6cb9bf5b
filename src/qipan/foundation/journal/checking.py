"""The part of verification that runs in processes of its own: one range of seals. Needs no Django."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import psycopg

from qipan.foundation.journal import chain, signing

ROWS = 5_000
ENTRIES = (
    f"SELECT p.position, {chain.FIELDS}, p.digest, p.entry_id FROM journal_position p "  # noqa: S608
    "LEFT JOIN journal_entry e ON e.id = p.entry_id "
    "WHERE p.position BETWEEN %s AND %s ORDER BY p.position"
)
SEALS = (
    "SELECT number, first_position, last_position, head, signature, key_id, "
    "(extract(epoch FROM sealed_at) * 1000000)::bigint FROM journal_seal WHERE number BETWEEN %s AND %s ORDER BY number"
)


class Kind(StrEnum):
    """What can be wrong."""

    ALTERED = "altered"  # an entry is not what was sealed
    MISSING = "missing"  # an entry or a position is gone
    REORDERED = "reordered"  # entries changed places
    RESEALED = "resealed"  # a seal does not follow from the one before it and its entries
    UNSIGNED = "unsigned"  # no known key signed this head
    CUT_OFF = "cut-off"  # the heads kept elsewhere go further
    REPLACED = "replaced"  # the heads kept elsewhere say otherwise
    UNMARKED = "unmarked"  # an entry that the sequencer will never see
    UNSEALED = "unsealed"  # a position behind the last seal


@dataclass(frozen=True, slots=True)
class Fault:
    kind: Kind
    position: int | None = None
    entry_id: int | None = None
    seal: int | None = None


@dataclass(slots=True)
class Found:
    """What one range gave."""

    entries: int = 0
    seals: int = 0
    signatures: int = 0
    faults: list[Fault] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Range:
    """Seals `first` to `last`, and which of their signatures to check: every n-th, and the last."""

    first: int
    last: int
    sign_every: int = 1


def check_in_process(conninfo: str, keys: str, part: Range) -> Found:
    """`check` over a connection of its own: what the parallel workers call."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        # By position and by entry id, both clustered in time: the planner's hash of the whole table would be slower.
        connection.execute("SET enable_hashjoin = off; SET enable_mergejoin = off; SET jit = off")
        with connection.cursor() as cursor:
            return check(cursor, keys=Path(keys), part=part)


def check(cursor: Any, *, keys: Path, part: Range, tell: Callable[[int], None] | None = None) -> Found:
    """Recomputes every digest and head of a range of seals. `tell` hears the entries done so far."""
    found, public = Found(), signing.public_keys(keys)
    cursor.execute(SEALS, [part.first - 1, part.last])
    seals = [(*row[:3], bytes(row[3]), bytes(row[4]), *row[5:]) for row in cursor.fetchall()]
    before: bytes | None = chain.GENESIS if part.first == 1 else None
    last_position, number = 0, part.first - 1
    if seals and seals[0][0] == part.first - 1:
        _number, _first, last_position, before, *_rest = seals.pop(0)
    if not seals or seals[-1][0] != part.last:
        found.faults.append(Fault(Kind.MISSING, seal=part.last))
    if not seals:
        return found
    if before is None:  # the seal before this range is gone, which the range before reports
        last_position = seals[0][1] - 1
    rows = _rows(cursor, last_position + 1, seals[-1][2])
    row = next(rows, None)
    for seal_number, first, last, head, signature, key, sealed_at in seals:
        if seal_number != number + 1 or first != last_position + 1:
            found.faults.append(Fault(Kind.MISSING, position=last_position + 1, seal=number + 1))
        digests, wrong = [], []
        position = first
        while position <= last:
            while row is not None and row[0] < position:
                row = next(rows, None)
            if row is None or row[0] != position:
                found.faults.append(Fault(Kind.MISSING, position=position, seal=seal_number))
                position += 1
                continue
            stored = bytes(row[-2])
            digests.append(stored)
            if row[1] is None:
                found.faults.append(Fault(Kind.MISSING, position=position, entry_id=row[-1], seal=seal_number))
            elif chain.digest(row[:-2]) != stored:
                wrong.append((row, stored))
            found.entries += 1
            row = next(rows, None)
            position += 1
        found.faults += _named(wrong, seal_number)
        fixed = {"number": seal_number, "first": first, "last": last, "sealed_at": sealed_at}
        if before is not None and chain.head(before=before, digests=digests, **fixed) != head:
            found.faults.append(Fault(Kind.RESEALED, position=first, seal=seal_number))
        if seal_number % part.sign_every == 0 or seal_number == part.last:
            found.signatures += 1
            if not signing.valid(public, key=key, number=seal_number, head=head, signature=signature):
                found.faults.append(Fault(Kind.UNSIGNED, seal=seal_number))
        found.seals += 1
        before, last_position, number = head, last, seal_number
        if tell is not None:
            tell(found.entries)
    return found


def _rows(cursor: Any, first: int, last: int) -> Iterator[tuple[Any, ...]]:
    for start in range(first, last + 1, ROWS):
        cursor.execute(ENTRIES, [start, min(start + ROWS - 1, last)])
        yield from cursor.fetchall()


def _named(wrong: list[tuple[tuple[Any, ...], bytes]], seal: int) -> list[Fault]:
    """Entries that do not fit their digests: moved, where one fits a place of another; else altered."""
    places = {stored: row[0] for row, stored in wrong}
    faults = []
    for row, _stored in wrong:
        moved = any(place != row[0] and chain.digest((place, *row[1:-2])) == stored for stored, place in places.items())
        faults.append(Fault(Kind.REORDERED if moved else Kind.ALTERED, position=row[0], entry_id=row[-1], seal=seal))
    return faults
