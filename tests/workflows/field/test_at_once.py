"""The same steps from a phone many times at once, and deaths between them: against a real database, with threads."""

from __future__ import annotations

import json
import random
from threading import Event
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from tests.incidents.conftest import Town, make_town
from tests.incidents.test_at_once import at_once
from tests.workflows.field.test_api import App, step
from tests.workflows.field.test_commands import picture

from qipan.foundation.devices.models import Carried, Device, Photo
from qipan.foundation.journal.models import Command as Used
from qipan.foundation.journal.models import Entry
from qipan.foundation.posts.models import Shift
from qipan.incidents.models import Attachment, Incident
from qipan.workflows.field import commands

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


@pytest.fixture
def town() -> Town:
    made = make_town()
    made.at = timezone.now()
    return made


@pytest.fixture
def app(town: Town) -> App:
    made = App(town.handler)
    assert made.bind().status_code == 201
    return made


def twin(app: App, town: Town) -> App:
    """The same phone on one more connection."""
    other = App(town.handler)
    other.device, other.private = app.device, app.private
    return other


def results(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [each["result"] for each in answer.json()["answers"]]


def day(incidents: list[Incident]) -> list[dict[str, Any]]:
    """Three steps for each incident, between the beginning and the end of a shift: each names the one before it."""
    queue = [step("shift_on", 1)]
    for incident in incidents:
        known = {"about": str(incident.pk), "base": incident.version}
        for name in ("sign", "start", "answer"):
            body = {"text": "已修复"} if name == "answer" else {}
            queue.append(step(name, len(queue) + 1, after=queue[-1]["id"], body=body, **known))
    return [*queue, step("shift_off", len(queue) + 1, after=queue[-1]["id"])]


def test_one_step_from_ten_connections_at_once_happens_once(town: Town, app: App) -> None:
    incident = town.dispatched()
    sign = step("sign", 1, about=str(incident.pk), base=incident.version)
    apps = [twin(app, town) for _ in range(10)]
    answers = [results(each) for each in at_once(10, lambda number: apps[number].send(sign))]
    assert sorted(answers) == [["applied"], *[["repeated"]] * 9]
    assert Carried.objects.count() == Used.objects.filter(pk=sign["id"]).count() == 1
    assert Entry.objects.filter(kind="incidents.signed", about_id=incident.pk).count() == 1
    assert Entry.objects.filter(kind="workflows.field_step").count() == 1


def test_one_photo_from_ten_connections_at_once_waits_once_and_is_attached_once(town: Town, app: App) -> None:
    incident = town.dispatched()
    app.send(step("sign", 1, about=str(incident.pk), base=incident.version))
    done = step("answer", 2, about=str(incident.pk), base=incident.version, body={"text": "已修复"})
    apps, photo = [twin(app, town) for _ in range(10)], picture()

    def both(number: int) -> Any:
        sent = apps[number].call("PUT", f"/photos/{done['id']}?device={app.device}", photo)
        assert sent.status_code == 200, sent.content
        return apps[number].send(done)

    answers = [results(each) for each in at_once(10, both)]
    assert sorted(answers) == [["applied"], *[["repeated"]] * 9]
    assert Attachment.objects.filter(incident=incident).count() == 1


def test_a_batch_of_fifty_sent_twice_at_once_happens_once_and_in_order(town: Town, app: App) -> None:
    incidents = [town.dispatched() for _ in range(16)]
    queue = day(incidents)
    assert len(queue) == 50
    apps = [twin(app, town) for _ in range(2)]
    mixed = [random.Random(number).sample(queue, 50) for number in range(2)]
    answers = at_once(2, lambda number: apps[number].send(*mixed[number]))
    pairs = [sorted(pair) for pair in zip(*map(results, answers), strict=True)]
    assert pairs == [["applied", "repeated"]] * 50
    assert [each["seq"] for each in answers[0].json()["answers"]] == list(range(1, 51))
    kept = list(Carried.objects.order_by("seq").values_list("seq", "step"))
    assert kept == [(each["seq"], each["step"]) for each in queue]
    assert Shift.objects.filter(closed_at__isnull=False).count() == Shift.objects.count() == 1
    for incident in incidents:
        done = Entry.objects.filter(kind="workflows.field_step", about_id=incident.pk).order_by("id")
        assert [entry.detail["step"] for entry in done] == ["sign", "start", "answer"]
        incident.refresh_from_db()
        assert incident.status == "answered"
    order = Entry.objects.filter(kind="workflows.field_step").order_by("id").values_list("detail__step", flat=True)
    assert list(order) == [each["step"] for each in queue]


def test_two_phones_of_one_post_at_once_one_signs_and_the_other_is_told(town: Town, app: App) -> None:
    incident = town.dispatched()
    other = App(town.handler)
    other.bind()
    apps = [app, other]
    answers = at_once(2, lambda number: apps[number].send(
        step("sign", 1, about=str(incident.pk), base=incident.version)
    ))  # fmt: skip
    assert sorted(map(results, answers)) == [["applied"], ["conflict"]]


def test_a_phone_killed_between_photo_and_step_loses_and_doubles_nothing(town: Town, app: App) -> None:
    incident = town.dispatched()
    app.send(step("sign", 1, about=str(incident.pk), base=incident.version))
    done = step("answer", 2, about=str(incident.pk), base=incident.version, body={"text": "已修复"})
    for _start in range(3):  # each start sends the photo anew, and dies before the step
        restarted = twin(app, town)
        restarted.call("PUT", f"/photos/{done['id']}?device={app.device}", picture())
        assert Photo.objects.count() == 1
    assert results(restarted.send(done)) == ["applied"]
    restarted.call("PUT", f"/photos/{done['id']}?device={app.device}", picture())
    assert results(restarted.send(done)) == ["repeated"]
    assert Attachment.objects.filter(incident=incident).count() == 1
    assert not Photo.objects.exists()


def test_a_server_that_dies_within_a_step_leaves_the_photo_where_it_waits(
    town: Town, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    incident = town.dispatched()
    app.send(step("sign", 1, about=str(incident.pk), base=incident.version))
    done = step("answer", 2, about=str(incident.pk), base=incident.version, body={"text": "已修复"})
    app.call("PUT", f"/photos/{done['id']}?device={app.device}", picture())
    before = Entry.objects.count()

    def dies(*_args: Any, **_more: Any) -> None:
        raise SystemExit  # after the photo was taken and attached, before anything of it stands

    monkeypatch.setattr(commands, "_keep", dies)
    with pytest.raises(SystemExit):
        app.send(done)
    monkeypatch.undo()
    assert Photo.objects.count() == 1
    assert (Attachment.objects.count(), Entry.objects.count()) == (0, before)
    assert results(app.send(done)) == ["applied"]
    assert Attachment.objects.filter(incident=incident).count() == 1


def test_a_phone_revoked_while_its_queue_runs_ends_reading_and_keeps_what_was_done(
    town: Town, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = day([town.dispatched() for _ in range(3)])
    real, begun = commands.once, Event()
    boss = App(town.administrator)

    def slow(command: Any, **more: Any) -> Any:
        if command.seq == 4 and not begun.is_set():
            begun.set()
            assert boss.call("POST", f"/devices/{app.device}/revoke", {"reason": "遗失"}).status_code == 200
        return real(command, **more)

    monkeypatch.setattr(commands, "once", slow)
    said = results(app.send(*queue))
    assert said[:4] == ["applied"] * 4
    assert app.down().json()["code"] == "device-revoked"
    assert Device.objects.get(pk=app.device).revoked_at is not None
    assert Carried.objects.count() == said.count("applied")


def test_what_a_phone_sends_under_anothers_step_or_twice_with_other_words_is_refused(town: Town, app: App) -> None:
    incident = town.dispatched()
    sign = step("sign", 1, about=str(incident.pk), base=incident.version)
    app.send(sign)
    colleague = App(town.colleague)
    colleague.bind()
    for sender, changed in (
        (colleague, sign),
        (app, {**sign, "step": "start"}),
        (app, {**sign, "about": str(uuid4())}),
    ):
        (answer,) = sender.send(changed).json()["answers"]
        assert (answer["result"], answer["code"]) == ("refused", "command-reused"), json.dumps(answer)
    assert Carried.objects.count() == 1
