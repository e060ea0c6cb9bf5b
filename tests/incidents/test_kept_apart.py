"""What must not be seen stays unseen when a matter changes: recategorised, merged, imported, answered, accused."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests import factories
from tests.incidents.conftest import Town
from tests.incidents.pages.test_reports import photo

from qipan.foundation.duties.models import Duty
from qipan.foundation.journal.rules import Class
from qipan.foundation.outbox.models import Message
from qipan.foundation.posts.rules import Role
from qipan.foundation.vault.models import Card
from qipan.incidents import access, operations, queries
from qipan.incidents.models import Attachment, Incident
from qipan.incidents.operations.attach import settings as attach_settings
from qipan.incidents.operations.desk import ToTheAccused
from qipan.incidents.operations.report import OnlyTheAccused, Place
from qipan.incidents.queries import scores

PHONE = "13800138000"


@pytest.fixture(autouse=True)
def folder(tmp_path, settings) -> None:
    settings.FILES = tmp_path


def test_what_becomes_private_leaves_no_words_behind(town: Town, django_capture_on_commit_callbacks) -> None:
    incident = town.report(
        "noise", title="夫妻吵架摔东西", text="楼上张某某打妻子", place=Place(area=town.cell, address="3号楼")
    )
    (one,) = operations.add_photos(
        incident_id=incident.id, stage="report", files=[photo().read()], by=town.dispatcher, at=town.later()
    )
    open_file = attach_settings.FILES / one.path
    with django_capture_on_commit_callbacks(execute=True):
        operations.accept(
            incident_id=incident.id, category=town.category("family"), by=town.dispatcher, at=town.later()
        )
    incident = Incident.objects.get(pk=incident.pk)
    assert incident.private
    assert (incident.title, incident.text, incident.address) == ("婚姻家庭纠纷", "", "")
    found = queries.page(viewer=town.commander, filters=queries.Filters(text="打妻子"), now=town.at)
    assert found.rows == []
    assert set(Duty.objects.filter(about_id=incident.pk).values_list("title", "privacy")) == {
        ("婚姻家庭纠纷", Class.PRIVATE)
    }
    card = Card.objects.get(pk=incident.text_card)
    assert (card.purpose, card.retention, card.masked) == (
        "incidents.private",
        "dispute",
        {"text": "***", "address": "***"},
    )
    sealed = Attachment.objects.get(pk=one.pk)
    assert sealed.sealed and sealed.card and not open_file.exists()
    assert not (attach_settings.FILES / sealed.path).read_bytes().startswith(b"\xff\xd8")


def test_masked_words_that_become_private_keep_their_one_card(town: Town) -> None:
    incident = town.report("noise", title="吵架", text=f"电话 {PHONE}")
    card = incident.text_card
    operations.accept(incident_id=incident.id, category=town.category("family"), by=town.dispatcher, at=town.later())
    incident = Incident.objects.get(pk=incident.pk)
    assert (incident.text_card, incident.title, incident.text) == (card, "婚姻家庭纠纷", "")
    assert Card.objects.get(pk=card).retention == "dispute"


def test_violence_recognised_at_the_village_desk_leaves_the_village(town: Town) -> None:
    desk = factories.unit(area=town.village, kind="centre", name="村网格化中心")
    village = factories.post(Role.DISPATCHER, town.village, desk)
    incident = town.report("family", title="吵架", text="丈夫打人")
    assert incident.desk == desk
    operations.accept(incident_id=incident.id, category=town.category("violence"), by=village, at=town.later())
    incident = Incident.objects.get(pk=incident.pk)
    assert incident.desk == town.desk
    assert Duty.objects.get(about_id=incident.pk, ended_at=None).unit == town.desk
    assert not access.visible(viewer=village).filter(pk=incident.pk).exists()
    assert not Duty.objects.filter(about_id=incident.pk, village=town.village).exists()


def test_the_village_does_not_count_what_it_may_not_see(town: Town) -> None:
    village = factories.post(Role.COMMANDER, town.village)
    one = town.report("violence", title="家暴", by=town.dispatcher)
    Incident.objects.filter(pk=one.pk).update(
        status="closed", closed_at=town.at, outcome="solved", unit=town.department
    )
    day = town.at.date()
    for post, groups in ((village, 0), (town.commander, 1)):
        found = scores.scores(viewer=post, since=day - timedelta(days=3), until=day + timedelta(days=3), at=town.at)
        assert len(found) == groups


def test_numbers_in_what_staff_write_are_kept_nowhere(town: Town) -> None:
    asked = town.dispatched()
    operations.remind(incident_id=asked.id, by=town.commander, at=town.later(), note_text=f"回 {PHONE}")
    one = operations.ask(
        incident_id=asked.id, kind="extension", days=2, reason=f"住户 {PHONE} 不在" + "等" * 400, by=town.handler,
        at=town.later(),
    )  # fmt: skip
    operations.decide(ask_id=one.id, approve=True, reason=f"已问 {PHONE}", by=town.dispatcher, at=town.later())
    one.refresh_from_db()
    extension = Duty.objects.get(about_id=asked.pk, kind="incidents.handle").extensions.get()
    declined = town.with_contact("water")
    operations.decline(incident_id=declined.id, reason=f"请拨 {PHONE}", by=town.dispatcher, at=town.later())
    declined.refresh_from_db()
    police = town.report("police", title="治安", by=town.dispatcher)
    above = factories.post(Role.DISPATCHER, town.district, town.centre)
    operations.accept(incident_id=police.id, by=above, at=town.later())
    operations.refer(incident_id=police.id, receipt=f"民警 {PHONE}", by=above, at=town.later())
    police.refresh_from_db()
    kept = [asked.reminders.get().note, one.reason, one.decision, extension.reason, declined.answer, police.answer,
            *Message.objects.values_list("body", flat=True)]  # fmt: skip
    assert not [text for text in kept if PHONE in text]


def test_the_words_of_a_report_may_hold_any_character(town: Town) -> None:
    incident = town.report(title="路灯\x1e不亮", text="门口\x1e黑")
    assert (incident.title, incident.text, incident.address) == ("路灯 不亮", "门口 黑", "")


def test_the_accused_neither_receive_nor_see_nor_help_with_what_is_said_of_them(town: Town) -> None:
    above = factories.post(Role.DISPATCHER, town.district, town.centre)
    incident = town.report("accusation", title="举报", by=above, accused=town.desk)
    assert not access.visible(viewer=town.dispatcher).filter(pk=incident.pk).exists()
    assert access.visible(viewer=above).filter(pk=incident.pk).exists()
    with pytest.raises(OnlyTheAccused):
        town.report("accusation", title="举报", by=town.dispatcher, accused=town.centre)
    other = town.report("accusation", title="举报", by=above, accused=town.other)
    operations.accept(incident_id=other.id, by=above, at=town.later())
    operations.dispatch(incident_id=other.id, unit=town.department, by=above, at=town.later())
    with pytest.raises(ToTheAccused):
        operations.ask(incident_id=other.id, kind="assist", unit=town.other, reason="协助", by=town.handler,
                       at=town.later())  # fmt: skip
