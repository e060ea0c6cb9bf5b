"""The board under load: a district's ten years, five hundred staff at work, and the usual manner as a yardstick.

python3 run.py bench board [--incidents 100000] [--seconds 60] [--keep]
python3 run.py bench board --incidents 7300000          the published figures (docs/benchmarks.md says how)

1. A database of its own with `--incidents` at `--per-day` a day back from now: the same district and the same
   open cases at every size, only more years behind them.
2. The real server (`qipan serve`, production mode, with its worker) as a process of its own; `--signed-in` sessions; an
   open loop of `--rate` requests a second at random moments, in the mix of benchmarks/board/drive.py.
3. The same list and create by Django REST Framework in the usual manner, in a closed loop against the same server.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import random
import statistics
import sys
import time
from collections import defaultdict
from typing import Any

from benchmarks.board import base
from benchmarks.board.base import say
from qipan.assembly.database import Embedded
from qipan.assembly.folders import data_folder

AIM = 0.200  # seconds, p95 of each operation
AT_ONCE = 8


def main() -> None:
    options = base.options(__doc__, folder=data_folder() / "bench-board")
    options.add_argument("--signed-in", type=int, default=500)
    options.add_argument("--rate", type=float, default=100, help="requests a second in all")
    options.add_argument("--seconds", type=float, default=60)
    options.add_argument("--warm", type=float, default=20)
    options.add_argument("--yardstick", type=float, default=10, help="seconds for each of its four parts; 0: none")
    given = options.parse_args()
    with base.database(given) as server:
        figures = run(given, server)
        if given.json:
            given.json.write_text(json.dumps(figures, indent=1))


def run(given: argparse.Namespace, server: Embedded) -> dict[str, Any]:
    from django.db import connection
    from django.utils import timezone

    from benchmarks.board import data, drive, staff
    from qipan.foundation.areas.models import Area
    from qipan.incidents.models import IS_OPEN, Incident

    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        version = cursor.fetchone()[0]
    say(
        f"PostgreSQL {version}, {os.cpu_count()} cores, Python {sys.version.split()[0]}, "
        f"load before {os.getloadavg()[0]:.1f}"
    )
    figures: dict[str, Any] = {"load": base.prepare(given)}
    figures["sizes"] = dict(data.sizes())
    say("sizes: " + ", ".join(f"{name} {size / 1e9:.2f} GB" for name, size in figures["sizes"].items()))
    at = timezone.now()
    members = staff.sign_in(count=given.signed_in, at=at)
    work = staff.work(members)
    areas = list(Area.objects.filter(level__in=(2, 3)).values_list("pk", flat=True))
    say(
        f"{Incident.objects.filter(IS_OPEN).count():,} open; {len(members)} signed in; "
        f"to do: {len(work.accept)} accept, {len(work.dispatch)} dispatch, "
        f"{len(work.sign)} sign, {len(work.answer)} answer"
    )
    plan = drive.Plan(members, work, timezone.localdate(at), areas, random.Random(1))
    connection.close()
    with base.Server(server, workers=given.workers, usual=bool(given.yardstick)) as served:
        before = served.processor()
        started = time.perf_counter()
        results = asyncio.run(
            drive.open_loop(plan=plan, port=served.port, rate=given.rate, seconds=given.seconds, warm=given.warm)
        )
        took = time.perf_counter() - started
        used = {name: (after - before.get(name, 0)) / took for name, after in served.processor().items()}
        figures |= {"operations": _report(results, given), "processors": used}
        say("processors: " + ", ".join(f"{name} {share:.2f}" for name, share in used.items()) + f" of {os.cpu_count()}")
        if given.yardstick:
            figures["yardstick"] = _yardstick(given, drive, plan, served.port)
    return figures


def _report(results: list[Any], given: argparse.Namespace) -> dict[str, Any]:
    """A line for each operation; the aim is held against each."""
    groups: dict[str, list[Any]] = defaultdict(list)
    for result in results:
        groups[result.operation].append(result)
        if result.operation.startswith("list "):
            groups["all lists"].append(result)
        groups["all"].append(result)
    say(
        f"open loop: {len(results) / given.seconds:.1f} requests/s for {given.seconds:.0f} s, "
        "milliseconds from the intended moment"
    )
    say(f"{'operation':<16}{'count':>7}{'p50':>8}{'p95':>8}{'p99':>8}{'kB':>8}{'refused':>9}{'errors':>8}")
    figures = {}
    for name, rows in sorted(groups.items(), key=lambda item: (item[0].startswith("all"), item[0])):
        times = sorted(row.seconds for row in rows)
        p50, p95, p99 = (times[min(len(times) - 1, int(len(times) * share))] * 1000 for share in (0.5, 0.95, 0.99))
        # Two people who want the same incident: one of them is told so. That is an answer, not an error.
        refused = sum(row.status in {404, 409, 422} for row in rows)
        errors = sum(row.status not in {200, 201, 404, 409, 422} for row in rows)
        size = statistics.fmean(row.size for row in rows) / 1000
        figures[name] = {
            "count": len(rows),
            "p50": p50,
            "p95": p95,
            "p99": p99,
            "kB": size,
            "refused": refused,
            "errors": errors,
        }
        over = "  over the aim" if p95 > AIM * 1000 else ""
        say(f"{name:<16}{len(rows):>7}{p50:>8.0f}{p95:>8.0f}{p99:>8.0f}{size:>8.1f}{refused:>9}{errors:>8}{over}")
    return figures


def _yardstick(given: argparse.Namespace, drive: Any, plan: Any, port: int) -> dict[str, float]:
    """Answers a second of ours and of the usual manner, each twice in turn."""
    lookers = itertools.cycle([member for member in plan.members if member.role == "dispatcher"][:50])
    reporters = itertools.cycle([member for member in plan.members if member.role == "dispatcher"][:50])
    spots = itertools.cycle(plan.work.spots[:500])

    def listing(path: str) -> Any:
        return lambda: (next(lookers), ("list", "GET", path, b""))

    def creating(path: str, key: str) -> Any:
        def ask() -> Any:
            longitude, latitude = next(spots)
            body = {key: plan.work.categories[0], "title": "路口设施损坏，影响通行", "text": "居民反映，请尽快处理。",
                    "longitude": longitude, "latitude": latitude}  # fmt: skip
            return next(reporters), ("report", "POST", path, json.dumps(body).encode())

        return ask

    asked = {
        "lists, ours": listing("/api/v1/incidents"),
        "lists, usual": listing("/usual/incidents/"),
        "creates, ours": creating("/api/v1/incidents", "category"),
        "creates, usual": creating("/usual/incidents/", "category_key"),
    }
    rates: dict[str, list[float]] = defaultdict(list)
    for _round in range(2):
        for name, request in asked.items():
            done, errors, took = asyncio.run(
                drive.closed_loop(next_request=request, port=port, at_once=AT_ONCE, seconds=given.yardstick / 2)
            )
            if errors:
                say(f"  {name}: {errors} errors")
            rates[name].append(done / took)
    figures = {name: statistics.fmean(found) for name, found in rates.items()}
    for what in ("lists", "creates"):
        ours, usual = figures[f"{what}, ours"], figures[f"{what}, usual"]
        say(f"{what}: {ours:.0f}/s ours, {usual:.0f}/s usual: {ours / max(usual, 1e-9):.2f} times")
    return figures


if __name__ == "__main__":
    main()
