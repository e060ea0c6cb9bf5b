"""The demo district, made and loaded step by step, each with its time; and what there is of it already.

Whatever was interrupted is known by its mark in the district's settings and is started over. A database that holds a
district without that mark is somebody's own: it is never touched.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db import connection, transaction
from django.utils.translation import gettext as _
from psycopg import sql

from qipan.assembly.demo import incidents, people, scene, visits
from qipan.assembly.demo import map as demo_map
from qipan.assembly.demo.loading import bare
from qipan.foundation.areas.models import Area, DistrictProfile, Level
from qipan.foundation.journal import sequencer
from qipan.foundation.journal.rules import SYSTEM
from qipan.foundation.refusals import Conflict

Say = Callable[[str], None]
MARK = "demo"
LOADING, LOADED = "loading", "loaded"
SEAL = 10_000  # entries to a seal while loading
SET_ASIDE = 50_000  # incidents from which indexes and foreign keys are dropped and made again
KEPT = frozenset({"django_migrations", "django_content_type", "auth_permission", "cache"})


class NotADemo(Conflict):
    """This database holds a district of its own. The demo goes into an empty database; give another --data."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is made: the map's size, staff, days and incidents a day, of which the last `full` days in full."""

    map: str
    staff: int
    days: int
    per_day: float
    full: int | None = None


SIZES = {
    "small": Size("small", 110, 10, 20),
    "default": Size("default", people.STAFF, 30, 200),
    "large": Size("default", people.STAFF, 365, 600, 90),
}


@dataclass(frozen=True, slots=True)
class Demo:
    """A loaded demo."""

    district: Area
    mark: dict[str, Any]

    @property
    def accounts(self) -> list[dict[str, str]]:
        found: list[dict[str, str]] = self.mark["accounts"]
        return found


def found() -> Demo | None:
    """The demo of this database, loaded or half loaded; None in an empty one. Raises NotADemo."""
    districts = list(Area.objects.filter(level=Level.DISTRICT)[:10])
    if not districts:
        return None
    for profile in DistrictProfile.objects.filter(district__in=districts):
        if MARK in profile.settings:
            return Demo(profile.district, profile.settings[MARK])
    raise NotADemo


def loaded() -> Demo | None:
    """The demo, if it is whole."""
    demo = found()
    return demo if demo and demo.mark["state"] == LOADED else None


def load(
    *, size: Size, name: str, seed: int, at: datetime, say: Say = lambda text: None,
    progress: incidents.Progress | None = None,
) -> Demo:  # fmt: skip
    """Make the whole demo in an empty database, as the owner of the tables. Its journal is sealed when this returns."""
    mark: dict[str, Any] = {"state": LOADING, "size": name, "seed": seed, "at": at.isoformat()}
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")  # what is interrupted is started over
    with step(say, _("Map")), transaction.atomic():
        built = demo_map.build(size.map, 1)
        district = demo_map.load(built, by=SYSTEM, at=at)
        _mark(district, mark)
    with step(say, _("People")):
        made = people.build(district=district, seed=seed, at=at, staff=size.staff)
    with step(say, _("Incidents")) as report:
        here = scene.load(district, at=at)
        large = size.days * size.per_day > SET_ASIDE
        with bare(incidents.TABLES) if large else transaction.atomic():
            told, speed, seconds = incidents.load(
                here, days=size.days, full_days=size.full, per_day=size.per_day, seed=seed, now=at, progress=progress,
                photos=not large,
            )  # fmt: skip
        rate = f"{speed.total / max(seconds, 0.001):,.0f}"
        report(
            _("{count} incidents, {rows} rows, {rate} rows a second").format(
                count=f"{told:,}", rows=f"{speed.total:,}", rate=rate
            )
        )
    with step(say, _("Inspections")) as report, transaction.atomic():
        report(_("{count} visits").format(count=visits.build(district=district, seed=seed, at=at)))
    with step(say, _("Journal")) as report:
        report(_("{count} entries sealed").format(count=f"{seal():,}"))
    mark |= {
        "state": LOADED, "incidents": told, "password": made.password,
        "accounts": [{key: str(value) for key, value in asdict(account).items()} for account in made.accounts],
    }  # fmt: skip
    _mark(district, mark)
    with connection.cursor() as cursor:
        cursor.execute("RESET synchronous_commit")
        cursor.execute("ANALYZE")
    return Demo(district, mark)


def seal() -> int:
    """Give every pending entry its place, in large seals."""
    placed = 0
    with sequencer.leading() as leader:
        while batch := leader.batch(SEAL):
            placed += batch
    return placed


def clear() -> None:
    """Empty a demo's database, to start over. Run by the owner. Raises NotADemo for any other."""
    found()
    tables = {model._meta.db_table for model in apps.get_models(include_auto_created=True)} - KEPT
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        existing = {name for (name,) in cursor.fetchall()}
        names = sql.SQL(", ").join(sql.Identifier(name) for name in sorted(tables & existing))
        cursor.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY CASCADE").format(names))


@contextmanager
def step(say: Say, what: str) -> Iterator[Say]:
    """Say what was done and how long it took."""
    told: list[str] = []
    started = time.perf_counter()
    yield told.append
    say(f"{what}: {'; '.join(told) + '; ' if told else ''}{time.perf_counter() - started:.1f} s")


def _mark(district: Area, mark: dict[str, Any]) -> None:
    profile, _new = DistrictProfile.objects.get_or_create(district=district)
    profile.settings = profile.settings | {MARK: mark}
    profile.save()
