"""Master keys in a PKCS#11 device (a cryptographic machine, a card, SoftHSM): made there, never given out.

Data keys lie in the folder as always, wrapped by the device with AES-256-GCM; without the device the folder opens
nothing. Named by QIPAN_KEYSTORE; QIPAN_PKCS11_MODULE is the maker's library, QIPAN_PKCS11_TOKEN the token's label and
QIPAN_PKCS11_PIN_FILE a file that holds its PIN.
"""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pkcs11
from django.conf import settings
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass, PKCS11Error, UserAlreadyLoggedIn
from pkcs11.mechanisms import GCMParams

from qipan.foundation.vault.keystore import KEY_BYTES, FileKeyStore, KeysUnreachable

PREFIX = "qipan-"
_lock = threading.RLock()  # a session carries one operation at a time
_open: dict[tuple[int, str, str], Any] = {}


class TokenMasters:
    """Master keys of the device, found by their labels; ids begin with the time, so the newest is the greatest."""

    def newest(self) -> str:
        return max(self.every(), default="") or self.new()

    def new(self) -> str:
        master_id = f"m{time.time_ns() // 1_000_000:012x}{secrets.token_hex(2)}"
        closed = {Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False}
        with _session() as session:
            session.generate_key(KeyType.AES, KEY_BYTES * 8, label=PREFIX + master_id, store=True, template=closed)
        return master_id

    def every(self) -> list[str]:
        with _session() as session:
            found = session.get_objects({Attribute.CLASS: ObjectClass.SECRET_KEY})
            return [key.label.removeprefix(PREFIX) for key in found if key.label.startswith(PREFIX)]

    def wrap(self, master_id: str, nonce: bytes, secret: bytes, binding: bytes) -> bytes:
        with _session() as session:
            return bytes(_key(session, master_id).encrypt(secret, **_gcm(nonce, binding)))

    def unwrap(self, master_id: str, nonce: bytes, wrapped: bytes, binding: bytes) -> bytes:
        with _session() as session:
            return bytes(_key(session, master_id).decrypt(wrapped, **_gcm(nonce, binding)))

    def end(self, master_id: str) -> None:
        with _session() as session:
            _key(session, master_id).destroy()


class TokenKeyStore(FileKeyStore):
    """The folder of data keys, its master keys in the device."""

    def __init__(self, folder: Path | None = None) -> None:
        super().__init__(folder)
        self.masters = TokenMasters()


def _key(session: Any, master_id: str) -> Any:
    return session.get_key(object_class=ObjectClass.SECRET_KEY, label=PREFIX + master_id)


def _gcm(nonce: bytes, binding: bytes) -> dict[str, Any]:
    return {"mechanism": Mechanism.AES_GCM, "mechanism_param": GCMParams(nonce, binding, 128)}


@contextmanager
def _session() -> Iterator[Any]:
    """The process's session on the device. Whatever the device does not do is KeysUnreachable, and the next call
    begins with a new session."""
    place = (os.getpid(), settings.PKCS11_MODULE, settings.PKCS11_TOKEN)
    with _lock:
        try:
            if place not in _open:
                leave()  # a device that is no longer meant
                _open[place] = _sign_in()
            yield _open[place]
        except (PKCS11Error, OSError) as problem:
            leave()
            raise KeysUnreachable from problem


def leave() -> None:
    """End the session; the device asks for its PIN again."""
    while _open:
        (process, *_device), session = _open.popitem()
        if process == os.getpid():  # not one that belongs to the process before a fork
            with suppress(PKCS11Error):
                session.close()


def _sign_in() -> Any:
    token = pkcs11.lib(settings.PKCS11_MODULE).get_token(token_label=settings.PKCS11_TOKEN)
    pin = Path(settings.PKCS11_PIN_FILE).read_text(encoding="utf-8").strip()
    try:
        return token.open(rw=True, user_pin=pin)
    except UserAlreadyLoggedIn:  # a session that broke off has left the process signed in
        return token.open(rw=True)
