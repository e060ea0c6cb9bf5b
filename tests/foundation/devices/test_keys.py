"""Phones, their waiting photos and kept steps when the vault's keys are renewed; and photos that nobody came for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson
import pytest

from qipan.foundation.devices import operations
from qipan.foundation.devices.models import Device, Kept, Photo
from qipan.foundation.journal.rules import SYSTEM
from qipan.foundation.vault import operations as vault
from qipan.foundation.vault.models import Key
from qipan.foundation.vault.operations.keys import KeyInUse
from qipan.incidents import operations as incidents
from qipan.workflows.field import sealed
from tests.incidents.conftest import Town
from tests.workflows.field.conftest import Phone
from tests.workflows.field.test_commands import picture
from tests.workflows.field.test_sealed import box, receive

pytestmark = pytest.mark.django_db
TABLES = {operations.PURPOSE: Device, operations.PHOTOS: Photo, operations.STEPS: Kept}


@pytest.fixture
def full(town: Town, phone: Phone) -> dict[str, Any]:
    """A phone with a photo that waits for its step, and a step that waits for a decision."""
    incident = incidents.sign(incident_id=town.dispatched().pk, by=town.handler, at=town.later())
    done = phone.step("answer", about=incident, base=incident.version, at=town.later(), body={"text": "已修复"})
    operations.keep_photo(command_id=done.id, content=picture(), device=phone.device, at=town.at)
    other = town.dispatched()
    incidents.sign(incident_id=other.pk, by=town.handler, at=town.later())
    late = phone.step("sign", about=other, base=other.version, at=town.at)
    assert receive(phone, box(phone, late), town) == ["kept"]
    return {"incident": incident, "answer": done, "kept": late.id}


def test_after_renewal_phones_photos_and_kept_steps_are_sealed_anew_and_open(
    town: Town,
    phone: Phone,
    full: dict[str, Any],
) -> None:
    before = {purpose: table.objects.get().key_id for purpose, table in TABLES.items()}
    sent = box(phone, full["answer"])  # sealed by the phone before the keys were renewed
    vault.rotate(by=SYSTEM, at=town.later())
    for key_id in before.values():
        with pytest.raises(KeyInUse):
            vault.destroy_key(key_id=key_id, by=SYSTEM, at=town.at, reason="too early")
    assert vault.reencrypt(at=town.later(), batch=1) >= 3
    for purpose, table in TABLES.items():
        row = table.objects.get()
        assert row.key_id != before[purpose]
        assert Key.objects.get(id=row.key_id).purpose == purpose
        vault.destroy_key(key_id=before[purpose], by=SYSTEM, at=town.later(), reason="renewed")
    assert receive(phone, sent, town) == ["applied"]
    assert full["incident"].attachments.count() == 1
    content = orjson.loads(operations.kept_content(Kept.objects.get()))
    assert (content["id"], content["step"]) == (str(full["kept"]), "sign")
    done = sealed.decide(
        kept_id=full["kept"], apply=False, reason="已由他人签收", by=town.administrator, at=town.later()
    )
    assert done.applied is False


def test_renewal_stopped_half_way_goes_on(town: Town, phone: Phone, full: dict[str, Any]) -> None:
    vault.rotate(by=SYSTEM, at=town.later())

    def stop(_done: int) -> None:
        raise KeyboardInterrupt

    while True:
        try:
            vault.reencrypt(at=town.later(), batch=1, progress=stop)
        except KeyboardInterrupt:
            continue
        break
    retired = Key.objects.filter(retired_at__isnull=False).values_list("id", flat=True)
    for key_id in retired:
        assert operations.under_key(key_id) == operations.photos_under_key(key_id) == 0
        assert operations.kept_under_key(key_id) == 0
    assert phone.send(full["answer"], at=town.later())[0]["result"] == "applied"


def test_a_photo_waits_thirty_days_for_its_step_and_not_one_longer(town: Town, phone: Phone) -> None:
    incident = incidents.sign(incident_id=town.dispatched().pk, by=town.handler, at=town.later())
    done = phone.step("answer", about=incident, base=incident.version, at=town.at, body={"text": "已修复"})
    operations.keep_photo(command_id=done.id, content=picture(), device=phone.device, at=town.at)
    sent = town.at
    assert operations.forget_photos(at=sent + timedelta(days=30)) == 0
    operations.keep_photo(command_id=done.id, content=picture(), device=phone.device, at=sent + timedelta(days=1))
    assert operations.forget_photos(at=sent + timedelta(days=30, hours=1)) == 0  # sent again, it waits anew
    assert Photo.objects.count() == 1
    assert operations.forget_photos(at=sent + timedelta(days=31, seconds=1)) == 1
    assert not Photo.objects.exists()
    assert phone.send(done, at=sent + timedelta(days=32))[0]["result"] == "applied"  # the step itself still counts
    assert incident.attachments.count() == 0


def test_a_photo_waits_as_long_as_its_step_waits_for_a_decision(town: Town, phone: Phone) -> None:
    done = phone.step("answer", about=town.dispatched().pk, at=town.at, body={"text": "已修复"})
    operations.keep_photo(command_id=done.id, content=picture(), device=phone.device, at=town.at)
    kept = operations.keep(command_id=done.id, step="answer", why="arrived-late", content=b"{}",
                           corrected_time=town.at, device=phone.device, at=town.at)  # fmt: skip
    late = town.at + timedelta(days=90)
    assert operations.forget_photos(at=late) == 0
    assert kept
    Kept.objects.filter(pk=kept.pk).update(decided_at=late, applied=False, decided_by=town.handler)
    assert operations.forget_photos(at=late) == 1


def test_the_night_forgets_photos(town: Town, phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    from qipan.workflows import tasks

    operations.keep_photo(command_id=phone.step("answer", at=town.at).id, content=picture(), device=phone.device,
                          at=town.at)  # fmt: skip
    monkeypatch.setattr(tasks.timezone, "now", lambda: town.at + timedelta(days=29))
    tasks.forget_orphans(0)
    assert Photo.objects.count() == 1
    monkeypatch.setattr(tasks.timezone, "now", lambda: town.at + timedelta(days=31))
    tasks.forget_orphans(0)
    assert not Photo.objects.exists()
