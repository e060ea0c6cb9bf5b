"""Reads about people, units and posts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from qipan.foundation.areas.models import Area
from qipan.foundation.posts import access, rules
from qipan.foundation.posts.models import Absence, Person, Post, Posts, Shift, SignInRule, Token, Unit, Volunteer
from qipan.foundation.posts.rules import Ability, Role


def in_force(person: Person, at: datetime) -> list[Post]:
    """The posts of this person whose rights count at `at`: the highest area first."""
    rows = Post.objects.filter(person=person).in_force(at).with_names()
    return sorted(rows, key=lambda post: (post.area.level, post.kind, str(post.pk)))


def one_in_force(post_id: UUID, at: datetime) -> Post | None:
    """This post, if its rights count at `at`."""
    return Post.objects.filter(pk=post_id).in_force(at).with_names().first()


def holders(
    *, at: datetime, unit: Unit | int | None = None, area: Area | int | None = None, roles: Iterable[Role | str] = ()
) -> Posts:
    """Posts in force of a unit, or at exactly an area, or both, of some roles (all when none are named)."""
    rows = Post.objects.in_force(at).with_names()
    if unit is not None:
        rows = rows.filter(unit=unit)
    if area is not None:
        rows = rows.filter(area=area)
    if roles:
        rows = rows.filter(role__in=list(roles))
    return rows


def samples(*, at: datetime) -> list[Post]:
    """One post in force for each role at each level of area: the accounts of the demo."""
    rows = Post.objects.in_force(at).exclude(kind="deputy").with_names()
    rows = rows.order_by("role", "area__level", "valid_from", "id").distinct("role", "area__level")
    order = {role: number for number, role in enumerate(Role.values)}
    return sorted(rows, key=lambda post: (order[post.role], post.area.level))


def nearest(*, at: datetime, areas: Iterable[int], roles: Iterable[Role | str]) -> Posts:
    """Posts in force of these roles at any of the areas of a path, the smallest area first."""
    rows = Post.objects.in_force(at).with_names().filter(area__in=list(areas), role__in=list(roles))
    return rows.order_by("-area__level", "id")


def able(*, ability: Ability, at: datetime, areas: Iterable[int]) -> Posts:
    """Posts in force that may do this at any of the areas of a path, the smallest area first."""
    return nearest(at=at, areas=areas, roles=rules.MAY[ability])


def units(*, viewer: Post, at: datetime, kinds: Iterable[str] = ()) -> list[Unit]:
    """Units of the viewer's district that exist at `at`, by area and name."""
    rows = units_in_force(viewer=viewer, at=at, kinds=kinds).select_related("area", "parent")
    return list(rows.order_by("area__level", "area__pinyin", "name"))


def units_in_force(*, viewer: Post, at: datetime, kinds: Iterable[str] = ()) -> QuerySet[Unit]:
    """The same as rows still to be ordered."""
    rows = access.visible_units(viewer=viewer).filter(valid_from__lte=at)
    rows = rows.filter(Q(valid_to=None) | Q(valid_to__gt=at))
    return rows.filter(kind__in=list(kinds)) if kinds else rows


def on_shift(*, viewer: Post, at: datetime) -> Posts:
    """Posts in the viewer's area with an open shift."""
    shift = Shift.objects.filter(Q(closed_at=None) | Q(closed_at__gt=at), post=OuterRef("pk"), opened_at__lte=at)
    return access.visible_posts(viewer=viewer).filter(access.inside(viewer)).held(at).filter(Exists(shift)).with_names()


def open_shift(post: Post) -> Shift | None:
    return Shift.objects.filter(post=post, closed_at=None).first()


def second_factor_roles(district_id: int | None) -> frozenset[str]:
    """The roles that this district asks for a second factor."""
    rule = SignInRule.objects.filter(district=district_id).first()
    return frozenset(rule.second_factor) if rule else frozenset()


def tokens(*, person: Person) -> list[Token]:
    """The tokens of all posts of one person, newest first."""
    rows: Any = Token.objects.filter(post__person=person).select_related("post__area", "post__unit", "post__person")
    return list(rows)


def volunteers(*, viewer: Post) -> list[Volunteer]:
    """Those who help the units of the viewer's area now."""
    access.require(viewer, "posts.volunteers")
    rows = Volunteer.objects.filter(access.inside(viewer, "unit__area"), unit__district=viewer.district_id, until=None)
    return list(rows.select_related("unit", "name_card"))


def deputies(*, post: Post, at: datetime) -> list[Post]:
    """Who stands in for this post, now or later; each with `acts`: whether it does now."""
    rows = list(Post.objects.filter(deputy_of=post).exclude(valid_to__lte=at).with_names())
    acting = set(Post.objects.filter(deputy_of=post).in_force(at).values_list("pk", flat=True))
    for row in rows:
        row.acts = row.pk in acting  # type: ignore[attr-defined]
    return rows


def unit_numbers(*, viewer: Post, at: datetime) -> dict[int, dict[str, int]]:
    """For each unit of the district: how many posts it has now, and how many of them are on duty."""
    on_duty = Exists(Shift.objects.filter(post=OuterRef("pk"), closed_at=None))
    rows = access.visible_posts(viewer=viewer).held(at).exclude(unit=None).annotate(on_duty=on_duty)
    found = rows.values("unit").annotate(held=Count("pk"), duty=Count("pk", filter=Q(on_duty=True)))
    return {row["unit"]: {"held": row["held"], "duty": row["duty"]} for row in found.order_by()}


def absences(*, post: Post, at: datetime) -> list[Absence]:
    """Present and coming days away."""
    return list(Absence.objects.filter(post=post, away_to__gt=at))
