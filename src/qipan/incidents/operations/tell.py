"""Those who reported something hear what becomes of it; what they read names no one."""

from __future__ import annotations

from datetime import datetime

from qipan.foundation.outbox import operations as outbox
from qipan.incidents.models import Incident


def tell_reporters(incident: Incident, template: str, *, at: datetime) -> None:
    """Write to every reporter who left a way to be reached, in the language they chose. Of a private matter no
    message tells the answer: it is read with the tracking code."""
    if incident.private and template in {"incidents.declined", "incidents.closed"}:
        template += "_private"
    context = {"number": incident.number, "answer": incident.answer}
    for reporter in incident.reporters.exclude(card=None):
        assert reporter.card is not None
        outbox.send(
            template=template,
            to=outbox.Contact(reporter.card, incident.district_id, reporter.language),
            context=context,
            about=incident,
            at=at,
            urgent=incident.urgent,
            dedupe=f"{template}:{incident.id}:{incident.version}:{reporter.id}",
        )
    incident.reporters.exclude(card=None).update(informed_at=at)
