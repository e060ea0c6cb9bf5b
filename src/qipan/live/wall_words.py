"""The words of the wall screen's script, and those of what is set for it."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

WALL_TEXTS: dict[str, str | Promise] = {
    "wall.area": _("Open incidents"),
    "wall.worst": _("Worst first"),
    "wall.supervised": _("Under supervision"),
    "wall.figures": _("Figures"),
    "wall.scores": _("Closed in time, last 30 days"),
    "wall.private": _("A private matter"),
    "wall.none": _("None at present."),
    "wall.stale": _("No data since {time}. The screen goes on by itself."),
    "wall.out": _("This screen is signed out"),
    "wall.out why": _("This screen shows nothing until somebody signs in."),
    "wall.sign in": _("Sign in"),
    "wall.closed": _("{n} closed"),
    "wall.name": _("Wall screen"),
}
KINDS = {"live.wall_set": _("Views of the wall screens set")}
