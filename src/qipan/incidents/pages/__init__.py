"""Pages of incidents, for staff and for residents."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

NAVIGATION: tuple[dict[str, Any], ...] = (
    {"label": _("Incidents"), "url_name": "incidents", "order": 20, "icon": "list", "ability": "incidents.view"},
    {"label": _("Report an incident"), "url_name": "incident_new", "order": 22, "icon": "plus",
     "ability": "incidents.report"},
    {"label": _("Supervision"), "url_name": "supervisions", "order": 24, "icon": "flag", "ability": "incidents.view"},
    {"label": _("Call backs"), "url_name": "incident_call_backs", "order": 26, "icon": "phone",
     "ability": "incidents.call-back"},
    {"label": _("Second checks"), "url_name": "incident_checks", "order": 28, "icon": "check",
     "ability": "incidents.check"},
    {"label": _("Scoreboard"), "url_name": "incident_scores", "group": "oversight", "order": 30, "icon": "chart",
     "ability": "incidents.scores"},
    {"label": _("Categories and limits"), "url_name": "incident_categories", "group": "rules", "order": 20,
     "icon": "clock", "ability": "incidents.view", "covers": ("incident_caps",)},
    {"label": _("Routing"), "url_name": "incident_rules", "group": "rules", "order": 22, "icon": "swap",
     "ability": "incidents.view"},
)  # fmt: skip
