"""A phone of one township is told nothing of another and does nothing there, by any route of the field app."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import orjson
import pytest
from django.test import Client
from django.utils import timezone
from tests import factories
from tests.incidents.conftest import Town, make_town
from tests.inspections.test_visits import shop
from tests.workflows.field.test_api import App, step
from tests.workflows.field.test_commands import picture

from qipan.foundation.devices import boxes
from qipan.foundation.devices.models import Carried, Device, Kept, Photo
from qipan.foundation.journal import sequencer
from qipan.foundation.journal.models import Entry
from qipan.foundation.posts.models import Post
from qipan.foundation.posts.rules import Role
from qipan.incidents import operations as incidents
from qipan.incidents.models import Incident
from qipan.inspections import defaults
from qipan.inspections import operations as inspections
from qipan.inspections.models import Visit

pytestmark = pytest.mark.django_db
NOWHERE = {"result": "refused", "code": "not-found", "state": None}


@dataclass
class There:
    """The other township of the same district: its people, its phone and everything on it."""

    app: App
    administrator: Post
    incident: Incident
    visit: Visit
    report: dict[str, Any]
    photo: dict[str, Any]
    kept: Kept


@pytest.fixture
def town(db: None) -> Town:
    made = make_town()
    made.at = timezone.now() - timedelta(hours=3)
    made.by_hand = True
    defaults.load(made.district, since=date(2020, 1, 1))
    return made


@pytest.fixture
def here(town: Town) -> App:
    """The phone of the grid worker in the first township; its administrator is `administrator_here`."""
    made = App(town.grid_worker)
    made.bind()
    return made


@pytest.fixture
def administrator_here(town: Town) -> Post:
    return factories.post(Role.ADMINISTRATOR, town.township)


@pytest.fixture
def there(town: Town) -> There:
    township = factories.below(town.district, 2, 1)
    cell = factories.below(township, 4)
    worker = factories.post(Role.GRID_WORKER, cell)
    desk = factories.unit(area=township, kind="centre", name="乙镇网格化中心")
    dispatcher = factories.post(Role.DISPATCHER, township, desk)
    administrator = factories.post(Role.ADMINISTRATOR, township)
    app = App(worker)
    app.bind()
    report = step("report", 1, body={"category": "rubbish", "title": "乙镇的垃圾", "area": cell.pk})
    (answer,) = app.send(report).json()["answers"]
    assert answer["result"] == "applied"
    incident = Incident.objects.get(pk=answer["state"]["id"])
    incidents.accept(incident_id=incident.pk, by=dispatcher, at=town.later())
    incident.refresh_from_db()
    premises = shop(town, "乙镇超市")
    premises.place(cell, 114.4, 36.2)
    premises.save()
    visit = inspections.owe(premises=premises, by=dispatcher, at=town.later())
    photo = step("photo", 2, body={"stage": "report", "of": report["id"]})
    app.call("PUT", f"/photos/{photo['id']}?device={app.device}", picture())
    late = step("shift_off", 3)
    late["device_time"] = (timezone.now() + timedelta(days=1)).isoformat()
    boss = App(administrator)
    assert boss.call("POST", f"/devices/{app.device}/revoke", {}).status_code == 200
    assert [each["result"] for each in seal(app, late)] == ["kept"]
    Device.objects.update(revoked_at=None)  # it works on, so that only the township stands in the way
    return There(app, administrator, incident, visit, report, photo, Kept.objects.get())


def seal(app: App, *queue: dict[str, Any], device: str = "") -> Any:
    found = Device.objects.get(pk=device or app.device)
    box = boxes.seal(orjson.dumps({"commands": list(queue)}), device_id=found.pk, device_private=app.private,
                     server_public=bytes(found.server_public_key))  # fmt: skip
    signed_in, app.client = app.client, Client()
    answer = app.call("POST", "/sealed", {"device": str(found.pk), "sealed": base64.b64encode(box).decode()})
    app.client = signed_in
    return answer.json()


def nothing_changed(there: There) -> None:
    incident, visit = Incident.objects.get(pk=there.incident.pk), Visit.objects.get(pk=there.visit.pk)
    assert (incident.version, incident.status) == (there.incident.version, there.incident.status)
    assert visit.state == "owed"
    assert incident.attachments.count() == 0
    assert Kept.objects.get(pk=there.kept.pk).decided_at is None
    assert not Carried.objects.exclude(device=there.app.device).exists()


def foreign_steps(there: There, about: Any = None) -> list[dict[str, Any]]:
    """Every step about an incident there, or about one that does not exist."""
    known = {"about": str(about or there.incident.pk), "base": there.incident.version}
    bodies: dict[str, dict[str, Any]] = {
        "sign": {}, "start": {}, "answer": {"text": "x"}, "verify": {"note": "x"}, "rework": {"reason": "x"},
        "extend": {"days": 1, "reason": "x"}, "photo": {"stage": "report"},
    }  # fmt: skip
    return [step(name, number, body=body, **known) for number, (name, body) in enumerate(bodies.items(), 1)]


def test_no_step_is_done_about_an_incident_there_and_it_is_as_if_there_were_none(here: App, there: There) -> None:
    for about in (None, uuid4()):
        queue = foreign_steps(there, about)
        for each in queue:
            here.call("PUT", f"/photos/{each['id']}?device={here.device}", picture())
        answers = here.send(*queue).json()["answers"]
        assert len(answers) == 7
        for answer in answers:
            assert {key: answer[key] for key in NOWHERE} == NOWHERE
    nothing_changed(there)


def test_no_visit_there_is_handed_in_and_no_report_made_on_its_cells(here: App, there: There) -> None:
    answers = here.send(
        step("visit", 1, body={"visit": str(there.visit.pk)}),
        step("visit", 2, body={"visit": str(uuid4())}),
        step("report", 3, body={"category": "rubbish", "title": "x", "area": there.incident.cell_id}),
        step("report", 4, body={"category": "rubbish", "title": "x", "area": 2**30}),
    ).json()["answers"]
    assert [each["code"] for each in answers] == ["not-found", "not-found", "no-such-area", "no-such-area"]
    assert [each["state"] for each in answers] == [None] * 4
    assert Incident.objects.count() == 1
    nothing_changed(there)


def test_a_photo_is_never_put_on_a_report_there(here: App, there: There) -> None:
    mine = step("photo", 1, body={"stage": "report", "of": there.report["id"]})
    here.call("PUT", f"/photos/{mine['id']}?device={here.device}", picture())
    (answer,) = here.send(mine).json()["answers"]
    assert (answer["code"], answer["state"]) == ("no-report-here", None)
    taken = here.call("PUT", f"/photos/{there.photo['id']}?device={here.device}", picture("blue"))
    assert taken.status_code == 404
    assert Photo.objects.get(pk=there.photo["id"]).device_id == Device.objects.get(pk=there.app.device).pk
    nothing_changed(there)


def test_a_step_there_is_no_forerunner_here(here: App, there: There) -> None:
    (answer,) = here.send(step("shift_on", 1, after=there.report["id"])).json()["answers"]
    assert answer["code"] == "depends"


def test_the_phone_there_is_none_for_anybody_here(here: App, there: There) -> None:
    mine, here.device = here.device, there.app.device
    answers = [
        here.down(),
        here.send(step("shift_on", 1)),
        here.call("PUT", f"/photos/{uuid4()}?device={here.device}", picture()),
        here.call("POST", f"/devices/{here.device}/revoke", {}),
    ]
    unknown = str(uuid4())
    nobody = here.call("GET", f"/down?device={unknown}")
    assert {answer.status_code for answer in answers} == {404}
    assert answers[0].json()["code"] == nobody.json()["code"] == "not-found"
    here.device = mine
    listed = here.call("GET", "/devices").json()["items"]
    assert [each["id"] for each in listed] == [mine]
    nothing_changed(there)


def test_down_tells_nothing_of_there(here: App, there: There) -> None:
    sequencer.drain()
    text = here.down().content.decode()
    assert '"whole":true' in text
    for word in (there.incident.pk, there.incident.number, there.visit.pk, there.visit.premises_id, "乙镇", "东区2镇"):
        assert str(word) not in text
    assert there.app.down().json()["patrol"]["visits"][0]["id"] == str(there.visit.pk)


def test_a_box_of_this_phone_opens_for_no_other_and_its_steps_reach_nothing_there(here: App, there: There) -> None:
    assert seal(here, step("shift_on", 1), device=there.app.device)["code"] == "box-broken"
    assert seal(here, step("shift_on", 1), device=here.device)[0]["result"] == "applied"
    Carried.objects.exclude(device=there.app.device).delete()
    queue = [*foreign_steps(there), step("visit", 8, body={"visit": str(there.visit.pk)})]
    assert [each["result"] for each in seal(here, *queue)] == ["kept"] * 8
    assert set(Kept.objects.filter(device=here.device).values_list("why", flat=True)) == {"not-found"}
    nothing_changed(there)


def test_what_is_kept_there_is_not_seen_or_decided_here(here: App, there: There, administrator_here: Post) -> None:
    boss = App(administrator_here)
    assert boss.call("GET", "/kept").json() == []
    for apply in (True, False):
        for kept in (there.kept.pk, uuid4()):
            answer = boss.call("POST", f"/kept/{kept}/decide", {"apply": apply, "reason": "x"})
            assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
    assert boss.call("POST", f"/devices/{there.app.device}/revoke", {}).status_code == 404
    assert boss.call("GET", "/devices").json()["items"][0]["id"] == here.device
    assert [each["id"] for each in App(there.administrator).call("GET", "/kept").json()] == [str(there.kept.pk)]
    nothing_changed(there)
    assert not Entry.objects.filter(kind="workflows.field_decided").exists()


def test_a_grid_worker_decides_about_nothing(here: App, there: There) -> None:
    assert here.call("GET", "/kept").status_code == 403
    assert here.call("POST", f"/kept/{there.kept.pk}/decide", {"apply": True}).status_code == 403
