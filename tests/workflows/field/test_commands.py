"""What was done on a phone happens once, in order, and tells what it could not do."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from PIL import Image
from tests.incidents.conftest import Town, make_town
from tests.workflows.field.conftest import Phone, make_phone

from qipan.foundation.devices import operations as devices
from qipan.foundation.devices.models import Carried, Photo
from qipan.foundation.journal.models import Command as Used
from qipan.foundation.journal.models import Entry
from qipan.foundation.posts.models import Shift
from qipan.incidents import operations
from qipan.incidents.models import Attachment, Incident
from qipan.workflows.field import commands, steps

pytestmark = pytest.mark.django_db


def results(answers: list[dict]) -> list[str]:
    return [each["result"] for each in answers]


def picture(colour: str = "red") -> bytes:
    out = BytesIO()
    Image.new("RGB", (64, 64), colour).save(out, "JPEG")
    return out.getvalue()


def day(town: Town, phone: Phone, incident: Incident) -> list[commands.Command]:
    return [
        phone.step("shift_on", at=town.at),
        phone.step("sign", about=incident, base=incident.version, at=town.at),
        phone.step("start", about=incident, base=incident.version, at=town.at),
        phone.step("answer", about=incident, base=incident.version, at=town.at, body={"text": "已修复"}),
        phone.step("shift_off", at=town.at),
    ]


def test_the_same_queue_sent_ten_times_happens_once(town: Town, phone: Phone) -> None:
    incident = town.dispatched()
    queue = day(town, phone, incident)
    assert results(phone.send(*queue, at=town.later())) == ["applied"] * 5
    entries = Entry.objects.count()
    for _again in range(9):
        answers = phone.send(*queue, at=town.later())
        assert results(answers) == ["repeated"] * 5
        assert answers[3]["state"]["status"] == "answered"
    assert Entry.objects.count() == entries
    assert Carried.objects.count() == 5
    assert Shift.objects.count() == 1


def test_a_queue_broken_off_half_way_goes_on(town: Town, phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    incident = town.dispatched()
    queue = day(town, phone, incident)
    real, done = commands.once, []

    def dies(command, **more):
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(command)
        return real(command, **more)

    monkeypatch.setattr(commands, "once", dies)
    with pytest.raises(KeyboardInterrupt):
        phone.send(*queue, at=town.later())
    monkeypatch.undo()
    assert results(phone.send(*queue, at=town.later())) == ["repeated"] * 2 + ["applied"] * 3


def test_what_breaks_inside_a_step_leaves_nothing_of_it(
    town: Town, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    incident = town.dispatched()
    command = phone.step("sign", about=incident, base=incident.version, at=town.at)

    def breaks(*_args, **_more):
        raise RuntimeError

    monkeypatch.setattr(commands, "_keep", breaks)
    (answer,) = phone.send(command, at=town.later())
    assert (answer["result"], answer["code"]) == ("refused", "broken")
    monkeypatch.undo()
    incident.refresh_from_db()
    assert incident.status == "dispatched"
    assert not Used.objects.filter(pk=command.id).exists()
    assert results(phone.send(command, at=town.later())) == ["applied"]


def test_two_phones_of_one_post_are_told_of_each_other_as_a_conflict(town: Town, phone: Phone) -> None:
    other = make_phone(town.handler, town.at)
    incident = town.dispatched()
    first = phone.step("sign", about=incident, base=incident.version, at=town.at)
    second = other.step("sign", about=incident, base=incident.version, at=town.at)
    assert results(phone.send(first, at=town.later())) == ["applied"]
    (answer,) = other.send(second, at=town.later())
    assert (answer["result"], answer["code"]) == ("conflict", "changed-meanwhile")
    assert answer["state"]["status"] == "signed"
    assert answer["state"]["steps"] == ["start", "answer"]


def signed(town: Town) -> Incident:
    return operations.sign(incident_id=town.dispatched().pk, by=town.handler, at=town.later())


CONFLICTS: dict = {
    "sign": ({}, Town.dispatched),
    "start": ({}, signed),
    "answer": ({"text": "已修复"}, signed),
    "extend": ({"days": 1, "reason": "等配件"}, signed),
}


@pytest.mark.parametrize("step", CONFLICTS)
def test_whatever_somebody_else_did_meanwhile_is_a_conflict(town: Town, phone: Phone, step: str) -> None:
    body, make = CONFLICTS[step]
    incident = make(town)
    known = incident.version
    operations.ask(incident_id=incident.pk, kind="major", reason="多户反映", by=town.handler, at=town.later())
    before = Entry.objects.count()
    (answer,) = phone.send(phone.step(step, about=incident, base=known, body=body, at=town.at), at=town.later())
    assert answer["result"] == "conflict"
    assert answer["state"]["version"] == known + 1
    assert Entry.objects.count() == before
    anew = phone.step(step, about=incident, base=known + 1, body=body, at=town.at)
    assert results(phone.send(anew, at=town.later())) == ["applied"]


def test_an_incident_of_another_township_is_refused_as_not_found(town: Town, phone: Phone) -> None:
    stranger = make_town("乙区")
    incident = stranger.dispatched()
    for about in (incident.pk, uuid4()):
        (answer,) = phone.send(phone.step("sign", about=about, base=0, at=town.at), at=town.later())
        assert (answer["result"], answer["code"], answer["state"]) == ("refused", "not-found", None)


def test_a_refusal_is_in_words_and_stops_only_what_depends_on_it(town: Town, phone: Phone) -> None:
    incident = town.dispatched()
    early = phone.step("answer", about=incident, base=incident.version, body={"text": "已修复"}, at=town.at)
    later = phone.step("photo", about=incident, after=early.id, body={"stage": "answer"}, at=town.at)
    free = phone.step("shift_on", at=town.at)
    strange = phone.step("dance", at=town.at)
    empty = phone.step("answer", about=incident, at=town.at)
    answers = phone.send(early, later, free, strange, empty, at=town.later())
    assert [each["code"] for each in answers] == ["wrong-step", "depends", "", "unknown-step", "step-incomplete"]
    assert "text" in answers[4]["detail"]


def test_a_step_whose_forerunner_never_came_waits(town: Town, phone: Phone) -> None:
    (answer,) = phone.send(phone.step("shift_on", after=uuid4(), at=town.at), at=town.later())
    assert answer["code"] == "depends"
    assert not Shift.objects.exists()


@pytest.mark.parametrize(("ago", "flagged"), [(timedelta(minutes=4), False), (timedelta(hours=7), True)])
def test_the_corrected_time_is_evidence_and_flagged_beyond_five_minutes(
    town: Town, ago: timedelta, flagged: bool
) -> None:
    hour = 3_600_000
    phone = make_phone(town.handler, town.at, offset=hour)  # its clock is an hour behind
    now = town.later()
    phone.send(phone.step("shift_on", at=now - ago - timedelta(hours=1)), at=now)
    detail = Entry.objects.get(kind="workflows.field_step").detail
    assert detail["flagged"] is flagged
    assert detail["clock_flagged"] is True
    assert detail["seconds_apart"] == ago.total_seconds()
    assert Carried.objects.get().corrected_time == now - ago
    assert Shift.objects.get().opened_at == now  # the server's time counts


def test_a_report_with_its_photos_arrives_whole(town: Town) -> None:
    phone = make_phone(town.grid_worker, town.at)
    report = phone.step("report", at=town.at, body={"category": "rubbish", "title": "垃圾堆放", "area": town.cell.pk})
    more = phone.step("photo", after=report.id, body={"stage": "report", "of": str(report.id)}, at=town.at)
    devices.keep_photo(command_id=report.id, content=picture(), device=phone.device, at=town.at)
    answers = phone.send(report, more, at=town.later())
    assert [each["code"] for each in answers] == ["", "photo-not-here"]
    devices.keep_photo(command_id=more.id, content=picture("blue"), device=phone.device, at=town.at)
    devices.keep_photo(command_id=more.id, content=picture("blue"), device=phone.device, at=town.at)
    answers = phone.send(report, more, at=town.later())
    assert results(answers) == ["repeated", "applied"]
    assert Incident.objects.count() == 1
    assert Attachment.objects.filter(incident=answers[0]["state"]["id"], stage="report").count() == 2
    assert not Photo.objects.exists()


def test_what_is_no_photo_is_refused_and_the_step_with_it(town: Town, phone: Phone) -> None:
    incident = signed(town)
    answer = phone.step("answer", about=incident, base=incident.version, body={"text": "已修复"}, at=town.at)
    devices.keep_photo(command_id=answer.id, content=b"GIF8 nothing", device=phone.device, at=town.at)
    (said,) = phone.send(answer, at=town.later())
    assert said["code"] == "not-a-photo"
    incident.refresh_from_db()
    assert incident.status == "signed"
    devices.keep_photo(command_id=answer.id, content=picture(), device=phone.device, at=town.at)
    assert results(phone.send(answer, at=town.later())) == ["applied"]


def test_every_step_of_the_protocol_has_its_operation() -> None:
    assert set(steps.STEPS) == {
        "report", "sign", "start", "answer", "verify", "rework", "extend", "visit", "shift_on", "shift_off", "photo",
    }  # fmt: skip


def test_verify_and_rework_by_who_was_asked(town: Town) -> None:
    phone = make_phone(town.grid_worker, town.at)
    incident = town.answered()
    operations.check_back(incident_id=incident.pk, verifier=town.grid_worker, by=town.dispatcher, at=town.later())
    incident.refresh_from_db()
    back = phone.step("rework", about=incident, base=incident.version, body={"reason": "灯仍不亮"}, at=town.at)
    assert results(phone.send(back, at=town.later())) == ["applied"]
    operations.answer(incident_id=incident.pk, text="已修复", by=town.handler, at=town.later())
    operations.check_back(incident_id=incident.pk, verifier=town.grid_worker, by=town.dispatcher, at=town.later())
    incident.refresh_from_db()
    well = phone.step("verify", about=incident, base=incident.version, body={"note": "已亮"}, at=town.at)
    (answer,) = phone.send(well, at=town.later())
    assert (answer["result"], answer["state"]["status"]) == ("applied", "closed")


@settings(max_examples=12, suppress_health_check=list(HealthCheck))
@given(orders=some.lists(some.permutations(range(5)), min_size=1, max_size=2), cut=some.integers(1, 5))
def test_in_whatever_order_and_pieces_it_is_delivered_the_end_is_the_same(
    django_db_blocker, orders: list[list[int]], cut: int
) -> None:
    from django.db import transaction

    with transaction.atomic():
        town = make_town(f"区{uuid4().hex[:8]}")
        phone = make_phone(town.handler, town.at)
        queue = day(town, phone, town.dispatched())
        chained = [queue[0]]
        for each in queue[1:]:
            chained.append(replace(each, after=chained[-1].id))
        for order in orders:
            mixed = [chained[number] for number in order]
            for piece in (mixed[:cut], mixed[cut:]):
                phone.send(*piece, at=town.later())
        for _round in range(5):
            answers = phone.send(*chained, at=town.later())
        assert results(answers) == ["repeated"] * 5
        assert Carried.objects.filter(device=phone.device).count() == 5
        assert Incident.objects.get(pk=queue[1].about).status == "answered"
        transaction.set_rollback(True)
