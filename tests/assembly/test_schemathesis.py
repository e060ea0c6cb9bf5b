"""The whole API with whatever its own document allows, and some of what it does not: no answer is a failure of ours."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error

from qipan.foundation.posts import operations
from tests.architecture.world import World, make_world

pytestmark = pytest.mark.django_db
FEW, MANY = 8, 250
NUMBERS = count()
SCHEMA = schemathesis.openapi.from_wsgi("/api/v1/openapi.json?language=en", get_wsgi_application())
SCHEMA.config.generation.update(modes=[GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
ALIKE = {
    "deadline": None,
    "database": None,
    "derandomize": True,
    "phases": [Phase.explicit, Phase.generate],
    "suppress_health_check": list(HealthCheck),
}


@pytest.fixture(autouse=True)
def same_connection() -> Iterator[None]:
    """As Django's own test client does: the end of a request does not end the connection that the test is on."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[World]:
    from django.conf import settings as ours

    folder = tmp_path_factory.mktemp("schemathesis")
    kept = {name: getattr(ours, name) for name in ("KEYS", "HEADS", "FILES")}
    for name in kept:
        setattr(ours, name, folder / name.lower())
    with django_db_blocker.unblock(), transaction.atomic():
        made = make_world()
        now = datetime.now(UTC)
        town = made.town
        for post in (town.dispatcher, town.handler, town.commander, town.administrator, town.grid_worker):
            _token, secret = operations.issue_token(
                post=post, name="t", scopes=["read", "write"], expires_at=now + timedelta(days=1), by=post, at=now
            )
            made.things.setdefault("secrets", []).append(secret)
        yield made
        transaction.set_rollback(True)
    for name, value in kept.items():
        setattr(ours, name, value)


def send(case: Any, world: World) -> None:
    """As one post or another, every other time with ids that are of something."""
    number = next(NUMBERS)
    secrets = world.things["secrets"]
    headers = {"Authorization": f"Bearer {secrets[number % len(secrets)]}", "Field-Version": "1"}
    if number % 2:
        for given in (case.query, case.body):
            if isinstance(given, dict) and "device" in given:  # a phone speaks for the post that it is bound to
                given["device"] = str(world.things["device_id"])
                headers["Authorization"] = f"Bearer {secrets[-1]}"
        for name in case.path_parameters or {}:
            if name in world.things:
                case.path_parameters[name] = str(world.things[name])
    if number % 3:
        headers["Idempotency-Key"] = str(uuid4())
    case.call_and_validate(headers=headers, checks=[not_a_server_error])


@SCHEMA.parametrize()
@settings(max_examples=FEW, **ALIKE)
def test_no_request_breaks_the_server(case: Any, world: World, db: None) -> None:
    send(case, world)


@pytest.mark.deep
@SCHEMA.parametrize()
@settings(max_examples=MANY, **ALIKE)
def test_no_request_of_many_breaks_the_server(case: Any, world: World, db: None) -> None:
    send(case, world)
