"""What a duty is and may become: states, steps, caps and urgency. Plain Python."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from uuid import NAMESPACE_URL, UUID, uuid5

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from qipan.foundation.posts.rules import EVERYBODY, Role
from qipan.foundation.refusals import Conflict, Forbidden, Invalid


class State(TextChoices):
    OPEN = "open", _("Open")
    PAUSED = "paused", _("Paused")
    ENDED = "ended", _("Ended")


NEXT: dict[State, set[State]] = {
    State.OPEN: {State.PAUSED, State.ENDED},
    State.PAUSED: {State.OPEN, State.ENDED},
    State.ENDED: set(),
}


class Recipient(TextChoices):
    """Whom a step of the escalation tells. Each level is told once; the duty stays where it is."""

    OWNER = "owner", _("the person responsible")
    HEAD = "head", _("the head of the unit")
    DISPATCHER = "dispatcher", _("the dispatcher")
    COMMANDER = "commander", _("the duty commander")


WARN, BREACH, RESUME = "warn", "breach", "resume"

# The kinds that this room itself has.
CALL, RELIEF, CALENDAR = "duties.call", "duties.relief", "duties.calendar"


class DutyPaused(Conflict):
    """This duty is paused. Resume it first."""


class DutyEnded(Conflict):
    """This duty has already ended."""


class DutyNotPaused(Conflict):
    """This duty is not paused."""


class ApproverIsAsker(Forbidden):
    """A pause is approved by somebody else than the person who asks for it."""


class PauseNotAllowed(Invalid):
    """A duty of this kind is never paused."""


class TooManyPauses(Conflict):
    """This duty has been paused {count} times already, the most that its kind allows."""


class PauseTooLong(Invalid):
    """The pauses of this duty may last {days} days in all; this one would go beyond."""


class PauseEndsBeforeItBegins(Invalid):
    """The pause must end after it begins."""


class ExtensionMovesBack(Invalid):
    """An extension must move the deadline to a later time."""


class NoDeadline(Conflict):
    """This duty has no deadline that could be moved."""


def check_step(before: State, after: State) -> None:
    """Raises DutyEnded, DutyPaused or DutyNotPaused if `after` may not follow `before`."""
    if after in NEXT[before]:
        return
    if before == State.ENDED:
        raise DutyEnded
    if after == State.PAUSED:
        raise DutyPaused
    raise DutyNotPaused


@dataclass(frozen=True, slots=True)
class PauseCap:
    """How often and how long in all (natural time) a duty of a kind may stand still."""

    count: int = 2
    total: timedelta = timedelta(days=60)


def check_pause(
    *,
    cap: PauseCap | None,
    earlier: list[tuple[datetime, datetime]],
    begins: datetime,
    until: datetime | None,
) -> datetime:
    """The latest end of a pause that begins at `begins`, given the earlier ones as (from, to).

    Without `until` the pause ends by itself when the cap is used up, so that none lasts for ever.
    """
    if cap is None:
        raise PauseNotAllowed
    if len(earlier) >= cap.count:
        raise TooManyPauses(count=cap.count)
    used = sum((end - start for start, end in earlier), timedelta())
    last = begins + cap.total - used
    if until is None:
        until = last
    if until <= begins:
        if last <= begins:
            raise PauseTooLong(days=cap.total.days)
        raise PauseEndsBeforeItBegins(field="until")
    if until > last:
        raise PauseTooLong(field="until", days=cap.total.days)
    return until


class Urgency(IntEnum):
    """How a list groups duties; the smaller number comes first."""

    OVERDUE = 0
    SOON = 1
    TODAY = 2
    LATER = 3
    UNTIMED = 4
    PAUSED = 5


URGENCY_TITLES = {
    Urgency.OVERDUE: _("Overdue"),
    Urgency.SOON: _("Running out"),
    Urgency.TODAY: _("Today"),
    Urgency.LATER: _("Later"),
    Urgency.UNTIMED: _("No deadline"),
    Urgency.PAUSED: _("Paused"),
}


def urgency(
    *, state: str, due_at: datetime | None, warn_at: datetime | None, now: datetime, midnight: datetime
) -> Urgency:
    """The group of a duty at `now`; `midnight` is the end of the local day."""
    if state == State.PAUSED:
        return Urgency.PAUSED
    if due_at is None:
        return Urgency.UNTIMED
    if due_at < now:
        return Urgency.OVERDUE
    if warn_at is not None and warn_at <= now:
        return Urgency.SOON
    return Urgency.TODAY if due_at < midnight else Urgency.LATER


@dataclass(frozen=True, slots=True)
class Planned:
    """A step that the sweeper will fire: its name, its time, and which firing of that name it is (from 1)."""

    name: str
    at: datetime
    round: int


def pending(*, plan: list[tuple[str, datetime]], fired: dict[str, int], now: datetime) -> list[Planned]:
    """The steps still to fire after a deadline was computed (anew), in order of time.

    `plan` holds every step with its new time, `fired` how often each fired so far. A step that fired and whose time
    has not moved beyond `now` stays fired; one whose time now lies ahead is armed again, as its next round.
    """
    found = [Planned(name, at, fired.get(name, 0) + 1) for name, at in plan if not fired.get(name) or at > now]
    return sorted(found, key=lambda step: step.at)


def alarm_id(*, district_id: int, year: int) -> UUID:
    """What the duty to import a year's calendar is about: one id for each district and year."""
    return uuid5(NAMESPACE_URL, f"qipan:calendar:{district_id}:{year}")


DESKS = (Role.COMMANDER, Role.DISPATCHER, Role.HANDLER, Role.GRID_WORKER, Role.SITE_HEAD, Role.PROGRAMME)

SEE = "duties.see"
ABILITIES: dict[str, Iterable[Role]] = {
    SEE: EVERYBODY,
    "duties.take_call": DESKS,
    "duties.ask_relief": EVERYBODY,
    "duties.hand_over": EVERYBODY,  # the own ones; others' as `operations.may_hand_over` says
    "duties.calendar": (Role.ADMINISTRATOR,),
    "duties.order": (Role.COMMANDER,),
}

# What the journal calls the things this room does.
JOURNAL = {
    "duties.opened": _("Duty opened"),
    "duties.ended": _("Duty ended"),
    "duties.breached": _("Deadline missed"),
    "duties.escalated": _("Escalated"),
    "duties.paused": _("Clock paused"),
    "duties.resumed": _("Clock resumed"),
    "duties.extended": _("Deadline extended"),
    "duties.stage_completed": _("Stage completed"),
    "duties.handed_over": _("Handed over"),
    "duties.deadline_moved": _("Deadline counted anew"),
    "duties.year_imported": _("Calendar imported"),
    "duties.hours_set": _("Hours set"),
    "duties.order_given": _("Clock order given"),
    "duties.order_revoked": _("Clock order revoked"),
    "duties.call_taken": _("Phone call taken"),
    "duties.relief_asked": _("Relief asked for"),
    "duties.relieved": _("Relieved"),
}
