"""Areas, outlines and premises from files: looked at first, then loaded whole or not at all, and safe to repeat."""

from qipan.foundation.areas.imports.results import Action, Cancelled, Item, NothingLoaded, Progress, Result
from qipan.foundation.areas.imports.running import KINDS, NotThisKind, check, load

__all__ = [
    "KINDS",
    "Action",
    "Cancelled",
    "Item",
    "NotThisKind",
    "NothingLoaded",
    "Progress",
    "Result",
    "check",
    "load",
]
