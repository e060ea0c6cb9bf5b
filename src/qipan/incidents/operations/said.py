"""What is written about an incident after the report: answers, reasons, remarks.

Of a private matter these words are sealed as the report's own are, in the same card, and whoever may see the matter
opens them together. Tables, the journal, lists and messages hold a mark in their place.
"""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from qipan.foundation.journal.rules import SYSTEM, HasAuthor
from qipan.foundation.vault import operations as vault
from qipan.foundation.vault.rules import Retention
from qipan.incidents.models import Incident
from qipan.kernels.identity import mask_text

SEALED = "***"  # as the vault masks words


def said(incident: Incident, text: str, *, by: HasAuthor, at: datetime, most: int | None = None) -> str:
    """What may be kept in the open of something written by a person: numbers are masked; of a private matter a mark.

    The words go to the end of the incident's card with their time and author. Part of the caller's transaction.
    """
    text = text.strip()
    if not text or text == SEALED:
        return text
    if not incident.private or by is SYSTEM:
        return mask_text(text).text[:most]
    line = f"{timezone.localtime(at):%Y-%m-%d %H:%M} {by.author().label}：{text}"
    seal_words(incident, "other", line, by=by, at=at)
    return SEALED


def answered(incident: Incident, text: str, *, by: HasAuthor, at: datetime) -> str:
    """The same for the answer, which the reporter reads by the tracking code: a newer one takes the older's place."""
    text = text.strip()
    if not incident.private or not text or text == SEALED:
        return mask_text(text).text
    seal_words(incident, "answer", mask_text(text).text, by=by, at=at, anew=True)
    return SEALED


def seal_words(
    incident: Incident, field: str, text: str, *, by: HasAuthor, at: datetime, anew: bool = False
) -> None:  # fmt: skip
    """Into the incident's card, or a new one where it has none or the old one was erased."""
    if incident.text_card is not None:
        try:
            vault.add(card_id=incident.text_card, field=field, text=text, by=by, at=at, anew=anew)
        except vault.Erased:
            pass
        else:
            return
    incident.text_card = vault.seal(
        district_id=incident.district_id, purpose="incidents.private", retention=Retention.DISPUTE, about=incident,
        fields={field: text}, by=by, at=at,
    ).id  # fmt: skip
    Incident.objects.filter(pk=incident.pk).update(text_card=incident.text_card)


def seal_what_was_said(incident: Incident, *, by: HasAuthor, at: datetime) -> None:
    """An incident has become private: what was written about it until now goes into its card too."""
    if incident.answer:
        incident.answer = answered(incident, incident.answer, by=by, at=at)
    lines: list[tuple[datetime, str]] = []
    for table, columns in (
        (incident.asks, (("asked_at", "reason"), ("decided_at", "decision"))),
        (incident.supervisions, (("issued_at", "question"), ("answered_at", "answer"))),
        (incident.assistance, (("answered_at", "answer"),)),
        (incident.reminders, (("at", "note"),)),
        (incident.ratings, (("at", "comment"), ("called_back_at", "call_note"))),
        (incident.spot_checks, (("checked_at", "note"),)),
    ):
        for row in table.all():
            found = [(when, column) for when, column in columns if getattr(row, column)]
            for when, column in found:
                lines.append((getattr(row, when) or at, getattr(row, column)))
                setattr(row, column, SEALED)
            if found:
                row.save(update_fields=[column for _when, column in found])
    if lines:
        words = "\n".join(f"{timezone.localtime(when):%Y-%m-%d %H:%M} {text}" for when, text in sorted(lines))
        seal_words(incident, "other", words, by=by, at=at)
