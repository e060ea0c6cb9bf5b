"""What inspections tell the rooms below: journal kinds, abilities, kinds of duties."""

from __future__ import annotations

from uuid import UUID

from django.utils.translation import gettext_lazy as _

from qipan.foundation.duties import kinds as duties
from qipan.foundation.duties.kinds import Kind
from qipan.foundation.journal import kinds
from qipan.foundation.posts.rules import register_abilities, register_district_wide
from qipan.inspections.rules import ABILITIES

KINDS = {
    "inspections.planned": _("Inspection planned"),
    "inspections.plan_ended": _("Inspection plan ended"),
    "inspections.owed": _("Visit owed"),
    "inspections.visited": _("Visited"),
    "inspections.cancelled": _("Visit cancelled"),
    "inspections.checklist_changed": _("Checklist changed"),
}


def link(visit_id: UUID) -> str:
    return f"/inspections/visits/{visit_id}/"


def register() -> None:
    """Called once, when the app is ready."""
    kinds.register(KINDS)
    register_abilities(ABILITIES)
    register_district_wide("inspections.configure")
    duties.register(Kind("inspections.visit", _("Inspect"), link))
