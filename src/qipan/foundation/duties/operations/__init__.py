"""Every write of duties, calendars and orders. Domains call these inside their own transactions."""

from qipan.foundation.duties.operations.alarm import raise_alarms
from qipan.foundation.duties.operations.calls import ask_relief, finish, relieve, take_call, withdraw_relief
from qipan.foundation.duties.operations.lifecycle import complete_stage, end, extend, open
from qipan.foundation.duties.operations.moves import give_all, hand_over, reassign
from qipan.foundation.duties.operations.pauses import pause, resume

__all__ = [
    "ask_relief",
    "complete_stage",
    "end",
    "extend",
    "finish",
    "give_all",
    "hand_over",
    "open",
    "pause",
    "raise_alarms",
    "reassign",
    "relieve",
    "resume",
    "take_call",
    "withdraw_relief",
]
