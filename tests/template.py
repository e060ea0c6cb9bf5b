"""A migrated, empty database kept beside the tests' own, so that a second run does not migrate again.

It bears the digest of everything that shapes a new database. Only the tests' own server keeps one: what runs on a
server given from outside leaves nothing behind.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.db import connections
from psycopg import sql

from qipan.assembly.folders import CHECKOUT

PREFIX = "qipan_template_"


def name() -> str:
    """The name of the template that fits the code as it is."""
    found = hashlib.sha256()
    sources = sorted((CHECKOUT / "src/qipan").rglob("*.py"))
    shaping = [one for one in sources if one.parent.name == "migrations" or one.name in {"apps.py", "rights.py"}]
    for path in [*shaping, *sorted((CHECKOUT / "requirements").glob("*.txt"))]:
        found.update(path.read_bytes())
    return PREFIX + found.hexdigest()[:12]


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """The test database is made from the template, where there is one."""
    if _kept() and name() in _names():
        connections["default"].settings_dict["TEST"]["TEMPLATE"] = name()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """The first run keeps a copy of what it made, before any test writes into it."""
    if not _kept() or name() in _names():
        return
    with django_db_blocker.unblock():
        made = connections["default"].settings_dict["NAME"]
        connections.close_all()
        with _server() as server:
            for old in _names():
                server.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(old)))
            server.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name()), sql.Identifier(made))
            )


def _kept() -> bool:
    return "QIPAN_TESTS_SERVER" in os.environ


@contextmanager
def _server() -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(os.environ["QIPAN_TESTS_SERVER"], autocommit=True) as server:
        yield server


def _names() -> list[str]:
    with _server() as server:
        found = server.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX])
        return [row[0] for row in found]
