"""Which areas, and which rows standing in them, a viewer may see: the subtree of the viewer's own area.

A viewer is a post, or anything else with the id of its district and the area it is for. Nobody sees nothing.
"""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

from django.db.models import Q, QuerySet

from qipan.foundation.areas import rules
from qipan.foundation.areas.models import Area, Located
from qipan.foundation.journal.rules import Author
from qipan.foundation.refusals import Forbidden, NotFound

T = TypeVar("T", bound=Located)


class Viewer(Protocol):
    """What this room needs to know of a post."""

    @property
    def district_id(self) -> int: ...
    @property
    def area(self) -> Area: ...
    def author(self) -> Author: ...


class NoSuchArea(NotFound):
    """There is no such area in your jurisdiction."""


class NotYourTask(Forbidden):
    """Your post does not allow this."""


def require(viewer: Any, ability: str) -> Any:
    """The viewer, whose post allows this. Raises NotYourTask for any other, and for nobody."""
    if viewer is None or not viewer.may(ability):
        raise NotYourTask
    return viewer


def within(area: Area, prefix: str = "") -> Q:
    """Condition on located rows: inside an area of any level. `prefix` leads there, as in `incident__`."""
    return Q(**{f"{prefix}{rules.COLUMNS[area.level]}_id": area.pk})


def below(area: Area) -> Q:
    """Condition on areas: this one and all inside it."""
    # An area's row names itself at its own level, so one column finds the subtree; a cell is only itself.
    return Q(pk=area.pk) if area.level == 4 else Q(**{f"{rules.COLUMNS[area.level]}_id": area.pk})


def children(area: Area) -> Q:
    """Condition on areas: directly inside this one."""
    return Q(parent=area.pk)


def located(viewer: Viewer | None, prefix: str = "") -> Q:
    """Condition on located rows: inside the viewer's own area."""
    return within(viewer.area, prefix) if viewer else Q(pk__in=())


def visible(*, viewer: Viewer | None) -> QuerySet[Area]:
    """Areas of the viewer's subtree, the viewer's own area included."""
    if viewer is None:
        return Area.objects.none()
    return Area.objects.filter(below(viewer.area))


def get(area_id: int, *, viewer: Viewer | None) -> Area:
    """One area of the viewer's subtree. Raises NoSuchArea for any other."""
    try:
        return visible(viewer=viewer).get(pk=area_id)
    except Area.DoesNotExist:
        raise NoSuchArea from None


def lock(area_id: int, *, viewer: Viewer | None) -> Area:
    """The same, locked until the transaction ends."""
    try:
        return visible(viewer=viewer).select_for_update(of=("self",)).get(pk=area_id)
    except Area.DoesNotExist:
        raise NoSuchArea from None


def visible_located(model: type[T], *, viewer: Viewer | None) -> QuerySet[T]:
    """Rows of a located table inside the viewer's own area."""
    return model._default_manager.filter(located(viewer))
