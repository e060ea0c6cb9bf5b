"""Which phones a viewer may see, use or revoke."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q, QuerySet

from qipan.foundation.devices.models import Device
from qipan.foundation.posts.access import inside
from qipan.foundation.posts.models import Post
from qipan.foundation.refusals import Conflict, NotFound

NAMES = ("post__person", "post__area", "post__unit")


class DeviceRevoked(Conflict):
    """This phone was revoked. What is still on it can be sent in sealed; to work on, bind it anew."""


def visible(*, viewer: Post) -> QuerySet[Device]:
    """The phones of the viewer's own posts, and for an administrator those of every post in the area."""
    seen = Q(post__person=viewer.person_id)
    if viewer.may("posts.administer"):
        seen |= inside(viewer, "post__area")
    return Device.objects.filter(seen, post__district=viewer.district_id)


def lock(device_id: UUID, *, viewer: Post) -> Device:
    """One visible phone, locked for a change. Raises NotFound."""
    rows = visible(viewer=viewer).select_for_update(of=("self",)).select_related(*NAMES)
    found = rows.filter(pk=device_id).first()
    if found is None:
        raise NotFound(field="device")
    return found


def own(device_id: UUID, *, by: Post) -> Device:
    """The phone that this very post works with. Raises NotFound, DeviceRevoked."""
    found = Device.objects.filter(pk=device_id, post=by.pk).first()
    if found is None:
        raise NotFound(field="device")
    if found.revoked_at:
        raise DeviceRevoked(field="device")
    found.post = by
    return found
