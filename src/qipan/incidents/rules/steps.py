"""States of an incident and the steps between them (GB/T 30428 family's seven steps; DOMAIN §3).

`STEPS` is the transition table. Operations look steps up here, pages ask it what comes next, and the state diagram in
docs/reference is made from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from qipan.foundation.refusals import Conflict


class Status(StrEnum):
    """Where an incident stands. The value is stored."""

    DRAFT = "draft"
    REPORTED = "reported"
    AWAITING = "awaiting"
    DECLINED = "declined"
    VOID = "void"
    MERGED = "merged"
    FILED = "filed"
    DISPATCHED = "dispatched"
    SIGNED = "signed"
    HANDLING = "handling"
    ANSWERED = "answered"
    VERIFYING = "verifying"
    CLOSED = "closed"
    RATED = "rated"


STATUS_NAMES: dict[Status, Promise] = {
    Status.DRAFT: _("Draft"),
    Status.REPORTED: _("Reported"),
    Status.AWAITING: _("Awaiting acceptance"),
    Status.DECLINED: _("Declined"),
    Status.VOID: _("Void"),
    Status.MERGED: _("Merged"),
    Status.FILED: _("Filed"),
    Status.DISPATCHED: _("Dispatched"),
    Status.SIGNED: _("Signed for"),
    Status.HANDLING: _("In handling"),
    Status.ANSWERED: _("Reported back"),
    Status.VERIFYING: _("Awaiting verification"),
    Status.CLOSED: _("Closed"),
    Status.RATED: _("Rated"),
}

# A dispute is accepted, mediated, agreed and called back; nobody "handles" people.
DISPUTE_NAMES: dict[Status, Promise] = STATUS_NAMES | {
    Status.FILED: _("Accepted"),
    Status.HANDLING: _("In mediation"),
    Status.ANSWERED: _("Agreement reached"),
    Status.VERIFYING: _("Being called back"),
}

# What a resident reads; never the words of the file.
RESIDENT_NAMES: dict[Status, Promise] = {
    Status.REPORTED: _("Received"),
    Status.AWAITING: _("Received"),
    Status.DECLINED: _("Not accepted"),
    Status.VOID: _("Withdrawn"),
    Status.MERGED: _("Accepted (joined with an earlier report)"),
    Status.FILED: _("Accepted for handling"),
    Status.DISPATCHED: _("Being handled"),
    Status.SIGNED: _("Being handled"),
    Status.HANDLING: _("Being handled"),
    Status.ANSWERED: _("Being handled"),
    Status.VERIFYING: _("Being handled"),
    Status.CLOSED: _("Completed"),
    Status.RATED: _("Called back"),
}

ENDED = frozenset({Status.DECLINED, Status.VOID, Status.MERGED, Status.CLOSED, Status.RATED})
OPEN = frozenset(Status) - ENDED - {Status.DRAFT}
AT_DESK = frozenset({Status.REPORTED, Status.AWAITING})
WITH_UNIT = frozenset({Status.DISPATCHED, Status.SIGNED, Status.HANDLING})


class Step(StrEnum):
    """What somebody does to an incident. The value is the journal kind's verb and the route's last part."""

    SUBMIT = "submit"
    RECEIVE = "receive"
    ACCEPT = "accept"
    DECLINE = "decline"
    VOID = "void"
    MERGE = "merge"
    UNMERGE = "unmerge"
    DISPATCH = "dispatch"
    SIGN = "sign"
    START = "start"
    ANSWER = "answer"
    RETURN = "return"
    CHECK_BACK = "check-back"
    VERIFY = "verify"
    REWORK = "rework"
    CLOSE = "close"
    RATE = "rate"
    REOPEN = "reopen"
    REFER = "refer"
    SETTLE = "settle"


@dataclass(frozen=True, slots=True)
class Move:
    """One row of the table: `step` leads from any of `sources` to `target`, for whoever has `ability`."""

    step: Step
    sources: frozenset[Status]
    target: Status
    ability: str
    name: Promise


def _move(step: Step, sources: set[Status] | frozenset[Status], target: Status, ability: str, name: Promise) -> Move:
    return Move(step, frozenset(sources), target, f"incidents.{ability}", name)


S = Status
STEPS: dict[Step, Move] = {
    move.step: move
    for move in (
        _move(Step.SUBMIT, {S.DRAFT}, S.REPORTED, "report", _("Report")),
        _move(Step.RECEIVE, {S.REPORTED}, S.AWAITING, "receive", _("Put on the desk")),
        _move(Step.ACCEPT, AT_DESK, S.FILED, "accept", _("Accept and file")),
        _move(Step.DECLINE, AT_DESK, S.DECLINED, "accept", _("Decline")),
        _move(Step.VOID, AT_DESK | {S.DRAFT, S.FILED}, S.VOID, "accept", _("Declare void")),
        _move(Step.MERGE, AT_DESK | {S.FILED, S.DISPATCHED, S.SIGNED, S.HANDLING}, S.MERGED, "merge", _("Merge")),
        _move(Step.UNMERGE, {S.MERGED}, S.FILED, "merge", _("Undo the merge")),
        _move(Step.DISPATCH, {S.FILED}, S.DISPATCHED, "dispatch", _("Dispatch")),
        _move(Step.SIGN, {S.DISPATCHED}, S.SIGNED, "handle", _("Sign for it")),
        _move(Step.START, {S.SIGNED}, S.HANDLING, "handle", _("Start handling")),
        _move(Step.ANSWER, {S.SIGNED, S.HANDLING}, S.ANSWERED, "handle", _("Report back")),
        _move(Step.RETURN, WITH_UNIT, S.FILED, "decide", _("Return to the dispatcher")),
        _move(Step.CHECK_BACK, {S.ANSWERED}, S.VERIFYING, "dispatch", _("Send for verification")),
        _move(Step.VERIFY, {S.VERIFYING}, S.CLOSED, "verify", _("Verified: close")),
        _move(Step.REWORK, {S.ANSWERED, S.VERIFYING}, S.HANDLING, "verify", _("Not solved: back to the handler")),
        _move(Step.CLOSE, {S.ANSWERED}, S.CLOSED, "close", _("Close after a call back")),
        _move(Step.RATE, {S.CLOSED}, S.RATED, "rate", _("Rate")),
        _move(Step.REOPEN, {S.CLOSED, S.RATED}, S.FILED, "reopen", _("Reopen")),
        _move(Step.REFER, AT_DESK | {S.FILED}, S.CLOSED, "refer", _("Refer to the police")),
        _move(Step.SETTLE, {S.DRAFT, S.REPORTED}, S.CLOSED, "settle", _("Settled on the spot")),
    )
}
del S


class WrongStep(Conflict):
    """This cannot be done now: the incident is “{status}”. Somebody may have changed it; please look again."""


def check(step: Step, status: Status | str) -> Status:
    """The status that `step` leads to from `status`; WrongStep if the table has no such row."""
    move = STEPS[step]
    if Status(status) not in move.sources:
        raise WrongStep(status=STATUS_NAMES[Status(status)])
    return move.target


def following(status: Status | str) -> list[Move]:
    """The steps that may be taken from `status`, in the table's order."""
    return [move for move in STEPS.values() if Status(status) in move.sources]
