"""What a routing rule would have done with last month's incidents, had it been in force."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from qipan.foundation.areas.access import within
from qipan.foundation.areas.models import Area
from qipan.foundation.posts.models import Post, Unit
from qipan.incidents import access, routing
from qipan.incidents.models import Rule
from qipan.incidents.rules.steps import Status

MOST = 5_000
SHOWN = 100
MONTH = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Preview:
    """Counts by unit under the rules now and with the new one, and the incidents that would have gone elsewhere."""

    looked_at: int
    cut: bool  # there were more than MOST; only the newest were looked at
    counts: list[tuple[str, int, int]]  # unit, now, then
    changed: int
    rows: list[dict[str, Any]]  # the first SHOWN of them


def preview(*, viewer: Post, area: Area, unit: Unit, now: datetime, klass: str = "", category_key: str = "") -> Preview:
    """Two queries and no more rows than MOST, whatever the district's size."""
    today = now.date()
    current = list(routing.rules_in_force(district_id=viewer.district_id, on=today).select_related("unit"))
    new = Rule(district_id=viewer.district_id, area=area, klass=klass, category_key=category_key, unit=unit,
               valid_from=today)  # fmt: skip
    replaced = (area.pk, klass, category_key)
    then = [rule for rule in current if (rule.area_id, rule.klass, rule.category_key) != replaced] + [new]
    rows = access.visible(viewer=viewer).filter(within(area), reported_at__gte=now - MONTH)
    rows = rows.exclude(status=Status.DRAFT)
    if klass:
        rows = rows.filter(klass=klass)
    if category_key:
        rows = rows.filter(category__key=category_key)
    found: list[Any] = list(
        rows.order_by("-reported_at", "-id").values(
            "id", "number", "title", "klass", "category__key", "category__name", "accused_id", "reported_at",
            "district_id", "township_id", "village_id", "cell_id", "township__name", "village__name", "unit__name",
        )[: MOST + 1]
    )  # fmt: skip
    cut, found = len(found) > MOST, found[:MOST]
    known: dict[Any, tuple[Unit | None, Unit | None]] = {}
    counts: dict[str, list[int]] = {}
    changed = []
    for row in found:
        key = (row["district_id"], row["township_id"], row["village_id"], row["cell_id"], row["klass"],
               row["category__key"], row["accused_id"])  # fmt: skip
        if key not in known:
            known[key] = (_goes(current, row), _goes(then, row))
        before, after = known[key]
        for place, one in enumerate((before, after)):
            counts.setdefault(one.name if one else "", [0, 0])[place] += 1
        if before != after:
            changed.append({**row, "before": before.name if before else "", "after": after.name if after else ""})
    lines = sorted(((name, now_, then_) for name, (now_, then_) in counts.items()), key=lambda line: -max(line[1:]))
    return Preview(len(found), cut, lines, len(changed), changed[:SHOWN])


def _goes(rules: list[Rule], row: dict[str, Any]) -> Unit | None:
    areas = tuple(row[f"{name}_id"] for name in ("district", "township", "village", "cell") if row[f"{name}_id"])
    fitting = [rule for rule in rules if rule.unit_id != row["accused_id"]]
    best = routing.best(fitting, areas=areas, klass=row["klass"], category_key=row["category__key"])
    return best.unit if best else None
