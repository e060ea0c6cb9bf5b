"""The board's page: who has one, what its figures count, and what it tells of an incident that was picked."""

from __future__ import annotations

import json
import re
from uuid import uuid4

import pytest
from django.test import Client
from tests import factories
from tests.incidents.conftest import Town, make_town

from qipan.incidents import operations


@pytest.fixture
def town(db: None) -> Town:
    return make_town()


@pytest.fixture
def client(town: Town) -> Client:
    return factories.sign_in(Client(), town.dispatcher)


def test_the_page_gives_its_script_words_addresses_and_figures(client: Client, town: Town) -> None:
    town.report()
    page = client.get("/board/")
    assert page.status_code == 200
    found = re.search(r'<script id="board-data" type="application/json">(.*?)</script>', page.content.decode(), re.S)
    assert found
    data = json.loads(found[1])
    assert data["figures"] == client.get("/board/figures.json").json()
    assert client.get(data["addresses"]["outline"]).status_code == 200
    for name in ("map", "duties", "find", "premises", "list", "work"):
        assert client.get(data["addresses"][name]).status_code == 200, name


def test_each_figure_counts_the_rows_behind_it(client: Client, town: Town) -> None:
    late = town.report()
    operations.accept(incident_id=late.id, by=town.dispatcher, at=town.later())
    operations.supervise(incident_id=late.id, question="说明原因", by=town.commander, at=town.later())
    town.report("street-light")
    town.closed()
    figures = {one["key"]: one for one in client.get("/board/figures.json").json()}
    assert {key: one["value"] for key, one in figures.items()} == {
        "open": 2, "due": 0, "overdue": 2, "supervised": 1,
    }  # fmt: skip
    for one in figures.values():
        rows = client.get("/api/v1/incidents", {"state": one["key"]}).json()["rows"]
        assert len(rows) == one["value"], one["key"]
        assert client.get(one["link"]).content.decode().count("data-row") == one["value"]
    assert figures["overdue"]["tone"] == "overdue"
    assert figures["due"]["tone"] == ""  # nothing to be alarmed about


def test_a_figure_is_one_query_each(client: Client, django_assert_max_num_queries) -> None:
    client.get("/board/figures.json")
    with django_assert_max_num_queries(7):
        client.get("/board/figures.json")


def test_the_picked_incident_has_its_clock_its_steps_and_its_history(client: Client, town: Town) -> None:
    incident = town.report()
    page = client.get(f"/board/incidents/{incident.id}/").content.decode()
    assert incident.title in page
    assert f"/incidents/{incident.id}/do/accept/" in page
    assert 'class="clock-bar"' in page
    assert 'class="timeline"' in page


def test_the_words_of_a_private_matter_are_not_on_the_board(client: Client, town: Town) -> None:
    incident = town.report("neighbours", text="邻居砌墙挡路")
    page = client.get(f"/board/incidents/{incident.id}/").content.decode()
    assert "邻居砌墙挡路" not in page


def test_an_incident_that_is_none_is_not_found(client: Client) -> None:
    assert client.get(f"/board/incidents/{uuid4()}/").status_code == 404
