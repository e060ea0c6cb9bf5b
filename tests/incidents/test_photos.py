from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from tests.incidents.conftest import Town, make_town
from tests.kernels.test_photos import encoded, picture, with_metadata

from qipan.foundation.refusals import NotFound
from qipan.foundation.vault.models import Look
from qipan.foundation.vault.operations import ReasonNeeded
from qipan.incidents import operations
from qipan.incidents.operations.attach import NotAPhoto
from qipan.incidents.operations.report import Place

pytestmark = pytest.mark.usefixtures("own_files")


@pytest.fixture
def own_files(settings: object, tmp_path: Path) -> None:
    settings.FILES = tmp_path


def test_a_photo_is_kept_clean_outside_the_web_root_and_seen_by_who_sees_the_incident(
    town: Town, tmp_path: Path
) -> None:
    incident = town.report()
    [kept] = operations.add_photos(
        incident_id=incident.id, stage="report", files=[with_metadata()], by=town.grid_worker, at=town.later()
    )
    content, kind = operations.look(attachment_id=kept.id, viewer=town.dispatcher, at=town.later())
    assert kind == "image/jpeg"
    assert content == (tmp_path / kept.path).read_bytes()
    with pytest.raises(NotFound):
        operations.look(attachment_id=kept.id, viewer=make_town().dispatcher, at=town.later())


def test_a_photo_taken_far_away_and_one_sent_twice_are_flags(town: Town) -> None:
    place = Place(area=town.cell)
    incident = town.report(place=place)
    incident.longitude, incident.latitude = 114.35, 36.1
    incident.save()
    operations.add_photos(
        incident_id=incident.id, stage="report", files=[with_metadata()], by=town.grid_worker, at=town.later()
    )
    incident.refresh_from_db()
    assert incident.flags == ["photo-elsewhere"]
    other = town.report()
    operations.add_photos(
        incident_id=other.id, stage="report", files=[with_metadata()], by=town.grid_worker, at=town.later()
    )
    other.refresh_from_db()
    assert "photo-again" in other.flags


def test_a_private_photo_is_sealed_and_opened_only_with_a_ground_journalled_first(town: Town, tmp_path: Path) -> None:
    incident = town.report("neighbours", by=town.dispatcher)
    plain = encoded(picture(7))
    [kept] = operations.add_photos(
        incident_id=incident.id, stage="report", files=[plain], by=town.dispatcher, at=town.later()
    )
    assert b"JFIF" not in (tmp_path / kept.path).read_bytes()[:200]
    with pytest.raises(ReasonNeeded):
        operations.look(attachment_id=kept.id, viewer=town.dispatcher, at=town.later())
    assert not Look.objects.filter(card_id=kept.card).exists()


@pytest.mark.django_db(transaction=True)
def test_a_reason_opens_a_private_photo_and_leaves_its_trace() -> None:
    town = make_town()
    incident = town.report("neighbours", by=town.dispatcher)
    [kept] = operations.add_photos(
        incident_id=incident.id, stage="report", files=[encoded(picture(7))], by=town.dispatcher, at=town.later()
    )
    content, _ = operations.look(attachment_id=kept.id, viewer=town.dispatcher, at=town.later(), reason="核对现场情况")
    assert content.startswith(b"\xff\xd8")
    assert Look.objects.filter(card_id=kept.card).count() == 1


def test_all_photos_are_added_or_none(town: Town) -> None:
    incident = town.report()
    with pytest.raises(NotAPhoto):
        operations.add_photos(
            incident_id=incident.id, stage="report", files=[encoded(picture()), b"no"], by=town.grid_worker, at=town.at
        )
    assert incident.attachments.count() == 0


def test_files_without_a_row_are_forgotten_and_others_kept(town: Town, tmp_path: Path) -> None:
    incident = town.report()
    [kept] = operations.add_photos(
        incident_id=incident.id, stage="report", files=[encoded(picture())], by=town.grid_worker, at=town.later()
    )
    orphan = tmp_path / str(town.district.id) / "2026/04/08/left.jpg"
    orphan.parent.mkdir(parents=True, exist_ok=True)
    orphan.write_bytes(b"left")
    from django.utils import timezone

    removed = operations.forget_orphans(district_id=town.district.id, before=timezone.now() + timedelta(minutes=1))
    assert removed == 1
    assert (tmp_path / kept.path).exists()
