"""A server in a thread, and boards that listen to it."""

from __future__ import annotations

import json
import queue
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import httpx
import uvicorn
from django.test import Client
from tests import factories

from qipan.assembly import asgi
from qipan.foundation.journal import sequencer
from qipan.foundation.posts.models import Post
from qipan.live import hub

PATIENCE = 10.0  # seconds until something that should come is missed


@contextmanager
def server() -> Iterator[str]:
    """The address of a server of this test's database."""
    application = asgi.Application(threads=4)
    listener = socket.create_server(("127.0.0.1", 0))
    settings = uvicorn.Config(
        application, lifespan="on", log_config=None, access_log=False, timeout_graceful_shutdown=1, loop="asyncio"
    )
    made = uvicorn.Server(settings)
    thread = threading.Thread(target=made.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    until(lambda: made.started)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        made.should_exit = True
        thread.join(PATIENCE)
        listener.close()


def until(holds: Any) -> None:
    ends = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < ends, "it did not come about"
        time.sleep(0.01)


def cookie(post: Post) -> str:
    """The session of somebody who just signed in."""
    return str(factories.sign_in(Client(), post).cookies["sessionid"].value)


class Listener:
    """A board of a post. Each event is (name, id, data); `session` to share one with another board."""

    def __init__(self, address: str, post: Post, *, session: str = "", after: int | None = None, query: str = "",
                 language: str = "zh-hans") -> None:  # fmt: skip
        self.events: queue.Queue[tuple[str, int, Any]] = queue.Queue()
        self.session = session or cookie(post)
        headers = {"Accept": "text/event-stream", "Cookie": f"sessionid={self.session}", "Accept-Language": language}
        if after is not None:
            headers["Last-Event-ID"] = str(after)
        self.http = httpx.Client(timeout=httpx.Timeout(PATIENCE, read=60), headers=headers, trust_env=False)
        self.stream = self.http.stream("GET", f"{address}/live/events{query}")
        self.answer = self.stream.__enter__()
        self.ended = threading.Event()
        self.position = -1
        if self.answer.status_code == 200:
            threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        fields: dict[str, str] = {}
        try:
            for line in self.answer.iter_lines():
                if not line and "event" in fields:
                    self.events.put((fields["event"], int(fields.get("id", self.position)), json.loads(fields["data"])))
                if not line:
                    fields = {}
                name, _colon, value = line.partition(": ")
                fields[name] = value
        except httpx.HTTPError:
            pass
        self.ended.set()

    def next(self, name: str, *, skipping: tuple[str, ...] = ("duty",)) -> Any:
        """The data of the next event, which must be of this name; duties' are skipped."""
        while True:
            found, self.position, data = self.events.get(timeout=PATIENCE)
            if found == name:
                return data
            assert found in skipping, (found, data)

    def rest(self) -> list[tuple[str, int, Any]]:
        """Everything that has come, read or not read until now."""
        found = []
        while not self.events.empty():
            found.append(self.events.get())
        return found

    def close(self) -> None:
        """The line breaks: the thread that reads must not hold it open."""
        if self.answer.status_code == 200:
            line = self.answer.extensions["network_stream"].get_extra_info("socket")
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            self.ended.wait(PATIENCE)
        self.http.close()


@contextmanager
def board(address: str, post: Post, **values: Any) -> Iterator[Listener]:
    """A listening board, past its greeting."""
    made = Listener(address, post, **values)
    try:
        yield made
    finally:
        made.close()


def placed() -> None:
    """What a worker does all day long: entries get their positions, and the feed is called."""
    sequencer.drain()


def nobody_sits() -> bool:
    return not hub.seats.taken
