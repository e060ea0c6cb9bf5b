"""一表通: a superior's blank sheet is mapped once and filled daily. What a mapped cell may say."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from qipan.foundation.posts.rules import Role
from qipan.foundation.refusals import Invalid

CELL = re.compile(r"[A-Z]{1,3}[1-9]\d{0,5}")
MOST_CELLS = 500
PERIODS = ("day", "week", "month", "year", "now")
REPEATS = ("", "townships")

ABILITIES: dict[str, set[Role]] = {
    "reporting.fill": {Role.COMMANDER, Role.DISPATCHER, Role.ADMINISTRATOR, Role.PROGRAMME},
    "reporting.map": {Role.DISPATCHER, Role.ADMINISTRATOR, Role.PROGRAMME},
}


class NotACell(Invalid):
    """“{cell}” is not a cell. Write a column and a row, such as C5."""


class CellTwice(Invalid):
    """The cell {cell} is mapped twice."""


class NoSuchFigure(Invalid):
    """There is no figure “{figure}”."""


class TooManyCells(Invalid):
    """At the most {most} cells can be mapped."""


@dataclass(frozen=True, slots=True)
class Mapped:
    """One cell and the figure that goes into it; with `repeat` also the cells below, one for each township."""

    cell: str
    figure: str
    klass: str = ""
    period: str = "day"
    repeat: str = ""

    def stored(self) -> dict[str, str]:
        return {"cell": self.cell, "figure": self.figure, "klass": self.klass, "period": self.period,
                "repeat": self.repeat}  # fmt: skip


def check(cells: list[dict[str, Any]], *, figures: set[str], klasses: set[str]) -> list[Mapped]:
    """A mapping in its form. Raises NotACell, CellTwice, NoSuchFigure, TooManyCells, Invalid."""
    if len(cells) > MOST_CELLS:
        raise TooManyCells(most=MOST_CELLS)
    found: dict[str, Mapped] = {}
    for each in cells:
        mapped = Mapped(
            str(each.get("cell", "")).strip().upper(), str(each.get("figure", "")), str(each.get("klass", "")),
            str(each.get("period", "day")), str(each.get("repeat", "")),
        )  # fmt: skip
        if not CELL.fullmatch(mapped.cell):
            raise NotACell(field="cells", cell=mapped.cell)
        if mapped.cell in found:
            raise CellTwice(field="cells", cell=mapped.cell)
        if mapped.figure not in figures:
            raise NoSuchFigure(field="cells", figure=mapped.figure)
        if mapped.klass not in klasses | {""} or mapped.period not in PERIODS or mapped.repeat not in REPEATS:
            raise Invalid(field="cells")
        found[mapped.cell] = mapped
    return list(found.values())
