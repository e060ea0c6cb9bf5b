"""Every write of inspections. What a finding opens in another domain is workflows' to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from qipan.foundation.areas.access import within
from qipan.foundation.areas.models import Area, Premises
from qipan.foundation.duties import operations as duties
from qipan.foundation.journal import operations as journal
from qipan.foundation.journal.rules import SYSTEM, HasAuthor
from qipan.foundation.posts.access import require
from qipan.foundation.posts.models import Post, Unit
from qipan.foundation.posts.rules import Role
from qipan.foundation.refusals import Conflict, Forbidden, Invalid, NotFound
from qipan.inspections import access
from qipan.inspections.models import Checklist, Finding, Item, Plan, Visit
from qipan.inspections.rules import State, check_step, drawn_on
from qipan.kernels.clock import Limit
from qipan.kernels.identity import mask_text
from qipan.kernels.ids import new_id

LIMIT = Limit.working_days(5)


class NoChecklist(Conflict):
    """There is no checklist for this kind of premises yet. Make one first."""


class OftenEnough(Invalid):
    """Choose how often: every 1 to 366 days."""


class NotYourVisit(Forbidden):
    """This visit is owed by somebody else."""


class NotOnTheChecklist(Invalid):
    """This line is not on the visit's checklist."""


class VisitOwed(Conflict):
    """A visit to these premises is owed already."""


class ReasonMissing(Invalid):
    """Give a reason."""


class NoCategory(Conflict):
    """The checklist names a category that is no longer in use. Ask the administrator to change the checklist."""


@dataclass(frozen=True, slots=True)
class Found:
    """One line of the checklist that is not in order."""

    item_id: UUID
    text: str = ""
    settled: bool = False


@transaction.atomic
def set_plan(
    *,
    area: Area,
    kind: str,
    every_days: int,
    by: Post,
    at: datetime,
    unit: Unit | None = None,
    since: date | None = None,
) -> Plan:
    """Visit every premises of a kind in an area every so many days; the plan for the same before ends.

    Raises NoChecklist, OftenEnough, NotFound outside the viewer's area or district.
    """
    require(by, "inspections.plan")
    if not by.covers(area.path) or (unit and unit.district_id != by.district_id):
        raise NotFound
    if not 1 <= every_days <= 366:
        raise OftenEnough(field="every_days")
    if not Checklist.objects.filter(district=area.district_id, kind=kind, valid_to=None).exists():
        raise NoChecklist(field="kind")
    since = since or timezone.localdate(at)
    for earlier in Plan.objects.select_for_update().filter(area=area, kind=kind, valid_to=None):
        earlier.valid_to = max(since, earlier.valid_from)
        earlier.save()
    plan = Plan.objects.create(
        id=new_id(), district=area.district, area=area, kind=kind, unit=unit, every_days=every_days, valid_from=since
    )
    journal.record("inspections.planned", plan, by=by, at=at, every_days=every_days, premises_kind=kind)
    return plan


@transaction.atomic
def end_plan(*, plan_id: UUID, by: Post, at: datetime) -> Plan:
    """End a plan today; visits that are owed stay owed. Raises NotFound."""
    require(by, "inspections.plan")
    plan = access.lock_plan(plan_id, viewer=by)
    if plan.valid_to is not None:
        raise NotFound
    plan.valid_to = max(timezone.localdate(at), plan.valid_from)
    plan.save()
    journal.record("inspections.plan_ended", plan, by=by, at=at)
    return plan


@transaction.atomic
def draw_visits(*, plan_id: UUID, on: date, at: datetime) -> list[Visit]:
    """Open the visits that a plan draws on a day; safe to repeat, as premises with a visit owed are left out.

    The owner is the plan's unit, else the grid worker of the cell, else of the village, else the village's unit.
    """
    plan = Plan.objects.select_for_update(of=("self",)).select_related("area").get(pk=plan_id)
    if plan.valid_from > on or (plan.valid_to and plan.valid_to <= on) or (plan.drawn_to and plan.drawn_to >= on):
        return []
    plan.drawn_to = on
    plan.save(update_fields=["drawn_to"])
    checklist = Checklist.objects.filter(district=plan.district_id, kind=plan.kind, valid_to=None).first()
    if checklist is None:
        return []
    owed = Visit.objects.filter(state=State.OWED).values("premises")
    rows = Premises.objects.filter(within(plan.area), kind=plan.kind, active_from__lte=on, active_to=None)
    chosen = [each for each in rows.exclude(pk__in=owed) if drawn_on(each.pk, every_days=plan.every_days, on=on)]
    workers = _grid_workers(plan.district_id, at)
    return [_owe(each, plan, checklist, workers, by=SYSTEM, at=at) for each in chosen]


@transaction.atomic
def owe(*, premises: Premises, by: Post, at: datetime) -> Visit:
    """Ask for a visit outside the plans. Raises VisitOwed, NoChecklist, NotFound."""
    require(by, "inspections.plan")
    if not by.covers(premises.areas()):
        raise NotFound
    if Visit.objects.filter(premises=premises, state=State.OWED).exists():
        raise VisitOwed
    checklist = Checklist.objects.filter(district=premises.district_id, kind=premises.kind, valid_to=None).first()
    if checklist is None:
        raise NoChecklist
    return _owe(premises, None, checklist, _grid_workers(premises.district_id, at), by=by, at=at)


def _grid_workers(district_id: int, at: datetime) -> dict[int, Post]:
    """The grid worker of each area that has one (the first by id)."""
    rows = Post.objects.in_force(at).filter(district=district_id, role=Role.GRID_WORKER).order_by("-id")
    return {post.area_id: post for post in rows}


def _owe(
    premises: Premises,
    plan: Plan | None,
    checklist: Checklist,
    workers: dict[int, Post],
    *,
    by: HasAuthor,
    at: datetime,
) -> Visit:
    unit = plan.unit if plan else None
    post = None if unit else workers.get(premises.cell_id or 0) or workers.get(premises.village_id or 0)
    visit = Visit(id=new_id(), plan=plan, premises=premises, checklist=checklist, unit=unit, post=post, opened_at=at)
    visit.place(premises.cell or premises.village or premises.township or premises.district,
                premises.longitude, premises.latitude)  # fmt: skip
    duty = duties.open(kind="inspections.visit", about=visit, unit=unit, post=post, limit=LIMIT, at=at, by=by,
                       title=premises.name)  # fmt: skip
    visit.due_at = duty.due_at
    visit.save(force_insert=True)
    journal.record("inspections.owed", visit, by=by, at=at, after=State.OWED)
    return visit


@transaction.atomic
def finish(*, visit_id: UUID, found: Sequence[Found], note: str, by: Post, at: datetime) -> Visit:
    """Hand in a visit with what was not in order; everything else on the checklist was.

    Raises NotYourVisit, VisitOver, NotOnTheChecklist; NotFound out of sight.
    """
    require(by, "inspections.visit")
    visit = access.lock(visit_id, viewer=by)
    mine = visit.post_id == by.pk or (by.unit_id is not None and visit.unit_id == by.unit_id)
    if not mine and (visit.post_id or visit.unit_id or not by.covers(visit.areas())):
        raise NotYourVisit
    check_step(visit.state, State.DONE)
    lines = {item.pk: item for item in visit.checklist.items.all()}
    for each in found:
        if each.item_id not in lines:
            raise NotOnTheChecklist(field="findings")
    kept = {each.item_id: each for each in found}
    Finding.objects.bulk_create(
        Finding(id=new_id(), visit=visit, item=lines[key], settled=each.settled,
                text=mask_text(each.text.strip()).text[:500])
        for key, each in kept.items()
    )  # fmt: skip
    visit.state, visit.visited_at, visit.visited_by = State.DONE, at, by
    visit.findings_count, visit.note = len(kept), mask_text(note.strip()).text[:500]
    visit.save()
    duties.end(about=visit, kind="inspections.visit", by=by, at=at, outcome="findings" if kept else "clear")
    journal.record("inspections.visited", visit, by=by, at=at, before=State.OWED, after=State.DONE, findings=len(kept))
    return visit


@transaction.atomic
def cancel(*, visit_id: UUID, reason: str, by: Post, at: datetime) -> Visit:
    """Take back a visit that is no longer needed (moved, closed down). Raises ReasonMissing, VisitOver, NotFound."""
    require(by, "inspections.plan")
    visit = access.lock(visit_id, viewer=by)
    if not reason.strip():
        raise ReasonMissing(field="reason")
    check_step(visit.state, State.CANCELLED)
    visit.state = State.CANCELLED
    visit.save()
    duties.end(about=visit, kind="inspections.visit", by=by, at=at, outcome="cancelled")
    journal.record("inspections.cancelled", visit, by=by, at=at, reason=reason, before=State.OWED,
                   after=State.CANCELLED)  # fmt: skip
    return visit


@transaction.atomic
def change_checklist(
    *, district: Area, kind: str, name: str, name_en: str, lines: Sequence[tuple[str, str, str]], by: Post, at: datetime
) -> Checklist:
    """A new version of a kind's checklist from today: (Chinese, English, category key) a line. Old visits keep theirs.

    Raises NotFound outside the district, Invalid without a line.
    """
    require(by, "inspections.configure")
    if district.pk != by.district_id:
        raise NotFound
    if not lines or not name.strip():
        raise Invalid(field="lines")
    Checklist.objects.filter(district=district, kind=kind, valid_to=None).update(valid_to=timezone.localdate(at))
    made = Checklist.objects.create(id=new_id(), district=district, kind=kind, name=name, name_en=name_en,
                                    valid_from=timezone.localdate(at))  # fmt: skip
    Item.objects.bulk_create(
        Item(id=new_id(), checklist=made, order=order, text=text, text_en=text_en, category_key=key)
        for order, (text, text_en, key) in enumerate(lines)
    )
    journal.record("inspections.checklist_changed", made, by=by, at=at, lines=len(lines))
    return made


def link(*, finding: Finding, incident_id: UUID, number: str) -> None:
    """Keep which incident a finding opened. Part of the workflow's transaction."""
    Finding.objects.filter(pk=finding.pk).update(incident_id=incident_id, incident_number=number)
