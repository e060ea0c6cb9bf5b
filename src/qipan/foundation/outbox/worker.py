"""Delivery: claims what is due, sends it, notes how it went. Any number of workers; any of them may die at any time.

A claim is a lease, committed before anything is sent. A worker that dies leaves its lease to run out, and another one
sends again: outside the application a message goes at least once, and carries its id so that a second copy is known.
"""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from qipan.foundation.journal import operations as journal
from qipan.foundation.journal.rules import SYSTEM
from qipan.foundation.outbox import channels, queries, rules
from qipan.foundation.outbox.models import Message
from qipan.foundation.outbox.rules import Channel, State
from qipan.foundation.refusals import NotFound, Refusal
from qipan.foundation.vault import operations as vault

log = logging.getLogger(__name__)


def deliver(now: datetime, *, batch: int = 20) -> int:
    """Send what is due at `now`, `batch` messages at most. How many were tried."""
    claimed = _claim(now, batch)
    if not claimed:
        return 0
    with ThreadPoolExecutor(max_workers=min(8, len(claimed))) as threads:
        waiting = []
        for message in claimed:
            if settings.DEMO and _unconfigured(message):
                _note(message, None, now)  # the demo sends nothing; its viewer shows what would have gone
                continue
            try:
                address = _address(message, now)
            except channels.Undelivered as problem:
                _note(message, problem, now)
            except Exception as problem:  # nor must one that breaks here: what is under way has to be noted as sent
                _note(message, _broken(message, problem), now)
            else:
                waiting.append((message, threads.submit(_send, message, address, now)))
        for message, future in waiting:
            _note(message, future.result(), now)
    return len(claimed)


@transaction.atomic
def _claim(now: datetime, batch: int) -> list[Message]:
    due = Q(state=State.QUEUED, not_before__lte=now) | Q(state=State.SENDING, lease_until__lte=now)
    rows = Message.objects.select_for_update(of=("self",), skip_locked=True).filter(due)
    rows = rows.select_related("to_person", "gateway").order_by("-urgent", "not_before")
    claimed = []
    for message in rows[:batch]:
        policy = queries.policy(message.district_id)
        later = rules.after_quiet(now, quiet_from=policy.quiet_from, quiet_to=policy.quiet_to)
        if later > now and not message.urgent:
            Message.objects.filter(pk=message.pk).update(state=State.QUEUED, not_before=later, lease_until=None)
            continue
        message.tries += 1
        message.state, message.lease_until = State.SENDING, now + rules.LEASE
        message.save(update_fields=["state", "lease_until", "tries"])
        claimed.append(message)
    return claimed


def _unconfigured(message: Message) -> bool:
    if message.channel == Channel.EMAIL:
        return settings.EMAIL_BACKEND.endswith("dummy.EmailBackend")
    return message.gateway is None


def _address(message: Message, now: datetime) -> str:
    """Where it goes. A resident's telephone is taken from the vault, which journals that it was used."""
    if message.to_address_card_id:
        try:
            return vault.use(card_id=message.to_address_card_id, by=SYSTEM, at=now, why="outbox.sent").get("phone", "")
        except NotFound as problem:
            raise channels.Undelivered(problem.code, final=True) from problem
        except Refusal as problem:
            raise channels.Undelivered(problem.code) from problem
    if message.to_person:
        return message.to_person.email if message.channel == Channel.EMAIL else message.to_person.phone
    return ""


def _send(message: Message, address: str, now: datetime) -> channels.Undelivered | None:
    """In a thread of its own, without the database. What went wrong, or None."""
    letter = channels.Letter(str(message.pk), message.subject, message.body, message.link, address)
    try:
        if not address and not message.to_unit_id:
            raise channels.Undelivered("no address", final=True)
        if message.channel == Channel.EMAIL:
            channels.mail(letter)
        elif message.gateway is None or not message.gateway.enabled:
            raise channels.Undelivered("no gateway", final=True)
        else:
            row = message.gateway
            service = channels.Service(
                row.url, row.method, row.headers, row.body, row.form, row.sign_with, row.success_field,
                row.success_value,
            )  # fmt: skip
            channels.post(service, letter, at=now)
    except channels.Undelivered as problem:
        return problem
    except Exception as problem:  # one bad message must not stop the others
        return _broken(message, problem)
    return None


def _broken(message: Message, problem: Exception) -> channels.Undelivered:
    log.exception("message %s", message.pk)
    return channels.Undelivered(type(problem).__name__)


@transaction.atomic
def _note(message: Message, problem: channels.Undelivered | None, now: datetime) -> None:
    """What became of it. Only while the lease is ours: whoever took it over meanwhile has its own result."""
    ours = Message.objects.filter(pk=message.pk, state=State.SENDING, lease_until=message.lease_until)
    if problem is None:
        ours.update(state=State.SENT, sent_at=now, lease_until=None, last_error="")
        return
    if problem.final or message.tries >= rules.MOST_TRIES:
        if ours.update(state=State.FAILED, lease_until=None, last_error=problem.why):
            journal.record("outbox.failed", message, by=SYSTEM, at=now, why=problem.why, tries=message.tries)
        return
    wait = timedelta(seconds=problem.after) if problem.after else rules.wait(message.tries, seed=str(message.pk))
    ours.update(state=State.QUEUED, not_before=now + wait, lease_until=None, last_error=problem.why)
