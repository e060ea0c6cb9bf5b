"""The accounts library's pages in our look: whole in both languages, nothing inline, every field labelled."""

from __future__ import annotations

import re

import pytest

from tests import factories
from tests.assembly.test_shell import INLINE

pytestmark = pytest.mark.django_db
LANGUAGES = {"zh-hans": "zh-Hans", "en": "en"}
OPEN = ["/accounts/login/"]
OWN = [
    "/accounts/2fa/",
    "/accounts/2fa/totp/activate/",
    "/accounts/2fa/webauthn/",
    "/accounts/2fa/webauthn/add/",
    "/accounts/sessions/",
    "/accounts/password/change/",
    "/accounts/3rdparty/",
    "/accounts/logout/",
    "/accounts/reauthenticate/",
]


@pytest.fixture
def somebody(client):
    """A dispatcher with a password, signed in and confirmed a moment ago."""
    who = factories.person(name="王强", password="correct horse battery staple")
    post = factories.post(area=factories.district("甲区"), person=who)
    client.post("/accounts/login/", {"login": who.username, "password": "correct horse battery staple"})
    client.post("/accounts/reauthenticate/", {"password": "correct horse battery staple"})
    return post


def check(page, language):
    assert f'<html lang="{LANGUAGES[language]}"' in page
    assert page.count("<h1") == 1
    assert "password/reset" not in page
    assert not INLINE.search(page), INLINE.search(page)
    visible = re.sub(r"<script.*?</script>|<[^>]+>|张\*", " ", page, flags=re.S)
    if language == "en":
        left = set(re.findall(r"[\u4e00-\u9fff]+", visible)) - {"棋盘", "中文", "中", "王强", "甲区"}
        assert not left
    else:
        assert not set(re.findall(r"[A-Za-z]{3,}", visible)) - {
            "Qipan",
            "English",
            "doctype",
            "html",
            "PIN",
            "JavaScript",
        }
    labels = set(re.findall(r'<label[^>]*\sfor="([^"]+)"', page))
    inputs = re.findall(r"<(?:input|select|textarea)[^>]*>", page)
    for one in inputs:
        if 'type="hidden"' in one:
            continue
        found = re.search(r'id="([^"]+)"', one)
        assert found and (found[1] in labels or "choice" in page), one


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sign_in_page_is_whole(client, language):
    page = client.get("/accounts/login/", headers={"accept-language": language}).content.decode()
    check(page, language)
    assert 'autocomplete="current-password"' in page
    assert "/accounts/signup/" not in page
    assert "password/reset" not in page


def test_every_page_of_the_own_account_is_whole(client, somebody):
    client.get("/accounts/sessions/")  # takes the greeting, which was said in Chinese
    for language in LANGUAGES:
        client.cookies["django_language"] = language
        for address in OWN:
            answer = client.get(address)
            assert answer.status_code == 200, (address, answer.headers.get("Location"))
            check(answer.content.decode(), language)


def test_a_wrong_password_is_said_and_the_name_kept(client):
    answer = client.post("/accounts/login/", {"login": "nobody", "password": "wrong"})
    page = answer.content.decode()
    assert "<h2>用户名或密码不正确。</h2>" in page
    assert "已填内容均已保留" not in page
    assert 'value="nobody"' in page
    assert 'value="wrong"' not in page


def test_the_demo_offers_each_role_with_one_click(client, settings):
    post = factories.post(area=factories.district("甲区"))
    assert "一键登录" not in client.get("/accounts/login/").content.decode()
    settings.DEMO = True
    page = client.get("/accounts/login/").content.decode()
    assert "一键登录" in page
    assert f'name="post" value="{post.pk}"' in page


def test_the_shell_names_the_person_and_offers_the_other_posts(client, somebody):
    other = factories.post("commander", somebody.area, person=somebody.person)
    page = client.get("/accounts/sessions/").content.decode()
    assert "甲区" in page
    assert "王强" in page
    assert "派遣员" in page
    assert f'value="{other.pk}"' in page
    assert 'action="/accounts/post/"' in page


def test_a_session_is_named_by_its_browser_in_words(client, somebody):
    from allauth.usersessions.models import UserSession

    agent = "Mozilla/5.0 (Linux; Android 12) AppleWebKit Chrome/107 Mobile Safari MicroMessenger/8.0"
    client.get("/accounts/sessions/")
    UserSession.objects.filter(user=somebody.person).update(user_agent=agent)
    page = client.get("/accounts/sessions/", headers={"user-agent": agent}).content.decode()
    assert "微信 · Android" in page
    assert "AppleWebKit" not in page


def test_recovery_codes_and_the_second_factor_are_asked_for_in_our_words(client, somebody):
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

    TOTP.activate(somebody.person, generate_totp_secret())
    RecoveryCodes.activate(somebody.person)
    for address in ("/accounts/2fa/recovery-codes/", "/accounts/2fa/recovery-codes/generate/"):
        answer = client.get(address, follow=True)
        assert answer.status_code == 200
        check(answer.content.decode(), "zh-hans")
    client.logout()
    answer = client.post(
        "/accounts/login/", {"login": somebody.person.username, "password": "correct horse battery staple"}, follow=True
    )
    page = answer.content.decode()
    assert re.search(r"<label[^>]*>\s*动态验证码", page)
    check(page, "zh-hans")


@pytest.mark.parametrize(
    ("language", "tick", "without", "badge"),
    [
        ("zh-hans", "仅凭此密钥登录", "不勾选时仅作二次验证", "仅作二次验证"),
        ("en", "Sign in with this key alone", "Without the tick it is a second factor only", "Second factor only"),
    ],
)
def test_what_a_key_is_without_the_tick_is_said_plainly(client, somebody, language, tick, without, badge):
    from allauth.mfa.models import Authenticator

    client.cookies["django_language"] = language
    page = client.get("/accounts/2fa/webauthn/add/").content.decode()
    assert tick in page
    assert without in page
    Authenticator.objects.create(
        user=somebody.person,
        type="webauthn",
        data={"name": "K", "credential": {"clientExtensionResults": {"credProps": {"rk": False}}}},
    )
    page = client.get("/accounts/2fa/webauthn/").content.decode()
    assert tick in page
    assert badge in page
