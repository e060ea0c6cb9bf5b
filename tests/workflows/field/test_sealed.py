"""A sealed queue arrives without a session: nothing that was done is lost, and nobody else can make one."""

from __future__ import annotations

import base64
from datetime import timedelta

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from tests.incidents.conftest import Town
from tests.workflows.field.conftest import Phone

from qipan.foundation.devices import boxes, operations
from qipan.foundation.devices.models import Kept
from qipan.foundation.journal.models import Entry
from qipan.foundation.posts.access import NotYours
from qipan.foundation.posts.models import Person, Post
from qipan.foundation.refusals import NotFound
from qipan.incidents import operations as incidents
from qipan.incidents.models import Incident
from qipan.workflows.field import sealed

pytestmark = pytest.mark.django_db


def box(phone: Phone, *queue: object, **more: object) -> bytes:
    content = orjson.dumps({"commands": [each.plain() for each in queue], **more})
    return boxes.seal(
        content, device_id=phone.device.pk, device_private=phone.private,
        server_public=bytes(phone.device.server_public_key),
    )  # fmt: skip


def receive(phone: Phone, sent: bytes, town: Town) -> list[str]:
    return [each["result"] for each in sealed.receive(device_id=phone.device.pk, box=sent, at=town.later())]


def test_a_sealed_queue_is_carried_out_once_also_beside_the_open_one(town: Town, phone: Phone) -> None:
    incident = town.dispatched()
    sign = phone.step("sign", about=incident, base=incident.version, at=town.at)
    start = phone.step("start", about=incident, base=incident.version, after=sign.id, at=town.at)
    phone.send(sign, at=town.later())
    sent = box(phone, sign, start)
    assert receive(phone, sent, town) == ["repeated", "applied"]
    assert receive(phone, sent, town) == ["repeated", "repeated"]
    assert phone.send(start, at=town.later())[0]["result"] == "repeated"
    assert not Kept.objects.exists()


def test_nobody_but_the_bound_phone_can_seal_for_it_and_a_damaged_box_stays_shut(town: Town, phone: Phone) -> None:
    step = phone.step("shift_on", at=town.at)
    good = box(phone, step)
    forged = box(Phone(phone.device, ec.generate_private_key(boxes.CURVE), phone.by), step)
    for broken in (forged, good[:-1], good[:40], b"", good[:70] + bytes([good[70] ^ 1]) + good[71:]):
        with pytest.raises(boxes.BoxBroken):
            sealed.receive(device_id=phone.device.pk, box=broken, at=town.later())
    with pytest.raises(boxes.BoxBroken):
        sealed.receive(device_id=step.id, box=good, at=town.later())


def test_what_was_done_before_a_phone_was_revoked_counts_and_what_came_after_waits(town: Town, phone: Phone) -> None:
    incident = town.dispatched()
    sign = phone.step("sign", about=incident, base=incident.version, at=town.at)
    operations.revoke(device_id=phone.device.pk, by=town.administrator, at=town.later())
    start = phone.step("start", about=incident, at=town.later())
    assert receive(phone, box(phone, sign, start), town) == ["applied", "kept"]
    assert receive(phone, box(phone, sign, start), town) == ["repeated", "kept"]
    kept = Kept.objects.get()
    assert (kept.why, kept.step) == ("device-revoked", "start")
    assert Entry.objects.filter(kind="workflows.field_kept").count() == 1
    incident.refresh_from_db()
    assert incident.status == "signed"


@pytest.mark.parametrize("how", ["phone", "post"])
def test_a_clock_set_back_helps_no_step_that_comes_long_after_the_end(town: Town, phone: Phone, how: str) -> None:
    incident = town.dispatched()
    sign = phone.step("sign", about=incident, base=incident.version, at=town.at)
    if how == "phone":
        operations.revoke(device_id=phone.device.pk, by=town.administrator, at=town.later())
    else:
        Post.objects.filter(pk=town.handler.pk).update(valid_to=town.later())
        phone.device.post.refresh_from_db()
    late = town.later() + sealed.LATE
    (answer,) = sealed.receive(device_id=phone.device.pk, box=box(phone, sign), at=late)
    assert answer["result"] == "kept"
    assert Kept.objects.get().why == "arrived-late"
    incident.refresh_from_db()
    assert incident.status == "dispatched"


@pytest.mark.parametrize("how", ["post", "person"])
def test_what_a_post_no_longer_in_force_did_waits_for_the_administrator(town: Town, phone: Phone, how: str) -> None:
    incident = town.dispatched()
    sign = phone.step("sign", about=incident, base=incident.version, at=town.at)
    if how == "post":
        Post.objects.filter(pk=town.handler.pk).update(valid_to=town.at - timedelta(minutes=1))
    else:
        Person.objects.filter(pk=town.handler.person_id).update(is_active=False)
    assert receive(phone, box(phone, sign), town) == ["kept"]
    (kept,) = sealed.waiting(viewer=town.administrator)
    with pytest.raises(NotYours):
        sealed.decide(kept_id=kept.pk, apply=True, reason="", by=town.dispatcher, at=town.later())
    done = sealed.decide(kept_id=kept.pk, apply=True, reason="情况属实", by=town.administrator, at=town.later())
    assert done.applied
    incident.refresh_from_db()
    assert (incident.status, incident.handler_id) == ("signed", town.handler.pk)
    with pytest.raises(sealed.DecidedAlready):
        sealed.decide(kept_id=kept.pk, apply=True, reason="", by=town.administrator, at=town.later())
    assert not sealed.waiting(viewer=town.administrator)


def test_a_conflict_in_a_sealed_queue_is_kept_and_may_be_laid_aside(town: Town, phone: Phone) -> None:
    incident = town.dispatched()
    sign = phone.step("sign", about=incident, base=incident.version, at=town.at)
    incidents.sign(incident_id=incident.pk, by=town.handler, at=town.later())
    assert receive(phone, box(phone, sign), town) == ["kept"]
    kept = Kept.objects.get()
    assert kept.why == "changed-meanwhile"
    assert "已修复" not in str(bytes(kept.sealed))
    with pytest.raises(NotFound):
        sealed.decide(kept_id=sign.about, apply=False, reason="", by=town.administrator, at=town.later())
    for blank in ("", "  "):
        with pytest.raises(sealed.ReasonMissing):
            sealed.decide(kept_id=kept.pk, apply=False, reason=blank, by=town.administrator, at=town.later())
    sealed.decide(kept_id=kept.pk, apply=False, reason="已由他人办理", by=town.administrator, at=town.later())
    assert not sealed.waiting(viewer=town.administrator)
    told = Entry.objects.get(kind="workflows.field_decided")
    assert (told.reason, told.status_after, told.post_id) == ("已由他人办理", "laid-aside", town.administrator.pk)


def test_photos_travel_in_the_box(town: Town, phone: Phone) -> None:
    from tests.workflows.field.test_commands import picture

    incident = incidents.sign(incident_id=town.dispatched().pk, by=town.handler, at=town.later())
    done = phone.step("answer", about=incident, base=incident.version, body={"text": "已修复"}, at=town.at)
    sent = box(phone, done, photos={str(done.id): base64.b64encode(picture()).decode()})
    assert receive(phone, sent, town) == ["applied"]
    assert Incident.objects.get(pk=incident.pk).attachments.count() == 1
