"""How entries are hashed and chained. Needs no Django, so that verification can run in processes of its own.

An entry's digest is SHA-256 over the JSON array of its position and its fields, in the fixed order of FIELDS, as
orjson writes it. A seal's head is SHA-256 over the head before it, its number, its first and last position, the moment
it was made, and the digests of its entries in order. The signature is Ed25519 over a fixed prefix, number and head.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
GENESIS = bytes(32)
PREFIX = b"qipan journal head 1\0"
# Everything as integers and texts: what the database prints for a time or a UUID must not matter.
FIELDS = (
    "e.id, (extract(epoch FROM e.at) * 1000000)::bigint, e.kind, e.about_kind, e.about_id::text, e.about_label,"
    " e.district_id, e.areas::text, e.unit_id, e.post_id::text, e.person_id::text, e.by_label, e.privacy,"
    " e.status_before, e.status_after, e.reason, e.detail::text, e.command_id::text"
)


def digest(placed: tuple[Any, ...]) -> bytes:
    """`placed`: the position, then the fields of an entry as FIELDS selects them."""
    return hashlib.sha256(orjson.dumps(placed)).digest()


def head(*, before: bytes, number: int, first: int, last: int, sealed_at: int, digests: Iterable[bytes]) -> bytes:
    """The head of a seal; `sealed_at` in microseconds since 1970."""
    fixed = struct.pack(">QQQq", number, first, last, sealed_at)
    return hashlib.sha256(b"".join((before, fixed, *digests))).digest()


def message(number: int, head: bytes) -> bytes:
    """What is signed."""
    return PREFIX + struct.pack(">Q", number) + head


def microseconds(at: datetime) -> int:
    """Whole microseconds since 1970, exactly."""
    since = at - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def moment(microseconds: int) -> datetime:
    return EPOCH + timedelta(microseconds=microseconds)
