"""A category is added and edited by forms, and over the API."""

from __future__ import annotations

from uuid import uuid4

from django.test import Client
from tests import factories
from tests.incidents.conftest import Town
from tests.incidents.pages.conftest import command

from qipan.incidents.rules.classes import days

NAMES = {"name": "充电桩故障", "name_en": "Charging pile"}


def test_it_is_added_on_the_page_of_its_class(recent: Town, as_) -> None:
    client = as_(recent.administrator)
    url = "/incidents/rules/categories/new/?klass=petition"
    assert url in client.get("/incidents/rules/categories/").content.decode()
    assert "信访工作条例" in client.get(url).content.decode()
    sent = {**NAMES, "key": "charging-pile", "public": "on", "on_lists": ["2"], "handle_0": "61", "handle_1": "days"}
    answer = client.post(url, command(**sent))
    assert (answer.status_code, "handle" in answer.context["form"].errors) == (422, True)
    sent["handle_0"] = "45"
    answer = client.post(url, command(**sent))
    added = recent.category("charging-pile")
    assert answer["Location"] == f"/incidents/rules/categories/{added.pk}/"
    assert (added.klass, added.on_lists, added.limits) == ("petition", [2], {"handle": days(45)})
    for field in ("key", "name", "name_en"):
        told = client.post(url, command(**{**sent, "key": "other", field: "13812345678"}))
        assert (told.status_code, field in told.context["form"].errors) == (422, True)
    taken = client.post(url, command(**sent))
    assert (taken.status_code, "key" in taken.context["form"].errors) == (409, True)
    assert as_(recent.dispatcher).get(url).status_code == 403
    assert client.get("/incidents/rules/categories/new/?klass=weather").status_code == 404


def test_its_place_and_that_it_is_never_mediated_are_edited_from_today_on(recent: Town, as_) -> None:
    incident = recent.closed("street-light")
    old = recent.category("street-light")
    sent = {"name": old.name, "name_en": old.name_en, "public": "on", "on_lists": ["2", "3", "4"], "order": "3",
            "never_mediated": "on"}  # fmt: skip
    assert as_(recent.administrator).post(f"/incidents/rules/categories/{old.pk}/", command(**sent)).status_code == 302
    new = recent.category("street-light")
    assert (new.order, new.never_mediated) == (3, True)
    incident.refresh_from_db()
    old.refresh_from_db()
    assert (incident.category_id, old.never_mediated) == (old.pk, False)
    page = as_(recent.administrator).get(f"/incidents/rules/categories/{recent.category('family').pk}/")
    assert "never_mediated" not in page.context["form"].fields, "a dispute is mediated"


def test_the_api_adds_one_once(recent: Town) -> None:
    client = factories.sign_in(Client(), recent.administrator)
    headers = {"Idempotency-Key": str(uuid4())}
    body = {"klass": "facility", "key": "charging-pile", **NAMES, "limits": {"handle": days(2)}}
    for _again in range(2):
        answer = client.post("/api/v1/incidents/categories", body, content_type="application/json", headers=headers)
        assert (answer.status_code, answer.json()["key"]) == (201, "charging-pile")
    assert recent.category("charging-pile").limits == {"handle": days(2)}
