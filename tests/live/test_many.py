"""Acting on many: what is said before is what happens after, nothing changes by asking, nothing happens twice."""

from __future__ import annotations

import csv
import io
import random
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from tests import factories
from tests.incidents.conftest import Town, make_town

from qipan.foundation.journal.models import Entry
from qipan.foundation.posts.models import Post
from qipan.incidents import operations
from qipan.incidents.models import Incident, Reminder, Supervision
from qipan.incidents.operations import many
from qipan.incidents.operations.report import Place

pytestmark = pytest.mark.django_db


signed_in: dict[UUID, Client] = {}


@pytest.fixture
def town() -> Town:
    signed_in.clear()
    made = make_town()
    made.at = timezone.now() - timedelta(hours=9)
    return made


def filed(town: Town, key: str = "street-light", **fields: Any) -> Incident:
    incident = town.report(key, **fields)
    return operations.accept(incident_id=incident.pk, by=town.dispatcher, at=town.later())


def ask(post: Post, name: str, command: UUID | None = None, **body: Any) -> Any:
    body["ids"] = [str(each) for each in body.get("ids", ())]
    headers = {"idempotency-key": str(command or uuid4())}
    if post.pk not in signed_in:  # once: signing in is written down too
        signed_in[post.pk] = factories.sign_in(Client(), post)
    return signed_in[post.pk].post(f"/api/v1/board/{name}", body, content_type="application/json", headers=headers)


def rows() -> list[Any]:
    """Everything that a step could write."""
    found = []
    with connection.cursor() as cursor:
        for table in ("incidents_incident", "incidents_supervision", "incidents_reminder", "duties_duty",
                      "journal_entry", "journal_command", "journal_pending", "outbox_message"):  # fmt: skip
            cursor.execute(f"SELECT count(*), sum(hashtextextended(t::text, 0)) FROM {table} t")
            found.append(cursor.fetchone())
    return found


def test_asking_changes_nothing_and_tells_what_will_happen(town: Town) -> None:
    good, over, gone = [filed(town).pk for _ in range(3)], town.closed().pk, uuid4()
    for step, post in (("dispatch", town.dispatcher), ("remind", town.dispatcher), ("supervise", town.commander)):
        body = {"step": step, "ids": [*good, over, gone], "text": "请尽快办理"}
        if step == "dispatch":
            body["unit"] = town.department.pk
        ask(post, "inside", ids=good)
        before = rows()
        answer = ask(post, "preview", **body)
        assert answer.status_code == 200, answer.content
        assert rows() == before
        told = answer.json()
        assert told["will"] == [str(each) for each in good]
        assert [one["id"] for one in told["wont"]] == [str(over), str(gone)]
        assert all(one["why"] for one in told["wont"])
        done = ask(post, "act", **body).json()
        assert (done["done"], done["refused"]) == (told["will"], told["wont"])
    assert Reminder.objects.count() == Supervision.objects.count() == 3
    assert set(Incident.objects.filter(pk__in=good).values_list("unit", "supervised")) == {(town.department.pk, True)}


def test_it_is_said_with_whom_they_would_be(town: Town) -> None:
    ids = [filed(town).pk for _ in range(2)]
    told = ask(town.dispatcher, "preview", step="dispatch", ids=ids, unit=town.other.pk).json()
    assert told["to"] == [{"unit": town.other.name, "count": 2}]
    without = ask(town.dispatcher, "preview", step="dispatch", ids=ids).json()
    assert [one["why"] for one in without["wont"]] == [many.NoRule().message] * 2


def test_sent_again_nothing_is_done_twice(town: Town) -> None:
    ids, command = [filed(town).pk, town.closed().pk], uuid4()
    first = ask(town.dispatcher, "act", command, step="remind", ids=ids)
    entries = Entry.objects.count()
    again = ask(town.dispatcher, "act", command, step="remind", ids=ids)
    assert again.json() == first.json()
    assert again.headers["Idempotent-Replayed"]
    assert (Reminder.objects.count(), Entry.objects.count()) == (1, entries)
    other = ask(town.dispatcher, "act", command, step="remind", ids=ids[:1])
    assert other.status_code == 409


def test_what_a_break_cut_off_is_gone_on_with(town: Town, monkeypatch: Any) -> None:
    ids, command = [filed(town).pk for _ in range(3)], uuid4()
    real, came = many.remind, []

    def broken(**values: Any) -> Any:
        came.append(values)
        if len(came) == 2:
            raise RuntimeError("the light went out")
        return real(**values)

    monkeypatch.setattr(many, "remind", broken)
    client = factories.sign_in(Client(raise_request_exception=False), town.dispatcher)
    body = {"step": "remind", "ids": [str(each) for each in ids]}
    headers = {"idempotency-key": str(command)}
    broke = client.post("/api/v1/board/act", body, content_type="application/json", headers=headers)
    assert broke.status_code == 500
    assert Reminder.objects.count() == 1
    answer = client.post("/api/v1/board/act", body, content_type="application/json", headers=headers)
    assert answer.json() == {"done": [str(each) for each in ids], "refused": []}
    assert Reminder.objects.count() == 3


def test_what_changed_in_between_is_told_row_by_row(town: Town) -> None:
    ids = [filed(town).pk for _ in range(2)]
    body = {"step": "dispatch", "ids": ids, "unit": town.department.pk}
    assert len(ask(town.dispatcher, "preview", **body).json()["will"]) == 2
    operations.dispatch(incident_id=ids[0], unit=town.other, by=town.dispatcher, at=town.later())
    done = ask(town.dispatcher, "act", **body).json()
    assert done["done"] == [str(ids[1])]
    [refused] = done["refused"]
    assert refused["id"] == str(ids[0])
    assert Incident.objects.get(pk=ids[0]).unit == town.other


def test_a_line_around_them_finds_the_open_ones_inside(town: Town) -> None:
    here = [filed(town, place=Place(area=town.cell, longitude=114.1 + n / 100, latitude=36.2)).pk for n in range(3)]
    filed(town, place=Place(area=town.cell, longitude=114.9, latitude=36.2))
    closed = town.closed(place=Place(area=town.cell, longitude=114.1, latitude=36.2))
    line = [[114.0, 36.0], [114.5, 36.0], [114.5, 36.5], [114.0, 36.5]]
    found = ask(town.dispatcher, "inside", polygon=line).json()
    assert {one["id"] for one in found["rows"]} == {str(each) for each in here}
    assert found["total"] == 3
    assert found["steps"] == ["dispatch", "remind", "export"]
    assert town.department.name in {one["name"] for one in found["units"]}
    assert str(closed.pk) not in str(found)
    done = ask(town.dispatcher, "act", step="remind", polygon=line).json()
    assert set(done["done"]) == {str(each) for each in here}
    for corners in ([], line[:2], [line[0]] * 4):
        refused = ask(town.dispatcher, "preview", step="remind", polygon=corners)
        assert refused.status_code == 422, corners
    assert ask(town.dispatcher, "inside", polygon=line, ids=here).status_code == 422


@pytest.mark.timeout(120)
def test_a_line_that_crosses_itself_encloses_by_even_and_odd_however_many_corners(town: Town) -> None:
    """Taken as it is: to make a valid shape of a scribble took the server six minutes."""
    place = Place(area=town.cell, longitude=114.05, latitude=36.2)
    here, _outside = filed(town, place=place), filed(town, place=replace(place, longitude=114.2, latitude=36.35))
    eight = [[114.0, 36.0], [114.4, 36.4], [114.4, 36.0], [114.0, 36.4]]
    assert [one["id"] for one in ask(town.dispatcher, "inside", polygon=eight).json()["rows"]] == [str(here.pk)]
    dice = random.Random(1)
    scribble = [[dice.uniform(114, 114.4), dice.uniform(36, 36.4)] for _corner in range(500)]
    assert ask(town.dispatcher, "inside", polygon=scribble).status_code == 200


def test_at_most_two_hundred_at_once(town: Town, monkeypatch: Any) -> None:
    monkeypatch.setattr(many, "MOST", 2)
    ids = [filed(town).pk for _ in range(3)]
    refused = ask(town.dispatcher, "act", step="remind", ids=ids)
    assert (refused.status_code, Reminder.objects.count()) == (422, 0)
    assert refused.json()["code"] == "too-many-at-once"
    found = ask(town.dispatcher, "inside", ids=ids).json()
    assert (found["total"], len(found["rows"])) == (3, 2)
    assert ask(town.dispatcher, "preview", step="remind", ids=[]).json()["code"] == "nothing-chosen"


def test_the_same_one_named_twice_is_one(town: Town) -> None:
    incident = filed(town)
    done = ask(town.dispatcher, "act", step="remind", ids=[incident.pk, incident.pk]).json()
    assert (done["done"], Reminder.objects.count()) == ([str(incident.pk)], 1)


def test_the_next_townships_do_not_exist_by_any_of_these(town: Town) -> None:
    incident = filed(town, place=Place(area=town.cell, longitude=114.1, latitude=36.2))
    township = factories.below(town.district, 2, index=1)
    stranger = factories.post("dispatcher", township, factories.unit(area=township, kind="centre"))
    line = [[113.0, 35.0], [115.0, 35.0], [115.0, 37.0], [113.0, 37.0]]
    assert ask(stranger, "inside", polygon=line).json()["rows"] == []
    assert ask(stranger, "inside", ids=[incident.pk]).json()["total"] == 0
    nothing = uuid4()
    for name, key in (("preview", "wont"), ("act", "refused")):
        told = ask(stranger, name, step="remind", ids=[incident.pk, nothing]).json()[key]
        assert [one["why"] for one in told] == [told[0]["why"]] * 2
        assert ask(stranger, name, step="remind", polygon=line).status_code == 422
    assert not Reminder.objects.exists()


def test_whose_post_does_not_allow_a_step_is_refused_it(town: Town) -> None:
    incident = filed(town)
    assert ask(town.dispatcher, "preview", step="supervise", ids=[incident.pk], text="x").status_code == 403
    assert ask(town.commander, "preview", step="dispatch", ids=[incident.pk]).status_code == 403
    assert ask(town.handler, "act", step="remind", ids=[incident.pk]).status_code == 403
    assert ask(town.commander, "inside", ids=[incident.pk]).json()["steps"] == ["remind", "supervise", "export"]


def test_the_selected_ones_leave_as_a_file_and_that_is_written_down(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [filed(town).pk for _ in range(2)]
    filed(town)
    client = factories.sign_in(Client(), town.dispatcher)
    answer = client.post("/board/export/", {"id": [str(each) for each in ids], "format": "csv"})
    lines = list(csv.reader(io.StringIO(b"".join(answer).decode("utf-8-sig"))))
    assert len(lines) == 3
    assert Entry.objects.filter(kind="incidents.exported").count() == 1
    assert client.post("/board/export/", {}).status_code == 422
    monkeypatch.setattr("qipan.live.many.MOST_IDS", 1)
    assert client.post("/board/export/", {"id": [str(each) for each in ids]}).status_code == 422
    assert Entry.objects.filter(kind="incidents.exported").count() == 1
    assert client.post("/board/export/", {"id": "x"}).status_code == 422
