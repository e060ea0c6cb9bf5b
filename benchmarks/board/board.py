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
import secrets
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from qipan.assembly.database import APPLICATION, OWNER, Embedded
from qipan.assembly.folders import data_folder

AIM = 0.200  # seconds, p95 of each operation
AT_ONCE = 8


def say(text: str) -> None:
    print(text, flush=True)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--incidents", type=int, default=100_000)
    options.add_argument("--per-day", type=float, default=2_000)
    options.add_argument("--full-days", type=int, default=365, help="days before now with whole histories")
    options.add_argument("--map", default="default", help="the district's size: default or small")
    options.add_argument("--staff", type=int, default=900)
    options.add_argument("--signed-in", type=int, default=500)
    options.add_argument("--rate", type=float, default=100, help="requests a second in all")
    options.add_argument("--seconds", type=float, default=60)
    options.add_argument("--warm", type=float, default=20)
    options.add_argument("--workers", type=int, default=0, help="server processes; 0: what `qipan serve` chooses")
    options.add_argument("--yardstick", type=float, default=10, help="seconds for each of its four parts; 0: none")
    options.add_argument("--folder", type=Path, default=data_folder() / "bench-board")
    options.add_argument("--keep", action="store_true", help="leave the database, to be used again by the next run")
    options.add_argument("--json", type=Path, default=None, help="write the figures to this file too")
    given = options.parse_args()

    server = Embedded(given.folder)
    server.start()
    os.environ |= {
        "DATABASE_URL": server.url(role=OWNER),
        "QIPAN_DATA": str(given.folder),
        "QIPAN_KEYS": str(given.folder / "keys"),
        "QIPAN_HEADS": str(given.folder / "heads"),
        "QIPAN_POOL": "0",
        "DJANGO_SETTINGS_MODULE": "qipan.assembly.settings",
        "QIPAN_LOG": "WARNING",
        "QIPAN_SECRET_KEY": secrets.token_urlsafe(48),  # sessions are signed with the server's own
    }
    try:
        figures = run(given, server)
        if given.json:
            given.json.write_text(json.dumps(figures, indent=1))
    finally:
        server.stop()
        if not given.keep:
            shutil.rmtree(given.folder, ignore_errors=True)
            shutil.rmtree(server.folder, ignore_errors=True)


def run(given: argparse.Namespace, server: Embedded) -> dict[str, Any]:
    import django

    django.setup()
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
    figures: dict[str, Any] = {"load": _prepare(given, data)}
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
    with Server(given, server) as served:
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


def _prepare(given: argparse.Namespace, data: Any) -> dict[str, Any]:
    """The database, made unless a run before kept it."""
    from django.core.management import call_command

    from qipan.foundation.journal import rights

    note = given.folder / "loaded.json"
    wanted = {"incidents": given.incidents, "per_day": given.per_day, "full_days": given.full_days, "map": given.map}
    if note.exists() and (kept := json.loads(note.read_text()))["wanted"] == wanted:
        say("the database of a run before is used")
        return dict(kept["load"])
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    owner = os.environ.pop("DATABASE_URL")
    rights.apply()
    os.environ["DATABASE_URL"] = owner
    made = data.make(
        count=given.incidents, per_day=given.per_day, full_days=given.full_days, size=given.map, staff=given.staff,
        at=datetime.now(UTC), say=say,
    )  # fmt: skip
    load = {
        "incidents": made.incidents, "rows": made.rows, "seconds": made.seconds, "index_seconds": made.index_seconds,
        "sealed": made.sealed, "seal_seconds": made.seal_seconds,
    }  # fmt: skip
    note.write_text(json.dumps({"wanted": wanted, "load": load}))
    return load


class Server:
    """`qipan serve` in production mode with its worker, as a process group of its own."""

    def __init__(self, given: argparse.Namespace, database: Embedded) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.database = database
        words = [sys.executable, "-m", "qipan", "serve", "--port", str(self.port), "--with-worker"]
        if given.workers:
            words += ["--workers", str(given.workers)]
        self.words = words
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("QIPAN_POOL")} | {
            "DATABASE_URL": database.url(role=APPLICATION),
            "QIPAN_MODE": "production",
            "QIPAN_HTTPS": "0",
            "QIPAN_HOSTS": "localhost",
            "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
        }
        if given.yardstick:
            self.environment["DJANGO_SETTINGS_MODULE"] = "benchmarks.board.usual_settings"

    def __enter__(self) -> Server:
        self.process = subprocess.Popen(self.words, env=self.environment)
        import http.client

        for _ in range(300):
            time.sleep(0.2)
            if self.process.poll() is not None:
                raise SystemExit("the server did not start")
            try:
                asked = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                asked.request("GET", "/healthz")
                if asked.getresponse().status == 200:
                    return self
            except OSError:
                continue
        raise SystemExit("the server did not answer")

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(60)

    def processor(self) -> dict[str, float]:
        """Processor seconds used so far: server, worker, database, and this process."""
        found: dict[str, float] = defaultdict(float)
        children = defaultdict(list)
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                pid, rest = int(stat.parent.name), stat.read_text().rpartition(")")[2].split()
            except (OSError, ValueError):
                continue
            children[int(rest[1])].append((pid, (int(rest[11]) + int(rest[12])) / os.sysconf("SC_CLK_TCK")))
        postmaster = int((self.database.cluster / "postmaster.pid").read_text().split()[0])

        def below(pid: int) -> list[tuple[int, float]]:
            return [one for child in children[pid] for one in (child, *below(child[0]))]

        for pid, seconds in below(self.process.pid):
            try:
                line = Path(f"/proc/{pid}/cmdline").read_bytes()
            except OSError:
                continue
            found["worker" if b"\0worker\0" in line else "server"] += seconds
        own = {pid: seconds for rows in children.values() for pid, seconds in rows}
        found["server"] += own.get(self.process.pid, 0)
        found["database"] = sum(seconds for _pid, seconds in below(postmaster))
        found["load maker"] = time.process_time()
        return found


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
