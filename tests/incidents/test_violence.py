"""Violence in the family: never mediated, hidden from the village, and the victim decides who hears of it."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from tests import factories
from tests.incidents.conftest import Town

from qipan.foundation.duties.models import Duty
from qipan.foundation.journal.models import Entry
from qipan.foundation.posts.access import NotYours
from qipan.foundation.posts.models import Post
from qipan.foundation.posts.rules import Role
from qipan.foundation.refusals import NotFound
from qipan.foundation.vault import operations as vault
from qipan.incidents import access, operations, queries
from qipan.incidents.models import Assistance, Category, Incident
from qipan.incidents.operations import asks, configure, desk
from qipan.incidents.operations.merge import ProtectedApart
from qipan.incidents.rules.classes import Klass
from qipan.incidents.rules.steps import Status, WrongStep


@pytest.fixture
def dispatcher(town: Town) -> Post:
    """Violence is urgent: where the township's desk is not staffed it lies on the district's."""
    return factories.post(Role.DISPATCHER, town.district, town.centre)


def filed(town: Town, by: Post, **fields: object) -> Incident:
    incident = town.report("violence", by=by, **fields)
    return operations.accept(incident_id=incident.id, by=by, at=town.later())


def entries(incident: Incident) -> int:
    return Entry.objects.filter(about_id=incident.id).count()


def test_a_minor_s_case_goes_to_the_police_and_to_no_unit(town: Town, dispatcher: Post) -> None:
    incident = filed(town, dispatcher, victim_cannot_act=True)
    before = entries(incident)
    with pytest.raises(desk.PoliceOnly):
        operations.dispatch(incident_id=incident.id, unit=town.department, chosen_by_victim=True, by=dispatcher,
                            at=town.later())  # fmt: skip
    assert entries(incident) == before
    assert {move.step.value for move in queries.next_steps(incident, viewer=dispatcher)} == {"refer", "void", "merge"}
    done = operations.refer(incident_id=incident.id, receipt="接报回执 7", by=dispatcher, at=town.later())
    assert (done.status, done.outcome, done.unit) == (Status.CLOSED, "referred", None)


def test_a_victim_who_can_act_chooses_and_the_choice_is_in_the_journal(town: Town, dispatcher: Post) -> None:
    incident = filed(town, dispatcher)
    before = entries(incident)
    with pytest.raises(desk.VictimChooses):
        operations.dispatch(incident_id=incident.id, unit=town.department, by=dispatcher, at=town.later())
    with pytest.raises(desk.VictimChooses):
        operations.refer(incident_id=incident.id, receipt="接报回执 8", by=dispatcher, at=town.later())
    assert entries(incident) == before
    operations.dispatch(incident_id=incident.id, unit=town.department, chosen_by_victim=True, note="区妇联",
                        by=dispatcher, at=town.later())  # fmt: skip
    entry = Entry.objects.get(about_id=incident.id, kind="incidents.dispatched")
    assert (entry.detail["chosen_by_victim"], entry.reason) == (True, "***")
    incident.refresh_from_db()
    words = vault.reveal(card_id=incident.text_card, by=dispatcher, at=town.later(), reason="核查受害人选择")
    assert "区妇联" in words["other"]


def test_the_police_may_be_the_choice(town: Town, dispatcher: Post) -> None:
    incident = filed(town, dispatcher)
    done = operations.refer(
        incident_id=incident.id, receipt="接报回执 9", chosen_by_victim=True, by=dispatcher, at=town.later()
    )
    assert done.outcome == "referred"
    assert Entry.objects.get(about_id=incident.id, kind="incidents.referred").detail["chosen_by_victim"] is True


def test_who_accepts_says_what_the_report_did_not_know(town: Town, dispatcher: Post) -> None:
    incident = town.report("violence", by=dispatcher)
    operations.accept(incident_id=incident.id, victim_cannot_act=True, by=dispatcher, at=town.later())
    incident.refresh_from_db()
    assert incident.victim_cannot_act
    entry = Entry.objects.get(about_id=incident.id, kind="incidents.accepted")
    assert entry.detail["victim_cannot_act"] is True


def test_nothing_is_kept_of_a_victim_where_there_is_mediation(town: Town, dispatcher: Post) -> None:
    incident = town.report("neighbours", by=dispatcher, victim_cannot_act=True)
    assert incident.victim_cannot_act is False
    violence = town.report("violence", by=dispatcher, victim_cannot_act=True)
    again = operations.accept(incident_id=violence.id, category=town.category("family"), by=dispatcher, at=town.later())
    assert again.victim_cannot_act is False


def test_it_is_merged_only_with_what_is_protected_alike(town: Town, dispatcher: Post) -> None:
    protected, other = filed(town, dispatcher, victim_cannot_act=True), filed(town, dispatcher)
    with pytest.raises(ProtectedApart):
        operations.merge(incident_id=protected.id, into_id=other.id, by=dispatcher, at=town.later())
    other.refresh_from_db()
    assert (other.status, other.victim_cannot_act) == (Status.FILED, False)


def test_it_reaches_no_village_by_a_unit_or_by_being_sent_down(town: Town, dispatcher: Post) -> None:
    incident = filed(town, dispatcher)
    village = factories.unit(area=town.village, kind="centre")
    with pytest.raises(desk.NotOnTheList):
        operations.dispatch(incident_id=incident.id, unit=village, chosen_by_victim=True, by=dispatcher,
                            at=town.later())  # fmt: skip
    Incident.objects.filter(pk=incident.pk).update(level=2)
    with pytest.raises(asks.NoLevelThere):
        operations.ask(incident_id=incident.id, kind="send-down", reason="就近", by=dispatcher, at=town.later())


def test_no_category_of_disputes_is_never_mediated(town: Town) -> None:
    family = town.category("family")
    with pytest.raises(configure.DisputesAreMediated):
        operations.change_category(
            category=family, changes={"never_mediated": True}, by=town.administrator, at=town.later()
        )
    assert town.category("family").pk == family.pk
    with pytest.raises(IntegrityError), transaction.atomic():
        Category.objects.filter(pk=family.pk).update(never_mediated=True)
    assert town.category("violence").klass != Klass.DISPUTE


def test_the_database_keeps_a_protected_case_from_every_unit(town: Town, dispatcher: Post) -> None:
    incident = filed(town, dispatcher, victim_cannot_act=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        Incident.objects.filter(pk=incident.pk).update(unit=town.department)


def test_a_victim_found_unable_to_act_after_the_acceptance_is_for_the_police_only(town: Town, dispatcher: Post) -> None:
    incident = filed(town, dispatcher)
    operations.dispatch(incident_id=incident.id, unit=town.department, chosen_by_victim=True, by=dispatcher,
                        at=town.later())  # fmt: skip
    operations.sign(incident_id=incident.id, by=town.handler, at=town.later())
    with pytest.raises(NotFound):
        operations.mark_victim(incident_id=incident.id, by=town.colleague, at=town.later())
    operations.mark_victim(incident_id=incident.id, by=town.handler, at=town.later())
    incident.refresh_from_db()
    assert (incident.victim_cannot_act, incident.unit, incident.handler) == (True, None, None)
    assert incident.status == Status.FILED
    entry = Entry.objects.get(about_id=incident.id, kind="incidents.victim_marked")
    assert (entry.post_id, entry.detail["victim_cannot_act"]) == (town.handler.pk, True)
    assert not access.visible(viewer=town.handler).filter(pk=incident.pk).exists()
    [duty] = Duty.objects.filter(about_id=incident.pk).exclude(state="ended")
    assert (duty.kind, duty.unit) == ("incidents.dispatch", incident.desk)
    with pytest.raises(desk.PoliceOnly):
        operations.dispatch(incident_id=incident.id, unit=town.department, chosen_by_victim=True, by=dispatcher,
                            at=town.later())  # fmt: skip
    with pytest.raises(desk.MarkedAlready):
        operations.mark_victim(incident_id=incident.id, by=dispatcher, at=town.later())
    done = operations.refer(incident_id=incident.id, receipt="接报回执 7", by=dispatcher, at=town.later())
    assert (done.status, done.outcome) == (Status.CLOSED, "referred")


def test_a_unit_that_helped_sees_it_no_more_once_it_is_for_the_police(town: Town, dispatcher: Post) -> None:
    incident = filed(town, dispatcher)
    Assistance.objects.create(incident=incident, unit=town.other, asked_at=town.later())
    assert access.visible(viewer=town.colleague).filter(pk=incident.pk).exists()
    operations.mark_victim(incident_id=incident.id, by=dispatcher, at=town.later())
    assert not access.visible(viewer=town.colleague).filter(pk=incident.pk).exists()


def test_a_victim_is_marked_only_where_nobody_mediates_and_by_whoever_has_it(town: Town, dispatcher: Post) -> None:
    violence, dispute = filed(town, dispatcher), town.report("neighbours", by=dispatcher)
    for incident, by, refused in (
        (dispute, dispatcher, desk.NotProtected),
        (violence, town.commander, NotYours),
    ):
        before = entries(incident)
        with pytest.raises(refused):
            operations.mark_victim(incident_id=incident.id, by=by, at=town.later())
        assert entries(incident) == before
    operations.refer(incident_id=violence.id, receipt="1", chosen_by_victim=True, by=dispatcher, at=town.later())
    with pytest.raises(WrongStep):
        operations.mark_victim(incident_id=violence.id, by=dispatcher, at=town.later())
