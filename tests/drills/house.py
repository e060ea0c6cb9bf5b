"""A whole installation in a folder of its own: database, server and worker as real processes, to be killed at will.

    house = House(folder); house.found()             # initdb, qipan init
    told = house.python("tests.drills.seed")         # a module run inside it; its last line is JSON
    house.start(); ...; house.kill("worker"); house.start("worker"); house.stop()

Everything it starts ends with `stop`, also after a failed test (use it as a context manager).
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psycopg

from qipan.assembly.database import OWNER, Embedded

PARTS = ("database", "server", "worker")


def wait_for(condition: Callable[[], Any], *, seconds: float = 60, what: str = "it") -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"{what} did not happen within {seconds:.0f} s"
        time.sleep(0.1)


class House:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # Durable: what was acknowledged has to survive the death of the database.
        self.database = Embedded(folder, durable=True)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("QIPAN_", "DATABASE_"))}
        self.environment = clean | {
            "QIPAN_DATA": str(folder),
            "QIPAN_MODE": "production",
            "QIPAN_SECRET_KEY": secrets.token_urlsafe(40),
            "QIPAN_HOSTS": "127.0.0.1",
            "QIPAN_HTTPS": "0",
            "QIPAN_LOG": "ERROR",
        }
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> House:
        return self

    def __exit__(self, *problem: object) -> None:
        if problem[0] is not None:
            print("ready:", self.text("/readyz"))
            for log in sorted(self.folder.glob("*.log")):
                print(f"--- {log.name}", *log.read_text(errors="replace").splitlines()[-60:], sep="\n")
        self.stop()
        with contextlib.suppress(Exception):
            self.database.stop(mode="immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    def found(self) -> None:
        """A new database, migrated, with the application's rights."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.database.start()
        self.qipan("init")

    def qipan(self, *words: str) -> Any:
        """A command to its end; what it prints as JSON where `--json` is among the words."""
        said = self._said("qipan", *words)
        return json.loads(said) if "--json" in words else said

    def python(self, module: str, *words: str) -> Any:
        """A module of the tests run inside the installation; the JSON of its last line."""
        return json.loads(self._said(module, *words).splitlines()[-1])

    def _said(self, module: str, *words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", module, *words],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, f"{module} {' '.join(words)}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows as the owner of the tables sees them."""
        with psycopg.connect(self.database.url(role=OWNER), autocommit=True) as connection:
            return connection.execute(statement, values).fetchall()

    def start(self, *parts: str) -> None:
        """Starts parts (all by default) and waits until they work."""
        for part in parts or PARTS:
            if part == "database":
                self._start_database()
            elif part == "server":
                words = ("serve", "--port", str(self.port), "--without-worker")
                self.processes[part] = self._popen(*words)
                wait_for(lambda: self.status("/readyz") == 200, seconds=180, what="the server's start")
            else:
                self.processes[part] = self._popen("worker")

    def kill(self, part: str) -> None:
        """kill -9, without a word."""
        if part == "database":
            pid = int((self.database.cluster / "postmaster.pid").read_text().splitlines()[0])
            os.kill(pid, signal.SIGKILL)
            wait_for(lambda: not Path(f"/proc/{pid}").exists(), what="the database's death")
            return
        process = self.processes.pop(part)
        process.kill()
        process.wait()

    def stop(self) -> None:
        """Ends server and worker as a service manager would."""
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(40)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.processes = {}

    def status(self, path: str) -> int:
        try:
            return httpx.get(f"{self.address}{path}", timeout=5, trust_env=False).status_code
        except httpx.HTTPError:
            return 0

    def text(self, path: str) -> str:
        try:
            return httpx.get(f"{self.address}{path}", timeout=5, trust_env=False).text
        except httpx.HTTPError as problem:
            return repr(problem)

    def _popen(self, *words: str) -> subprocess.Popen[bytes]:
        # What they complain of while their neighbours are killed goes to a file beside the data.
        with (self.folder / f"{words[0]}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "qipan", *words], env=self.environment, stdout=log, stderr=log
            )

    def _start_database(self) -> None:
        # The children of a killed postmaster hold its memory for a moment longer.
        until = time.monotonic() + 60
        while True:
            try:
                self.database.start()
                return
            except RuntimeError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.3)
