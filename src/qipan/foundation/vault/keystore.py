"""Where keys live: outside the database and outside its backups.

A data key belongs to one district and one purpose, has 256 bits, and is kept in a folder that only the service may
enter, wrapped by a master key (AES-256-GCM, the key's id as associated data). `FileKeyStore` has its master key in
that folder too, `token.TokenKeyStore` in a PKCS#11 device that never gives it out; any other store is a class with the
same methods, named by QIPAN_KEYSTORE.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.utils.module_loading import import_string

from qipan.foundation.refusals import Unavailable

KEY_BYTES, NONCE_BYTES = 32, 12


class KeysUnreachable(Unavailable):
    """The key store cannot be reached, so nothing can be shown or sealed. Please tell the administrator."""


class KeyGone(Unavailable):
    """The key of this record has been destroyed. What it protected can no longer be read by anybody."""


@dataclass(frozen=True, slots=True)
class DataKey:
    """A data key as it is used: never logged, never stored like this."""

    id: str
    secret: bytes

    def __repr__(self) -> str:
        return f"DataKey({self.id})"


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """What may be told of a key."""

    id: str
    district_id: int
    purpose: str
    created_at: datetime
    master_id: str
    current: bool


class KeyStore(Protocol):
    """What the vault needs of a store. All methods raise KeysUnreachable when it cannot be reached."""

    def current(self, district_id: int, purpose: str) -> DataKey:
        """The key to seal with; made if there is none."""

    def get(self, key_id: str) -> DataKey:
        """A key to open with. Raises KeyGone when it was destroyed or never was."""

    def new(self, district_id: int, purpose: str) -> DataKey:
        """Another current key; the earlier one stays for opening."""

    def destroy(self, key_id: str) -> int:
        """Ends every copy that this store holds; how many there were."""

    def put(self, facts: KeyFacts, secret: bytes) -> None:
        """A key back from escrow or export."""

    def every(self) -> list[KeyFacts]:
        """All keys, oldest first."""

    def rewrap(self) -> str:
        """A new master key; all data keys wrapped by it. The id of the new one."""

    def copies(self, key_id: str) -> list[str]:
        """Where this store holds copies of a key."""


def store() -> KeyStore:
    """The store of this installation."""
    return cast("KeyStore", import_string(settings.KEYSTORE)())


class Masters(Protocol):
    """Where master keys live. They wrap and unwrap; whether one can be taken out is the place's own matter."""

    def newest(self) -> str:
        """The id of the master key to wrap with; made if there is none."""

    def new(self) -> str:
        """Another one."""

    def every(self) -> list[str]:
        """The ids of all."""

    def wrap(self, master_id: str, nonce: bytes, secret: bytes, binding: bytes) -> bytes:
        """AES-256-GCM: the secret's ciphertext with its tag."""

    def unwrap(self, master_id: str, nonce: bytes, wrapped: bytes, binding: bytes) -> bytes:
        """The secret. Raises KeysUnreachable where it does not open."""

    def end(self, master_id: str) -> None:
        """Destroy one that wraps nothing any more."""


class FileMasters:
    """Master keys as files of 32 bytes: `<id>.key`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def newest(self) -> str:
        found = sorted(self.folder.glob("*.key"), key=lambda path: path.stat().st_mtime_ns)
        return found[-1].stem if found else self.new()

    def new(self) -> str:
        master_id = f"m{secrets.token_hex(8)}"
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_closed(self.folder / f"{master_id}.key", secrets.token_bytes(KEY_BYTES))
        return master_id

    def every(self) -> list[str]:
        return [path.stem for path in self.folder.glob("*.key")]

    def wrap(self, master_id: str, nonce: bytes, secret: bytes, binding: bytes) -> bytes:
        return self._key(master_id).encrypt(nonce, secret, binding)

    def unwrap(self, master_id: str, nonce: bytes, wrapped: bytes, binding: bytes) -> bytes:
        try:
            return self._key(master_id).decrypt(nonce, wrapped, binding)
        except InvalidTag as problem:
            raise KeysUnreachable from problem

    def end(self, master_id: str) -> None:
        path = self.folder / f"{master_id}.key"
        path.write_bytes(secrets.token_bytes(KEY_BYTES))
        path.unlink()

    def _key(self, master_id: str) -> AESGCM:
        secret = (self.folder / f"{master_id}.key").read_bytes()
        if len(secret) != KEY_BYTES:
            raise KeysUnreachable
        return AESGCM(secret)


class FileKeyStore:
    """A folder: `master/<id>.key`, `data/<key id>.json` (a data key, wrapped), `current.json`."""

    masters: Masters

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = Path(folder or Path(settings.KEYS) / "vault")
        self.masters = FileMasters(self.folder / "master")

    def current(self, district_id: int, purpose: str) -> DataKey:
        with self._reachable():
            if key_id := self._read_current().get(f"{district_id}/{purpose}"):
                return self.get(key_id)
            with self._locked():
                if key_id := self._read_current().get(f"{district_id}/{purpose}"):
                    return self.get(key_id)
                return self._make(district_id, purpose)

    def get(self, key_id: str) -> DataKey:
        with self._reachable():
            path = self._path(key_id)
            if not path.exists():
                if not self.folder.is_dir():
                    raise KeysUnreachable
                raise KeyGone
            kept = json.loads(path.read_bytes())
            nonce, wrapped = base64.b64decode(kept["nonce"]), base64.b64decode(kept["wrapped"])
            return DataKey(key_id, self.masters.unwrap(kept["master_id"], nonce, wrapped, self._binding(kept)))

    def new(self, district_id: int, purpose: str) -> DataKey:
        with self._reachable(), self._locked():
            return self._make(district_id, purpose)

    def put(self, facts: KeyFacts, secret: bytes) -> None:
        with self._reachable(), self._locked():
            self._keep(facts, secret)
            current = self._read_current()
            if facts.current or f"{facts.district_id}/{facts.purpose}" not in current:
                self._write("current.json", current | {f"{facts.district_id}/{facts.purpose}": facts.id})

    def destroy(self, key_id: str) -> int:
        with self._reachable(), self._locked():
            current = {place: key for place, key in self._read_current().items() if key != key_id}
            self._write("current.json", current)
            ended = 0
            for path in map(Path, self.copies(key_id)):
                # Overwritten first: of use on disks that write in place, harmless elsewhere (docs/how-to/keys.md).
                with path.open("r+b") as handle:
                    handle.write(secrets.token_bytes(path.stat().st_size))
                    handle.flush()
                    os.fsync(handle.fileno())
                path.unlink()
                ended += 1
            _sync_folder(self.folder / "data")
            return ended

    def every(self) -> list[KeyFacts]:
        with self._reachable():
            current = set(self._read_current().values())
            found = []
            for path in sorted((self.folder / "data").glob("*.json")):
                kept = json.loads(path.read_bytes())
                found.append(
                    KeyFacts(
                        kept["id"],
                        kept["district_id"],
                        kept["purpose"],
                        datetime.fromisoformat(kept["created_at"]),
                        kept["master_id"],
                        kept["id"] in current,
                    )
                )
            return sorted(found, key=lambda facts: facts.created_at)

    def rewrap(self) -> str:
        with self._reachable(), self._locked():
            facts = self.every()
            master_id = self.masters.new()
            for fact in facts:
                self._keep(replace(fact, master_id=master_id), self.get(fact.id).secret)
            # Only when nothing needs an old master any more: a rewrap that was cut off is simply repeated.
            for old in self.masters.every():
                if old != master_id:
                    self.masters.end(old)
            return master_id

    def copies(self, key_id: str) -> list[str]:
        path = self._path(key_id)
        return [str(path)] if path.exists() else []

    def _make(self, district_id: int, purpose: str) -> DataKey:
        key = DataKey(f"k{secrets.token_hex(12)}", secrets.token_bytes(KEY_BYTES))
        self._keep(KeyFacts(key.id, district_id, purpose, datetime.now(UTC), self.masters.newest(), True), key.secret)
        self._write("current.json", self._read_current() | {f"{district_id}/{purpose}": key.id})
        return key

    def _keep(self, facts: KeyFacts, secret: bytes) -> None:
        nonce = secrets.token_bytes(NONCE_BYTES)
        known = facts.master_id in self.masters.every()
        kept: dict[str, Any] = {
            "id": facts.id,
            "district_id": facts.district_id,
            "purpose": facts.purpose,
            "created_at": facts.created_at.isoformat(),
            "master_id": facts.master_id if known else self.masters.newest(),
        }
        wrapped = self.masters.wrap(kept["master_id"], nonce, secret, self._binding(kept))
        kept |= {"nonce": base64.b64encode(nonce).decode(), "wrapped": base64.b64encode(wrapped).decode()}
        self._write(f"data/{facts.id}.json", kept)

    @staticmethod
    def _binding(kept: dict[str, Any]) -> bytes:
        return f"qipan-key|{kept['id']}|{kept['district_id']}|{kept['purpose']}".encode()

    def _path(self, key_id: str) -> Path:
        if not re.fullmatch(r"k[0-9a-f]{24}", key_id):
            raise KeyGone
        return self.folder / "data" / f"{key_id}.json"

    def _read_current(self) -> dict[str, str]:
        path = self.folder / "current.json"
        return cast("dict[str, str]", json.loads(path.read_bytes())) if path.exists() else {}

    def _write(self, name: str, content: dict[str, Any]) -> None:
        write_closed(self.folder / name, json.dumps(content, sort_keys=True).encode())

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        for folder in (self.folder, self.folder / "data"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.chmod(0o700)
        with (self.folder / "lock").open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    @contextlib.contextmanager
    def _reachable(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError, KeyError) as problem:
            raise KeysUnreachable from problem


def write_closed(path: Path, content: bytes) -> None:
    """Whole or not at all, readable by the owner only, on the disk when this returns."""
    part = path.with_suffix(f".{secrets.token_hex(4)}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())
    part.replace(path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
