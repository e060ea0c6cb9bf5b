"""Passkeys, the own account, posts, units and messages, in Chromium."""

from __future__ import annotations

import base64
import re

import pytest
from playwright.sync_api import Page, expect

from qipan.foundation.posts import queries
from qipan.foundation.posts.models import Shift
from qipan.foundation.posts.rules import Role
from tests import factories
from tests.foundation.outbox.conftest import template  # noqa: F401
from tests.foundation.outbox.test_outbox import tell
from tests.journeys.browser import SIZES, assert_accessible, assert_fits

PASSWORD = "correct horse battery staple"


def with_password(page: Page, who) -> None:
    page.get_by_label("用户名").fill(who.username)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()


def confirm(page: Page) -> None:
    """Changing how one signs in asks for the password once more."""
    expect(page).to_have_url(re.compile("reauthenticate"))
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="确认").click()


def test_a_passkey_is_set_up_and_signs_in_by_itself(page: Page, live):
    live = live.replace("127.0.0.1", "localhost")  # a passkey belongs to a name, never to a number
    root = factories.district("甲区")
    who = factories.person(district=root, name="王强", password=PASSWORD)
    post = factories.post(Role.COMMANDER, root, person=who)
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    page.goto(f"{live}/accounts/login/?next=/accounts/2fa/webauthn/add/")
    with_password(page, who)
    confirm(page)
    expect(page).to_have_url(re.compile("webauthn/add"))
    passwordless = page.locator("input[name=passwordless]")
    if passwordless.count():
        passwordless.check()
    page.locator("#mfa_webauthn_add").click()
    expect(page).not_to_have_url(re.compile("webauthn/add"))
    page.context.clear_cookies()
    page.goto(f"{live}/accounts/login/?next=/me/")
    page.locator("#passkey_login").click()
    expect(page).to_have_url(re.compile("/me/$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("王强")
    assert queries.in_force(who, post.valid_from)


def test_the_second_factor_is_set_up_from_its_secret_and_asked_for(page: Page, live):
    from allauth.mfa.totp.internal import auth as totp

    root = factories.district("甲区")
    who = factories.person(district=root, name="王强", password=PASSWORD)
    factories.post(Role.COMMANDER, root, person=who)

    def code(secret: str) -> str:
        return totp.format_hotp_value(totp.hotp_value(secret, next(totp.yield_hotp_counters_from_time())))

    page.goto(f"{live}/accounts/login/?next=/accounts/2fa/totp/activate/")
    with_password(page, who)
    confirm(page)
    expect(page).to_have_url(re.compile("totp/activate"))
    text = page.locator("main").inner_text() + " ".join(
        page.locator("main input").evaluate_all("all => all.map(one => one.value)")
    )
    secret = next(word for word in re.findall(r"\b[A-Z2-7]{32}\b", text) if base64.b32decode(word))
    assert_accessible(page)
    page.locator("input[name=code]").fill(code(secret))
    page.locator("main form button").first.click()
    expect(page).not_to_have_url(re.compile("activate"))
    page.context.clear_cookies()
    page.goto(f"{live}/accounts/login/?next=/me/")
    with_password(page, who)
    assert_accessible(page)
    totp_code = page.locator("input[name=code]")
    totp_code.fill("000000")
    page.locator("main form button").first.click()
    expect(page.get_by_role("alert").first).to_be_visible()
    assert "/me/" not in page.url.split("?")[0]


def test_going_on_duty_takes_one_click(page: Page, live, sign_in):
    post = factories.post(Role.GRID_WORKER, factories.tree(name="甲区"))
    sign_in(post)
    page.goto(f"{live}/me/")
    page.get_by_role("button", name="到岗值班").dblclick()
    expect(page.get_by_role("button", name="下班交岗")).to_be_visible()
    assert Shift.objects.filter(post=post, closed_at=None).count() == 1


def test_an_administrator_makes_a_unit_a_person_and_appoints_them(page: Page, live, sign_in, complaints):
    root = factories.tree(name="甲区")
    sign_in(factories.post(Role.ADMINISTRATOR, root))
    page.goto(f"{live}/units/new/")
    page.get_by_label("单位名称").fill("区城市管理局")
    page.get_by_label("区域").select_option(label="甲区")
    page.get_by_role("button", name="新建", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("区城市管理局")
    page.goto(f"{live}/people/new/")
    page.get_by_label("用户名").fill("zhou")
    page.get_by_label("姓名").fill("周正")
    page.get_by_label("初始密码").fill("short")
    page.get_by_role("button", name="新建账号").click()
    expect(page.get_by_role("alert").first).to_contain_text("初始密码")
    expect(page.get_by_label("姓名")).to_have_value("周正")
    complaints.found.clear()  # the refused form was answered with 422
    page.get_by_label("初始密码").fill("a long new phrase")
    page.get_by_role("button", name="新建账号").click()
    page.get_by_role("link", name="任岗").click()
    page.get_by_label("角色").select_option(label="承办人")
    page.get_by_label("区域", exact=True).select_option(label="甲区")
    page.locator("#id_unit").select_option(label="区城市管理局")
    page.get_by_label("单位负责人").check()
    page.get_by_role("button", name="任岗").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("周正")
    expect(page.locator("main")).to_contain_text("区城市管理局")


@pytest.mark.parametrize("size", ["desk", "wall", "phone"])
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_page_fits_and_can_be_used_by_everybody(page: Page, live, sign_in, size, language, template):  # noqa: F811
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    page.context.add_cookies([{"name": "django_language", "value": language, "url": live}])
    root = factories.tree(name="甲区")
    unit = factories.unit(area=root, name="区城市管理局执法监督与综合协调大队")
    post = factories.post(Role.HANDLER, root, unit, head=True)
    admin = factories.post(Role.ADMINISTRATOR, root, person=factories.person(district=root, name="买买提·吐尔逊"))
    tell(admin, link="/posts/", urgent=True)
    sign_in(admin)
    for address in (
        "/me/", "/posts/", "/posts/appoint/", "/posts/hand-over/", f"/posts/{post.pk}/", "/people/",
        f"/people/{post.person_id}/", "/units/", f"/units/{unit.pk}/", "/messages/", "/messages/sent/",
        "/messages/settings/", "/messages/settings/gateway/", "/posts/sign-in/",
    ):  # fmt: skip
        page.goto(f"{live}{address}")
        assert_fits(page)
        if size != "wall":
            assert_accessible(page)
