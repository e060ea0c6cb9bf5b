"""The board's page: who has one, what its figures count, and what it tells of an incident that was picked."""

from __future__ import annotations

import json
import re
from html import unescape
from uuid import uuid4

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from tests import factories
from tests.incidents.conftest import Town, make_town


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
    assert data["start"]["figures"] == client.get("/api/v1/board/figures").json()
    addresses = data["addresses"]
    for name in ("map", "duties", "worst", "find", "figures", "list", "work"):
        assert client.get(addresses[name]).status_code == 200, name
    assert list(addresses["areas"]) == ["2", "3", "4"]
    for outline in addresses["areas"].values():
        assert "immutable" in client.get(outline).headers["Cache-Control"]
    for first in re.findall(r'rel="preload" as="fetch"[^>]*href="([^"]*)"', page.content.decode()):
        assert unescape(first) in {
            *addresses["areas"].values(),
            *(one for one in addresses.values() if isinstance(one, str)),
        }
    shipped = re.findall(r'(?:as="font"|rel="modulepreload")[^>]*href="([^"]*)"', page.content.decode())
    assert {one.rsplit(".", 1)[1] for one in shipped} == {"woff2", "js"}
    for one in shipped:
        assert finders.find(one.removeprefix("/static/")), one


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
