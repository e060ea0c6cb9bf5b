"""What was open turns out to be private: nothing that repeats its words stays where lists and searches find it."""

from __future__ import annotations

from datetime import datetime

from qipan.foundation.duties import operations as duties
from qipan.foundation.journal.rules import HasAuthor
from qipan.foundation.vault import operations as vault
from qipan.foundation.vault.rules import Retention
from qipan.incidents.models import Incident
from qipan.incidents.operations.attach import seal_photos
from qipan.incidents.operations.report import Place, write_search, write_words


def conceal(incident: Incident, *, was_private: bool, by: HasAuthor, at: datetime) -> None:
    """After a new category: what became private goes out of sight, and duties say what the incident is now."""
    if incident.private and not was_private:
        _words(incident, by=by, at=at)
        seal_photos(incident, by=by, at=at)
    elif incident.private:
        incident.title = incident.category.name
    write_search(incident)
    incident.save()
    duties.describe_again(about=incident, title=incident.title)
    for supervision in incident.supervisions.all():
        duties.describe_again(about=supervision, title=incident.title)


def _words(incident: Incident, *, by: HasAuthor, at: datetime) -> None:
    """Where numbers or names were masked, the words lie in the vault already, whole; others go there now."""
    if incident.text_card is None:
        place = Place(address=incident.address)
        write_words(incident, place=place, title=incident.title, text=incident.text, by=by, at=at)
    else:
        incident.title, incident.text, incident.address = incident.category.name, "", ""
    cards = [incident.text_card, *incident.reporters.values_list("card", flat=True)]
    vault.keep_for(card_ids=[card for card in cards if card], retention=Retention.DISPUTE, at=at)
