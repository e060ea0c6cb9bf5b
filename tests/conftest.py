"""Set-up shared by all tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation
from hypothesis import settings as hypothesis

from qipan.assembly.folders import CHECKOUT
from tests.demo import demo_copy, demo_small, demo_small_place  # noqa: F401  (fixtures for every test)
from tests.template import django_db_modify_db_settings, django_db_setup  # noqa: F401

# A machine under load is no failure: no test asserts a time.
hypothesis.register_profile("qipan", deadline=None)
hypothesis.load_profile("qipan")

SHARED = Path(os.environ.get("QIPAN_SHARED", CHECKOUT.parent / "shared"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data beside the checkout; tests that need it are skipped where it is absent."""
    if not (SHARED / "data").is_dir():
        pytest.skip(f"no real data: {SHARED / 'data'} is absent")
    return SHARED / "data"


@pytest.fixture(autouse=True)
def heads(settings: Any, tmp_path: Path) -> Path:
    """Each test keeps the journal's signed heads in a folder of its own, as each starts with an empty journal."""
    settings.HEADS = tmp_path / "heads"
    return tmp_path / "heads"


@pytest.fixture(autouse=True)
def no_language_left() -> Iterator[None]:
    """A test's own requests choose a language in its own thread; the next test starts without one. A server gives each
    request a context of its own (tests/assembly/test_asgi.py)."""
    yield
    translation.deactivate()
