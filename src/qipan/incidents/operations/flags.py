"""Flags that only the computer would notice. They are shown to the verifier as hints, never as verdicts (DOMAIN §3)."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import F, Q

from qipan.foundation.duties.models import Duty
from qipan.foundation.duties.rules import State
from qipan.incidents.models import Incident
from qipan.incidents.rules.steps import Status

MASS = "mass-last-minute"
LAST_MINUTES = timedelta(minutes=60)  # before the deadline
TOGETHER = timedelta(minutes=30)  # within which they were reported back
MANY = 5


def flag_mass_closing(incident: Incident, *, at: datetime) -> bool:
    """Flag an incident reported back just before its deadline together with at least four others of the same unit.

    The others are flagged with it while somebody can still look at them. Called after the handling leg has ended.
    """
    late = Q(due_at__lte=F("ended_at") + LAST_MINUTES, due_at__gte=F("ended_at"))
    rows = Duty.objects.filter(
        late, state=State.ENDED, kind="incidents.handle", outcome="answered", unit=incident.unit_id,
        district=incident.district_id,
        ended_at__gt=at - TOGETHER, ended_at__lte=at,
    )  # fmt: skip
    ids = set(rows.values_list("about_id", flat=True)[:200])
    if incident.pk not in ids or len(ids) < MANY:
        return False
    if MASS not in incident.flags:
        incident.flags = sorted({*incident.flags, MASS})
    others = Incident.objects.filter(pk__in=ids - {incident.pk}, status__in=(Status.ANSWERED, Status.VERIFYING))
    for other in others.exclude(flags__contains=[MASS]).select_for_update(skip_locked=True).order_by("pk"):
        Incident.objects.filter(pk=other.pk).update(flags=sorted({*other.flags, MASS}))
    return True
