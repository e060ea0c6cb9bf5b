"""The caps that hold in a district."""

from __future__ import annotations

from qipan.foundation.areas import queries as areas
from qipan.incidents.rules.caps import Caps, of_district

SETTING = "incidents.caps"


def caps_of(district_id: int) -> Caps:
    """The district's own caps, the project's where it has set none."""
    return of_district(areas.setting(district_id, SETTING))
