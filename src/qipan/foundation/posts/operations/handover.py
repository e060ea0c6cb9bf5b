"""One person's work given to another at once: rooms above say what work there is and how it changes hands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.functional import Promise

from qipan.foundation.journal import operations as journal
from qipan.foundation.posts import access, queries
from qipan.foundation.posts.models import Person, Post
from qipan.foundation.refusals import Conflict, Invalid


@dataclass(frozen=True)
class HandOver:
    """What can change hands. `count(giver=post) -> int`; `perform(giver=post, taker=post, by, at, reason) -> int`."""

    name: str
    title: str | Promise
    count: Callable[..., int]
    perform: Callable[..., int]


HOOKS: dict[str, HandOver] = {}


class NobodyToTakeIt(Conflict):
    """{person} holds no post in your district that could take this over."""


class SamePerson(Invalid):
    """Choose somebody else to take this over."""


def register_hand_over(hook: HandOver) -> None:
    HOOKS[hook.name] = hook


def preview_hand_over(*, person_id: UUID, viewer: Post, at: datetime) -> list[tuple[Post, dict[str, int]]]:
    """For each post the person holds: how much of each kind of work would change hands. Changes nothing."""
    posts = access.visible_posts(viewer=viewer).filter(access.inside(viewer), person=person_id).held(at).with_names()
    return [(post, {name: hook.count(giver=post) for name, hook in HOOKS.items()}) for post in posts]


@transaction.atomic
def hand_over(*, giver_id: UUID, taker_id: UUID, by: Post, at: datetime, reason: str = "") -> dict[str, int]:
    """Give everything one person owes to another, post by post, to the taker's post that is most alike.

    Raises SamePerson, NobodyToTakeIt. Returns how much of each kind of work changed hands.
    """
    access.require(by, "posts.hand_over")
    if giver_id == taker_id:
        raise SamePerson(field="taker")
    first, second = sorted((giver_id, taker_id))
    people = {
        person.pk: person for person in (access.lock_person(first, viewer=by), access.lock_person(second, viewer=by))
    }
    taker = people[taker_id]
    takers = [post for post in queries.in_force(taker, at) if post.district_id == by.district_id]
    givers = access.visible_posts(viewer=by).filter(access.inside(by), person=giver_id).held(at).with_names()
    totals = dict.fromkeys(HOOKS, 0)
    for post in givers:
        likest = _likest(post, takers)
        if likest is None:
            raise NobodyToTakeIt(person=str(taker))
        moved = {
            name: hook.perform(giver=post, taker=likest, by=by, at=at, reason=reason) for name, hook in HOOKS.items()
        }
        for name, number in moved.items():
            totals[name] += number
        journal.record("posts.handed_over", post, by=by, at=at, reason=reason, taker=str(likest.pk), moved=moved)
    return totals


def _likest(post: Post, others: list[Post]) -> Post | None:
    def likeness(other: Post) -> tuple[bool, bool, bool]:
        return other.role == post.role, other.unit_id == post.unit_id, other.area_id == post.area_id

    return max(others, key=likeness, default=None)


def people_named(*, viewer: Post) -> list[Person]:
    """Those who can be chosen: active people of the district, by name."""
    return list(access.visible_people(viewer=viewer).filter(is_active=True).order_by("name", "username"))
