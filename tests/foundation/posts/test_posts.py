"""Whose rights count, and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from qipan.foundation.journal.models import Entry
from qipan.foundation.journal.rules import SYSTEM
from qipan.foundation.posts import access, operations, queries, rules
from qipan.foundation.posts.access import NotYours
from qipan.foundation.posts.models import Post, Shift
from qipan.foundation.posts.operations.authors import OutsideYourArea
from qipan.foundation.posts.operations.posts import (
    DeputyOfDeputy,
    EmergencyNeedsAnEnd,
    EndedAlready,
    EndsBeforeItBegins,
    HeldAlready,
    OtherDistrict,
    OwnDeputy,
)
from qipan.foundation.posts.rules import Role
from qipan.foundation.refusals import NotFound
from tests import factories

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def in_force(post: Post, at: datetime = NOW) -> bool:
    return post in queries.in_force(post.person, at)


def administrator(district=None, **fields):
    return factories.post(Role.ADMINISTRATOR, district or factories.district(), **fields)


def test_a_post_counts_from_its_first_instant_to_its_last():
    post = factories.post(valid_from=NOW, valid_to=NOW + DAY)
    assert not in_force(post, NOW - timedelta(seconds=1))
    assert in_force(post, NOW)
    assert in_force(post, NOW + DAY - timedelta(seconds=1))
    assert not in_force(post, NOW + DAY)


def test_a_disabled_person_has_no_post_in_force():
    post = factories.post()
    post.person.is_active = False
    post.person.save()
    assert not in_force(post)


def test_a_deputy_counts_while_the_main_post_has_no_open_shift():
    main = factories.post(Role.COMMANDER)
    deputy = operations.deputise(
        post_id=main.pk, person=factories.person(district=main.district), by=SYSTEM, at=NOW - DAY
    )
    assert in_force(deputy)
    shift = Shift.objects.create(post=main, opened_at=NOW - timedelta(hours=1))
    assert not in_force(deputy)
    assert in_force(deputy, NOW - timedelta(hours=2))
    shift.closed_at = NOW
    shift.save()
    assert in_force(deputy, NOW)
    assert not in_force(deputy, NOW - timedelta(minutes=1))


def test_a_deputy_for_days_away_counts_only_then():
    main = factories.post(Role.COMMANDER)
    deputy = operations.deputise(
        post_id=main.pk, person=factories.person(district=main.district), stands_in="away", by=SYSTEM, at=NOW - DAY
    )
    assert not in_force(deputy)
    operations.set_away(post_id=main.pk, away_from=NOW, away_to=NOW + DAY, by=main, at=NOW)
    assert in_force(deputy, NOW)
    assert not in_force(deputy, NOW + DAY)


def test_numbers_in_reasons_are_masked():
    post = factories.post(Role.COMMANDER)
    away = operations.set_away(
        post_id=post.pk, away_from=NOW, away_to=NOW + DAY, by=post, at=NOW, reason="有事打13812345678"
    )
    assert away.reason == "有事打138****5678"
    ended = operations.end(post_id=post.pk, by=SYSTEM, at=NOW, reason="调离，电话13812345678")
    assert ended.ended_reason == "调离，电话138****5678"


def test_a_deputy_stands_in_for_a_main_post_that_has_ended():
    main = factories.post(Role.COMMANDER)
    deputy = operations.deputise(
        post_id=main.pk, person=factories.person(district=main.district), stands_in="away", by=SYSTEM, at=NOW - DAY
    )
    operations.end(post_id=main.pk, by=SYSTEM, at=NOW)
    assert in_force(deputy, NOW)


def test_coming_back_early_ends_the_deputys_turn():
    main = factories.post(Role.COMMANDER)
    deputy = operations.deputise(
        post_id=main.pk, person=factories.person(district=main.district), stands_in="away", by=SYSTEM, at=NOW - DAY
    )
    absence = operations.set_away(post_id=main.pk, away_from=NOW, away_to=NOW + 3 * DAY, by=main, at=NOW)
    operations.cancel_away(absence_id=absence.pk, by=main, at=NOW + DAY)
    assert in_force(deputy, NOW + timedelta(hours=1))
    assert not in_force(deputy, NOW + DAY)


def test_a_deputy_of_oneself_or_of_a_deputy_is_refused():
    main = factories.post(Role.COMMANDER)
    with pytest.raises(OwnDeputy):
        operations.deputise(post_id=main.pk, person=main.person, by=SYSTEM, at=NOW)
    deputy = operations.deputise(post_id=main.pk, person=factories.person(district=main.district), by=SYSTEM, at=NOW)
    with pytest.raises(DeputyOfDeputy):
        operations.deputise(post_id=deputy.pk, person=factories.person(district=main.district), by=SYSTEM, at=NOW)
    assert Post.objects.count() == 2


def test_an_emergency_post_needs_an_end_and_expires_by_itself():
    admin = administrator()
    person = factories.person(district=admin.district)
    with pytest.raises(EmergencyNeedsAnEnd):
        operations.appoint(person=person, role=Role.SAMPLER, area=admin.area, kind="emergency", by=admin, at=NOW)
    post = operations.appoint(
        person=person, role=Role.SAMPLER, area=admin.area, kind="emergency", valid_to=NOW + DAY, by=admin, at=NOW
    )
    Shift.objects.create(post=post, opened_at=NOW)
    assert in_force(post)
    assert not in_force(post, NOW + DAY)
    assert operations.expire(at=NOW + 2 * DAY, by=SYSTEM) == 1
    assert operations.expire(at=NOW + 2 * DAY, by=SYSTEM) == 0
    assert Entry.objects.filter(kind="posts.expired", about_id=post.pk).count() == 1
    assert not Shift.objects.filter(closed_at=None).exists()


def test_the_database_itself_refuses_an_emergency_post_without_an_end():
    with pytest.raises(IntegrityError), transaction.atomic():
        factories.post(kind="emergency", valid_to=None)


def test_appointing_is_journalled_and_needs_an_administrator_of_the_place():
    root = factories.tree(townships=2)
    township, other = factories.below(root, 2, 0), factories.below(root, 2, 1)
    admin = administrator(township)
    person = factories.person(district=root)
    post = operations.appoint(person=person, role=Role.DISPATCHER, area=township, by=admin, at=NOW, reason="new")
    entry = Entry.objects.get(kind="posts.appointed")
    assert (entry.about_id, entry.post_id, entry.reason) == (post.pk, admin.pk, "new")
    assert entry.areas == [root.pk, township.pk]
    before = Post.objects.count()
    with pytest.raises(OutsideYourArea):
        operations.appoint(person=person, role=Role.DISPATCHER, area=other, by=admin, at=NOW)
    with pytest.raises(OutsideYourArea):
        operations.appoint(person=person, role=Role.DISPATCHER, area=root, by=admin, at=NOW)
    with pytest.raises(NotYours):
        operations.appoint(person=person, role=Role.DISPATCHER, area=township, by=post, at=NOW)
    assert Post.objects.count() == before
    assert Entry.objects.count() == 1


def test_a_person_of_another_district_cannot_be_appointed():
    admin = administrator()
    with pytest.raises(OtherDistrict):
        operations.appoint(
            person=factories.person(district=factories.district()), role=Role.LAB, area=admin.area, by=admin, at=NOW
        )


def test_the_same_post_is_not_held_twice_at_once():
    admin = administrator()
    person = factories.person(district=admin.district)
    first = {"person": person, "role": Role.LAB, "area": admin.area, "by": admin, "at": NOW}
    operations.appoint(**first, valid_to=NOW + 2 * DAY)
    with pytest.raises(HeldAlready):
        operations.appoint(**first)
    operations.appoint(**first, valid_from=NOW + 2 * DAY)
    with pytest.raises(EndsBeforeItBegins):
        operations.appoint(**{**first, "role": Role.COURIER}, valid_to=NOW - DAY)


def test_ending_a_post_ends_its_shift_and_its_tokens_and_happens_once():
    admin = administrator()
    post = factories.post(Role.LAB, admin.area)
    operations.open_shift(by=post, at=NOW)
    _token, secret = operations.issue_token(
        post=post, name="lab", scopes=["read"], expires_at=NOW + DAY, by=post, at=NOW
    )
    operations.end(post_id=post.pk, by=admin, at=NOW, reason="moved")
    assert not in_force(post, NOW)
    assert not Shift.objects.filter(closed_at=None).exists()
    assert operations.use_token(secret=secret, at=NOW) is None
    with pytest.raises(EndedAlready):
        operations.end(post_id=post.pk, by=admin, at=NOW + DAY)


def test_a_post_of_another_district_does_not_exist_for_an_administrator():
    stranger = factories.post(Role.LAB)
    admin = administrator()
    for act in (
        lambda: operations.end(post_id=stranger.pk, by=admin, at=NOW),
        lambda: operations.change(post_id=stranger.pk, valid_to=NOW + DAY, by=admin, at=NOW),
        lambda: operations.deputise(post_id=stranger.pk, person=admin.person, by=admin, at=NOW),
        lambda: operations.set_away(post_id=stranger.pk, away_from=NOW, away_to=NOW + DAY, by=admin, at=NOW),
        lambda: operations.disable_person(person_id=stranger.person_id, by=admin, at=NOW),
        lambda: operations.set_password(person_id=stranger.person_id, password="a long new one 1", by=admin, at=NOW),
        lambda: access.post(stranger.pk, viewer=admin),
    ):
        with pytest.raises(NotFound):
            act()
    assert Entry.objects.count() == 0


def test_an_administrator_below_takes_over_no_account_of_above_or_beside():
    root = factories.tree()
    here, beside = factories.below(root, 2), factories.below(root, 2, 1)
    low = factories.post(Role.ADMINISTRATOR, here)
    chief, neighbour = factories.post(Role.DPO, root), factories.post(Role.LAB, beside)
    both = factories.post(Role.LAB, here)
    factories.post(Role.LAB, beside, person=both.person)
    nobody = factories.person(district=root)
    for person in (chief.person, neighbour.person, both.person, nobody):
        for act in (
            lambda who: operations.set_password(person_id=who.pk, password="a long new one 1", by=low, at=NOW),
            lambda who: operations.change_person(person_id=who.pk, phone="13800138000", by=low, at=NOW),
            lambda who: operations.disable_person(person_id=who.pk, by=low, at=NOW),
            lambda who: operations.enable_person(person_id=who.pk, by=low, at=NOW),
        ):
            with pytest.raises(access.NotYours):
                act(person)
    own = factories.post(Role.LAB, here)
    operations.set_password(person_id=own.person_id, password="a long new one 1", by=low, at=NOW)


def test_what_reaches_the_whole_district_is_for_the_posts_of_the_district():
    root = factories.tree()
    for role, ability in (
        (Role.ADMINISTRATOR, "incidents.configure"), (Role.COMMANDER, "incidents.configure"),
        (Role.ADMINISTRATOR, "outbox.see"), (Role.ADMINISTRATOR, "outbox.administer"),
        (Role.ADMINISTRATOR, "duties.calendar"), (Role.ADMINISTRATOR, "inspections.configure"),
        (Role.DPO, "vault.requests"), (Role.ADMINISTRATOR, "posts.sign_in_rules"),
    ):  # fmt: skip
        assert factories.post(role, root).may(ability)
        assert not factories.post(role, factories.below(root, 3)).may(ability)


def test_rights_come_from_the_role_and_narrow_with_a_tokens_scopes():
    post = factories.post(Role.ADMINISTRATOR)
    assert post.may("posts.administer")
    assert not factories.post(Role.LAB).may("posts.administer")
    post.scopes = frozenset({"read", "posts.hand_over"})
    assert post.may("posts.hand_over")
    assert not post.may("posts.administer")
    post.scopes = frozenset({"write"})
    assert post.may("posts.administer")
    with pytest.raises(NotYours):
        access.require(None, "posts.administer")
    with pytest.raises(KeyError):
        post.may("posts.fly")


def test_an_ability_registered_again_with_other_roles_is_a_mistake():
    with pytest.raises(ValueError, match="twice"):
        rules.register_abilities({"posts.administer": {Role.LAB}})


def test_a_post_covers_what_lies_in_its_area():
    root = factories.tree(townships=2)
    township, other, cell = factories.below(root, 2, 0), factories.below(root, 2, 1), factories.below(root, 4, 0)
    post = factories.post(area=township)
    assert post.covers(cell.path)
    assert post.covers(township.path)
    assert not post.covers(other.path)
    assert not post.covers(root.path)


def test_the_nearest_holder_of_an_ability_comes_first():
    root = factories.tree()
    far = factories.post(Role.DISPATCHER, root)
    near = factories.post(Role.DISPATCHER, factories.below(root, 2))
    factories.post(Role.LAB, factories.below(root, 4))
    factories.post(Role.DISPATCHER)
    found = queries.nearest(at=NOW, areas=factories.below(root, 4).path, roles=[Role.DISPATCHER])
    assert list(found) == [near, far]


def test_the_request_gets_the_chosen_post_and_loses_it_when_it_ends(client):
    post = factories.post(Role.LAB)
    other = factories.post(Role.COURIER, person=post.person, area=post.area)
    factories.sign_in(client, other)
    assert client.get("/nowhere").wsgi_request.post == other
    operations.end(post_id=other.pk, by=SYSTEM, at=datetime.now(UTC))
    assert client.get("/nowhere").wsgi_request.post == post
    operations.end(post_id=post.pk, by=SYSTEM, at=datetime.now(UTC))
    request = client.get("/nowhere").wsgi_request
    assert request.post is None
    assert request.viewer is None
    assert request.user.is_authenticated
