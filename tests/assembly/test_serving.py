"""The processes: what they refuse, how they end, what happens when one of them is killed."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from qipan.assembly.database import OWNER, Embedded

pytestmark = pytest.mark.database
KEY = secrets.token_urlsafe(40)


@pytest.fixture(scope="module")
def installation(tmp_path_factory) -> Iterator[dict[str, str]]:
    """A data folder with a database of its own, as `qipan init` makes it."""
    folder = tmp_path_factory.mktemp("data") / secrets.token_hex(4)
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("QIPAN_", "DATABASE_"))}
    environment |= {"QIPAN_DATA": str(folder), "QIPAN_POOL": "4"}
    server = Embedded(folder, durable=False)
    server.start()
    done = qipan(environment, "init")
    assert done.returncode == 0, done.stderr
    yield environment
    server.stop(mode="immediate")
    shutil.rmtree(server.folder.parent, ignore_errors=True)


def qipan(environment: dict[str, str], *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "qipan", *words]
    return subprocess.run(command, env={**environment, **more}, capture_output=True, text=True, timeout=90, check=False)


def wait_for(condition: Callable[[], bool], seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.1)


def alive(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status")
    return status.exists() and "State:\tZ" not in status.read_text()


def children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


class Running:
    """A server with its worker, on a port of its own."""

    def __init__(self, environment: dict[str, str], *words: str, **more: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "qipan", "serve", "--port", str(self.port), *words], env={**environment, **more}
        )
        wait_for(lambda: self.status("/healthz") == 200, 60)

    def status(self, path: str) -> int:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}{path}", timeout=5, trust_env=False).status_code
        except httpx.HTTPError:
            return 0

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(40)


def production(**more: str) -> dict[str, str]:
    return {"QIPAN_SECRET_KEY": KEY, "QIPAN_HOSTS": "127.0.0.1", **more}


@pytest.mark.parametrize(
    ("unsafe", "says"),
    [
        ({"QIPAN_HOSTS": "127.0.0.1"}, "QIPAN_SECRET_KEY"),
        (production(QIPAN_SECRET_KEY="short"), "QIPAN_SECRET_KEY"),
        (production(QIPAN_DEBUG="1"), "QIPAN_DEBUG"),
        (production(QIPAN_HOSTS="*"), "QIPAN_HOSTS"),
        (production(QIPAN_HOSTS="qipan.example,.example"), "QIPAN_HOSTS"),
        (production(QIPAN_TILES_URL="https://tiles.example/{z}/{x}/{y}"), "QIPAN_TILES_APPROVAL"),
        ({"QIPAN_MODE": "development", "QIPAN_TILES_URL": "https://tiles.example/{z}/{x}/{y}"}, "QIPAN_TILES_APPROVAL"),
    ],
)
def test_unsafe_settings_do_not_start_in_production(installation, unsafe, says):
    refused = qipan(installation, "serve", **unsafe)
    assert refused.returncode == 78
    assert says in refused.stderr


def test_a_role_that_could_change_the_journal_does_not_start(installation):
    owner = Embedded(Path(installation["QIPAN_DATA"])).url(role=OWNER)
    refused = qipan(installation, "serve", **production(DATABASE_URL=owner))
    assert refused.returncode == 78
    assert "may change the journal" in refused.stderr


def test_production_starts_with_safe_settings_gets_ready_and_ends_on_sigterm(installation):
    server = Running(installation, "--with-worker", **production(QIPAN_HTTPS="0"))
    try:
        assert server.status("/readyz") == 200
        assert server.status("/metrics") == 200
        assert server.status("/accounts/login/") == 200
        assert server.status("/accounts/demo/") == 404
        (worker,) = children(server.process.pid)
    finally:
        code = server.end()
    assert code == 0
    assert not alive(worker)


def test_https_is_asked_for_and_believed_from_our_own_proxy_only(installation):
    server = Running(installation, **production(QIPAN_PROXY_ADDRESSES="192.0.2.1"))
    behind = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "198.51.100.7"}
    page = f"http://127.0.0.1:{server.port}/accounts/login/"
    try:
        assert httpx.get(page, headers=behind, trust_env=False).status_code == 301
    finally:
        server.end()
    server = Running(installation, **production())
    page = f"http://127.0.0.1:{server.port}/accounts/login/"
    try:
        plain, secure = httpx.get(page, trust_env=False), httpx.get(page, headers=behind, trust_env=False)
        assert (plain.status_code, plain.headers["Location"][:8]) == (301, "https://")
        assert secure.status_code == 200
        assert "max-age=31536000" in secure.headers["Strict-Transport-Security"]
        assert all("Secure" in cookie for cookie in secure.headers.get_list("set-cookie"))
        assert (
            httpx.get(page.replace("/accounts/login/", "/metrics"), headers=behind, trust_env=False).status_code == 404
        )
    finally:
        server.end()


def test_a_killed_worker_is_started_again_and_follows_a_killed_server(installation):
    server = Running(installation, "--with-worker", QIPAN_MODE="development")
    try:
        (first,) = children(server.process.pid)
        os.kill(first, signal.SIGKILL)
        wait_for(lambda: children(server.process.pid) not in ([], [first]))
        (second,) = children(server.process.pid)
    finally:
        server.process.kill()
        server.process.wait()
    wait_for(lambda: not alive(second), 40)


def test_several_server_processes_count_their_requests_together(installation):
    server = Running(installation, "--workers", "2", QIPAN_MODE="development")
    try:
        for _ in range(20):
            server.status("/accounts/login/")
        text = httpx.get(f"http://127.0.0.1:{server.port}/metrics", timeout=5, trust_env=False).text
    finally:
        server.end()
    assert 'qipan_requests_total{method="GET",route="/accounts/login/",status="200"} 20.0' in text


def test_a_database_that_lacks_migrations_is_not_served(installation):
    embedded = Embedded(Path(installation["QIPAN_DATA"]))
    with psycopg.connect(embedded.url(role=OWNER), autocommit=True) as connection:
        connection.execute("CREATE DATABASE empty OWNER qipan_owner")
    refused = qipan(installation, "serve", QIPAN_MODE="development", DATABASE_URL=embedded.url(name="empty"))
    assert refused.returncode == 78
    assert "qipan init" in refused.stderr
