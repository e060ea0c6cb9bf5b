"""What staff write in a private matter is sealed as the report's own words are; in its place stands a mark."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from tests import factories
from tests.incidents.conftest import Town

from qipan.foundation.journal.models import Entry
from qipan.foundation.outbox.models import Message
from qipan.foundation.posts.models import Post
from qipan.foundation.posts.rules import Role
from qipan.foundation.vault import operations as vault
from qipan.incidents import operations
from qipan.incidents.models import Assistance, Incident
from qipan.incidents.operations.said import SEALED
from qipan.incidents.rules.steps import WrongStep

SECRET = "丈夫酗酒，妻子暂住娘家"


@pytest.fixture
def dispatcher(town: Town) -> Post:
    town.at = timezone.now() - timedelta(hours=3)
    return factories.post(Role.DISPATCHER, town.district, town.centre)


def handled(town: Town, dispatcher: Post) -> Incident:
    incident = town.with_contact("neighbours", by=dispatcher, title="邻里纠纷", text="围墙")
    operations.accept(incident_id=incident.id, by=dispatcher, at=town.later())
    operations.dispatch(incident_id=incident.id, unit=town.department, note=SECRET, by=dispatcher, at=town.later())
    operations.sign(incident_id=incident.id, by=town.handler, at=town.later())
    return incident


def kept(*tables: type) -> str:
    return json.dumps([list(table.objects.values()) for table in tables], default=str, ensure_ascii=False)


def everything() -> str:
    sides = (model for model in Incident._meta.apps.get_app_config("incidents").get_models())
    return kept(*sides, Entry, Message)


def test_nothing_written_in_a_private_matter_is_kept_in_the_open(town: Town, dispatcher: Post) -> None:
    incident = handled(town, dispatcher)
    key = {"incident_id": incident.id}
    asked = operations.ask(**key, kind="extension", days=1, reason=SECRET, by=town.handler, at=town.later())
    operations.decide(ask_id=asked.id, approve=False, reason=SECRET, by=town.commander, at=town.later())
    operations.remind(**key, note_text=SECRET, by=town.commander, at=town.later())
    supervision = operations.supervise(**key, question=SECRET, by=town.commander, at=town.later())
    operations.answer_supervision(supervision_id=supervision.id, text=SECRET, by=town.handler, at=town.later())
    operations.end_supervision(supervision_id=supervision.id, note_text=SECRET, by=town.commander, at=town.later())
    Assistance.objects.create(incident=incident, unit=town.other, asked_at=town.later())
    operations.answer_assistance(**key, text=SECRET, by=town.colleague, at=town.later())
    operations.answer(**key, text=SECRET, by=town.handler, at=town.later())
    operations.rework(**key, reason=SECRET, by=dispatcher, at=town.later())
    operations.answer(**key, text=SECRET, by=town.handler, at=town.later())
    operations.close(**key, note=SECRET, by=dispatcher, at=town.later())
    reporter = incident.reporters.get()
    rating = operations.rate(reporter_id=reporter.pk, stars=1, comment=SECRET, at=town.later())
    operations.call_back(rating_id=rating.pk, note=SECRET, by=dispatcher, at=town.later())
    assert SECRET not in everything()
    incident.refresh_from_db()
    assert incident.answer == SEALED
    words = vault.reveal(card_id=incident.text_card, by=dispatcher, at=town.later(), reason="核查办理情况")
    assert words["answer"] == SECRET
    assert words["other"].count(SECRET) == 12
    assert "围墙" in words["text"]
    reasons = Entry.objects.filter(about_id=incident.pk, kind="incidents.dispatched").values_list("reason", flat=True)
    assert list(reasons) == [SEALED]


def test_an_open_matter_is_answered_in_the_open(town: Town) -> None:
    incident = town.answered("street-light")
    assert (incident.answer, incident.text_card) == ("已修复", None)


def test_a_refusal_leaves_nothing_behind(town: Town, dispatcher: Post) -> None:
    incident = handled(town, dispatcher)
    before = vault.reveal(card_id=incident.text_card, by=dispatcher, at=town.later(), reason="核查办理情况")
    with pytest.raises(WrongStep):
        operations.reopen(incident_id=incident.id, reason=SECRET, by=dispatcher, at=town.later())
    after = vault.reveal(card_id=incident.text_card, by=dispatcher, at=town.later(), reason="核查办理情况")
    assert before == after


def test_the_reporter_reads_the_answer_by_the_code_and_no_message_tells_it(town: Town, dispatcher: Post) -> None:
    incident = handled(town, dispatcher)
    operations.answer(incident_id=incident.id, text=SECRET, by=town.handler, at=town.later())
    operations.close(incident_id=incident.id, note="来电时哭了", by=dispatcher, at=town.later())
    assert Message.objects.filter(template="incidents.closed_private").exists()
    assert not Message.objects.filter(template="incidents.closed").exists()
    page = Client().post("/public/track/", {"code": town.code}).content.decode()
    assert SECRET in page
    assert "来电时哭了" not in page
    assert Entry.objects.filter(kind="vault.used", reason="incidents.tracked").count() == 1
    assert SECRET not in Client().post("/public/track/", {"code": "ABCD-EFGH-JKLM"}).content.decode()


def test_the_file_shows_the_mark_and_the_look_shows_the_words(town: Town, dispatcher: Post) -> None:
    incident = handled(town, dispatcher)
    operations.answer(incident_id=incident.id, text=SECRET, by=town.handler, at=town.later())
    client = factories.sign_in(Client(), dispatcher)
    page = client.get(f"/incidents/{incident.pk}/").content.decode()
    assert SECRET not in page
    assert "以 *** 代替" in page
    assert SECRET not in client.get(f"/api/v1/incidents/{incident.pk}").content.decode()
    incident.refresh_from_db()
    look = client.post(f"/incidents/{incident.pk}/reveal/{incident.text_card}/", {"reason": "核查办理情况"})
    assert look.content.decode().count(SECRET) == 2
    assert factories.sign_in(Client(), town.administrator).get(f"/incidents/{incident.pk}/").status_code == 404


def test_what_was_written_before_it_became_private_is_sealed_with_it(town: Town) -> None:
    town.at = timezone.now() - timedelta(hours=3)
    incident = town.dispatched("street-light")
    operations.sign(incident_id=incident.id, by=town.handler, at=town.later())
    operations.remind(incident_id=incident.id, note_text=SECRET, by=town.commander, at=town.later())
    operations.answer(incident_id=incident.id, text=SECRET, by=town.handler, at=town.later())
    operations.change_category(
        category=town.category("street-light"), changes={"private": True}, by=town.administrator, at=town.later()
    )
    incident.refresh_from_db()
    assert incident.answer == SEALED
    assert SECRET not in kept(*Incident._meta.apps.get_app_config("incidents").get_models())
    words = vault.reveal(card_id=incident.text_card, by=town.dispatcher, at=town.later(), reason="核查办理情况")
    assert words["answer"] == SECRET
    assert SECRET in words["other"]
