from __future__ import annotations

from datetime import date, timedelta

import pytest
from tests.incidents.conftest import Town, make_town

from qipan.foundation.areas.models import Premises
from qipan.foundation.duties.models import Duty
from qipan.foundation.posts.access import NotYours
from qipan.foundation.refusals import NotFound
from qipan.incidents.models import Incident
from qipan.inspections import access, defaults, operations
from qipan.inspections.models import Visit
from qipan.inspections.operations import Found
from qipan.inspections.rules import VisitOver, drawn_on
from qipan.kernels.ids import new_id
from qipan.workflows import three_zeros
from qipan.workflows.inspections import finish_visit


@pytest.fixture
def town(db: None) -> Town:
    made = make_town()
    defaults.load(made.district, since=date(2020, 1, 1))
    return made


def shop(town: Town, name: str = "惠民超市", kind: str = "shop") -> Premises:
    made = Premises(id=new_id(), kind=kind, name=name, active_from=date(2020, 1, 1))
    made.place(town.cell, 114.3, 36.1)
    made.save()
    return made


def owed(town: Town) -> Visit:
    return operations.owe(premises=shop(town), by=town.dispatcher, at=town.later())


def line(visit: Visit, key: str) -> object:
    return visit.checklist.items.get(category_key=key)


def test_every_premises_is_drawn_once_in_a_round_and_a_day_draws_a_fair_share() -> None:
    ids = [new_id() for _ in range(3000)]
    days = [date(2026, 1, 1) + timedelta(days=number) for number in range(30)]
    drawn = [[key for key in ids if drawn_on(key, every_days=30, on=day)] for day in days]
    assert sorted(key for day in drawn for key in day) == sorted(ids)
    assert max(map(len, drawn)) < 2 * len(ids) / 30


def test_a_plan_opens_a_visit_with_a_duty_for_the_grid_worker_and_never_twice(town: Town) -> None:
    premises = shop(town)
    plan = operations.set_plan(area=town.district, kind="shop", every_days=1, by=town.administrator, at=town.at)
    [visit] = operations.draw_visits(plan_id=plan.id, on=town.at.date(), at=town.later())
    assert (visit.premises, visit.post) == (premises, town.grid_worker)
    assert Duty.objects.get(about_id=visit.id).post == town.grid_worker
    assert operations.draw_visits(plan_id=plan.id, on=town.at.date(), at=town.later()) == []
    later = town.at.date() + timedelta(days=1)
    assert operations.draw_visits(plan_id=plan.id, on=later, at=town.later()) == []  # still owed


def test_a_finding_opens_an_incident_and_one_put_right_at_once_is_closed(town: Town) -> None:
    visit = owed(town)
    done = finish_visit(
        visit_id=visit.id, note="", by=town.grid_worker, at=town.later(),
        found=[Found(line(visit, "electric").id, "私拉电线"),
               Found(line(visit, "street-trade").id, "已当场收回", settled=True)],
    )  # fmt: skip
    assert done.findings_count == 2
    opened = {row.category.key: row for row in Incident.objects.select_related("category")}
    assert opened["electric"].status == "awaiting"
    assert (opened["street-trade"].status, opened["street-trade"].immediate) == ("closed", True)
    assert {each.incident_number for each in done.findings.all()} == {row.number for row in opened.values()}
    assert opened["electric"].premises == visit.premises
    assert not Duty.objects.filter(about_id=visit.id).exclude(state="ended").exists()


def test_a_visit_is_handed_in_once_and_a_second_time_opens_nothing(town: Town) -> None:
    visit = owed(town)
    found = [Found(line(visit, "gas").id)]
    finish_visit(visit_id=visit.id, found=found, note="", by=town.grid_worker, at=town.later())
    with pytest.raises(VisitOver):
        finish_visit(visit_id=visit.id, found=found, note="", by=town.grid_worker, at=town.later())
    assert Incident.objects.count() == 1


def test_a_line_of_another_checklist_is_refused_and_nothing_is_kept(town: Town) -> None:
    visit = owed(town)
    with pytest.raises(operations.NotOnTheChecklist):
        finish_visit(visit_id=visit.id, found=[Found(new_id())], note="", by=town.grid_worker, at=town.later())
    visit.refresh_from_db()
    assert visit.state == "owed"


def test_somebody_else_cannot_hand_it_in_and_another_district_does_not_find_it(town: Town) -> None:
    visit = owed(town)
    stranger = make_town()
    with pytest.raises(NotFound):
        operations.finish(visit_id=visit.id, found=[], note="", by=stranger.grid_worker, at=town.later())
    with pytest.raises(NotYours):
        operations.finish(visit_id=visit.id, found=[], note="", by=town.dispatcher, at=town.later())
    assert not access.visible(viewer=stranger.dispatcher).exists()


def test_a_cancelled_visit_needs_a_reason_and_ends_its_duty(town: Town) -> None:
    visit = owed(town)
    with pytest.raises(operations.ReasonMissing):
        operations.cancel(visit_id=visit.id, reason=" ", by=town.dispatcher, at=town.later())
    operations.cancel(visit_id=visit.id, reason="已停业", by=town.dispatcher, at=town.later())
    assert not Duty.objects.filter(about_id=visit.id).exclude(state="ended").exists()


def test_a_checklist_changes_from_today_and_old_visits_keep_theirs(town: Town) -> None:
    visit = owed(town)
    operations.change_checklist(district=town.district, kind="shop", name="新表", name_en="New",
                                lines=[("灭火器在有效期内", "Extinguishers are in date", "fire-exit")],
                                by=town.administrator, at=town.later())  # fmt: skip
    visit.refresh_from_db()
    assert visit.checklist.valid_to is not None
    assert visit.checklist.items.count() > 1


def test_three_zeros_count_what_was_not_solved_and_never_what_was_reported(town: Town) -> None:
    from qipan.incidents.operations.report import Place

    premises = shop(town)
    since = town.at - timedelta(days=1)

    def state() -> three_zeros.Zeros:
        return three_zeros.states(premises=[premises.id], since=since, viewer=town.commander)[premises.id]

    for _ in range(3):
        town.report("neighbours", by=town.dispatcher, place=Place(premises=premises))
    assert state().kept
    late = Incident.objects.first()
    Incident.objects.filter(pk=late.pk).update(on_time=False, source="inspection")
    assert state().kept
    Incident.objects.filter(pk=late.pk).update(source="staff")
    assert state().unsolved == 1
    assert three_zeros.summary(since=since, viewer=town.commander)["shop"] == {"premises": 1, "kept": 0}
