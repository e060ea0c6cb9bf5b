"""Boards that listen, as a process of their own: they must not wait for whoever makes the changes."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from multiprocessing.connection import Connection

import orjson

WANTED = b"event: incident\ndata: "
END = b"\n\n"
AT_ONCE = 20  # streams that are being opened
Arrived = dict[tuple[str, str], list[float]]  # (incident, its status): when a board had it


class Board(asyncio.Protocol):
    """One stream, put together again from the chunks in which HTTP sends it."""

    def __init__(self, cookie: str, arrived: Arrived) -> None:
        self.cookie, self.arrived = cookie, arrived
        self.raw, self.buffer, self.headed = b"", b"", False
        self.open = asyncio.get_running_loop().create_future()
        self.lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        lines = ("GET /live/events HTTP/1.1", "Host: localhost", "Accept: text/event-stream", f"Cookie: {self.cookie}")
        transport.write("\r\n".join((*lines, "", "")).encode())  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self.raw += data
        if not self.headed and (after := self.raw.find(b"\r\n\r\n") + 4) > 3:
            self.headed, self.raw = True, self.raw[after:]
        self._unframe()
        end = self.buffer.rfind(END)
        if end < 0:
            return
        whole, self.buffer = self.buffer[:end], self.buffer[end + len(END) :]
        for each in whole.split(END):
            place = each.find(WANTED)
            if place >= 0:
                row = orjson.loads(each[place + len(WANTED) :])
                self.arrived[(row["id"], row["status"])].append(time.time())
            elif not self.open.done() and b"event: hello" in each:
                self.open.set_result(None)

    def _unframe(self) -> None:
        while self.headed and (start := self.raw.find(b"\r\n") + 2) > 1:
            end = start + int(self.raw[: start - 2], 16)
            if len(self.raw) < end + 2:
                return
            self.buffer, self.raw = self.buffer + self.raw[start:end], self.raw[end + 2 :]

    def connection_lost(self, problem: Exception | None) -> None:
        self.lost = True
        if not self.open.done():
            self.open.set_exception(problem or ConnectionError(self.raw[:200].decode(errors="replace")))


def listener(port: int, cookies: list[str], pipe: Connection) -> None:
    """Opens a stream for each cookie and tells how many are open; when asked, when each event arrived, how many
    streams ended before, and the seconds of processor that listening took."""
    asyncio.run(_hear(port, cookies, pipe))


async def _hear(port: int, cookies: list[str], pipe: Connection) -> None:
    arrived: Arrived = defaultdict(list)
    loop, few = asyncio.get_running_loop(), asyncio.Semaphore(AT_ONCE)

    async def opened(cookie: str) -> Board:
        async with few:
            _transport, board = await loop.create_connection(lambda: Board(cookie, arrived), "127.0.0.1", port)
            await board.open
            return board

    boards = await asyncio.gather(*map(opened, cookies))
    used = time.process_time()
    pipe.send(len(boards))
    await loop.run_in_executor(None, pipe.recv)
    pipe.send((dict(arrived), sum(board.lost for board in boards), time.process_time() - used))
