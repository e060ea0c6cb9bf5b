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


@pytest.mark.deep
def test_the_journals_benchmark_ends_sound():
    words = ["journal", "--entries", "210000", "--seconds", "1", "--writers", "4"]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", *words], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.strip().endswith("sound")
