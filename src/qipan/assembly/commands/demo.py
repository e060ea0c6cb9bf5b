"""The demo: everything set up, a made-up district loaded, served, and going on by itself."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import Any

import click
from django.utils.translation import gettext as _

from qipan.assembly.folders import data_folder

SIZES = ("small", "default", "large")
PORTS = 20  # tried one after another where the usual one is taken
NO_PORT = 69  # EX_UNAVAILABLE


def demo_environment(words: list[str]) -> None:
    """Before settings are read: demo mode, and a folder of the demo's own, apart from any real installation's."""
    os.environ["QIPAN_MODE"] = "demo"
    os.environ.setdefault("QIPAN_LOG", "WARNING")  # what the demo itself says is not lost among the server's lines
    given = ""
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if word == "--data":
            given = following
        elif word.startswith("--data="):
            given = word.partition("=")[2]
    if given:
        os.environ["QIPAN_DATA"] = str(Path(given).resolve())
    elif not os.environ.get("QIPAN_DATA"):
        os.environ["QIPAN_DATA"] = str(data_folder() / "demo")


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=int, default=None, help="Port to listen on: 8000, or the next free one.")
@click.option(
    "--data", type=click.Path(file_okay=False), default=None, help="Folder for the demo's database and files."
)
@click.option("--size", type=click.Choice(SIZES), default=None, help="How much is made: default unless it is there.")
@click.option(
    "--years", type=click.IntRange(1, 20), default=None, help="Years of incidents instead of the size's days."
)
@click.option("--seed", type=int, default=None, help="Another seed makes other people and other days.")
@click.option("--reset", is_flag=True, help="Make the demo anew.")
@click.option("--serve/--no-serve", "serving", default=True, help="Serve it, or only prepare it.")
@click.option("--day/--no-day", default=True, help="Whether the simulated day goes on.")
@click.option("--speed", type=click.FloatRange(0.1, 1000), default=1.0, help="How busy the simulated day is.")
def demo(
    *, host: str, port: int | None, data: str | None, size: str | None, years: int | None, seed: int | None,
    reset: bool, serving: bool, day: bool, speed: float,
) -> None:  # fmt: skip
    """Set up the demo district, serve it and print the address and the accounts. Safe to repeat."""
    from qipan.assembly import tiles
    from qipan.assembly.commands.serving import refuse_if
    from qipan.foundation.interface import console

    refuse_if(tiles.problems(tiles.given(), mode="demo"))
    clock = Clock()
    chosen = _free_port(host, port) if serving else 0
    with _database(clock) as url:
        mark = _ready() if not (reset or size or years or seed is not None) else None
        if mark is None:
            wanted = {"--size": size, "--years": years, "--seed": seed}
            words = [text for name, value in wanted.items() if value is not None for text in (name, str(value))]
            _prepare(words + ["--reset"] * reset + ["--json"] * console.wants_json())
            mark = _ready()
            if mark is None:
                click.echo(_("The demo could not be prepared; see above."), err=True)
                sys.exit(1)
        clock.say(_("The demo district is ready."))
        if not serving:
            console.tell({"ready": True, "database": url, "accounts": mark["accounts"]}, _accounts(mark))
            return
        _serve(host=host, port=chosen, mark=mark, clock=clock, day=day, speed=speed)


@click.command(hidden=True)
@click.option("--size", type=click.Choice(SIZES), default=None, help="How much is made: default unless it is there.")
@click.option("--years", type=int, default=None, help="Years of incidents instead of the size's days.")
@click.option("--seed", type=int, default=None, help="Another seed makes other people and other days.")
@click.option("--reset", is_flag=True, help="Make the demo anew.")
def demo_load(*, size: str | None, years: int | None, seed: int | None, reset: bool) -> None:
    """Migrate and load the demo, as the owner of the tables."""
    from dataclasses import replace

    from django.db import connection
    from django.utils import timezone

    from qipan.assembly.demo import build

    clock = Clock()
    stamp = _stamp()
    if stamp and stamp["schema"] != _schema():  # made by another version of the program
        with connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA public CASCADE")
            cursor.execute("CREATE SCHEMA public")
        clock.say(_("The demo was made by another version; it is made anew."))
        stamp = None
    if stamp is None or reset:
        _migrate()
        clock.say(_("Tables"))
    there = build.found()
    same = there is not None and there.mark["state"] == build.LOADED and not reset
    same = same and there is not None and size in (None, there.mark["size"]) and seed in (None, there.mark["seed"])
    if same and not years:
        _write_stamp()
        return
    if there is not None:
        build.clear()
        clock.say(_("The former demo is cleared away."))
    name = size or "default"
    wanted = build.SIZES[name]
    if years:
        wanted = replace(wanted, days=years * 365, full=min(365, years * 365))
    _write_stamp()
    build.load(size=wanted, name=name, seed=seed or 1, at=timezone.now().replace(microsecond=0), say=clock.say,
               progress=_progress(clock))  # fmt: skip


@click.command(hidden=True)
@click.option("--parent", type=int, required=True, help="The process to end with.")
@click.option("--speed", type=float, default=1.0, help="How busy the simulated day is.")
def demo_day(*, parent: int, speed: float) -> None:
    """Play the simulated day until told to stop or until the parent is gone."""
    from django.utils import timezone

    from qipan.assembly.demo import build, day

    stop = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends it
    with contextlib.suppress(OSError):
        os.nice(10)
    found = build.loaded()
    if found is None:
        return
    size = build.SIZES[found.mark["size"]]
    player = day.Player(found.district, seed=time.time_ns(), per_day=size.per_day, speed=speed, at=timezone.now())
    threading.Thread(target=_watch_parent, args=(parent, stop), daemon=True).start()
    player.run(stop)


def _watch_parent(parent: int, stop: threading.Event) -> None:
    while not stop.wait(1.0):
        if os.getppid() != parent:
            stop.set()


class Clock:
    """Says what was done, and when, since the command was typed."""

    def __init__(self) -> None:
        self.started = float(os.environ.setdefault("QIPAN_STARTED", str(time.time())))

    @property
    def seconds(self) -> float:
        return time.time() - self.started

    def say(self, text: str) -> None:
        from qipan.foundation.interface import console

        click.echo(f"· {self.seconds:6.1f} s  {text}", err=console.wants_json())


@contextlib.contextmanager
def _database(clock: Clock) -> Iterator[str]:
    """The database, started if it does not run; what was started here is stopped here."""
    from qipan.assembly.database import Embedded

    if url := os.environ.get("DATABASE_URL"):
        yield url
        return
    server = Embedded()
    running = server.running()
    if not running:
        new = not (server.cluster / "PG_VERSION").exists()
        server.start()
        clock.say(_("Database created") if new else _("Database started"))
    try:
        yield server.url()
    finally:
        if not running:
            from django.db import connections

            connections.close_all()
            server.stop()


def _ready() -> dict[str, Any] | None:
    """The mark of a demo that this version made and that is whole; None where there is something to do."""
    from qipan.assembly.demo import build

    stamp = _stamp()
    if stamp is None or stamp["schema"] != _schema():
        return None
    found = build.loaded()
    return found.mark if found else None


def _prepare(words: list[str]) -> None:
    """In a process of its own: it connects as the owner of the tables."""
    environment = os.environ | {"QIPAN_DATABASE_ROLE": "owner"}
    # In a session of its own, Ctrl-C reaches only us: we end it, and it says nothing.
    program = [sys.executable, "-m", "qipan", "demo-load", *words]
    with subprocess.Popen(program, env=environment, start_new_session=True) as loading:
        try:
            code = loading.wait()
        except KeyboardInterrupt:
            loading.terminate()
            raise
    if code:
        sys.exit(code)


def _migrate() -> None:
    from django.core.management import call_command

    from qipan.foundation.journal import rights

    call_command("migrate", interactive=False, verbosity=0)
    call_command("createcachetable", verbosity=0)
    rights.apply()


def _schema() -> str:
    """A digest of every migration of this version."""
    import qipan

    found = hashlib.sha256()
    for path in sorted(Path(qipan.__file__).parent.glob("**/migrations/0*.py")):
        found.update(path.name.encode() + path.read_bytes())
    return found.hexdigest()


def _stamp_path() -> Path:
    return data_folder() / "demo.json"


def _stamp() -> dict[str, Any] | None:
    path = _stamp_path()
    return dict(json.loads(path.read_text())) if path.exists() else None


def _write_stamp() -> None:
    path = _stamp_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"schema": _schema()}))


def _progress(clock: Clock) -> Any:
    """Every ten seconds of a long load, how far it is."""
    told = time.monotonic()

    def tell(done: int, of: int) -> None:
        nonlocal told
        if time.monotonic() - told > 10:
            told = time.monotonic()
            clock.say(_("{done} of {all} days").format(done=done, all=of))

    return tell


def _free_port(host: str, wanted: int | None) -> int:
    """The port asked for, or the first free one from 8000 on."""
    for port in [wanted] if wanted is not None else range(8000, 8000 + PORTS):
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                trial.bind((host, port))
                return port
    if wanted is None:
        click.echo(_("No free port from {first} on. Choose one with --port.").format(first=8000), err=True)
    else:
        click.echo(_("Port {port} is taken. Choose another with --port.").format(port=wanted), err=True)
    sys.exit(NO_PORT)


def _serve(*, host: str, port: int, mark: dict[str, Any], clock: Clock, day: bool, speed: float) -> None:
    from qipan.assembly.commands.serving import run_server

    stop = threading.Event()
    threading.Thread(target=_announce, args=(host, port, mark, clock, stop), daemon=True).start()
    player = Player(speed) if day else None
    if player:
        player.start()
    try:
        run_server(host=host, port=port, with_worker=True)
    finally:
        stop.set()
        if player:
            player.end()
        click.echo(_("The demo has stopped."))


class Player:
    """The simulated day in a process of its own, begun once the server has had time to start."""

    def __init__(self, speed: float) -> None:
        self.speed = speed
        self.process: subprocess.Popen[bytes] | None = None
        self.timer = threading.Timer(4.0, self._run)
        self.timer.daemon = True

    def start(self) -> None:
        self.timer.start()

    def _run(self) -> None:
        words = [sys.executable, "-m", "qipan", "demo-day", "--parent", str(os.getpid()), "--speed", str(self.speed)]
        self.process = subprocess.Popen(words, env=os.environ | {"QIPAN_POOL": "2"})

    def end(self) -> None:
        self.timer.cancel()
        if self.process:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(10)


def _announce(host: str, port: int, mark: dict[str, Any], clock: Clock, stop: threading.Event) -> None:
    """Once the server answers: where it is, and who one may be."""
    target = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    while not stop.wait(0.05):
        with contextlib.suppress(OSError), socket.create_connection((target, port), timeout=1):
            break
    if stop.is_set():
        return
    shown = f"[{host}]" if ":" in host else host
    click.echo(_accounts(mark))
    clock.say(_("Ready: http://{host}:{port}/  (stop with Ctrl-C)").format(host=shown, port=port))


def _accounts(mark: dict[str, Any]) -> str:
    """The demo's accounts, for people."""
    from qipan.foundation.posts.rules import Role

    made = datetime.fromisoformat(mark["at"])
    lines = [
        "",
        _("Accounts, one for each role and level (sign in with one click on the page, or with this password):"),
        _("Password: {password}").format(password=mark["password"]),
        *(
            f"  {one['username']:<18}{Role(one['role']).label!s}  {one['unit'] or one['area']}"
            for one in mark["accounts"]
        ),
        _("{count} incidents of the days up to {day}. Everybody and everything here is made up.").format(
            count=f"{mark['incidents']:,}", day=f"{made:%Y-%m-%d}"
        ),
        _("Other commands for this demo: {example}").format(
            example=f"QIPAN_DATA={data_folder()} python3 run.py qipan --help"
        ),
        "",
    ]
    return "\n".join(lines)
