"""Opening, extending and ending a duty."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.encoding import force_str

from qipan.foundation.duties import clocks, kinds
from qipan.foundation.duties.models import Duty, Extension, Pause
from qipan.foundation.duties.rules import ExtensionMovesBack, NoDeadline, State, check_step
from qipan.foundation.journal import operations as journal
from qipan.foundation.journal.rules import About, HasAbout, HasAuthor
from qipan.foundation.posts.models import Post, Unit
from qipan.kernels.clock import Limit
from qipan.kernels.identity import mask_text

Limits = Limit | Sequence[Limit | tuple[str, Limit]] | None


@transaction.atomic
def open(
    *,
    kind: str,
    about: About | HasAbout,
    at: datetime,
    by: HasAuthor,
    limit: Limits = None,
    unit: Unit | int | None = None,
    post: Post | UUID | None = None,
    title: str = "",
    link: str = "",
    level: int | None = None,
    urgent: bool = False,
    hours: str = Duty.Hours.WORKING,
    escalation: str = "",
    starts_at: datetime | None = None,
    id: UUID | None = None,
) -> Duty:
    """Open a duty and start its clock; part of the caller's transaction, told by the caller's journal entry.

    `about` gives label, areas and privacy class; a located thing also its point. `limit` None has no deadline; several
    limits, or (name, limit) pairs, are stages from one start (see `complete_stage`). `hours` "staffed" counts working
    time by the desk's staffed hours. `starts_at` starts the clock earlier than `at` (a merge keeps the earliest).
    `urgent` duties are never stretched by an order. `escalation` names a chain of `kinds.CHAINS`: by default "urgent"
    for urgent duties, else "default". Raises UnknownKind.
    """
    found = kinds.get(kind)
    what = about if isinstance(about, About) else about.about()
    if what.id is None or what.district_id is None:
        raise ValueError("a duty is about something with an id, in a district")
    areas = [*what.areas, None, None, None, None]
    duty = Duty(
        kind=kind,
        about_kind=what.kind,
        about_id=what.id,
        about_label=what.label,
        title=(title or force_str(found.title))[:200],
        link=link or (found.link(what.id) if found.link else ""),
        privacy=what.privacy,
        level=level,
        urgent=urgent,
        district_id=what.district_id,
        township_id=areas[1],
        village_id=areas[2],
        cell_id=areas[3],
        longitude=getattr(about, "longitude", None),
        latitude=getattr(about, "latitude", None),
        unit_id=unit.pk if isinstance(unit, Unit) else unit,
        post_id=post.pk if isinstance(post, Post) else post,
        opened_at=at,
        starts_at=starts_at or at,
        limit=clocks.dump(limit),
        hours=hours,
        escalation=escalation or ("urgent" if urgent else "default"),
    )
    if id is not None:
        duty.pk = id
    clocks.wind(duty, now=at, pauses=(), extensions=(), fired={})
    duty.save(force_insert=True)
    return duty


def matching(
    *, duty: Duty | UUID | None = None, about: Any = None, kind: str = "", but: str = "",
    unit: Unit | int | None = None,
) -> list[Duty]:  # fmt: skip
    """Duties not ended, locked in the order of their ids: one by itself or its id, or those about a thing.

    `about` is (kind, id), an About or anything with `about()`; `kind` and `but` narrow to one kind, or to all others.
    """
    rows = Duty.objects.exclude(state=State.ENDED).select_for_update(of=("self",)).order_by("pk")
    if duty is not None:
        return list(rows.filter(pk=duty.pk if isinstance(duty, Duty) else duty))
    if about is None:
        raise TypeError("which duty? give `duty` or `about`")
    if isinstance(about, tuple):
        thing: tuple[str, Any] = about
    else:
        what = about if isinstance(about, About) else about.about()
        thing = what.kind, what.id
    rows = rows.filter(about_kind=thing[0], about_id=thing[1])
    if kind:
        rows = rows.filter(kind=kind)
    if but:
        rows = rows.exclude(kind=but)
    if unit is not None:
        rows = rows.filter(unit=unit)
    return list(rows)


@transaction.atomic
def end(
    *,
    by: HasAuthor,
    at: datetime,
    outcome: str = "done",
    duty: Duty | UUID | None = None,
    about: Any = None,
    kind: str = "",
    but: str = "",
    unit: Unit | int | None = None,
) -> list[Duty]:
    """End one duty, or all that are open about a thing (of one kind or all but one, of one unit); part of the
    caller's transaction.

    A duty is on time if it ends by its deadline and no stage of it was late. A pause in force ends with it. Ending
    what has ended already does nothing. Returns the ended duties.
    """
    ended = matching(duty=duty, about=about, kind=kind, but=but, unit=unit)
    for row in ended:
        check_step(State(row.state), State.ENDED)
        if row.state == State.PAUSED:
            Pause.objects.filter(duty=row, ended_at=None).update(ended_at=max(at, row.paused_from or at))
            row.paused_from = None
            clocks.wind_again(row, now=at)
        row.state, row.ended_at, row.outcome = State.ENDED, max(at, row.opened_at), outcome
        row.on_time = None if row.due_at is None else at <= row.due_at and not row.stages_late
        row.schedule, row.next_at = [], None
        row.save()
        if isinstance(duty, Duty):
            duty.refresh_from_db()
    return ended


@transaction.atomic
def complete_stage(*, duty: Duty | UUID, by: HasAuthor, at: datetime) -> Duty:
    """The present stage of a staged limit is done: the next one's deadline counts, from the same start.

    Raises DutyPaused while paused. Completing the last stage leaves the duty open without a further deadline: its end
    is the domain's to say.
    """
    [row] = matching(duty=duty) or _ended()
    if row.state == State.PAUSED:
        check_step(State.PAUSED, State.PAUSED)
    if row.due_at is not None and at > row.due_at:
        row.stages_late += 1
    row.stage += 1
    clocks.wind_again(row, now=at)
    row.save()
    journal.record("duties.stage_completed", row, by=by, at=at, duty=str(row.pk), duty_kind=row.kind, stage=row.stage)
    kinds.moved([row])
    return row


@transaction.atomic
def extend(
    *,
    add: Limit,
    by: HasAuthor,
    at: datetime,
    reason: str,
    duty: Duty | UUID | None = None,
    about: Any = None,
    kind: str = "",
) -> list[Duty]:
    """Move the deadline by `add`, counted on from the present one; steps that lie ahead again will fire again.

    Raises NoDeadline for a duty without one, ExtensionMovesBack for an empty addition.
    """
    rows = matching(duty=duty, about=about, kind=kind)
    if duty is not None and not rows:
        _ended()
    for row in rows:
        if row.limit is None:
            raise NoDeadline
        before = row.due_at
        author = by.author()
        Extension.objects.create(
            duty=row,
            limit=clocks.dump(add),
            given_at=at,
            reason=mask_text(reason).text[:300],
            approved_by_id=author.post_id,
        )
        if row.state == State.OPEN:  # a paused clock is counted when it is resumed
            clocks.wind_again(row, now=at)
            if row.due_at is None or before is None or row.due_at <= before:
                raise ExtensionMovesBack
            row.save()
        journal.record(
            "duties.extended",
            row,
            by=by,
            at=at,
            reason=reason,
            duty=str(row.pk),
            duty_kind=row.kind,
            due_before=before.isoformat() if before else None,
            due_after=row.due_at.isoformat() if row.due_at else None,
        )
    kinds.moved([row for row in rows if row.state == State.OPEN])
    return rows


def describe_again(*, about: About | HasAbout, title: str) -> int:
    """What the duties are about is called, classed or placed otherwise now: all of them say so, ended ones too."""
    what = about if isinstance(about, About) else about.about()
    assert what.id is not None
    areas = [*what.areas, None, None, None, None]
    return Duty.objects.filter(about_kind=what.kind, about_id=what.id).update(
        title=title[:200], about_label=what.label, privacy=what.privacy, township_id=areas[1], village_id=areas[2],
        cell_id=areas[3],
    )  # fmt: skip


def _ended() -> list[Duty]:
    check_step(State.ENDED, State.OPEN)
    raise AssertionError("unreachable")
