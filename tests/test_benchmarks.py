"""Benchmarks are found by their names, and the journal's runs at a small size."""

from __future__ import annotations

import subprocess
import sys

import pytest
from benchmarks.__main__ import names

from qipan.assembly.folders import CHECKOUT


def test_every_benchmark_is_found_by_its_name():
    assert {"journal", "clock"} <= set(names())
    assert all(module.startswith("benchmarks.") for module in names().values())


def test_an_unknown_name_lists_those_there_are():
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "none"], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "journal" in done.stdout


def bench(*words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", *words], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


@pytest.mark.deep
def test_the_journals_benchmark_ends_sound():
    assert bench("journal", "--entries", "210000", "--seconds", "1", "--writers", "4").endswith("sound")


@pytest.mark.deep
def test_every_change_reaches_boards_and_no_stream_is_lost(tmp_path):
    folder = ("--folder", str(tmp_path / "bench"))
    told = bench(
        "live", "--incidents", "4000", "--map", "small", "--boards", "40", "--seconds", "5", "--maps", "5", *folder
    )
    assert "0 changes heard by nobody, 0 streams lost" in told


@pytest.mark.deep
def test_a_phones_day_is_there_once_also_over_a_line_that_breaks(tmp_path):
    told = bench("drain", "--folder", str(tmp_path / "bench"))
    assert told.count("duplicates 0, missing 0, photos left waiting 0") == 2
    assert ": sound" in told
