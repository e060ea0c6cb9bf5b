"""One incident from report to a verified close, and the ways it may turn aside."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from tests.incidents.conftest import Town, make_town

from qipan.foundation.duties.models import Duty
from qipan.foundation.journal.models import Entry
from qipan.foundation.posts.access import NotYours
from qipan.foundation.refusals import NotFound
from qipan.incidents import access, operations
from qipan.incidents.models import Reporter
from qipan.incidents.operations import asks, desk, handle
from qipan.incidents.operations import rating as rating_rules
from qipan.incidents.operations.report import code_digest
from qipan.incidents.rules.steps import Status, WrongStep


def kinds(incident: object) -> list[str]:
    return list(Entry.objects.filter(about_id=incident.id).order_by("id").values_list("kind", flat=True))


def open_duties(incident: object) -> list[str]:
    return sorted(Duty.objects.filter(about_id=incident.id).exclude(state="ended").values_list("kind", flat=True))


def test_an_incident_goes_from_report_to_a_verified_close(town: Town) -> None:
    incident = town.report("street-light")
    assert incident.status == Status.AWAITING
    assert incident.desk == town.desk
    assert open_duties(incident) == ["incidents.accept"]
    operations.accept(incident_id=incident.id, by=town.dispatcher, at=town.later())
    assert open_duties(incident) == ["incidents.dispatch"]
    operations.dispatch(incident_id=incident.id, unit=town.department, by=town.dispatcher, at=town.later())
    operations.sign(incident_id=incident.id, by=town.handler, at=town.later())
    assert Duty.objects.get(about_id=incident.id, kind="incidents.handle").post == town.handler
    operations.start(incident_id=incident.id, by=town.handler, at=town.later())
    operations.answer(incident_id=incident.id, text="灯泡已更换", by=town.handler, at=town.later())
    operations.check_back(incident_id=incident.id, by=town.dispatcher, at=town.later())
    closed = operations.verify(incident_id=incident.id, by=town.grid_worker, at=town.later())
    assert closed.status == Status.CLOSED
    assert closed.on_time is True
    assert open_duties(incident) == []
    said = [kind for kind in kinds(incident) if kind.startswith("incidents.")]
    assert said == [
        "incidents.reported", "incidents.received", "incidents.accepted", "incidents.dispatched", "incidents.signed",
        "incidents.started", "incidents.answered", "incidents.sent_to_verify", "incidents.verified",
    ]  # fmt: skip


def test_a_step_that_the_table_does_not_have_is_refused_and_changes_nothing(town: Town) -> None:
    incident = town.report()
    before = kinds(incident)
    with pytest.raises(WrongStep):
        operations.dispatch(incident_id=incident.id, unit=town.department, by=town.dispatcher, at=town.later())
    assert kinds(incident) == before


def test_the_handler_cannot_verify_what_was_handled(town: Town) -> None:
    incident = town.answered()
    with pytest.raises(desk.SamePerson):
        operations.check_back(incident_id=incident.id, by=town.dispatcher, verifier=town.handler, at=town.later())


def test_a_failed_verification_goes_back_to_the_handler_with_a_fresh_clock(town: Town) -> None:
    incident = town.answered()
    operations.check_back(incident_id=incident.id, by=town.dispatcher, at=town.later())
    again = operations.rework(incident_id=incident.id, reason="灯仍不亮", by=town.grid_worker, at=town.later())
    assert (again.status, again.reworks, again.handler) == (Status.HANDLING, 1, town.handler)
    assert open_duties(incident) == ["incidents.handle"]
    assert again.due_at > town.at


def test_another_unit_cannot_sign_for_it(town: Town) -> None:
    incident = town.dispatched()
    with pytest.raises(NotFound):
        operations.sign(incident_id=incident.id, by=town.colleague, at=town.later())


def test_the_dispatcher_of_another_district_finds_nothing(town: Town) -> None:
    stranger = make_town().dispatcher
    incident = town.report()
    with pytest.raises(NotFound):
        operations.accept(incident_id=incident.id, by=stranger, at=town.later())
    assert not access.visible(viewer=stranger).exists()


def test_a_grid_worker_cannot_dispatch(town: Town) -> None:
    incident = town.report()
    operations.accept(incident_id=incident.id, by=town.dispatcher, at=town.later())
    with pytest.raises(NotYours):
        operations.dispatch(incident_id=incident.id, unit=town.department, by=town.grid_worker, at=town.later())


def test_a_return_is_asked_by_the_handler_and_granted_by_the_desk(town: Town) -> None:
    incident = town.dispatched()
    asked = operations.ask(
        incident_id=incident.id, kind="return", reason="不属本单位", by=town.handler, at=town.later()
    )
    assert "incidents.decide" in open_duties(incident)
    with pytest.raises(asks.AskedAlready):
        operations.ask(incident_id=incident.id, kind="return", reason="再报", by=town.handler, at=town.later())
    operations.decide(ask_id=asked.id, approve=True, reason="", by=town.dispatcher, at=town.later())
    incident.refresh_from_db()
    assert (incident.status, incident.unit) == (Status.FILED, None)
    assert open_duties(incident) == ["incidents.dispatch"]


def test_an_extension_moves_the_deadline_and_is_capped(town: Town) -> None:
    incident = town.dispatched()
    before = incident.due_at
    with pytest.raises(asks.TooLong):
        operations.ask(incident_id=incident.id, kind="extension", reason="备料", days=99, by=town.handler, at=town.at)
    for _ in range(2):
        asked = operations.ask(
            incident_id=incident.id, kind="extension", reason="备料", days=5, by=town.handler, at=town.later()
        )
        operations.decide(ask_id=asked.id, approve=True, reason="", by=town.dispatcher, at=town.later())
    incident.refresh_from_db()
    assert incident.due_at >= before + timedelta(days=9)
    with pytest.raises(asks.TooOften):
        operations.ask(incident_id=incident.id, kind="extension", reason="备料", days=5, by=town.handler, at=town.at)


def test_who_asks_cannot_decide(town: Town) -> None:
    incident = town.dispatched()
    asked = operations.ask(incident_id=incident.id, kind="return", reason="错派", by=town.dispatcher, at=town.later())
    with pytest.raises(asks.DecidedByAnother):
        operations.decide(ask_id=asked.id, approve=True, reason="", by=town.dispatcher, at=town.later())


def test_a_hold_stops_the_clock_and_its_end_is_known(town: Town) -> None:
    incident = town.dispatched()
    asked = operations.ask(incident_id=incident.id, kind="hold", reason="待拨款", days=30, by=town.handler, at=town.at)
    operations.decide(ask_id=asked.id, approve=True, reason="", by=town.dispatcher, at=town.later())
    assert Duty.objects.get(about_id=incident.id, kind="incidents.handle").state == "paused"
    incident.refresh_from_db()
    assert incident.due_at is None


def test_merged_reports_keep_the_earliest_clock_and_come_apart_again(town: Town) -> None:
    first = town.with_contact(title="水管爆裂")
    second = town.with_contact(title="漏水")
    operations.accept(incident_id=second.id, by=town.dispatcher, at=town.later())
    into = operations.merge(incident_id=first.id, into_id=second.id, by=town.dispatcher, at=town.later())
    first.refresh_from_db()
    assert (first.status, first.merged_into) == (Status.MERGED, into)
    assert into.reported_at == first.reported_at
    assert into.reporters.count() == 2
    assert open_duties(first) == []
    apart = operations.unmerge(incident_id=first.id, by=town.dispatcher, at=town.later())
    assert apart.status == Status.FILED
    assert apart.reporters.count() == 1 == into.reporters.count()
    assert open_duties(first) == ["incidents.dispatch"]


def test_an_unhappy_rating_brings_a_call_back_and_reopens_by_itself_once(town: Town) -> None:
    incident = town.with_contact("noise")
    reporter = Reporter.objects.get(code=code_digest(town.code))
    operations.accept(incident_id=incident.id, by=town.dispatcher, at=town.later())
    for round_number in range(2):
        operations.dispatch(incident_id=incident.id, unit=town.department, by=town.dispatcher, at=town.later())
        operations.sign(incident_id=incident.id, by=town.handler, at=town.later())
        operations.answer(incident_id=incident.id, text="已劝离", by=town.handler, at=town.later())
        operations.close(incident_id=incident.id, note="已回访", by=town.dispatcher, at=town.later())
        rating = operations.rate(reporter_id=reporter.id, stars=1, comment="晚上还吵 13800138000", at=town.later())
        assert "138****8000" in rating.comment
        assert rating.reopened is (round_number == 0)
        assert "incidents.call-back" in open_duties(incident)
        operations.call_back(rating_id=rating.id, note="约定周末复查", by=town.dispatcher, at=town.later())
    incident.refresh_from_db()
    assert (incident.status, incident.reopenings) == (Status.RATED, 1)
    with pytest.raises(rating_rules.RatedAlready):
        operations.rate(reporter_id=reporter.id, stars=5, at=town.later())


def test_a_reopened_incident_is_not_overdue_at_once(town: Town) -> None:
    incident = town.closed()
    town.later(days=60)
    again = operations.reopen(incident_id=incident.id, reason="复发", by=town.commander, at=town.later())
    assert again.status == Status.FILED
    assert again.due_at > town.at


def test_supervision_has_its_own_clock_question_and_answer(town: Town) -> None:
    incident = town.dispatched()
    found = operations.supervise(incident_id=incident.id, question="为何未办", by=town.commander, at=town.later())
    assert open_duties(found) == ["incidents.supervise"]
    operations.answer_supervision(supervision_id=found.id, text="明日完成", by=town.handler, at=town.later())
    operations.end_supervision(supervision_id=found.id, by=town.commander, at=town.later())
    incident.refresh_from_db()
    assert incident.supervised is False
    assert incident.status == Status.DISPATCHED


def test_listed_supervision_needs_a_hazard_found_major(town: Town) -> None:
    from qipan.incidents.operations.supervise import NotMajor

    incident = town.dispatched("enterprise")
    with pytest.raises(NotMajor):
        operations.supervise(incident_id=incident.id, question="挂牌", listed=True, by=town.commander, at=town.later())
    asked = operations.ask(incident_id=incident.id, kind="major", reason="疑似重大", by=town.handler, at=town.later())
    operations.decide(ask_id=asked.id, approve=True, reason="", by=town.dispatcher, at=town.later())
    operations.supervise(incident_id=incident.id, question="挂牌", listed=True, by=town.commander, at=town.later())


def test_a_police_matter_is_referred_and_never_dispatched(town: Town) -> None:
    centre_desk = town.commander
    from tests import factories

    from qipan.foundation.posts.rules import Role

    dispatcher = factories.post(Role.DISPATCHER, town.district, town.centre)
    incident = town.report("police", by=dispatcher)
    assert incident.desk == town.centre
    operations.accept(incident_id=incident.id, by=dispatcher, at=town.later())
    with pytest.raises(desk.OnlyReferred):
        operations.dispatch(incident_id=incident.id, unit=town.department, by=dispatcher, at=town.later())
    done = operations.refer(incident_id=incident.id, receipt="回执 12 号", by=dispatcher, at=town.later())
    assert (done.status, done.outcome) == (Status.CLOSED, "referred")
    assert centre_desk.district_id == done.district_id


def test_an_accusation_never_goes_to_the_accused_unit(town: Town) -> None:
    from tests import factories

    from qipan.foundation.posts.rules import Role

    dispatcher = factories.post(Role.DISPATCHER, town.district, town.centre)
    incident = town.report("accusation", by=dispatcher, accused=town.department)
    operations.accept(incident_id=incident.id, by=dispatcher, at=town.later())
    with pytest.raises(desk.ToTheAccused):
        operations.dispatch(incident_id=incident.id, unit=town.department, by=dispatcher, at=town.later())


def test_a_private_matter_keeps_its_words_in_the_vault(town: Town) -> None:
    incident = town.report("neighbours", by=town.dispatcher, title="张某与李某争执", text="电话 13800138000")
    incident.refresh_from_db()
    assert incident.private
    assert "张某" not in incident.title + incident.text + str(incident.search)
    assert incident.text_card is not None
    assert not access.visible(viewer=town.grid_worker).filter(pk=incident.id).exists()


def test_violence_in_the_family_is_hidden_from_the_village(town: Town) -> None:
    from tests import factories

    from qipan.foundation.posts.rules import Role

    village_centre = factories.unit(area=town.village, kind="centre")
    village_desk = factories.post(Role.DISPATCHER, town.village, village_centre)
    hidden = town.report("violence", by=town.dispatcher)
    ordinary = town.report("neighbours", by=town.dispatcher)
    assert (hidden.level, ordinary.level) == (2, 3)
    seen = set(access.visible(viewer=village_desk).values_list("id", flat=True))
    assert seen == {ordinary.id}
    entry = Entry.objects.filter(about_id=hidden.id).first()
    assert town.village.id not in entry.areas


def test_numbers_and_marked_names_are_masked_at_entry(town: Town) -> None:
    incident = town.report(title="王小明反映", text="身份证 41050219900307101X，电话１３８００１３８０００")
    incident.refresh_from_db()
    assert "13800138000" not in incident.text
    assert incident.text_card is not None


def test_what_was_settled_on_the_spot_is_closed_and_can_be_drawn_again(town: Town) -> None:
    draft = town.report("street-trade", draft=True)
    done = operations.settle(incident_id=draft.id, text="已劝离", by=town.grid_worker, at=town.later())
    assert (done.status, done.immediate) == (Status.CLOSED, True)

    class Always(random.Random):
        def random(self) -> float:
            return 0.0

    [check] = operations.draw_spot_checks(
        district_id=town.district.id, since=town.at - timedelta(days=1), at=town.later(), draw=Always()
    )
    with pytest.raises(rating_rules.NotYourCheck):
        town.dispatcher.person = town.grid_worker.person
        town.dispatcher.save()
        operations.check_again(spot_check_id=check.id, confirmed=True, note="", by=town.dispatcher, at=town.later())
    operations.check_again(spot_check_id=check.id, confirmed=False, note="又占道", by=town.commander, at=town.later())
    done.refresh_from_db()
    assert done.status == Status.FILED


def test_a_photo_is_required_only_where_the_category_says_why(town: Town) -> None:
    incident = town.dispatched("rubbish")
    operations.sign(incident_id=incident.id, by=town.handler, at=town.later())
    with pytest.raises(handle.PhotoMissing):
        operations.answer(incident_id=incident.id, text="已清运", by=town.handler, at=town.later())


def test_two_dispatchers_at_once_one_wins_and_the_other_is_told(town: Town) -> None:
    incident = town.report()
    operations.accept(incident_id=incident.id, by=town.dispatcher, at=town.later())
    operations.dispatch(incident_id=incident.id, unit=town.department, by=town.dispatcher, at=town.later())
    with pytest.raises(WrongStep):
        operations.dispatch(incident_id=incident.id, unit=town.other, by=town.dispatcher, at=town.later())


def test_escalation_moves_the_desk_and_does_not_charge_the_level_below(town: Town) -> None:
    incident = town.dispatched()
    asked = operations.ask(incident_id=incident.id, kind="escalate", reason="超出职权", by=town.handler, at=town.at)
    operations.decide(ask_id=asked.id, approve=True, reason="", by=town.dispatcher, at=town.later())
    incident.refresh_from_db()
    assert (incident.level, incident.desk, incident.status) == (1, town.centre, Status.FILED)
    [leg] = Duty.objects.filter(about_id=incident.id).exclude(state="ended")
    assert leg.opened_at == town.at
