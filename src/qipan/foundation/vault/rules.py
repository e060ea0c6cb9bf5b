"""What a card may hold, how each field is brought into form, masked and found again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from enum import StrEnum
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

from qipan.foundation.refusals import Conflict, Invalid
from qipan.kernels import identity

SHANGHAI = ZoneInfo("Asia/Shanghai")
INDEX_PURPOSE = "blind-index"
REQUESTS, SEE_KEYS = "vault.requests", "vault.keys"
ABILITIES = {REQUESTS: ("dpo",), SEE_KEYS: ("administrator", "dpo", "auditor")}
FIELDS = ("name", "id_number", "phone", "address", "text", "answer", "other")
INDEXED = {"name": "name", "id_number": "id", "phone": "phone"}
REASON_LENGTH = 4
DAILY_LOOKS = 20
LONGEST = {"name": 200, "id_number": 40, "phone": 40, "address": 500}


class Retention(StrEnum):
    """How long a card is kept. Days count from sealing, or from the day its matter ended (`operations.keep_until`)."""

    SHORT = "short"
    CASE = "case"
    DISPUTE = "dispute"
    STAFF = "staff"
    OUTBREAK = "outbreak"


RETENTION_TEXTS = {
    Retention.SHORT: _("Short (90 days)"),
    Retention.CASE: _("Ordinary matter (2 years)"),
    Retention.DISPUTE: _("Dispute or petition (5 years)"),
    Retention.STAFF: _("While the post lasts"),
    Retention.OUTBREAK: _("Until the outbreak is closed"),
}
# [ours], configurable by the district; None: until somebody ends it.
RETENTION_DAYS: dict[str, int | None] = {
    Retention.SHORT: 90,
    Retention.CASE: 730,
    Retention.DISPUTE: 1826,
    Retention.STAFF: None,
    Retention.OUTBREAK: None,
}


def local_date(at: dt.datetime) -> dt.date:
    """The day in China at a moment."""
    return at.astimezone(SHANGHAI).date()


class UnknownField(Invalid):
    """“{name}” is not something that a card can hold."""


class WrongIdNumber(Invalid):
    """The ID-card number is not valid: {why}."""


class WrongPhone(Invalid):
    """The phone number is not valid. Give 11 digits, or an area code and a number such as 0372-5110000."""


class TooLong(Invalid):
    """The entry is too long: at most {most} characters."""


class NothingToSeal(Invalid):
    """A card needs at least one field."""


ID_PROBLEMS = {
    "length": _("it must have 18 characters"),
    "characters": _("it may hold digits and a final X only"),
    "date": _("its birth date does not exist or lies in the future"),
    "check": _("its last character does not fit the others; please compare it with the card"),
}


def normalise(fields: dict[str, str], *, today: dt.date) -> dict[str, str]:
    """Fields in their one form, empty ones left out. Raises UnknownField, WrongIdNumber, WrongPhone, TooLong."""
    done = {}
    for name, given in fields.items():
        if name not in FIELDS:
            raise UnknownField(field=name, name=name)
        value = (given or "").strip()
        if not value:
            continue
        if len(value) > LONGEST.get(name, 100_000):
            raise TooLong(field=name, most=LONGEST.get(name, 100_000))
        try:
            if name == "id_number":
                value = identity.id_number(value, today=today)
            elif name == "phone":
                value = identity.phone(value)
        except identity.NotAnIdNumber as problem:
            raise WrongIdNumber(field=name, why=ID_PROBLEMS[problem.reason]) from problem
        except identity.NotAPhone as problem:
            raise WrongPhone(field=name) from problem
        done[name] = value
    if not done:
        raise NothingToSeal
    return done


def _hidden(_value: str) -> str:
    return "***"


MASKS: dict[str, Callable[[str], str]] = {
    "name": identity.mask_name,
    "id_number": identity.mask_id_number,
    "phone": identity.mask_phone,
    "address": identity.mask_address,
    "text": _hidden,
    "answer": _hidden,
    "other": _hidden,
}


def mask(fields: dict[str, str]) -> dict[str, str]:
    """What everybody in the area may see of a card."""
    return {name: MASKS[name](value) for name, value in fields.items()}


def index_form(kind: str, value: str) -> str:
    """The form in which a value is looked up: names without spaces and with one kind of dot, numbers normalised."""
    if kind == "name":
        return "".join(value.split()).translate({ord(dot): "·" for dot in "・•‧∙．."}).casefold()
    if kind == "phone":
        return identity.phone(value)
    return "".join(identity.narrow(value).split()).upper()


class State(StrEnum):
    """Where a resident's request stands."""

    RECEIVED = "received"
    CHECKED = "checked"
    DONE = "done"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


# Nothing is shown, changed or deleted before the asker's identity is checked.
NEXT: dict[str, frozenset[str]] = {
    State.RECEIVED: frozenset({State.CHECKED, State.REFUSED, State.WITHDRAWN}),
    State.CHECKED: frozenset({State.DONE, State.REFUSED, State.WITHDRAWN}),
    State.DONE: frozenset(),
    State.REFUSED: frozenset(),
    State.WITHDRAWN: frozenset(),
}
REQUEST_WORKING_DAYS = 15  # 《App违法违规收集使用个人信息行为认定方法》六: answered within 15 working days


class WrongStep(Conflict):
    """The request cannot go from its present state to that one."""


def check_step(now: str, then: str) -> None:
    """Raises WrongStep unless the table above allows it."""
    if then not in NEXT[State(now)]:
        raise WrongStep
