"""The worker: one process beside the servers that gives the journal its order, fires what is due, sends messages and
does the queued jobs. Any number may run; each of its loops shares the work with, or yields to, those of the others.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import threading
import time
from collections.abc import Callable

from django.db import close_old_connections, connections
from django.utils import timezone

log = logging.getLogger(__name__)
PAUSE = 1.0  # seconds between two looks when there is nothing to do
AFTER_TROUBLE = 3.0  # and when the last look failed
PATIENCE = 20.0  # seconds to end what was begun


class Worker:
    """Four threads until `stop` is set. `parent`: the process to end with."""

    def __init__(self, *, parent: int | None = None) -> None:
        self.stop = threading.Event()
        self.parent = parent
        loops: dict[str, Callable[[], None]] = {
            "journal": self._journal,
            "duties": self._duties,
            "outbox": self._outbox,
            "jobs": self._jobs,
        }
        self.threads = [
            threading.Thread(target=self._guard, args=(loop,), name=name, daemon=True) for name, loop in loops.items()
        ]

    def run(self) -> bool:
        """Work until `stop` is set (by a signal, or because the parent is gone). Whether everything ended in time."""
        for thread in self.threads:
            thread.start()
        while not self.stop.wait(PAUSE):
            if self.parent is not None and os.getppid() != self.parent:
                log.info("the server is gone")
                self.stop.set()
        until = time.monotonic() + PATIENCE
        for thread in self.threads:
            thread.join(max(0.0, until - time.monotonic()))
        late = [thread.name for thread in self.threads if thread.is_alive()]
        if late:
            log.error("did not end in time: %s", ", ".join(late))
        return not late

    def _guard(self, loop: Callable[[], None]) -> None:
        """Keeps a loop going whatever happens to it, and gives its database connections back."""
        while not self.stop.is_set():
            try:
                loop()
            except Exception:
                log.exception("%s stumbled", threading.current_thread().name)
                self.stop.wait(AFTER_TROUBLE)
            finally:
                connections.close_all()

    def _journal(self) -> None:
        from qipan.foundation.journal import sequencer

        sequencer.run(self.stop)

    def _duties(self) -> None:
        from qipan.foundation.duties import sweeper

        sweeper.run(self.stop)

    def _outbox(self) -> None:
        from qipan.foundation.outbox import worker

        while not self.stop.is_set():
            close_old_connections()
            if not worker.deliver(timezone.now()):
                self.stop.wait(PAUSE)

    def _jobs(self) -> None:
        asyncio.run(self._work_on_jobs())

    async def _work_on_jobs(self) -> None:
        from procrastinate.contrib.django import app

        here = app.with_connector(app.connector.get_worker_connector())
        async with here.open_async():
            working = asyncio.create_task(
                here.run_worker_async(
                    install_signal_handlers=False, concurrency=2, shutdown_graceful_timeout=PATIENCE / 2
                )
            )
            while not (self.stop.is_set() or working.done()):
                await asyncio.sleep(0.2)
            working.cancel()  # it finishes what it has begun
            with contextlib.suppress(asyncio.CancelledError):
                await working
