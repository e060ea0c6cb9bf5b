"""What a board reads: the figures are their lists, nothing of the next township, and by how many queries."""

from __future__ import annotations

import gzip
from datetime import timedelta
from typing import Any

import orjson
import pytest
import shapely
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from tests import factories
from tests.incidents.conftest import Town, make_town

from qipan.foundation.areas.models import Area, Boundary, Point, Premises
from qipan.foundation.areas.operations.versions import touch
from qipan.foundation.journal import queries as journal
from qipan.foundation.journal import sequencer
from qipan.foundation.posts import operations as posts
from qipan.foundation.posts.models import Post
from qipan.foundation.posts.rules import Role
from qipan.incidents import operations
from qipan.incidents.models import Incident
from qipan.incidents.operations.report import Place
from qipan.incidents.queries import Filters, filtered

pytestmark = pytest.mark.django_db
WORD = "密云岭"


@pytest.fixture
def town() -> Town:
    made = make_town()
    made.at = timezone.now() - timedelta(hours=2)
    return made


def browser(post: Post) -> Client:
    return factories.sign_in(Client(), post)


def ask(post: Post, address: str) -> Any:
    answer = browser(post).get(f"/api/v1/board/{address}")
    assert answer.status_code == 200, answer.content
    return answer.json()


def busy(town: Town) -> None:
    """Something in each state that a board counts."""
    town.dispatched("street-light", title=f"{WORD}路灯")
    town.closed("street-light")
    operations.supervise(
        incident_id=town.report("street-light", place=Place(area=town.cell, longitude=114.1, latitude=36.2)).pk,
        question="为何迟迟未办", by=town.commander, at=town.later(),
    )  # fmt: skip
    now = timezone.now()
    late, soon = town.report("rubbish"), town.report("rubbish")
    Incident.objects.filter(pk=late.pk).update(due_at=now - timedelta(minutes=9))
    Incident.objects.filter(pk=soon.pk).update(due_at=now + timedelta(minutes=30))
    Incident.objects.filter(closed_at__isnull=False).update(closed_at=now)
    posts.open_shift(by=town.grid_worker, at=town.later())
    posts.open_shift(by=town.commander, at=town.later())


def test_each_figure_counts_the_rows_of_the_list_behind_it(town: Town) -> None:
    busy(town)
    everybody = [town.commander, town.dispatcher, town.handler, town.grid_worker, town.administrator]
    for post in everybody:
        client, now = browser(post), timezone.now()
        for figure in ask(post, "figures"):
            page = client.get(figure["link"])
            assert page.status_code == 200
            if figure["key"] == "on_duty":
                shown = [one.pk for one in page.context["rows"]]
            else:
                state = figure["link"].partition("state=")[2]
                shown = [row["id"] for row in page.context["rows"]]
                assert figure["value"] == filtered(viewer=post, filters=Filters(state=state), now=now).count()
            assert figure["value"] == len(shown), (post, figure)
    answer = browser(town.commander).get("/api/v1/board/figures")
    assert int(answer.headers["Journal-Position"]) == journal.last_position()
    figures = {one["key"]: one for one in answer.json()}
    assert all(one["value"] for one in figures.values()), figures
    assert (figures["overdue"]["tone"], figures["open"]["tone"]) == ("overdue", "")


def test_the_beginning_of_a_board_says_whose_it_is(town: Town) -> None:
    sequencer.drain()
    found = ask(town.dispatcher, "start")
    assert found["position"] == journal.last_position()
    assert found["me"] == {
        "post": str(town.dispatcher.pk), "person": str(town.dispatcher.person), "role": "dispatcher",
        "area": {"id": town.township.pk, "level": 2, "name": town.township.name},
        "unit": {"id": town.desk.pk, "name": town.desk.name},
    }  # fmt: skip
    assert found["map"] == {"bbox": None, "tiles": None, "outlines": found["map"]["outlines"]}
    assert found["layers"] == ["incidents", "heat", "premises", "points", "boundaries", "cells", "labels", "staff"]
    assert [one["key"] for one in found["figures"]] == [
        "open", "due_hour", "overdue", "closed_today", "supervised", "on_duty",
    ]  # fmt: skip


def test_a_map_below_is_told_with_its_number_where_there_is_one(town: Town, settings: Any) -> None:
    settings.TILES = {
        "url": "https://t.example/{z}/{x}/{y}",
        "datum": "gcj02",
        "approval": "GS(2024)0650号",
        "attribution": "",
    }
    found = ask(town.dispatcher, "start")
    assert found["map"]["tiles"] == settings.TILES
    assert found["layers"][0] == "tiles"


def test_what_needs_me_is_soonest_first_and_says_how_much_more(town: Town, monkeypatch: Any) -> None:
    for _ in range(3):
        town.dispatched("street-light")
    found = ask(town.handler, "duties")
    assert (len(found["rows"]), found["more"]) == (3, 0)
    assert [row["due_at"] for row in found["rows"]] == sorted(row["due_at"] for row in found["rows"])
    first = found["rows"][0]
    assert first["kind"] == "incidents.handle"
    assert first["link"] == f"/incidents/{first['about_id']}/"
    assert first["paused"] is False
    assert first["left"]
    monkeypatch.setattr("qipan.live.queries.start.MOST", 2)
    assert ask(town.handler, "duties")["more"] == 1
    assert ask(town.colleague, "duties")["rows"] == []


def point(area: Area, **values: Any) -> Point:
    row = Point(**{"kind": "device", "active_from": factories.LONG_AGO.date(), **values}).place(area)
    row.longitude, row.latitude = 114.05, 36.05
    row.save()
    return row


def test_anything_is_found_that_may_be_seen(town: Town) -> None:
    town.report("street-light", title=f"{WORD}路灯不亮")
    Premises(kind="school", name=f"{WORD}小学", active_from=factories.LONG_AGO.date()).place(town.cell).save()
    point(town.cell, kind="booth", name=f"{WORD}采样亭")
    factories.unit(area=town.township, name=f"{WORD}派出所")
    Area.objects.filter(pk=town.village.pk).update(name=f"{WORD}村")
    client = browser(town.dispatcher)
    found = client.get("/api/v1/board/find", {"q": WORD}).json()
    assert [one["kind"] for one in found] == ["area", "premises", "point", "incident", "unit"]
    for one in found:
        if one["kind"] == "point":
            assert (one["longitude"], one["latitude"], one["link"]) == (114.05, 36.05, "")
            continue
        assert client.get(one["link"]).status_code == 200, one
    number = Incident.objects.get().number
    assert [one["kind"] for one in client.get("/api/v1/board/find", {"q": number}).json()] == ["incident"]
    assert client.get("/api/v1/board/find").json() == []


@pytest.mark.parametrize(
    ("text", "longitude", "latitude"),
    [("119.3,26.08", 119.3, 26.08), ("26.08 119.3", 119.3, 26.08), ("119.3，26.08 WGS-84", 119.3, 26.08)],
)
def test_coordinates_are_a_place(town: Town, text: str, longitude: float, latitude: float) -> None:
    [one] = browser(town.dispatcher).get("/api/v1/board/find", {"q": text}).json()
    assert (one["kind"], one["longitude"], one["latitude"]) == ("place", longitude, latitude)


def test_the_datum_of_coordinates_is_minded(town: Town) -> None:
    [one] = browser(town.dispatcher).get("/api/v1/board/find", {"q": "119.3,26.08 GCJ-02"}).json()
    assert 100 < abs(one["longitude"] - 119.3) * 1e5 < 1000
    assert browser(town.dispatcher).get("/api/v1/board/find", {"q": "119.3,26.08 Mars"}).json() == []


def drawn(area: Area, west: float) -> None:
    shape = shapely.box(west, 36.0, west + 0.1, 36.1)
    Boundary.objects.create(
        area=area, wkb=shapely.to_wkb(shape), valid_from=factories.LONG_AGO.date(), datum="wgs84",
        west=west, south=36.0, east=west + 0.1, north=36.1,
    )  # fmt: skip


def test_outlines_are_the_viewers_and_are_asked_for_once(town: Town) -> None:
    next_door = factories.below(town.district, 2, 1)
    drawn(town.township, 114.0)
    drawn(next_door, 114.2)
    client = browser(town.dispatcher)
    answer = client.get("/api/v1/board/areas?level=township", headers={"accept-encoding": "gzip"})
    found = orjson.loads(gzip.decompress(answer.content))
    assert [one["id"] for one in found["features"]] == [town.township.pk]
    again = client.get("/api/v1/board/areas?level=township", headers={"if-none-match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["Cache-Control"] == "private, no-cache"
    version = client.get("/api/v1/board/start").json()["map"]["outlines"]
    kept = client.get(f"/api/v1/board/areas?level=township&v={version}").headers["Cache-Control"]
    assert kept == "private, max-age=31536000, immutable"
    touch(town.district.pk)
    assert client.get("/api/v1/board/start").json()["map"]["outlines"] != version
    assert "immutable" not in client.get(f"/api/v1/board/areas?level=township&v={version}").headers["Cache-Control"]
    assert len(client.get("/api/v1/board/areas?level=cell").json()["features"]) == 0
    assert len(ask(town.commander, "areas?level=township")["features"]) == 2
    assert len(ask(town.commander, "areas?level=district")["features"]) == 0
    assert browser(town.grid_worker).get("/api/v1/board/areas?level=township").status_code == 404
    assert browser(town.dispatcher).get("/api/v1/board/areas?level=district").status_code == 404
    assert ask(town.dispatcher, "start")["map"]["bbox"] == [114.0, 36.0, 114.1, 36.1]


def test_premises_are_columns_that_are_asked_for_once(town: Town) -> None:
    first = factories.LONG_AGO.date()
    school = Premises(kind="school", name=f"{WORD}小学", active_from=first).place(town.cell)
    school.longitude, school.latitude = 114.05, 36.05
    school.save()
    Premises(kind="shop", name="无坐标", active_from=first).place(town.cell).save()
    client = browser(town.dispatcher)
    answer = client.get("/api/v1/board/premises", headers={"accept-language": "en"})
    assert answer.json() == {
        "id": [str(school.pk)], "longitude": [114.05], "latitude": [36.05], "kind": ["school"],
        "name": [f"{WORD}小学"], "kinds": answer.json()["kinds"],
    }  # fmt: skip
    assert answer.json()["kinds"]["school"] == "School"
    headers = {"if-none-match": answer.headers["ETag"], "accept-language": "en"}
    assert client.get("/api/v1/board/premises", headers=headers).status_code == 304
    Premises.objects.filter(pk=school.pk).update(name="别的")
    assert client.get("/api/v1/board/premises", headers=headers).status_code == 200


def test_points_are_columns_of_what_lies_in_the_viewers_area(town: Town) -> None:
    own = point(town.cell, name="前端001")
    point(factories.below(town.district, 2, 1), name="前端002")
    point(town.cell, name="前端003", active_to=timezone.localdate())
    client = browser(town.dispatcher)
    answer = client.get("/api/v1/board/points", headers={"accept-language": "en"})
    assert answer.json() == {
        "id": [str(own.pk)], "longitude": [114.05], "latitude": [36.05], "kind": ["device"], "name": ["前端001"],
        "kinds": answer.json()["kinds"],
    }  # fmt: skip
    assert answer.json()["kinds"]["device"] == "Front-end device"
    headers = {"if-none-match": answer.headers["ETag"], "accept-language": "en"}
    assert client.get("/api/v1/board/points", headers=headers).status_code == 304
    assert sorted(browser(town.commander).get("/api/v1/board/points").json()["name"]) == ["前端001", "前端002"]


@pytest.mark.parametrize(
    "address", ["start", "figures", "duties", "premises", "points", "areas?level=cell", f"find?q={WORD}"]
)
def test_the_next_township_sees_nothing(town: Town, address: str) -> None:
    next_door = factories.below(town.district, 2, 1)
    roles = (Role.COMMANDER, Role.DISPATCHER, Role.HANDLER, Role.ADMINISTRATOR, Role.GRID_WORKER)
    viewers = [factories.post(role, next_door, factories.unit(area=next_door)) for role in roles]
    before = [_timeless(ask(post, address)) for post in viewers]
    busy(town)
    school = Premises(kind="school", name=f"{WORD}小学", active_from=factories.LONG_AGO.date()).place(town.cell)
    school.longitude, school.latitude = 114.05, 36.05
    school.save()
    assert [_timeless(ask(post, address)) for post in viewers] == before


def _timeless(found: Any) -> Any:
    return (
        {key: value for key, value in found.items() if key not in {"now", "position"}}
        if isinstance(found, dict)
        else found
    )


@pytest.mark.parametrize(
    "address", ["start", "figures", "duties", "premises", "points", "areas?level=cell", "find?q=street"]
)
def test_more_rows_take_no_more_queries(town: Town, address: str) -> None:
    def queries() -> int:
        client = browser(town.commander)
        client.get(f"/api/v1/board/{address}")
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert client.get(f"/api/v1/board/{address}").status_code == 200
        return len(seen)

    town.dispatched("street-light", title="street")
    few = queries()
    for _ in range(4):
        town.dispatched("street-light", title="street")
        factories.post(Role.GRID_WORKER, town.cell)
    assert queries() == few <= 14


def test_who_sees_no_incidents_has_no_board(town: Town) -> None:
    post = factories.post(Role.LAB, town.district)
    assert browser(post).get("/api/v1/board/start").status_code == 403
    assert Client().get("/api/v1/board/start").status_code == 401
