"""Caps of the side tracks. A district may set lower ones; never none."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caps:
    """How often and how long. Days are natural days."""

    extensions: int = 2
    extension_days: int = 15
    holds: int = 1
    hold_days: int = 90
    returns: int = 2
    automatic_reopenings: int = 1
    attachments: int = 9
    photo_metres: int = 300
    spot_check_share: float = 0.05


CAPS = Caps()
UNHAPPY = 2  # stars, and below
