"""The small demo district in a database of its own, made once for all tests that ask for it.

`demo_small` is for tests in this process: what they write is rolled back. `demo_copy` gives the address of a copy that
a server of a test may change as it likes.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connections, transaction
from django.test import override_settings
from psycopg import sql
from psycopg.conninfo import make_conninfo

AT = datetime(2026, 4, 22, 6, 40, tzinfo=UTC)  # a Wednesday, 14:40 in China
SEED = 1
COPIES = count(1)


@dataclass
class Place:
    """The database of the small demo, and what it keeps outside."""

    name: str
    folder: Path
    mark: dict[str, Any] = field(default_factory=dict)

    def url(self, name: str = "") -> str:
        """The address of the database (or of another on its server), for a process of its own."""
        return make_conninfo("", **{**_parameters(), "dbname": name or self.name})

    @contextmanager
    def connected(self) -> Iterator[None]:
        """This process on this database. Both databases number their districts from 1, so caches are emptied."""
        connection = connections["default"]
        connection.close()
        before = connection.settings_dict["NAME"]
        connection.settings_dict["NAME"] = self.name
        _forget()
        try:
            yield
        finally:
            connection.close()
            connection.settings_dict["NAME"] = before
            _forget()


def _parameters() -> dict[str, Any]:
    parameters = connections["default"].get_connection_params()
    return {key: parameters[key] for key in ("user", "password", "host", "port") if parameters.get(key)}


def _forget() -> None:
    from qipan.foundation.areas import outlines

    outlines._kept.clear()


def _run(statement: str, *names: str) -> None:
    with psycopg.connect(make_conninfo("", **{**_parameters(), "dbname": "postgres"}), autocommit=True) as server:
        server.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


@pytest.fixture(scope="session")
def demo_small_place(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    from django.core.management import call_command

    from qipan.assembly.demo import build

    place = Place(f"{connections['default'].settings_dict['NAME']}_demo", tmp_path_factory.mktemp("demo"))
    with django_db_blocker.unblock():
        _run("DROP DATABASE IF EXISTS {}", place.name)
        _run("CREATE DATABASE {}", place.name)
        folders = {"HEADS": place.folder / "heads", "FILES": place.folder / "files"}
        with override_settings(**folders), place.connected():
            call_command("migrate", interactive=False, verbosity=0)
            call_command("createcachetable", verbosity=0)
            place.mark = build.load(size=build.SIZES["small"], name="small", seed=SEED, at=AT).mark
    yield place
    with django_db_blocker.unblock():
        _run("DROP DATABASE IF EXISTS {} WITH (FORCE)", place.name)


@pytest.fixture
def demo_small(demo_small_place: Place, django_db_blocker: Any, settings: Any, tmp_path: Path) -> Iterator[Any]:
    """The small demo (`build.Demo`: district, mark, accounts) as the default database of this test."""
    from qipan.assembly.demo import build

    for name in ("heads", "files"):
        shutil.copytree(demo_small_place.folder / name, tmp_path / f"demo-{name}", dirs_exist_ok=True)
    settings.HEADS, settings.FILES = tmp_path / "demo-heads", tmp_path / "demo-files"
    with django_db_blocker.unblock(), demo_small_place.connected(), transaction.atomic():
        yield build.loaded()
        transaction.set_rollback(True)


@pytest.fixture
def demo_copy(demo_small_place: Place, django_db_blocker: Any) -> Iterator[Callable[[], str]]:
    """Makes a copy of the small demo's database and gives its address."""
    made = []

    def copy() -> str:
        made.append(f"{demo_small_place.name}_{next(COPIES)}")
        _run("CREATE DATABASE {} TEMPLATE {}", made[-1], demo_small_place.name)
        return demo_small_place.url(made[-1])

    with django_db_blocker.unblock():
        yield copy
        for name in made:
            _run("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
