"""The load: an open loop of staff at work. Every request has a moment at which it should be sent; its time runs from
that moment to the last byte of the answer, so a server that falls behind cannot hide it by being asked less."""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from urllib.parse import quote

import orjson

from benchmarks.board.staff import Member, Work

WORDS = (
    "井盖",
    "路灯",
    "垃圾",
    "占道经营",
    "消防通道",
    "停水",
    "噪音",
    "道路破损",
    "电动车充电",
    "乱停放",
    "扬尘",
    "树木倒伏",
)
# Shares of all requests, in per cent.
MIX = {"list": 44, "one": 16, "map": 20, "write": 15, "search": 3, "scores": 2}
Request = tuple[str, str, str, bytes]  # operation, method, path, body


@dataclass(slots=True)
class Result:
    """One request: seconds from its intended moment, the status, bytes of the body."""

    operation: str
    seconds: float
    status: int
    size: int


@dataclass(slots=True)
class Plan:
    """Chooses what each member does next."""

    members: list[Member]
    work: Work
    today: date
    areas: list[int]
    dice: random.Random
    refused: int = 0
    seen: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def next(self) -> tuple[Member, Request]:
        member = self.dice.choice(self.members)
        kind = self.dice.choices(list(MIX), list(MIX.values()))[0]
        return getattr(self, f"_{kind}")(member)

    def _list(self, member: Member) -> tuple[Member, Request]:
        desk = member.role in {"commander", "dispatcher", "administrator"}
        paths = {
            "newest": "",
            "due": "state=open&order=due",
            "mine": "mine=true&state=open&order=due",
            "overdue": "state=overdue&order=due",
            "class": f"klass={self.dice.choice(('hazard', 'city', 'facility', 'help'))}",
            "category": f"category={self.dice.choice(self.work.categories)}",
            "status": f"status={self.dice.choice(('awaiting', 'filed', 'verifying', 'handling'))}",
            "area": f"area={self.dice.choice(self.areas)}" if desk and member.level == 1 else "urgent=true",
            "month": f"since={self.today - timedelta(days=40)}&until={self.today - timedelta(days=10)}",
            "deeper": f"after={member.after}" if member.after else "order=oldest",
        }
        weights = (25, 18, 14, 8, 7, 6, 6, 6, 4, 6)
        name = self.dice.choices(list(paths), weights)[0]
        return member, (f"list {name}", "GET", f"/api/v1/incidents?{paths[name]}", b"")

    def _one(self, member: Member) -> tuple[Member, Request]:
        if not member.ids:
            return self._list(member)
        return member, ("one", "GET", f"/api/v1/incidents/{self.dice.choice(member.ids)}", b"")

    def _map(self, member: Member) -> tuple[Member, Request]:
        # A page that is opened anew draws the whole map; one that is open asks what changed.
        if member.position and self.dice.random() > 0.05:
            return member, ("map changes", "GET", f"/api/v1/incidents/map?after={member.position}", b"")
        return member, ("map whole", "GET", "/api/v1/incidents/map", b"")

    def _search(self, member: Member) -> tuple[Member, Request]:
        return member, ("search", "GET", f"/api/v1/incidents?text={quote(self.dice.choice(WORDS))}", b"")

    def _scores(self, member: Member) -> tuple[Member, Request]:
        if member.role not in {"commander", "dispatcher", "administrator"}:
            return self._search(member)
        days = self.dice.choice((7, 30, 30, 92))
        since = self.today - timedelta(days=days - 1)
        by = self.dice.choice(("unit", "unit", "cell"))
        return member, ("scores", "GET", f"/api/v1/incidents/scores?since={since}&until={self.today}&by={by}", b"")

    def _write(self, member: Member) -> tuple[Member, Request]:
        steps = [name for name in ("accept", "dispatch", "sign", "answer") if getattr(self.work, name)]
        name = self.dice.choice([*steps, "report"])
        if name == "report":
            while member.role == "administrator":  # who keeps the accounts reports nothing
                member = self.dice.choice(self.members)
            longitude, latitude = self.dice.choice(self.work.spots)
            body = {
                "category": self.dice.choice(self.work.categories), "title": "路口设施损坏，影响通行",
                "text": "居民反映，请尽快处理。", "longitude": longitude, "latitude": latitude,
            }  # fmt: skip
            return member, ("report", "POST", "/api/v1/incidents", orjson.dumps(body))
        key, who, *more = getattr(self.work, name).pop()
        body = {"dispatch": {"unit": more[0]} if more else {}, "answer": {"text": "已处理完毕，现场恢复正常"}}.get(
            name, {}
        )
        return who, (name, "POST", f"/api/v1/incidents/{key}/{name}", orjson.dumps(body))

    def learn(self, member: Member, request: Request, body: bytes) -> None:
        """What a person sees on the screen and asks for next."""
        if request[0].startswith("list"):
            found = orjson.loads(body)
            member.ids = [row["id"] for row in found["rows"]][:20] or member.ids
            member.after = found["after"] or ""
            if "oldest" in request[2]:
                member.after = ""
        elif request[0].startswith("map"):
            # Only the position is read, as it stands near the end.
            place = body.rindex(b'"position":') + 11
            member.position = int(body[place : body.index(b",", place)])
        elif request[0] == "accept":
            self.work.dispatch.insert(0, (request[2].split("/")[4], member, self.dice.choice(self._units)))

    @property
    def _units(self) -> list[int]:
        return [member.unit for member in self.members if member.role == "handler" and member.unit is not None]


class Connection(asyncio.Protocol):
    """One kept connection, one request at a time; just enough of HTTP/1.1 for answers with a length."""

    def __init__(self) -> None:
        self.buffer = bytearray()
        self.waiting: asyncio.Future[tuple[int, bytes]] | None = None
        self.need = -1
        self.start = 0
        self.status = 0
        self.closed = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def ask(self, data: bytes) -> asyncio.Future[tuple[int, bytes]]:
        self.waiting = asyncio.get_running_loop().create_future()
        self.buffer.clear()
        self.need = -1
        self.transport.write(data)  # type: ignore[attr-defined]
        return self.waiting

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if self.need < 0:
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = bytes(self.buffer[:end]).lower()
            self.status = int(head[9:12])
            place = head.find(b"content-length:")
            length = int(head[place + 15 : head.find(b"\r\n", place) if head.find(b"\r\n", place) > 0 else end])
            self.start, self.need = end + 4, end + 4 + length
        if len(self.buffer) >= self.need and self.waiting and not self.waiting.done():
            self.waiting.set_result((self.status, bytes(self.buffer[self.start : self.need])))

    def connection_lost(self, problem: Exception | None) -> None:
        self.closed = True
        if self.waiting and not self.waiting.done():
            self.waiting.set_exception(problem or ConnectionError("closed"))


class Pool:
    """Connections to the server as browsers keep them: each member's own, opened as they are needed."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.idle: dict[str, list[Connection]] = defaultdict(list)

    async def ask(self, member: Member, request: Request) -> tuple[int, bytes]:
        data, idle = bytes_of(member, request), self.idle[member.cookie]
        for _try in range(2):
            while idle and idle[-1].closed:  # the server ends what is idle for long
                idle.pop()
            if idle:
                connection = idle.pop()
            else:
                loop = asyncio.get_running_loop()
                _transport, connection = await loop.create_connection(Connection, "127.0.0.1", self.port)
            try:
                answer = await connection.ask(data)
            except (ConnectionError, OSError):
                continue  # closed by the server while the question was on its way
            idle.append(connection)
            return answer
        return 0, b""

    def close(self) -> None:
        for connection in [one for idle in self.idle.values() for one in idle]:
            connection.transport.close()


def bytes_of(member: Member, request: Request) -> bytes:
    _operation, method, path, body = request
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\nCookie: {member.cookie}\r\n"
    if method == "POST":
        head += (
            f"X-CSRFToken: {member.token}\r\nIdempotency-Key: {uuid.uuid4()}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n"
        )
    return head.encode() + b"\r\n" + body


async def open_loop(*, plan: Plan, port: int, rate: float, seconds: float, warm: float) -> list[Result]:
    """`rate` requests a second on average, at random moments, for `warm` + `seconds`; the results after the warm-up."""
    pool, results, tasks = Pool(port), list[Result](), set[asyncio.Task[None]]()
    start = time.perf_counter()

    async def one(intended: float, member: Member, request: Request) -> None:
        try:
            status, body = await asyncio.wait_for(pool.ask(member, request), 30)
        except TimeoutError:
            status, body = 0, b""
        took = time.perf_counter() - intended
        if intended - start >= warm:
            results.append(Result(request[0], took, status, len(body)))
        if status in {200, 201}:
            plan.learn(member, request, body)

    due = start
    while True:
        due += plan.dice.expovariate(rate)
        if due - start > warm + seconds:
            break
        if (wait := due - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        task = asyncio.create_task(one(due, *plan.next()))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    if tasks:
        await asyncio.wait(tasks, timeout=60)
    pool.close()
    return results


async def closed_loop(
    *, next_request: Callable[[], tuple[Member, Request]], port: int, at_once: int, seconds: float
) -> tuple[int, int, float]:
    """As many requests as the server answers with `at_once` under way. Answers, errors, seconds."""
    pool, counts = Pool(port), [0, 0]
    start = time.perf_counter()

    async def one() -> None:
        while time.perf_counter() - start < seconds:
            status, _body = await pool.ask(*next_request())
            counts[status not in {200, 201}] += 1

    await asyncio.gather(*(one() for _ in range(at_once)))
    took = time.perf_counter() - start
    pool.close()
    return counts[0], counts[1], took
