"""Every page opens for whom it is, and for nobody else."""

from __future__ import annotations

import pytest
from django.test import Client
from tests import factories
from tests.incidents.conftest import Town, make_town

from qipan.foundation.posts.rules import Role
from qipan.incidents import operations
from qipan.incidents.models import Category

LISTS = ["", "supervisions/", "rules/categories/", "rules/routing/", "rules/caps/"]


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("who", ["commander", "dispatcher", "handler", "grid_worker", "administrator"])
def test_lists_open_for_all_who_see_incidents(recent: Town, as_, who: str, path: str) -> None:
    recent.closed()
    recent.report("neighbours", title="围墙", text="邻居砌墙")
    assert as_(getattr(recent, who)).get(f"/incidents/{path}").status_code == 200


@pytest.mark.parametrize("state", ["dispatched", "answered", "closed"])
@pytest.mark.parametrize("who", ["commander", "dispatcher", "handler", "grid_worker"])
def test_the_page_of_an_incident_opens_at_every_step(recent: Town, as_, who: str, state: str) -> None:
    incident = getattr(recent, state)()
    page = as_(getattr(recent, who)).get(f"/incidents/{incident.id}/")
    assert page.status_code == 200
    assert incident.number in page.content.decode()
    assert page["Cache-Control"] == "private, no-store"


def test_nobody_without_a_post_comes_in(recent: Town, client: Client) -> None:
    incident = recent.report()
    for path in ("", "new/", f"{incident.id}/", f"{incident.id}/do/accept/"):
        answer = client.get(f"/incidents/{path}")
        assert (answer.status_code, "/accounts/login/" in answer["Location"]) == (302, True)


def test_a_post_of_another_district_finds_and_changes_nothing(recent: Town, as_) -> None:
    incident = recent.with_contact("water")
    card = incident.reporters.get().card
    stranger = make_town("西区")
    for post in (stranger.commander, stranger.dispatcher, stranger.handler, stranger.grid_worker):
        client = as_(post)
        for path in ("", "do/accept/", "draft/"):
            assert client.get(f"/incidents/{incident.id}/{path}").status_code == 404
        for path in ("do/accept/", "do/remind/", f"reveal/{card}/", f"photos/{card}/"):
            assert client.post(f"/incidents/{incident.id}/{path}", {"reason": "x" * 20}).status_code == 404
        assert incident.number not in client.get("/incidents/").content.decode()
    category = Category.objects.get(district=recent.district, key="water", valid_to=None)
    assert as_(stranger.administrator).get(f"/incidents/rules/categories/{category.pk}/").status_code == 404
    incident.refresh_from_db()
    assert incident.status == "awaiting"


def test_a_role_without_sight_of_incidents_is_refused(recent: Town, as_) -> None:
    lab = factories.post(Role.LAB, recent.district)
    incident = recent.report()
    assert as_(lab).get("/incidents/").status_code == 403
    assert as_(lab).get(f"/incidents/{incident.id}/").status_code == 404
    assert as_(recent.handler).get("/incidents/call-backs/").status_code == 403


def test_the_auditor_reads_everything_and_may_do_nothing(recent: Town, as_) -> None:
    auditor = factories.post(Role.AUDITOR, recent.district)
    incident = recent.report("neighbours", text="邻居砌墙")
    operations.accept(incident_id=incident.id, by=factories.post(Role.DISPATCHER, recent.district), at=recent.later())
    page = as_(auditor).get(f"/incidents/{incident.id}/")
    assert page.status_code == 200
    assert page.context["ways"] == page.context["aside"] == []
    assert [entry["title"] for entry in page.context["entries"]][-1] == "Reported"
