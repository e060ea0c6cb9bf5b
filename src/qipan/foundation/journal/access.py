"""Which entries a viewer may read."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from qipan.foundation.journal.models import Entry
from qipan.foundation.journal.rules import READ_PRIVATE, READ_SECRET, Class
from qipan.foundation.refusals import Forbidden


class NotForYou(Forbidden):
    """Your post does not read the journal."""


def visible(*, viewer: Any) -> QuerySet[Entry]:
    """Entries of the viewer's own subtree, up to the privacy class that the post may read, and its own doings.

    `viewer`: a Post (`id`, `district_id`, `area_id`, `may(ability)`). Entries without areas are read by those who may
    read secret ones.
    """
    highest = Class.OPEN
    if viewer.may(READ_SECRET):
        highest = Class.SECRET
    elif viewer.may(READ_PRIVATE):
        highest = Class.PRIVATE
    own = Q(district_id=viewer.district_id)
    readable = own & Q(areas__contains=[viewer.area_id], privacy__lte=int(highest))
    if highest == Class.SECRET:
        # What belongs to no area: accounts of the district, and the installation's own doings.
        readable |= own & Q(areas=[]) | Q(district_id__isnull=True)
    return Entry.objects.filter(readable | own & Q(post_id=viewer.id))


def require(viewer: Any, ability: str) -> None:
    """Raises NotForYou unless the post may."""
    if not viewer.may(ability):
        raise NotForYou
