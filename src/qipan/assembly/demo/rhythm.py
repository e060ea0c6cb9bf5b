"""When things happen and what happens then: the hours of the day, the days of the week, holidays, seasons, places."""

from __future__ import annotations

import random
from bisect import bisect_right
from itertools import accumulate
from typing import Any

from qipan.assembly.demo.scene import Place, Scene
from qipan.incidents.models import Category
from qipan.kernels.clock.timetable import DAY, day_of

SECOND = 1_000_000
HOUR = 3600 * SECOND

# Share of a day's reports in each hour: little at night, a peak at ten, a second one before supper.
HOURS = (6, 4, 3, 3, 4, 8, 18, 38, 66, 84, 88, 72, 44, 42, 62, 70, 72, 66, 58, 50, 42, 30, 18, 10)
NIGHT = (35, 25, 18, 14, 14, 16, 24, 34, 46, 52, 54, 50, 46, 46, 48, 50, 54, 58, 62, 64, 62, 58, 52, 44)  # urgent ones
WEEKDAYS = (1.12, 1.06, 1.04, 1.02, 1.06, 0.84, 0.72)
HOLIDAY = 0.6

# How often each kind is reported: (in towns, in villages)
WEIGHTS: dict[str, tuple[float, float]] = {
    "gas": (5, 2), "fire-exit": (14, 3), "electric": (8, 9), "ebike": (16, 5), "building": (5, 8), "site": (5, 3),
    "enterprise": (4, 6), "water-edge": (1, 5), "flood": (3, 4), "school-road": (5, 3), "neighbours": (13, 16),
    "family": (5, 8), "violence": (1.2, 1.2), "land": (0.3, 9), "wages": (5, 4), "property": (13, 0.4),
    "consumer": (6, 2), "injury": (3, 3), "water": (16, 14), "power": (10, 12), "heat": (12, 1), "gas-supply": (7, 2),
    "medicine": (4, 5), "elderly": (8, 10), "disability": (2, 2), "livelihood": (4, 8), "policy": (9, 6),
    "noise": (22, 4), "river": (3, 8), "rubbish": (42, 38), "street-trade": (40, 10), "posters": (24, 5),
    "illegal-building": (8, 9), "dust": (12, 7), "parking": (44, 5), "straw": (1, 12), "dead-animal": (2, 6),
    "manhole": (14, 3), "street-light": (22, 15), "road": (18, 18), "pipe": (11, 6), "tree": (6, 7), "fitness": (7, 5),
    "traffic-sign": (6, 3), "petition": (2, 2), "accusation": (0.6, 0.6), "cluster": (0.6, 0.3), "food": (0.4, 0.3),
    "accident": (0.4, 0.5), "fire": (1.2, 1.8), "disaster": (0.3, 0.8), "police": (4, 3), "case": (0.3, 0.2),
    "casualties": (0.2, 0.3), "alarm": (9, 5),
}  # fmt: skip
# Months in which a kind is more or less frequent than its weight; others count once.
SEASONS: dict[str, dict[int, float]] = {
    "heat": dict.fromkeys((11, 12, 1, 2, 3), 3.0) | dict.fromkeys((4, 5, 6, 7, 8, 9, 10), 0.1),
    "flood": dict.fromkeys((6, 7, 8), 5.0) | dict.fromkeys((11, 12, 1, 2, 3), 0.2),
    "water-edge": dict.fromkeys((6, 7, 8), 2.5),
    "straw": dict.fromkeys((6, 10), 6.0),
    "wages": dict.fromkeys((12, 1), 4.0),
    "fire": dict.fromkeys((12, 1, 2), 2.0),
    "tree": dict.fromkeys((6, 7, 8), 2.5),
    "noise": dict.fromkeys((5, 6, 7, 8), 1.6),
    "power": dict.fromkeys((7, 8), 2.5),
    "school-road": dict.fromkeys((7, 8, 2), 0.2),
    "disaster": dict.fromkeys((6, 7, 8), 3.0),
}
URGENT_AT_NIGHT = frozenset({"gas", "violence", "pipe", "manhole", "fire", "accident", "disaster", "police", "medicine",
                             "alarm", "power", "noise"})  # fmt: skip


class Rhythm:
    """Draws days, moments, places and kinds for a scene."""

    def __init__(self, scene: Scene, *, seed: int) -> None:
        self.scene = scene
        dice = random.Random(f"hot spots {seed}")
        weights = [(2.2 if place.urban else 1.0) * dice.lognormvariate(0, 0.5) for place in scene.places]
        for place in dice.sample(range(len(weights)), max(1, len(weights) // 120)):
            weights[place] *= 9
        self.places = list(accumulate(weights))
        self._kinds: dict[tuple[int, bool], tuple[list[Category], list[float]]] = {}

    def how_many(self, day: int, *, per_day: float, dice: random.Random) -> int:
        """Reports of a day (an ordinal), around `per_day` on average."""
        date = day_of(day * DAY)
        rest = not self.scene.clock.calendar.is_workday(date)
        factor = WEEKDAYS[date.weekday()] if rest == (date.weekday() >= 5) else (HOLIDAY if rest else 1.0)
        if date.month in (6, 7, 8):
            factor *= 1.12
        factor *= dice.lognormvariate(0, 0.08)
        return max(0, round(dice.gauss(per_day * factor, (per_day * factor) ** 0.5)))

    def place(self, dice: random.Random) -> Place:
        return self.scene.places[bisect_right(self.places, dice.random() * self.places[-1])]

    def category(self, day: int, place: Place, dice: random.Random) -> Category:
        month = day_of(day * DAY).month
        key = (month, place.urban)
        if key not in self._kinds:
            kinds = [category for name, category in sorted(self.scene.categories.items()) if name in WEIGHTS]
            weights = [
                WEIGHTS[kind.key][0 if place.urban else 1] * SEASONS.get(kind.key, {}).get(month, 1.0) for kind in kinds
            ]
            self._kinds[key] = kinds, list(accumulate(weights))
        kinds, sums = self._kinds[key]
        return kinds[bisect_right(sums, dice.random() * sums[-1])]

    def moment(self, day: int, category: Category, dice: random.Random) -> int:
        hour = dice.choices(range(24), NIGHT if category.key in URGENT_AT_NIGHT else HOURS)[0]
        return day * DAY + hour * HOUR + dice.randrange(3600) * SECOND

    def point(self, place: Place, dice: random.Random) -> tuple[float, float] | None:
        if not len(place.points):
            return None
        longitude, latitude = place.points[dice.randrange(len(place.points))].tolist()
        return longitude, latitude


def premises_near(scene: Scene, place: Place, kinds: frozenset[str], dice: random.Random) -> Any | None:
    """Premises of some kinds in a cell, or None."""
    found = [row for row in scene.premises.get(place.id, ()) if row[1] in kinds]
    return dice.choice(found) if found else None
