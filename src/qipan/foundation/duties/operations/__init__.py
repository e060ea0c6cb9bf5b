"""Every write of duties, calendars and orders. Domains call these inside their own transactions."""

from qipan.foundation.duties.operations.lifecycle import complete_stage, end, extend, open
from qipan.foundation.duties.operations.moves import give_all, hand_over, reassign
from qipan.foundation.duties.operations.pauses import pause, resume

__all__ = [
    "complete_stage",
    "end",
    "extend",
    "give_all",
    "hand_over",
    "open",
    "pause",
    "reassign",
    "resume",
]
