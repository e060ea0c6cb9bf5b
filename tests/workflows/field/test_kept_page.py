"""The page on which an administrator decides about steps that arrived sealed and were not carried out."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from tests import factories
from tests.incidents.conftest import Town
from tests.workflows.field.conftest import Phone, make_phone
from tests.workflows.field.test_sealed import box, receive

from qipan.foundation.devices import operations as devices
from qipan.foundation.devices.models import Kept
from qipan.foundation.journal.models import Entry
from qipan.foundation.posts.models import Post
from qipan.foundation.posts.rules import Role
from qipan.incidents.models import Incident
from qipan.incidents.rules.steps import STATUS_NAMES, Status, WrongStep

pytestmark = pytest.mark.django_db
PAGE = "/devices/kept/"


def page(post: Post, language: str = "zh-hans") -> str:
    answer = factories.sign_in(Client(headers={"accept-language": language}), post).get(PAGE)
    assert answer.status_code == 200
    return str(answer.content.decode())


def decide(post: Post, kept: Kept, **fields: str) -> Any:
    values = {"command": str(uuid4()), "apply": "yes", "reason": "情况属实"} | fields
    return factories.sign_in(Client(), post).post(f"{PAGE}{kept.pk}/", values, follow=True)


@pytest.fixture
def incident(town: Town) -> Incident:
    return town.dispatched()


@pytest.fixture
def kept(town: Town, phone: Phone, incident: Incident) -> Kept:
    """An answer and a signing that came after the phone was revoked."""
    devices.revoke(device_id=phone.device.pk, by=town.administrator, at=town.later())
    body = {"text": "已修复，业主电话 13800138000"}
    late = phone.step("answer", about=incident, base=incident.version, at=town.later(), body=body)
    assert receive(phone, box(phone, late), town) == ["kept"]
    return Kept.objects.get()


def test_it_says_what_was_done_by_whom_when_on_which_phone_and_what_stood_against_it(
    town: Town, kept: Kept, incident: Incident
) -> None:
    text = page(town.administrator)
    for word in (incident.number, str(town.handler.person), "巡查手机", "手机已停用", "已反馈"):
        assert word in text
    assert "已修复" in text
    assert "13800138000" not in text
    assert "The phone had been revoked" in page(town.administrator, "en")


def test_what_is_out_of_the_administrators_sight_keeps_its_words(town: Town, kept: Kept, incident: Incident) -> None:
    Incident.objects.filter(pk=incident.pk).update(private=True)
    town.by_hand = True
    text = page(town.administrator, "en")
    assert "out of your sight" in text
    assert "已修复" not in text
    assert incident.number not in text


def test_carrying_out_does_the_step_and_is_journalled_with_its_reason(
    town: Town, phone: Phone, incident: Incident
) -> None:
    devices.revoke(device_id=phone.device.pk, by=town.administrator, at=town.later())
    late = phone.step("sign", about=incident, base=incident.version, at=town.later())
    receive(phone, box(phone, late), town)
    done = decide(town.administrator, Kept.objects.get())
    assert "已执行该操作" in done.content.decode()
    incident.refresh_from_db()
    assert (incident.status, incident.handler_id) == ("signed", town.handler.pk)
    told = Entry.objects.get(kind="workflows.field_decided")
    assert (told.reason, told.post_id, told.status_after) == ("情况属实", town.administrator.pk, "applied")
    assert incident.number not in page(town.administrator)


def test_what_is_refused_anew_stays_and_says_why(town: Town, kept: Kept) -> None:
    answer = decide(town.administrator, kept)  # an answer before anybody signed
    assert "已执行该操作" not in answer.content.decode()
    assert WrongStep(status=STATUS_NAMES[Status.DISPATCHED]).message in answer.content.decode()
    kept.refresh_from_db()
    assert kept.decided_at is None
    assert not Entry.objects.filter(kind="workflows.field_decided").exists()


def test_laying_aside_needs_a_reason_and_is_journalled(town: Town, kept: Kept, incident: Incident) -> None:
    decide(town.administrator, kept, apply="no", reason=" ")
    kept.refresh_from_db()
    assert kept.decided_at is None
    decide(town.administrator, kept, apply="no", reason="已由他人办理")
    kept.refresh_from_db()
    assert (kept.applied, kept.decided_by) == (False, town.administrator)
    assert Entry.objects.get(kind="workflows.field_decided").reason == "已由他人办理"
    incident.refresh_from_db()
    assert incident.status == "dispatched"


def test_nobody_decides_about_their_own(town: Town, incident: Incident) -> None:
    boss = factories.post(Role.ADMINISTRATOR, town.district, person=town.handler.person)
    phone = make_phone(town.handler, town.at)
    devices.revoke(device_id=phone.device.pk, by=boss, at=town.later())
    receive(phone, box(phone, phone.step("sign", about=incident, at=town.later())), town)
    mine = Kept.objects.get()
    text = page(boss, "en")
    assert "This is your own" in text
    assert f"{PAGE}{mine.pk}/" not in text
    assert decide(boss, mine).status_code == 404
    assert decide(town.administrator, mine).status_code == 200
    mine.refresh_from_db()
    assert mine.applied is True


def test_the_navigation_names_it_where_there_is_any_and_only_for_administrators(town: Town, phone: Phone) -> None:
    def named(post: Post) -> bool:
        return PAGE in factories.sign_in(Client(), post).get("/me/").content.decode()

    assert not named(town.administrator)
    assert "尚无待决操作" in page(town.administrator)
    devices.revoke(device_id=phone.device.pk, by=town.administrator, at=town.later())
    receive(phone, box(phone, phone.step("shift_on", at=town.later())), town)
    assert named(town.administrator)
    assert not named(town.dispatcher)
    elsewhere = factories.below(town.district, 2, 1)
    assert not named(factories.post(Role.ADMINISTRATOR, elsewhere))
    assert factories.sign_in(Client(), town.dispatcher).get(PAGE).status_code == 403


def test_many_take_no_more_questions_than_one(town: Town, phone: Phone) -> None:
    devices.revoke(device_id=phone.device.pk, by=town.administrator, at=town.later())

    def asked() -> int:
        client = factories.sign_in(Client(), town.administrator)
        client.get(PAGE)
        with CaptureQueriesContext(connection) as made:
            client.get(PAGE)
        return len(made)

    def send(number: int) -> None:
        queue = [phone.step("sign", about=town.dispatched(), at=town.later()) for _ in range(number)]
        receive(phone, box(phone, *queue), town)

    send(1)
    one = asked()
    send(9)
    assert asked() == one
