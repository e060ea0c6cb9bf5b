"""Tables of incidents. What must never be true is a constraint here; what may come next is in rules/steps.py."""

from qipan.incidents.models.incident import KLASSES, STATUSES, Attachment, Category, Incident, Reporter, every_level
from qipan.incidents.models.sides import (
    ASKS,
    Allowance,
    Ask,
    Assistance,
    Number,
    Rating,
    Reminder,
    Rule,
    SavedView,
    SpotCheck,
    Supervision,
)

__all__ = [
    "ASKS",
    "KLASSES",
    "STATUSES",
    "Allowance",
    "Ask",
    "Assistance",
    "Attachment",
    "Category",
    "Incident",
    "Number",
    "Rating",
    "Reminder",
    "Reporter",
    "Rule",
    "SavedView",
    "SpotCheck",
    "Supervision",
    "every_level",
]
