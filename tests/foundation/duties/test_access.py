"""Who sees a duty, who is told of it, and what stays hidden."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from qipan.foundation.duties import access, operations, queries
from qipan.foundation.duties.models import Duty
from qipan.foundation.duties.recipients import Directory
from qipan.foundation.duties.rules import Recipient
from qipan.foundation.journal.rules import SYSTEM, Class
from qipan.foundation.posts.models import Post
from tests import factories
from tests.foundation.duties.conftest import KIND, moment

pytestmark = pytest.mark.django_db
NOW = moment("2026-03-02 09:00")


def opened(district: Any, *, area: Any = None, privacy: int = Class.OPEN, **more: Any) -> Duty:
    thing = district.thing(privacy)
    if area is not None:
        thing.area = area
    return operations.open(kind=KIND, about=thing, at=NOW, by=SYSTEM, **more)


def seen_by(viewer: Post) -> set[Any]:
    return set(access.visible(viewer=viewer).values_list("pk", flat=True))


def test_nobody_sees_nothing(district):
    opened(district)
    assert not access.visible(viewer=None).exists()


def test_an_open_duty_is_seen_in_its_area_and_above_and_nowhere_else(district):
    duty = opened(district, unit=district.unit)
    below = [factories.post("grid_worker", factories.below(district.area, level)) for level in (2, 3, 4)]
    beside = factories.post("grid_worker", factories.area(district.area, "另一镇"))
    for viewer in (district.dispatcher, district.commander, *below):
        assert duty.pk in seen_by(viewer)
    assert duty.pk not in seen_by(beside)


def test_who_owes_a_duty_sees_it_wherever_it_is(district):
    elsewhere = factories.area(district.area, "另一镇")
    worker = factories.post("grid_worker", factories.below(district.area, 4))
    duty = opened(district, area=elsewhere, post=worker)
    assert duty.pk in seen_by(worker)


@pytest.mark.parametrize("privacy", [Class.PRIVATE, Class.SECRET])
def test_a_private_duty_is_seen_by_whom_it_is_owed_by_alone(district, privacy):
    taken = opened(district, privacy=privacy, post=district.handler, unit=district.unit)
    untaken = opened(district, privacy=privacy, unit=district.unit)
    assert seen_by(district.handler) == {taken.pk, untaken.pk}
    assert seen_by(district.colleague) == {untaken.pk}
    assert seen_by(district.commander) == seen_by(district.dispatcher) == set()


def test_a_deputy_has_the_work_of_the_main_post(district):
    duty = opened(district, post=district.handler, privacy=Class.PRIVATE)
    deputy = factories.post(
        "handler", district.area, district.unit, kind="deputy", deputy_of=district.handler, stands_in="off_duty"
    )
    assert duty.pk in seen_by(deputy)
    assert [row.duty.pk for row in queries.my_work(viewer=deputy, now=NOW).rows] == [duty.pk]


def test_another_districts_duty_does_not_exist_even_for_whom_a_mistake_named(district, make_district):
    other = make_district("西区", "910102")
    duty = opened(district)
    Duty.objects.filter(pk=duty.pk).update(post=other.handler)
    assert seen_by(other.handler) == set()
    for look in (access.get, access.lock):
        with pytest.raises(access.NoSuchDuty):
            look(duty.pk, viewer=other.commander)


# Recipients


def told(duty: Duty, recipient: Recipient) -> set[Any]:
    return {post.pk for post in Directory([duty], at=timezone.now()).find(duty, recipient)}


def test_the_owner_is_the_post_else_everybody_in_the_unit_else_the_nearest_desk(district):
    everybody = {district.head.pk, district.handler.pk, district.colleague.pk}
    assert told(opened(district, post=district.handler, unit=district.unit), Recipient.OWNER) == {district.handler.pk}
    assert told(opened(district, unit=district.unit), Recipient.OWNER) == everybody
    assert told(opened(district), Recipient.OWNER) == {district.dispatcher.pk}


def test_a_post_that_has_ended_hands_its_warnings_to_the_unit(district):
    duty = opened(district, post=district.handler, unit=district.unit)
    Post.objects.filter(pk=district.handler.pk).update(valid_to=timezone.now() - timedelta(days=1))
    assert told(duty, Recipient.OWNER) == {district.head.pk, district.colleague.pk}


def test_the_nearest_dispatcher_is_the_townships_before_the_districts(district):
    near = factories.post("dispatcher", factories.below(district.area, 2))
    assert told(opened(district), Recipient.DISPATCHER) == {near.pk}


def test_the_head_is_who_is_marked_else_who_leads_by_role_else_nobody(district):
    duty = opened(district, unit=district.unit)
    assert told(duty, Recipient.HEAD) == {district.head.pk}
    Post.objects.update(head=False)
    assert told(duty, Recipient.HEAD) == set()
    leader = factories.post("site_head", district.area, district.unit)
    assert told(duty, Recipient.HEAD) == {leader.pk}


def test_the_commander_is_the_districts(district):
    factories.post("commander", factories.below(district.area, 2))
    assert told(opened(district), Recipient.COMMANDER) == {district.commander.pk}


def test_everybody_to_tell_of_a_hundred_duties_is_found_in_three_queries(district, django_assert_num_queries):
    duties = [opened(district, unit=district.unit, post=district.handler) for _ in range(10)]
    with django_assert_num_queries(3):
        directory = Directory(duties, at=timezone.now())
        for duty in duties:
            for recipient in Recipient:
                directory.find(duty, recipient)
