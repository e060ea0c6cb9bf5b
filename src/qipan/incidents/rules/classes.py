"""Classes of incidents with their default limits, and the legal floors that no district may loosen (DOMAIN §3).

A limit is JSON-able so that a category's row can hold it: {"clock": "working_days", "amount": 15}. `urgent` variants
and stages stand beside it. A floor is the longest time the law allows; a stricter limit is always possible.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from qipan.foundation.refusals import Invalid
from qipan.kernels import clock


class Klass(StrEnum):
    """The ten classes of events."""

    HAZARD = "hazard"
    DISPUTE = "dispute"
    HELP = "help"
    CITY = "city"
    FACILITY = "facility"
    PETITION = "petition"
    HEALTH = "health"
    EMERGENCY = "emergency"
    POLICE = "police"
    DEVICE = "device"


class Leg(StrEnum):
    """The parts of an incident's way that have a clock of their own."""

    ACCEPT = "accept"
    DISPATCH = "dispatch"
    HANDLE = "handle"
    VERIFY = "verify"


LEG_NAMES: dict[Leg, Promise] = {
    Leg.ACCEPT: _("Acceptance"),
    Leg.DISPATCH: _("Dispatch"),
    Leg.HANDLE: _("Handling"),
    Leg.VERIFY: _("Verification"),
}

Limits = dict[str, Any]


def minutes(amount: int) -> dict[str, Any]:
    return {"clock": "natural", "amount": amount}


def hours(amount: int) -> dict[str, Any]:
    return {"clock": "natural", "amount": amount * 60}


def working_minutes(amount: int) -> dict[str, Any]:
    return {"clock": "working_hours", "amount": amount}


def working_hours(amount: int) -> dict[str, Any]:
    return {"clock": "working_hours", "amount": amount * 60}


def working_days(amount: int) -> dict[str, Any]:
    return {"clock": "working_days", "amount": amount}


def days(amount: int) -> dict[str, Any]:
    return {"clock": "natural_days", "amount": amount}


@dataclass(frozen=True, slots=True)
class ClassRule:
    """What is so for every incident of a class, before the district's own settings.

    `limits` maps a leg to its limit; `urgent` replaces legs for urgent ones; `levels` gives the handling budget of each
    level (1 district, 2 township, 3 village) where the clock is staged by level; `first_level` is whose desk gets it
    first; `stages` are intermediate limits within the
    handling leg; `floors` are the longest limits the law allows, with `law` as their source; `upward` is how long each
    level has to report it to the next.
    """

    name: Promise
    limits: Limits
    urgent: Limits = field(default_factory=dict)
    levels: dict[int, Any] = field(default_factory=dict)
    first_level: int = 2
    floors: Limits = field(default_factory=dict)
    law: str = ""
    private: bool = False
    natural: bool = False
    confirm_first: bool = False
    call_back: bool = False
    refer: bool = False
    extension: dict[str, Any] | None = None
    upward: dict[str, Any] | None = None


CLASSES: dict[Klass, ClassRule] = {
    Klass.HAZARD: ClassRule(
        _("Safety hazard"),
        {"accept": working_minutes(15), "dispatch": working_minutes(30), "handle": working_days(15),
         "verify": working_days(1)},
        urgent={"accept": minutes(15), "dispatch": minutes(30), "handle": days(3), "verify": hours(24)},
        law="安全生产法 第四十一条",
    ),
    Klass.DISPUTE: ClassRule(
        _("Dispute"),
        {"accept": hours(2), "dispatch": hours(4), "handle": days(30), "verify": days(3)},
        levels={3: days(7), 2: days(15), 1: days(30)},
        first_level=3, private=True, natural=True, call_back=True,
    ),
    Klass.HELP: ClassRule(
        _("Request for help"),
        {"accept": hours(1), "dispatch": hours(24), "handle": days(7), "verify": days(2)},
        urgent={"dispatch": hours(1), "handle": hours(24), "verify": hours(24)}, natural=True, call_back=True,
    ),
    Klass.CITY: ClassRule(
        _("City appearance"),
        {"accept": working_minutes(10), "dispatch": working_minutes(10), "handle": working_days(3),
         "verify": working_hours(4)},
        urgent={"handle": working_hours(4)},
    ),
    Klass.FACILITY: ClassRule(
        _("Public facilities"),
        {"accept": working_minutes(10), "dispatch": working_minutes(10), "handle": working_days(5),
         "verify": working_hours(4)},
        urgent={"accept": minutes(10), "dispatch": minutes(10), "handle": hours(4), "verify": hours(4)},
    ),
    Klass.PETITION: ClassRule(
        _("Petition"),
        {"accept": days(15), "dispatch": days(15), "handle": days(60), "verify": days(30)},
        floors={"accept": days(15), "handle": days(60), "verify": days(30)},
        law="信访工作条例 第二十三、三十四、三十五条",
        first_level=1, private=True, natural=True, extension=days(30),
    ),
    Klass.HEALTH: ClassRule(
        _("Public health"),
        {"accept": minutes(15), "dispatch": minutes(30), "handle": hours(2), "verify": hours(24)},
        floors={"handle": hours(2)}, law="突发公共卫生事件应急条例 第二十条", natural=True,
        upward=hours(2),
    ),
    Klass.EMERGENCY: ClassRule(
        _("Emergency incident"),
        {"accept": minutes(5), "dispatch": minutes(5), "handle": hours(1), "verify": hours(24)},
        floors={"handle": hours(1)}, law="生产安全事故报告和调查处理条例 第九、十一条",
        first_level=1, natural=True, upward=hours(2),
    ),
    Klass.POLICE: ClassRule(
        _("Police matter"),
        {"accept": minutes(5), "dispatch": minutes(5), "handle": hours(24), "verify": hours(24)},
        first_level=1, private=True, natural=True, refer=True,
    ),
    Klass.DEVICE: ClassRule(
        _("Device alarm"),
        {"accept": minutes(10), "dispatch": minutes(10), "handle": hours(4), "verify": hours(24)},
        natural=True, confirm_first=True,
    ),
}  # fmt: skip


class LooserThanLaw(Invalid):
    """The limit for “{leg}” may not be longer than the law allows ({law}: {floor})."""


class BadLimit(Invalid):
    """“{leg}” needs a clock (natural, working_hours, working_days or natural_days) and a whole amount above zero."""


CLOCKS = ("natural", "working_hours", "working_days", "natural_days")


def check_limits(klass: Klass, limits: Limits) -> Limits:
    """A category's own limits, checked in form and against the class's legal floors; returned as given.

    A floor in natural days is kept by natural days, natural minutes, or fewer working days than allow it to pass:
    working clocks are refused where the law counts natural time, because a holiday would carry them past it.
    """
    rule = CLASSES[klass]
    for key, limit in limits.items():
        leg = Leg(key.removeprefix("urgent_"))
        if not isinstance(limit, dict) or limit.get("clock") not in CLOCKS or not isinstance(limit.get("amount"), int) \
                or isinstance(limit["amount"], bool) or limit["amount"] <= 0:  # fmt: skip
            raise BadLimit(field=key, leg=LEG_NAMES[leg])
        floor = rule.floors.get(leg)
        if floor and _natural_minutes(limit) > _natural_minutes(floor):
            raise LooserThanLaw(field=key, leg=LEG_NAMES[leg], law=rule.law, floor=_InWords(floor))
    return limits


class _InWords:
    """A limit as the reader's language says it: 60 calendar days / 60日（自然日）."""

    def __init__(self, limit: dict[str, Any]) -> None:
        self.limit = clock.Limit(clock.Clock(limit["clock"]), limit["amount"])

    def __str__(self) -> str:
        return clock.text.limit(self.limit, language=get_language() or "zh-hans")


def _natural_minutes(limit: dict[str, Any]) -> float:
    if limit["clock"].startswith("working"):
        return float("inf")
    return float(limit["amount"] * (1440 if limit["clock"] == "natural_days" else 1))


def limit_for(*, klass: Klass, leg: Leg, own: Limits, urgent: bool, level: int) -> dict[str, Any]:
    """The limit of one leg: the category's own before the class's, the urgent one before the ordinary, and for
    handling the level's budget where the class has one."""
    rule = CLASSES[klass]
    if urgent:
        for source, key in ((own, f"urgent_{leg}"), (rule.urgent, leg)):
            if key in source:
                return dict(source[key])
    if leg in own:
        return dict(own[leg])
    if leg is Leg.HANDLE and level in rule.levels:
        return dict(rule.levels[level])
    return dict(rule.limits[leg])
