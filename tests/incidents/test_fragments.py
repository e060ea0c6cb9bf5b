"""Conditions as SQL: the same rows as by the query set, for everybody; and nothing that would join."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import Q
from tests.incidents.conftest import Town

from qipan.incidents import access, queries
from qipan.incidents.models import Incident
from qipan.incidents.queries import Filters, fragments


def test_everybody_s_list_is_what_they_may_see_and_for_me_what_is_theirs(town: Town) -> None:
    town.report("violence")
    for make in (town.report, town.dispatched, town.answered, town.closed):
        for key in ("street-light", "neighbours"):
            make(key)
    people = [town.dispatcher, town.handler, town.grid_worker, town.commander, town.administrator]
    for viewer in people:
        for mine in (False, True):
            found = queries.page(viewer=viewer, filters=Filters(mine=mine), now=town.later() + timedelta(days=1))
            wanted = access.visible(viewer=viewer)
            wanted = wanted.filter(access.mine(viewer)) if mine else wanted
            assert {row["id"] for row in found.rows} == set(wanted.values_list("pk", flat=True)), (viewer.role, mine)


def test_who_moves_sees_what_they_see_now(town: Town) -> None:
    incident = town.dispatched()
    page = {"filters": Filters(), "now": town.later()}
    assert queries.page(viewer=town.handler, **page).rows
    town.handler.unit = town.other
    town.handler.save()
    Incident.objects.filter(pk=incident.pk).update(handler=None)
    assert not queries.page(viewer=town.handler, **page).rows


def test_what_nothing_fulfils_and_what_everything_does(db: None) -> None:
    assert fragments.of(Q(pk__in=())) is None
    assert fragments.of(Q()) == ("TRUE", ())


def test_a_condition_that_joins_is_a_mistake(db: None) -> None:
    with pytest.raises(AssertionError, match="joins"):
        fragments.of(Q(category__key="rubbish"))
