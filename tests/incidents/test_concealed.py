"""A category that becomes private or hidden from the village takes its open incidents along, and no closed one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings as django
from tests import factories
from tests.incidents.conftest import Town
from tests.kernels.test_photos import encoded, picture

from qipan.foundation.areas.models import Level
from qipan.foundation.duties.models import Duty
from qipan.foundation.journal.models import Entry
from qipan.foundation.posts.models import Post
from qipan.foundation.posts.rules import Role
from qipan.foundation.vault.models import Card
from qipan.incidents import access, operations
from qipan.incidents.models import Incident

WORDS = "二单元住户在楼道堆放杂物并争吵"


def raise_privacy(town: Town, key: str = "street-light", **changes: bool) -> None:
    changes = changes or {"private": True}
    operations.change_category(category=town.category(key), changes=changes, by=town.administrator, at=town.later())


def sees(viewer: Post, incident: Incident) -> bool:
    return access.visible(viewer=viewer).filter(pk=incident.pk).exists()


def test_open_incidents_become_private_and_closed_ones_stay(town: Town) -> None:
    closed = town.closed()
    incident = town.report("street-light", title=WORDS, text=WORDS)
    operations.accept(incident_id=incident.id, by=town.dispatcher, at=town.later())
    [photo] = operations.add_photos(
        incident_id=incident.id, stage="report", files=[encoded(picture())], by=town.dispatcher, at=town.later()
    )
    open_file = django.FILES / photo.path
    other = town.report("road", title=WORDS)
    assert sees(town.administrator, incident)
    town.later(days=1)
    raise_privacy(town)
    incident.refresh_from_db()
    photo.refresh_from_db()
    assert incident.private
    assert WORDS not in f"{incident.title}{incident.text}{incident.address}{incident.search}"
    assert Card.objects.get(pk=incident.text_card).purpose == "incidents.private"
    assert photo.sealed
    assert open_file.exists() is False or photo.path != str(open_file)
    assert not Duty.objects.filter(about_id=incident.pk, title__contains="楼道").exists()
    assert not sees(town.administrator, incident)
    assert sees(town.dispatcher, incident)
    entry = Entry.objects.get(about_id=incident.pk, kind="incidents.concealed")
    assert (entry.post_id, entry.detail["private"]) == (town.administrator.pk, True)
    for untouched in (closed, other):
        untouched.refresh_from_db()
        assert not untouched.private
        assert not Entry.objects.filter(about_id=untouched.pk, kind="incidents.concealed").exists()


def test_the_way_back_unseals_nothing(town: Town) -> None:
    incident = town.report("street-light", title=WORDS)
    raise_privacy(town)
    operations.change_category(
        category=town.category("street-light"), changes={"private": False}, by=town.administrator, at=town.later()
    )
    incident.refresh_from_db()
    assert incident.private
    assert WORDS not in incident.title
    assert Entry.objects.filter(kind="incidents.concealed").count() == 1
    assert not town.report("street-light").private


def test_a_failure_leaves_category_and_incidents_as_they_were(town: Town, monkeypatch) -> None:
    incident = town.report("street-light", title=WORDS)

    def fail(*_given: object, **_named: object) -> None:
        raise OSError

    monkeypatch.setattr("qipan.incidents.operations.conceal.write_words", fail)
    with pytest.raises(OSError):
        raise_privacy(town)
    incident.refresh_from_db()
    assert (incident.private, incident.title) == (False, WORDS)
    assert not town.category("street-light").private


def test_what_becomes_hidden_leaves_the_village(town: Town) -> None:
    village = factories.unit(area=town.village, kind="centre", name="村网格站")
    clerk = factories.post(Role.DISPATCHER, town.village, village)
    handler = factories.post(Role.HANDLER, town.village, village)
    at_desk = town.report("neighbours")
    assert at_desk.desk == village
    sent = town.dispatched("street-light")
    verifying = town.answered("street-light")
    operations.check_back(incident_id=verifying.id, by=town.dispatcher, at=town.later())
    there = town.report("street-light")
    operations.accept(incident_id=there.id, by=town.dispatcher, at=town.later())
    operations.dispatch(incident_id=there.id, unit=village, by=town.dispatcher, at=town.later())
    assert sees(handler, there)
    for key in ("neighbours", "street-light"):
        raise_privacy(town, key, hidden_from_village=True)
    for one in (at_desk, sent, verifying, there):
        one.refresh_from_db()
        assert one.hidden_from_village
        assert not sees(clerk, one)
        assert not sees(town.grid_worker, one)
        for duty in Duty.objects.filter(about_id=one.pk).exclude(state="ended"):
            holder = duty.post or duty.unit
            assert holder.area.level < Level.VILLAGE
    assert (at_desk.desk, at_desk.level) == (town.desk, Level.TOWNSHIP)
    assert (there.unit, there.status) == (None, "filed")
    assert (sent.unit, sent.status) == (town.department, "dispatched")
    assert verifying.verifier is None
    operations.verify(incident_id=verifying.id, by=town.dispatcher, at=town.later())


def test_a_draft_is_as_private_as_its_category_when_it_is_handed_in(town: Town) -> None:
    draft = town.report("street-light", title=WORDS, draft=True)
    raise_privacy(town, private=True, hidden_from_village=True)
    draft.refresh_from_db()
    assert not draft.private
    assert sees(town.grid_worker, draft)
    operations.submit(incident_id=draft.id, by=town.grid_worker, at=town.later())
    draft.refresh_from_db()
    assert (draft.private, draft.hidden_from_village) == (True, True)
    assert WORDS not in draft.title


def test_a_hundred_take_a_moment(town: Town, django_assert_max_num_queries) -> None:
    for _ in range(3):
        town.report("street-light", title=WORDS)
    town.at += timedelta(days=1)
    with django_assert_max_num_queries(80):
        raise_privacy(town)
