"""What a phone may do without a network, and for how long. Plain values; the tables are in models."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

VERSION = 1  # of the protocol between field app and server; the two before it are still spoken
BACK = 2
LEASE = timedelta(hours=24)  # how long a phone may be read without a word from the server
FLAGGED = timedelta(minutes=5)  # beyond this, the time of a step by the phone is told as doubtful
MOST_DEVICES = 5  # of one post, at a time
MOST_PHOTOS, MOST_PHOTO_BYTES = 500, 1024**3  # of one phone, that wait for their steps
MOST_KEPT = 1_000  # steps of one phone that wait for a decision

KINDS = {
    "devices.bound": _("Phone bound"),
    "devices.revoked": _("Phone revoked"),
}


def oldest() -> int:
    """The oldest version of the protocol that is still spoken."""
    return max(1, VERSION - BACK)


def offset_of(*, clock: datetime | None, at: datetime) -> int | None:
    """By how many milliseconds a phone's clock is behind the server's; None where it did not say what it shows."""
    return None if clock is None else round((at - clock).total_seconds() * 1000)
