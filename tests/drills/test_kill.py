"""kill -9 of server, worker and database during 32-way writes: what was acknowledged is there, once."""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.drills.house import House, wait_for

WRITERS = 32
PATIENCE = 180  # seconds that one write is repeated until it is acknowledged


@dataclass
class Writers:
    """Each reports an incident and accepts it, again and again; a write without an answer is sent again, same key."""

    house: House
    token: str
    area: int
    each: int
    reported: dict[str, dict[str, Any]] = field(default_factory=dict)  # key → answer
    accepted: dict[str, str] = field(default_factory=dict)  # key → incident
    repeated: int = 0
    problems: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self) -> list[threading.Thread]:
        threads = [threading.Thread(target=self._write, args=(number,)) for number in range(WRITERS)]
        [thread.start() for thread in threads]
        return threads

    def _write(self, number: int) -> None:
        headers = {"Authorization": f"Bearer {self.token}"}
        client = httpx.Client(base_url=f"{self.house.address}/api/v1", headers=headers, timeout=20, trust_env=False)
        try:
            for turn in range(self.each):
                body = {"category": "rubbish", "title": f"演练 {number}-{turn}", "text": "垃圾堆放", "area": self.area}
                key, answer = self._send(client, "/incidents", body)
                with self.lock:
                    self.reported[key] = answer
                key, _answer = self._send(client, f"/incidents/{answer['id']}/accept", {})
                with self.lock:
                    self.accepted[key] = answer["id"]
        except Exception as problem:
            with self.lock:
                self.problems.append(repr(problem))
        finally:
            client.close()

    def _send(self, client: httpx.Client, path: str, body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        key, until = str(uuid4()), time.monotonic() + PATIENCE
        while time.monotonic() < until:
            try:
                answer = client.post(path, json=body, headers={"Idempotency-Key": key})
            except httpx.HTTPError:
                answer = None
            if answer is not None and answer.is_success:
                return key, answer.json()
            if answer is not None and answer.status_code < 500:
                raise AssertionError(f"{path}: {answer.status_code} {answer.text}")
            with self.lock:
                self.repeated += 1
            time.sleep(0.2)
        raise AssertionError(f"{path}: no answer in {PATIENCE} s")


def drill(folder: Path, *, each: int, duties: int, rounds: int, pause: float) -> None:
    with House(folder) as house:
        house.found()
        seeded = house.python("tests.drills.seed", str(duties), str(int(rounds * 3 * pause)))
        house.start("server", "worker")
        writers = Writers(house, seeded["token"], seeded["area"], each)
        threads = writers.run()
        killed = Counter[str]()
        for part in itertools.islice(itertools.cycle(("worker", "server", "database")), rounds * 3):
            time.sleep(pause)
            house.kill(part)
            house.start(part)
            killed[part] += 1
        for thread in threads:
            thread.join(PATIENCE * 2)
        assert not writers.problems, writers.problems[:3]
        assert len(writers.reported) == len(writers.accepted) == WRITERS * each
        assert writers.repeated > 0, "nothing was interrupted: the drill proved nothing"

        def still() -> int:
            return int(house.sql("SELECT count(*) FROM duties_duty WHERE next_at <= now()")[0][0])

        wait_for(lambda: still() == 0, seconds=90, what="the firing of every due duty")
        pending = "SELECT count(*) FROM journal_pending"
        wait_for(lambda: house.sql(pending)[0][0] == 0, seconds=60, what="the sequencing of every entry")
        house.stop()

        # Every acknowledged write is there once, and nothing else is.
        incidents = {row[0].hex: row[1] for row in house.sql("SELECT id, number FROM incidents_incident")}
        answered = {answer["id"].replace("-", ""): answer["number"] for answer in writers.reported.values()}
        assert incidents == answered
        assert len(set(answered.values())) == WRITERS * each
        happened = house.sql("SELECT kind, about_id, count(*) FROM journal_entry WHERE about_kind = %s GROUP BY 1, 2",
                             "incidents.incident")  # fmt: skip
        for kind in ("incidents.reported", "incidents.accepted"):
            counts = {about.hex: count for found, about, count in happened if found == kind}
            assert counts == dict.fromkeys(incidents, 1), kind
        commands = {str(row[0]) for row in house.sql("SELECT id FROM journal_command")}
        assert commands == {*writers.reported, *writers.accepted}

        # Every duty fired once.
        steps = Counter(
            house.sql(
                "SELECT d.id, s.name FROM duties_step s JOIN duties_duty d ON d.id = s.duty_id "
                "WHERE d.about_kind = 'drill'"
            )
        )
        assert set(steps.values()) == {1}
        assert Counter(name for _duty, name in steps)["breach"] == duties

        # The journal proves, up to the last head kept outside.
        report = house.qipan("--json", "journal", "verify")
        assert report["sound"], report["faults"][:5]
        assert report["waiting"] == 0
        assert report["entries"] == house.sql("SELECT count(*) FROM journal_entry")[0][0]
        assert report["kept_heads"] > 0
        assert set(killed) == {"worker", "server", "database"}


def test_kill_9_of_server_worker_and_database_loses_and_doubles_nothing(tmp_path):
    drill(tmp_path / "house", each=4, duties=40, rounds=1, pause=1.0)


@pytest.mark.deep
def test_kill_9_again_and_again_for_minutes(tmp_path):
    drill(tmp_path / "house", each=120, duties=600, rounds=8, pause=4.0)
