"""Ground for a district that nobody surveyed: cells that nest into villages and townships, with natural-looking lines.

Sites are strewn more densely where more people live, relaxed (Lloyd 1982) and given their Voronoi cells; townships grow
from their seats over neighbouring cells, villages from their middles, so that every area is of one piece; all lines
are bent alike at the end. Borders shared by two areas are the same points, by construction.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from qipan.kernels.geodesy import shapes

Points = NDArray[np.float64]  # n x 2, kilometres east and north of the middle of the map
KM_PER_DEGREE = 111.2
BRIDGE = 6.0  # kilometres over which the ground of two townships flows together
MARGIN = 1.2  # kilometres of sites around the ground, so that its outermost cells are closed
STEP = 0.09  # kilometres between the points of a bent line
# Waves that bend the lines: amplitude and wave length in kilometres. Slopes stay below one, so nothing folds.
WAVES = ((0.14, 2.3), (0.05, 0.9), (0.014, 0.31))


@dataclass(frozen=True, slots=True)
class Seat:
    """A township to be grown: where from, how large in square kilometres, for how many villages and cells."""

    longitude: float
    latitude: float
    size: float
    villages: int
    cells: int


@dataclass(frozen=True, slots=True)
class Ground:
    """Cells with the number of their township (from 0) and of their village within it."""

    cells: NDArray[Any]
    township: NDArray[np.int64]
    village: NDArray[np.int64]


def grow(seats: Sequence[Seat], *, random: np.random.Generator) -> Ground:
    """Cells for all seats, together as large as their sizes; shapes in degrees."""
    middle = np.array([[seat.longitude, seat.latitude] for seat in seats]).mean(axis=0)
    scale = np.array([KM_PER_DEGREE * math.cos(math.radians(middle[1])), KM_PER_DEGREE])
    places = (np.array([[seat.longitude, seat.latitude] for seat in seats]) - middle) * scale
    sizes = np.array([seat.size for seat in seats])
    radii = np.sqrt(sizes / math.pi)
    ground = _outline(places, radii, sizes.sum())
    sites = _relaxed(_strewn(seats, places, radii, ground, random), rounds=3)
    cells = _voronoi(sites)
    links = _links(sites)
    township = _territories(
        places=places, radii=radii, sites=sites, links=links, random=random,
        taken=_filled(shapely.contains_xy(ground, sites), cells, links),
    )  # fmt: skip
    village = np.full(len(sites), -1, dtype=np.int64)
    for number, seat in enumerate(seats):
        own = np.flatnonzero(township == number)
        village[own] = _villages(sites[own], own, seat.villages, links, random)
    chosen = np.flatnonzero(township >= 0)
    bent = _bent(cells[chosen], random)
    factor = math.sqrt(sizes.sum() * 1e6 / sum(shapes.area(shape) for shape in _degrees(bent, middle, scale, 1.0)))
    return Ground(_degrees(bent, middle, scale, factor), township[chosen], village[chosen])


def joined(cells: Iterable[Any]) -> Any:
    """The area that cells make together."""
    return shapely.coverage_union_all(np.array(list(cells), dtype=object))


def _outline(places: Points, radii: NDArray[np.float64], size: float) -> Any:
    """One piece of ground of a size: discs around the seats, flowing into one another, as large as that takes."""
    low, high = 0.1, 3.0
    for _ in range(40):
        factor = (low + high) / 2
        discs = shapely.buffer(shapely.points(places), radii * factor)
        ground = shapely.union_all(discs).buffer(BRIDGE).buffer(-BRIDGE)
        low, high = (factor, high) if ground.area < size else (low, factor)
    return ground


def _strewn(
    seats: Sequence[Seat], places: Points, radii: NDArray[np.float64], ground: Any, random: np.random.Generator
) -> Points:
    """Sites on the ground and a little around it, as dense as the cells of the township nearest by its size need."""
    around = ground.buffer(MARGIN)
    shapely.prepare(around)
    west, south, east, north = around.bounds
    densities = np.array([seat.cells / seat.size for seat in seats])
    count = round((east - west) * (north - south) * densities.max())
    points = random.uniform((west, south), (east, north), (count, 2))
    points = points[shapely.contains_xy(around, points)]
    nearest = (np.linalg.norm(points[:, None] - places[None], axis=2) / radii).argmin(axis=1)
    return np.asarray(points[random.uniform(0, 1, len(points)) < densities[nearest] / densities.max()])


def _relaxed(sites: Points, *, rounds: int) -> Points:
    hull = shapely.convex_hull(shapely.multipoints(sites))
    for _ in range(rounds):
        cells = shapely.intersection(_voronoi(sites), hull)
        sites = np.asarray(shapely.get_coordinates(shapely.centroid(cells)))
    return sites


def _voronoi(sites: Points) -> NDArray[Any]:
    return np.asarray(shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(sites), ordered=True)))


def _links(sites: Points) -> list[list[int]]:
    """For each site its neighbours: the edges of the Delaunay triangulation, dual to the cells' borders."""
    edges = shapely.get_parts(shapely.delaunay_triangles(shapely.multipoints(sites), only_edges=True))
    index = {tuple(point): number for number, point in enumerate(sites.tolist())}
    ends = shapely.get_coordinates(edges).reshape(-1, 4).tolist()
    links: list[list[int]] = [[] for _ in sites]
    for x, y, u, v in ends:
        one, other = index[x, y], index[u, v]
        links[one].append(other)
        links[other].append(one)
    return [sorted(near) for near in links]


def _territories(
    *,
    places: Points,
    radii: NDArray[np.float64],
    sites: Points,
    taken: NDArray[np.bool_],
    links: list[list[int]],
    random: np.random.Generator,
) -> NDArray[np.int64]:
    """The township of each site on the ground, -1 for the others: all grow at once, the larger faster."""
    starts = [int(np.where(taken, np.linalg.norm(sites - place, axis=1), np.inf).argmin()) for place in places]
    inner = [[near for near in links[site] if taken[near]] if taken[site] else [] for site in range(len(sites))]
    owner, _cost = _spread(starts, sites, inner, speed=radii, rough=random.uniform(0.7, 1.4, len(sites)))
    return owner


def _filled(taken: NDArray[np.bool_], cells: NDArray[Any], links: list[list[int]]) -> NDArray[np.bool_]:
    """One piece without holes: the largest piece of taken ground, and what cannot be reached around it."""
    pieces = _pieces(taken, links)
    largest = max(pieces, key=len)
    free = np.ones(len(taken), dtype=bool)
    free[largest] = False
    rim = int(np.argmax(shapely.area(cells)))  # an open cell at the edge of everything
    outside = next(piece for piece in _pieces(free, links) if rim in piece)
    whole = np.ones(len(taken), dtype=bool)
    whole[outside] = False
    return whole


def _pieces(taken: NDArray[np.bool_], links: list[list[int]]) -> list[list[int]]:
    """The connected pieces of ground."""
    seen, pieces = ~taken, []
    for start in range(len(taken)):
        if seen[start]:
            continue
        seen[start] = True
        piece = [start]
        for site in piece:
            for near in links[site]:
                if not seen[near]:
                    seen[near] = True
                    piece.append(near)
        pieces.append(piece)
    return pieces


def _villages(
    sites: Points, numbers: NDArray[np.int64], count: int, links: list[list[int]], random: np.random.Generator
) -> NDArray[np.int64]:
    """The village of each site of a township: grown from `count` middles that lie as evenly as k-means can."""
    middles = sites[random.choice(len(sites), count, replace=False)]
    for _ in range(12):
        nearest = np.linalg.norm(sites[:, None] - middles[None], axis=2).argmin(axis=1)
        middles = np.array(
            [sites[nearest == k].mean(axis=0) if (nearest == k).any() else middles[k] for k in range(count)]
        )
    # Villages with successive codes lie side by side: bands from west to east, each walked the other way.
    bands = max(1, round(math.sqrt(count)))
    band = np.argsort(np.argsort(middles[:, 0])) * bands // count
    order = np.lexsort([np.where(band % 2, 1, -1) * middles[:, 1], band])
    starts: list[int] = []
    for middle in middles[order]:
        away = np.linalg.norm(sites - middle, axis=1)
        away[starts] = np.inf
        starts.append(int(away.argmin()))
    place = {int(number): index for index, number in enumerate(numbers)}
    inner = [[place[near] for near in links[int(number)] if near in place] for number in numbers]
    owner, _cost = _spread(starts, sites, inner, speed=np.ones(count), rough=np.ones(len(sites)))
    return owner


def _spread(
    starts: Sequence[int],
    sites: Points,
    links: list[list[int]],
    *,
    speed: NDArray[np.float64],
    rough: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Who reaches each site first, and when (Dijkstra 1959, from several starts)."""
    owner, cost = np.full(len(sites), -1, dtype=np.int64), np.full(len(sites), np.inf)
    ahead = [(0.0, start, number) for number, start in enumerate(starts)]
    heapq.heapify(ahead)
    while ahead:
        so_far, site, number = heapq.heappop(ahead)
        if owner[site] >= 0:
            continue
        owner[site], cost[site] = number, so_far
        for near in links[site]:
            if owner[near] < 0:
                away = math.dist(sites[site], sites[near]) * rough[near]
                heapq.heappush(ahead, (so_far + away / speed[number], near, number))
    return owner, cost


def _bent(cells: NDArray[Any], random: np.random.Generator) -> NDArray[Any]:
    """Cells with their straight borders cut into steps and bent. Both owners of a border get the same points."""
    phases = random.uniform(0, 2 * math.pi, (len(WAVES), 4))
    rings = [_stepped(shapely.get_coordinates(cell)) for cell in cells]
    points = np.concatenate(rings)
    moved = points.copy()
    for (high, long), (a, b, c, d) in zip(WAVES, phases, strict=True):
        turn = 2 * math.pi / long
        moved[:, 0] += high * np.sin(turn * points[:, 1] + a) * np.cos(turn * 0.31 * points[:, 0] + b)
        moved[:, 1] += high * np.sin(turn * points[:, 0] + c) * np.cos(turn * 0.31 * points[:, 1] + d)
    ring_of = np.repeat(np.arange(len(rings)), [len(ring) for ring in rings])
    return np.asarray(shapely.polygons(shapely.linearrings(moved, indices=ring_of)), dtype=object)


def _stepped(ring: Points) -> Points:
    """A closed ring with points between its corners, computed from the smaller end of each edge to the larger."""
    one, other = ring[:-1], ring[1:]
    swap = (one[:, 0] > other[:, 0]) | ((one[:, 0] == other[:, 0]) & (one[:, 1] > other[:, 1]))
    low, high = np.where(swap[:, None], other, one), np.where(swap[:, None], one, other)
    steps = np.maximum(1, np.ceil(np.hypot(*(high - low).T) / STEP).astype(np.int64))
    edge = np.repeat(np.arange(len(steps)), steps)
    place = np.arange(len(edge)) - np.repeat(np.cumsum(steps) - steps, steps)
    step = np.where(swap[edge], steps[edge] - place, place)
    between = low[edge] + (high - low)[edge] * (step / steps[edge])[:, None]
    # Corners exactly as they are, wherever the arithmetic would have put them.
    between[place == 0] = one
    return np.concatenate([between, between[:1]])


def _degrees(
    cells: NDArray[Any], middle: NDArray[np.float64], scale: NDArray[np.float64], factor: float
) -> NDArray[Any]:
    return np.asarray(shapely.transform(cells, lambda points: middle + points * factor / scale), dtype=object)
