"""What comes round at night for domains: visits drawn, forms filled, second checks, files that no row names."""

from __future__ import annotations

import logging
import random
import secrets
from datetime import timedelta

from django.utils import timezone
from procrastinate.contrib.django import app

from qipan.foundation.areas.models import Area, Level
from qipan.foundation.devices import operations as devices
from qipan.incidents import operations as incidents
from qipan.inspections import operations as inspections
from qipan.inspections.models import Plan
from qipan.reporting import operations as reporting

log = logging.getLogger(__name__)


@app.periodic(cron="5 22 * * *", periodic_id="visits")  # 06:05 in Shanghai
@app.task(name="draw_visits", queueing_lock="draw_visits")
def draw_visits(timestamp: int) -> None:
    now = timezone.now()
    for plan in Plan.objects.filter(valid_to=None).values_list("pk", flat=True):
        drawn = inspections.draw_visits(plan_id=plan, on=timezone.localdate(now), at=now)
        log.info("plan %s: %d visits owed", plan, len(drawn))


@app.periodic(cron="15 22 * * *", periodic_id="forms")
@app.task(name="fill_forms", queueing_lock="fill_forms")
def fill_forms(timestamp: int) -> None:
    log.info("%d daily forms filled", reporting.fill_daily(at=timezone.now()))


@app.periodic(cron="30 22 * * *", periodic_id="spot_checks")
@app.task(name="draw_spot_checks", queueing_lock="draw_spot_checks")
def draw_spot_checks(timestamp: int) -> None:
    """A share of yesterday's closed files, drawn so that nobody can know which."""
    now = timezone.now()
    draw = random.Random(secrets.randbits(128))  # noqa: S311
    for district in Area.objects.filter(level=Level.DISTRICT, valid_to=None).values_list("pk", flat=True):
        incidents.draw_spot_checks(district_id=district, since=now - timedelta(days=1), at=now, draw=draw)


@app.periodic(cron="45 19 * * *", periodic_id="orphans")
@app.task(name="forget_orphans", queueing_lock="forget_orphans")
def forget_orphans(timestamp: int) -> None:
    before = timezone.now() - timedelta(days=1)
    for district in Area.objects.filter(level=Level.DISTRICT).values_list("pk", flat=True):
        incidents.forget_orphans(district_id=district, before=before)
    devices.forget_photos(at=timezone.now())
