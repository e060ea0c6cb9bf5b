"""The kinds of duties that this room itself has, and what it answers to the rooms below it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from qipan.foundation.duties import access
from qipan.foundation.duties.kinds import Kind
from qipan.foundation.duties.models import Duty
from qipan.foundation.duties.operations.moves import count_owed, give_all
from qipan.foundation.duties.rules import State
from qipan.foundation.posts.models import Post
from qipan.foundation.vault.models import Card

__all__ = ["KINDS", "TITLE", "concerns", "count_owed", "give_all"]

TITLE = _("Duties")


def _unit_heads(viewer: Post) -> Q:
    """A private duty of a unit is its head's to see."""
    return Q(unit=viewer.unit_id) if viewer.head else Q(pk__in=())


KINDS = (
    Kind("duties.call", _("Phone call"), link=lambda key: f"/duties/{key}/call", may_see=_unit_heads, pause=None),
    Kind("duties.relief", _("Family emergency: relieve"), link=lambda key: f"/duties/{key}/relief", pause=None),
    Kind("duties.calendar", _("Import the calendar of next year"), link=lambda key: "/calendar", pause=None),
)


def concerns(card: Card, viewer: Any, duty_id: UUID) -> bool:
    """Whether this is an own open duty of the viewer about what the card belongs to: sight in one tap."""
    if card.about_id is None:
        return False
    return (
        Duty.objects.exclude(state=State.ENDED)
        .filter(access.owed_by(viewer), pk=duty_id, about_kind=card.about_kind, about_id=card.about_id)
        .filter(district=card.district_id)
        .exists()
    )
