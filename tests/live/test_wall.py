"""The wall screen: whose views it turns through, who sets them, and what it never shows."""

from __future__ import annotations

import json
import re
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from tests import factories
from tests.incidents.conftest import Town, make_town

from qipan.foundation.areas.access import NoSuchArea
from qipan.foundation.journal.models import Entry
from qipan.foundation.posts.access import NotYours
from qipan.foundation.posts.models import Post
from qipan.foundation.posts.rules import Role
from qipan.incidents.models import Incident
from qipan.live.models import WallView
from qipan.live.operations import PartMissing, SecondsOutOfRange, TooManyViews, View, set_views
from qipan.live.queries.wall import USUAL, views, wall

pytestmark = pytest.mark.django_db
ADDRESS = "/board/wall/views/"


@pytest.fixture
def town() -> Town:
    made = make_town()
    made.at = timezone.now()
    return made


def kinds(viewer: Post) -> list[str]:
    return [view["kind"] for view in views(viewer=viewer)]


def filled(*rows: tuple[str, str, str]) -> dict[str, str]:
    form = {"command": str(uuid4())}
    for number, row in enumerate(rows, 1):
        form |= dict(zip((f"kind_{number}", f"part_{number}", f"seconds_{number}"), row, strict=True))
    return form


def test_without_views_of_its_own_an_area_has_those_above_it_or_the_usual_ones(town: Town) -> None:
    assert kinds(town.dispatcher) == [kind for kind, _seconds in USUAL]
    next_door = factories.below(town.district, 2, 1)
    set_views(views=[View("worst", 10), View("township", 15, next_door.pk), View("township", 15, town.township.pk)],
              by=town.commander, at=town.later())  # fmt: skip
    assert [view["part"] and view["part"]["id"] for view in views(viewer=town.commander)] == [
        None, next_door.pk, town.township.pk,
    ]  # fmt: skip
    assert [view["part"] and view["part"]["id"] for view in views(viewer=town.dispatcher)] == [None, town.township.pk]
    chief = factories.post(Role.COMMANDER, town.township)
    set_views(views=[View("figures", 30)], by=chief, at=town.later())
    assert kinds(town.dispatcher) == ["figures"]
    assert kinds(town.commander) == ["worst", "township", "township"]
    set_views(views=[], by=chief, at=town.later())
    assert kinds(town.dispatcher) == ["worst", "township"]


def test_what_was_set_is_in_the_journal(town: Town) -> None:
    set_views(views=[View("worst", 10)], by=town.commander, at=town.later())
    entry = Entry.objects.get(kind="live.wall_set")
    assert entry.detail == {"views": [{"kind": "worst", "seconds": 10, "part": None}]}
    assert (entry.post_id, entry.areas) == (town.commander.pk, [town.district.pk])


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ([View("worst", 10)] * 9, TooManyViews),
        ([View("worst", 4)], SecondsOutOfRange),
        ([View("worst", 601)], SecondsOutOfRange),
        ([View("township", 10)], PartMissing),
    ],
)
def test_views_that_cannot_be_are_refused_and_change_nothing(town: Town, given: list[View], refusal: Any) -> None:
    set_views(views=[View("figures", 30)], by=town.commander, at=town.later())
    with pytest.raises(refusal):
        set_views(views=given, by=town.commander, at=town.later())
    assert kinds(town.commander) == ["figures"]


def test_a_part_outside_the_own_area_does_not_exist(town: Town) -> None:
    chief = factories.post(Role.COMMANDER, town.township)
    next_door = factories.below(town.district, 2, 1)
    with pytest.raises(NoSuchArea):
        set_views(views=[View("township", 10, next_door.pk)], by=chief, at=town.later())


def test_only_commanders_and_administrators_set_views(town: Town) -> None:
    for role in Role:
        post = factories.post(role, town.district)
        allowed = role in {Role.COMMANDER, Role.ADMINISTRATOR}
        client = factories.sign_in(Client(), post)
        assert (client.get(ADDRESS).status_code == 200) == allowed, role
        before = WallView.objects.count()
        client.post(ADDRESS, filled(("worst", "", "10")))
        assert (WallView.objects.count() != before) == (allowed and before == 0), role
        if not allowed:
            with pytest.raises(NotYours):
                set_views(views=[], by=post, at=town.later())
        WallView.objects.all().delete()


def test_the_page_sets_them_and_says_what_is_wrong(town: Town) -> None:
    client = factories.sign_in(Client(), town.commander)
    page = client.post(ADDRESS, filled(("township", str(town.township.pk), "15"), ("", "", "20"), ("scores", "", "9")))
    assert page.status_code == 302
    assert kinds(town.commander) == ["township", "scores"]
    page = client.post(ADDRESS, filled(("township", "", "15")))
    assert page.status_code == 422
    assert "请选择该画面显示的区域" in page.content.decode()
    assert client.post(ADDRESS, filled(("worst", "", "3"))).status_code == 422
    assert kinds(town.commander) == ["township", "scores"]


def test_a_wall_shows_no_title_of_a_private_matter_and_no_person(town: Town) -> None:
    quarrel = town.with_contact("neighbours", title="邻居纠纷", text="某某家砌墙")
    town.report("street-light", title="路灯不亮")
    assert Incident.objects.get(pk=quarrel.pk).private
    client = factories.sign_in(Client(), town.commander)
    answer = client.get("/api/v1/board/wall?groups=true")
    found = answer.json()
    rows = {row["number"]: row for row in found["worst"]}
    assert (rows[quarrel.number]["title"], rows[quarrel.number]["kind"]) == ("", "")
    assert "路灯不亮" in [row["title"] for row in found["worst"]]
    for word in ("邻居", "某某", "13800138000", str(town.grid_worker.person)):
        assert word not in answer.content.decode()


def test_a_wall_shows_what_its_post_sees(town: Town) -> None:
    town.report("street-light")
    next_door = factories.below(town.district, 2, 1)
    for role in (Role.COMMANDER, Role.DISPATCHER, Role.ADMINISTRATOR):
        stranger = factories.post(role, next_door, factories.unit(area=next_door))
        found = wall(viewer=stranger, now=timezone.now(), groups=True)
        assert (found["worst"], found["supervised"], found["groups"]) == ([], [], [])
        assert {one["value"] for one in found["figures"]} == {0}
    assert len(wall(viewer=town.dispatcher, now=timezone.now(), groups=False)["worst"]) == 1


def test_the_shell_gives_its_script_words_addresses_and_views(town: Town) -> None:
    client = factories.sign_in(Client(), town.dispatcher)
    page = client.get("/board/wall/")
    found = re.search(r'<script id="board-data" type="application/json">(.*?)</script>', page.content.decode(), re.S)
    assert found
    data = json.loads(found[1])
    assert [view["kind"] for view in data["views"]] == [kind for kind, _seconds in USUAL]
    for name in ("map", "wall", "page"):
        assert client.get(data["addresses"][name]).status_code == 200, name
    assert Client().get("/board/wall/").status_code == 302
