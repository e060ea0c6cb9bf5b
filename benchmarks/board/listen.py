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
    """One stream. What is wanted stands between the frames of chunks, each of which holds whole events."""

    def __init__(self, cookie: str, arrived: Arrived) -> None:
        self.cookie, self.arrived = cookie, arrived
        self.buffer = b""
        self.open = asyncio.get_running_loop().create_future()
        self.lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        lines = ("GET /live/events HTTP/1.1", "Host: localhost", "Accept: text/event-stream", f"Cookie: {self.cookie}")
        transport.write("\r\n".join((*lines, "", "")).encode())  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self.buffer += data
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

    def connection_lost(self, problem: Exception | None) -> None:
        self.lost = True
        if not self.open.done():
            self.open.set_exception(problem or ConnectionError(self.buffer[:200].decode(errors="replace")))


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
