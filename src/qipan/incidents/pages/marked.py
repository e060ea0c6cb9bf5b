"""What a mark of a chart narrowed a list to, in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _

from qipan.incidents.queries import Marks

NAMES = ("closed_since", "closed_until", "reported_hour", "reported_weekday", "closed_hour", "closed_weekday",
         "on_time", "again")  # fmt: skip


def words(marks: Marks | None) -> list[tuple[str, tuple[str, ...]]]:
    """Each narrowing as people say it, with the names that it has in the address."""
    return list(_words(marks)) if marks else []


def _words(marks: Marks) -> Iterator[tuple[str, tuple[str, ...]]]:
    if marks.closed_since or marks.closed_until:
        yield _days(marks.closed_since, marks.closed_until), ("closed_since", "closed_until")
    for name, hour, day in (
        ("reported", marks.reported_hour, marks.reported_weekday),
        ("closed", marks.closed_hour, marks.closed_weekday),
    ):
        if hour is not None:
            span: dict[str, Any] = {"from": f"{hour:02}:00", "to": f"{hour:02}:59"}
            said = _("Reported %(from)s to %(to)s") if name == "reported" else _("Closed %(from)s to %(to)s")
            yield said % span, (f"{name}_hour",)
        if day is not None:
            said = _("Reported on a %(day)s") if name == "reported" else _("Closed on a %(day)s")
            yield said % {"day": WEEKDAYS[day - 1]}, (f"{name}_weekday",)
    if marks.on_time:
        kept = {"yes": _("Done on time"), "no": _("Late"), "either": _("Had a deadline")}
        yield kept[marks.on_time], ("on_time",)
    if marks.again:
        yield _("Reworked") if marks.again == "reworked" else _("Reopened"), ("again",)


def _days(since: date | None, until: date | None) -> str:
    if since == until:
        return _("Closed on %(day)s") % {"day": since}
    if since and until:
        return _("Closed %(from)s to %(to)s") % {"from": since, "to": until}
    return _("Closed from %(day)s on") % {"day": since} if since else _("Closed until %(day)s") % {"day": until}
