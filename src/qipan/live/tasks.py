"""What comes round: points of staff that are too old are forgotten."""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from qipan.live import here


@app.periodic(cron="* * * * *", periodic_id="here")
@app.task(name="live_forget_points", queueing_lock="live_forget_points", pass_context=False)
def forget_points(timestamp: int) -> None:
    here.forget(at=timezone.now())
