"""Public health and emergencies: two hours for each level to report upward; what is not reported climbs by itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from tests import factories
from tests.incidents.conftest import Town
from tests.incidents.pages.conftest import command

from qipan.foundation.duties import sweeper
from qipan.foundation.duties.models import Duty
from qipan.foundation.journal.models import Entry
from qipan.foundation.outbox.models import Message
from qipan.foundation.posts.access import NotYours
from qipan.foundation.posts.models import Post
from qipan.foundation.posts.rules import Role
from qipan.incidents import operations
from qipan.incidents.models import Incident
from qipan.incidents.operations import upward


def owed(incident: Incident) -> Duty | None:
    return Duty.objects.filter(about_id=incident.id, kind=upward.KIND).exclude(state="ended").first()


def sweep(duty: Duty | None) -> None:
    assert duty is not None
    assert duty.due_at is not None
    sweeper.sweep(now=duty.due_at + timedelta(seconds=1))


@pytest.fixture
def district(town: Town) -> Post:
    return factories.post(Role.DISPATCHER, town.district, town.centre)


def test_each_level_has_two_hours_and_the_last_report_is_the_city_s(town: Town, district: Post) -> None:
    incident = town.report("cluster")
    first = owed(incident)
    assert first is not None
    assert (first.level, first.unit, first.due_at - first.starts_at) == (2, town.desk, timedelta(hours=2))
    operations.report_up(incident_id=incident.id, note_text="报区值班室", by=town.dispatcher, at=town.later())
    second = owed(incident)
    assert second is not None
    assert (second.level, second.unit, second.starts_at) == (1, town.centre, town.at)
    operations.report_up(incident_id=incident.id, note_text="报市应急局", by=town.commander, at=town.later())
    assert owed(incident) is None
    said = Entry.objects.filter(about_id=incident.id, kind="incidents.reported_up").order_by("id")
    assert [(entry.detail["level"], entry.reason) for entry in said] == [(2, "报区值班室"), (1, "报市应急局")]


def test_what_is_not_reported_climbs_by_itself_and_the_commander_is_told_of_the_city(
    town: Town, district: Post
) -> None:
    incident = town.report("cluster")
    sweep(owed(incident))
    climbed = owed(incident)
    assert climbed is not None
    assert (climbed.level, climbed.unit) == (1, town.centre)
    entry = Entry.objects.get(about_id=incident.id, kind="incidents.climbed")
    assert (entry.detail["level"], entry.post_id) == (2, None)
    assert Message.objects.filter(template="incidents.report_to_city", to_person=town.commander.person).exists()
    sweep(climbed)
    again = owed(incident)
    assert again is not None
    assert again.pk == climbed.pk, "above the district there is nobody of ours: it stays the commander's"
    incident.refresh_from_db()
    assert (incident.level, incident.desk) == (2, town.desk), "the work stays where it is"


def test_a_grant_to_escalate_is_a_report_and_a_reclassification_ends_the_duty(town: Town, district: Post) -> None:
    incident = town.report("cluster")
    asked = operations.ask(
        incident_id=incident.id, kind="escalate", reason="超出职权", by=town.dispatcher, at=town.later()
    )
    operations.decide(ask_id=asked.id, approve=True, reason="", by=district, at=town.later())
    duty = owed(incident)
    assert duty is not None
    assert duty.level == 1
    operations.accept(incident_id=incident.id, category=town.category("rubbish"), by=district, at=town.later())
    assert owed(incident) is None


def test_what_is_no_emergency_owes_nothing(town: Town) -> None:
    incident = town.report("rubbish")
    assert owed(incident) is None
    with pytest.raises(upward.NothingToReport):
        operations.report_up(incident_id=incident.id, note_text="报区", by=town.dispatcher, at=town.later())


def test_a_township_does_not_report_for_the_district_and_nobody_without_saying_to_whom(
    town: Town, district: Post
) -> None:
    incident = town.report("cluster")
    with pytest.raises(upward.NobodyNamed):
        operations.report_up(incident_id=incident.id, note_text=" ", by=town.dispatcher, at=town.later())
    sweep(owed(incident))
    with pytest.raises(NotYours):
        operations.report_up(incident_id=incident.id, note_text="报市", by=town.dispatcher, at=town.later())
    assert owed(incident) is not None


def test_it_is_reported_on_the_page_by_whoever_owes_it(town: Town, district: Post) -> None:
    incident = town.report("cluster")
    client = factories.sign_in(Client(), town.dispatcher)
    names = [one.action.name for one in client.get(f"/incidents/{incident.pk}/").context["ways"]]
    assert "report-up" in names
    sent = command(note="电话报区值班室")
    assert client.post(f"/incidents/{incident.pk}/do/report-up/", sent).status_code == 302
    names = [one.action.name for one in client.get(f"/incidents/{incident.pk}/").context["ways"]]
    assert "report-up" not in names, "the district's report is not the township's"


def test_what_was_closed_within_the_hour_is_still_reported_and_climbs(town: Town, district: Post) -> None:
    incident = town.closed("cluster")
    first = owed(incident)
    assert first is not None
    assert incident.status == "closed"
    client = factories.sign_in(Client(), town.dispatcher)
    names = [one.action.name for one in client.get(f"/incidents/{incident.pk}/").context["ways"]]
    assert "report-up" in names
    sweep(first)
    second = owed(incident)
    assert second is not None
    assert second.level == 1
    operations.report_up(incident_id=incident.id, note_text="报市", by=town.commander, at=town.later())
    assert owed(incident) is None
    incident.refresh_from_db()
    assert incident.due_at is None, "a file that is closed has no deadline of its own"
