"""A signing key of each test's own, and entries to sequence."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from qipan.foundation.journal import operations
from qipan.foundation.journal.rules import SYSTEM, About

AT = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def keys(settings, tmp_path) -> Path:
    settings.KEYS = tmp_path / "keys"
    return tmp_path / "keys" / "journal"


@pytest.fixture
def write():
    def write(count: int = 1) -> list[int]:
        thing = About("thing", UUID(int=7), "T-1", 1, (1, 2))
        return [
            operations.record("things.moved", thing, by=SYSTEM, at=AT, before="a", after="b", n=n).id
            for n in range(count)
        ]

    return write
