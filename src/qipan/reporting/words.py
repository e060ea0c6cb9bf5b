"""What reporting tells the rooms below, and the two figures that are words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from qipan.foundation.journal import kinds
from qipan.foundation.outbox import templates
from qipan.foundation.posts.rules import register_abilities
from qipan.reporting import figures
from qipan.reporting.figures import Figure
from qipan.reporting.rules import ABILITIES

KINDS = {
    "reporting.uploaded": _("Form uploaded"),
    "reporting.mapped": _("Form mapped"),
    "reporting.filled": _("Form filled"),
    "reporting.ended": _("Form put away"),
}


def register() -> None:
    """Called once, when the app is ready."""
    kinds.register(KINDS)
    register_abilities(ABILITIES)
    figures.register(Figure("area", _("Name of the area")), Figure("day", _("Date")))
    templates.register(
        name="reporting.filled",
        title=_("A daily form was filled"),
        subject=_("{form} was filled for {day}"),
        body=_("The form {form} was filled for {day} and can be downloaded."),
        places={"form", "day"},
    )
