"""What an entry says: of what, by whom, and who may read it."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from django.utils.translation import gettext_noop

SEE, READ_PRIVATE, READ_SECRET, EXPORT = "journal.see", "journal.read_private", "journal.read_secret", "journal.export"
ABILITIES = {
    SEE: ("auditor", "dpo", "commander", "administrator"),
    READ_PRIVATE: ("auditor", "dpo"),
    READ_SECRET: ("auditor", "dpo"),
    EXPORT: ("auditor", "dpo"),
}


class Class(enum.IntEnum):
    """Who may read an entry, beside being in its area."""

    OPEN = 0  # any staff of the area
    PRIVATE = 1  # those who may see the private matter
    SECRET = 2  # the data-protection officer, the auditor, and who did it


@dataclass(frozen=True, slots=True)
class About:
    """The thing that an entry is about, as it was then. `areas` run from the district down."""

    kind: str
    id: UUID | None
    label: str
    district_id: int | None
    areas: tuple[int, ...] = ()
    unit_id: int | None = None
    privacy: int = Class.OPEN


@dataclass(frozen=True, slots=True)
class Author:
    """Who did it: a post in force, or one of the authors below."""

    label: str
    post_id: UUID | None = None
    person_id: UUID | None = None
    district_id: int | None = None

    def author(self) -> Author:
        return self


class HasAbout(Protocol):
    def about(self) -> About: ...


class HasAuthor(Protocol):
    def author(self) -> Author: ...


SYSTEM = Author(gettext_noop("The system"))
RESIDENT = Author(gettext_noop("A resident"))
