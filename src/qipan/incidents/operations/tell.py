"""Those who reported something hear what becomes of it; what they read names no one."""

from __future__ import annotations

from datetime import datetime

from qipan.incidents.models import Incident


def tell_reporters(incident: Incident, template: str, *, at: datetime) -> None:
    """Note when the reporters were last informed."""
    incident.reporters.exclude(card=None).update(informed_at=at)
