"""What somebody keeps an eye on: supervisions, second checks, call backs."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from qipan.foundation.interface.cursors import Page, keyset
from qipan.foundation.posts.models import Post
from qipan.incidents import access
from qipan.incidents.models import Rating, SpotCheck, Supervision
from qipan.incidents.rules.caps import UNHAPPY

M = TypeVar("M", bound=Model)
LIMIT = 50


def supervisions(
    *, viewer: Post, now: datetime, state: str = "open", after: str = "", limit: int = LIMIT
) -> Page[Supervision]:
    """Supervisions of visible incidents: `open` (soonest due first), `answered` (waiting for the commander's word),
    `overdue`, `ended`."""
    rows = Supervision.objects.filter(incident__in=_visible(viewer))
    match state:
        case "ended":
            rows = rows.exclude(ended_at=None)
        case "answered":
            rows = rows.filter(ended_at=None).exclude(answered_at=None)
        case "overdue":
            rows = rows.filter(ended_at=None, answered_at=None, due_at__lt=now)
        case _:
            rows = rows.filter(ended_at=None)
    rows = rows.select_related("incident__category", "incident__township", "incident__village", "unit",
                               "issued_by__person", "issued_by__area", "answered_by__person")  # fmt: skip
    return _page(rows, "due_at", after, limit, down=state == "ended")


def checks(*, viewer: Post, done: bool, after: str = "", limit: int = LIMIT) -> Page[SpotCheck]:
    """Second checks that wait, oldest first, or those done, newest first."""
    rows = SpotCheck.objects.filter(incident__in=_visible(viewer), checked_at__isnull=not done)
    rows = rows.select_related("incident__category", "incident__township", "incident__village", "incident__unit",
                               "checked_by__person")  # fmt: skip
    return _page(rows, "drawn_at", after, limit, down=done)


def call_backs(*, viewer: Post, done: bool, after: str = "", limit: int = LIMIT) -> Page[Rating]:
    """Unhappy ratings that wait for a call, oldest first, or those called, newest first."""
    rows = Rating.objects.filter(incident__in=_visible(viewer), stars__lte=UNHAPPY, called_back_at__isnull=not done)
    rows = rows.select_related("incident__category", "incident__township", "incident__village", "incident__unit",
                               "called_back_by__person", "reporter")  # fmt: skip
    return _page(rows, "at", after, limit, down=done)


def _visible(viewer: Post) -> Any:
    return access.visible(viewer=viewer).order_by().values("pk")


def _page(rows: QuerySet[M], column: str, after: str, limit: int, *, down: bool) -> Page[M]:
    sign = "-" if down else ""
    return keyset(rows, order=(sign + column, f"{sign}id"), after=after, limit=limit)
