"""A thousand boards listening while things change: how long from a commit until every board has the event.

python3 run.py bench live [--incidents 100000] [--boards 1000] [--rate 10] [--seconds 60] [--keep]

1. The database of `bench board`, the real server (production mode, its worker beside it).
2. `--boards` streams of GET /live/events, read by a process of their own, each event decoded as a board decodes it.
   With `--who staff` they are 500 of the staff, half of them desks, each with an equal share of the streams: an event
   goes to those who may see it. With `--who desks` all are the district's own desks: each event goes to every one.
3. `--rate` incidents a second are accepted, signed for or reported; the clock starts when the operation has committed.
4. The whole map is asked for `--maps` times, by one after the other of the staff.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import multiprocessing
import os
import random
import resource
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from benchmarks.board import base
from benchmarks.board.base import say
from benchmarks.board.listen import listener
from qipan.assembly.database import Embedded
from qipan.assembly.folders import data_folder

if TYPE_CHECKING:
    from benchmarks.board.staff import Member, Work
    from qipan.incidents.models import Incident

AIM = 0.250  # seconds, p99 from commit to the event at a board
MAP_AIM = 0.100  # seconds, p95
SETTLE = 5.0


def main() -> None:
    options = base.options(__doc__, folder=data_folder() / "bench-board")
    options.add_argument("--boards", type=int, default=1000)
    options.add_argument("--who", choices=("staff", "desks"), default="staff")
    options.add_argument("--rate", type=float, default=10, help="changes a second")
    options.add_argument("--seconds", type=float, default=60)
    options.add_argument("--maps", type=int, default=300)
    given = options.parse_args()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with base.database(given) as server:
        figures = run(given, server)
        if given.json:
            given.json.write_text(json.dumps(figures, indent=1))


def run(given: argparse.Namespace, server: Embedded) -> dict[str, Any]:
    from django.db import connection
    from django.utils import timezone

    from benchmarks.board import staff

    base.prepare(given)
    members = staff.sign_in(count=500, at=timezone.now())
    work = staff.work(members)
    changes = _changes(work, members)
    if given.who == "desks":
        desks = [one for one in members if one.level == 1 and one.role in {"commander", "dispatcher"}]
        members = staff.again(desks, count=given.boards // 2)
    cookies = [one.cookie for one in itertools.islice(itertools.cycle(members), given.boards)]
    connection.close()
    say(f"{given.boards} boards of {len({one.post for one in members})} posts; load before {os.getloadavg()[0]:.1f}")
    with base.Server(server, workers=given.workers) as served:
        return _listen(given, served, cookies, changes, members)


def _listen(
    given: argparse.Namespace,
    served: base.Server,
    cookies: list[str],
    changes: Iterator[Callable[[], Incident]],
    members: list[Member],
) -> dict[str, Any]:
    ours, theirs = multiprocessing.Pipe()
    hearing = multiprocessing.get_context("spawn").Process(
        target=listener, args=(served.port, cookies, theirs), daemon=True
    )
    hearing.start()
    say(f"{ours.recv()} streams open")
    time.sleep(SETTLE)
    memory, before, started = [served.memory()], served.processor(), time.perf_counter()
    committed = _change(given, changes, tell=lambda: memory.append(served.memory()))
    took = time.perf_counter() - started
    used = {name: (after - before.get(name, 0)) / took for name, after in served.processor().items()}
    time.sleep(SETTLE)
    maps = asyncio.run(_maps(given, served.port, members))  # while the boards are open: their hub holds the rows
    ours.send(None)
    arrived, lost, heard = ours.recv()
    used["boards"] = heard / took
    hearing.join(30)
    late = sorted(at - committed[change] for change, times in arrived.items() if change in committed for at in times)
    unheard = sum(change not in arrived for change in committed)
    p50, p95, p99 = (late[int(len(late) * share)] * 1000 for share in (0.5, 0.95, 0.99))
    say(
        f"{len(committed)} changes in {took:.0f} s, {len(late):,} events at boards ({len(late) / took:,.0f}/s), "
        f"{unheard} changes heard by nobody, {lost} streams lost"
    )
    over = "  over the aim" if p99 > AIM * 1000 else ""
    say(f"commit to event, ms: p50 {p50:.0f}, p95 {p95:.0f}, p99 {p99:.0f}, longest {late[-1] * 1000:.0f}{over}")
    say("processors: " + ", ".join(f"{name} {share:.2f}" for name, share in used.items()) + f" of {os.cpu_count()}")
    steps = memory[:: max(1, len(memory) // 6)]
    say("memory of the server, MB: " + ", ".join(f"{one / 1e6:.0f}" for one in steps))
    return {
        "changes": len(committed), "events": len(late), "unheard": unheard, "lost": lost, "p50": p50, "p95": p95,
        "p99": p99, "longest": late[-1] * 1000, "processors": used, "memory": memory,
        "map": maps,
    }  # fmt: skip


def _change(
    given: argparse.Namespace, changes: Iterator[Callable[[], Incident]], *, tell: Any
) -> dict[tuple[str, str], float]:
    """Carries out `--rate` changes a second, in threads: {(incident, its new status): moment of the commit}."""
    from django.db import connection

    from qipan.foundation.refusals import Refusal

    done: dict[tuple[str, str], float] = {}
    refused, lock = [0], threading.Lock()

    def one(change: Callable[[], Incident]) -> None:
        try:
            incident = change()
        except Refusal:
            refused[0] += 1
            return
        at = time.time()
        with lock:
            done[(str(incident.pk), str(incident.status))] = at

    asked, start = list[Future[None]](), time.perf_counter()
    with ThreadPoolExecutor(4, initializer=connection.ensure_connection) as pool:
        for number in range(int(given.rate * given.seconds)):
            if (wait := start + number / given.rate - time.perf_counter()) > 0:
                time.sleep(wait)
            if number % int(given.rate) == 0:
                tell()
            asked.append(pool.submit(one, next(changes)))
        for each in asked:
            each.result()
    if refused[0]:
        say(f"{refused[0]} changes refused")
    return done


def _changes(work: Work, members: list[Member]) -> Iterator[Callable[[], Incident]]:
    """What to do next, for ever: accept, sign for or report one, in turn as long as there is any to accept or sign."""
    from django.utils import timezone

    from qipan.foundation.posts.models import Post
    from qipan.incidents import operations
    from qipan.incidents.models import Category
    from qipan.incidents.operations.report import Place

    posts = {str(one.pk): one for one in Post.objects.with_names().select_related("area")}
    known = {one.key: one for one in Category.objects.filter(key__in=work.categories, valid_to=None)}
    desks, dice = [one for one in members if one.role == "dispatcher"], random.Random(1)

    def report_one() -> Incident:
        place = Place(*dice.choice(work.spots))
        by = posts[dice.choice(desks).post]
        category = known[dice.choice(work.categories)]
        return operations.report(
            category=category, place=place, title="路口设施损坏，影响通行", source="staff", by=by, at=timezone.now()
        )[0]

    while True:
        if work.accept:
            key, member = work.accept.pop()
            yield partial(operations.accept, incident_id=UUID(key), by=posts[member.post], at=timezone.now())
        if work.sign:
            key, member = work.sign.pop()
            yield partial(operations.sign, incident_id=UUID(key), by=posts[member.post], at=timezone.now())
        yield report_one


async def _maps(given: argparse.Namespace, port: int, members: list[Any]) -> dict[str, float]:
    from benchmarks.board import drive

    pool, times, size = drive.Pool(port), list[float](), 0
    for member in itertools.islice(itertools.cycle(members), given.maps):
        started = time.perf_counter()
        status, body = await pool.ask(member, ("map", "GET", "/api/v1/incidents/map", b""))
        assert status == 200, status
        times.append(time.perf_counter() - started)
        size = max(size, len(body))
        await asyncio.sleep(0.02)
    pool.close()
    times.sort()
    p50, p95 = (times[int(len(times) * share)] * 1000 for share in (0.5, 0.95))
    over = "  over the aim" if p95 > MAP_AIM * 1000 else ""
    say(f"the whole map, ms: p50 {p50:.0f}, p95 {p95:.0f}; {size / 1000:.0f} kB at the most{over}")
    return {"p50": p50, "p95": p95, "bytes": size}


if __name__ == "__main__":
    main()
