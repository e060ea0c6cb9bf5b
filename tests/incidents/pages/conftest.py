"""Signed-in clients and the shapes of the town, for pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from tests import factories
from tests.incidents.conftest import Town, make_town

from qipan.foundation.posts.models import Post


@pytest.fixture
def as_(db: None) -> Callable[[Post], Client]:
    """`as_(town.dispatcher)`: a client signed in for that post, in English."""

    def make(post: Post) -> Client:
        client = Client(headers={"Accept-Language": "en"})
        return factories.sign_in(client, post)

    return make


@pytest.fixture
def recent(town: Town) -> Town:
    """The town with its clock a day behind now: pages read the clock themselves."""
    town.at = datetime.now(UTC) - timedelta(hours=20)
    return town


def command(**fields: Any) -> dict[str, Any]:
    """The fields of a form with its hidden command."""
    return {"command": str(uuid4()), **fields}


@pytest.fixture
def transactional_recent(transactional_db: None) -> Town:
    """The same where entries have to be durable: looks behind masks commit before they open anything."""
    town = make_town()
    town.at = datetime.now(UTC) - timedelta(hours=2)
    return town
