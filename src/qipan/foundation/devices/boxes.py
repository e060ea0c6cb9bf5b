"""Sealed boxes: what a phone wrote that only the server can open, and only from that phone.

The phone makes a key pair for one box, agrees on two secrets with the server's key (its box key's and its own bound
key's: the second says which phone it was), derives one key by HKDF-SHA256 and seals by AES-256-GCM. It throws the box
key away, so it cannot open what it sealed. A box is: box key (65 bytes, P-256 uncompressed), nonce (12), sealed bytes.
"""

from __future__ import annotations

import os
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from qipan.foundation.refusals import Invalid

CURVE = ec.SECP256R1()
KEY, NONCE = 65, 12
PURPOSE = b"qipan field queue 1"


class NotAKey(Invalid):
    """This is not a public key: P-256, uncompressed, 65 bytes in base64."""


class BoxBroken(Invalid):
    """What was sealed cannot be opened: it was damaged, or was not sealed by this phone for this server."""


def public_key(raw: bytes) -> ec.EllipticCurvePublicKey:
    """A public key from its 65 bytes. Raises NotAKey."""
    try:
        if len(raw) != KEY:
            raise ValueError
        return ec.EllipticCurvePublicKey.from_encoded_point(CURVE, raw)
    except ValueError as problem:
        raise NotAKey(field="public_key") from problem


def new_pair() -> tuple[bytes, bytes]:
    """A key pair as bytes: private (PKCS 8) and public (65)."""
    made = ec.generate_private_key(CURVE)
    private = made.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private, raw_public(made)


def raw_public(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


def seal(content: bytes, *, device_id: UUID, device_private: ec.EllipticCurvePrivateKey, server_public: bytes) -> bytes:
    """What the phone does (here for tests and as the protocol's word)."""
    once, server = ec.generate_private_key(CURVE), public_key(server_public)
    head = raw_public(once)
    secret = once.exchange(ec.ECDH(), server) + device_private.exchange(ec.ECDH(), server)
    nonce = os.urandom(NONCE)
    return head + nonce + AESGCM(_derived(secret, head, device_id)).encrypt(nonce, content, device_id.bytes)


def open_box(box: bytes, *, device_id: UUID, device_public: bytes, server_private: bytes) -> bytes:
    """What a phone sealed. Raises BoxBroken for anything else."""
    if len(box) < KEY + NONCE + 16:
        raise BoxBroken(field="sealed")
    head, nonce, sealed = box[:KEY], box[KEY : KEY + NONCE], box[KEY + NONCE :]
    mine = serialization.load_der_private_key(server_private, None)
    assert isinstance(mine, ec.EllipticCurvePrivateKey)
    try:
        secret = mine.exchange(ec.ECDH(), public_key(head)) + mine.exchange(ec.ECDH(), public_key(device_public))
        return AESGCM(_derived(secret, head, device_id)).decrypt(nonce, sealed, device_id.bytes)
    except (InvalidTag, NotAKey) as problem:
        raise BoxBroken(field="sealed") from problem


def _derived(secret: bytes, head: bytes, device_id: UUID) -> bytes:
    return HKDF(hashes.SHA256(), 32, salt=head, info=PURPOSE + device_id.bytes).derive(secret)
