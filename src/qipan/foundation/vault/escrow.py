"""Keys in escrow: a sealed bundle that may lie anywhere, and its key split between two posts.

Either share alone says nothing (one is random, the other is the key XOR it). Each is printed as text with a checksum,
so that it can be typed in again; the bundle tells whether the two belong together.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from qipan.foundation.refusals import Invalid
from qipan.foundation.vault.keystore import KEY_BYTES, NONCE_BYTES, KeyFacts

FORMAT = "qipan-escrow-1"
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base32: nothing that is misread
STANDARD = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
CHECK_BYTES = 3


class BadShare(Invalid):
    """This is not a whole escrow share. Please compare it with the paper, character by character."""


class NotAPair(Invalid):
    """These two shares do not open this bundle. Both must be of bundle {bundle}, one 1/2 and one 2/2."""


class BadBundle(Invalid):
    """This file is not an escrow bundle."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A key as it lies in a bundle."""

    facts: KeyFacts
    secret: bytes


def make(keys: Iterable[Kept], *, at: datetime) -> tuple[str, bytes, tuple[str, str]]:
    """(id of the bundle, its file, the two shares as text)."""
    bundle_id, secret = secrets.token_hex(4).upper(), secrets.token_bytes(KEY_BYTES)
    content = json.dumps(
        [
            {
                "id": kept.facts.id,
                "district_id": kept.facts.district_id,
                "purpose": kept.facts.purpose,
                "created_at": kept.facts.created_at.isoformat(),
                "current": kept.facts.current,
                "secret": base64.b64encode(kept.secret).decode(),
            }
            for kept in keys
        ]
    ).encode()
    nonce = secrets.token_bytes(NONCE_BYTES)
    sealed = nonce + AESGCM(secret).encrypt(nonce, content, f"{FORMAT}|{bundle_id}".encode())
    file = json.dumps(
        {
            "format": FORMAT,
            "bundle": bundle_id,
            "made_at": at.isoformat(),
            "sealed": base64.b64encode(sealed).decode(),
        }
    ).encode()
    first = secrets.token_bytes(KEY_BYTES)
    second = bytes(a ^ b for a, b in zip(secret, first, strict=True))
    return bundle_id, file, (share_text(bundle_id, 1, first), share_text(bundle_id, 2, second))


def share_text(bundle_id: str, number: int, share: bytes) -> str:
    """`QIPAN <bundle> <number>/2`, then groups of five characters; the last ones are a checksum."""
    plain = share + _check(bundle_id, number, share)
    coded = base64.b32encode(plain).decode().rstrip("=").translate(str.maketrans(STANDARD, ALPHABET))
    groups = [coded[place : place + 5] for place in range(0, len(coded), 5)]
    lines = [" ".join(groups[place : place + 4]) for place in range(0, len(groups), 4)]
    return "\n".join([f"QIPAN {bundle_id} {number}/2", *lines])


def read_share(text: str) -> tuple[str, int, bytes]:
    """(bundle, number, share). Forgives case, spaces, O for 0 and I or L for 1. Raises BadShare."""
    words = text.upper().replace("-", " ").split()
    if len(words) < 4 or words[0] != "QIPAN" or words[2] not in {"1/2", "2/2"}:
        raise BadShare
    bundle_id, number = words[1], int(words[2][0])
    coded = "".join(words[3:]).translate(str.maketrans("OIL", "011"))
    if set(coded) - set(ALPHABET):
        raise BadShare
    coded = coded.translate(str.maketrans(ALPHABET, STANDARD))
    try:
        plain = base64.b32decode(coded + "=" * (-len(coded) % 8))
    except ValueError as problem:
        raise BadShare from problem
    share, check = plain[:KEY_BYTES], plain[KEY_BYTES:]
    if len(share) != KEY_BYTES or check != _check(bundle_id, number, share):
        raise BadShare
    return bundle_id, number, share


def checksum(text: str) -> str:
    """What the registry keeps of a share: enough to recognise the paper, nothing of its content."""
    return hashlib.sha256(" ".join(text.split()).encode()).hexdigest()[:16]


def read_bundle(file: bytes, shares: tuple[str, str]) -> tuple[str, list[Kept]]:
    """Opens a bundle with both shares. Raises BadBundle, BadShare, NotAPair."""
    try:
        bundle = json.loads(file)
        bundle_id, sealed = bundle["bundle"], base64.b64decode(bundle["sealed"])
        if bundle["format"] != FORMAT:
            raise BadBundle
    except (ValueError, KeyError, TypeError) as problem:
        raise BadBundle from problem
    (one_id, one, first), (other_id, other, second) = map(read_share, shares)
    if {one_id, other_id} != {bundle_id} or {one, other} != {1, 2}:
        raise NotAPair(bundle=bundle_id)
    secret = bytes(a ^ b for a, b in zip(first, second, strict=True))
    try:
        content = AESGCM(secret).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], f"{FORMAT}|{bundle_id}".encode())
    except InvalidTag as problem:
        raise NotAPair(bundle=bundle_id) from problem
    return bundle_id, [
        Kept(
            KeyFacts(
                each["id"],
                each["district_id"],
                each["purpose"],
                datetime.fromisoformat(each["created_at"]),
                "",
                each["current"],
            ),
            base64.b64decode(each["secret"]),
        )
        for each in json.loads(content)
    ]


def _check(bundle_id: str, number: int, share: bytes) -> bytes:
    return hashlib.sha256(f"{FORMAT}|{bundle_id}|{number}|".encode() + share).digest()[:CHECK_BYTES]
