"""Work that comes round: each task by the clock, once for all workers together (procrastinate's periodic tasks).

Rooms with jobs of their own keep them in a `tasks` module; what a room below only offers is called here.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from uuid import UUID

from django.core.management import call_command
from django.db import transaction
from django.utils import timezone
from procrastinate import exceptions
from procrastinate.contrib.django import app

from qipan.foundation.journal import operations as journal
from qipan.foundation.journal import verify
from qipan.foundation.journal.rules import SYSTEM, About, Class
from qipan.foundation.outbox import operations as outbox
from qipan.foundation.posts import operations as posts
from qipan.foundation.posts.models import Post
from qipan.foundation.vault import operations as vault

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


@app.periodic(cron="10 18 * * *", periodic_id="erasure")  # 02:10 in Shanghai
@app.task(name="erase_due", queueing_lock="erase_due")
def erase_due(timestamp: int) -> None:
    """Personal data whose time has passed go; the copies of keys are counted."""
    now = timezone.now()
    log.info("%d cards erased", vault.erase_due(at=now))
    vault.account(at=now)


@app.periodic(cron="30 18 * * *", periodic_id="proof")
@app.task(name="prove_journal_nightly", queueing_lock="prove_journal")
def prove_journal_nightly(timestamp: int) -> None:
    prove()


@app.task(name="prove_journal", queueing_lock="prove_journal")
def prove_journal(post_id: str) -> None:
    prove(post_id=UUID(post_id))


def ask_to_verify(*, post_id: UUID) -> bool:
    """Lets a worker prove the journal; False if that is asked for already."""
    try:
        with transaction.atomic():
            prove_journal.defer(post_id=str(post_id))
    except exceptions.AlreadyEnqueued:
        return False
    return True


def prove(*, post_id: UUID | None = None) -> None:
    """Verifies the journal and records the result; where it does not prove, each auditor has an urgent duty."""
    from qipan.assembly.oversight import duties

    asked_by = Post.objects.filter(pk=post_id).first() if post_id else None
    report, now = verify.verify(), timezone.now()
    journal.record(
        "journal.verified",
        About("journal", None, str(report.newest), None, (), privacy=Class.SECRET),
        by=asked_by or SYSTEM,
        at=now,
        sound=report.sound,
        entries=report.entries,
        seals=report.seals,
        kept_heads=report.kept_heads,
        newest_head=report.newest_head,
        seconds=round(report.seconds, 1),
        faults=[f"{fault.kind} {fault.position or fault.entry_id or fault.seal}" for fault in report.faults[:20]],
    )
    if not report.sound:
        log.critical("the journal does not prove: %d faults", len(report.faults))
        duties.unsound(at=now)
