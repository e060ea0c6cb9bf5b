"""Caps of a district: within the project's, read by every operation that has one."""

from __future__ import annotations

import pytest
from django.test import Client
from tests import factories
from tests.incidents.conftest import Town, make_town
from tests.incidents.pages.conftest import command

from qipan.foundation.journal.models import Entry
from qipan.foundation.posts.access import NotYours
from qipan.foundation.refusals import Invalid
from qipan.incidents import operations
from qipan.incidents.operations import asks
from qipan.incidents.queries.caps import caps_of
from qipan.incidents.rules.caps import CAPS, CapOutOfBounds


def test_a_district_lowers_its_caps_and_another_keeps_the_project_s(town: Town) -> None:
    other = make_town("西区")
    operations.set_caps(own={"extension_days": 5, "extensions": 1}, by=town.administrator, at=town.later())
    assert (caps_of(town.district.pk).extension_days, caps_of(town.district.pk).holds) == (5, CAPS.holds)
    assert caps_of(other.district.pk) == CAPS
    entry = Entry.objects.get(kind="incidents.caps_set")
    assert entry.detail["after_values"] == {"extension_days": 5, "extensions": 1}


@pytest.mark.parametrize("own", [{"extensions": 0}, {"extensions": 3}, {"extension_days": 16}, {"hold_days": 0},
                                 {"spot_check_share": 0.01}, {"returns": True}, {"hold_days": 1.5}])  # fmt: skip
def test_none_and_more_than_the_project_s_are_refused(town: Town, own: dict[str, float]) -> None:
    with pytest.raises(CapOutOfBounds):
        operations.set_caps(own=own, by=town.administrator, at=town.later())
    assert caps_of(town.district.pk) == CAPS
    assert not Entry.objects.filter(kind="incidents.caps_set").exists()


def test_what_is_no_cap_of_a_district_is_refused(town: Town) -> None:
    for own in ({"automatic_reopenings": 1}, {"holidays": 3}):
        with pytest.raises(Invalid):
            operations.set_caps(own=own, by=town.administrator, at=town.later())


def test_a_dispatcher_does_not_set_them(town: Town) -> None:
    with pytest.raises(NotYours):
        operations.set_caps(own={"returns": 1}, by=town.dispatcher, at=town.later())


def test_asks_keep_within_the_district_s_caps(town: Town) -> None:
    operations.set_caps(
        own={"extension_days": 5, "extensions": 1, "hold_days": 10}, by=town.administrator, at=town.later()
    )
    incident = town.dispatched()

    def ask(kind: str, days: int) -> asks.Ask:
        return operations.ask(incident_id=incident.id, kind=kind, reason="备料", days=days, by=town.handler,
                              at=town.later())  # fmt: skip

    for kind, days in (("extension", 6), ("hold", 11)):
        with pytest.raises(asks.TooLong):
            ask(kind, days)
    operations.decide(ask_id=ask("extension", 5).id, approve=True, reason="", by=town.dispatcher, at=town.later())
    with pytest.raises(asks.TooOften):
        ask("extension", 5)


def test_the_page_sets_them_and_says_what_is_out_of_bounds(town: Town) -> None:
    client = factories.sign_in(Client(), town.administrator)
    sent = {"extensions": "1", "extension_days": "7", "hold_days": "30", "returns": "2", "attachments": "9",
            "photo_metres": "100", "spot_check_share": "10"}  # fmt: skip
    answer = client.post("/incidents/rules/caps/", command(**{**sent, "hold_days": "91"}))
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["hold_days"])
    assert client.post("/incidents/rules/caps/", command(**sent)).status_code == 302
    now = caps_of(town.district.pk)
    assert (now.extensions, now.hold_days, now.photo_metres, now.spot_check_share) == (1, 30, 100, 0.1)
    assert client.get("/incidents/rules/caps/").context["form"]["hold_days"].value() == 30
    other = factories.sign_in(Client(), town.dispatcher)
    assert other.get("/incidents/rules/caps/").context["form"] is None
    assert other.post("/incidents/rules/caps/", command(**sent)).status_code == 403
