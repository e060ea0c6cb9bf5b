"""Every write of duties, calendars and orders. Domains call these inside their own transactions."""

from qipan.foundation.duties.operations.alarm import raise_alarms
from qipan.foundation.duties.operations.calls import ask_relief, finish, keyed, relieve, take_call, withdraw_relief
from qipan.foundation.duties.operations.lifecycle import complete_stage, describe_again, end, extend, open
from qipan.foundation.duties.operations.moves import count_owed, give_all, hand_over, hand_over_once, reassign
from qipan.foundation.duties.operations.pauses import pause, resume

__all__ = [
    "ask_relief",
    "complete_stage",
    "count_owed",
    "describe_again",
    "end",
    "extend",
    "finish",
    "give_all",
    "hand_over",
    "hand_over_once",
    "keyed",
    "open",
    "pause",
    "raise_alarms",
    "reassign",
    "relieve",
    "resume",
    "take_call",
    "withdraw_relief",
]
