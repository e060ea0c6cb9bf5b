"""Who reported what one owes: at one tap, on the ground of the own open duty. The phone shows it and keeps nothing."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Path, Router, Schema
from pydantic import Field

from qipan.foundation.posts.access import require
from qipan.foundation.posts.api_words import _
from qipan.foundation.refusals import Forbidden
from qipan.foundation.vault import operations as vault
from qipan.incidents import access
from qipan.incidents.queries.file import own_duty

router = Router(tags=["field"])
MOST = 5


class OnlyForADuty(Forbidden):
    """You have no open duty here. A look with a reason is taken at a desk, where the reason is written."""


class KnownOut(Schema):
    name: str = Field(description=_("The name, as it was given."), examples=["某某"])
    phone: str = Field(description=_("The number to call."), examples=["13800138000"])
    address: str = Field(description=_("The address, as it was given."), examples=["某街 1 号"])


@router.post(
    "/people/{uuid:incident_id}",
    response=list[KnownOut],
    summary=_("Who reported what you owe"),
    description=_("One tap, on the ground of your own open duty. Each look is recorded before anything is opened."),
)
def people(
    request: HttpRequest,
    response: HttpResponse,
    incident_id: Annotated[UUID, Path(description=_("The incident's id."))],
) -> Any:
    by = require(request.post, "incidents.view")  # type: ignore[attr-defined]
    incident = access.get(incident_id, viewer=by, related=())
    duty = own_duty(incident, viewer=by)
    if duty is None:
        raise OnlyForADuty
    response["Cache-Control"] = "no-store"
    cards = incident.reporters.exclude(card=None).order_by("reported_at").values_list("card", flat=True)[:MOST]
    found = [vault.reveal(card_id=card, by=by, at=timezone.now(), duty_id=duty.pk) for card in cards if card]
    return [{key: one.get(key, "") for key in ("name", "phone", "address")} for one in found]
