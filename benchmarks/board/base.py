"""What the benchmarks of the board share: a kept database of a district, and the real server beside it."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from qipan.assembly.database import APPLICATION, OWNER, Embedded


def say(text: str) -> None:
    print(text, flush=True)


def options(description: str | None, *, folder: Path) -> argparse.ArgumentParser:
    """The options that say which database, and how it is served."""
    found = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    found.add_argument("--incidents", type=int, default=100_000)
    found.add_argument("--per-day", type=float, default=2_000)
    found.add_argument("--full-days", type=int, default=365, help="days before now with whole histories")
    found.add_argument("--map", default="default", help="the district's size: default or small")
    found.add_argument("--staff", type=int, default=900)
    found.add_argument("--workers", type=int, default=0, help="server processes; 0: what `qipan serve` chooses")
    found.add_argument("--folder", type=Path, default=folder)
    found.add_argument("--keep", action="store_true", help="leave the database, to be used again by the next run")
    found.add_argument("--json", type=Path, default=None, help="write the figures to this file too")
    return found


@contextlib.contextmanager
def database(given: argparse.Namespace) -> Iterator[Embedded]:
    """The embedded server over the folder, and Django set up on it; gone afterwards unless it is to be kept."""
    import django

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
        django.setup()
        yield server
    finally:
        server.stop()
        if not given.keep:
            shutil.rmtree(given.folder, ignore_errors=True)
            shutil.rmtree(server.folder, ignore_errors=True)


def prepare(given: argparse.Namespace) -> dict[str, Any]:
    """The district and its incidents, made unless a run before kept them."""
    from django.core.management import call_command

    from benchmarks.board import data
    from qipan.foundation.journal import rights

    note = given.folder / "loaded.json"
    wanted = {"incidents": given.incidents, "per_day": given.per_day, "full_days": given.full_days, "map": given.map}
    call_command("migrate", verbosity=0)  # a kept one may lack tables that came later
    call_command("createcachetable", verbosity=0)
    owner = os.environ.pop("DATABASE_URL")
    rights.apply()
    os.environ["DATABASE_URL"] = owner
    if note.exists() and (kept := json.loads(note.read_text()))["wanted"] == wanted:
        say("the database of a run before is used")
        return dict(kept["load"])
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

    def __init__(self, database: Embedded, *, workers: int = 0, usual: bool = False) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.database = database
        words = [sys.executable, "-m", "qipan", "serve", "--port", str(self.port), "--with-worker"]
        if workers:
            words += ["--workers", str(workers)]
        self.words = words
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("QIPAN_POOL")} | {
            "DATABASE_URL": database.url(role=APPLICATION),
            "QIPAN_MODE": "production",
            "QIPAN_HTTPS": "0",
            "QIPAN_HOSTS": "localhost",
            "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
        }
        if usual:
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

    def memory(self) -> float:
        """Bytes that the server's processes hold, without the worker's."""
        total = 0.0
        for pid in [self.process.pid, *_below(self.process.pid)]:
            with contextlib.suppress(OSError):
                if b"\0worker\0" not in Path(f"/proc/{pid}/cmdline").read_bytes():
                    total += int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        return total


def _below(pid: int) -> list[int]:
    found = []
    for thread in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, thread.read_text().split()):
            found += [child, *_below(child)]
    return found
