"""Signing in, and what an attacker tries instead."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from allauth.usersessions.models import UserSession
from django.contrib.auth.hashers import Argon2PasswordHasher, get_hasher
from django.test import Client

from qipan.foundation.journal.models import Entry
from qipan.foundation.journal.rules import SYSTEM
from qipan.foundation.posts import operations
from qipan.foundation.posts.models import Person, SignInRule
from qipan.foundation.posts.operations.people import NameTaken, NotAUserName, NotYourself, WeakPassword
from qipan.foundation.posts.rules import Role
from tests import factories

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery staple"
LOGIN = "/accounts/login/"


@pytest.fixture
def cheap_argon2(monkeypatch):
    """The same algorithm with less work: tests sign in often."""
    monkeypatch.setattr(Argon2PasswordHasher, "memory_cost", 8)
    monkeypatch.setattr(Argon2PasswordHasher, "time_cost", 1)
    monkeypatch.setattr(Argon2PasswordHasher, "parallelism", 1)


@pytest.fixture
def officer(cheap_argon2):
    root = factories.district()
    return factories.post(
        Role.DISPATCHER, root, person=factories.person(district=root, username="wang.li", password=PASSWORD)
    )


def sign_in(client, username="wang.li", password=PASSWORD, **more):
    return client.post(LOGIN, {"login": username, "password": password, **more})


def signed_in(client) -> bool:
    return client.get("/nowhere").wsgi_request.user.is_authenticated


def test_a_right_password_signs_in_and_is_journalled(client, officer):
    answer = sign_in(client)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert client.get("/nowhere").wsgi_request.post == officer
    entry = Entry.objects.get(kind="posts.signed_in")
    assert (entry.person_id, entry.detail["ways"], entry.privacy) == (officer.person_id, ["password"], 2)


def test_passwords_are_kept_as_argon2_and_weak_ones_refused(officer):
    assert officer.person.password.startswith("argon2$argon2id$")
    assert get_hasher().algorithm == "argon2"
    for weak in ("short1", "1234567890123", "password123", "wang.li12345"):
        with pytest.raises(WeakPassword):
            operations.set_password(person_id=officer.person_id, password=weak, by=SYSTEM, at=datetime.now(UTC))
    assert Entry.objects.count() == 0


def test_unknown_disabled_and_mistaken_all_get_the_same_answer_after_the_same_work(client, officer):
    factories.person(district=officer.district, username="gone", password=PASSWORD, is_active=False)
    answers, work = [], []
    for username, password in (("wang.li", "wrong wrong wrong"), ("nobody", "wrong wrong wrong"), ("gone", PASSWORD)):
        with (
            patch.object(
                Argon2PasswordHasher, "encode", autospec=True, side_effect=Argon2PasswordHasher.encode
            ) as encode,
            patch.object(
                Argon2PasswordHasher, "verify", autospec=True, side_effect=Argon2PasswordHasher.verify
            ) as verify,
        ):
            page = sign_in(client, username, password)
        text = re.sub(rb'(value|data-now|data-csrf)="[^"]*"', b"", page.content)
        answers.append((page.status_code, text))
        work.append(encode.call_count + verify.call_count)
    assert answers[0] == answers[1] == answers[2]
    assert work == [1, 1, 1]
    assert not signed_in(client)


def test_a_failed_sign_in_is_journalled_without_what_was_typed(client, officer):
    sign_in(client, "wang.li", "wrong wrong wrong")
    sign_in(client, "my secret passphrase", "x")
    known, unknown = Entry.objects.filter(kind="posts.sign_in_failed").order_by("id")
    assert known.about_id == officer.person_id
    assert unknown.about_id is None
    assert "secret" not in str(vars(unknown))
    assert (known.privacy, unknown.privacy) == (2, 2)


def test_guessing_is_slowed_down_even_with_the_right_password_at_last(client, officer):
    for _ in range(5):
        sign_in(client, password="wrong wrong wrong")
    answer = sign_in(client)
    assert answer.status_code == 200
    assert not signed_in(client)


def test_the_session_id_changes_at_sign_in(client, officer):
    client.get(LOGIN)
    session = client.session
    session["planted"] = "yes"
    session.save()
    client.cookies["sessionid"] = planted = session.session_key
    sign_in(client)
    assert client.cookies["sessionid"].value != planted
    thief = Client()
    thief.cookies["sessionid"] = planted
    assert not signed_in(thief)


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_nobody_is_sent_elsewhere_after_sign_in(client, officer, target, settings):
    answer = sign_in(client, next=target)
    assert answer["Location"] == "/"
    answer = client.post("/accounts/post/", {"post": str(officer.pk), "next": target})
    assert answer["Location"] == "/"
    settings.DEMO = True
    answer = client.post("/accounts/demo/", {"post": str(officer.pk), "next": target})
    assert answer["Location"] == "/"


def test_forms_without_the_csrf_token_are_refused(officer):
    client = Client(enforce_csrf_checks=True)
    assert sign_in(client).status_code == 403
    factories.sign_in(client, officer)
    assert client.post("/accounts/logout/").status_code == 403
    assert client.post("/accounts/post/", {"post": str(officer.pk)}).status_code == 403
    assert signed_in(client)


def test_signing_out_needs_a_post_and_ends_the_session(client, officer):
    factories.sign_in(client, officer)
    client.get("/accounts/logout/")
    assert signed_in(client)
    client.post("/accounts/logout/")
    assert not signed_in(client)
    assert Entry.objects.filter(kind="posts.signed_out").count() == 1


@pytest.mark.parametrize(
    "path", ["signup/", "email/", "confirm-email/", "password/reset/", "password/reset/done/", "3rdparty/signup/"]
)
def test_nobody_signs_up_or_resets_by_mail(client, path):
    assert client.get(f"/accounts/{path}").status_code in ({404} if "3rd" not in path else {302, 404})
    answer = client.post(
        f"/accounts/{path}", {"username": "intruder", "password1": PASSWORD, "password2": PASSWORD, "email": "a@b.c"}
    )
    assert answer.status_code in {302, 404, 405}
    assert not Person.objects.exists()


def test_one_click_sign_in_exists_in_the_demo_only(client, officer, settings):
    for mode in (False, True):
        settings.DEMO = mode
        page = client.get("/accounts/demo/")
        answer = client.post("/accounts/demo/", {"post": str(officer.pk)})
        if not mode:
            assert (page.status_code, answer.status_code) == (404, 404)
            assert not signed_in(client)
        else:
            assert str(officer.pk) in page.content.decode()
            assert answer.status_code == 302
            assert client.get("/nowhere").wsgi_request.post == officer
            assert len(client.get("/me/").context["sessions"]) == 1
    operations.end(post_id=officer.pk, by=SYSTEM, at=datetime.now(UTC))
    for wrong in (str(officer.pk), "nonsense"):
        assert client.post("/accounts/demo/", {"post": wrong}).status_code == 404


def test_a_person_with_several_posts_chooses_and_only_among_their_own(client, officer):
    second = factories.post(Role.LAB, officer.area, person=officer.person)
    stranger = factories.post(Role.ADMINISTRATOR)
    factories.sign_in(client, officer)
    assert client.post("/accounts/post/", {"post": str(second.pk), "next": "/my-work/"})["Location"] == "/my-work/"
    assert client.get("/nowhere").wsgi_request.post == second
    assert client.post("/accounts/post/", {"post": str(stranger.pk)}).status_code == 404
    assert client.get("/accounts/post/").status_code == 405
    assert client.get("/nowhere").wsgi_request.post == second


def test_a_second_factor_is_asked_for_once_set_up(client, officer):
    totp.TOTP.activate(officer.person, "JBSWY3DPEHPK3PXP")
    stored = Authenticator.objects.get(user=officer.person, type="totp").data["secret"]
    assert "JBSWY3DPEHPK3PXP" not in stored
    answer = sign_in(client)
    assert "2fa" in answer["Location"]
    assert not signed_in(client)
    wrong = client.post(answer["Location"], {"code": "000000"})
    assert wrong.status_code == 200
    assert not signed_in(client)
    code = totp.format_hotp_value(totp.hotp_value("JBSWY3DPEHPK3PXP", next(totp.yield_hotp_counters_from_time())))
    client.post(answer["Location"], {"code": code})
    assert signed_in(client)
    assert Entry.objects.get(kind="posts.signed_in").detail["ways"] == ["mfa", "password"]


def test_a_recovery_code_works_once(client, officer):
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes

    totp.TOTP.activate(officer.person, "JBSWY3DPEHPK3PXP")
    code = RecoveryCodes.activate(officer.person).get_unused_codes()[0]
    answer = sign_in(client)
    client.post(answer["Location"], {"code": code})
    assert signed_in(client)
    other = Client()
    answer = sign_in(other)
    other.post(answer["Location"], {"code": code})
    assert not signed_in(other)


def test_a_role_that_needs_a_second_factor_can_do_nothing_but_set_one_up(client, officer):
    root = officer.district
    admin = factories.post(Role.ADMINISTRATOR, root)
    operations.require_second_factor(district=root, roles=[Role.DISPATCHER], by=admin, at=datetime.now(UTC))
    factories.sign_in(client, officer)
    assert client.get("/nowhere")["Location"] == "/accounts/2fa/"
    answer = client.get("/api/v1/anything")
    assert (answer.status_code, answer.json()["code"]) == (403, "second-factor-needed")
    assert client.get("/accounts/logout/").status_code == 200
    totp.TOTP.activate(officer.person, "JBSWY3DPEHPK3PXP")
    assert client.get("/nowhere").wsgi_request.post == officer
    SignInRule.objects.all().delete()
    Authenticator.objects.all().delete()
    assert client.get("/nowhere").status_code == 404


def test_production_asks_trusted_roles_for_a_second_factor_unasked(client, settings):
    settings.MODE = "production"
    for role, expected in ((Role.COMMANDER, 302), (Role.AUDITOR, 302), (Role.GRID_WORKER, 404)):
        factories.sign_in(client, factories.post(role))
        assert client.get("/nowhere").status_code == expected


def test_sessions_are_listed_and_ended_from_another_one(officer):
    lost, here = Client(HTTP_USER_AGENT="Lost phone"), Client(HTTP_USER_AGENT="Desk")
    sign_in(lost)
    sign_in(here)
    assert UserSession.objects.count() == 2
    assert "Lost phone" in here.get("/accounts/sessions/").content.decode()
    here.post("/accounts/sessions/")
    assert not signed_in(lost)
    assert signed_in(here)


def test_changing_the_password_ends_the_other_sessions(officer):
    lost, here = Client(), Client()
    sign_in(lost)
    sign_in(here)
    here.post(
        "/accounts/password/change/",
        {"oldpassword": PASSWORD, "password1": "another horse battery", "password2": "another horse battery"},
    )
    assert not signed_in(lost)
    assert signed_in(here)
    assert Entry.objects.filter(kind="posts.password_changed").count() == 1


def test_disabling_a_person_ends_sessions_and_rights_at_once(client, officer):
    admin = factories.post(Role.ADMINISTRATOR, officer.district)
    sign_in(client)
    operations.disable_person(person_id=officer.person_id, by=admin, at=datetime.now(UTC), reason="left")
    assert not signed_in(client)
    sign_in(client)
    assert not signed_in(client)
    with pytest.raises(NotYourself):
        operations.disable_person(person_id=admin.person_id, by=admin, at=datetime.now(UTC))
    operations.enable_person(person_id=officer.person_id, by=admin, at=datetime.now(UTC))
    sign_in(client)
    assert signed_in(client)


def test_user_names_are_one_spelling_and_never_a_telephone_or_id_number(officer):
    admin = factories.post(Role.ADMINISTRATOR, officer.district)
    new = {"name": "王丽", "district": officer.district, "by": admin, "at": datetime.now(UTC)}
    with pytest.raises(NameTaken):
        operations.create_person(username="Wang.Li", **new)
    for bad in ("13800138000", "11010519491231002X", "two words", ""):
        with pytest.raises(NotAUserName):
            operations.create_person(username=bad, **new)
    person = operations.create_person(username="zhao", **new)
    assert not person.has_usable_password()
    assert Entry.objects.filter(kind="posts.person_created").count() == 1


class TestTokens:
    def issue(self, post, *, scopes=("read",), days=1):
        now = datetime.now(UTC)
        return operations.issue_token(
            post=post, name="gateway", scopes=scopes, expires_at=now + timedelta(days=days), by=post, at=now
        )

    def test_a_token_acts_as_its_post_and_only_its_digest_is_kept(self, client, officer):
        token, secret = self.issue(officer)
        request = client.get("/nowhere", headers={"Authorization": f"Bearer {secret}"}).wsgi_request
        assert (request.post, request.user, request.token_used) == (officer, officer.person, True)
        token.refresh_from_db()
        assert token.last_used_at is not None
        assert secret.encode() not in bytes(token.digest)
        assert secret not in str([vars(entry) for entry in Entry.objects.all()])

    @pytest.mark.parametrize("end", ["expiry", "revocation", "post", "person", "wrong", "empty"])
    def test_an_ended_token_is_nobody(self, client, officer, end):
        token, secret = self.issue(officer)
        if end == "expiry":
            token.created_at -= timedelta(days=3)
            token.expires_at -= timedelta(days=2)
            token.save()
        elif end == "revocation":
            operations.revoke_token(token_id=token.pk, by=officer, at=datetime.now(UTC))
        elif end == "post":
            operations.end(post_id=officer.pk, by=SYSTEM, at=datetime.now(UTC))
        elif end == "person":
            operations.disable_person(person_id=officer.person_id, by=SYSTEM, at=datetime.now(UTC))
        else:
            secret = secret[:-1] if end == "wrong" else ""
        factories_client = client.get("/nowhere", headers={"Authorization": f"Bearer {secret}"})
        assert factories_client.wsgi_request.post is None

    def test_a_bad_token_is_not_saved_by_a_good_cookie(self, client, officer):
        factories.sign_in(client, officer)
        assert client.get("/nowhere", headers={"Authorization": "Bearer qipan_no"}).wsgi_request.post is None

    def test_a_reading_token_cannot_write_and_an_ability_is_no_more_than_itself(self, client, officer):
        admin = factories.post(Role.ADMINISTRATOR, officer.district)
        _token, reading = self.issue(admin)
        refused = client.post("/nowhere", headers={"Authorization": f"Bearer {reading}"})
        assert (refused.status_code, refused.json()["code"]) == (403, "scope-missing")
        _token, narrow = self.issue(admin, scopes=["posts.hand_over"])
        request = client.post("/nowhere", headers={"Authorization": f"Bearer {narrow}"}).wsgi_request
        assert request.post.may("posts.hand_over")
        assert not request.post.may("posts.administer")
        request = client.get("/nowhere", headers={"Authorization": f"Bearer {reading}"}).wsgi_request
        assert request.post.may("posts.administer")

    def test_tokens_are_issued_for_ones_own_posts_known_scopes_and_a_year_at_most(self, officer):
        from qipan.foundation.posts.operations.tokens import TooLong, UnknownScope
        from qipan.foundation.refusals import NotFound

        stranger, now = factories.post(Role.LAB, officer.area), datetime.now(UTC)
        with pytest.raises(NotFound):
            operations.issue_token(
                post=stranger, name="x", scopes=["read"], expires_at=now + timedelta(days=1), by=officer, at=now
            )
        with pytest.raises(UnknownScope):
            self.issue(officer, scopes=["everything"])
        with pytest.raises(UnknownScope):
            self.issue(officer, scopes=[])
        for days in (0, 400):
            with pytest.raises(TooLong):
                self.issue(officer, days=days)
        token, _secret = self.issue(officer)
        with pytest.raises(NotFound):
            operations.revoke_token(token_id=token.pk, by=stranger, at=now)
        with pytest.raises(NotFound):
            operations.revoke_token(token_id=token.pk, by=factories.post(Role.ADMINISTRATOR), at=now)
        operations.revoke_token(token_id=token.pk, by=factories.post(Role.ADMINISTRATOR, officer.district), at=now)


def code_now() -> str:
    value = totp.hotp_value("JBSWY3DPEHPK3PXP", next(totp.yield_hotp_counters_from_time()))
    return str(totp.format_hotp_value(value))


def test_second_factors_are_not_tried_one_after_another(client, officer):
    """Who knows the password tries five codes in five minutes, from however many addresses and sessions."""
    totp.TOTP.activate(officer.person, "JBSWY3DPEHPK3PXP")
    right = code_now()
    for number in range(6):
        here = Client(REMOTE_ADDR=f"10.0.0.{number}")
        answer = sign_in(here)
        here.post(answer["Location"], {"code": f"{(int(right) + 500_000 + number) % 1_000_000:06d}"})
        assert not signed_in(here)
    answer = sign_in(client)
    client.post(answer["Location"], {"code": code_now()})
    assert not signed_in(client)


def test_a_code_of_the_second_factor_works_once(client, officer):
    totp.TOTP.activate(officer.person, "JBSWY3DPEHPK3PXP")
    code = code_now()
    client.post(sign_in(client)["Location"], {"code": code})
    assert signed_in(client)
    other = Client()
    other.post(sign_in(other)["Location"], {"code": code})
    assert not signed_in(other)


def test_a_header_of_the_caller_s_does_not_say_where_the_caller_is(officer, rf):
    """The server alone reads X-Forwarded-For, and believes it from QIPAN_PROXY_ADDRESSES only."""
    from allauth.account.adapter import get_adapter

    headers = {"X-Forwarded-For": "203.0.113.9", "X-Real-IP": "203.0.113.9", "Forwarded": "for=203.0.113.9"}
    request = rf.get("/", headers=headers, REMOTE_ADDR="198.51.100.7")
    assert get_adapter(request).get_client_ip(request) == "198.51.100.7"
