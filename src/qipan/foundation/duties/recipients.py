"""Whom a step of the escalation tells: looked up for a whole batch at once, in three queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from qipan.foundation.duties.models import Duty
from qipan.foundation.duties.rules import Recipient
from qipan.foundation.posts.models import Post
from qipan.foundation.posts.rules import Role

# Who leads a unit in which nobody is marked as its head, the first found.
LEADING = (Role.COMMANDER, Role.SITE_HEAD, Role.DISPATCHER)


class Directory:
    """The posts in force that some duties may have to be told to."""

    def __init__(self, duties: Sequence[Duty], *, at: datetime) -> None:
        units = {duty.unit_id for duty in duties if duty.unit_id}
        owners = {duty.post_id for duty in duties if duty.post_id}
        areas = {area for duty in duties for area in duty.areas()}
        rows = Post.objects.in_force(at).select_related("person", "area")
        self._owners = {post.pk: post for post in rows.filter(pk__in=owners)}
        self._units: dict[int, list[Post]] = defaultdict(list)
        for post in rows.filter(unit__in=units | {post.unit_id for post in self._owners.values() if post.unit_id}):
            if post.unit_id is not None:
                self._units[post.unit_id].append(post)
        self._desks: dict[tuple[int, str], list[Post]] = defaultdict(list)
        for post in rows.filter(area__in=areas, role__in=(Role.DISPATCHER, Role.COMMANDER)):
            self._desks[post.area_id, post.role].append(post)

    def find(self, duty: Duty, recipient: Recipient) -> list[Post]:
        """Posts to tell of a duty, none twice; nobody where nobody holds such a post."""
        if recipient is Recipient.OWNER:
            return self._owner(duty)
        if recipient is Recipient.HEAD:
            owner = self._owners.get(duty.post_id) if duty.post_id else None
            unit_id = duty.unit_id or (owner.unit_id if owner else None)
            return self.heads(unit_id) if unit_id else []
        if recipient is Recipient.COMMANDER:
            return self._desks.get((duty.district_id, Role.COMMANDER), [])
        return self._nearest(duty, Role.DISPATCHER)

    def heads(self, unit_id: int) -> list[Post]:
        """Who leads a unit: those marked as its head, else the first of the leading roles found in it."""
        members = self._units.get(unit_id, [])
        if marked := [post for post in members if post.head]:
            return marked
        for role in LEADING:
            if found := [post for post in members if post.role == role]:
                return found
        return []

    def _owner(self, duty: Duty) -> list[Post]:
        if duty.post_id in self._owners:
            return [self._owners[duty.post_id]]
        if duty.unit_id:
            return self._units.get(duty.unit_id, [])
        return self._nearest(duty, Role.DISPATCHER)

    def _nearest(self, duty: Duty, role: Role) -> list[Post]:
        for area in reversed(duty.areas()):
            if found := self._desks.get((area, role)):
                return found
        return []


def people(posts: Iterable[Post]) -> list[Post]:
    """One post for each person, the first."""
    found: dict[object, Post] = {}
    for post in posts:
        found.setdefault(post.person_id, post)
    return list(found.values())
