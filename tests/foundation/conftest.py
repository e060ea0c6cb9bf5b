"""Which tests of the foundation are repeated on PostgreSQL 15 (marker `database`)."""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).parent
# Sign-in and its pages lean on Django and allauth, not on the server's version.
SAME_ON_EVERY_SERVER = ("posts/test_accounts", "posts/test_oidc")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever touches the database here does so for its constraints, locks, arrays and rights."""
    for item in items:
        if not item.path.is_relative_to(HERE):
            continue
        place = item.path.relative_to(HERE).as_posix()
        touches = item.get_closest_marker("django_db") or {"db", "transactional_db"} & set(item.fixturenames)  # type: ignore[attr-defined]
        if touches and not place.startswith(SAME_ON_EVERY_SERVER):
            item.add_marker(pytest.mark.database)
