"""The district's own settings of incidents: categories with their limits, and routing."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from qipan.foundation.areas import access as areas
from qipan.foundation.areas.models import Area, DistrictProfile, Level
from qipan.foundation.areas.operations.versions import PersonalNumber
from qipan.foundation.journal import operations as journal
from qipan.foundation.posts.access import NotYours, inside, require, visible_units
from qipan.foundation.posts.models import Post, Unit
from qipan.foundation.refusals import Conflict, Invalid, NotFound
from qipan.incidents.models import Category, Rule
from qipan.incidents.operations.conceal import conceal_open
from qipan.incidents.queries.caps import SETTING
from qipan.incidents.rules.caps import Caps, check_caps, of_district
from qipan.incidents.rules.classes import CLASSES, Klass, check_limits
from qipan.kernels import identity
from qipan.kernels.ids import new_id

KEY = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
EDITABLE = (
    "name", "name_en", "limits", "stages", "urgent_default", "private", "hidden_from_village", "never_mediated",
    "public", "photo_reason", "on_lists", "order",
)  # fmt: skip


class NotEditable(Invalid):
    """“{field}” of a category cannot be changed; end it and begin another."""


class DisputesAreMediated(Invalid):
    """A dispute is mediated. For what is never mediated take a category of another class."""


class KeyTaken(Conflict):
    """A category with the key “{key}” is in use. Please choose another key."""


class KeyOrNameMissing(Invalid):
    """A category needs a key of at most 40 small letters, digits and dashes, and a name in Chinese and in English of at
    most 60 and 80 characters."""


class ElsewhereUnit(Invalid):
    """This unit is not one of your area. Choose a unit of your own district or township."""


class SetAbove(Conflict):
    """The district has set a rule for the same. Only the district changes it."""


@transaction.atomic
def change_category(*, category: Category, changes: dict[str, Any], by: Post, at: datetime) -> Category:
    """Edit a category from today on: the row in force ends, a new one begins; closed files keep the old.

    What becomes private or hidden from the village takes its open incidents along, each journalled, in the same
    transaction; the way back unseals and shows nothing. Limits are checked against the legal floors. Raises NotFound,
    NotEditable, BadLimit, LooserThanLaw, DisputesAreMediated.
    """
    require(by, "incidents.configure")
    if category.district_id != by.district_id:
        raise NotFound
    for field in changes:
        if field not in EDITABLE:
            raise NotEditable(field=field)
    current = Category.objects.select_for_update().filter(pk=category.pk, valid_to=None).first()
    if current is None:
        raise NotFound
    _check(Klass(current.klass), {"limits": current.limits, **changes})
    today = timezone.localdate(at)
    if current.valid_from == today:  # changed twice on one day: nothing was filed under a day that is not over
        changed = current
    else:
        current.valid_to = today
        current.save()
        changed = Category.objects.get(pk=current.pk)
        changed.pk, changed._state.adding = new_id(), True
        changed.valid_from, changed.valid_to = today, None
    before = {field: getattr(current, field) for field in changes}
    raised = raises(current, changes)
    for field, value in changes.items():
        setattr(changed, field, value)
    changed.save()
    journal.record("incidents.category_changed", changed, by=by, at=at, before_values=before, after_values=changes)
    if any(raised.values()):
        conceal_open(changed, **raised, by=by, at=at)
    return changed


def raises(category: Category, changes: dict[str, Any]) -> dict[str, bool]:
    """What of a category's privacy would be narrower after these changes: what `open_of` takes."""
    always = CLASSES[Klass(category.klass)].private
    return {
        "private": bool(changes.get("private")) and not category.private and not always,
        "hidden": bool(changes.get("hidden_from_village")) and not category.hidden_from_village,
    }


@transaction.atomic
def add_category(*, klass: Klass, key: str, values: dict[str, Any], by: Post, at: datetime) -> Category:
    """A new category of the district, in use from today on; `values` are what `change_category` takes.

    Raises KeyTaken, KeyOrNameMissing, NotEditable, PersonalNumber, BadLimit, LooserThanLaw, DisputesAreMediated.
    """
    require(by, "incidents.configure")
    for field in values:
        if field not in EDITABLE:
            raise NotEditable(field=field)
    for field, value in {"key": key, "name": values.get("name", ""), "name_en": values.get("name_en", "")}.items():
        too_long = len(value) > {"key": 40, "name": 60, "name_en": 80}[field]
        if not value.strip() or too_long or (field == "key" and not KEY.fullmatch(value)):
            raise KeyOrNameMissing(field=field)
    _check(klass, {"key": key, **values})
    Area.objects.select_for_update().get(pk=by.district_id)  # two at once: the second sees the first's key
    if Category.objects.filter(district=by.district_id, key=key, valid_to=None).exists():
        raise KeyTaken(field="key", key=key)
    added = Category.objects.create(id=new_id(), district=by.district, key=key, klass=klass,
                                    valid_from=timezone.localdate(at), **values)  # fmt: skip
    journal.record("incidents.category_added", added, by=by, at=at, key=key, klass=klass.value, values=values)
    return added


def _check(klass: Klass, values: dict[str, Any]) -> None:
    for field in ("key", "name", "name_en", "photo_reason"):
        if identity.has_numbers(values.get(field, "")):
            raise PersonalNumber(field=field)
    check_limits(klass, values.get("limits", {}))
    if values.get("never_mediated") and klass is Klass.DISPUTE:
        raise DisputesAreMediated(field="never_mediated")


@transaction.atomic
def set_caps(*, own: dict[str, float], by: Post, at: datetime) -> Caps:
    """Set the district's own caps from now on, in the place of those it had; what is not named follows the project.

    What was granted before stays granted. Raises CapOutOfBounds, NotYours.
    """
    require(by, "incidents.configure")
    check_caps(own)
    profile, _new = DistrictProfile.objects.select_for_update().get_or_create(district=by.district)
    before = profile.settings.get(SETTING, {})
    profile.settings = {**profile.settings, SETTING: dict(own)}
    profile.save(update_fields=["settings"])
    journal.record("incidents.caps_set", by.district, by=by, at=at, before_values=before, after_values=own)
    return of_district(own)


@transaction.atomic
def set_rule(
    *,
    area: Area,
    unit: Unit,
    by: Post,
    at: datetime,
    klass: str = "",
    category_key: str = "",
    since: date | None = None,
) -> Rule:
    """Send incidents of an area, class or category to a unit; a rule for the same ends.

    The district's posts do so everywhere, a township's between an area and a unit of its own township. Raises NotYours
    below the township, NotFound for an area outside `by`'s, ElsewhereUnit, SetAbove for what the district has ruled.
    """
    _may_route(by)
    if not areas.visible(viewer=by).filter(pk=area.pk).exists():
        raise NotFound
    if not visible_units(viewer=by).filter(inside(by), pk=unit.pk).exists():
        raise ElsewhereUnit(field="unit")
    since = since or timezone.localdate(at)
    same = Rule.objects.filter(area=area, klass=klass, category_key=category_key, valid_to=None)
    for earlier in same.select_for_update():
        if not routable(viewer=by).filter(pk=earlier.pk).exists():
            raise SetAbove
        earlier.valid_to = max(since, earlier.valid_from)
        earlier.save()
    rule = Rule.objects.create(id=new_id(), district=area.district, area=area, klass=klass, category_key=category_key,
                               unit=unit, valid_from=since)  # fmt: skip
    journal.record("incidents.rule_set", rule, by=by, at=at, area=area.name, unit=unit.name, klass=klass,
                   category=category_key)  # fmt: skip
    return rule


@transaction.atomic
def end_rule(*, rule: Rule, by: Post, at: datetime) -> Rule:
    """End a routing rule today. Raises NotYours, NotFound for one that `by` could not have set."""
    _may_route(by)
    if rule.valid_to is not None or not routable(viewer=by).filter(pk=rule.pk).exists():
        raise NotFound
    rule.valid_to = max(timezone.localdate(at), rule.valid_from)
    rule.save()
    journal.record("incidents.rule_ended", rule, by=by, at=at)
    return rule


def may_route(viewer: Post) -> bool:
    """Whether a post sets routing rules at all: of the district, or of a township for the township itself."""
    return viewer.may("incidents.route") and viewer.level <= Level.TOWNSHIP


def routable(*, viewer: Post) -> QuerySet[Rule]:
    """The rules that a viewer may end: area and unit lie inside the viewer's own area."""
    rows = Rule.objects.filter(inside(viewer, "unit__area"), district=viewer.district_id)
    return rows.filter(area__in=areas.visible(viewer=viewer).values("pk")) if may_route(viewer) else rows.none()


def _may_route(by: Post) -> None:
    if not may_route(by):
        raise NotYours
