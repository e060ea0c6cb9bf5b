"""Signed heads, kept outside the database: one file for each journal, one line for each seal.

A journal is known by the head of its first seal, so a database made anew begins a file of its own and the old one
stays. Copy the folder elsewhere as often as you like: a copy proves the journal up to its last line.
"""

from __future__ import annotations

import base64
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import orjson

from qipan.foundation.journal import chain


@dataclass(frozen=True, slots=True)
class Head:
    number: int
    last_position: int
    head: bytes
    signature: bytes
    key_id: str
    sealed_at: int  # microseconds since 1970

    def line(self) -> bytes:
        return orjson.dumps(
            {
                "number": self.number,
                "last": self.last_position,
                "head": self.head.hex(),
                "signature": base64.b64encode(self.signature).decode(),
                "key": self.key_id,
                "at": chain.moment(self.sealed_at).isoformat(timespec="microseconds"),
            },
            option=orjson.OPT_APPEND_NEWLINE,
        )


class NotAHead(ValueError):
    """A whole line that no sequencer wrote."""


def parse(line: bytes) -> Head:
    """Raises NotAHead."""
    try:
        kept = orjson.loads(line)
        return Head(
            int(kept["number"]),
            int(kept["last"]),
            bytes.fromhex(kept["head"]),
            base64.b64decode(kept["signature"]),
            kept["key"],
            chain.microseconds(datetime.fromisoformat(kept["at"])),
        )
    except (ValueError, LookupError, TypeError) as problem:
        raise NotAHead from problem


def path_of(folder: Path, first_head: bytes) -> Path:
    """The file of the journal whose first seal has this head."""
    return folder / f"{first_head.hex()[:16]}.jsonl"


def every(path: Path) -> Iterator[Head]:
    """All whole lines of a file, in order; a last line that a crash cut off is left out."""
    with path.open("rb") as handle:
        for line in handle:
            if line.endswith(b"\n"):
                yield parse(line)


def last(path: Path) -> Head | None:
    """The newest head of a file."""
    if not path.exists():
        return None
    with path.open("rb") as handle:
        size = handle.seek(0, os.SEEK_END)
        handle.seek(max(0, size - 4096))
        lines = [line for line in handle.read().splitlines(keepends=True) if line.endswith(b"\n")]
    return parse(lines[-1]) if lines else None


class Writer:
    """Appends to one file; on the disk within a second and at `close`."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _drop_torn_line(path)
        self.path, self.handle, self.synced = path, path.open("ab"), 0.0

    def append(self, head: Head) -> None:
        self.handle.write(head.line())
        self.handle.flush()
        if time.monotonic() - self.synced > 1:
            os.fsync(self.handle.fileno())
            self.synced = time.monotonic()

    def close(self) -> None:
        os.fsync(self.handle.fileno())
        self.handle.close()


def _drop_torn_line(path: Path) -> None:
    """Removes what a crash left behind the last whole line."""
    if not path.exists():
        return
    with path.open("r+b") as handle:
        size = handle.seek(0, os.SEEK_END)
        start = max(0, size - 4096)
        handle.seek(start)
        tail = handle.read()
        if tail and not tail.endswith(b"\n"):
            handle.truncate(start + tail.rfind(b"\n") + 1)
