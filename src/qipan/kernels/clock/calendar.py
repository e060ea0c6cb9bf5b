"""Which days are worked: the State Council's yearly notice as data, and weekends where there is no notice yet.

Each autumn the General Office of the State Council publishes the public holidays of the next year with the Saturdays
and Sundays that are worked instead (调休). `official.json` holds the notices of 2022-2026, each with its number. A year
without a notice counts weekends only, and everything counted in it is provisional (暂定).

The New Year holiday of a year may reach into the December before: the notice for 2019 made 2018-12-29 a working
Saturday. So the last three days of December are provisional too until the following year is published.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Self

from .wording import Invalid

# The earliest day that a New Year holiday beginning on 1 January has ever changed (2018-12-29, by the 2019 notice).
NEW_YEAR_REACHES_BACK_TO = (12, 29)


class Kind(StrEnum):
    """What a day is."""

    WORKDAY = "workday"
    ADJUSTED = "adjusted"  # a Saturday or Sunday that is worked (调休上班)
    WEEKEND = "weekend"
    HOLIDAY = "holiday"


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a calendar: what it is, the holiday it belongs to (or ""), and the notice that says so (or "")."""

    date: date
    kind: Kind
    name: str = ""
    source: str = ""
    provisional: bool = False

    @property
    def is_workday(self) -> bool:
        return self.kind in (Kind.WORKDAY, Kind.ADJUSTED)


@dataclass(frozen=True, slots=True)
class YearPlan:
    """One year as its notice orders it.

    `off` and `work` map each day off, and each Saturday or Sunday worked, to the holiday's name, in order of date. Days
    lie in `year` or in the December before. Refuses (Invalid) a day in both, a day elsewhere, a working day that is no
    weekend day, and a plan without a source.
    """

    year: int
    off: tuple[tuple[date, str], ...]
    work: tuple[tuple[date, str], ...]
    source: str

    @classmethod
    def of(cls, *, year: int, off: Mapping[date, str], work: Mapping[date, str], source: str) -> Self:
        return cls(year, tuple(sorted(off.items())), tuple(sorted(work.items())), source)

    def __post_init__(self) -> None:
        if not self.source.strip():
            raise Invalid("source_missing")
        off = {day for day, _ in self.off}
        for day, _ in (*self.off, *self.work):
            check_year(day=day, year=self.year)
        for day, _ in self.work:
            check_work(day=day)
            if day in off:
                raise Invalid("both", day=day)


def check_year(*, day: date, year: int) -> None:
    """Refuse a day that a notice for `year` cannot name."""
    if day.year != year and (day.year, day.month) != (year - 1, 12):
        raise Invalid("wrong_year", day=day, year=year)


def check_work(*, day: date) -> None:
    """Refuse an adjusted working day that is not a Saturday or Sunday."""
    if day.weekday() < 5:
        raise Invalid("work_on_weekday", day=day)


@dataclass(frozen=True)
class Calendar:
    """The years published so far. Immutable: a new notice makes a new calendar (`with_plan`, `with_year`)."""

    plans: tuple[YearPlan, ...] = ()
    _days: dict[date, tuple[Kind, str, str]] = field(init=False, repr=False, compare=False)
    _years: frozenset[int] = field(init=False, repr=False, compare=False)
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        plans = tuple(sorted(self.plans, key=lambda plan: plan.year))
        days: dict[date, tuple[Kind, str, str]] = {}
        for plan in plans:  # of two notices that name one day, the later year's is the later notice
            days.update({day: (Kind.HOLIDAY, name, plan.source) for day, name in plan.off})
            days.update({day: (Kind.ADJUSTED, name, plan.source) for day, name in plan.work})
        object.__setattr__(self, "plans", plans)
        object.__setattr__(self, "_days", days)
        object.__setattr__(self, "_years", frozenset(plan.year for plan in plans))
        object.__setattr__(self, "_hash", hash(plans))

    def __hash__(self) -> int:
        return self._hash

    @classmethod
    def from_official(cls, *, years: Iterable[int] | None = None, extra: Iterable[YearPlan] = ()) -> Self:
        """The notices in the package, all or those of `years`; plans in `extra` are added, or replace their year's.

        Refuses (Invalid) a year whose notice is not in the package.
        """
        official = official_plans()
        wanted = official.keys() if years is None else list(years)
        for year in wanted:
            if year not in official:
                raise Invalid("no_official_year", year=year)
        plans = {year: official[year] for year in wanted}
        plans.update((plan.year, plan) for plan in extra)
        return cls(tuple(plans.values()))

    def with_plan(self, *, plan: YearPlan) -> Calendar:
        """This calendar with one year added or replaced."""
        return Calendar((*(old for old in self.plans if old.year != plan.year), plan))

    def with_year(self, *, year: int, off: Mapping[date, str], work: Mapping[date, str], source: str) -> Calendar:
        """This calendar with `year` as given: days off and weekend days worked, each with its holiday's name."""
        return self.with_plan(plan=YearPlan.of(year=year, off=off, work=work, source=source))

    @property
    def years(self) -> frozenset[int]:
        """The years that are published."""
        return self._years

    def source(self, *, year: int) -> str:
        """The number of the notice for `year`; "" for a year not published."""
        return next((plan.source for plan in self.plans if plan.year == year), "")

    def kind(self, day: date) -> Kind:
        """What `day` is."""
        known = self._days.get(day)
        if known is not None:
            return known[0]
        return Kind.WEEKEND if day.weekday() >= 5 else Kind.WORKDAY

    def is_workday(self, day: date) -> bool:
        return self.kind(day) in (Kind.WORKDAY, Kind.ADJUSTED)

    def is_provisional(self, day: date) -> bool:
        """Whether a notice still to come may change `day`."""
        if day.year not in self._years:
            return True
        return (day.month, day.day) >= NEW_YEAR_REACHES_BACK_TO and day.year + 1 not in self._years

    def provisional_years(self, first: date, last: date) -> tuple[int, ...]:
        """The unpublished years whose notice may change a day from `first` to `last`, both included."""
        reach = last.year + ((last.month, last.day) >= NEW_YEAR_REACHES_BACK_TO)
        return tuple(year for year in range(first.year, reach + 1) if year not in self._years)

    def day(self, day: date) -> Day:
        """Everything known of `day`."""
        kind, name, source = self._days.get(day, (self.kind(day), "", ""))
        return Day(day, kind, name, source, self.is_provisional(day))

    def days(self, *, year: int) -> tuple[Day, ...]:
        """Every day of `year`, in order."""
        first = date(year, 1, 1)
        return tuple(self.day(first + timedelta(n)) for n in range((date(year + 1, 1, 1) - first).days))


@cache
def official_plans() -> dict[int, YearPlan]:
    """The notices in the package, by year."""
    raw = json.loads(files(__package__).joinpath("official.json").read_text(encoding="utf-8"))
    plans = {}
    for key, notice in raw.items():
        off: dict[date, str] = {}
        work: dict[date, str] = {}
        for holiday in notice["holidays"]:
            first, last = date.fromisoformat(holiday["from"]), date.fromisoformat(holiday["to"])
            off.update((first + timedelta(n), holiday["name"]) for n in range((last - first).days + 1))
            work.update((date.fromisoformat(day), holiday["name"]) for day in holiday["work"])
        plans[int(key)] = YearPlan.of(year=int(key), off=off, work=work, source=notice["source"])
    return plans
