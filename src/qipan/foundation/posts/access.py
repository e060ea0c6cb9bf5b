"""Who may do what, and which people, units and posts a viewer may see or change."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from qipan.foundation.posts.models import Person, Post, Posts, Unit
from qipan.foundation.posts.rules import Ability
from qipan.foundation.refusals import Forbidden, NotFound


class NotYours(Forbidden):
    """Your post does not allow this."""


def require(post: Post | None, ability: Ability) -> Post:
    """The post itself, if it may do this. Raises NotYours for any other, and for nobody."""
    if post is None or not post.may(ability):
        raise NotYours
    return post


def inside(viewer: Post, field: str = "area") -> Q:
    """Rows whose `field` (an Area) is the viewer's area or lies below it."""
    below = {1: "district", 2: "township", 3: "village"}.get(viewer.level)
    here = Q(**{f"{field}_id": viewer.area_id})
    return here | Q(**{f"{field}__{below}_id": viewer.area_id}) if below else here


def visible_units(*, viewer: Post) -> QuerySet[Unit]:
    """Every unit of the district: anybody may have to send something to any of them."""
    return Unit.objects.filter(district=viewer.district_id)


def visible_posts(*, viewer: Post) -> Posts:
    """Every post of the district: who holds which is no secret inside it."""
    return Post.objects.filter(district=viewer.district_id)


def visible_people(*, viewer: Post) -> QuerySet[Person]:
    return Person.objects.filter(district=viewer.district_id)


def unit(unit_id: int, *, viewer: Post) -> Unit:
    """One unit of the district. Raises NotFound."""
    found = visible_units(viewer=viewer).select_related("area", "parent").filter(pk=unit_id).first()
    if found is None:
        raise NotFound(field="unit")
    return found


def post(post_id: UUID, *, viewer: Post) -> Post:
    """One visible post. Raises NotFound."""
    found = visible_posts(viewer=viewer).select_related("person", "area", "unit").filter(pk=post_id).first()
    if found is None:
        raise NotFound
    return found


def lock_post(post_id: UUID, *, viewer: Post) -> Post:
    """One post in the viewer's own area, for a change. Raises NotFound."""
    rows = Post.objects.filter(inside(viewer), district=viewer.district_id)
    found = rows.select_for_update(of=("self",)).select_related("person", "area", "unit").filter(pk=post_id).first()
    if found is None:
        raise NotFound
    return found


def lock_person(person_id: UUID, *, viewer: Post) -> Person:
    """One person of the viewer's district, for a change. Raises NotFound."""
    found = visible_people(viewer=viewer).select_for_update().filter(pk=person_id).first()
    if found is None:
        raise NotFound
    return found


def administers(viewer: Post, person: Person) -> bool:
    """Whether an account is the viewer's to administer. Below the district: only where each post of it that has not
    ended lies in the viewer's area, so that nobody takes over the account of somebody above or beside them."""
    if viewer.area_id == viewer.district_id:
        return True
    lasting = Post.objects.filter(Q(valid_to=None) | Q(valid_to__gt=timezone.now()), person=person)
    return lasting.exists() and not lasting.exclude(inside(viewer)).exists()


def lock_unit(unit_id: int, *, viewer: Post) -> Unit:
    """One unit in the viewer's own area, for a change. Raises NotFound."""
    rows = visible_units(viewer=viewer).filter(inside(viewer))
    found = rows.select_for_update(of=("self",)).select_related("area").filter(pk=unit_id).first()
    if found is None:
        raise NotFound
    return found
