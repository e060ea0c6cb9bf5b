"""`qipan demo`: where it keeps its things, which port it takes, what it refuses, and the whole of it once."""

from __future__ import annotations

import importlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from qipan.assembly.commands.installation import prepare_environment

command = importlib.import_module("qipan.assembly.commands.demo")  # the package has the click command by this name


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("QIPAN_MODE", "QIPAN_DATA", "QIPAN_LOG"):
        monkeypatch.setenv(name, "x")
        monkeypatch.delenv(name)


def test_the_demo_keeps_its_things_apart(environment: None, tmp_path: Path) -> None:
    prepare_environment(["demo"])
    assert os.environ["QIPAN_MODE"] == "demo"
    assert os.environ["QIPAN_DATA"].endswith("/demo")
    prepare_environment(["demo", "--data", str(tmp_path)])
    assert os.environ["QIPAN_DATA"] == str(tmp_path)
    prepare_environment(["--language", "en", "demo", f"--data={tmp_path}/other"])
    assert os.environ["QIPAN_DATA"] == f"{tmp_path}/other"


def test_a_port_that_is_taken_is_refused_and_a_free_one_found(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit) as ended:
            command._free_port("127.0.0.1", port)
        assert ended.value.code == command.NO_PORT
        assert str(port) in capsys.readouterr().err
    assert command._free_port("127.0.0.1", None) in range(8000, 8000 + command.PORTS)


def run(*words: str, url: str, data: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"DATABASE_URL": url, "QIPAN_DATA": str(data), "QIPAN_LANGUAGE": "en",
                                "QIPAN_KEYS": str(data / "keys")}  # fmt: skip
    return subprocess.run([sys.executable, "-m", "qipan", *words], env=environment, capture_output=True, text=True,
                          check=False)  # fmt: skip


def test_it_prepares_once_and_is_safe_to_repeat(demo_copy: Callable[[], str], tmp_path: Path) -> None:
    url = demo_copy()
    with psycopg.connect(url, autocommit=True) as there:
        there.execute("DROP SCHEMA public CASCADE")
        there.execute("CREATE SCHEMA public")
    first = run("demo", "--no-serve", "--size", "small", "--json", "--data", str(tmp_path), url=url, data=tmp_path)
    assert first.returncode == 0, first.stderr
    told = json.loads(first.stdout)
    assert told["ready"] is True
    assert {account["role"] for account in told["accounts"]} >= {"commander", "dispatcher", "handler", "grid_worker"}
    with psycopg.connect(url, autocommit=True) as there:
        (count,) = there.execute("SELECT count(*) FROM incidents_incident").fetchone() or (0,)
        assert count > 100
        # A load that was broken off is known by its mark and started over.
        there.execute(
            """UPDATE areas_districtprofile SET settings = jsonb_set(settings, '{demo,state}', '"loading"')"""
        )
        there.execute("DELETE FROM incidents_number")
    again = run("demo", "--no-serve", "--size", "small", "--data", str(tmp_path), url=url, data=tmp_path)
    assert again.returncode == 0, again.stderr
    with psycopg.connect(url, autocommit=True) as there:
        assert (there.execute("SELECT count(*) > 0 FROM incidents_number").fetchone() or (False,))[0]
        before = there.execute("SELECT max(id) FROM journal_entry").fetchone()
        third = run("demo", "--no-serve", "--data", str(tmp_path), url=url, data=tmp_path)
        assert third.returncode == 0, third.stderr
        assert there.execute("SELECT max(id) FROM journal_entry").fetchone() == before


def test_a_district_of_somebodys_own_is_never_touched(demo_copy: Callable[[], str], tmp_path: Path) -> None:
    url = demo_copy()
    with psycopg.connect(url, autocommit=True) as there:
        there.execute("UPDATE areas_districtprofile SET settings = '{}'")
    refused = run("demo", "--no-serve", "--reset", "--data", str(tmp_path), url=url, data=tmp_path)
    assert refused.returncode != 0
    assert "district of its own" in refused.stderr
    with psycopg.connect(url, autocommit=True) as there:
        assert (there.execute("SELECT count(*) FROM incidents_incident").fetchone() or (0,))[0] > 100
