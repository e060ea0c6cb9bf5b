"""Levels of jurisdiction, kinds of places and datums. Plain values; nothing here knows a database."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

from qipan.kernels import identity

TIME_ZONE = ZoneInfo("Asia/Shanghai")
# Which column of a located row holds the area of a level; an area's own row holds itself there.
COLUMNS = {1: "district", 2: "township", 3: "village", 4: "cell"}
SYSTEMS = ("statistical", "grid", "own")
# Which roles may do what here (posts registers it: this room knows no posts).
SEE, CHANGE = "areas.see", "areas.change"
ABILITIES = {
    SEE: ("commander", "dispatcher", "handler", "grid_worker", "investigator", "sampler", "registrar", "courier", "lab",
          "site_head", "programme", "dpo", "auditor", "administrator"),
    CHANGE: ("administrator",),
}  # fmt: skip
# What may come after what for a file that is imported.
IMPORT_NEXT: dict[str, frozenset[str]] = {
    "received": frozenset({"checked", "refused", "cancelled"}),
    "checked": frozenset({"loading", "cancelled"}),
    "loading": frozenset({"loaded", "refused", "cancelled"}),
    "loaded": frozenset(),
    "refused": frozenset(),
    "cancelled": frozenset(),
}
JOURNALLED = {
    "areas.founded": _("District founded"),
    "areas.created": _("Area created"),
    "areas.renamed": _("Area renamed"),
    "areas.moved": _("Area moved"),
    "areas.recoded": _("Area given another code"),
    "areas.closed": _("Area closed"),
    "areas.redrawn": _("Outline redrawn"),
    "areas.imported": _("Areas imported"),
    "areas.premises_added": _("Premises added"),
    "areas.premises_changed": _("Premises changed"),
    "areas.premises_closed": _("Premises closed"),
    "areas.premises_imported": _("Premises imported"),
    "areas.point_added": _("Point added"),
    "areas.map_loaded": _("Map loaded"),
}


def day_of(at: datetime) -> date:
    """The calendar day that an instant falls on in the district."""
    return at.astimezone(TIME_ZONE).date()


def in_force(*, valid_from: date, valid_to: date | None, on: date) -> bool:
    """Whether a version valid from a day up to, not including, another one is the one of `on`."""
    return valid_from <= on and (valid_to is None or on < valid_to)


def personal_code(text: str) -> bool:
    """Whether what stands as a code is a phone number, or an identification number with its day of birth.

    Codes of 15 digits are grid cells', and the unified codes of companies have 18 characters too: neither is refused.
    """
    for kind, value in identity.mask_text(text).found:
        born = identity.birth_date(value) if kind == "id" and len(value) == 18 else None
        if kind == "phone" or (born is not None and born.year >= 1900):
            return True
    return False
