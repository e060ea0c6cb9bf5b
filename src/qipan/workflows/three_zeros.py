"""三零: the state of each premises, derived from what happened there and stored nowhere.

零上访 is broken by a dispute or petition that was not solved where it could be: it was late, or came back after its
close. Their number never counts, nor does what the premises or an inspection reported about itself. 零事故 is broken
by an accident with casualties, 零案件 by a criminal or major public-order case, both as the competent department
confirmed them (the incident is not declined or void).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from qipan.foundation.areas.access import within
from qipan.foundation.areas.models import Premises
from qipan.foundation.posts.models import Post
from qipan.incidents.models import Incident
from qipan.incidents.rules.classes import Klass
from qipan.incidents.rules.steps import Status

OWN_REPORT = ("inspection", "self")
NOTHING = (Status.DECLINED, Status.VOID, Status.MERGED, Status.DRAFT)
UNSOLVED = Q(klass__in=(Klass.DISPUTE, Klass.PETITION)) & (Q(on_time=False) | Q(reopenings__gt=0))
UNSOLVED &= ~Q(source__in=OWN_REPORT)
ACCIDENT, CASE = Q(category__key="casualties"), Q(category__key="case")


@dataclass(frozen=True, slots=True)
class Zeros:
    """How many events broke each of the three since the day asked for; all nought is 三零."""

    unsolved: int = 0
    accidents: int = 0
    cases: int = 0

    @property
    def kept(self) -> bool:
        return not (self.unsolved or self.accidents or self.cases)


def states(*, premises: Iterable[UUID], since: datetime, viewer: Post) -> dict[UUID, Zeros]:
    """The state of each of the premises since a moment. Two columns of numbers, no names; one query."""
    ids = list(premises)
    rows = (
        Incident.objects.filter(within(viewer.area), premises__in=ids, reported_at__gte=since)
        .exclude(status__in=NOTHING)
        .order_by()
        .values("premises")
        .annotate(
            unsolved=Count("pk", filter=UNSOLVED),
            accidents=Count("pk", filter=ACCIDENT),
            cases=Count("pk", filter=CASE),
        )
    )
    found = {row["premises"]: Zeros(row["unsolved"], row["accidents"], row["cases"]) for row in rows}
    return {key: found.get(key, Zeros()) for key in ids}


def summary(*, since: datetime, viewer: Post) -> dict[str, dict[str, int]]:
    """By kind of premises in the viewer's area: how many there are and how many keep all three."""
    totals = dict(
        Premises.objects.filter(within(viewer.area), active_to=None)
        .order_by()
        .values_list("kind")
        .annotate(Count("pk"))
    )
    broken = (
        Incident.objects.filter(within(viewer.area), premises__isnull=False, reported_at__gte=since)
        .filter(UNSOLVED | ACCIDENT | CASE)
        .exclude(status__in=NOTHING)
        .order_by()
        .values_list("premises__kind")
        .annotate(Count("premises", distinct=True))
    )
    lost = dict(broken)
    return {kind: {"premises": number, "kept": number - lost.get(kind, 0)} for kind, number in sorted(totals.items())}


def broken(*, since: datetime, viewer: Post) -> QuerySet[Incident, UUID]:
    """The ids of the premises in the viewer's area that something broke since a moment."""
    rows = Incident.objects.filter(within(viewer.area), premises__isnull=False, reported_at__gte=since)
    return rows.filter(UNSOLVED | ACCIDENT | CASE).exclude(status__in=NOTHING).values_list("premises", flat=True)
