"""Pauses: asked for by one person, approved by another, within the caps of the kind."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from qipan.foundation.duties import clocks, kinds
from qipan.foundation.duties.models import Duty, Pause
from qipan.foundation.duties.operations.lifecycle import matching
from qipan.foundation.duties.rules import (
    RESUME,
    ApproverIsAsker,
    DutyEnded,
    Planned,
    State,
    check_pause,
    check_step,
)
from qipan.foundation.journal import operations as journal
from qipan.foundation.journal.rules import HasAuthor
from qipan.foundation.posts.models import Post
from qipan.kernels.identity import mask_text


@transaction.atomic
def pause(
    *,
    asked_by: Post,
    approved_by: Post,
    at: datetime,
    reason: str,
    until: datetime | None = None,
    duty: Duty | UUID | None = None,
    about: Any = None,
    kind: str = "",
) -> list[Duty]:
    """Let the clock stand still from `at`, at the latest until `until` or the cap of the kind; then it runs by itself.

    Raises ApproverIsAsker when one person (not only one post) asks and approves, PauseNotAllowed, TooManyPauses,
    PauseTooLong, PauseEndsBeforeItBegins, DutyPaused, DutyEnded.
    """
    if asked_by.pk == approved_by.pk or asked_by.person_id == approved_by.person_id:
        raise ApproverIsAsker
    rows = matching(duty=duty, about=about, kind=kind)
    if duty is not None and not rows:
        raise DutyEnded
    for row in rows:
        check_step(State(row.state), State.PAUSED)
        earlier = [(one.begins_at, one.ended_at or one.until) for one in row.pauses.all()]
        last = check_pause(cap=kinds.get(row.kind).pause, earlier=earlier, begins=at, until=until)
        Pause.objects.create(
            duty=row,
            begins_at=at,
            until=last,
            reason=mask_text(reason).text[:300],
            asked_by=asked_by,
            approved_by=approved_by,
        )
        row.state, row.paused_from = State.PAUSED, at
        row.arm([Planned(RESUME, last, len(earlier) + 1)])
        row.save()
        journal.record(
            "duties.paused",
            row,
            by=approved_by,
            at=at,
            reason=reason,
            before=State.OPEN,
            after=State.PAUSED,
            duty=str(row.pk),
            duty_kind=row.kind,
            asked_by=str(asked_by.pk),
            until=last.isoformat(),
            due_before=row.due_at.isoformat() if row.due_at else None,
        )
    return rows


@transaction.atomic
def resume(
    *,
    by: HasAuthor,
    at: datetime,
    reason: str = "",
    duty: Duty | UUID | None = None,
    about: Any = None,
    kind: str = "",
) -> list[Duty]:
    """Let the clock run again: the deadline moves by the time it stood still. Raises DutyNotPaused, DutyEnded."""
    rows = matching(duty=duty, about=about, kind=kind)
    if duty is not None and not rows:
        raise DutyEnded
    for row in rows:
        resume_locked(row, by=by, at=at, reason=reason)
        row.save()
    return rows


def resume_locked(row: Duty, *, by: HasAuthor, at: datetime, reason: str = "") -> None:
    """The same for one locked row, which the caller saves (the sweeper, when a pause ends by itself)."""
    check_step(State(row.state), State.OPEN)
    before = row.due_at
    Pause.objects.filter(duty=row, ended_at=None).update(ended_at=max(at, row.paused_from or at))
    row.state, row.paused_from = State.OPEN, None
    clocks.wind_again(row, now=at)
    journal.record(
        "duties.resumed",
        row,
        by=by,
        at=at,
        reason=reason,
        before=State.PAUSED,
        after=State.OPEN,
        duty=str(row.pk),
        duty_kind=row.kind,
        due_before=before.isoformat() if before else None,
        due_after=row.due_at.isoformat() if row.due_at else None,
    )
    kinds.moved([row])
