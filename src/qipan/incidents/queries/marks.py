"""What a mark of a chart stands for, as a filter of the list: the rows behind it are those that it counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from typing import Self

from django.db.models import Q
from django.utils import timezone

from qipan.incidents.rules.steps import Status

CLOSED = (Status.CLOSED, Status.RATED)
TIMED = ("yes", "no", "either")
AGAIN = ("reworked", "reopened")


@dataclass(frozen=True, slots=True)
class Marks:
    """Days are whole days here; hours 0 to 23 and weekdays 1 (Monday) to 7 are local. Empty means all.

    `on_time`: yes, no, or either (whatever had a deadline to keep). `again`: reworked, or reopened. Both, and whatever
    is said of the closing, narrow to what was closed.
    """

    closed_since: date | None = None
    closed_until: date | None = None
    reported_hour: int | None = None
    reported_weekday: int | None = None
    closed_hour: int | None = None
    closed_weekday: int | None = None
    on_time: str = ""
    again: str = ""

    @classmethod
    def read(cls, given: Mapping[str, str]) -> Self | None:
        """From an address; None where it names none of them. Raises ValueError."""
        found = cls(
            closed_since=date.fromisoformat(given["closed_since"]) if given.get("closed_since") else None,
            closed_until=date.fromisoformat(given["closed_until"]) if given.get("closed_until") else None,
            reported_hour=_number(given.get("reported_hour"), 0, 23),
            reported_weekday=_number(given.get("reported_weekday"), 1, 7),
            closed_hour=_number(given.get("closed_hour"), 0, 23),
            closed_weekday=_number(given.get("closed_weekday"), 1, 7),
            on_time=_one_of(given.get("on_time"), TIMED),
            again=_one_of(given.get("again"), AGAIN),
        )
        return None if found == cls() else found

    @property
    def closed(self) -> bool:
        """Whether only what was closed fits."""
        named = bool(self.closed_since or self.closed_until or self.on_time or self.again)
        return named or self.closed_hour is not None or self.closed_weekday is not None

    def condition(self) -> Q:
        """The same in a form that an index can serve."""
        found = Q()
        if self.closed:
            found &= Q(status__in=CLOSED)
        if self.closed_since:
            found &= Q(closed_at__gte=midnight(self.closed_since))
        if self.closed_until:
            end = midnight(self.closed_until + timedelta(days=1))
            # Nothing is closed before it was reported: a list by the time of report begins there.
            found &= Q(closed_at__lt=end, reported_at__lt=end)
        for name in ("reported", "closed"):
            if (hour := getattr(self, f"{name}_hour")) is not None:
                found &= Q(**{f"{name}_at__hour": hour})
            if (day := getattr(self, f"{name}_weekday")) is not None:
                found &= Q(**{f"{name}_at__iso_week_day": day})
        if self.on_time:
            found &= Q(on_time__isnull=False) if self.on_time == "either" else Q(on_time=self.on_time == "yes")
        if self.again:
            found &= Q(reworks__gt=0) if self.again == "reworked" else Q(reopenings__gt=0)
        return found

    def __str__(self) -> str:
        """As it is written down when a list leaves the system."""
        values = ((one.name, getattr(self, one.name)) for one in fields(self))
        return ", ".join(f"{name} {value}" for name, value in values if value not in ("", None))


def midnight(day: date) -> datetime:
    """When a day begins. Raises OverflowError beyond the calendar."""
    return timezone.make_aware(datetime.combine(day, time.min))


def _number(text: str | None, least: int, most: int) -> int | None:
    if not text:
        return None
    found = int(text)
    if not least <= found <= most:
        raise ValueError(text)
    return found


def _one_of(text: str | None, words: tuple[str, ...]) -> str:
    if text and text not in words:
        raise ValueError(text)
    return text or ""
