"""Levels of jurisdiction, kinds of places and datums. Plain values; nothing here knows a database."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

TIME_ZONE = ZoneInfo("Asia/Shanghai")
# Which column of a located row holds the area of a level; an area's own row holds itself there.
COLUMNS = {1: "district", 2: "township", 3: "village", 4: "cell"}
SYSTEMS = ("statistical", "grid", "own")


def day_of(at: datetime) -> date:
    """The calendar day that an instant falls on in the district."""
    return at.astimezone(TIME_ZONE).date()


def in_force(*, valid_from: date, valid_to: date | None, on: date) -> bool:
    """Whether a version valid from a day up to, not including, another one is the one of `on`."""
    return valid_from <= on and (valid_to is None or on < valid_to)
