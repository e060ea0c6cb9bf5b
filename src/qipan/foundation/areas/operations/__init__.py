"""Every write of jurisdiction and places."""

from qipan.foundation.areas.operations.boundaries import Outside, Overlaps, redraw
from qipan.foundation.areas.operations.places import add_point, add_premises, change_premises, close_premises
from qipan.foundation.areas.operations.tree import (
    AreaClosed,
    CodeTaken,
    FromTooEarly,
    HasAreas,
    LiesThere,
    NotAParent,
    close,
    create,
    found_district,
    move,
    recode,
    rename,
)

__all__ = [
    "AreaClosed",
    "CodeTaken",
    "FromTooEarly",
    "HasAreas",
    "LiesThere",
    "NotAParent",
    "Outside",
    "Overlaps",
    "add_point",
    "add_premises",
    "change_premises",
    "close",
    "close_premises",
    "create",
    "found_district",
    "move",
    "recode",
    "redraw",
    "rename",
]
