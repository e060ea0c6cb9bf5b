"""What an import would do, or did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from qipan.foundation.refusals import Conflict, Invalid
from qipan.kernels.tables import Problem, Table

Progress = Callable[[int, int], None]  # rows done, rows in all; may raise Cancelled


class Action(TextChoices):
    """What happens to a row."""

    NEW = "new", _("New")
    CHANGED = "changed", _("Changed")
    UNCHANGED = "unchanged", _("Unchanged")
    LEFT_OUT = "left_out", _("Left out")


class Cancelled(Conflict):
    """The import was cancelled. Nothing was loaded."""


class NothingLoaded(Invalid):
    """{count} rows cannot be used. Nothing was loaded."""

    result: Result


@dataclass(frozen=True, slots=True)
class Item:
    """One row and what becomes of it; `changes` are (what, before, after)."""

    line: int
    code: str
    name: str
    action: Action
    changes: tuple[tuple[str, str, str], ...] = ()


@dataclass(slots=True)
class Result:
    """A file looked at. `apply` writes what the items say; it is there until that is done."""

    kind: str
    table: Table
    items: list[Item] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    loaded: bool = False

    @property
    def counts(self) -> dict[str, int]:
        """Rows by action, and those refused; together every row of the file."""
        found = Counter(str(item.action.value) for item in self.items)
        refused = len({problem.line for problem in self.problems})
        return {action.value: found[action.value] for action in Action} | {"refused": refused}

    @property
    def changes_anything(self) -> bool:
        return any(item.action in {Action.NEW, Action.CHANGED} for item in self.items)

    def plain(self) -> dict[str, Any]:
        """For JSON: counts, the digest, and how the file was read."""
        return {
            "kind": self.kind,
            "loaded": self.loaded,
            "format": self.table.format,
            "encoding": self.table.encoding,
            "digest": self.table.digest,
            "counts": self.counts,
            "unknown_columns": list(self.table.unknown),
        }

    def settle(self) -> None:
        """A row with a problem is refused, whatever else was planned for it."""
        refused = {problem.line for problem in self.problems}
        self.items = sorted((item for item in self.items if item.line not in refused), key=lambda item: item.line)
        self.problems.sort(key=lambda problem: (problem.line, problem.column))
