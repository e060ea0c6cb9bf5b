"""A link to an incident is offered to whoever may open it, and to nobody else."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests import factories
from tests.incidents.conftest import Town

from qipan.foundation.duties.models import Duty
from qipan.foundation.interface import links
from qipan.foundation.outbox import operations as outbox
from qipan.foundation.outbox.models import Message
from qipan.foundation.posts.rules import Role


def address(incident) -> str:
    return f"/incidents/{incident.id}/"


def test_the_programme_office_of_a_unit_is_led_to_the_deadline_and_not_to_the_incident(recent: Town, as_) -> None:
    incident = recent.dispatched()
    duty = Duty.objects.get(about_id=incident.pk, kind="incidents.handle")
    client = as_(factories.post(Role.PROGRAMME, recent.district, recent.department))
    assert client.get(address(incident)).status_code in {403, 404}
    for page in ("/my-work/", f"/duties/{duty.pk}/explain/"):
        shown = client.get(page).content.decode()
        assert incident.title in shown
        assert address(incident) not in shown
    assert address(incident) in as_(recent.handler).get("/my-work/").content.decode()


def test_a_message_leads_only_where_its_reader_may_go(recent: Town, as_) -> None:
    incident = recent.dispatched()
    programme = factories.post(Role.PROGRAMME, recent.district, recent.department)
    for post in (programme, recent.handler):
        outbox.send(template="incidents.lapsed", to=post, context={"number": incident.number, "status": ""},
                    about=incident.about(), link=address(incident), at=datetime.now(UTC))  # fmt: skip
    told = Message.objects.get(to_person=programme.person, channel="app", link=address(incident))
    client = as_(programme)
    assert f"/messages/open/{told.pk}/" not in client.get("/messages/").content.decode()
    assert client.post(f"/messages/open/{told.pk}/").url == "/messages/"
    told = Message.objects.filter(to_person=recent.handler.person, channel="app", link=address(incident)).latest("pk")
    client = as_(recent.handler)
    assert str(told.pk) in client.get("/messages/").content.decode()
    assert client.post(f"/messages/open/{told.pk}/").url == address(incident)


def test_links_are_asked_for_once_and_for_the_own_not_at_all(recent: Town) -> None:
    incidents = [recent.report() for _ in range(3)]
    asked = [*map(address, incidents), "/my-work/", ""]
    with CaptureQueriesContext(connection) as queries:
        assert links.shut(asked, viewer=recent.grid_worker) == set()
    assert len(queries) == 1
    assert links.shut(asked, viewer=recent.handler) == set(map(address, incidents))
    with CaptureQueriesContext(connection) as queries:
        assert links.shut(asked, viewer=recent.handler, own=True) == set()
    assert len(queries) == 0
    lab = factories.post(Role.LAB, recent.district)
    assert links.shut(asked, viewer=lab, own=True) == set(map(address, incidents))
