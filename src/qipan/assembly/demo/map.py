"""The demo district's map: real names and codes on ground of its own making (示意, schematic), with premises
and points.

`build` gives plain data, the same for the same size and seed; `load` puts them into the database by COPY.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from importlib import resources
from typing import Any
from uuid import NAMESPACE_OID, uuid5

import numpy as np
import shapely
from django.db import connection, transaction
from numpy.typing import NDArray

from qipan.assembly.demo import ground, names
from qipan.foundation.areas import queries
from qipan.foundation.areas.models import Area, Level
from qipan.foundation.areas.operations.versions import pinyins, touch
from qipan.foundation.journal import operations as journal
from qipan.foundation.journal.rules import HasAuthor

NAME, CODE = "殷都区", "410505"
SOURCE = "Qipan demo: schematic, not surveyed 示意"
SINCE = date(2021, 1, 1)
CELLS = {"community": 18.0, "village": 14.0}  # cells of one, on average
# The district's 5,280 subjects beside its villages and communities, and its points, by kind.
PREMISES = {"enterprise": 1_180, "institution": 560, "school": 236, "shop": 2_962}
POINTS = {
    "device": 846,
    "village-device": 11_739,
    "control-device": 273,
    "booth": 80,
    "gate": 38,
    "shelter": 57,
    "hydrant": 420,
    "service": 342,
}


@dataclass(frozen=True, slots=True)
class Size:
    """How much of the district is built: which townships, how many villages of each, how many of everything else."""

    townships: tuple[str, ...] = ()  # by code; none: all
    villages: int = 1_000
    cells: float = 1.0
    premises: dict[str, int] = field(default_factory=lambda: PREMISES)
    points: dict[str, int] = field(default_factory=lambda: POINTS)


SIZES = {
    "small": Size(
        townships=("410505001", "410505007", "410505200"), villages=4, cells=0.33,
        premises={"enterprise": 28, "institution": 14, "school": 8, "shop": 58},
        points={
            "device": 20, "village-device": 60, "control-device": 4, "booth": 4, "gate": 2, "shelter": 2, "hydrant": 8,
            "service": 12,
        },
    ),
    "default": Size(),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class DemoArea:
    """An area; `key` and `parent` are places in the list of areas."""

    key: int
    parent: int | None
    level: int
    kind: str
    name: str
    code: str
    shape: Any


@dataclass(frozen=True, slots=True)
class DemoPlace:
    """Premises or a point in a cell; `area` is the cell's place in the list of areas."""

    kind: str
    name: str
    code: str
    area: int
    longitude: float
    latitude: float
    since: date


@dataclass(frozen=True, slots=True)
class DemoMap:
    """A whole district as plain data: areas from the district down, parents before their children."""

    areas: list[DemoArea]
    premises: list[DemoPlace]
    points: list[DemoPlace]


@dataclass(frozen=True, slots=True)
class _Township:
    code: str
    name: str
    kind: str
    seat: tuple[float, float]
    size: float
    villages: list[tuple[str, str, str]]


def build(size: str = "default", seed: int = 1) -> DemoMap:
    """The map of a size ("small", "default"), made from a seed alone."""
    wanted = SIZES[size]
    random = np.random.default_rng([seed, sorted(SIZES).index(size)])
    townships = _townships(wanted)
    seats = [
        ground.Seat(
            longitude=township.seat[0], latitude=township.seat[1], size=township.size, villages=len(township.villages),
            cells=round(sum(CELLS[kind] for _code, _name, kind in township.villages) * wanted.cells),
        )
        for township in townships
    ]  # fmt: skip
    grown = ground.grow(seats, random=random)
    areas = _areas(townships, grown)
    return DemoMap(areas, _premises(areas, townships, wanted, random), _points(areas, wanted, random))


@transaction.atomic
def load(demo_map: DemoMap, *, by: HasAuthor, at: datetime, since: date = SINCE) -> Area:
    """Put a map into the database as a new district and return it."""
    # The same map has the same ids of premises: by them inspections are spread over the days.
    number = Area.objects.filter(level=Level.DISTRICT).count()
    ids = queries.next_ids(len(demo_map.areas))
    paths = _paths(demo_map.areas, ids)
    keys = pinyins(area.name for area in demo_map.areas)
    _copy(
        "areas_area", ("id", "level", "parent_id", "district_id", "township_id", "village_id", "name", "short_name",
                       "kind", "pinyin", "valid_from"),
        ((ids[a.key], a.level, None if a.parent is None else ids[a.parent], *paths[a.key][:3], a.name, "", a.kind,
          key, since) for a, key in zip(demo_map.areas, keys, strict=True)),
    )  # fmt: skip
    below = [area for area in demo_map.areas if area.parent is not None]
    _copy(
        "areas_jurisdiction", ("area_id", "parent_id", "valid_from"),
        ((ids[area.key], ids[area.parent or 0], since) for area in below),
    )  # fmt: skip
    _copy(
        "areas_code", ("area_id", "district_id", "system", "code", "valid_from"),
        ((ids[a.key], ids[0], "grid" if a.level == 4 else "statistical", a.code, since) for a in demo_map.areas),
    )  # fmt: skip
    shapes = np.array([area.shape for area in demo_map.areas], dtype=object)
    _copy(
        "areas_boundary",
        ("area_id", "valid_from", "wkb", "west", "south", "east", "north", "datum", "schematic", "source"),
        ((ids[area.key], since, wkb, *box, "wgs84", True, SOURCE) for area, wkb, box in zip(
            demo_map.areas, shapely.to_wkb(shapes), shapely.bounds(shapes).tolist(), strict=True)),
    )  # fmt: skip
    _copy("areas_districtprofile", ("district_id", "languages", "hours", "settings"),
          [(ids[0], '["zh-hans", "en"]', "{}", "{}")])  # fmt: skip
    columns = ("id", "district_id", "township_id", "village_id", "cell_id", "longitude", "latitude", "kind", "name",
               "code", "active_from")  # fmt: skip
    keyed = zip(demo_map.premises, pinyins(place.name for place in demo_map.premises), strict=True)
    _copy("areas_premises", (*columns, "pinyin"), ((*_located(number, place, paths), key) for place, key in keyed))
    _copy("areas_point", columns, (_located(number, place, paths) for place in demo_map.points))
    touch(ids[0])
    district = Area.objects.get(pk=ids[0])
    journal.record(
        "areas.map_loaded", district, by=by, at=at, areas_loaded=len(demo_map.areas),
        premises=len(demo_map.premises), points=len(demo_map.points),
    )  # fmt: skip
    with connection.cursor() as cursor:  # a fresh district is planned for as what it is
        cursor.execute("ANALYZE areas_area, areas_code, areas_boundary, areas_premises, areas_point")
    return district


def _townships(wanted: Size) -> list[_Township]:
    found: list[_Township] = []
    text = resources.files("qipan.assembly.demo").joinpath("data/yindu.tsv").read_text(encoding="utf-8")
    for line in text.splitlines():
        cells = line.split("\t")
        if line.startswith("#"):
            continue
        if len(cells) == 6:
            code, name, kind, longitude, latitude, size = cells
            found.append(_Township(code, name, kind, (float(longitude), float(latitude)), float(size), []))
        else:
            found[-1].villages.append((cells[0], cells[1], cells[2]))
    chosen = [each for each in found if not wanted.townships or each.code in wanted.townships]
    for township in chosen:
        del township.villages[wanted.villages :]
    return chosen


def _areas(townships: Sequence[_Township], grown: ground.Ground) -> list[DemoArea]:
    """Districts, townships, villages and cells in this order; the outlines above the cells are theirs, joined."""
    villages: list[tuple[int, str, str, str, NDArray[np.int64]]] = []
    for number, township in enumerate(townships):
        for index, (code, name, kind) in enumerate(township.villages):
            own = np.flatnonzero((grown.township == number) & (grown.village == index))
            villages.append((number, code, name, kind, own))
    shapes = [ground.joined(grown.cells[own]) for *_, own in villages]
    by_township = [[shape for shape, village in zip(shapes, villages, strict=True) if village[0] == number]
                   for number in range(len(townships))]  # fmt: skip
    joined = [ground.joined(some) for some in by_township]
    areas = [DemoArea(0, None, 1, "district", NAME, CODE, ground.joined(joined))]
    for township, shape in zip(townships, joined, strict=True):
        areas.append(DemoArea(len(areas), 0, 2, township.kind, township.name, township.code, shape))
    for (number, code, name, kind, _own), shape in zip(villages, shapes, strict=True):
        areas.append(DemoArea(len(areas), number + 1, 3, kind, name, code, shape))
    first_village = 1 + len(townships)
    for index, (_number, code, _name, _kind, own) in enumerate(villages):
        middles = shapely.get_coordinates(shapely.centroid(grown.cells[own]))
        order = own[np.lexsort((middles[:, 0], -middles[:, 1].round(2)))]  # from the north, west to east
        for place, cell in enumerate(order, 1):
            areas.append(
                DemoArea(
                    len(areas),
                    first_village + index,
                    4,
                    "cell",
                    f"第{place}网格",
                    f"{code}{place:03}",
                    grown.cells[cell],
                )
            )
    return areas


def _premises(
    areas: Sequence[DemoArea], townships: Sequence[_Township], wanted: Size, random: np.random.Generator
) -> list[DemoPlace]:
    cells_of: dict[int, list[int]] = {}
    for area in areas:
        if area.level == 4:
            cells_of.setdefault(area.parent or 0, []).append(area.key)
    villages = [area for area in areas if area.level == 3]
    # A village is a subject itself; it stands for itself in its middle cell.
    drawn = [(area.kind, area.name, cells_of[area.key][len(cells_of[area.key]) // 2]) for area in villages]
    weights = np.array([3.0 if area.kind == "community" else 1.0 for area in villages])
    for kind, count in wanted.premises.items():
        given: dict[int, set[str]] = {}
        chosen = random.choice(len(villages), count, p=weights / weights.sum())
        for index in [*range(min(count, len(villages))), *chosen][:count] if kind == "institution" else chosen:
            village = villages[index]
            taken = given.setdefault(village.key, set())
            name = names.premises(kind, village.name, areas[village.parent or 0].name, taken, random)
            taken.add(name)
            drawn.append((kind, name, int(random.choice(cells_of[village.key]))))
    spots = _spots([areas[cell].shape for _kind, _name, cell in drawn], random)
    days = random.integers(0, 1_200, len(drawn))
    return [
        DemoPlace(
            kind, name, f"YD{number:05}", cell, float(x), float(y), date.fromordinal(SINCE.toordinal() + int(day))
        )
        for number, ((kind, name, cell), (x, y), day) in enumerate(zip(drawn, spots, days, strict=True), 1)
    ]


def _points(areas: Sequence[DemoArea], wanted: Size, random: np.random.Generator) -> list[DemoPlace]:
    cells = [area for area in areas if area.level == 4]
    urban = np.array([3.0 if areas[area.parent or 0].kind == "community" else 1.0 for area in cells])
    drawn = [
        (kind, int(index))
        for kind, count in wanted.points.items()
        for index in random.choice(len(cells), count, p=urban / urban.sum())
    ]
    spots = _spots([cells[index].shape for _kind, index in drawn], random)
    numbers = {kind: itertools.count(1) for kind in wanted.points}
    found = []
    for (kind, index), (x, y) in zip(drawn, spots, strict=True):
        cell, number = cells[index], next(numbers[kind])
        name = names.point(kind, areas[cell.parent or 0].name, number)
        code = f"{names.POINT_CODES.get(kind, kind[:2].upper())}{number:04}"
        found.append(
            DemoPlace(
                kind.removeprefix("village-").removeprefix("control-"), name, code, cell.key, float(x), float(y), SINCE
            )
        )
    return found


def _spots(shapes: Sequence[Any], random: np.random.Generator) -> NDArray[np.float64]:
    """A point inside each shape: a random one of its box where that hits, else one that surely lies inside."""
    polygons = np.array(shapes, dtype=object)
    boxes = shapely.bounds(polygons)
    sure = shapely.get_coordinates(shapely.point_on_surface(polygons))
    spots, open_ = sure.copy(), np.ones(len(polygons), dtype=bool)
    for _ in range(4):
        tries = random.uniform(boxes[:, :2], boxes[:, 2:])
        hit = open_ & shapely.contains_xy(polygons, tries[:, 0], tries[:, 1])
        spots[hit], open_[hit] = tries[hit], False
    short = spots.round(6)
    inside = shapely.contains_xy(polygons, short[:, 0], short[:, 1])
    return np.asarray(np.where(inside[:, None], short, spots))


def _paths(areas: Sequence[DemoArea], ids: Sequence[int]) -> list[tuple[int | None, ...]]:
    """For each area the ids of its district, township, village and cell, itself included."""
    paths: list[tuple[int | None, ...]] = []
    for area in areas:
        above = paths[area.parent] if area.parent is not None else (None,) * 4
        paths.append((*above[: area.level - 1], ids[area.key], *[None] * (4 - area.level)))
    return paths


def _located(number: int, place: DemoPlace, paths: Sequence[tuple[int | None, ...]]) -> tuple[Any, ...]:
    """A row of the district with this number in the database."""
    key = uuid5(NAMESPACE_OID, f"{number} {place.code}")
    where = (*paths[place.area], place.longitude, place.latitude)
    return (key, *where, place.kind, place.name, place.code, place.since)


def _copy(table: str, columns: Sequence[str], rows: Any) -> None:
    with connection.cursor() as cursor:
        statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
        with cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
