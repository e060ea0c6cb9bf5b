"""A district's calendar years, hours and clock orders: each with a look at what it would move, then for good."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import get_language

from qipan.foundation.areas import access as areas
from qipan.foundation.areas.models import Area
from qipan.foundation.duties import clocks
from qipan.foundation.duties.models import CalendarYear, ClockOrder, StaffedHours
from qipan.foundation.duties.operations import recount
from qipan.foundation.duties.operations.lifecycle import end
from qipan.foundation.duties.rules import alarm_id
from qipan.foundation.journal import operations as journal
from qipan.foundation.journal.rules import HasAuthor
from qipan.foundation.posts.access import require
from qipan.foundation.posts.models import Post
from qipan.foundation.refusals import Conflict, Invalid, NotFound
from qipan.kernels import clock, identity

MOST_BYTES = 200_000


class YearFileRefused(Invalid):
    """The calendar was not imported: {problems}"""

    def __init__(self, problems: list[str], row: int | None = None) -> None:
        super().__init__(field="file", row=row, problems=" ".join(problems))
        self.problems = problems


class YearFileTooLarge(Invalid):
    """The file is larger than a calendar can be."""


class HoursRefused(Invalid):
    """The hours are not valid: {problem}"""


class OrderEndsBeforeItBegins(Invalid):
    """The order must end after it begins."""


class FactorTooSmall(Invalid):
    """An order lengthens deadlines: give a factor above 1 and at most 10, or none to suspend the clocks."""


class NumberAndGroundMissing(Invalid):
    """An order names its number and its ground."""


class NumberUsed(Conflict):
    """There is an order {number} in this district already."""


class NoSuchOrder(NotFound):
    """There is no such order in your district."""


class OrderRevoked(Conflict):
    """This order was revoked already."""


@dataclass(frozen=True, slots=True)
class YearPreview:
    """A year file read and tried: its days, what differs from the calendar in force, what it would move."""

    plan: clock.YearPlan
    same: bool
    differing: list[tuple[clock.Day, clock.Day]]
    effect: recount.Effect


def read_year(*, data: bytes, year: int, source: str) -> clock.YearPlan:
    """The plan in a CSV file with the columns date, kind, name. Raises YearFileRefused with every fault and its row."""
    if len(data) > MOST_BYTES:
        raise YearFileTooLarge(field="file")
    language = get_language() or "zh-hans"
    try:
        return clock.read_year(data=data, year=year, source=source)
    except clock.BadYearFile as bad:
        problems = [f"{error.row}: {error.text(language=language)}" for error in bad.errors]
        raise YearFileRefused(problems, row=bad.errors[0].row) from None
    except clock.Invalid as invalid:
        raise YearFileRefused([invalid.text(language=language)]) from None


def preview_year(*, district: Area, data: bytes, year: int, source: str, at: datetime) -> YearPreview:
    """What importing the file would do. Changes nothing."""
    plan = read_year(data=data, year=year, source=source)
    now = clocks.rules_of(district.pk)
    then = replace(now, calendar=now.calendar.with_plan(plan=plan))
    differing = [
        (before, after)
        for before, after in zip(now.calendar.days(year=year), then.calendar.days(year=year), strict=True)
        if (before.kind, before.name) != (after.kind, after.name)
    ]
    same = _stored(plan) == _stored_of(now.calendar, year)
    return YearPreview(plan, same, differing, recount.effect(district_id=district.pk, rules=then, now=at))


@transaction.atomic
def import_year(
    *,
    district: Area,
    data: bytes,
    year: int,
    source: str,
    by: HasAuthor,
    at: datetime,
    command_id: UUID | None = None,
    tell: bool = False,
) -> recount.Effect:
    """Take a year's calendar into the district and count its open deadlines anew, all or nothing.

    The same calendar twice changes nothing the second time. `tell` sends each owner whose deadlines move one message.
    Raises YearFileRefused, YearFileTooLarge, NotYours.
    """
    _require(by, "duties.calendar")
    plan = read_year(data=data, year=year, source=source)
    recount.hold(district.pk)
    digest = hashlib.sha256(data).hexdigest()
    rows = _stored(plan)
    old = CalendarYear.objects.filter(district=district, year=year, replaced_at=None).first()
    if old is not None and (old.rows, old.source) == (rows, plan.source):
        return recount.Effect()
    if old is not None:
        old.replaced_at = at
        old.save()
    CalendarYear.objects.create(
        district=district, year=year, rows=rows, source=plan.source, digest=digest, imported_at=at
    )
    recount.renew(district.pk)
    effect = recount.apply(district_id=district.pk, now=at, by=by, reason=f"{year} {plan.source}", tell=tell)
    end(about=("duties.year", alarm_id(district_id=district.pk, year=year)), by=by, at=at, outcome="imported")
    journal.record(
        "duties.year_imported",
        _about(district),
        by=by,
        at=at,
        command_id=command_id,
        year=year,
        source=identity.mask_text(plan.source).text,
        digest=digest,
        days_off=len(plan.off),
        days_worked=len(plan.work),
        **effect.counts(),
    )
    return effect


def _stored(plan: clock.YearPlan) -> list[list[Any]]:
    rows = [[day.isoformat(), name, True] for day, name in plan.off]
    return sorted(rows + [[day.isoformat(), name, False] for day, name in plan.work])


def _stored_of(calendar: clock.Calendar, year: int) -> list[list[Any]]:
    return next((_stored(plan) for plan in calendar.plans if plan.year == year), [])


# Hours


def check_hours(*, working: dict[str, Any], staffed: dict[str, Any]) -> None:
    """Raises HoursRefused, naming the field, for hours that are none."""
    for field, stored in (("working", working), ("staffed", staffed)):
        try:
            clocks.hours_of(stored)
        except clock.Invalid as invalid:
            raise HoursRefused(field=field, problem=invalid.text(language=get_language() or "zh-hans")) from None
        except (KeyError, ValueError, TypeError) as problem:
            raise HoursRefused(field=field, problem=str(problem)) from None


def preview_hours(
    *, district: Area, working: dict[str, Any], staffed: dict[str, Any], valid_from: date, at: datetime
) -> recount.Effect:
    """What these hours from that day on would move. Changes nothing."""
    check_hours(working=working, staffed=staffed)
    now = clocks.rules_of(district.pk)
    then = replace(
        now,
        working=clocks.from_day(now.working, clocks.hours_of(working), valid_from),
        staffed=clocks.from_day(now.staffed, clocks.hours_of(staffed), valid_from),
    )
    return recount.effect(district_id=district.pk, rules=then, now=at)


@transaction.atomic
def set_hours(
    *,
    district: Area,
    working: dict[str, Any],
    staffed: dict[str, Any],
    valid_from: date,
    by: HasAuthor,
    at: datetime,
    command_id: UUID | None = None,
) -> recount.Effect:
    """The district's working hours, and the hours its desks are staffed, from a day on; what was set for later days
    goes. Raises HoursRefused, NotYours."""
    _require(by, "duties.calendar")
    check_hours(working=working, staffed=staffed)
    recount.hold(district.pk)
    StaffedHours.objects.filter(district=district, valid_from__gte=valid_from).delete()
    StaffedHours.objects.create(district=district, valid_from=valid_from, working=working, staffed=staffed, set_at=at)
    recount.renew(district.pk)
    effect = recount.apply(district_id=district.pk, now=at, by=by, reason=str(valid_from))
    journal.record(
        "duties.hours_set",
        _about(district),
        by=by,
        at=at,
        command_id=command_id,
        valid_from=valid_from,
        working=working,
        staffed=staffed,
        **effect.counts(),
    )
    return effect


# Orders


def _checked_order(*, number: str, ground: str, begins_at: datetime, ends_at: datetime, factor: Decimal | None) -> None:
    if not number.strip():
        raise NumberAndGroundMissing(field="number")
    if not ground.strip():
        raise NumberAndGroundMissing(field="ground")
    if ends_at <= begins_at:
        raise OrderEndsBeforeItBegins(field="ends_at")
    if factor is not None and not 1 < factor <= 10:
        raise FactorTooSmall(field="factor")


def preview_order(
    *,
    area: Area,
    number: str,
    ground: str,
    begins_at: datetime,
    ends_at: datetime,
    factor: Decimal | None,
    at: datetime,
) -> recount.Effect:
    """What the order would move. Changes nothing."""
    _checked_order(number=number, ground=ground, begins_at=begins_at, ends_at=ends_at, factor=factor)
    now = clocks.rules_of(area.district_id)
    order = clocks.Order(area.pk, number, begins_at, ends_at, float(factor) if factor else None)
    return recount.effect(district_id=area.district_id, rules=replace(now, orders=(*now.orders, order)), now=at)


@transaction.atomic
def give_order(
    *,
    area: Area,
    number: str,
    ground: str,
    begins_at: datetime,
    ends_at: datetime,
    factor: Decimal | None,
    by: Post,
    at: datetime,
    command_id: UUID | None = None,
    tell: bool = False,
) -> tuple[ClockOrder, recount.Effect]:
    """Stretch (by a factor) or suspend (without one) every clock in the area that is not urgent, for all alike.

    `tell` sends each owner whose deadlines move one message.
    Raises NotYours, NoSuchArea, NumberAndGroundMissing, NumberUsed, OrderEndsBeforeItBegins, FactorTooSmall.
    """
    require(by, "duties.order")
    area = areas.get(area.pk, viewer=by)
    _checked_order(number=number, ground=ground, begins_at=begins_at, ends_at=ends_at, factor=factor)
    if ClockOrder.objects.filter(district=area.district_id, number=number.strip()).exists():
        raise NumberUsed(field="number", number=number.strip())
    recount.hold(area.district_id)
    order = ClockOrder.objects.create(
        district_id=area.district_id,
        area=area,
        number=number.strip(),
        ground=ground.strip(),
        begins_at=begins_at,
        ends_at=ends_at,
        factor=factor,
        given_at=at,
    )
    recount.renew(area.district_id)
    effect = recount.apply(district_id=area.district_id, now=at, by=by, reason=order.number, tell=tell)
    journal.record(
        "duties.order_given",
        order,
        by=by,
        at=at,
        reason=order.ground,
        command_id=command_id,
        begins_at=begins_at,
        ends_at=ends_at,
        factor=str(factor) if factor else None,
        **effect.counts(),
    )
    return order, effect


@transaction.atomic
def revoke_order(
    *, order_id: UUID, by: Post, at: datetime, reason: str, command_id: UUID | None = None
) -> recount.Effect:
    """The order holds no longer: what it stretched or suspended until now stays, from now on clocks run as before.

    Raises NotYours, NoSuchOrder, OrderRevoked.
    """
    require(by, "duties.order")
    order = (
        ClockOrder.objects.select_for_update(of=("self",))
        .select_related("area")
        .filter(pk=order_id, area__in=areas.visible(viewer=by))
        .first()
    )
    if order is None:
        raise NoSuchOrder
    if order.revoked_at is not None:
        raise OrderRevoked
    recount.hold(order.district_id)
    order.revoked_at = at
    order.save()
    recount.renew(order.district_id)
    effect = recount.apply(district_id=order.district_id, now=at, by=by, reason=order.number)
    journal.record("duties.order_revoked", order, by=by, at=at, reason=reason, command_id=command_id, **effect.counts())
    return effect


def _require(by: HasAuthor, ability: str) -> None:
    if isinstance(by, Post):
        require(by, ability)


def _about(district: Area) -> Any:
    from qipan.foundation.journal.rules import About

    return About(kind="areas.area", id=None, label=district.name, district_id=district.pk, areas=(district.pk,))
