"""Who sees an incident, said once more in plain Python over one loaded row: for the feed, which asks it of a thousand
viewers at each change. `incidents.access` says it for the database; a test holds the two to the same answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Self
from uuid import UUID

from qipan.foundation.areas.models import Level
from qipan.foundation.duties import access as duties
from qipan.foundation.posts.models import Post
from qipan.foundation.posts.rules import Role
from qipan.incidents.access import OVERSEERS, PRIVATE_READERS
from qipan.incidents.rules.steps import OPEN, Status


@dataclass(frozen=True, slots=True)
class Viewer:
    """A post, as far as sight depends on it. Equal ones see the same."""

    post: UUID
    district: int
    area: int
    level: int
    role: Role
    unit: int | None
    acts_for: tuple[UUID, ...]

    @classmethod
    def of(cls, post: Post) -> Self:
        return cls(
            post.pk, post.district_id, post.area_id, post.level, Role(post.role), post.unit_id,
            tuple(duties.posts_of(post)),
        )  # fmt: skip

    def owes(self, owners: frozenset[UUID | int]) -> bool:
        """Whether a duty of these owners (a post, or a unit where nobody in it has taken it) needs this viewer."""
        return (self.unit is not None and self.unit in owners) or any(post in owners for post in self.acts_for)


@dataclass(frozen=True, slots=True)
class Row:
    """An incident: what sight depends on, and what a board draws. `helpers`: units that help."""

    id: UUID
    district: int
    township: int | None
    village: int | None
    cell: int | None
    status: str
    private: bool
    hidden_from_village: bool
    victim_cannot_act: bool
    reported_by: UUID | None
    handler: UUID | None
    verifier: UUID | None
    unit: int | None
    desk: int | None
    accused: int | None
    longitude: float | None
    latitude: float | None
    klass: str
    urgent: bool
    supervised: bool
    due_at: datetime | None
    number: str
    title: str
    unit_name: str | None
    kind: str
    kind_en: str
    helpers: frozenset[int] = field(default=frozenset())

    @property
    def open(self) -> bool:
        return self.status in OPEN

    def area_at(self, level: int) -> int | None:
        return (self.district, self.township, self.village, self.cell)[level - 1]


def sees(viewer: Viewer, row: Row) -> bool:
    """Whether the viewer may see the incident."""
    if row.district != viewer.district:
        return False
    if row.status == Status.DRAFT and row.reported_by != viewer.post:
        return False
    if viewer.unit is not None and row.accused == viewer.unit:
        return False
    if row.hidden_from_village and viewer.level >= Level.VILLAGE:
        return False
    inside = row.area_at(viewer.level) == viewer.area
    if viewer.role in PRIVATE_READERS:
        return inside
    if viewer.role in OVERSEERS:
        return inside and not row.private
    if viewer.role is Role.GRID_WORKER:
        return (inside and not row.private) or _own(viewer, row)
    return viewer.role is Role.HANDLER and _own(viewer, row)


def _own(viewer: Viewer, row: Row) -> bool:
    if viewer.post in (row.handler, row.verifier, row.reported_by):
        return True
    if viewer.unit is None:
        return False
    return viewer.unit in (row.unit, row.desk) or (viewer.unit in row.helpers and not row.victim_cannot_act)
