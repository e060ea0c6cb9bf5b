"""The board's benchmark at a size of seconds: it loads, serves, works and answers without an error. No time is held."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.database
def test_the_benchmark_of_the_board_runs_at_a_tiny_size_without_errors(tmp_path: Path) -> None:
    base = Path("/var/lib/qipan") if os.geteuid() == 0 else tmp_path
    # Not made here: the database's own user must be able to enter it.
    folder, figures = base / f"bench-{uuid4().hex[:12]}", tmp_path / "figures.json"
    words = ["--map", "small", "--staff", "130", "--incidents", "500", "--per-day", "12", "--full-days", "28",
             "--signed-in", "40", "--rate", "15", "--seconds", "4", "--warm", "1", "--yardstick", "1",
             "--folder", str(folder), "--json", str(figures)]  # fmt: skip
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("QIPAN_", "DATABASE_"))}
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "board", *words], cwd=ROOT, env=kept, capture_output=True, text=True,
        check=False, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(figures.read_text())
    assert found["load"]["incidents"] >= 500
    assert found["operations"]["all"]["errors"] == 0, done.stdout
    assert found["operations"]["all"]["count"] > 20
    assert set(found["yardstick"]) == {"lists, ours", "lists, usual", "creates, ours", "creates, usual"}
    assert min(found["yardstick"].values()) > 0, done.stdout + done.stderr
    assert not folder.exists()
