"""Premises from a file.

A row's premises are those with its code; without a code, those of the same kind and name in the same village. Where
it stands is the area whose code it gives, or the cell around its point; where it gives both they must agree.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np

from qipan.foundation.areas import queries, rules
from qipan.foundation.areas.imports.reading import PREMISES_WORDS, Reader, words_and_values
from qipan.foundation.areas.imports.results import Action, Item, Progress, Result
from qipan.foundation.areas.imports.tree import normal
from qipan.foundation.areas.models import Area, Code, Premises, PremisesKind, valid_on
from qipan.foundation.areas.operations.versions import pinyin
from qipan.foundation.refusals import tables
from qipan.kernels.geodesy.datums import Datum, convert
from qipan.kernels.tables import Column, Row

COLUMNS = (
    Column("name", ("名称", "单位名称", "name"), required=True),
    Column("kind", ("类型", "类别", "kind"), required=True),
    Column("code", ("编号", "代码", "code")),
    Column("area", ("区域代码", "网格代码", "村社区代码", "area_code")),
    Column("longitude", ("经度", "lon", "lng")),
    Column("latitude", ("纬度", "lat")),
    Column("since", ("启用日期", "active_from")),
    Column("until", ("停用日期", "active_to")),
)
FIELDS = ("kind", "name", "pinyin", "code", "district_id", "township_id", "village_id", "cell_id", "longitude",
          "latitude", "active_from", "active_to")  # fmt: skip
SAME = 1e-7  # degrees, about a centimetre


@dataclass(slots=True)
class Draft:
    """A row's values before its place is known."""

    row: Row
    name: str
    kind: str
    since: date | None
    until: date | None
    area: Area | None
    point: tuple[float, float] | None


def plan(
    source: bytes | Path,
    *,
    district: Area,
    at: datetime,
    datum: str,
    since: date | None,
    skip_foreign: bool,
    own_codes: bool,  # premises bear any code
    progress: Progress | None,
) -> tuple[Result, Callable[[], None]]:
    """What a file would do to a district's premises, and the function that does it."""
    table = tables.read(source, columns=COLUMNS)
    work = Work(Reader(table), district, rules.day_of(at), since)
    drafts, left_out = [], []
    for count, row in enumerate(table.rows):
        foreign = skip_foreign and bool(row.values["area"]) and work.area(row) is None
        if foreign:
            left_out.append(Item(row.line, row.values["code"], row.values["name"], Action.LEFT_OUT))
        elif draft := work.draft(row):
            drafts.append(draft)
        if progress and count % 500 == 0:
            progress(count, len(table.rows) * 2)
    work.place(drafts, datum, at)
    result = Result("premises", table, [*left_out, *work.items], work.reader.problems)
    result.settle()
    return result, lambda: work.write(progress)


class Work:
    """One file against one district's premises."""

    def __init__(self, reader: Reader, district: Area, today: date, since: date | None) -> None:
        self.reader, self.district, self.today, self.since = reader, district, today, since
        self.choices = words_and_values(PREMISES_WORDS, PremisesKind)
        codes = Code.objects.filter(valid_on(today), district=district).select_related("area")
        self.areas = {code.code: code.area for code in codes}
        self.by_id = {area.pk: area for area in self.areas.values()} | {district.pk: district}
        present = list(Premises.objects.filter(district=district))
        self.by_code = {row.code: row for row in present if row.code}
        self.by_name = {(row.kind, row.name, row.village_id): row for row in present if row.active_to is None}
        self.seen: dict[Any, int] = {}
        self.items: list[Item] = []
        self.new: list[Premises] = []
        self.changed: list[Premises] = []

    def area(self, row: Row) -> Area | None:
        code = row.values["area"].strip()
        return self.areas.get(code) or self.areas.get(normal(code))

    def draft(self, row: Row) -> Draft | None:
        """The row's values; None, and its problems, where one cannot be used."""
        before = len(self.reader.problems)
        reader = self.reader
        name, kind = reader.name(row), reader.kind(row, self.choices)
        reader.number(row)
        since = reader.day(row, "since", today=self.today, default=self.since)
        until = reader.day(row, "until", today=self.today, default=None)
        if since and until and until <= since:
            reader.wrong(row, "until", "ends_too_early")
        area = None
        if row.values["area"] and (area := self.area(row)) is None:
            reader.wrong(row, "area", "unknown_code", value=row.values["area"])
        point = self._point(row)
        if area is None and point is None and len(reader.problems) == before:
            reader.wrong(row, "area", "place_needed")
        if len(reader.problems) > before or name is None or kind is None:
            return None
        return Draft(row, name, kind, since, until, area, point)

    def _point(self, row: Row) -> tuple[float, float] | None:
        if row.geometry is not None:
            place = row.geometry.get("coordinates")
            if row.geometry.get("type") != "Point" or not isinstance(place, list) or len(place) < 2:
                self.reader.wrong(row, "geometry", "not_a_point")
                return None
            row.values["longitude"], row.values["latitude"] = str(place[0]), str(place[1])
        x, y = self.reader.degrees(row, "longitude", 180), self.reader.degrees(row, "latitude", 90)
        for key, value, other in (("longitude", x, y), ("latitude", y, x)):
            if value is None and other is not None and not row.values[key]:
                self.reader.wrong(row, key, "empty")
        return None if x is None or y is None else (x, y)

    def place(self, drafts: list[Draft], datum: str, at: datetime) -> None:
        """Points converted and located all at once, then each row compared with what is known."""
        located = [draft for draft in drafts if draft.point is not None]
        if located:
            points = np.array([draft.point for draft in located])
            x, y = convert(points[:, 0], points[:, 1], source=Datum(datum), target=Datum.WGS84)
            cells = queries.locate_many(district_id=self.district.pk, longitudes=x, latitudes=y, at=at)
            for draft, longitude, latitude, cell in zip(located, x, y, cells, strict=True):
                draft.point = (round(float(longitude), 8), round(float(latitude), 8))
                self._agree(draft, self._area_of(cell))
        for draft in drafts:
            if draft.area is not None:
                self._compare(draft)

    def _area_of(self, number: int) -> Area | None:
        if number and number not in self.by_id:
            self.by_id[number] = Area.objects.get(pk=number)
        return self.by_id.get(number)

    def _agree(self, draft: Draft, found: Area | None) -> None:
        """The cell around the point, if it lies in the area that the row names or in none that is drawn."""
        if draft.area is None:
            draft.area = found
            if found is None:
                self.reader.wrong(draft.row, "longitude", "outside_district")
        elif found is not None and draft.area.pk in found.path:
            draft.area = found
        elif found is None or found.pk not in draft.area.path:
            self.reader.wrong(draft.row, "longitude", "outside_area", name=draft.area.name)
            draft.area = None

    def _compare(self, draft: Draft) -> None:
        row, area = draft.row, draft.area
        assert area is not None
        code = row.values["code"].strip()
        key = code or (draft.kind, draft.name, area.village_id)
        if key in self.seen:
            self.reader.wrong(row, "code" if code else "name", "twice", line=self.seen[key])
            return
        self.seen[key] = row.line
        known = self.by_code.get(code) if code else self.by_name.get((draft.kind, draft.name, area.village_id))
        if known is None:
            made = Premises(active_from=draft.since or self.today)
            self._fill(made, draft, area, code)
            self.new.append(made)
            self.items.append(Item(row.line, code, draft.name, Action.NEW))
            return
        before = {name: getattr(known, name) for name in FIELDS}
        self._fill(known, draft, area, code)
        changes = tuple(
            (name.removesuffix("_id"), self._word(name, before[name]), self._word(name, getattr(known, name)))
            for name in FIELDS
            if name != "pinyin" and not _alike(before[name], getattr(known, name))
        )
        if changes:
            self.changed.append(known)
        self.items.append(Item(row.line, code, draft.name, Action.CHANGED if changes else Action.UNCHANGED, changes))

    def _fill(self, premises: Premises, draft: Draft, area: Area, code: str) -> None:
        premises.kind, premises.name, premises.code = draft.kind, draft.name, code or premises.code
        premises.pinyin = pinyin(draft.name)
        longitude, latitude = draft.point or (premises.longitude, premises.latitude)
        premises.place(area, longitude, latitude)
        if draft.since:
            premises.active_from = draft.since
        premises.active_to = draft.until

    def _word(self, name: str, value: Any) -> str:
        if name.endswith("_id") and value is not None:
            area = self._area_of(value)
            return area.name if area else ""
        return "" if value is None else str(value)

    def write(self, progress: Progress | None) -> None:
        total = len(self.new) + len(self.changed)
        for start in range(0, len(self.new), 1000):
            Premises.objects.bulk_create(self.new[start : start + 1000])
            if progress:
                progress(total + start, total * 2)
        if self.changed:
            Premises.objects.bulk_update(self.changed, FIELDS, batch_size=500)


def _alike(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) < SAME
    return bool(one == other)
