"""How long what is known of people is kept with an incident, and what goes when it goes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.incidents.conftest import Town
from tests.kernels.test_photos import encoded, picture

from qipan.foundation.areas.models import DistrictProfile
from qipan.foundation.journal.rules import SYSTEM
from qipan.foundation.vault import grounds, queries
from qipan.foundation.vault import operations as vault
from qipan.foundation.vault.models import Card
from qipan.incidents import operations
from qipan.incidents.models import Attachment


@pytest.fixture(autouse=True)
def own_folders(settings, tmp_path):
    settings.FILES, settings.KEYS = tmp_path / "files", tmp_path / "keys"


def private_photo(town: Town) -> Attachment:
    incident = town.report("neighbours", by=town.dispatcher)
    [kept] = operations.add_photos(
        incident_id=incident.id, stage="report", files=[encoded(picture(7))], by=town.dispatcher, at=town.later()
    )
    return kept


def test_a_reporters_card_is_kept_while_the_incident_goes_on_and_counted_from_its_end(town: Town) -> None:
    incident = town.with_contact()
    card = Card.objects.get(purpose="incidents.reporter")
    late = town.at + timedelta(days=800)
    assert vault.erase_due(at=late) == 0
    operations.decline(incident_id=incident.id, reason="不属本区管辖", by=town.dispatcher, at=late)
    card.refresh_from_db()
    assert card.erase_after == late.date() + timedelta(days=730)
    assert vault.erase_due(at=late + timedelta(days=729)) == 0
    assert vault.erase_due(at=late + timedelta(days=732)) >= 1
    assert queries.masked([card.id])[card.id] == {}


def test_a_district_sets_its_own_days_and_looks(town: Town) -> None:
    DistrictProfile.objects.update_or_create(
        district=town.district, defaults={"settings": {"vault.retention.case": 10, "vault.daily_looks": 3}}
    )
    town.with_contact()
    card = Card.objects.get(purpose="incidents.reporter")
    assert card.erase_after == town.at.date() + timedelta(days=10)
    assert grounds.quota(town.district.pk) == 3
    assert grounds.quota(town.district.pk + 10**6) == 20


def test_a_private_photo_is_sealed_anew_under_a_renewed_key_and_opens(
    town: Town, django_capture_on_commit_callbacks
) -> None:
    kept = private_photo(town)
    before, _kind = operations.look(attachment_id=kept.id, viewer=town.dispatcher, at=town.later(), reason="核对照片")
    old_key, old_path = kept.key_id, kept.path
    vault.rotate(by=SYSTEM, at=town.later())
    with django_capture_on_commit_callbacks(execute=True):
        assert vault.reencrypt(at=town.later()) > 0
    kept.refresh_from_db()
    assert (kept.key_id != old_key, kept.path != old_path) == (True, True)
    vault.destroy_key(key_id=old_key, by=SYSTEM, at=town.later(), reason="renewed")
    after, _kind = operations.look(attachment_id=kept.id, viewer=town.dispatcher, at=town.later(), reason="核对照片")
    assert after == before


def test_only_the_new_file_is_left_after_sealing_anew(town: Town, settings, django_capture_on_commit_callbacks) -> None:
    private_photo(town)
    vault.rotate(by=SYSTEM, at=town.later())
    with django_capture_on_commit_callbacks(execute=True):
        vault.reencrypt(at=town.later())
    files = [path for path in settings.FILES.rglob("*") if path.is_file()]
    assert [path.relative_to(settings.FILES).as_posix() for path in files] == [Attachment.objects.get().path]


def test_an_erased_photo_has_no_file(town: Town, settings, django_capture_on_commit_callbacks) -> None:
    kept = private_photo(town)
    with django_capture_on_commit_callbacks(execute=True):
        vault.erase(card_id=kept.card, by=SYSTEM, at=town.later(), reason="time is up")
    assert not [path for path in settings.FILES.rglob("*") if path.is_file()]
    with pytest.raises(vault.Erased):
        operations.look(attachment_id=kept.id, viewer=town.dispatcher, at=town.later(), reason="核对照片")
