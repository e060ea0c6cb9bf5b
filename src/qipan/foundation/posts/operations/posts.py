"""Appointing, changing and ending posts; deputies."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from qipan.foundation.areas.models import Area
from qipan.foundation.journal import operations as journal
from qipan.foundation.journal.rules import Author
from qipan.foundation.posts import access
from qipan.foundation.posts.models import Person, Post, Shift, Token, Unit
from qipan.foundation.posts.operations.authors import check
from qipan.foundation.posts.rules import PostKind, Role, StandsIn
from qipan.foundation.refusals import Conflict, Invalid, NotFound
from qipan.kernels.identity import mask_text


class HeldAlready(Conflict):
    """This person already holds this post."""


class EndsBeforeItBegins(Invalid):
    """The last day is before the first."""


class EmergencyNeedsAnEnd(Invalid):
    """An emergency post needs a date on which it expires."""


class HeadOfNothing(Invalid):
    """Name the unit that this post leads."""


class OtherDistrict(NotFound):
    """There is no such person or unit in this district."""


class EndedAlready(Conflict):
    """This post has ended already."""


class OwnDeputy(Invalid):
    """Nobody can be their own deputy."""


class DeputyOfDeputy(Invalid):
    """A deputy cannot have a deputy."""


@transaction.atomic
def appoint(
    *,
    person: Person,
    role: Role | str,
    area: Area,
    unit: Unit | None = None,
    kind: PostKind | str = PostKind.REGULAR,
    head: bool = False,
    valid_from: datetime | None = None,
    valid_to: datetime | None = None,
    by: Post | Author,
    at: datetime,
    reason: str = "",
) -> Post:
    """Give a person a post from `valid_from` (default: now) to `valid_to` (default: open).

    `head`: leads its unit. Raises HeldAlready, EndsBeforeItBegins, EmergencyNeedsAnEnd, HeadOfNothing; OtherDistrict
    for a person or unit of another one.
    """
    check(by, "posts.administer", area)
    return _appoint(
        person=person, role=role, area=area, unit=unit, kind=kind, by=by, at=at, reason=reason,
        valid_from=valid_from or at, valid_to=valid_to, head=head,
    )  # fmt: skip


def _appoint(
    *,
    person: Person,
    role: Role | str,
    area: Area,
    unit: Unit | None,
    kind: PostKind | str,
    valid_from: datetime,
    valid_to: datetime | None,
    by: Post | Author,
    at: datetime,
    reason: str,
    deputy_of: Post | None = None,
    stands_in: str = "",
    head: bool = False,
) -> Post:
    if person.district_id != area.district_id or (unit and unit.district_id != area.district_id):
        raise OtherDistrict
    if valid_to and valid_to <= valid_from:
        raise EndsBeforeItBegins(field="valid_to")
    if kind == PostKind.EMERGENCY and not valid_to:
        raise EmergencyNeedsAnEnd(field="valid_to")
    if head and unit is None:
        raise HeadOfNothing(field="unit")
    post = Post(
        district_id=area.district_id,
        person=person,
        role=Role(role),
        area=area,
        unit=unit,
        kind=kind,
        valid_from=valid_from,
        valid_to=valid_to,
        deputy_of=deputy_of,
        stands_in=stands_in,
        head=head,
    )
    same = Post.objects.filter(person=person, role=post.role, area=area, unit=unit, deputy_of=deputy_of)
    same = same.exclude(valid_to__lte=valid_from)
    if (same.filter(valid_from__lt=valid_to) if valid_to else same).exists():
        raise HeldAlready
    try:
        with transaction.atomic():
            post.save(force_insert=True)
    except IntegrityError:
        raise HeldAlready from None
    journal.record(
        "posts.deputised" if deputy_of else "posts.appointed",
        post,
        by=by,
        at=at,
        reason=reason,
        role=str(post.role),
        post_kind=str(kind),
        valid_from=valid_from.isoformat(),
        valid_to=valid_to.isoformat() if valid_to else None,
        deputy_of=str(deputy_of.pk) if deputy_of else None,
    )
    return post


@transaction.atomic
def deputise(
    *,
    post_id: UUID,
    person: Person,
    stands_in: StandsIn | str = StandsIn.OFF_DUTY,
    valid_from: datetime | None = None,
    valid_to: datetime | None = None,
    by: Post | Author,
    at: datetime,
    reason: str = "",
) -> Post:
    """Appoint a deputy (AB岗): the same role, area and unit, in force only while the main post does not act itself.

    Raises OwnDeputy, DeputyOfDeputy, EndedAlready and what `appoint` raises.
    """
    main = _lock(post_id, by=by)
    if main.deputy_of_id:
        raise DeputyOfDeputy
    if main.person_id == person.pk:
        raise OwnDeputy(field="person")
    if main.valid_to and main.valid_to <= at:
        raise EndedAlready
    return _appoint(
        person=person, role=main.role, area=main.area, unit=main.unit, kind=PostKind.DEPUTY, by=by, at=at,
        reason=reason, valid_from=valid_from or at, valid_to=valid_to, deputy_of=main, stands_in=StandsIn(stands_in),
        head=main.head,
    )  # fmt: skip


@transaction.atomic
def change(
    *,
    post_id: UUID,
    by: Post | Author,
    at: datetime,
    unit: Unit | None = None,
    valid_to: datetime | None = None,
    reason: str = "",
) -> Post:
    """Move a post to another unit or set another end (its role and area are what it is: end it and appoint anew).

    Raises EndedAlready, EndsBeforeItBegins, OtherDistrict.
    """
    post = _lock(post_id, by=by)
    _check_open(post, at)
    detail: dict[str, Any] = {}
    if unit and unit.pk != post.unit_id:
        if unit.district_id != post.district_id:
            raise OtherDistrict
        detail |= {"unit_before": post.unit_id, "unit_after": unit.pk}
        post.unit = unit
    if valid_to and valid_to != post.valid_to:
        if valid_to <= max(post.valid_from, at):
            raise EndsBeforeItBegins(field="valid_to")
        detail |= {"until_before": post.valid_to and post.valid_to.isoformat(), "until_after": valid_to.isoformat()}
        post.valid_to = valid_to
    if detail:
        post.save(update_fields=["unit", "valid_to"])
        journal.record("posts.changed", post, by=by, at=at, reason=reason, **detail)
    return post


@transaction.atomic
def end(*, post_id: UUID, by: Post | Author, at: datetime, reason: str = "") -> Post:
    """End a post now: its rights, its shift and its tokens with it. Raises EndedAlready."""
    post = _lock(post_id, by=by)
    _check_open(post, at)
    _end(post, at=at, reason=reason or "ended")
    journal.record("posts.ended", post, by=by, at=at, reason=reason)
    return post


@transaction.atomic
def expire(*, at: datetime, by: Author) -> int:
    """Close what the calendar has ended: posts past their last day lose shift and tokens, once each. How many."""
    rows = Post.objects.select_for_update(of=("self",), skip_locked=True).select_related("person", "area", "unit")
    expired = list(rows.filter(valid_to__lte=at, ended_reason="")[:500])
    for post in expired:
        _end(post, at=at, reason="expired")
        journal.record("posts.expired", post, by=by, at=at)
    return len(expired)


def _end(post: Post, *, at: datetime, reason: str) -> None:
    post.valid_to = min(post.valid_to or at, at)
    post.valid_from = min(post.valid_from, post.valid_to)
    post.ended_reason = mask_text(reason).text
    post.save(update_fields=["valid_from", "valid_to", "ended_reason"])
    Shift.objects.filter(post=post, closed_at=None).update(closed_at=at)
    Token.objects.filter(post=post, revoked_at=None).update(revoked_at=at)


def _lock(post_id: UUID, *, by: Post | Author) -> Post:
    if isinstance(by, Post):
        access.require(by, "posts.administer")
        return access.lock_post(post_id, viewer=by)
    rows = Post.objects.select_for_update(of=("self",)).select_related("person", "area", "unit")
    post = rows.filter(pk=post_id).first()
    if post is None:
        raise NotFound
    return post


def _check_open(post: Post, at: datetime) -> None:
    if post.valid_to and post.valid_to <= at:
        raise EndedAlready
