"""Sealing and opening bytes: AES-256-GCM, bound to district, purpose and owner so that nothing can be moved about."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from qipan.foundation.refusals import Conflict
from qipan.foundation.vault.keystore import NONCE_BYTES, DataKey

VERSION = b"\x01"


class Tampered(Conflict):
    """This sealed record was altered or belongs elsewhere; it cannot be opened. Please tell the administrator."""


def binding(*, district_id: int, purpose: str, owner: str, key_id: str) -> bytes:
    """The associated data: what the ciphertext belongs to."""
    return "\x1f".join(("qipan-card", str(district_id), purpose, owner, key_id)).encode()


def seal(content: bytes, *, key: DataKey, district_id: int, purpose: str, owner: str) -> bytes:
    """Version byte, nonce, ciphertext with tag."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    aad = binding(district_id=district_id, purpose=purpose, owner=owner, key_id=key.id)
    return VERSION + nonce + AESGCM(key.secret).encrypt(nonce, content, aad)


def open_sealed(sealed: bytes, *, key: DataKey, district_id: int, purpose: str, owner: str) -> bytes:
    """The content. Raises Tampered where anything differs from what was sealed."""
    aad = binding(district_id=district_id, purpose=purpose, owner=owner, key_id=key.id)
    if sealed[:1] != VERSION:
        raise Tampered
    try:
        return AESGCM(key.secret).decrypt(sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :], aad)
    except (InvalidTag, ValueError) as problem:
        raise Tampered from problem


def blind(value: str, *, key: DataKey, kind: str) -> bytes:
    """The blind index of a value: HMAC-SHA256 under the district's index key."""
    return hmac.digest(key.secret, f"{kind}\x1f{value}".encode(), hashlib.sha256)
