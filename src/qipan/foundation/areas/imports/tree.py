"""Areas and outlines from a file.

A row is an area by its code. Its place in the tree is what its row says (the code above it), or what the tree says
already; it is never read from the digits of its own code, which may be another county's.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import shapely

from qipan.foundation.areas import outlines, rules
from qipan.foundation.areas.imports.reading import AREA_WORDS, Reader, words_and_values
from qipan.foundation.areas.imports.results import Action, Item, Progress, Result
from qipan.foundation.areas.models import Area, Boundary, Code, Jurisdiction, Kind, Level, System, valid_on
from qipan.foundation.areas.operations.boundaries import Outside, faults, prepared, put_outline
from qipan.foundation.areas.operations.tree import relocate
from qipan.foundation.areas.operations.versions import pinyin, touch
from qipan.foundation.areas.queries import next_ids
from qipan.foundation.refusals import tables
from qipan.kernels.tables import BadValue, Column, Row, Table, parse_code

COLUMNS = (
    Column("code", ("代码", "code12", "统计代码", "区划代码", "编码", "adcode"), required=True),
    Column("name", ("名称", "name")),
    Column("kind", ("类型", "类别", "kind")),
    Column("parent", ("上级代码", "parent_code", "township_code12", "所属乡镇代码", "所属代码")),
    Column("county_code", ("所属县区代码",)),
    Column("since", ("启用日期", "valid_from")),
)
DIGITS = {Level.DISTRICT: 6, Level.TOWNSHIP: 9, Level.VILLAGE: 12, Level.CELL: 15}
SAME = 1e-9  # degrees: outlines that differ less are the same


@dataclass(slots=True)
class Planned:
    """A row on its way: `area` is the one known, or a new one under a number below nought until it is written."""

    row: Row
    code: str
    area: Area
    new: bool
    parent: Area | None = None  # under which it is to stand; None: as it does
    name: str = ""
    kind: str = ""
    since: date | None = None
    outline: Any = None


def normal(code: str) -> str:
    """A statistical code without the zeros that fill it up: 410505001000 is the township 410505001."""
    if len(code) == 12 and code.endswith("000000"):
        return code[:6]
    return code[:9] if len(code) == 12 and code.endswith("000") else code


def plan(
    source: bytes | Path,
    *,
    district: Area,
    at: datetime,
    datum: str,
    since: date | None,
    skip_foreign: bool,
    own_codes: bool,
    progress: Progress | None,
) -> tuple[Result, Callable[[], None]]:
    """What a file would do to a district's tree and outlines, and the function that does it."""
    table = tables.read(source, columns=COLUMNS)
    today = rules.day_of(at)
    work = Work(table, district, today, since or today, own_codes=own_codes)
    for count, row in enumerate(table.rows):
        work.take(row)
        if progress and count % 200 == 0:
            progress(count, len(table.rows) * 2)
    work.place(skip_foreign=skip_foreign)
    work.draw(datum)
    work.judge(at)
    result = Result("areas", table, work.items(), work.reader.problems)
    result.settle()
    return result, lambda: work.write(datum, progress)


class Work:
    """One file against one district."""

    def __init__(self, table: Table, district: Area, today: date, since: date, *, own_codes: bool) -> None:
        self.table, self.district, self.today, self.since = table, district, today, since
        self.own_codes = own_codes
        self.reader = Reader(table)
        self.choices = words_and_values(AREA_WORDS, Kind)
        codes = Code.objects.filter(valid_on(today), district=district).select_related("area")
        self.known = {code.code: code.area for code in codes}
        self.by_id = {area.pk: area for area in self.known.values()} | {district.pk: district}
        self.rows: dict[str, tuple[Row, str, str]] = {}  # code → row, parent code, kind
        self.planned: dict[str, Planned] = {}
        self.left_out: list[Row] = []
        self.drawn: dict[int, Any] = {}
        self.redrawn: set[str] = set()

    def code(self, row: Row, key: str) -> str | None:
        text = row.values[key].strip()
        if self.own_codes and text:
            if rules.personal_code(text):
                self.reader.wrong(row, key, "personal_number")
                return None
            return text
        try:
            return normal(parse_code(text, lengths=(6, 9, 12, 15)))
        except BadValue as bad:
            self.reader.wrong(row, key, bad.code if text else "empty", **bad.facts)
            return None

    def take(self, row: Row) -> None:
        """The row's own values. Where it stands is asked when all rows are known."""
        code = self.code(row, "code")
        parent: str | None = ""
        key = "parent" if row.values["parent"] else "county_code"
        if row.values[key]:
            parent = self.code(row, key)
        kind = self.reader.kind(row, self.choices) if row.values["kind"] else ""
        if code is None or parent is None or kind is None:
            return
        if code in self.rows:
            self.reader.wrong(row, "code", "twice", line=self.rows[code][0].line)
            return
        self.rows[code] = (row, parent, kind)

    def place(self, *, skip_foreign: bool) -> None:
        for code in self.rows:
            self._placed(code, set(), skip_foreign)

    def _placed(self, code: str, above: set[str], skip_foreign: bool) -> Area | None:
        """The area of a code: planned from its row, else as the tree has it. None where that cannot be."""
        if code in self.planned:
            return self.planned[code].area
        if code not in self.rows:
            return self.known.get(code)
        row, parent_code, kind = self.rows[code]
        if code in above:
            self.reader.wrong(row, "parent", "circle")
            return None
        known, parent = self.known.get(code), None
        if parent_code and known != self.district:
            parent = self._placed(parent_code, above | {code}, skip_foreign)
            if parent is None:
                if parent_code in self.rows:
                    if skip_foreign and self.rows[parent_code][0] in self.left_out:
                        self.left_out.append(row)
                    return None
                if skip_foreign:
                    self.left_out.append(row)
                else:
                    self.reader.wrong(row, "parent", "unknown_parent", value=parent_code)
                return None
        since = self.reader.day(row, "since", today=self.today, default=self.since)
        if since is None:
            return None
        found = self._known(row, code, known, parent) if known else self._new(row, code, parent, kind, since)
        if found is not None:
            found.kind, found.since = kind, since
            self.planned[code] = found
        return found.area if found else None

    def _known(self, row: Row, code: str, area: Area, parent: Area | None) -> Planned | None:
        if parent is not None and parent.level != area.level - 1:
            self.reader.wrong(row, "parent", "other_level", name=area.name)
            return None
        name = self.reader.name(row) if row.values["name"] else area.name
        if name is None:
            return None
        moved = parent if parent is not None and parent.pk != area.parent_id else None
        return Planned(row, code, area, new=False, parent=moved, name=name)

    def _new(self, row: Row, code: str, parent: Area | None, kind: str, since: date) -> Planned | None:
        if not row.values["name"]:
            self.reader.wrong(row, "code", "unknown_code", value=code)
            return None
        name = self.reader.name(row)
        if name is None:
            return None
        if parent is None:
            if not self.own_codes and len(code) != DIGITS[Level.TOWNSHIP]:
                self.reader.wrong(row, "parent", "parent_needed")
                return None
            parent = self.district
        level = parent.level + 1
        if level > Level.CELL or (not self.own_codes and len(code) != DIGITS[Level(level)]):
            self.reader.wrong(row, "parent", "wrong_level", digits=len(code), parent=parent.name)
            return None
        area = Area(
            id=-len(self.planned) - 1, level=level, parent_id=parent.pk, district_id=self.district.pk, name=name,
            kind=kind or _kind(level, name), valid_from=since,
        )  # fmt: skip
        self.by_id[area.pk] = area
        return Planned(row, code, area, new=True, parent=parent, name=name)

    def draw(self, datum: str) -> None:
        """The outlines of rows that bring one; those that differ from the ones in force are drawn."""
        layers = outlines.snapshot(self.district.pk, self.today).layers
        present = {int(n): s for layer in layers.values() for n, s in zip(layer.ids, layer.shapes, strict=True)}
        for planned in self.planned.values():
            if planned.row.geometry is None:
                continue
            outline = self._outline(planned.row, datum)
            if outline is None:
                continue
            planned.outline = outline
            before = present.get(planned.area.pk)
            if before is None or not _same(before, outline):
                self.drawn[planned.area.pk] = outline
                self.redrawn.add(planned.code)

    def _outline(self, row: Row, datum: str) -> Any | None:
        try:
            shape = shapely.from_geojson(json.dumps(row.geometry))
        except (shapely.errors.GEOSException, ValueError, TypeError):
            self.reader.wrong(row, "geometry", "bad_geometry")
            return None
        west, south, east, north = shapely.bounds(shape)
        if not (west >= -180 and east <= 180 and south >= -90 and north <= 90):
            self.reader.wrong(row, "geometry", "not_degrees", value=f"{west:g}, {south:g}")
            return None
        outline = prepared(shape, datum)
        if outline is None:
            self.reader.wrong(row, "geometry", "not_an_outline")
        return outline

    def judge(self, at: datetime) -> None:
        """New outlines inside their parents, and beside their siblings."""
        rows = {planned.area.pk: planned for planned in self.planned.values()}
        areas = {}
        for number in self.drawn:
            planned = rows[number]
            areas[number] = planned.area
            if planned.parent is not None:  # judged where it is to stand
                areas[number] = Area(
                    id=number, parent_id=planned.parent.pk, name=planned.name, level=planned.area.level,
                    district_id=self.district.pk,
                )  # fmt: skip
        for number, fault in faults(self.drawn, areas, at=at, names={n: a.name for n, a in self.by_id.items()}):
            code = "outside_parent" if isinstance(fault, Outside) else "overlap"
            self.reader.wrong(rows[number].row, "geometry", code, **fault.facts)

    def items(self) -> list[Item]:
        found = [Item(row.line, row.values["code"], row.values["name"], Action.LEFT_OUT) for row in self.left_out]
        for planned in self.planned.values():
            changes = self._changes(planned)
            action = Action.NEW if planned.new else Action.CHANGED if changes else Action.UNCHANGED
            found.append(Item(planned.row.line, planned.code, planned.name, action, changes))
        return found

    def _changes(self, planned: Planned) -> tuple[tuple[str, str, str], ...]:
        changes = []
        area = planned.area
        if not planned.new:
            if planned.name != area.name:
                changes.append(("name", area.name, planned.name))
            if planned.kind and planned.kind != area.kind:
                changes.append(("kind", area.kind, planned.kind))
            if planned.parent is not None:
                before = self.by_id.get(area.parent_id or 0)
                changes.append(("parent", before.name if before else "", planned.parent.name))
        if planned.code in self.redrawn:
            changes.append(("outline", "", ""))
        return tuple(changes)

    def write(self, datum: str, progress: Progress | None) -> None:
        """Everything that was planned, parents before their children."""
        order = sorted(self.planned.values(), key=lambda planned: planned.area.level)
        new = [planned for planned in order if planned.new]
        self._number(new)
        for count, planned in enumerate(order):
            if not planned.new:
                self._change(planned)
            if planned.code in self.redrawn and not planned.new:
                put_outline(
                    planned.area, planned.outline, datum=datum, schematic=False, source=self.table.digest[:12],
                    since=self.since,
                )  # fmt: skip
            if progress and count % 200 == 0:
                progress(len(order) + count, len(order) * 2)
        self._write_new(new, datum)
        touch(self.district.pk)

    def _number(self, new: list[Planned]) -> None:
        """Real numbers for new areas, and their ancestors."""
        for planned, number in zip(new, next_ids(len(new)), strict=True):
            area, parent = planned.area, planned.parent
            assert parent is not None
            area.pk = number
            area.parent, area.district_id = parent, parent.district_id
            area.township_id = number if area.level == Level.TOWNSHIP else parent.township_id
            area.village_id = number if area.level == Level.VILLAGE else parent.village_id
            area.pinyin = pinyin(area.name)

    def _write_new(self, new: list[Planned], datum: str) -> None:
        Area.objects.bulk_create([planned.area for planned in new], batch_size=1000)
        above = [(planned.area, planned.area.parent) for planned in new]
        Jurisdiction.objects.bulk_create(
            [Jurisdiction(area=area, parent=parent, valid_from=area.valid_from) for area, parent in above if parent],
            1000,
        )
        Code.objects.bulk_create([self._code(planned) for planned in new], 1000)
        outlined = [planned for planned in new if planned.outline is not None]
        Boundary.objects.bulk_create([self._boundary(planned, datum) for planned in outlined], 1000)

    def _code(self, planned: Planned) -> Code:
        area = planned.area
        system = self._system(planned)
        return Code(
            area=area, district_id=self.district.pk, system=system, code=planned.code, valid_from=area.valid_from
        )

    def _boundary(self, planned: Planned, datum: str) -> Boundary:
        west, south, east, north = (float(edge) for edge in shapely.bounds(planned.outline))
        return Boundary(
            area=planned.area, valid_from=planned.area.valid_from, wkb=shapely.to_wkb(planned.outline), west=west,
            south=south, east=east, north=north, datum=datum, source=self.table.digest[:12],
        )  # fmt: skip

    def _system(self, planned: Planned) -> str:
        if self.own_codes:
            return System.OWN
        return System.GRID if planned.area.level == Level.CELL else System.STATISTICAL

    def _change(self, planned: Planned) -> None:
        area = planned.area
        if planned.name != area.name or (planned.kind and planned.kind != area.kind):
            area.name, area.pinyin, area.kind = planned.name, pinyin(planned.name), planned.kind or area.kind
            area.save(update_fields=["name", "pinyin", "kind"])
        if planned.parent is not None:
            relocate(area, planned.parent, max(planned.since or self.since, area.valid_from))


def _kind(level: int, name: str) -> str:
    """What an area is called when its row does not say: by the end of its name."""
    if level == Level.CELL:
        return Kind.CELL
    endings = (
        (("街道", Kind.SUBDISTRICT), ("镇", Kind.TOWN), ("乡", Kind.TOWNSHIP))
        if level == Level.TOWNSHIP
        else (("社区", Kind.COMMUNITY), ("居委会", Kind.COMMUNITY), ("居民委员会", Kind.COMMUNITY), ("", Kind.VILLAGE))
    )
    return next((kind for ending, kind in endings if name.endswith(ending)), Kind.OTHER)


def _same(one: Any, other: Any) -> bool:
    if shapely.equals_exact(one, other, tolerance=SAME):
        return True
    return bool(shapely.equals_exact(shapely.normalize(one), shapely.normalize(other), tolerance=SAME))
