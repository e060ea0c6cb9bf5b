"""Everything that a story needs to know of a district, read once: its ground, its units, its people, its rules."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
import shapely
from numpy.typing import NDArray

from qipan.foundation.areas.models import Area, Boundary, Level, Premises, PremisesKind
from qipan.foundation.areas.models import Kind as AreaKind
from qipan.foundation.duties import clocks
from qipan.foundation.journal.rules import Author
from qipan.foundation.posts.models import Post
from qipan.foundation.posts.rules import Role, UnitKind
from qipan.incidents import routing
from qipan.incidents.models import Category, Rule
from qipan.kernels.clock.timetable import Timetable, timetable

POINTS = 12  # places inside a cell where things happen


@dataclass(frozen=True, slots=True, eq=False)
class Actor:
    """A post as stories and the journal name it."""

    id: UUID
    person: UUID
    label: str
    role: str
    area: int
    level: int
    unit: int | None
    district: int

    def author(self) -> Author:
        return Author(self.label, self.id, self.person, self.district)


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A cell, or where a district has none a village: `path` from the district down."""

    id: int
    path: tuple[int, ...]
    name: str
    urban: bool
    points: NDArray[np.float64]


@dataclass(slots=True, eq=False)
class Team:
    """A unit with those who sign for it."""

    id: int
    name: str
    kind: str
    path: tuple[int, ...]
    handlers: list[Actor] = field(default_factory=list)
    dispatchers: list[Actor] = field(default_factory=list)

    @property
    def level(self) -> int:
        return len(self.path)


@dataclass(slots=True)
class Scene:
    """A district as the stories see it."""

    district: Area
    places: list[Place]
    premises: dict[int, list[tuple[UUID, str, str, float, float]]]  # of a cell: id, kind, name, longitude, latitude
    teams: dict[int, Team]
    centres: dict[int, Team]  # desks by their area
    actors: dict[UUID, Actor]
    commanders: list[Actor]
    grid: dict[int, list[Actor]]  # grid workers by their area, in the order of their ids
    categories: dict[str, Category]
    rules: dict[int, list[Rule]]  # of an area
    clock: clocks.Rules
    names: dict[int, str]
    _found: dict[Any, Any] = field(default_factory=dict)

    def desk(self, path: tuple[int, ...], level: int) -> Team | None:
        """As `routing.desk`: the centre nearest to a level, at or above it."""
        return next((self.centres[area] for area in reversed(path[:level]) if area in self.centres), None)

    def suggest(self, path: tuple[int, ...], category: Category, accused: int | None = None) -> Team | None:
        """As `routing.suggest`, remembered for each village and category."""
        key = (path[:3], category.key, accused)
        if key not in self._found:
            rules = [rule for area in path for rule in self.rules.get(area, ()) if rule.unit_id != accused]
            rule = routing.best(rules, areas=path, klass=category.klass, category_key=category.key)
            self._found[key] = self.teams[rule.unit_id] if rule else None
        found: Team | None = self._found[key]
        return found

    def verifier(self, cell: int | None, village: int | None, handler: Actor | None) -> Actor | None:
        """As `routing.verifier`: a grid worker of the cell, else of the village, who is not the handler."""
        for area in (cell, village):
            for actor in self.grid.get(area or 0, ()):
                if handler is None or actor.person != handler.person:
                    return actor
        return None


def load(district: Area, *, at: datetime) -> Scene:
    """Read a district: what is in force at `at`."""
    areas = {area.pk: area for area in Area.objects.filter(district=district).order_by("pk")}
    posts = (
        Post.objects.filter(district=district)
        .in_force(at)
        .with_names()
        .order_by("person__username", "role", "area", "unit")
    )
    actors = {
        post.pk: Actor(post.pk, post.person_id, post.author().label, post.role, post.area_id, post.level, post.unit_id,
                       post.district_id)
        for post in posts
    }  # fmt: skip
    teams = {
        unit.pk: Team(unit.pk, unit.name, unit.kind, areas[unit.area_id].path)
        for unit in routing.in_force(at).filter(district=district).order_by("pk")
    }
    grid: dict[int, list[Actor]] = defaultdict(list)
    for actor in actors.values():
        if actor.role == Role.GRID_WORKER:
            grid[actor.area].append(actor)
        if actor.unit is not None and actor.unit in teams:
            team = teams[actor.unit]
            if actor.role == Role.HANDLER:
                team.handlers.append(actor)
            elif actor.role == Role.DISPATCHER:
                team.dispatchers.append(actor)
    for team in teams.values():  # a committee without a secretary is served by its grid workers
        team.handlers = team.handlers or [one for one in grid.get(team.path[-1], ()) if one.unit == team.id]
    rules: dict[int, list[Rule]] = defaultdict(list)
    for rule in routing.rules_in_force(district_id=district.pk, on=at.date()).order_by("pk"):
        rules[rule.area_id].append(rule)
    premises: dict[int, list[tuple[UUID, str, str, float, float]]] = defaultdict(list)
    living = (PremisesKind.VILLAGE, PremisesKind.COMMUNITY)
    visited = Premises.objects.filter(district=district, active_to=None, cell__isnull=False)
    for row in (
        visited.exclude(kind__in=living)
        .order_by("code", "cell", "kind", "name")
        .values_list("cell_id", "id", "kind", "name", "longitude", "latitude")
    ):
        premises[row[0]].append((row[1], row[2], row[3], row[4] or 0.0, row[5] or 0.0))
    return Scene(
        district=district,
        places=_places(district, areas),
        premises=dict(premises),
        teams=teams,
        centres={team.path[-1]: team for team in teams.values() if team.kind == UnitKind.CENTRE},
        actors=actors,
        commanders=[actor for actor in actors.values() if actor.role == Role.COMMANDER],
        grid=dict(grid),
        categories={
            row.key: row for row in Category.objects.filter(district=district, valid_to=None).order_by("order", "key")
        },
        rules=dict(rules),
        clock=clocks.rules_of(district.pk),
        names={pk: area.name for pk, area in areas.items()},
    )


def _places(district: Area, areas: dict[int, Area]) -> list[Place]:
    """The cells with points inside them; the villages where no cell is known, without points."""
    level = Level.CELL if any(area.level == Level.CELL for area in areas.values()) else Level.VILLAGE
    urban = {pk for pk, area in areas.items() if area.kind == AreaKind.COMMUNITY}
    shapes = dict(
        Boundary.objects.filter(area__district=district, area__level=level, valid_to=None).values_list("area_id", "wkb")
    )
    drawn = sorted(shapes)
    inside = dict(zip(drawn, _points_inside([bytes(shapes[pk]) for pk in drawn]), strict=True))
    nowhere = np.empty((0, 2))
    return [
        Place(pk, area.path, area.name, (area.village_id or pk) in urban, inside.get(pk, nowhere))
        for pk, area in areas.items()
        if area.level == level
    ]


def _points_inside(outlines: list[bytes]) -> list[NDArray[np.float64]]:
    """About POINTS places inside each outline, the same ones every time."""
    if not outlines:
        return []
    polygons = np.array(shapely.from_wkb(outlines), dtype=object)
    sure = shapely.get_coordinates(shapely.point_on_surface(polygons)).round(6)
    many = np.repeat(np.arange(len(polygons)), POINTS)
    boxes = shapely.bounds(polygons)[many]
    shapely.prepare(polygons)
    tries = np.random.default_rng(4).uniform(boxes[:, :2], boxes[:, 2:]).round(6)
    hit = shapely.contains_xy(polygons[many], tries[:, 0], tries[:, 1]).reshape(len(polygons), POINTS)
    tries = tries.reshape(len(polygons), POINTS, 2)
    return [spots[ok] if ok.any() else middle[None] for spots, ok, middle in zip(tries, hit, sure, strict=True)]


def counters(rules: clocks.Rules) -> tuple[Timetable, Timetable]:
    """How working and staffed time run."""
    return timetable(rules.calendar, rules.working), timetable(rules.calendar, rules.staffed)
