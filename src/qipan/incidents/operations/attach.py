"""Photos of an incident: cleaned, kept outside the web root, sealed where the incident is private."""

from __future__ import annotations

import hashlib
import os
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction

from qipan.foundation.journal import operations as journal
from qipan.foundation.journal.rules import HasAuthor
from qipan.foundation.posts.models import Post
from qipan.foundation.refusals import Conflict, Invalid, NotFound
from qipan.foundation.vault import operations as vault
from qipan.foundation.vault.rules import Retention
from qipan.incidents import access
from qipan.incidents.models import Attachment, Incident
from qipan.incidents.queries.caps import caps_of
from qipan.kernels import photos
from qipan.kernels.geodesy.shapes import distance
from qipan.kernels.ids import new_id

STAGES = ("report", "answer", "verify")
PURPOSE = "incidents.photos"
AGAIN = timedelta(days=365)  # within which the same photo is flagged


class NotAPhoto(Invalid):
    """This file is not a photo that can be read. JPEG, PNG and WebP are accepted."""


class PhotoTooLarge(Invalid):
    """This photo is too large: at the most {megabytes} MB."""


class TooManyPhotos(Conflict):
    """An incident takes at the most {most} photos."""


def attach(*, incident: Incident, stage: str, data: bytes, by: HasAuthor, at: datetime) -> Attachment:
    """Add a photo to an incident that the caller has locked or just made. Part of the caller's transaction.

    It is re-encoded without metadata. Flags for the verifier: `photo-again` where the same picture was sent before,
    `photo-elsewhere` where the camera was far from the place. Raises NotAPhoto, PhotoTooLarge, TooManyPhotos.
    """
    if stage not in STAGES:
        raise Invalid(field="stage")
    caps = caps_of(incident.district_id)
    if incident.attachments.count() >= caps.attachments:
        raise TooManyPhotos(field="photos", most=caps.attachments)
    try:
        photo = photos.clean(data)
    except photos.TooLarge as problem:
        raise PhotoTooLarge(field="photos", megabytes=photos.MOST_BYTES // 1024 // 1024) from problem
    except photos.NotAPhoto as problem:
        raise NotAPhoto(field="photos") from problem
    found = Attachment(
        id=new_id(), incident=incident, stage=stage, content_type="image/jpeg", size=len(photo.content),
        digest=hashlib.sha256(photo.content).digest(), likeness=photo.likeness, added_at=at,
        added_by=by if isinstance(by, Post) else None,
    )  # fmt: skip
    if photo.point and incident.longitude is not None and incident.latitude is not None:
        found.metres_from_place = round(float(distance(*photo.point, incident.longitude, incident.latitude)))
    content = photo.content
    if incident.private:
        content = _seal(found, incident, content, by=by, at=at)
    found.path = f"{incident.district_id}/{at:%Y/%m/%d}/{found.id}{'.sealed' if incident.private else '.jpg'}"
    _flag(incident, found, metres=caps.photo_metres, at=at)
    _write(settings.FILES / found.path, content)
    found.save(force_insert=True)
    journal.record("incidents.photo_added", incident, by=by, at=at, stage=stage, digest=found.digest.hex())
    return found


@transaction.atomic
def add_photos(*, incident_id: UUID, stage: str, files: list[bytes], by: Post, at: datetime) -> list[Attachment]:
    """Add photos to a visible incident, all or none. Raises NotFound and what `attach` raises."""
    incident = access.lock(incident_id, viewer=by)
    return [attach(incident=incident, stage=stage, data=data, by=by, at=at) for data in files]


def look(
    *, attachment_id: UUID, viewer: Post, at: datetime, duty_id: UUID | None = None, reason: str = ""
) -> tuple[bytes, str]:
    """The bytes of a photo and their type, for whoever sees its incident.

    A sealed one is looked at like any card of the vault: by an own open duty or with a reason, journalled first.
    Raises NotFound and what `vault.reveal` raises.
    """
    found = Attachment.objects.select_related("incident").filter(pk=attachment_id).first()
    if found is None or not access.visible(viewer=viewer).filter(pk=found.incident_id).exists():
        raise NotFound
    path = settings.FILES / found.path
    if not found.sealed:
        return _read(path), found.content_type
    assert found.card is not None
    vault.reveal(card_id=found.card, by=viewer, at=at, duty_id=duty_id, reason=reason)
    content = vault.open_bytes(
        _read(path), key_id=found.key_id, district_id=found.incident.district_id, purpose=PURPOSE, owner=found.id
    )
    return content, found.content_type


@transaction.atomic
def seal_photos(incident: Incident, *, by: HasAuthor, at: datetime) -> None:
    """The photos of an incident that has become private; the open files go once the sealed ones count."""
    for photo in incident.attachments.select_for_update(of=("self",)).filter(sealed=False):
        open_file = settings.FILES / photo.path
        content = _seal(photo, incident, _read(open_file) if open_file.exists() else b"", by=by, at=at)
        photo.path = f"{photo.path.split('.')[0]}.sealed"
        _write(settings.FILES / photo.path, content)
        photo.save(update_fields=["sealed", "key_id", "card", "path"])
        transaction.on_commit(partial(open_file.unlink, missing_ok=True))


def _seal(photo: Attachment, incident: Incident, content: bytes, *, by: HasAuthor, at: datetime) -> bytes:
    """The sealed bytes of a photo, whose row then says by which key and card it is looked at."""
    photo.sealed = True
    photo.key_id, sealed = vault.seal_bytes(content, district_id=incident.district_id, purpose=PURPOSE, owner=photo.id)
    photo.card = vault.seal(
        district_id=incident.district_id, purpose=PURPOSE, retention=Retention.DISPUTE, about=incident,
        fields={"other": photo.digest.hex()}, by=by, at=at,
    ).id  # fmt: skip
    return sealed


@transaction.atomic
def reseal(*, key_id: str, batch: int) -> int:
    """Seals up to so many private photos of a retired key anew under the current one; how many.

    The new file lies beside the old one until the row points to it: whatever dies in between, one of them opens.
    """
    found = Attachment.objects.select_for_update(of=("self",)).select_related("incident")
    photos_of_key = list(found.filter(key_id=key_id, sealed=True).order_by("pk")[:batch])
    for photo in photos_of_key:
        district_id, old = photo.incident.district_id, settings.FILES / photo.path
        if old.exists():
            plain = vault.open_bytes(
                _read(old), key_id=key_id, district_id=district_id, purpose=PURPOSE, owner=photo.id
            )
            photo.key_id, content = vault.seal_bytes(plain, district_id=district_id, purpose=PURPOSE, owner=photo.id)
            photo.path = f"{photo.path.split('.')[0]}.{photo.key_id}.sealed"
            _write(settings.FILES / photo.path, content)
            transaction.on_commit(partial(old.unlink, missing_ok=True))
        else:  # erased
            photo.key_id = ""
        photo.save(update_fields=["key_id", "path"])
    return len(photos_of_key)


def delete_files(*, card_ids: list[UUID]) -> None:
    """The files of photos whose cards are being erased go after the commit."""
    for path in Attachment.objects.filter(card__in=card_ids).values_list("path", flat=True):
        transaction.on_commit(partial((settings.FILES / path).unlink, missing_ok=True))
    Attachment.objects.filter(card__in=card_ids).update(key_id="")


def _flag(incident: Incident, found: Attachment, *, metres: int, at: datetime) -> None:
    flags = set(incident.flags)
    same = Attachment.objects.filter(likeness=found.likeness, added_at__gte=at - AGAIN)
    if same.filter(incident__district=incident.district_id).exists():
        flags.add("photo-again")
    if found.metres_from_place is not None and found.metres_from_place > metres:
        flags.add("photo-elsewhere")
    if flags != set(incident.flags):
        incident.flags = sorted(flags)
        Incident.objects.filter(pk=incident.pk).update(flags=incident.flags)


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all. A file whose transaction was rolled back is an orphan that `forget_orphans` removes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".half")
    with half.open("wb") as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())
    half.rename(path)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as problem:
        raise NotFound from problem


def forget_orphans(*, district_id: int, before: datetime) -> int:
    """Remove files that no row names, older than `before`: what a rolled-back upload left. How many were removed."""
    removed = 0
    folder = settings.FILES / str(district_id)
    for path in folder.rglob("*") if folder.exists() else ():
        if not path.is_file() or path.stat().st_mtime >= before.timestamp():
            continue
        name = str(path.relative_to(settings.FILES))
        if not Attachment.objects.filter(path=name).exists():
            path.unlink()
            removed += 1
    return removed
