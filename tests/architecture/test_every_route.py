"""Every route as everybody who has no business there: nothing read, nothing written, and no word whether it exists.

Routes are found by themselves. A new one with an id needs a line in `world.py` that says which thing the id is of; a
new one that anybody may open needs a line in PUBLIC. Both are decisions, so the tests fail until they are made.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import translation

from qipan.assembly import openapi
from qipan.assembly.api import api
from tests.architecture import world as worlds
from tests.architecture.world import MARK, World

pytestmark = pytest.mark.django_db

# What anybody may open, by the route as Django writes it, and why.
PUBLIC = {
    r"": "says to whom it belongs, and leads to sign-in",
    r"accounts/": "signing in; allauth's own pages ask for a session where they need one",
    r"language/": "the language of the sign-in page",
    r"api/v1/openapi.json": "the document",
    r"api/v1/docs": "the document, readable",
    r"public/": "residents report and follow without an account",
    r"open311/v2/": "the protocol's public lists",
    r"field/": "the shell of the field app, its worker and manifest: the same for everybody, and about nobody",
    r"api/v1/field/sealed": "what was done on a phone arrives also after its person signed out; it reads nothing",
}
ONLY_IN_DEVELOPMENT = "style/"
# Values of parts of addresses that are no ids.
WORDS: dict[str, tuple[Any, ...]] = {
    "ending": ("json",),
    "about_kind": ("incidents.incident",),
    "name": ("accept", "answer", "decide", "supervise", "merge"),
    "provider_id": ("district",),
    "key": ("x-y",),
    "uidb36": ("1",),
    "what": ("change", "end", "close", "password", "disable", "again"),
    "kind": ("school",),
    "year": (2026,),
    "template": ("duties.warning",),
    "language": ("en",),
}
# What stands in one township, so that the next one is a stranger to it. The rest is its district's.
IN_A_TOWNSHIP = {
    "incident_id", "about_id", "draft_id", "attachment_id", "photo_id", "ask_id", "target", "supervision_id",
    "rating_id", "spot_check_id", "duty_id", "premises_id", "visit_id", "area_id", "device_id", "kept_id",
}  # fmt: skip
FIELDS = {
    "reason": "x", "text": "x", "note": "x", "question": "x", "title": "x", "how": "x", "answer": "x", "outcome": "x",
    "approve": "1", "confirmed": "1", "stars": "1", "phone": "13800138000", "decision": "approve",
}  # fmt: skip
GENTLE = {400, 403, 404, 405, 409, 422, 429}


@dataclass(frozen=True)
class Route:
    pattern: str
    names: tuple[str, ...]

    @property
    def is_api(self) -> bool:
        return self.pattern.startswith("api/")

    def addresses(self, things: dict[str, Any], *, made_up: bool = False) -> Iterator[str]:
        """The address with real ids, or with ids of nothing."""
        words = [name for name in self.names if name in WORDS and name not in things]
        for number in range(max([len(WORDS[name]) for name in words], default=1)):
            values = {name: WORDS[name][number % len(WORDS[name])] for name in words}
            for name in self.names:
                if name in things:
                    real = things[name]
                    values[name] = (10**9 if isinstance(real, int) else uuid4()) if made_up else real
            yield "/" + _filled(self.pattern, values)


def _filled(pattern: str, values: dict[str, Any]) -> str:
    def one(found: re.Match[str]) -> str:
        return str(values[found["name"]])

    found = re.sub(r"<(?:\w+:)?(?P<name>\w+)>", one, _converters_only(pattern))
    return re.sub(r"[\^$]|\\(?=\.)", "", re.sub(r"\(\?:([^|)]*)[^)]*\)", r"\1", found))


def _converters_only(pattern: str) -> str:
    """`(?P<name>…)` as `<name>`."""
    while (start := pattern.find("(?P<")) >= 0:
        depth, at = 0, start
        while True:
            depth += {"(": 1, ")": -1}.get(pattern[at], 0)
            at += 1
            if not depth:
                break
        name = pattern[start + 4 : pattern.index(">", start)]
        pattern = f"{pattern[:start]}<{name}>{pattern[at:]}"
    return pattern


def routes() -> list[Route]:
    def walk(resolver: URLResolver, before: str) -> Iterator[Route]:
        for each in resolver.url_patterns:
            here = before + str(each.pattern)
            if isinstance(each, URLPattern):
                yield Route(here, tuple(dict.fromkeys(re.findall(r"<(?:\w+:)?(\w+)>", _converters_only(here)))))
            else:
                yield from walk(each, here)

    found = {route.pattern: route for route in walk(get_resolver(), "")}
    return [route for pattern, route in found.items() if not pattern.startswith(ONLY_IN_DEVELOPMENT)]


ROUTES = routes()
WITH_IDS = [
    route for route in ROUTES if set(route.names) - WORDS.keys() and not route.pattern.startswith(tuple(PUBLIC)[2:])
]
LISTS = [route for route in ROUTES if not set(route.names) - WORDS.keys()]


def is_public(route: Route) -> bool:
    return route.pattern == "" or any(route.pattern.startswith(start) for start in PUBLIC if start)


def examples() -> dict[tuple[str, str], Any]:
    """A valid body for each write of the API, from its own document: (method, path) to body."""
    with translation.override("en"):
        document = api.get_openapi_schema(path_prefix="/api/v1/")
    return {
        (method, re.sub(r"{[^}]+}", "{}", path)): content["example"]
        for path, method, operation in openapi.operations(document)
        for content in operation.get("requestBody", {}).get("content", {}).values()
        if "example" in content
    }


BODIES = examples()


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Made once and rolled back at the end; every request of the tests is rolled back too."""
    from django.conf import settings

    folder = tmp_path_factory.mktemp("world")
    kept = {name: getattr(settings, name) for name in ("KEYS", "HEADS", "FILES")}
    for name in kept:
        setattr(settings, name, folder / name.lower())
    with django_db_blocker.unblock(), transaction.atomic():
        yield worlds.make_world()
        transaction.set_rollback(True)
    for name, value in kept.items():
        setattr(settings, name, value)


@pytest.fixture(autouse=True)
def unlimited(world: World, db: None, settings: Any) -> None:
    """Nothing is counted: a hundred strangers share one address here. (The world comes first, each test inside it.)"""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}


def ask(client: Client, method: str, address: str, route: Route) -> Any:
    """One request, its effects undone only if they are the asker's own business to have."""
    if method == "GET":
        return client.get(address)
    if not route.is_api:
        return client.post(address, {"command": str(uuid4()), **FIELDS})
    shape = re.sub(r"<[^>]+>", "{}", "/" + route.pattern)
    body = BODIES.get((method, shape), {})
    return client.generic(
        method, address, data=_json(body), content_type="application/json", headers={"idempotency-key": str(uuid4())}
    )


def _json(body: Any) -> str:
    import json

    return json.dumps(body)


def state(district_id: int | None = None) -> dict[str, Any]:
    """How much and what is in each of our tables; of one district where the table knows districts.

    The journal of a stranger's own doings is theirs, so entries are counted for the district that is looked at.
    """
    parts = []
    with connection.cursor() as cursor:
        for table in _tables():
            where = f" WHERE district_id = {district_id}" if district_id and table in _with_district() else ""
            if district_id and not where:
                continue
            parts.append(f"SELECT '{table}', count(*), sum(hashtextextended(t::text, 0)) FROM \"{table}\" t{where}")
        cursor.execute(" UNION ALL ".join(parts))
        return {row[0]: row[1:] for row in cursor.fetchall()}


def _tables() -> list[str]:
    from django.apps import apps

    own = {"journal_entry", "journal_pending", "journal_command"}  # who tried is written down
    found = [model._meta.db_table for model in apps.get_models() if model.__module__.startswith("qipan.")]
    return sorted(set(found) - own)


def _with_district() -> set[str]:
    from django.apps import apps

    return {
        model._meta.db_table
        for model in apps.get_models()
        if any(field.column == "district_id" for field in model._meta.concrete_fields)
    }


def test_there_are_routes_to_walk():
    assert len(WITH_IDS) > 40
    assert len(LISTS) > 20


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.pattern)
def test_every_id_of_a_route_has_a_thing_to_be_tried_with(route, world):
    unknown = [name for name in route.names if name not in world.things and name not in WORDS]
    if route.pattern.startswith(("public/", "open311/")):
        return
    assert not unknown, f"say in tests/architecture/world.py which thing {unknown} is the id of"


@pytest.mark.parametrize("route", WITH_IDS, ids=lambda route: route.pattern)
def test_a_thing_of_another_jurisdiction_does_not_exist(route, world):
    strangers = [(post, "stranger") for post in world.strangers]
    if set(route.names) & IN_A_TOWNSHIP:
        strangers += [(post, "neighbour") for post in world.neighbours]
    before = state()
    for post, who in strangers:
        client = world.clients[post.pk]
        for method in ("GET", "POST"):
            for real, made_up in zip(
                route.addresses(world.things), route.addresses(world.things, made_up=True), strict=True
            ):
                answer = ask(client, method, real, route)
                said = f"{who} {post.role}: {method} {real} answered {answer.status_code}"
                secret = MARK if who == "stranger" else worlds.TITLE  # neighbours know the name of their own district
                assert secret not in answer.content.decode(errors="replace"), said
                if answer.status_code == 404:
                    continue
                assert answer.status_code in GENTLE, said
                nothing = ask(client, method, made_up, route).status_code
                assert answer.status_code == nothing, (
                    f"{said}, but for an id of nothing {nothing}: it says there is one"
                )
    after = state()
    changed = [table for table in before if before[table] != after[table]]
    assert not changed, f"{route.pattern} let strangers change {changed}"


@pytest.mark.parametrize("route", LISTS, ids=lambda route: route.pattern)
def test_a_list_holds_nothing_of_another_district(route, world):
    district = world.town.district
    theirs, before = worlds.ids(world.things), state(district.pk)
    for post in world.strangers:
        client = world.clients[post.pk]
        for address in route.addresses(world.things):
            for method in ("GET", "POST"):
                answer = ask(client, method, address, route)
                text = b"".join(answer).decode(errors="replace")
                said = f"{post.role}: {method} {address} answered {answer.status_code}"
                assert answer.status_code < 500, said
                if not route.pattern.startswith(("public/", "accounts/demo")):  # districts are named to everybody
                    assert MARK not in text, said
                assert not [each for each in theirs if each in text], said
    after = state(district.pk)
    assert before == after, f"{route.pattern} let strangers change {[t for t in before if before[t] != after[t]]}"


@pytest.mark.parametrize("route", [each for each in LISTS if not is_public(each)], ids=lambda route: route.pattern)
def test_a_list_holds_no_incident_of_another_township(route, world):
    theirs = {str(world.things[name]) for name in ("incident_id", "draft_id", "duty_id", "attachment_id", "ask_id")}
    for post in world.neighbours:
        client = world.clients[post.pk]
        for address in route.addresses(world.things):
            answer = client.get(address)
            text = b"".join(answer).decode(errors="replace")
            said = f"{post.role}: GET {address} answered {answer.status_code}"
            assert answer.status_code < 500, said
            assert not [each for each in theirs if each in text], said


@pytest.mark.parametrize("route", [each for each in ROUTES if not is_public(each)], ids=lambda route: route.pattern)
def test_nobody_gets_in_without_signing_in(route, world):
    client = Client(raise_request_exception=False)
    before = state()
    for address in route.addresses(world.things):
        for method in ("GET", "POST"):
            answer = ask(client, method, address, route)
            said = f"{method} {address} answered {answer.status_code}"
            assert MARK not in answer.content.decode(errors="replace"), said
            if answer.status_code == 302:
                assert answer.headers["Location"].startswith("/accounts/login/"), said
            else:
                assert answer.status_code in ({401, 405, 404} if route.is_api else {401, 403, 404, 405}), said
    assert before == state()


@pytest.mark.parametrize("route", [each for each in ROUTES if is_public(each)], ids=lambda route: route.pattern)
def test_what_is_public_says_nothing_of_what_is_not(route, world):
    client = Client(raise_request_exception=False)
    things = {**world.things, "code": "rubbish", "number": "QP20260101-00001", "district": "910101"}
    for address in route.addresses(things):
        answer = client.get(address)
        text = b"".join(answer).decode(errors="replace")
        assert answer.status_code < 500, address
        assert worlds.TITLE not in text, address
        assert not [each for each in worlds.ids(world.things) if each in text], address
