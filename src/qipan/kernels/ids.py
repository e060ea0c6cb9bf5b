"""Identifiers: time-ordered, so that indexes stay small, and not guessable."""

from __future__ import annotations

import uuid

import uuid_utils


def new_id() -> uuid.UUID:
    """A UUID of version 7 (RFC 9562): 48 bits of milliseconds, 74 random bits."""
    return uuid.UUID(int=uuid_utils.uuid7().int)
