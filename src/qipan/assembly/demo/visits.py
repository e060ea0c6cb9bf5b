"""Inspections of the demo: plans over its premises, and the visits of two days, through the real operations."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from django.utils import timezone

from qipan.foundation.areas.models import Area, Premises, PremisesKind
from qipan.foundation.duties import sweeper
from qipan.foundation.journal.rules import SYSTEM
from qipan.foundation.posts.models import Post
from qipan.foundation.posts.rules import Role
from qipan.incidents.models import Category
from qipan.inspections import operations as inspections
from qipan.inspections.models import Visit
from qipan.inspections.operations import Found
from qipan.inspections.rules import State
from qipan.kernels.clock.timetable import CHINA
from qipan.workflows import districts
from qipan.workflows import inspections as workflows

EVERY = {  # days between two visits of a kind of premises
    PremisesKind.SCHOOL: 30, PremisesKind.ENTERPRISE: 90, PremisesKind.SHOP: 180, PremisesKind.INSTITUTION: 90,
    PremisesKind.VILLAGE: 30, PremisesKind.COMMUNITY: 30,
}  # fmt: skip
ASKED = 10  # visits asked for outside the plans
DONE, AMISS = 0.7, 0.2  # of yesterday's visits; of those that were made


def build(*, district: Area, seed: int, at: datetime) -> int:
    """Checklists, a plan for each kind and what it draws yesterday and today, some visits more. How many visits."""
    dice = random.Random(f"visits {seed}")
    districts.begin(district=district, by=SYSTEM, at=at)
    commander = Post.objects.in_force(at).filter(district=district, role=Role.COMMANDER).with_names().order_by("id")[0]
    morning = at.astimezone(CHINA).replace(hour=8, minute=0, second=0, microsecond=0)
    yesterday = morning - timedelta(days=1)
    drawn = 0
    for kind, every in EVERY.items():
        plan = inspections.set_plan(area=district, kind=kind, every_days=every, by=commander, at=yesterday)
        visits = inspections.draw_visits(plan_id=plan.pk, on=timezone.localdate(yesterday), at=yesterday)
        for visit in visits:
            if visit.post is not None and dice.random() < DONE:
                _visit(visit, dice, at=yesterday + timedelta(minutes=dice.randrange(60, 560)))
        today = inspections.draw_visits(plan_id=plan.pk, on=timezone.localdate(at), at=min(morning, at))
        drawn += len(visits) + len(today)
    owed = Visit.objects.filter(state=State.OWED).values("premises")
    rows = Premises.objects.filter(district=district, active_to=None).exclude(pk__in=owed).order_by("code")[:ASKED]
    for number, premises in enumerate(rows):
        visit = inspections.owe(premises=premises, by=commander, at=yesterday + timedelta(minutes=number))
        if visit.post is not None and number % 2:
            _visit(visit, dice, at=yesterday + timedelta(hours=2, minutes=number))
    sweeper.sweep(now=at)  # those owed since yesterday are warned of
    return drawn + len(rows)


def _visit(visit: Visit, dice: random.Random, *, at: datetime) -> None:
    found = []
    if dice.random() < AMISS:
        item = dice.choice(list(visit.checklist.items.all()))
        photo = Category.objects.filter(district=visit.district_id, key=item.category_key, valid_to=None)
        settled = not photo.exclude(photo_reason="").exists() and dice.random() < 0.6
        found = [Found(item.pk, "", settled)]
    assert visit.post_id is not None
    by = Post.objects.with_names().get(pk=visit.post_id)
    workflows.finish_visit(visit_id=visit.pk, found=found, note="", by=by, at=at)
