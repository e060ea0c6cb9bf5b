"""Set-up shared by all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from qipan.assembly.folders import CHECKOUT

SHARED = Path(os.environ.get("QIPAN_SHARED", CHECKOUT.parent / "shared"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data beside the checkout; tests that need it are skipped where it is absent."""
    if not (SHARED / "data").is_dir():
        pytest.skip(f"no real data: {SHARED / 'data'} is absent")
    return SHARED / "data"
