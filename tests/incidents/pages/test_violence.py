"""What pages and the API ask and say where a category is never mediated."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.test import Client
from tests import factories
from tests.incidents.conftest import Town
from tests.incidents.pages.conftest import command

from qipan.foundation.posts.models import Post
from qipan.foundation.posts.rules import Role
from qipan.incidents import operations
from qipan.incidents.models import Incident
from qipan.incidents.rules.steps import Status


@pytest.fixture
def dispatcher(recent: Town) -> Post:
    return factories.post(Role.DISPATCHER, recent.district, recent.centre)


def test_the_report_form_asks_about_the_victim_and_keeps_it(recent: Town, as_, dispatcher: Post) -> None:
    client = as_(dispatcher)
    page = client.get("/incidents/new/").content.decode()
    assert 'value="violence" data-never-mediated' in page
    assert page.count("data-never-mediated") == 1
    answer = client.post("/incidents/new/", command(
        category="violence", area=str(recent.village.pk), title="家中有人动手", victim_cannot_act="on", way="report",
        channel="phone", nonce="n" * 24,
    ))  # fmt: skip
    assert answer.status_code == 302, answer.context["form"].errors
    assert Incident.objects.get().victim_cannot_act is True


def test_the_acceptance_asks_and_the_file_offers_the_police_alone(recent: Town, as_, dispatcher: Post) -> None:
    incident = recent.report("violence", by=dispatcher)
    client = as_(dispatcher)
    form = client.get(f"/incidents/{incident.pk}/do/accept/").context["form"]
    assert "victim_cannot_act" in form.fields
    sent = command(category="violence", victim_cannot_act="on", urgent="on")
    assert client.post(f"/incidents/{incident.pk}/do/accept/", sent).status_code == 302
    page = client.get(f"/incidents/{incident.pk}/")
    assert [one.action.name for one in page.context["ways"] if one.action.kind == "primary"] == ["refer"]
    assert "Police only" in page.content.decode()


def test_the_dispatcher_says_that_the_victim_chose(recent: Town, as_, dispatcher: Post) -> None:
    incident = recent.report("violence", by=dispatcher)
    operations.accept(incident_id=incident.id, by=dispatcher, at=recent.later())
    client, url = as_(dispatcher), f"/incidents/{incident.pk}/do/dispatch/"
    answer = client.post(url, command(unit=str(recent.department.pk), note=""))
    assert answer.status_code == 422
    assert "chosen_by_victim" in answer.context["form"].errors
    sent = command(unit=str(recent.department.pk), note="", chosen_by_victim="on")
    assert client.post(url, sent).status_code == 302


def test_nobody_else_is_asked_about_a_victim(recent: Town, as_) -> None:
    incident = recent.report("street-light")
    operations.accept(incident_id=incident.id, by=recent.dispatcher, at=recent.later())
    form = as_(recent.dispatcher).get(f"/incidents/{incident.pk}/do/dispatch/").context["form"]
    assert "chosen_by_victim" not in form.fields


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_no_page_of_it_speaks_of_mediation(recent: Town, dispatcher: Post, language: str) -> None:
    incident = recent.report("violence", by=dispatcher)
    operations.accept(incident_id=incident.id, by=dispatcher, at=recent.later())
    operations.dispatch(incident_id=incident.id, unit=recent.department, chosen_by_victim=True, by=dispatcher,
                        at=recent.later())  # fmt: skip
    operations.sign(incident_id=incident.id, by=recent.handler, at=recent.later())
    handler = factories.sign_in(Client(headers={"Accept-Language": language}), recent.handler)
    desk = factories.sign_in(Client(headers={"Accept-Language": language}), dispatcher)
    for status in (Status.SIGNED, Status.HANDLING, Status.ANSWERED, Status.VERIFYING):
        Incident.objects.filter(pk=incident.pk).update(status=status)
        for client in (handler, desk):
            page = client.get(f"/incidents/{incident.pk}/").content.decode()
            for word in ("ediat", "greement", "调解", "协议"):
                assert word not in page


def test_the_api_takes_and_tells_it(recent: Town, dispatcher: Post) -> None:
    client = factories.sign_in(Client(), dispatcher)

    def post(path: str, **body: object):
        headers = {"Idempotency-Key": str(uuid4())}
        return client.post(f"/api/v1/incidents{path}", body, content_type="application/json", headers=headers)

    made = post("", category="violence", title="求助", area=recent.cell.pk, victim_cannot_act=True)
    assert made.status_code == 201
    key = made.json()["id"]
    assert client.get(f"/api/v1/incidents/{key}").json()["victim_cannot_act"] is True
    assert post(f"/{key}/accept", victim_cannot_act=False).status_code == 200
    refused = post(f"/{key}/dispatch", unit=recent.department.pk)
    assert (refused.status_code, refused.json()["code"]) == (422, "victim-chooses")
    assert post(f"/{key}/dispatch", unit=recent.department.pk, chosen_by_victim=True).status_code == 200


def test_the_handler_marks_the_victim_and_is_led_back_to_the_list(recent: Town, as_, dispatcher: Post) -> None:
    incident = recent.report("violence", by=dispatcher)
    operations.accept(incident_id=incident.id, by=dispatcher, at=recent.later())
    operations.dispatch(incident_id=incident.id, unit=recent.department, chosen_by_victim=True, by=dispatcher,
                        at=recent.later())  # fmt: skip
    client, url = as_(recent.handler), f"/incidents/{incident.pk}/do/victim/"
    assert "The victim cannot act" in client.get(f"/incidents/{incident.pk}/").content.decode()
    assert client.get(url).status_code == 200
    answer = client.post(url, command())
    assert (answer.status_code, answer["Location"]) == (302, "/incidents/")
    assert client.get(f"/incidents/{incident.pk}/").status_code == 404
    page = as_(dispatcher).get(f"/incidents/{incident.pk}/")
    assert [one.action.name for one in page.context["ways"] if one.action.kind == "primary"] == ["refer"]
    headers = {"Idempotency-Key": str(uuid4())}
    again = as_(dispatcher).post(f"/api/v1/incidents/{incident.pk}/mark-victim", headers=headers)
    assert (again.status_code, again.json()["code"]) == (409, "marked-already")
