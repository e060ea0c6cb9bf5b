"""Work that comes round: each task by the clock, once for all workers together (procrastinate's periodic tasks).

Rooms with jobs of their own keep them in a `tasks` module; what a room below only offers is called here.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from django.core.management import call_command
from django.utils import timezone
from procrastinate.contrib.django import app

from qipan.foundation.journal.rules import SYSTEM
from qipan.foundation.outbox import operations as outbox
from qipan.foundation.posts import operations as posts

log = logging.getLogger(__name__)
MESSAGES_KEPT = timedelta(days=180)


@app.periodic(cron="*/5 * * * *", periodic_id="posts")
@app.task(name="expire_posts", queueing_lock="expire_posts", pass_context=False)
def expire_posts(timestamp: int) -> None:
    """Posts past their last day lose shifts and tokens (their rights ended by themselves)."""
    while posts.expire(at=timezone.now(), by=SYSTEM):
        pass


@app.periodic(cron="20 19 * * *", periodic_id="messages")  # 03:20 in Shanghai
@app.task(name="purge_messages", queueing_lock="purge_messages")
def purge_messages(timestamp: int) -> None:
    """Messages are not an archive: what happened stands in the journal."""
    log.info("%d old messages removed", outbox.purge(before=timezone.now() - MESSAGES_KEPT))


@app.periodic(cron="40 19 * * *", periodic_id="sessions")
@app.task(name="clear_sessions", queueing_lock="clear_sessions")
def clear_sessions(timestamp: int) -> None:
    call_command("clearsessions")


@app.periodic(cron="*/10 * * * *", periodic_id="stalled")
@app.task(name="retry_stalled", queueing_lock="retry_stalled", pass_context=True)
async def retry_stalled(context: object, timestamp: int) -> None:
    """Jobs whose worker died are put back into the queue."""
    manager = app.job_manager
    for job in await manager.get_stalled_jobs():
        await manager.retry_job(job)


@app.periodic(cron="50 19 * * *", periodic_id="jobs")
@app.task(name="remove_old_jobs", queueing_lock="remove_old_jobs", pass_context=True)
async def remove_old_jobs(context: object, timestamp: int) -> None:
    await app.job_manager.delete_old_jobs(nb_hours=72, include_failed=False)
