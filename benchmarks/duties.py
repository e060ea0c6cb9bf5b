"""Duties in bulk: opening, sweeping what is due, a busy person's list, a year imported.

python3 run.py bench duties [--duties 10000] [--people 200] [--ended 0] [--keep]

1. Opening: one transaction each, as a domain does it.
2. Sweeping: all are due for their warning at one moment, then for their breach, then for the two steps beyond; with
   journal entries and messages. Queries are counted.
3. My work of a person with duties/people of them, the first page with what is left by each duty's own clock.
4. A year's calendar imported: every deadline counted anew, journalled where it moves.

`--ended` loads that many ended duties first (a year or ten of history): lists and sweeps must not feel them.
Runs on an embedded server of its own with fsync on; nothing else should run meanwhile.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import time
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from qipan.assembly.database import OWNER, Embedded
from qipan.assembly.folders import data_folder

FOLDER = data_folder() / "bench-duties"
CHINA = timezone(timedelta(hours=8))
START = datetime(2026, 12, 14, 9, tzinfo=CHINA)  # a Monday
KIND = "bench.handle"


def say(text: str) -> None:
    print(text, flush=True)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--duties", type=int, default=10_000)
    options.add_argument("--people", type=int, default=200)
    options.add_argument("--ended", type=int, default=0)
    options.add_argument("--keep", action="store_true", help="leave the database and its server")
    given = options.parse_args()
    server = Embedded(FOLDER)
    server.start()
    os.environ |= {
        "DATABASE_URL": server.url(role=OWNER),
        "QIPAN_KEYS": str(FOLDER / "keys"),
        "QIPAN_HEADS": str(FOLDER / "heads"),
        "QIPAN_POOL": "0",
        "DJANGO_SETTINGS_MODULE": "qipan.assembly.settings",
        "QIPAN_LOG": "WARNING",
    }
    try:
        run(given)
    finally:
        if not given.keep:
            server.stop()
            shutil.rmtree(FOLDER, ignore_errors=True)


def run(given: argparse.Namespace) -> None:
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    call_command("migrate", verbosity=0)
    from qipan.foundation.duties import operations, queries, sweeper
    from qipan.foundation.duties.operations import years
    from qipan.foundation.journal.rules import SYSTEM, About
    from qipan.kernels.clock import Limit
    from qipan.kernels.ids import new_id

    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        say(f"PostgreSQL {cursor.fetchone()[0]}, {os.cpu_count()} cores, Python {sys.version.split()[0]}")
    district, unit, people = place(given.people)
    if given.ended:
        history(district, unit, people, given.ended)

    took = time.perf_counter()
    for number in range(given.duties):
        about = About("bench.thing", new_id(), f"事项{number}", district.pk, (district.pk,))
        operations.open(
            kind=KIND, about=about, unit=unit, post=people[number % len(people)], limit=Limit.working_days(20),
            at=START, by=SYSTEM,
        )  # fmt: skip
    took = time.perf_counter() - took
    say(f"open: {given.duties:,} in {took:.1f} s, {given.duties / took:,.0f}/s one transaction each")

    times = []
    for _ in range(30):
        began = time.perf_counter()
        with CaptureQueriesContext(connection) as made:
            work = queries.my_work(viewer=people[0], now=START + timedelta(hours=1))
        times.append(time.perf_counter() - began)
    say(f"my work: {work.total} duties, {len(made)} queries, p50 {statistics.median(times) * 1000:.1f} ms")

    began = time.perf_counter()
    with CaptureQueriesContext(connection) as made:
        effect = years.import_year(
            district=district, data=calendar_of(2027), year=2027, source="bench", by=SYSTEM, at=START, tell=True
        )
    took = time.perf_counter() - began
    say(f"import a year: {len(effect.moves):,} of {effect.counted:,} moved in {took:.1f} s, {len(made)} queries")

    for name, now in (
        ("warnings", datetime(2027, 1, 11, 8, tzinfo=CHINA)),
        ("breaches", datetime(2027, 1, 15, 8, tzinfo=CHINA)),
        ("two steps beyond", datetime(2027, 3, 1, tzinfo=CHINA)),
    ):
        began = time.perf_counter()
        with CaptureQueriesContext(connection) as made:
            fired = sweeper.sweep(now=now)
        took = time.perf_counter() - began
        per = len(made) / max(1, given.duties / 500)
        say(f"sweep {name}: {fired:,} steps in {took:.1f} s, {per:.0f} queries for each 500 duties")


def place(number: int) -> tuple[Any, Any, list[Any]]:
    """A district with one unit and its people."""
    from django.utils.translation import gettext_lazy as _

    from qipan.foundation.areas import queries
    from qipan.foundation.areas.models import Area
    from qipan.foundation.duties import kinds
    from qipan.foundation.posts.models import Person, Post, Unit

    kinds.register(kinds.Kind(KIND, _("Open")))
    (key,) = queries.next_ids(1)
    since = datetime(2020, 1, 1, tzinfo=UTC)
    district = Area.objects.create(
        id=key, level=1, district_id=key, name="某区", kind="district", valid_from=date(2020, 1, 1)
    )
    unit = Unit.objects.create(district=district, area=district, kind="department", name="某局", valid_from=since)
    roles = ["dispatcher", "commander", *["handler"] * number]
    posts = []
    for index, role in enumerate(roles):
        person = Person.objects.create(username=f"bench{index}", name=f"员{index}", district=district)
        own = unit if role == "handler" else None
        posts.append(
            Post.objects.create(
                person=person, role=role, area=district, unit=own, district=district, valid_from=since, head=index == 2
            )
        )
    return district, unit, posts[2:]


def history(district: Any, unit: Any, people: list[Any], number: int) -> None:
    """Ended duties, by one statement."""
    from django.db import connection

    began = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO duties_duty (id, kind, about_kind, about_id, about_label, title, link, privacy, urgent, state,
              opened_at, starts_at, hours, stage, stages_late, escalation, provisional, schedule, outcome, district_id,
              unit_id, post_id, ended_at, due_at, on_time)
            SELECT gen_random_uuid(), %s, 'bench.thing', gen_random_uuid(), n::text, 'done', '', 0, false, 'ended',
              %s - n * interval '1 minute', %s - n * interval '1 minute', 'working', 0, 0, 'default', false, '[]',
              'done', %s, %s, (%s::uuid[])[n %% %s + 1], %s - n * interval '30 seconds', %s, true
            FROM generate_series(1, %s) AS n
            """,
            [KIND, START, START, district.pk, unit.pk, [one.pk for one in people], len(people), START, START, number],
        )
        cursor.execute("ANALYZE duties_duty")
    say(f"history: {number:,} ended duties in {time.perf_counter() - began:.1f} s")


def calendar_of(year: int) -> bytes:
    """A plausible year: the fixed holidays and a long New Year."""
    days = [(1, 1, "元旦"), (1, 4, "元旦"), (1, 5, "元旦"), (5, 1, "劳动节"), (10, 1, "国庆节"), (10, 2, "国庆节")]
    days.append((10, 3, "国庆节"))
    rows = [f"{year}-{month:02}-{day:02},off,{name}" for month, day, name in days]
    return "\n".join(["date,kind,name", *rows]).encode()


if __name__ == "__main__":
    main()
