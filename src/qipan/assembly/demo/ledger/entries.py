"""Numbers, ids and journal entries of the ledger."""

from __future__ import annotations

import itertools
import random
from collections import defaultdict
from datetime import date
from typing import Any
from uuid import UUID

from qipan.assembly.demo.ledger.rows import About, By, entry_line
from qipan.assembly.demo.ledger.winding import Winder
from qipan.assembly.demo.scene import Scene
from qipan.foundation.vault.keystore import DataKey
from qipan.kernels.clock import Limit
from qipan.kernels.clock.timetable import DAY, MINUTE, day_of

EPOCH = date(1970, 1, 1).toordinal() * DAY - 8 * 60 * MINUTE


class Entries:
    """What every part of the ledger shares. Rows gather in `lines`, by table; entries with their moment."""

    def __init__(self, scene: Scene, *, seed: int) -> None:
        self.scene = scene
        self.district = scene.district.pk
        self.winder = Winder(scene.clock)
        self.ids = random.Random(f"ids {seed}")
        self.lines: dict[str, list[str]] = defaultdict(list)
        self.entries: list[tuple[int, int, str]] = []
        self.numbers: dict[tuple[str, int], int] = defaultdict(int)
        self.order = itertools.count()
        self._limits: dict[Any, tuple[Limit, str, str]] = {}
        self._keys: dict[str, DataKey] = {}

    def new_id(self, at: int) -> UUID:
        """A UUID of version 7 of that moment, its random part from the ledger's seed."""
        bits = self.ids.getrandbits(74)
        milliseconds = (at - EPOCH) // 1000
        return UUID(int=milliseconds << 80 | 7 << 76 | (bits >> 62) << 64 | 2 << 62 | bits & (1 << 62) - 1)

    def number(self, series: str, at: int) -> str:
        day = at // DAY
        self.numbers[series, day] += 1
        return f"{series}{day_of(day * DAY):%Y%m%d}-{self.numbers[series, day]:05d}"

    # Journal

    def record(
        self, kind: str, about: About, *, by: By, at: int, reason: str = "", before: str = "", after: str = "",
        **detail: Any,
    ) -> None:  # fmt: skip
        line = entry_line(at=at, kind=kind, about=about, district=self.district, by=by, before=before, after=after,
                          reason=reason, detail=detail)  # fmt: skip
        self.entries.append((at, next(self.order), line))
