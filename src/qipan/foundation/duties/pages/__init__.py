"""The pages of duties: my work, a unit's work, why a deadline is when it is, hand-over, calls, relief; calendars."""

from django.utils.translation import gettext_lazy as _

NAVIGATION = [
    {"label": _("My work"), "url_name": "my_work", "group": "work", "order": 0, "icon": "inbox"},
    {"label": _("Unit's work"), "url_name": "unit_work", "group": "work", "order": 5, "icon": "people"},
    {"label": _("Calendar"), "url_name": "calendar", "group": "rules", "order": 20, "icon": "calendar"},
    {"label": _("Working hours"), "url_name": "calendar_hours", "group": "rules", "order": 21, "icon": "clock"},
    {"label": _("Clock orders"), "url_name": "calendar_orders", "group": "rules", "order": 22, "icon": "flag"},
]
