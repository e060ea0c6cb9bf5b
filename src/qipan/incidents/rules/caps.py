"""Caps of the side tracks: the project's, within which a district sets its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from qipan.foundation.refusals import Invalid


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
# What a district may set: a cap is lowered, never to none; second checks are made more often, never less.
BOUNDS: dict[str, tuple[float, float]] = {name: (1, most) for name, most in asdict(CAPS).items()} | {
    "spot_check_share": (CAPS.spot_check_share, 1)
}
SETTABLE = tuple(name for name, (least, most) in BOUNDS.items() if least < most)


class CapOutOfBounds(Invalid):
    """A district may set this from {least} to {most}."""


def of_district(own: Mapping[str, float] | None) -> Caps:
    """The caps of a district with these values of its own."""
    found: dict[str, Any] = {name: value for name, value in (own or {}).items() if name in SETTABLE}
    return replace(CAPS, **found)


def check_caps(own: Mapping[str, float]) -> Mapping[str, float]:
    """A district's own caps as given. Raises CapOutOfBounds, and Invalid for a name that is no cap of a district."""
    for name, value in own.items():
        if name not in SETTABLE:
            raise Invalid(field=name)
        least, most = BOUNDS[name]
        whole = name == "spot_check_share" or isinstance(value, int)
        if isinstance(value, bool) or not whole or not least <= value <= most:
            raise CapOutOfBounds(field=name, least=f"{least:g}", most=f"{most:g}")
    return own
