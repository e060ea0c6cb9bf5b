"""Sight in plain Python says the same as sight in the database, for every role at every level."""

from __future__ import annotations

import random

import pytest
from django.utils import timezone
from tests import factories
from tests.incidents.conftest import Town, make_town

from qipan.foundation.areas.models import Area
from qipan.foundation.posts.models import Post
from qipan.foundation.posts.rules import Role
from qipan.incidents import access
from qipan.incidents.models import Assistance, Incident
from qipan.incidents.queries import board
from qipan.incidents.rules.steps import Status
from qipan.live import held, hub, rows
from qipan.live.sight import Viewer, sees

pytestmark = pytest.mark.django_db


def everybody(town: Town) -> list[Post]:
    """Each role at a district, at both townships, at a village and at a cell, without a unit and with one."""
    places = [town.district, town.township, factories.below(town.district, 2, 1), town.village, town.cell]
    units = [None, town.department, town.other]
    posts = [factories.post(role, area, unit) for role in Role for area in places for unit in units]
    stranger = factories.tree("青河区")
    return posts + [factories.post(role, stranger) for role in Role]


def scattered(town: Town, dice: random.Random, posts: list[Post]) -> list[Incident]:
    """Incidents of every kind of standing, as the constraints of the table allow them."""
    category, units = town.category("street-light"), [None, town.department, town.other, town.desk]
    areas = list(Area.objects.filter(district=town.district))
    made = []
    for number in range(80):
        status = dice.choice([each for each in Status if each is not Status.MERGED])
        cannot_act = dice.random() < 0.2
        accused, unit = dice.choice(units), None if cannot_act else dice.choice(units)
        handler, verifier = dice.sample(posts, 2)
        one = Incident(
            number=f"QP{number}", category=category, klass=category.klass, status=status, status_at=town.at,
            private=dice.random() < 0.4, hidden_from_village=dice.random() < 0.4, victim_cannot_act=cannot_act,
            title="路灯", source="staff", reported_at=town.at, level=2, desk=dice.choice(units), unit=unit,
            accused=None if accused == unit else accused, handler=dice.choice([None, handler]),
            verifier=dice.choice([None, verifier]), reported_by=dice.choice([None, *posts]),
            closed_at=timezone.now() if status in {Status.CLOSED, Status.RATED} else None,
        ).place(dice.choice(areas))  # fmt: skip
        if number % 5:
            one.longitude, one.latitude = 114.1, 36.2
        made.append(one)
    Incident.objects.bulk_create(made)
    Assistance.objects.bulk_create(
        Assistance(incident=one, unit=dice.choice(units[1:]), asked_at=town.at) for one in made if dice.random() < 0.3
    )
    return made


@pytest.mark.parametrize("seed", range(4))
def test_both_ways_of_saying_who_sees_agree(seed: int) -> None:
    town = make_town()
    posts = everybody(town)
    made = rows.load({one.pk for one in scattered(town, random.Random(seed), posts)})
    seen = 0
    for post in posts:
        viewer = Viewer.of(post)
        by_hand = {row.id for row in made.values() if sees(viewer, row)}
        assert by_hand == set(access.visible(viewer=post).values_list("pk", flat=True)), post
        seen += len(by_hand)
    assert seen > len(made)


def told(feed: board.Feed | None) -> set[tuple[object, ...]]:
    assert feed is not None
    assert feed.whole
    assert not feed.gone
    assert len(feed.rows) == len({str(row[0]) for row in feed.rows})
    return {(str(row[0]), *row[1:]) for row in feed.rows}


@pytest.mark.parametrize("seed", range(4))
def test_the_map_from_the_hub_is_the_map_from_the_database(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    town = make_town()
    posts = everybody(town)
    scattered(town, random.Random(seed), posts)
    made, known = hub.Hub(), rows.known()
    made.rows, made.position = known.rows, known.position
    monkeypatch.setattr(hub, "_listening", {made})
    drawn = 0
    for post in posts:
        assert told(held.whole(post)) == told(board.read(viewer=post)), post
        drawn += len(board.map_feed(viewer=post).rows)
    assert drawn > len(made.rows)
    made.position -= 1  # a feed that is behind the journal says nothing
    assert held.whole(posts[0]) is None
    assert told(board.map_feed(viewer=posts[0])) == told(board.read(viewer=posts[0]))


def test_what_is_loaded_at_the_start_is_what_is_open(django_assert_num_queries) -> None:
    town = make_town()
    scattered(town, random.Random(9), everybody(town))
    with django_assert_num_queries(4):
        known = rows.known()
    assert set(known.rows) == {one.pk for one in Incident.objects.all() if rows.load({one.pk})[one.pk].open}
    assert known.rows == rows.load(set(known.rows))
