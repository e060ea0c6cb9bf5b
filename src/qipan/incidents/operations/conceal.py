"""What was open turns out to be private: nothing that repeats its words stays where lists and searches find it."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q, QuerySet

from qipan.foundation.areas.models import Level
from qipan.foundation.duties import operations as duties
from qipan.foundation.duties.operations.lifecycle import matching
from qipan.foundation.journal.rules import SYSTEM, HasAuthor
from qipan.foundation.vault import operations as vault
from qipan.foundation.vault.rules import Retention
from qipan.incidents import routing
from qipan.incidents.models import IS_OPEN, Category, Incident
from qipan.incidents.operations.attach import seal_photos
from qipan.incidents.operations.report import Place, write_search, write_words
from qipan.incidents.operations.said import seal_what_was_said
from qipan.incidents.operations.steps import allow, end_leg, note, start_leg, take
from qipan.incidents.rules.classes import Leg
from qipan.incidents.rules.steps import WITH_UNIT, Step


def narrow(incident: Incident, *, private: bool, hidden: bool, by: HasAuthor, at: datetime) -> bool:
    """A category that is private or hidden from the village makes a locked incident so too; nothing is ever unsealed.

    What became private goes out of sight, what became hidden leaves the village, and duties say what the incident is
    now. Whether anything became narrower. Part of the caller's transaction, which records why.
    """
    was = incident.private, incident.hidden_from_village
    incident.private, incident.hidden_from_village = was[0] or private, was[1] or hidden
    if incident.private and not was[0]:
        _words(incident, by=by, at=at)
        seal_what_was_said(incident, by=by, at=at)
        seal_photos(incident, by=by, at=at)
    elif incident.private:
        incident.title = incident.category.name
    write_search(incident)
    incident.save()
    duties.describe_again(about=incident, title=incident.title)
    for supervision in incident.supervisions.all():
        duties.describe_again(about=supervision, title=incident.title)
    if incident.hidden_from_village and not was[1]:
        _leave_village(incident, at=at)
    return was != (incident.private, incident.hidden_from_village)


def open_of(category: Category, *, private: bool, hidden: bool) -> QuerySet[Incident]:
    """The open incidents of a category, of whichever version, that would become private or hidden from the village."""
    wider = Q(private=False) if private else Q(pk__in=())
    if hidden:
        wider |= Q(hidden_from_village=False)
    return Incident.objects.filter(wider, IS_OPEN, district=category.district_id, category__key=category.key)


def conceal_open(category: Category, *, private: bool, hidden: bool, by: HasAuthor, at: datetime) -> int:
    """The open incidents of a category that has become private or hidden become so too; how many. Closed ones stay as
    they were. Part of the caller's transaction: all of them, or the category does not change."""
    rows = open_of(category, private=private, hidden=hidden).select_for_update(of=("self",))
    found = list(rows.select_related("category").defer("search").order_by("pk"))
    for incident in found:
        narrow(incident, private=private, hidden=hidden, by=by, at=at)
        note(incident, "concealed", by=by, at=at, private=private, hidden_from_village=hidden)
    return len(found)


def _leave_village(incident: Incident, *, at: datetime) -> None:
    """What is hidden from the village leaves its desk, its units and its verifiers; the township's desk has it now."""
    if incident.level > Level.TOWNSHIP:
        incident.desk = routing.desk(areas=incident.areas(), level=Level.TOWNSHIP, at=at, accused=incident.accused_id)
        incident.level = incident.desk.area.level if incident.desk else Level.TOWNSHIP
        incident.save()
    if incident.verifier and incident.verifier.area.level >= Level.VILLAGE and not incident.ended:
        incident.verifier = None
        incident.save()
    if incident.unit and incident.unit.area.level >= Level.VILLAGE and incident.status in WITH_UNIT:
        incident.unit = incident.handler = None
        allow(incident, Step.RETURN, by=SYSTEM)
        end_leg(incident, Leg.HANDLE, by=SYSTEM, at=at, outcome="returned")
        start_leg(incident, Leg.DISPATCH, by=SYSTEM, at=at, unit=incident.desk)
        take(incident, Step.RETURN, by=SYSTEM, at=at)
    for thing in (incident, *incident.supervisions.filter(ended_at=None)):
        for duty in matching(about=thing):
            holder = duty.post or duty.unit
            if holder is None or holder.area.level < Level.VILLAGE:
                continue
            if duty.kind == "incidents.assist" or incident.desk is None:
                duties.end(duty=duty, by=SYSTEM, at=at, outcome="returned")
            else:
                duties.reassign(duty=duty, unit=incident.desk, by=SYSTEM, at=at)
    incident.supervisions.filter(ended_at=None, unit__area__level__gte=Level.VILLAGE).update(unit=incident.desk)


def _words(incident: Incident, *, by: HasAuthor, at: datetime) -> None:
    """Where numbers or names were masked, the words lie in the vault already, whole; others go there now."""
    if incident.text_card is None:
        place = Place(address=incident.address)
        write_words(incident, place=place, title=incident.title, text=incident.text, by=by, at=at)
    else:
        incident.title, incident.text, incident.address = incident.category.name, "", ""
    cards = [incident.text_card, *incident.reporters.values_list("card", flat=True)]
    vault.keep_for(card_ids=[card for card in cards if card], retention=Retention.DISPUTE, at=at)
