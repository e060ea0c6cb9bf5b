"""The duty to import a calendar that is missing, opened by the system once a district and year."""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction

from qipan.foundation.areas.models import Area
from qipan.foundation.duties import queries
from qipan.foundation.duties.models import Duty
from qipan.foundation.duties.operations.lifecycle import open
from qipan.foundation.duties.rules import CALENDAR, State, alarm_id
from qipan.foundation.journal import operations as journal
from qipan.foundation.journal.rules import SYSTEM, About
from qipan.foundation.posts.models import Post
from qipan.foundation.posts.rules import Role
from qipan.kernels.clock import Limit

ALARM_LIMIT = Limit.natural_days(14)
LOCK = 0x43616C65  # "Cale": one process at a time looks


@transaction.atomic
def raise_alarms(*, at: datetime) -> list[Duty]:
    """For each district whose calendar of this year (and from 1 December of the next) is missing: a duty of its
    administrator, once. It ends when the year is imported. Returns those just opened."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return []
    found = []
    for district, year in queries.calendar_warnings(now=at):
        key = alarm_id(district_id=district.pk, year=year)
        if Duty.objects.filter(about_id=key, kind=CALENDAR).exclude(state=State.ENDED).exists():
            continue
        found.append(_open(district, year, at))
    return found


def _open(district: Area, year: int, at: datetime) -> Duty:
    administrator = (
        Post.objects.in_force(at).filter(area=district, role=Role.ADMINISTRATOR).order_by("valid_from", "pk").first()
    )
    key = alarm_id(district_id=district.pk, year=year)
    about = About("duties.year", key, str(year), district.pk, (district.pk,))
    duty = open(kind=CALENDAR, about=about, limit=ALARM_LIMIT, post=administrator, at=at, by=SYSTEM)
    journal.record("duties.opened", duty, by=SYSTEM, at=at, duty=duty.pk, duty_kind=CALENDAR)
    return duty
