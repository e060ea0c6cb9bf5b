"""The kinds of duties that this room itself has, and what it answers to the rooms below it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from qipan.foundation.duties import access
from qipan.foundation.duties.kinds import Escalation, Kind
from qipan.foundation.duties.models import Duty
from qipan.foundation.duties.operations.moves import count_owed, give_all
from qipan.foundation.duties.rules import CALENDAR, CALL, RELIEF, Recipient, State
from qipan.foundation.vault.models import Card
from qipan.kernels.clock import Limit

__all__ = ["KINDS", "TITLE", "concerns", "count_owed", "give_all"]

TITLE = _("Duties")


KINDS = (
    Kind(CALL, _("Phone call"), link=lambda key: f"/duties/{key}/call/", pause=None),
    Kind(
        RELIEF,
        _("Family emergency: relieve"),
        link=lambda key: f"/duties/{key}/relief/",
        # Whoever is told of a relief that is late learns which unit, not who: the label names the unit alone.
        steps=(Escalation("commander", Limit.natural(minutes=15), Recipient.COMMANDER),),
        pause=None,
    ),
    Kind(CALENDAR, _("Import the missing calendar"), link=lambda key: "/calendar/import/", pause=None),
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
