"""A key store of each test's own, and posts as the vault sees them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from qipan.foundation.journal.rules import Author

AT = datetime(2026, 5, 4, 2, 0, tzinfo=UTC)


@dataclass
class Somebody:
    district_id: int = 1
    area_id: int = 1
    abilities: frozenset[str] = frozenset()
    id: UUID = field(default_factory=uuid4)

    def covers(self, area_ids):
        return self.area_id in area_ids

    def may(self, ability):
        return str(ability) in self.abilities

    def author(self):
        return Author("post", post_id=self.id, district_id=self.district_id)


@pytest.fixture(autouse=True)
def keys(settings, tmp_path) -> Path:
    settings.KEYS = tmp_path / "keys"
    return tmp_path / "keys" / "vault"


@pytest.fixture
def somebody():
    return Somebody
