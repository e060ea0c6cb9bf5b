"""Drafts: written anew and handed in by who began them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from qipan.foundation.posts.models import Post
from qipan.foundation.refusals import NotFound
from qipan.foundation.vault import operations as vault
from qipan.incidents import access, routing
from qipan.incidents.models import Category, Incident
from qipan.incidents.operations.attach import seal_photos
from qipan.incidents.operations.conceal import narrow
from qipan.incidents.operations.report import CategoryEnded, Place, hand_in, locate, write_search, write_words
from qipan.incidents.operations.steps import note
from qipan.incidents.rules.classes import CLASSES, Klass
from qipan.incidents.rules.steps import Step, check


@transaction.atomic
def submit(*, incident_id: UUID, by: Post, at: datetime) -> Incident:
    """Hand in an own draft. What its category has become private or hidden meanwhile, it is too.

    Raises WrongStep if it was handed in already, NotFound for another's.
    """
    incident = access.lock(incident_id, viewer=by)
    check(Step.SUBMIT, incident.status)
    category = Category.objects.filter(district=incident.district_id, key=incident.category.key, valid_to=None).first()
    if category and (
        category.private > incident.private or category.hidden_from_village > incident.hidden_from_village
    ):
        narrow(incident, private=category.private, hidden=category.hidden_from_village, by=by, at=at)
    return hand_in(incident, by=by, at=at)


@transaction.atomic
def change_draft(
    *, incident_id: UUID, category: Category, place: Place, title: str, text: str = "", urgent: bool | None = None,
    victim_cannot_act: bool = False, by: Post, at: datetime,
) -> Incident:  # fmt: skip
    """Write a draft anew before it is handed in. Raises NotFound for another's, WrongStep once it was handed in, and
    what `report` raises."""
    incident = access.lock(incident_id, viewer=by)
    if incident.reported_by_id != by.pk:
        raise NotFound
    check(Step.SUBMIT, incident.status)
    today = timezone.localdate(at)
    if category.valid_from > today or (category.valid_to and category.valid_to <= today):
        raise CategoryEnded(field="category")
    old = incident.text_card
    incident.category, incident.klass = category, category.klass
    incident.private = category.private or CLASSES[Klass(category.klass)].private
    incident.hidden_from_village = category.hidden_from_village
    incident.victim_cannot_act = victim_cannot_act and category.never_mediated
    incident.urgent = category.urgent_default if urgent is None else urgent
    incident.premises, incident.text_card = place.premises, None
    locate(incident, place, district_id=incident.district_id, at=at)
    incident.level = routing.first_level(
        klass=Klass(category.klass), urgent=incident.urgent, hidden_from_village=incident.hidden_from_village,
        staffed=routing.staffed(district_id=incident.district_id, at=at),
    )  # fmt: skip
    write_words(incident, place=place, title=title, text=text, by=by, at=at)
    write_search(incident)
    note(incident, "redrafted", by=by, at=at)
    if old:
        vault.erase(card_id=old, by=by, at=at, reason="incidents.redrafted")
    if incident.private:
        seal_photos(incident, by=by, at=at)
    return incident
