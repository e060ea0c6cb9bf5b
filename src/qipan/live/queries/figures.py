"""The figures along the top of a board, each with the address of the very rows behind it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from qipan.foundation.posts import queries as posts
from qipan.foundation.posts.models import Post
from qipan.incidents import queries as incidents

# Key, label, the state of the list behind it, the level of its colour where it is not nought.
COUNTED = (
    ("open", _("Open"), "open", ""),
    ("due_hour", _("Due within the hour"), "due", "due"),
    ("overdue", _("Overdue"), "overdue", "overdue"),
    ("closed_today", _("Closed today"), "closed_today", ""),
    ("supervised", _("Under supervision"), "supervised", ""),
)


def figures(*, viewer: Post, now: datetime) -> list[dict[str, Any]]:
    """[{key, label, value, link, tone}]. Two queries."""
    numbers, where = incidents.counts(viewer=viewer, now=now), reverse("incidents")
    found = [
        {"key": key, "label": str(label), "value": numbers[state], "link": f"{where}?state={state}",
         "tone": tone if numbers[state] else ""}
        for key, label, state, tone in COUNTED
    ]  # fmt: skip
    on_duty = posts.on_shift(viewer=viewer, at=now).count()
    link = f"{reverse('posts_list')}?duty=here"
    return [*found, {"key": "on_duty", "label": str(_("On duty")), "value": on_duty, "link": link, "tone": ""}]
