"""The figures of incidents and inspections that a superior's form can ask for, each in one query by township."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db.models import Count, Q
from django.utils.translation import gettext_lazy as _

from qipan.incidents.models import Incident
from qipan.incidents.rules.steps import ENDED, Status
from qipan.inspections.models import Finding, Visit
from qipan.reporting import figures
from qipan.reporting.figures import Figure

Counted = dict[int | None, int]
REAL = ~Q(status__in=(Status.DRAFT, Status.DECLINED, Status.VOID, Status.MERGED))


def _incidents(condition: Callable[[datetime, datetime], Q]) -> figures.Count:
    def count(district_id: int, since: datetime, until: datetime, klass: str) -> Counted:
        rows = Incident.objects.filter(condition(since, until), district=district_id)
        if klass:
            rows = rows.filter(klass=klass)
        return dict(rows.order_by().values_list("township").annotate(Count("pk")))

    return count


def _visits(district_id: int, since: datetime, until: datetime, klass: str) -> Counted:
    rows = Visit.objects.filter(district=district_id, visited_at__gte=since, visited_at__lt=until)
    return dict(rows.order_by().values_list("township").annotate(Count("pk")))


def _findings(district_id: int, since: datetime, until: datetime, klass: str) -> Counted:
    rows = Finding.objects.filter(
        visit__district=district_id, visit__visited_at__gte=since, visit__visited_at__lt=until
    )
    return dict(rows.order_by().values_list("visit__township").annotate(Count("pk")))


def _between(field: str) -> Callable[[datetime, datetime], Q]:
    return lambda since, until: Q(**{f"{field}__gte": since, f"{field}__lt": until})


def _open(since: datetime, until: datetime) -> Q:
    still = ~Q(status__in=[*ENDED, Status.DRAFT]) | Q(closed_at__gte=until)
    return Q(reported_at__lt=until) & REAL & still


FIGURES = (
    Figure("reported", _("Incidents reported"), _incidents(lambda s, u: _between("reported_at")(s, u) & REAL)),
    Figure("closed", _("Incidents closed"), _incidents(_between("closed_at"))),
    Figure("closed_on_time", _("Incidents closed on time"),
           _incidents(lambda s, u: _between("closed_at")(s, u) & Q(on_time=True))),
    Figure("settled", _("Incidents settled on the spot"),
           _incidents(lambda s, u: _between("closed_at")(s, u) & Q(immediate=True))),
    Figure("reopened", _("Incidents reopened"),
           _incidents(lambda s, u: _between("reported_at")(s, u) & Q(reopenings__gt=0))),
    Figure("open", _("Incidents open at the end"), _incidents(_open)),
    Figure("urgent", _("Urgent incidents reported"),
           _incidents(lambda s, u: _between("reported_at")(s, u) & REAL & Q(urgent=True))),
    Figure("visits", _("Inspections made"), _visits),
    Figure("findings", _("Findings of inspections"), _findings),
)  # fmt: skip


def register() -> None:
    """Called once, by the assembly, when all apps are ready."""
    figures.register(*FIGURES)
