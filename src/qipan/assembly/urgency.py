"""How long is left and how urgent that is, in words.

The pages' script says the same with the same rules (web/src/remaining.ts); tests/vectors/remaining.json holds both
to it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext, gettext_lazy

HALF_AN_HOUR = timedelta(minutes=30)
LEVELS = ("calm", "soon", "due", "overdue")

# The words of the script, in the page's language (web/src/texts.ts fills the {places}).
CLIENT_TEXTS = {
    "span.dh": gettext_lazy("{days} d {hours} h"),
    "span.d": gettext_lazy("{days} d"),
    "span.hm": gettext_lazy("{hours} h {minutes} min"),
    "span.h": gettext_lazy("{hours} h"),
    "span.m": gettext_lazy("{minutes} min"),
    "span.now": gettext_lazy("under 1 min"),
    "left": gettext_lazy("{span} left"),
    "over": gettext_lazy("{span} overdue"),
    "close": gettext_lazy("Close"),
    "copied": gettext_lazy("Copied"),
    "not copied": gettext_lazy("Could not be copied. Select the text and copy it."),
    "remove": gettext_lazy("Remove {name}"),
    "characters": gettext_lazy("{used} of {most} characters"),
    "failed": gettext_lazy("This did not work (code {status}). Nothing was changed."),
    "offline": gettext_lazy("The server cannot be reached. What you typed is still here: try again."),
    "passkey_stopped": gettext_lazy("No passkey was used: stopped, too late, or none fits. Try again, or another way."),
    "passkey_known": gettext_lazy("This key is added already."),
    "passkey_address": gettext_lazy("This browser takes no passkeys at this address. Use another way."),
    "passkey_failed": gettext_lazy("The passkey did not work. Try again, or another way."),
    "place.label": gettext_lazy("Map. Arrow keys aim, Enter picks the point, plus and minus zoom."),
    "place.how": gettext_lazy("Tap the map to pick the place."),
    "place.closer": gettext_lazy("Zoom in"),
    "place.farther": gettext_lazy("Zoom out"),
    "place.here": gettext_lazy("Where I am"),
    "place.locating": gettext_lazy("Finding where you are …"),
    "place.no position": gettext_lazy("Your position is not available. Tap the map instead."),
    "place.outside": gettext_lazy("Outside the district:"),
    "place.unavailable": gettext_lazy("The map could not be loaded. Describe the place in words."),
}


def level(now: datetime, due: datetime, warn: datetime | None = None, start: datetime | None = None) -> str:
    """One of `LEVELS`. Overdue from `due`; due from `warn`; soon for as long before `warn` as `warn` lies before `due`.

    Without a warning time the last fifth of the whole counts as one, or the last half hour where the start is unknown.
    """
    lead = HALF_AN_HOUR if start is None else (due - start) / 5
    if warn is not None:
        lead = due - warn
    if now >= due:
        return "overdue"
    if now >= due - lead:
        return "due"
    return "soon" if now >= due - 2 * lead else "calm"


def span(length: timedelta) -> str:
    """ "3 d 4 h", "1 h 20 min", "under 1 min": the two largest parts, rounded down."""
    minutes = int(abs(length) / timedelta(minutes=1))
    days, hours, minutes = minutes // 1440, minutes % 1440 // 60, minutes % 60
    if days:
        key = "span.dh" if hours else "span.d"
    elif hours:
        key = "span.hm" if minutes else "span.h"
    else:
        key = "span.m" if minutes else "span.now"
    return str(CLIENT_TEXTS[key]).format(days=days, hours=hours, minutes=minutes)


def remaining(now: datetime, due: datetime) -> str:
    """ "1 h 20 min left" or "5 min overdue"."""
    return str(CLIENT_TEXTS["left" if now < due else "over"]).format(span=span(due - now))


def word(level: str) -> str:
    """The word that goes with a level where there is no clock beside it."""
    return {
        "calm": gettext("in time"),
        "soon": gettext("due soon"),
        "due": gettext("about to breach"),
        "overdue": gettext("overdue"),
        "paused": gettext("paused"),
        "done": gettext("done"),
    }[level]
