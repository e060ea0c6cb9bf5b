"""The words of measuring on the map."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

MEASURE_TEXTS: dict[str, str | Promise] = {
    "measure.begin": _("Measure (M)"),
    "measure.how": _(
        "Click point after point, or move the map by arrow keys and press Space; double click or Enter ends, the first "
        "point closes an area, Esc leaves."
    ),
    "measure.leave": _("End measuring"),
    "measure.length": _("Length {length}"),
    "measure.area": _("Area {area} · {mu}; around it {length}"),
    "measure.m": _("{n} m"),
    "measure.km": _("{n} km"),
    "measure.m2": _("{n} m²"),
    "measure.km2": _("{n} km²"),
    "measure.mu": _("{n} mu"),
}
