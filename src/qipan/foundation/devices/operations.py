"""Every write about phones: bind, revoke, and that one was heard from."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Sum

from qipan.foundation.devices import access, boxes, rules
from qipan.foundation.devices.models import Carried, Device, Kept, Photo
from qipan.foundation.journal import operations as journal
from qipan.foundation.posts.models import Post
from qipan.foundation.refusals import Conflict, Invalid, NotFound
from qipan.foundation.vault import operations as vault
from qipan.kernels import identity
from qipan.kernels.ids import new_id

PURPOSE, PHOTOS, STEPS = "devices.keys", "devices.photos", "devices.steps"
WAITING = timedelta(days=30)  # after which a photo without its step is forgotten


class NameMissing(Invalid):
    """Give the phone a name by which you know it again."""


class TooManyDevices(Conflict):
    """A post works with at the most {most} phones. Revoke one first."""


class TooManyPhotosWait(Conflict):
    """As many photos of this phone as may wait for their steps do. Send the steps first."""


class TooManyStepsWait(Conflict):
    """As many steps of this phone as may wait for a decision do. An administrator decides about them first."""


class RevokedBefore(Conflict):
    """This phone is revoked already."""


@transaction.atomic
def bind(*, name: str, public_key: bytes, version: int, clock_offset: int, by: Post, at: datetime) -> Device:
    """The post works with one more phone. `public_key`: 65 bytes, P-256; `clock_offset` in milliseconds.

    Raises NameMissing, NotAKey, TooManyDevices.
    """
    if not name.strip():
        raise NameMissing(field="name")
    boxes.public_key(public_key)
    Post.objects.select_for_update().get(pk=by.pk)  # two at once count each other
    if Device.objects.filter(post=by, revoked_at=None).count() >= rules.MOST_DEVICES:
        raise TooManyDevices(most=rules.MOST_DEVICES)
    device_id, (private, public) = new_id(), boxes.new_pair()
    key_id, sealed = vault.seal_bytes(private, district_id=by.district_id, purpose=PURPOSE, owner=device_id)
    device = Device.objects.create(
        id=device_id, post=by, name=identity.mask_text(name.strip()).text[:80], public_key=public_key,
        server_public_key=public, server_private_key=sealed, key_id=key_id, bound_at=at, seen_at=at,
        lease_until=at + rules.LEASE, version=version, clock_offset=clock_offset,
    )  # fmt: skip
    journal.record("devices.bound", device, by=by, at=at)
    return device


@transaction.atomic
def revoke(*, device_id: UUID, by: Post, at: datetime, reason: str = "") -> Device:
    """Nothing more is told to this phone: by whoever works with it, or an administrator. Raises RevokedBefore."""
    device = access.lock(device_id, viewer=by)
    if device.revoked_at:
        raise RevokedBefore
    device.revoked_at = device.lease_until = max(at, device.bound_at)
    device.cursor, device.holds = None, []
    device.save(update_fields=["revoked_at", "lease_until", "cursor", "holds"])
    journal.record("devices.revoked", device, by=by, at=at, reason=reason)
    return device


def heard(device: Device, *, version: int, clock: datetime | None, at: datetime) -> Device:
    """A phone spoke while its person was signed in: its lease runs anew, and its clock is compared."""
    offset = rules.offset_of(clock=clock, at=at)
    device.seen_at, device.lease_until, device.version = at, at + rules.LEASE, version
    if offset is not None:
        device.clock_offset = offset
    still = Device.objects.filter(pk=device.pk, revoked_at=None)
    if not still.update(seen_at=at, lease_until=device.lease_until, version=version, clock_offset=device.clock_offset):
        raise access.DeviceRevoked(field="device")
    return device


def opened(device: Device, box: bytes) -> bytes:
    """What a phone sealed for the server. Raises BoxBroken."""
    private = vault.open_bytes(
        bytes(device.server_private_key), key_id=device.key_id, district_id=device.post.district_id, purpose=PURPOSE,
        owner=device.pk,
    )  # fmt: skip
    return boxes.open_box(box, device_id=device.pk, device_public=bytes(device.public_key), server_private=private)


@transaction.atomic
def keep_photo(*, command_id: UUID, content: bytes, device: Device, at: datetime) -> Photo | None:
    """A photo that waits for its step; sent again it takes the place of the one before. None where its step was carried
    out already, so that a queue sent again leaves nothing lying. Raises NotFound where another phone sent one under
    this id, TooManyPhotosWait."""
    # One photo of a phone at a time; its steps go on meanwhile, as they only need the phone to be there.
    Device.objects.select_for_update(no_key=True).get(pk=device.pk)
    district_id = device.post.district_id
    earlier = Photo.objects.select_for_update().filter(pk=command_id).first()
    if earlier is not None and earlier.device_id != device.pk:
        raise NotFound
    if Carried.objects.filter(pk=command_id, device=device).exists():
        return None
    others = Photo.objects.filter(device=device).exclude(pk=command_id).aggregate(count=Count("pk"), size=Sum("size"))
    if others["count"] >= rules.MOST_PHOTOS or (others["size"] or 0) + len(content) > rules.MOST_PHOTO_BYTES:
        raise TooManyPhotosWait
    key_id, sealed = vault.seal_bytes(content, district_id=district_id, purpose=PHOTOS, owner=command_id)
    values = {"device": device, "digest": hashlib.sha256(content).digest(), "size": len(content), "sealed": sealed,
              "key_id": key_id, "sent_at": at}  # fmt: skip
    kept, _made = Photo.objects.update_or_create(id=command_id, defaults=values)
    return kept


def take_photo(*, command_id: UUID, device: Device) -> bytes | None:
    """The bytes of the photo that waits for this step, which waits no more; None where there is none. Part of the
    caller's transaction."""
    photo = Photo.objects.select_for_update().filter(pk=command_id, device=device).first()
    if photo is None:
        return None
    content = vault.open_bytes(
        bytes(photo.sealed), key_id=photo.key_id, district_id=device.post.district_id, purpose=PHOTOS,
        owner=photo.pk,
    )  # fmt: skip
    photo.delete()
    return content


def forget_photos(*, at: datetime) -> int:
    """Photos whose step never came go; one whose step waits for a decision waits with it. How many went."""
    undecided = Kept.objects.filter(decided_at=None).values("pk")
    return Photo.objects.filter(sent_at__lt=at - WAITING).exclude(pk__in=undecided).delete()[0]


def under_key(key_id: str) -> int:
    """How many keys of phones lie under a key of the vault."""
    return Device.objects.filter(key_id=key_id).count()


def photos_under_key(key_id: str) -> int:
    return Photo.objects.filter(key_id=key_id).count()


@transaction.atomic
def reseal(key_id: str, batch: int) -> int:
    """Seals up to so many keys of phones of a retired key of the vault anew; how many."""
    found = list(Device.objects.select_for_update(of=("self",)).select_related("post").filter(key_id=key_id)[:batch])
    for device in found:
        district_id = device.post.district_id
        plain = vault.open_bytes(
            bytes(device.server_private_key), key_id=key_id, district_id=district_id, purpose=PURPOSE, owner=device.pk
        )
        device.key_id, device.server_private_key = vault.seal_bytes(
            plain, district_id=district_id, purpose=PURPOSE, owner=device.pk
        )
        device.save(update_fields=["key_id", "server_private_key"])
    return len(found)


@transaction.atomic
def reseal_photos(key_id: str, batch: int) -> int:
    """The same for photos that wait."""
    rows = Photo.objects.select_for_update(of=("self",)).select_related("device__post")
    found = list(rows.filter(key_id=key_id)[:batch])
    for photo in found:
        district_id = photo.device.post.district_id
        plain = vault.open_bytes(
            bytes(photo.sealed), key_id=key_id, district_id=district_id, purpose=PHOTOS, owner=photo.pk
        )
        photo.key_id, photo.sealed = vault.seal_bytes(plain, district_id=district_id, purpose=PHOTOS, owner=photo.pk)
        photo.save(update_fields=["key_id", "sealed"])
    return len(found)


def keep(*, command_id: UUID, step: str, why: str, content: bytes, corrected_time: datetime, device: Device,
         at: datetime) -> Kept | None:  # fmt: skip
    """A step waits for an administrator's decision; None where it does so already. Part of the caller's transaction.
    Raises TooManyStepsWait: whoever holds a phone's key may send without a session, but not without end."""
    if Kept.objects.filter(pk=command_id).exists():
        return None
    if Kept.objects.filter(device=device, decided_at=None).count() >= rules.MOST_KEPT:
        raise TooManyStepsWait
    key_id, sealed = vault.seal_bytes(content, district_id=device.post.district_id, purpose=STEPS, owner=command_id)
    values = {"device": device, "step": step[:12], "why": why[:60], "sealed": sealed, "key_id": key_id,
              "corrected_time": corrected_time, "kept_at": at}  # fmt: skip
    kept, made = Kept.objects.get_or_create(id=command_id, defaults=values)
    return kept if made else None


def kept_content(kept: Kept) -> bytes:
    return vault.open_bytes(
        bytes(kept.sealed), key_id=kept.key_id, district_id=kept.device.post.district_id, purpose=STEPS,
        owner=kept.pk,
    )  # fmt: skip


def kept_under_key(key_id: str) -> int:
    return Kept.objects.filter(key_id=key_id).count()


@transaction.atomic
def reseal_kept(key_id: str, batch: int) -> int:
    """The same for steps that wait for a decision, or did."""
    rows = Kept.objects.select_for_update(of=("self",)).select_related("device__post")
    found = list(rows.filter(key_id=key_id)[:batch])
    for kept in found:
        plain = kept_content(kept)
        kept.key_id, kept.sealed = vault.seal_bytes(
            plain, district_id=kept.device.post.district_id, purpose=STEPS, owner=kept.pk
        )
        kept.save(update_fields=["key_id", "sealed"])
    return len(found)
