"""When a message may go out, how often it is tried, and how its text is filled. Plain values."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from qipan.foundation.refusals import Invalid

TIME_ZONE = ZoneInfo("Asia/Shanghai")
LANGUAGES = ("zh-hans", "en")
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=1)
MOST_TRIES = 10
LEASE = timedelta(minutes=3)  # longer than any one delivery can take
PLACE = re.compile(r"\{(\w+)\}")


class Channel(TextChoices):
    APP = "app", _("In the application")
    EMAIL = "email", _("E-mail")
    HTTP = "http", _("Gateway")


class State(TextChoices):
    QUEUED = "queued", _("Waiting")
    SENDING = "sending", _("Being sent")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


NEXT = {
    State.QUEUED: {State.SENDING, State.CANCELLED},
    State.SENDING: {State.SENT, State.QUEUED, State.FAILED, State.SENDING},
    State.FAILED: {State.QUEUED, State.CANCELLED},
    State.SENT: set(),
    State.CANCELLED: set(),
}


class GatewayKind(TextChoices):
    SMS = "sms", _("Text messages to one telephone")
    ROBOT = "robot", _("Robot in a group (WeCom, DingTalk)")


class UnknownPlace(Invalid):
    """The text names {names}, which this message does not have."""


def wait(tries: int, *, seed: str) -> timedelta:
    """How long to wait after the given number of tries: 30 s, doubled each time, an hour at most.

    Spread by up to a quarter, by the message's own id: messages that failed together do not come back together.
    """
    base: timedelta = min(FIRST_WAIT * 2 ** min(tries - 1, 12), LONGEST_WAIT)
    spread = int.from_bytes(hashlib.sha256(f"{seed}:{tries}".encode()).digest()[:4]) / 2**32
    return base + base * spread / 4


def after_quiet(at: datetime, *, quiet_from: time, quiet_to: time) -> datetime:
    """`at` itself, or the end of the quiet hours it falls into. Equal times mean that there are none."""
    local = at.astimezone(TIME_ZONE)
    now = local.time()
    if quiet_from == quiet_to:
        return at
    over_midnight = quiet_from > quiet_to
    quiet = (now >= quiet_from or now < quiet_to) if over_midnight else quiet_from <= now < quiet_to
    if not quiet:
        return at
    day = local.date() + timedelta(days=1 if over_midnight and now >= quiet_from else 0)
    return datetime.combine(day, quiet_to, TIME_ZONE).astimezone(at.tzinfo)


def places(text: str) -> set[str]:
    """The names in braces."""
    return set(PLACE.findall(text))


def fill(text: str, values: Mapping[str, Any]) -> str:
    """Puts values into the places in braces. Nothing but plain names is looked up; a missing one becomes empty."""
    return PLACE.sub(lambda found: str(values.get(found[1], "")), text)


def fill_tree(tree: Any, values: Mapping[str, Any]) -> Any:
    """The same inside the strings of a JSON tree: what is filled in can never change the tree's form."""
    if isinstance(tree, str):
        return fill(tree, values)
    if isinstance(tree, dict):
        return {key: fill_tree(value, values) for key, value in tree.items()}
    if isinstance(tree, list):
        return [fill_tree(value, values) for value in tree]
    return tree


def check_places(text: str, *, known: set[str], field: str) -> None:
    """Raises UnknownPlace for a name in braces that nothing will fill."""
    if unknown := places(text) - known:
        raise UnknownPlace(field=field, names=", ".join(sorted(unknown)))
