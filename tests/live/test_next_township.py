"""A township sees nothing of the next one by any route of the board: start, areas, duties, figures, find, premises,
points, replay, the map, what is inside a line, preview, act, charts, export. (The feed itself: test_feed.py.)"""

from __future__ import annotations

import gzip
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import get_resolver
from django.utils import timezone
from tests import factories
from tests.foundation.areas.conftest import drawn
from tests.incidents.conftest import Town, make_town

from qipan.foundation.areas.models import Area, Level, Premises
from qipan.foundation.journal import sequencer
from qipan.foundation.posts.rules import Role
from qipan.incidents import operations
from qipan.incidents.models import Incident, Reminder, Supervision
from qipan.incidents.operations.report import Place

pytestmark = pytest.mark.django_db
MARK = "密云岭"
ROLES = (Role.COMMANDER, Role.DISPATCHER, Role.HANDLER, Role.GRID_WORKER, Role.ADMINISTRATOR, Role.AUDITOR)
WHOLE = [[70.0, 0.0], [140.0, 0.0], [140.0, 60.0], [70.0, 60.0]]


@pytest.fixture
def town() -> Town:
    made = make_town()
    drawn(made.district)
    made.at = timezone.now() - timedelta(hours=5)
    Area.objects.filter(pk=made.village.pk).update(name=f"{MARK}村")
    box = made.cell.boundaries.get()
    here = Place(longitude=(box.west + box.east) / 2, latitude=(box.south + box.north) / 2)
    Premises(kind="school", name=f"{MARK}小学", active_from=factories.LONG_AGO.date(), longitude=here.longitude,
             latitude=here.latitude).place(made.cell).save()  # fmt: skip
    for key in ("street-light", "rubbish"):
        made.report(key, title=f"{MARK}路灯", place=here)
    operations.accept(incident_id=Incident.objects.first().pk, by=made.dispatcher, at=made.later())  # type: ignore[union-attr]
    made.closed("street-light", title=f"{MARK}旧灯", place=here)
    worst = made.dispatched(title=f"{MARK}井盖", place=here)
    operations.supervise(incident_id=worst.pk, question="说明", by=made.commander, at=made.later())
    sequencer.drain()
    return made


def secrets(town: Town) -> set[str]:
    """What only the first township knows."""
    found = {MARK}
    for key, number in Incident.objects.values_list("pk", "number"):
        found |= {str(key), number}
    return found


def addresses(town: Town) -> list[str]:
    today = timezone.localdate()
    number = Incident.objects.first().number  # type: ignore[union-attr]
    levels = ("township", "village", "cell")
    return [
        "/board/", "/api/v1/board/start", "/api/v1/board/figures", "/api/v1/board/duties", "/api/v1/board/premises",
        "/api/v1/board/points",
        f"/api/v1/board/replay?day={today}", f"/api/v1/board/replay?day={today - timedelta(days=1)}",
        *(f"/api/v1/board/areas?level={level}" for level in levels),
        *(f"/api/v1/board/find?q={words}" for words in (MARK, number)),
        "/api/v1/incidents/map", "/api/v1/incidents/map?after=1", "/api/v1/incidents?state=open&order=due",
        "/board/charts/", "/board/charts/export/?chart=classes&format=csv", "/board/wall/", "/board/wall/views/",
        "/api/v1/board/wall", "/api/v1/board/here",
    ]  # fmt: skip


def text(answer: Any) -> str:
    content = b"".join(answer) if answer.streaming else answer.content
    if answer.headers.get("Content-Encoding") == "gzip":
        content = gzip.decompress(content)
    return str(content.decode())


@pytest.mark.parametrize("role", ROLES)
def test_a_township_sees_nothing_of_the_next_one(town: Town, role: Role) -> None:
    next_door = factories.below(town.district, Level.TOWNSHIP, 1)
    own = factories.unit(area=next_door, kind="centre" if role is not Role.HANDLER else "department")
    client = factories.sign_in(Client(), factories.post(role, next_door, own))
    mine = factories.sign_in(Client(), town.dispatcher)
    hidden = secrets(town)
    for address in addresses(town):
        answer = client.get(address)
        assert answer.status_code in {200, 403, 404}, (address, answer.status_code)
        shown = text(answer)
        assert not [one for one in hidden if one in shown and f"q={one}" not in address], address
        if not any(word in address for word in ("charts", "duties", "wall/views")):  # it is there to be seen by its own
            assert mine.get(address).status_code == 200, address
    if (answer := client.get("/api/v1/board/figures")).status_code == 200:
        assert {one["value"] for one in answer.json() if one["key"] != "on_duty"} == {0}


@pytest.mark.parametrize("role", ROLES)
def test_nothing_of_the_next_township_is_selected_or_acted_on(town: Town, role: Role) -> None:
    next_door = factories.below(town.district, Level.TOWNSHIP, 1)
    client = factories.sign_in(Client(), factories.post(role, next_door, factories.unit(area=next_door)))
    hidden, before = secrets(town), (Reminder.objects.count(), Supervision.objects.count())
    states = list(Incident.objects.order_by("pk").values_list("status", "unit", "version"))
    ids, nothing = [str(key) for key in Incident.objects.values_list("pk", flat=True)], str(uuid4())

    def send(name: str, **body: Any) -> Any:
        headers = {"idempotency-key": str(uuid4())}
        return client.post(f"/api/v1/board/{name}", body, content_type="application/json", headers=headers)

    inside = send("inside", polygon=WHOLE)
    assert not [one for one in hidden if one in text(inside)]
    assert send("inside", ids=ids).json()["total"] == 0
    for name, key in (("preview", "wont"), ("act", "refused")):
        for step in ("dispatch", "remind", "supervise"):
            for body in ({"ids": ids}, {"polygon": WHOLE}):
                answer = send(name, step=step, text="x", unit=town.department.pk, **body)
                assert answer.status_code in {200, 403, 422}, (name, step, answer.content)
                if answer.status_code == 200:
                    told = {one["why"] for one in answer.json()[key]}
                    made_up = send(name, step=step, text="x", unit=town.department.pk, ids=[nothing]).json()[key]
                    assert told == {one["why"] for one in made_up}  # not even whether there is one
                    assert len(answer.json()[key]) == len(ids)
                assert MARK not in text(answer)
    answer = client.post("/board/export/", {"id": ids, "format": "csv"})
    assert not [one for one in hidden if one in text(answer)]
    assert states == list(Incident.objects.order_by("pk").values_list("status", "unit", "version"))
    assert (Reminder.objects.count(), Supervision.objects.count()) == before


def test_no_route_of_the_board_is_forgotten_here(town: Town) -> None:
    """A new one belongs into one of the tests above, or here with a reason."""
    walked = {address.partition("?")[0].lstrip("/") for address in addresses(town)}
    walked |= {f"api/v1/board/{name}" for name in ("inside", "preview", "act")} | {"board/export/"}
    elsewhere = {"live/events": "test_feed.py", "board/incidents/<uuid:incident_id>/": "test_every_route.py"}
    found = set()

    def walk(resolver: Any, before: str) -> None:
        for each in resolver.url_patterns:
            here = before + str(each.pattern)
            if hasattr(each, "url_patterns"):
                walk(each, here)
            elif here.startswith(("board/", "live/", "api/v1/board/")):
                found.add(here)

    walk(get_resolver(), "")
    assert found - walked - elsewhere.keys() == set()
