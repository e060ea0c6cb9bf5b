"""A duty changes hands. Its clock goes on: nobody gains time by passing it on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from qipan.foundation.duties import access, messages
from qipan.foundation.duties.models import Duty
from qipan.foundation.duties.operations.lifecycle import matching
from qipan.foundation.duties.rules import DutyEnded, State
from qipan.foundation.journal import operations as journal
from qipan.foundation.journal.rules import HasAuthor
from qipan.foundation.posts.models import Post, Unit
from qipan.foundation.refusals import Conflict, Forbidden, Invalid


class NobodyGiven(Invalid):
    """Choose a post or a unit to hand over to."""


class OtherDistrict(Invalid):
    """Duties are handed over inside one district."""


class NotYoursToHandOver(Forbidden):
    """Only the person responsible, the head of that unit or a dispatcher hands this duty over."""


class HasItAlready(Conflict):
    """{who} has a duty of this kind for the same matter already."""


@transaction.atomic
def reassign(
    *,
    by: HasAuthor,
    at: datetime,
    unit: Unit | None = None,
    post: Post | None = None,
    duty: Duty | UUID | None = None,
    about: Any = None,
    kind: str = "",
    reason: str = "",
) -> list[Duty]:
    """Say who owes it now, part of a domain's transaction (which has checked who may).

    A post given without a unit brings its own unit. Raises NobodyGiven, OtherDistrict, HasItAlready, DutyEnded.
    """
    if unit is None and post is None:
        raise NobodyGiven(field="to")
    rows = matching(duty=duty, about=about, kind=kind)
    if duty is not None and not rows:
        raise DutyEnded
    for row in rows:
        move(row, unit=unit, post=post, by=by, at=at, reason=reason)
    return rows


@transaction.atomic
def hand_over(
    *,
    duties: Iterable[UUID],
    by: Post,
    at: datetime,
    unit: Unit | None = None,
    post: Post | None = None,
    reason: str = "",
) -> list[Duty]:
    """Hand several duties over, all or none. Each must be the giver's own, or the giver heads its unit or dispatches.

    Raises NoSuchDuty, DutyEnded, NotYoursToHandOver and what `reassign` raises.
    """
    if unit is None and post is None:
        raise NobodyGiven(field="to")
    ids = sorted(set(duties))
    rows = [access.lock(one, viewer=by) for one in ids]
    for row in rows:
        if row.state == State.ENDED:
            raise DutyEnded
        if not may_hand_over(row, by=by):
            raise NotYoursToHandOver
        move(row, unit=unit, post=post, by=by, at=at, reason=reason)
    return rows


@transaction.atomic
def hand_over_once(
    *,
    duties: Iterable[UUID],
    by: Post,
    at: datetime,
    command_id: UUID | None,
    unit: Unit | None = None,
    post: Post | None = None,
    reason: str = "",
) -> int:
    """`hand_over` as one command of a form or of the API: sent twice, it happens once; the taker is told. How many."""
    ids = sorted(set(duties))
    body = {"duties": ids, "unit": unit.pk if unit else None, "post": post.pk if post else None}
    earlier = journal.once(command_id, author=by, name="duties.hand_over", body=body, at=at)
    if earlier is not None:
        return int(earlier["moved"])
    moved = hand_over(duties=ids, by=by, at=at, unit=unit, post=post, reason=reason)
    if post is not None and post.pk != by.pk:
        messages.tell_handed_over(moved, to=post, now=at)
    journal.answer(command_id, {"moved": len(moved)})
    return len(moved)


def may_hand_over(duty: Duty, *, by: Post) -> bool:
    """Whether this post may pass the duty on."""
    mine = duty.post_id in access.posts_of(by) or (duty.post_id is None and duty.unit_id == by.unit_id)
    if duty.post_id is None and duty.unit_id is None:
        mine = False
    return mine or (by.head and duty.unit_id == by.unit_id) or by.may("posts.hand_over")


def move(row: Duty, *, unit: Unit | None, post: Post | None, by: HasAuthor, at: datetime, reason: str = "") -> None:
    unit_id = unit.pk if unit else (post.unit_id if post else None)
    post_id = post.pk if post else None
    for given in (unit, post):
        if given is not None and given.district_id != row.district_id:
            raise OtherDistrict(field="to")
    if (row.unit_id, row.post_id) == (unit_id, post_id):
        return
    if has_like(row, unit_id=unit_id, post_id=post_id):
        raise HasItAlready(who=str(post or unit))
    before = {"unit": row.unit_id, "post": row.post_id}
    row.unit_id, row.post_id = unit_id, post_id
    row.save(update_fields=["unit", "post"])
    journal.record(
        "duties.handed_over",
        row,
        by=by,
        at=at,
        reason=reason,
        duty=row.pk,
        duty_kind=row.kind,
        giver=before,
        taker={"unit": unit_id, "post": post_id},
    )


def has_like(row: Duty, *, unit_id: int | None, post_id: UUID | None) -> bool:
    """Whether somebody owes a duty of this kind about the same thing already."""
    others = Duty.objects.exclude(state=State.ENDED).exclude(pk=row.pk)
    return others.filter(about_id=row.about_id, kind=row.kind, unit=unit_id, post=post_id).exists()


def give_all(*, giver: Post, taker: Post, by: Post, at: datetime, reason: str = "") -> int:
    """Everything one post owes, to another: the hook of `posts.operations.hand_over`.

    What the taker has already stays. Returns how much changed hands.
    """
    moved = 0
    for row in owed(giver):
        if has_like(row, unit_id=taker.unit_id, post_id=taker.pk):
            continue
        move(row, unit=taker.unit, post=taker, by=by, at=at, reason=reason)
        moved += 1
    return moved


def owed(giver: Post) -> Sequence[Duty]:
    """What a post itself owes now, locked in the order of the ids."""
    rows = Duty.objects.exclude(state=State.ENDED).filter(post=giver)
    return list(rows.select_for_update(of=("self",)).order_by("pk"))


def count_owed(*, giver: Post) -> int:
    return Duty.objects.exclude(state=State.ENDED).filter(post=giver).count()
