"""Reads of calendars, hours and clock orders."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Q

from qipan.foundation.areas.access import within
from qipan.foundation.areas.models import Area
from qipan.foundation.areas.rules import TIME_ZONE, day_of
from qipan.foundation.duties import clocks
from qipan.foundation.duties.models import CalendarYear, ClockOrder
from qipan.foundation.duties.queries.work import DECEMBER
from qipan.foundation.posts.models import Post
from qipan.kernels import clock


@dataclass(frozen=True, slots=True)
class Year:
    """A district's year at a glance."""

    year: int
    published: bool
    source: str
    imported_at: datetime | None
    months: list[list[clock.Day]]
    workdays: int


def year(*, district_id: int, year: int) -> Year:
    """The days of one year by month, with where it comes from."""
    calendar = clocks.rules_of(district_id).calendar
    days = calendar.days(year=year)
    own = CalendarYear.objects.filter(district=district_id, year=year, replaced_at=None).first()
    return Year(
        year=year,
        published=year in calendar.years,
        source=calendar.source(year=year),
        imported_at=own.imported_at if own else None,
        months=[[day for day in days if day.date.month == month] for month in range(1, 13)],
        workdays=sum(day.is_workday for day in days),
    )


def years(*, district_id: int, now: datetime) -> list[Year]:
    """The published years and, where it is missing, the present and the next one, newest first."""
    calendar = clocks.rules_of(district_id).calendar
    this = day_of(now).year
    return [year(district_id=district_id, year=one) for one in sorted({*calendar.years, this, this + 1}, reverse=True)]


def missing_years(*, district_id: int, on: date) -> list[int]:
    """The years a district should have by now and has not: the present one, and from 1 December the next."""
    wanted = [on.year, on.year + 1] if on.month == DECEMBER else [on.year]
    published = clocks.rules_of(district_id).calendar.years
    return [one for one in wanted if one not in published]


def calendar_warnings(*, now: datetime) -> list[tuple[Area, int]]:
    """Every district's missing years, for the readiness page and the banner."""
    on = day_of(now)
    return [
        (district, missing)
        for district in Area.objects.filter(level=1, valid_to=None).order_by("pk")
        for missing in missing_years(district_id=district.pk, on=on)
    ]


def staffed(*, district_id: int, at: datetime) -> bool:
    """Whether the district's desks are staffed at `at`."""
    rules = clocks.rules_of(district_id)
    local = at.astimezone(TIME_ZONE)
    minute = local.hour * 60 + local.minute
    spans = rules.staffed.on(local.date(), workday=rules.calendar.is_workday(local.date()))
    return any(span.begin <= minute < span.end for span in spans)


def hours(*, district_id: int) -> list[dict[str, Any]]:
    """The hours set for a district, the newest first, the standard ones last."""
    from qipan.foundation.duties.models import StaffedHours

    rows: list[dict[str, Any]] = [
        {"valid_from": row.valid_from, "working": row.working, "staffed": row.staffed}
        for row in StaffedHours.objects.filter(district=district_id).order_by("-valid_from")
    ]
    return [*rows, {"valid_from": None, "working": clocks.STANDARD_WORKING, "staffed": clocks.STANDARD_STAFFED}]


def orders(*, viewer: Post) -> list[ClockOrder]:
    """The clock orders that touch the viewer's area, newest first."""
    below: Iterable[int] = viewer.area.path
    rows = ClockOrder.objects.filter(district=viewer.district_id).filter(
        Q(area__in=below) | within(viewer.area, "area__") if viewer.level < 4 else Q(area__in=below)
    )
    return list(rows.select_related("area").order_by("-begins_at"))
