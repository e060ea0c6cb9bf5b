"""Tables of jurisdiction: the tree, its codes and boundaries in time, and what stands at a place."""

from qipan.foundation.areas.models.places import (
    Import,
    Located,
    Point,
    Premises,
)
from qipan.foundation.areas.models.tree import (
    Area,
    Boundary,
    Code,
    DistrictProfile,
    ImportKind,
    ImportState,
    Jurisdiction,
    Kind,
    Level,
    PointKind,
    PremisesKind,
    Revision,
    System,
    valid_on,
)

__all__ = [
    "Area",
    "Boundary",
    "Code",
    "DistrictProfile",
    "Import",
    "ImportKind",
    "ImportState",
    "Jurisdiction",
    "Kind",
    "Level",
    "Located",
    "Point",
    "PointKind",
    "Premises",
    "PremisesKind",
    "Revision",
    "System",
    "valid_on",
]
