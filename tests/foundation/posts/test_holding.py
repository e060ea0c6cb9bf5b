"""The one statement of every request, held to what the tables say."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings as installation
from django.test import Client

from qipan.foundation.posts import holding
from qipan.foundation.posts.models import Absence, Post, Shift, SignInRule
from qipan.foundation.posts.rules import TRUSTED, Role
from tests import factories

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


def maybe_end(chance: random.Random, start: datetime) -> datetime | None:
    return start + timedelta(hours=chance.randint(0, 40)) if chance.random() < 0.6 else None


@pytest.mark.parametrize("seed", range(6))
def test_it_says_what_the_tables_say_for_any_mixture_of_posts(seed):
    chance = random.Random(seed)
    root = factories.tree()
    people = [factories.person(district=root, is_active=chance.random() < 0.8) for _ in range(6)]
    unit, areas = factories.unit(area=root), [root, factories.below(root, 2), factories.below(root, 4)]
    for person in people:
        for role in chance.sample(list(Role), 4):
            start = NOW + timedelta(hours=chance.randint(-30, 10))
            end = maybe_end(chance, start)
            main = factories.post(
                role, chance.choice(areas), chance.choice([unit, None]), person=person, valid_from=start, valid_to=end
            )
            if chance.random() < 0.6:
                opened = NOW + timedelta(hours=chance.randint(-9, 3))
                Shift.objects.create(post=main, opened_at=opened, closed_at=maybe_end(chance, opened))
            if chance.random() < 0.4:
                away = NOW + timedelta(hours=chance.randint(-20, 3))
                Absence.objects.create(post=main, away_from=away, away_to=away + timedelta(hours=12))
            factories.post(
                role,
                main.area,
                person=chance.choice(people),
                kind="deputy",
                deputy_of=main,
                valid_from=NOW - timedelta(days=9),
                valid_to=maybe_end(chance, NOW - timedelta(hours=20)),
                stands_in=chance.choice(["away", "off_duty"]),
            )
        if chance.random() < 0.3:
            Authenticator.objects.create(user=person, type="totp", data={})
    SignInRule.objects.create(district=root, second_factor=chance.sample(Role.values, 5))
    ruled = set(SignInRule.objects.get().second_factor)
    seen = 0
    for at in (NOW, NOW - timedelta(hours=5), NOW + timedelta(hours=6)):
        for person in people:
            for production in (False, True):
                who, held = holding.held(person_id=person.pk, at=at, production=production)
                expected = list(Post.objects.filter(person=person).in_force(at).with_names())
                expected.sort(key=lambda post: (post.area.level, post.kind, str(post.pk)))
                assert who == person
                assert [one.post for one in held] == expected
                factor = Authenticator.objects.filter(user=person).exists()
                for one in held:
                    asked = one.post.role in ruled or (production and one.post.role in TRUSTED)
                    assert one.lacks_factor == (asked and not factor)
                seen += len(held)
    assert seen > 20


def test_all_names_are_loaded_in_one_query(django_assert_num_queries):
    post = factories.post(Role.LAB, unit=factories.unit(area=factories.tree()))
    names = post.district.name, post.unit.name, post.area.path
    with django_assert_num_queries(1):
        _person, (held,) = holding.held(person_id=post.person_id, at=NOW, production=False)
        assert str(held.post) == str(post)
        assert held.post.author() == post.author()
        assert (held.post.district.name, held.post.unit.name, held.post.area.path) == names
        assert not held.post._state.adding


def test_a_request_asks_for_the_session_and_for_who_that_is_and_no_more(client, django_assert_num_queries):
    factories.sign_in(client, factories.post(Role.LAB))
    client.get("/api/v1/nowhere")
    with django_assert_num_queries(2):  # an answer without a page around it
        request = client.get("/api/v1/nowhere").wsgi_request
        assert request.user.is_authenticated
        assert request.user == request.post.person


def test_a_changed_password_a_foreign_backend_or_an_unknown_person_is_nobody():
    post = factories.post(Role.LAB)
    for key, value in (
        ("_auth_user_hash", "0" * 64),
        ("_auth_user_hash", ""),
        ("_auth_user_backend", "django.contrib.auth.backends.ModelBackend"),
        ("_auth_user_id", "00000000-0000-7000-8000-000000000000"),
    ):
        client = factories.sign_in(Client(), post)
        session = client.session
        session[key] = value
        session.save()
        request = client.get("/nowhere").wsgi_request
        assert (request.post, request.posts) == (None, [])
        assert not request.user.is_authenticated


def test_a_new_secret_key_keeps_those_signed_in_who_were(settings):
    client = factories.sign_in(Client(), post := factories.post(Role.LAB))
    settings.SECRET_KEY_FALLBACKS = [installation.SECRET_KEY]
    settings.SECRET_KEY = "another" * 10
    assert client.get("/nowhere").wsgi_request.post == post
    settings.SECRET_KEY_FALLBACKS = []
    assert client.get("/nowhere").wsgi_request.post == post
