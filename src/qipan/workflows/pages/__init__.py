"""Pages of what spans domains: inspections that open incidents, and forms filled from both."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from qipan.foundation.posts.rules import Role
from qipan.workflows.pages.kept import any_waiting

NAVIGATION = [
    {
        "label": _("Field app"),
        "url_name": "field",
        "group": "work",
        "order": 45,
        "icon": "phone",
        "roles": (Role.GRID_WORKER, Role.HANDLER),
        "ability": "incidents.report",
    },
    {
        "label": _("Inspections"),
        "url_name": "inspections",
        "group": "work",
        "order": 40,
        "icon": "check",
        "ability": "inspections.view",
    },
    {
        "label": _("Three zeros"),
        "url_name": "three_zeros",
        "group": "district",
        "order": 50,
        "icon": "map",
        "ability": "inspections.plan",
    },
    {
        "label": _("Forms for superiors"),
        "url_name": "forms",
        "group": "district",
        "order": 60,
        "icon": "download",
        "ability": "reporting.fill",
    },
    {
        "label": _("Steps to decide"),
        "url_name": "field_kept",
        "group": "system",
        "order": 16,
        "icon": "alert",
        "ability": "posts.administer",
        "when": any_waiting,
    },
]
