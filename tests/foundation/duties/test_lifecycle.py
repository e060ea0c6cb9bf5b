"""Opening, ending, extending, pausing and handing over."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from qipan.foundation.duties import operations, rules
from qipan.foundation.duties.models import Duty, Pause
from qipan.foundation.duties.operations.moves import (
    HasItAlready,
    NotYoursToHandOver,
    OtherDistrict,
)
from qipan.foundation.duties.rules import State
from qipan.foundation.journal.models import Entry
from qipan.foundation.journal.rules import SYSTEM
from qipan.kernels.clock import Limit
from tests import factories
from tests.foundation.duties.conftest import KIND, moment

pytestmark = pytest.mark.django_db
MONDAY = moment("2026-03-02 09:00")


FOUR_HOURS = Limit.working(hours=4)


def opened(district, limit=FOUR_HOURS, thing=None, **more):
    values = {"post": district.handler, "unit": district.unit, "at": MONDAY, "by": district.dispatcher, **more}
    return operations.open(kind=KIND, about=thing or district.thing(), limit=limit, **values)


def test_an_opened_duty_is_due_when_its_working_hours_have_run(district):
    duty = opened(district)
    assert duty.due_at == moment("2026-03-02 15:30")  # 09:00-12:00 is three hours, the fourth follows the lunch break
    assert duty.warn_at == moment("2026-03-02 14:42")
    assert [step.name for step in duty.pending()] == ["warn", "breach", "dispatcher", "commander"]
    assert duty.next_at == duty.warn_at
    assert duty.areas() == district.thing().area.path


def test_a_duty_without_a_limit_is_never_due(district):
    duty = opened(district, limit=None)
    assert (duty.due_at, duty.next_at, duty.schedule) == (None, None, [])


def test_two_open_duties_of_one_kind_for_one_owner_and_thing_cannot_be(district):
    thing = district.thing()
    opened(district, thing=thing)
    with pytest.raises(IntegrityError), transaction.atomic():
        opened(district, thing=thing)


def test_a_duty_of_an_unknown_kind_cannot_be_opened(district):
    from qipan.foundation.duties.kinds import UnknownKind

    with pytest.raises(UnknownKind):
        operations.open(kind="tests.unheard_of", about=district.thing(), at=MONDAY, by=SYSTEM)


def test_a_duty_ended_by_its_deadline_is_on_time_and_one_after_it_is_not(district):
    first, second = opened(district), opened(district)
    operations.end(duty=first, by=SYSTEM, at=first.due_at)
    operations.end(duty=second, by=SYSTEM, at=second.due_at + timedelta(seconds=1))
    assert (first.on_time, second.on_time) == (True, False)
    assert (first.state, first.next_at) == (State.ENDED, None)


def test_all_duties_about_a_thing_end_together_and_ending_again_does_nothing(district):
    thing = district.thing()
    opened(district, thing=thing)
    opened(district, thing=thing, post=district.colleague)
    assert len(operations.end(about=("tests.thing", thing.id), kind=KIND, by=SYSTEM, at=MONDAY)) == 2
    assert operations.end(about=thing, by=SYSTEM, at=MONDAY) == []


def test_a_reopened_matter_gets_a_fresh_clock_and_is_not_overdue_at_once(district):
    thing = district.thing()
    first = opened(district, thing=thing)
    operations.end(duty=first, by=SYSTEM, at=MONDAY + timedelta(days=30))
    again = opened(district, thing=thing, at=MONDAY + timedelta(days=60))
    assert again.due_at > MONDAY + timedelta(days=60)
    assert all(step.at > again.opened_at for step in again.pending())


def test_a_merged_duty_may_start_its_clock_before_it_is_opened(district):
    duty = opened(district, at=MONDAY + timedelta(hours=2), starts_at=MONDAY)
    assert duty.due_at == moment("2026-03-02 15:30")


def test_a_pause_moves_the_deadline_by_the_working_time_it_lasted(district):
    duty = opened(district)
    operations.pause(
        duty=duty, asked_by=district.handler, approved_by=district.dispatcher, reason="等待鉴定", at=MONDAY
        + timedelta(hours=1),
    )  # fmt: skip
    duty.refresh_from_db()
    assert (duty.state, [step.name for step in duty.pending()]) == (State.PAUSED, ["resume"])
    [duty] = operations.resume(duty=duty, by=district.dispatcher, at=moment("2026-03-03 10:00"))
    assert duty.due_at == moment("2026-03-03 15:30")
    assert [step.name for step in duty.pending()][:2] == ["warn", "breach"]
    kinds = set(Entry.objects.values_list("kind", flat=True))
    assert {"duties.paused", "duties.resumed"} <= kinds


def test_whoever_asks_for_a_pause_cannot_approve_it_with_another_post_of_theirs(district):
    duty = opened(district)
    other = factories.post("dispatcher", district.area, person=district.handler.person)
    for approver in (district.handler, other):
        with pytest.raises(rules.ApproverIsAsker):
            operations.pause(duty=duty, asked_by=district.handler, approved_by=approver, reason="等待", at=MONDAY)
    assert not Pause.objects.exists()


def test_pauses_are_capped_in_number_and_in_length(district):
    duty = opened(district)
    who = {"asked_by": district.handler, "approved_by": district.dispatcher, "reason": "等待"}
    with pytest.raises(rules.PauseTooLong):
        operations.pause(duty=duty, at=MONDAY, until=MONDAY + timedelta(days=31), **who)
    for day in (1, 2):
        operations.pause(duty=duty, at=MONDAY + timedelta(days=day), **who)
        operations.resume(duty=duty, by=SYSTEM, at=MONDAY + timedelta(days=day, hours=1))
    with pytest.raises(rules.TooManyPauses):
        operations.pause(duty=duty, at=MONDAY + timedelta(days=3), **who)
    assert Pause.objects.count() == 2


def test_a_kind_that_is_never_paused_refuses(district):
    duty = operations.open(kind="tests.never_paused", about=district.thing(), at=MONDAY, by=SYSTEM)
    with pytest.raises(rules.PauseNotAllowed):
        operations.pause(
            duty=duty, asked_by=district.handler, approved_by=district.dispatcher, reason="等待", at=MONDAY
        )


@pytest.mark.parametrize("step", ["pause twice", "resume open", "pause ended"])
def test_a_step_that_may_not_follow_is_refused_and_changes_nothing(district, step):
    duty = opened(district)
    who = {"asked_by": district.handler, "approved_by": district.dispatcher, "reason": "等待"}
    if step == "pause twice":
        operations.pause(duty=duty, at=MONDAY, **who)
        with pytest.raises(rules.DutyPaused):
            operations.pause(duty=duty, at=MONDAY, **who)
    elif step == "resume open":
        with pytest.raises(rules.DutyNotPaused):
            operations.resume(duty=duty, by=SYSTEM, at=MONDAY)
    else:
        operations.end(duty=duty, by=SYSTEM, at=MONDAY)
        with pytest.raises(rules.DutyEnded):
            operations.pause(duty=duty, at=MONDAY, **who)
    assert Pause.objects.count() == (1 if step == "pause twice" else 0)


def test_a_duty_ended_while_paused_is_judged_by_what_had_run(district):
    duty = opened(district)
    operations.pause(duty=duty, asked_by=district.handler, approved_by=district.dispatcher, reason="等待", at=MONDAY)
    operations.end(duty=duty, by=SYSTEM, at=MONDAY + timedelta(days=3))
    assert duty.on_time is True
    assert Pause.objects.get().ended_at == MONDAY + timedelta(days=3)


def test_an_extension_on_the_same_clock_adds_to_the_limit(district):
    duty = opened(district)
    [duty] = operations.extend(
        duty=duty, add=Limit.working(hours=4), by=district.dispatcher, at=MONDAY, reason="材料未到"
    )
    assert duty.due_at == moment("2026-03-03 10:00")
    entry = Entry.objects.get(kind="duties.extended")
    assert entry.reason == "材料未到"
    assert entry.detail["due_after"].startswith("2026-03-03")


def test_an_extension_on_another_clock_counts_on_from_the_deadline(district):
    duty = opened(district, limit=Limit.natural_days(3))
    [duty] = operations.extend(
        duty=duty, add=Limit.working_days(1), by=district.dispatcher, at=MONDAY, reason="材料未到"
    )
    assert duty.due_at == moment("2026-03-06 18:00")  # 24:00 of Thursday the 5th, and Friday as one working day


def test_an_extension_of_a_paused_duty_counts_when_it_is_resumed_and_leaves_the_end_of_the_pause(district):
    duty = opened(district)
    until = MONDAY + timedelta(hours=1)
    operations.pause(
        duty=duty, asked_by=district.handler, approved_by=district.dispatcher, reason="等待", at=MONDAY, until=until
    )
    operations.extend(duty=duty, add=Limit.working(hours=1), by=district.dispatcher, at=MONDAY, reason="材料未到")
    duty.refresh_from_db()
    assert [(step.name, step.at) for step in duty.pending()] == [("resume", until)]
    [duty] = operations.resume(duty=duty, by=SYSTEM, at=until)
    assert duty.due_at == moment("2026-03-02 17:30")


def test_stages_are_counted_from_one_start_and_a_late_one_is_remembered(district):
    limit = [("停工", Limit.working(hours=4)), ("处罚", Limit.working_days(7)), ("拆除", Limit.working_days(20))]
    duty = opened(district, limit=limit)
    assert duty.due_at == moment("2026-03-02 15:30")
    duty = operations.complete_stage(duty=duty, by=district.handler, at=moment("2026-03-02 16:00"))
    assert (duty.due_at, duty.stages_late) == (moment("2026-03-11 18:00"), 1)
    assert [step.name for step in duty.pending()][:2] == ["warn.1", "breach.1"]
    operations.complete_stage(duty=duty, by=district.handler, at=moment("2026-03-10 16:00"))
    operations.end(duty=duty, by=district.handler, at=moment("2026-03-20 16:00"))
    assert duty.on_time is False


def test_handing_over_keeps_the_clock(district):
    duty = opened(district)
    [moved] = operations.hand_over(duties=[duty.pk], post=district.colleague, by=district.handler, at=MONDAY)
    assert (moved.post_id, moved.due_at) == (district.colleague.pk, duty.due_at)
    assert Entry.objects.get(kind="duties.handed_over").detail["taker"]["post"] == str(district.colleague.pk)


def test_only_the_owner_the_head_and_dispatchers_hand_over(district):
    duty = opened(district)
    with pytest.raises(NotYoursToHandOver):
        operations.hand_over(duties=[duty.pk], post=district.colleague, by=district.colleague, at=MONDAY)
    operations.hand_over(duties=[duty.pk], post=district.colleague, by=district.head, at=MONDAY)
    operations.hand_over(duties=[duty.pk], post=district.handler, by=district.dispatcher, at=MONDAY)
    assert Duty.objects.get().post == district.handler


def test_a_bulk_hand_over_is_all_or_nothing(district):
    mine, other = opened(district), opened(district, post=district.colleague)
    with pytest.raises(NotYoursToHandOver):
        operations.hand_over(duties=[mine.pk, other.pk], post=district.head, by=district.handler, at=MONDAY)
    mine.refresh_from_db()
    assert mine.post == district.handler


def test_a_duty_cannot_go_to_somebody_who_has_its_like_or_to_another_district(district, make_district):
    thing = district.thing()
    duty = opened(district, thing=thing)
    opened(district, thing=thing, post=district.colleague)
    with pytest.raises(HasItAlready):
        operations.reassign(duty=duty, post=district.colleague, by=SYSTEM, at=MONDAY)
    with pytest.raises(OtherDistrict):
        operations.reassign(duty=duty, post=make_district("西区", "910102").handler, by=SYSTEM, at=MONDAY)


def test_all_that_a_person_owes_goes_over_with_one_hand_over_of_posts(district):
    from qipan.foundation.posts.operations import handover

    opened(district), opened(district)
    administrator = factories.post("administrator", district.area)
    totals = handover.hand_over(
        giver_id=district.handler.person_id, taker_id=district.colleague.person_id, by=administrator, at=MONDAY
    )
    assert totals["duties"] == 2
    assert set(Duty.objects.values_list("post", flat=True)) == {district.colleague.pk}
