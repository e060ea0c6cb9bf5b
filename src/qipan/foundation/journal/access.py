"""Which entries a viewer may read."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from qipan.foundation.journal.models import Entry
from qipan.foundation.journal.rules import READ_PRIVATE, READ_SECRET, Class


def visible(*, viewer: Any) -> QuerySet[Entry]:
    """Entries of the viewer's own subtree, up to the privacy class that the post may read, and its own doings.

    `viewer`: a Post (`id`, `district_id`, `area_id`, `may(ability)`). Entries without areas (of the installation, of
    accounts) are read by those who may read secret ones.
    """
    highest = Class.OPEN
    if viewer.may(READ_SECRET):
        highest = Class.SECRET
    elif viewer.may(READ_PRIVATE):
        highest = Class.PRIVATE
    inside = Q(areas__contains=[viewer.area_id])
    if highest == Class.SECRET:
        inside |= Q(areas=[])
    return Entry.objects.filter(
        Q(district_id=viewer.district_id) & ((inside & Q(privacy__lte=int(highest))) | Q(post_id=viewer.id))
    )
