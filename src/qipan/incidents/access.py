"""Which incidents a viewer may see or lock. A row of another jurisdiction does not exist."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import or_
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from qipan.foundation.areas.access import within
from qipan.foundation.areas.models import Level
from qipan.foundation.posts.models import Post
from qipan.foundation.posts.rules import Role
from qipan.foundation.refusals import NotFound
from qipan.incidents.models import PLACES, Ask, Assistance, Incident, Overlaps, Supervision
from qipan.incidents.rules.steps import Status

# Roles that see a whole area; the others see what is theirs.
OVERSEERS = frozenset({Role.COMMANDER, Role.DISPATCHER, Role.ADMINISTRATOR, Role.AUDITOR, Role.DPO})
PRIVATE_READERS = frozenset({Role.COMMANDER, Role.DISPATCHER, Role.AUDITOR, Role.DPO})

Side = TypeVar("Side", Ask, Supervision)


def own(viewer: Post, *, by_words: bool = False) -> list[Q]:
    """What concerns the viewer's own post or unit, wherever it lies in the district: conditions of which each has an
    index that holds its rows newest first. `by_words`: told so that the index of words serves them too."""
    found = [Q(handler=viewer.pk), Q(verifier=viewer.pk), Q(reported_by=viewer.pk)]
    if viewer.unit_id:
        helped = Assistance.objects.filter(unit=viewer.unit_id, incident=OuterRef("pk"))
        at = Q(Overlaps(PLACES, [-viewer.unit_id])) if by_words else Q()
        found += [Q(unit=viewer.unit_id) & at, Q(desk=viewer.unit_id) & at, Q(Exists(helped), victim_cannot_act=False)]
    return found


def mine(viewer: Post) -> Q:
    """The same as one condition."""
    return reduce(or_, own(viewer))


def branches(viewer: Post, *, by_words: bool = False) -> list[Q]:
    """The viewer's sight as alternatives, each quick to read in the order of time; none where the role sees nothing.
    `by_words`: see `own`."""
    area = Q(district=viewer.district_id) & within(viewer.area)
    if by_words and viewer.level > Level.DISTRICT:
        area &= Q(Overlaps(PLACES, [viewer.area_id]))
    role = Role(viewer.role)
    if role in PRIVATE_READERS:
        found = [area]
    elif role in OVERSEERS:
        found = [area & Q(private=False)]
    elif role == Role.GRID_WORKER:
        found = [area & Q(private=False), *own(viewer, by_words=by_words)]
    elif role == Role.HANDLER:
        found = own(viewer, by_words=by_words)
    else:
        found = []
    return found


def limits(viewer: Post) -> Q:
    """What holds for every row of every branch: no accusation is seen by the unit that it is about."""
    found = never_hidden(viewer)
    if viewer.level >= Level.VILLAGE:
        found &= Q(hidden_from_village=False)
    return found


def reads_area(viewer: Post) -> bool:
    """Whether the viewer's role reads what is open to all in its area."""
    return Role(viewer.role) in OVERSEERS | {Role.GRID_WORKER}


def never_hidden(viewer: Post) -> Q:
    """The district's rows without what is out of a viewer's sight from the first: others' drafts, and accusations of
    the viewer's own unit."""
    found = Q(district=viewer.district_id) & (~Q(status=Status.DRAFT) | Q(reported_by=viewer.pk))
    return found & ~Q(accused=viewer.unit_id) if viewer.unit_id else found


def scope(viewer: Post) -> Q:
    """The area, the role's reach and the private classes, as one condition; drafts only for who began them."""
    found = branches(viewer)
    return limits(viewer) & (reduce(or_, found) if found else Q(pk__in=()))


def visible(*, viewer: Post) -> QuerySet[Incident]:
    """Every incident the viewer may see."""
    return Incident.objects.filter(scope(viewer))


NOTHING: Mapping[str, Any] = {}
# What every page of an incident shows.
SHOWN = (
    "category", "district", "township", "village", "cell", "premises", "desk", "unit", "accused", "handler__person",
    "verifier__person", "merged_into",
)  # fmt: skip


def get(
    incident_id: UUID, *, viewer: Post, related: Sequence[str] = SHOWN, also: Mapping[str, Any] = NOTHING
) -> Incident:
    """One visible incident with what is `related` to it, and with more expressions. Raises NotFound."""
    rows = visible(viewer=viewer).filter(pk=incident_id).defer("search").annotate(**also).order_by()
    if related:
        rows = rows.select_related(*related)
    # Not first(): that orders by the key, and to order by one of some two hundred columns takes milliseconds to write.
    for found in rows[:1]:
        return found
    raise NotFound


def lock(incident_id: UUID, *, viewer: Post) -> Incident:
    """The incident, locked for a change until the transaction ends. Raises NotFound outside the viewer's sight."""
    if not visible(viewer=viewer).filter(pk=incident_id).exists():
        raise NotFound
    return (
        Incident.objects.select_for_update(of=("self",)).select_related("category").defer("search").get(pk=incident_id)
    )


def lock_ask(ask_id: UUID, *, viewer: Post) -> Ask:
    """A side track's request with its incident, both locked. Raises NotFound."""
    return _lock_with_incident(Ask, ask_id, viewer)


def lock_supervision(supervision_id: UUID, *, viewer: Post) -> Supervision:
    """A supervision with its incident, both locked. Raises NotFound."""
    return _lock_with_incident(Supervision, supervision_id, viewer)


def _lock_with_incident(table: type[Side], key: UUID, viewer: Post) -> Side:
    found = table._default_manager.filter(pk=key).first()
    if found is None:
        raise NotFound
    incident = lock(found.incident_id, viewer=viewer)
    found = table._default_manager.select_for_update().get(pk=key)
    found.incident = incident
    return found
