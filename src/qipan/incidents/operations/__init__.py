"""Every write of incidents. Each function is one transaction; `by` is the post that acts, `at` the moment."""

from qipan.incidents.operations.allowance import spend
from qipan.incidents.operations.asks import ask, decide, withdraw
from qipan.incidents.operations.attach import add_photos, attach, forget_orphans, look
from qipan.incidents.operations.configure import add_category, change_category, end_rule, set_caps, set_rule
from qipan.incidents.operations.desk import (
    accept,
    check_back,
    decline,
    dispatch,
    mark_victim,
    may_mark_victim,
    refer,
    void,
)
from qipan.incidents.operations.drafts import change_draft, submit
from qipan.incidents.operations.handle import answer, answer_assistance, settle, sign, start
from qipan.incidents.operations.lists import export, forget_view, save_view
from qipan.incidents.operations.merge import merge, unmerge
from qipan.incidents.operations.rating import call_back, check_again, draw_spot_checks, rate, reopen
from qipan.incidents.operations.report import Contact, report
from qipan.incidents.operations.supervise import (
    answer_supervision,
    end_supervision,
    remind,
    remind_as_reporter,
    supervise,
)
from qipan.incidents.operations.upward import owed_by, report_up
from qipan.incidents.operations.verify import close, rework, verify

__all__ = [
    "Contact",
    "accept",
    "add_category",
    "add_photos",
    "answer",
    "answer_assistance",
    "answer_supervision",
    "ask",
    "attach",
    "call_back",
    "change_category",
    "change_draft",
    "check_again",
    "check_back",
    "close",
    "decide",
    "decline",
    "dispatch",
    "draw_spot_checks",
    "end_rule",
    "end_supervision",
    "export",
    "forget_orphans",
    "forget_view",
    "look",
    "mark_victim",
    "may_mark_victim",
    "merge",
    "owed_by",
    "rate",
    "refer",
    "remind",
    "remind_as_reporter",
    "reopen",
    "report",
    "report_up",
    "rework",
    "save_view",
    "set_caps",
    "set_rule",
    "settle",
    "sign",
    "spend",
    "start",
    "submit",
    "supervise",
    "unmerge",
    "verify",
    "void",
    "withdraw",
]
