"""The server and the worker."""

from __future__ import annotations

import logging
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import FrameType

import click

from qipan.assembly.commands.installation import ensure_database

log = logging.getLogger(__name__)
RESTART_AFTER = 2.0


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, help="Port to listen on.")
@click.option("--workers", default=1, show_default=True, help="Server processes; one for each core is a good number.")
@click.option("--with-worker/--without-worker", default=None, help="Run the worker beside the server (demo: yes).")
def serve(*, host: str, port: int, workers: int, with_worker: bool | None) -> None:
    """Serve the pages and the API. In production it refuses settings that are not safe."""
    from django.conf import settings

    from qipan.assembly import health, production, tiles

    ensure_database()
    refuse_if([*tiles.problems(tiles.given(), mode=settings.MODE),
               *(production.problems() if settings.MODE == "production" else [])])  # fmt: skip
    if lacking := health.unapplied():
        click.echo(f"✗ {lacking} migrations are not applied. Run `qipan init` first.", err=True)
        sys.exit(78)
    run_server(host=host, port=port, workers=workers, with_worker=settings.DEMO if with_worker is None else with_worker)


@click.command()
@click.option("--parent", type=int, default=None, hidden=True)
def worker(*, parent: int | None) -> None:
    """Give the journal its order, fire what is due, send messages, do queued jobs. Ends cleanly on SIGTERM."""
    from qipan.assembly.working import Worker

    ensure_database()
    process = Worker(parent=parent)

    def end(number: int, frame: FrameType | None) -> None:
        process.stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    click.echo("worker: started")
    ended = process.run()
    click.echo("worker: ended")
    sys.exit(0 if ended else 1)


def refuse_if(found: list[str]) -> None:
    """Says everything that is wrong with the settings, and ends."""
    if not found:
        return
    for problem in found:
        click.echo(f"✗ {problem}", err=True)
    click.echo("Not started.", err=True)
    sys.exit(78)  # EX_CONFIG


def run_server(*, host: str, port: int, workers: int = 1, with_worker: bool = False) -> None:
    """Serve until told to stop. With `with_worker`, a worker runs as a child, is started again if it dies, and ends
    with the server."""
    import uvicorn
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connections

    if settings.MODE == "production":
        call_command("collectstatic", interactive=False, verbosity=0)
    connections.close_all()  # server processes open their own
    _open_more_files()
    folder = _fresh_metrics_folder()
    child = Child() if with_worker else None
    # uvicorn ends gracefully on a signal and then raises it once more: for the lines below it is over by then.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    try:
        if child:
            child.start()
        uvicorn.run(
            "qipan.assembly.asgi:application",
            host=host,
            port=port,
            workers=workers,
            loop="uvloop" if os.name == "posix" else "asyncio",
            http="httptools",
            lifespan="on",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=True,
            forwarded_allow_ips=os.environ.get("QIPAN_PROXY_ADDRESSES", "127.0.0.1"),
            timeout_keep_alive=30,
            timeout_graceful_shutdown=20,
        )
    finally:
        if child:
            child.end()
        shutil.rmtree(folder, ignore_errors=True)


def _open_more_files() -> None:
    """Every board that listens holds a connection, and 1,024 of them is all that a Linux system grants unasked."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


class Child:
    """The worker as a child process, watched."""

    def __init__(self) -> None:
        self.ending = threading.Event()
        self.process: subprocess.Popen[bytes] | None = None
        self.watcher = threading.Thread(target=self._watch, name="worker", daemon=True)

    def start(self) -> None:
        self.watcher.start()

    def end(self) -> None:
        self.ending.set()
        if self.process:
            self.process.terminate()
        self.watcher.join(30)

    def _watch(self) -> None:
        words = [sys.executable, "-m", "qipan", "worker", "--parent", str(os.getpid())]
        while not self.ending.is_set():
            self.process = subprocess.Popen(words)
            if self.ending.is_set():
                self.process.terminate()
            code = self.process.wait()
            if not self.ending.wait(RESTART_AFTER):
                log.error("the worker ended with %s; it is started again", code)


def _fresh_metrics_folder() -> Path:
    """Where the server's processes keep their counts, so that /metrics tells of all of them."""
    from django.conf import settings

    folder = Path(settings.DATA) / "metrics" / str(os.getpid())
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
    return folder
