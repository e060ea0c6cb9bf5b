"""The figures that a form can ask for. Whoever holds the rows registers them; this domain knows only their names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

# (district id, since, until, class of events or "") to a number by township id; None for what lies in no township.
Count = Callable[[int, datetime, datetime, str], Mapping[int | None, int]]


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure by its key; `count` is None for the two that are words: the area's name and the day."""

    key: str
    title: Any
    count: Count | None = None


_figures: dict[str, Figure] = {}


def register(*figures: Figure) -> None:
    """Add figures, once, when the app is ready."""
    for figure in figures:
        _figures[figure.key] = figure


def get(key: str) -> Figure:
    return _figures[key]


def every() -> list[Figure]:
    return list(_figures.values())
