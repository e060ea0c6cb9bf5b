"""The key that signs heads: Ed25519, in the key folder, never in the database. Old public keys stay for verifying."""

from __future__ import annotations

import fcntl
import hashlib
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from qipan.foundation.journal import chain


@dataclass(frozen=True, slots=True)
class Signer:
    key_id: str
    key: Ed25519PrivateKey

    def sign(self, number: int, head: bytes) -> bytes:
        return self.key.sign(chain.message(number, head))


def signer(folder: Path) -> Signer:
    """The current key of a folder; made, with the folder, where there is none."""
    current = folder / "current.pem"
    if not current.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (folder / "lock").open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            if not current.exists():
                _make(folder)
    key = load_pem_private_key(current.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError(f"{current} is not an Ed25519 key")
    return Signer(key_id(key.public_key()), key)


def rotate(folder: Path) -> tuple[str, str]:
    """A new key for the heads to come: (old id, new id). The old private key is gone, its public half stays."""
    old = signer(folder).key_id
    with (folder / "lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        return old, _make(folder)


def key_id(key: Ed25519PublicKey) -> str:
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:16]


def public_keys(folder: Path) -> dict[str, Ed25519PublicKey]:
    """All public keys of a folder by their ids. A damaged file is as good as none: nothing it signed is believed."""
    found = {}
    for path in sorted(folder.glob("*.pub")):
        with suppress(ValueError):
            key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(path.read_text().strip()))
            found[key_id(key)] = key
    return found


def valid(keys: dict[str, Ed25519PublicKey], *, key: str, number: int, head: bytes, signature: bytes) -> bool:
    """Whether a known key signed this head."""
    if key not in keys:
        return False
    try:
        keys[key].verify(signature, chain.message(number, head))
    except InvalidSignature:
        return False
    return True


def _make(folder: Path) -> str:
    key = Ed25519PrivateKey.generate()
    made = key_id(key.public_key())
    (folder / f"{made}.pub").write_text(key.public_key().public_bytes_raw().hex() + "\n")
    part = folder / "current.part"
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        handle.flush()
        os.fsync(handle.fileno())
    part.replace(folder / "current.pem")
    return made
