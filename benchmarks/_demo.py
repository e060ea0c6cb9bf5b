"""The demo in a browser, for benchmarks: served from a folder of its own, signed in to, in a profile on disk."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, BrowserType, Page

ROOT = Path(__file__).resolve().parents[1]
CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), ""
)
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
PATIENCE = 300.0  # seconds until the server answers: the demo may have to be made first


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of the demo in a folder, which is made where it is not there."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["demo", "--data", str(folder), "--port", str(port), "--no-day"]
    child = subprocess.Popen(
        [sys.executable, str(ROOT / "run.py"), "qipan", *words], cwd=ROOT, stdout=subprocess.DEVNULL
    )
    address = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + PATIENCE
        while not _answers(address):
            if child.poll() is not None or time.monotonic() > until:
                raise SystemExit("the demo did not start")
            time.sleep(0.5)
        yield address
    finally:
        child.send_signal(signal.SIGINT)
        child.wait()


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/accounts/demo/", timeout=5):
            return True
    except (urllib.error.URLError, OSError):
        return False


def entered(page: Page, address: str, role: str) -> None:
    """Signs in as the demo's first post of a role."""
    page.goto(f"{address}/accounts/demo/")
    page.locator(f"button[data-role={role}]").first.click()
    page.wait_for_load_state()


@contextmanager
def profile(chromium: BrowserType, folder: Path | None = None, **look: Any) -> Iterator[BrowserContext]:
    """A browser as a person has it: what it keeps, it keeps on disk, compiled scripts too. New without a folder."""
    with tempfile.TemporaryDirectory(prefix="qipan-profile-", ignore_cleanup_errors=True) as fresh:
        context = chromium.launch_persistent_context(folder or fresh, executable_path=CHROMIUM, args=FLAGS, **look)
        try:
            yield context
        finally:
            context.close()


def needs_chromium() -> None:
    if not CHROMIUM:
        raise SystemExit("Chromium is not installed: `apt-get install chromium`")
