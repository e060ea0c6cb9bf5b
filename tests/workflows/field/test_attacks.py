"""What somebody with a phone's key tries by sealed boxes, without a session: odd words, odd times, again, too much."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from tests import factories
from tests.incidents.conftest import Town
from tests.workflows.field.conftest import Phone, make_phone
from tests.workflows.field.test_commands import picture
from tests.workflows.field.test_sealed import box, receive

from qipan.foundation.devices import boxes, operations, rules
from qipan.foundation.devices.models import Carried, Device, Kept, Photo
from qipan.foundation.journal.models import Entry
from qipan.foundation.posts import operations as posts
from qipan.foundation.posts.models import Shift
from qipan.incidents import operations as incidents
from qipan.incidents.models import Incident
from qipan.workflows.field import sealed

pytestmark = pytest.mark.django_db


def test_a_step_that_nobody_knows_is_kept_without_its_name(town: Town, phone: Phone) -> None:
    assert receive(phone, box(phone, phone.step("13800138000", at=town.at)), town) == ["kept"]
    assert Kept.objects.get().step == "unknown"
    assert Entry.objects.get(kind="workflows.field_kept").detail["step"] == "unknown"


def test_a_box_with_what_no_text_holds_stays_shut(town: Town, phone: Phone) -> None:
    body = {"category": "rubbish", "title": "a\0b", "area": town.cell.pk}
    for step in (phone.step("a\0b", at=town.at), phone.step("report", at=town.at, body=body)):
        with pytest.raises(boxes.BoxBroken):
            receive(phone, box(phone, step), town)
    assert not Kept.objects.exists()


def test_a_box_with_too_many_steps_is_refused_whole(town: Town, phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealed, "MOST", 2)
    steps = [
        phone.step("shift_on", at=town.at),
        phone.step("shift_off", at=town.at),
        phone.step("shift_on", at=town.at),
    ]
    with pytest.raises(sealed.BoxTooFull):
        receive(phone, box(phone, *steps), town)
    assert not Carried.objects.exists()
    assert not Shift.objects.exists()
    assert len(receive(phone, box(phone, *steps[:2]), town)) == 2


@pytest.mark.parametrize("offset", [1000, -1000])
def test_a_box_from_the_ends_of_the_calendar_stays_shut(town: Town, offset: int) -> None:
    phone = make_phone(town.handler, town.at, offset=offset)
    for at in (datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)):
        with pytest.raises(boxes.BoxBroken):
            receive(phone, box(phone, phone.step("shift_on", at=at)), town)


def test_what_was_laid_aside_is_not_carried_out_by_the_same_box_later(town: Town, phone: Phone) -> None:
    incident = town.dispatched()
    answer = phone.step("answer", about=incident, at=town.at, body={"text": "已修复"})
    after = phone.step("shift_on", at=town.at, after=answer.id)  # builds on it, and is carried out all the same
    sent = box(phone, answer, after)
    assert receive(phone, sent, town) == ["kept", "kept"]
    sealed.decide(kept_id=answer.id, apply=False, reason="不实", by=town.administrator, at=town.later())
    incidents.sign(incident_id=incident.pk, by=town.handler, at=town.later())  # now the step would fit
    assert receive(phone, sent, town) == ["kept", "kept"]
    assert Incident.objects.get(pk=incident.pk).status == "signed"
    sealed.decide(kept_id=after.id, apply=True, reason="属实", by=town.administrator, at=town.later())
    assert receive(phone, sent, town) == ["kept", "repeated"]


def test_a_deputy_that_does_not_stand_in_has_nothing_carried_out_sealed(town: Town) -> None:
    deputy = posts.deputise(post_id=town.handler.pk, person=factories.person(district=town.district),
                            by=town.administrator, at=town.at - timedelta(days=1))  # fmt: skip
    phone = make_phone(deputy, town.at)
    Shift.objects.create(post=town.handler, opened_at=town.at)
    before, after = (phone.step("shift_on", at=town.at + timedelta(minutes=each)) for each in (-1, 1))
    assert receive(phone, box(phone, after), town) == ["kept"]
    assert Kept.objects.get().why == "post-not-in-force"
    assert receive(phone, box(phone, before), town) == ["applied"]


def test_a_phone_fills_the_server_neither_with_steps_nor_with_photos(
    town: Town, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "MOST_KEPT", 2)
    monkeypatch.setattr(rules, "MOST_PHOTOS", 2)
    steps = [phone.step("start", at=town.at) for _each in range(3)]
    with pytest.raises(operations.TooManyStepsWait):
        receive(phone, box(phone, *steps), town)
    assert receive(phone, box(phone, *steps[:2]), town) == ["kept", "kept"]
    sent = base64.b64encode(picture()).decode()
    with pytest.raises(operations.TooManyPhotosWait):
        receive(phone, box(phone, *steps, photos={str(each.id): sent for each in steps}), town)
    assert (Kept.objects.count(), Photo.objects.count()) == (2, 2)
    monkeypatch.setattr(rules, "MOST_PHOTOS", 9)
    monkeypatch.setattr(rules, "MOST_PHOTO_BYTES", 3 * len(picture()))
    device = Device.objects.select_related("post").get()
    operations.keep_photo(command_id=uuid4(), content=picture(), device=device, at=town.later())
    with pytest.raises(operations.TooManyPhotosWait):
        operations.keep_photo(command_id=uuid4(), content=picture(), device=device, at=town.later())
    first = Photo.objects.order_by("sent_at")[0]
    assert operations.keep_photo(command_id=first.pk, content=picture(), device=device, at=town.later()) is not None
    assert not Carried.objects.exists()


def test_a_telephone_in_the_name_of_a_phone_is_masked(town: Town, phone: Phone) -> None:
    key = bytes(phone.device.public_key)
    device = operations.bind(
        name="王五13800138000", public_key=key, version=1, clock_offset=0, by=town.handler, at=town.at
    )
    assert device.name.startswith("王五")
    assert "13800138000" not in device.name
