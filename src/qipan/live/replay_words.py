"""The words of the board's time bar, in the page's language."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

REPLAY_TEXTS: dict[str, str | Promise] = {
    "replay.bar": _("Replay of a past day"),
    "replay.day": _("Day"),
    "replay.begin": _("Replay this day"),
    "replay.play": _("Play"),
    "replay.pause": _("Pause"),
    "replay.speed": _("Speed"),
    "replay.moment": _("Moment of the day"),
    "replay.load": _("Reports by hour"),
    "replay.supervision": _("Next supervision ({n})"),
    "replay.now": _("Back to now"),
    "replay.banner": _("Replay of {day}: this is not now"),
    "replay.lists": _("The lists tell of now; they come back when the replay ends."),
    "replay.picked": _("As it is today. Nothing is done to it while a day is replayed."),
    "replay.no day": _("Choose today or a day before."),
    "replay.failed": _("The day could not be fetched."),
    "replay.too much": _("This day cannot be replayed for so large an area."),
}
