"""One hub for each server process: hears the journal's sequencer, reads what changed once, and tells every board what
its viewer may see. It lives on the server's loop; the database is asked in threads of its own."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Lock
from types import FrameType
from typing import Any, TypeVar
from uuid import UUID
from weakref import WeakKeyDictionary

import orjson
import psycopg
from django.db import close_old_connections, connection
from django.utils import timezone

from qipan.foundation.journal.sequencer import CHANNEL
from qipan.foundation.refusals import TooMany
from qipan.incidents.rules.steps import Status
from qipan.live import here, rows
from qipan.live.rows import Change, Grounds
from qipan.live.sight import Row, Viewer, sees

T = TypeVar("T")
MOST_WAITING = 500  # events for a slow reader; with more, it is told to load everything anew
STREAMS = 4  # of one session
YOUNG = 20_000  # new objects until the collector of garbage looks: a district's map makes as many, and drops them
POINTS_EVERY = 5.0  # seconds: where staff are
CHECKED_EVERY = 15.0  # seconds: whether those who listen still may, and whether a call was missed
log = logging.getLogger(__name__)


class TooManyStreams(TooMany):
    """This session has as many live boards open as it may. Close one of them first."""


def event(name: str, position: int, data: Any) -> bytes:
    """One server-sent event; its id is a position of the journal."""
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (position, name.encode(), orjson.dumps(data))


def incident(position: int, row: Row, *, english: bool) -> bytes:
    """What a board draws and says of an incident that is in sight and open."""
    return event("incident", position, {
        "id": row.id, "longitude": row.longitude, "latitude": row.latitude, "klass": row.klass, "status": row.status,
        "urgent": row.urgent, "supervised": row.supervised, "due_at": row.due_at, "number": row.number,
        "title": row.title, "unit": row.unit_name or "", "kind": row.kind_en if english else row.kind,
    })  # fmt: skip


def gone(position: int, key: UUID, *, closed: bool = False) -> bytes:
    """What is open or in sight no more; `closed` where the viewer sees that it was brought to its end."""
    return event("gone", position, {"id": key, "closed": True} if closed else {"id": key})


class Seats:
    """How many streams each session has open in this process."""

    def __init__(self) -> None:
        self.lock, self.taken = Lock(), dict[str, int]()

    def take(self, session: str) -> Callable[[], None]:
        """A seat, and the way to give it back, which may be called twice. Raises TooManyStreams."""
        with self.lock:
            if self.taken.get(session, 0) >= STREAMS:
                raise TooManyStreams
            self.taken[session] = self.taken.get(session, 0) + 1
        left = [session]

        def leave() -> None:
            with self.lock:
                if left:
                    self.taken[left.pop()] -= 1
                    if not self.taken[session]:
                        del self.taken[session]

        return leave


seats = Seats()


class Board:
    """One open stream: what waits to be sent to it."""

    def __init__(self, grounds: Grounds, *, english: bool) -> None:
        self.grounds, self.viewer, self.english = grounds, grounds.viewer, english
        self.after = 0  # it knows everything up to here
        self.waiting: deque[bytes] = deque()
        self.wake = asyncio.Event()
        self.ended = False
        self.points: bytes | None = None  # what was said last of where staff are

    def put(self, position: int, data: bytes) -> None:
        if position <= self.after:
            return
        if len(self.waiting) >= MOST_WAITING:
            self.reset(position)
        else:
            self.waiting.append(data)
            self.wake.set()

    def say(self, position: int, points: bytes) -> None:
        """Where staff are, where it is not what was said last. It is no change of the journal and has no position."""
        if points != self.points and self.after <= position and len(self.waiting) < MOST_WAITING:
            self.points = points
            self.waiting.append(b"event: here\ndata: %s\n\n" % points)
            self.wake.set()

    def reset(self, position: int) -> None:
        """Too much for it: it loads everything anew, and hears what comes after."""
        self.waiting.clear()
        self.waiting.append(event("reset", position, {"position": position}))
        self.after = position
        self.wake.set()

    def end(self) -> None:
        self.ended = True
        self.wake.set()

    def taken(self) -> bytes:
        self.wake.clear()
        found = b"".join(self.waiting)
        self.waiting.clear()
        return found


class Hub:
    """Runs while anybody listens."""

    def __init__(self) -> None:
        self.boards: dict[Viewer, set[Board]] = {}
        self.position = 0
        self.rows: dict[UUID, Row] = {}
        self.owners: dict[UUID, rows.Owners] = {}
        self.ready = asyncio.Event()
        self.task: asyncio.Task[None] | None = None
        self.threads = ThreadPoolExecutor(2, thread_name_prefix="live")
        self.closing = False

    def close(self) -> None:
        """The server ends: every stream does, at once, and none begins."""
        self.closing = True
        for board in self.every():
            board.end()
        self.ready.set()  # also for those that wait for the beginning

    def add(self, board: Board) -> None:
        if self.closing:
            board.end()
        self.boards.setdefault(board.viewer, set()).add(board)
        if self.task is None:
            self.task = asyncio.create_task(self._run())

    def drop(self, board: Board) -> None:
        """The last one out ends the hub: what it knows grows old."""
        if of_viewer := self.boards.get(board.viewer):
            of_viewer.discard(board)
            if not of_viewer:
                del self.boards[board.viewer]
        if not self.boards and self.task is not None:
            self.task.cancel()
            self.task = None
            self.ready.clear()
            _listening.discard(self)

    async def ask(self, read: Callable[..., T], *args: Any, **values: Any) -> T:
        """A read of the database, in a thread."""

        def reading() -> T:
            try:
                return read(*args, **values)
            finally:
                close_old_connections()

        return await asyncio.get_running_loop().run_in_executor(self.threads, reading)

    async def _run(self) -> None:
        while True:
            try:
                await self._listen()
            except (psycopg.Error, OSError) as problem:
                log.error("the live feed lost the database and will try again: %s", problem)
            except Exception:
                log.exception("the live feed failed and will try again")
            await asyncio.sleep(1)

    async def _listen(self) -> None:
        pointing = asyncio.create_task(self._point())
        try:
            await self._hear()
        finally:
            pointing.cancel()

    async def _point(self) -> None:
        """Where staff are: looked at for everybody together, told where it changed."""
        while True:
            await asyncio.sleep(POINTS_EVERY)
            if not any(viewer.role in here.SEERS for viewer in self.boards):
                continue
            try:
                dots = await self.ask(partial(here.dots, at=timezone.now()))
            except Exception:
                log.exception("where staff are cannot be told now")
                continue
            self._tell_points(dots)

    def _tell_points(self, dots: list[here.Dot]) -> None:
        for viewer, boards in self.boards.items():
            if viewer.role in here.SEERS:
                points = [(dot.post, dot.longitude, dot.latitude) for dot in dots if viewer.area in dot.areas]
                told = orjson.dumps(points)
                for board in boards:
                    board.say(self.position, told)

    async def _hear(self) -> None:
        async with await psycopg.AsyncConnection.connect(**_parameters(), autocommit=True) as listening:
            await listening.execute(f"LISTEN {CHANNEL}")
            await (self._advance() if self.ready.is_set() else self._begin())
            checked = asyncio.get_running_loop().time()
            while True:
                async with contextlib.aclosing(listening.notifies(timeout=CHECKED_EVERY)) as calls:
                    async for call in calls:
                        if int(call.payload.split()[-1]) > self.position:
                            await self._advance()
                        if asyncio.get_running_loop().time() - checked > CHECKED_EVERY:
                            break
                await listening.execute("SELECT 1")  # a connection that died quietly is noticed
                await self._advance()
                await self._check()
                checked = asyncio.get_running_loop().time()

    async def _begin(self) -> None:
        found = await self.ask(rows.known)
        # The position last: who reads it in another thread, and the rows after it, finds nothing older than it says.
        self.rows, self.owners, self.position = found.rows, found.owners, found.position
        self.ready.set()
        _listening.add(self)
        settle()

    async def _advance(self) -> None:
        change = await self.ask(rows.since, self.position)
        if change.too_much:
            await self._begin()
            for board in self.every():
                board.reset(self.position)
        else:
            self._tell(change)

    def every(self) -> list[Board]:
        return [board for of_viewer in self.boards.values() for board in of_viewer]

    def _tell(self, change: Change) -> None:
        for key, position in sorted(change.places.items(), key=lambda each: each[1]):
            before, now = self.rows.pop(key, None), change.rows.get(key)
            if now is not None and now.open:
                self.rows[key] = now
            self._tell_one(position, before, now)
        touched: set[UUID | int] = set()
        for about, owners in change.owners.items():
            touched |= owners | self.owners.pop(about, frozenset())
            if owners:
                self.owners[about] = owners
        if touched:
            concerned, told = frozenset(touched), event("duty", change.position, {})
            for viewer, boards in self.boards.items():
                if viewer.owes(concerned):
                    for board in boards:
                        board.put(change.position, told)
        self.position = change.position

    def _tell_one(self, position: int, before: Row | None, now: Row | None) -> None:
        in_words: dict[bool, bytes] = {}
        for viewer, boards in self.boards.items():
            in_sight = now is not None and sees(viewer, now)
            if now is not None and now.open and in_sight:
                for board in boards:
                    if board.english not in in_words:
                        in_words[board.english] = incident(position, now, english=board.english)
                    board.put(position, in_words[board.english])
            elif before is not None and sees(viewer, before):
                closed = now is not None and in_sight and now.status == Status.CLOSED
                told = gone(position, before.id, closed=closed)
                for board in boards:
                    board.put(position, told)

    async def _check(self) -> None:
        boards = self.every()
        over = await self.ask(partial(rows.lapsed, [board.grounds for board in boards], at=timezone.now()))
        for board in boards:
            if board.grounds in over:
                board.end()


def settle() -> None:
    """What is there now stays: the collector of garbage does not look through it again.

    Looking through all open incidents and all modules takes the loop and every request a third of a second, and one
    map in twenty brings it about.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 20, 20)


def _parameters() -> dict[str, Any]:
    """How Django reaches its database, without what only Django's own connections have."""
    known = connection.get_connection_params()
    return {key: value for key, value in known.items() if key not in {"cursor_factory", "context", "pool"}}


_listening: set[Hub] = set()  # those whose rows are loaded and kept new


def heard() -> Hub | None:
    """A hub of this process that is kept new, for other threads."""
    return next(iter(tuple(_listening)), None)


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def hub() -> Hub:
    """The hub of the running loop."""
    return _hubs.setdefault(asyncio.get_running_loop(), Hub())


def close_at_signals() -> None:
    """On the server's loop: a signal that ends the server ends its streams first, which would keep it waiting."""
    loop, here = asyncio.get_running_loop(), hub()

    def ending(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(here.close)
        if callable(before := found[number]):
            before(number, frame)

    found = {int(number): signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    if threading.current_thread() is threading.main_thread():
        for number in found:
            signal.signal(number, ending)


@contextlib.contextmanager
def listening(board: Board) -> Iterator[Hub]:
    """The hub, which tells this board what happens."""
    found = hub()
    found.add(board)
    try:
        yield found
    finally:
        found.drop(board)
