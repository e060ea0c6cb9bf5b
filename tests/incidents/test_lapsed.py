"""What was asked for and waits for a decision ends with its incident."""

from __future__ import annotations

import pytest
from tests.incidents.conftest import Town

from qipan.foundation.duties.models import Duty
from qipan.foundation.journal.models import Entry
from qipan.foundation.outbox.models import Message
from qipan.incidents import operations
from qipan.incidents.models import Ask, Incident
from qipan.incidents.operations.asks import DecidedAlready


def asked(town: Town, incident: Incident, kind: str = "major", by: object = None) -> Ask:
    return operations.ask(incident_id=incident.id, kind=kind, reason="说明", by=by or town.dispatcher, at=town.later())


def lapsed(ask: Ask) -> bool:
    ask.refresh_from_db()
    entry = Entry.objects.filter(about_id=ask.incident_id, kind="incidents.lapsed", detail__ask=ask.kind)
    told = Message.objects.filter(template="incidents.lapsed", to_person=ask.asked_by.person_id)
    waits = Duty.objects.filter(about_id=ask.incident_id).exclude(state="ended")
    return ask.state == "lapsed" and entry.count() == 1 and told.exists() and not waits.exists()


def test_a_close_ends_what_waits_and_it_cannot_be_decided_any_more(town: Town) -> None:
    incident = town.answered()
    waits = asked(town, incident, "escalate", by=town.handler)
    operations.check_back(incident_id=incident.id, by=town.dispatcher, at=town.later())
    operations.verify(incident_id=incident.id, by=town.grid_worker, at=town.later())
    assert lapsed(waits)
    with pytest.raises(DecidedAlready):
        operations.decide(ask_id=waits.id, approve=True, reason="", by=town.commander, at=town.later())


def test_so_do_a_refusal_to_accept_and_a_word_that_it_is_void(town: Town) -> None:
    for end in (operations.decline, operations.void):
        incident = town.report()
        waits = asked(town, incident)
        end(incident_id=incident.id, reason="误报", by=town.dispatcher, at=town.later())
        assert lapsed(waits)


def test_so_does_a_merge(town: Town) -> None:
    incident, into = town.dispatched(), town.dispatched()
    waits = asked(town, incident, "return", by=town.handler)
    operations.merge(incident_id=incident.id, into_id=into.id, by=town.dispatcher, at=town.later())
    assert lapsed(waits)


def test_so_does_a_referral_to_the_police(town: Town) -> None:
    incident = town.report("violence", by=town.dispatcher, victim_cannot_act=True)
    waits = asked(town, incident)
    operations.refer(incident_id=incident.id, receipt="回执", by=town.dispatcher, at=town.later())
    assert lapsed(waits)


def test_a_step_that_ends_nothing_leaves_it_waiting(town: Town) -> None:
    incident = town.dispatched()
    waits = asked(town, incident, "return", by=town.handler)
    operations.sign(incident_id=incident.id, by=town.handler, at=town.later())
    waits.refresh_from_db()
    assert waits.state == "asked"
