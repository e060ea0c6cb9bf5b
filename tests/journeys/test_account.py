"""Signing in, and one's own account, in Chromium."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests import factories
from tests.journeys.browser import SIZES, assert_accessible, assert_fits


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_signing_in_and_out(page: Page, live, size):
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    who = factories.person(name="王强", password="correct horse battery staple")
    factories.post(area=factories.district("甲区"), person=who)
    page.goto(f"{live}/accounts/login/?next=/accounts/sessions/")
    assert_fits(page)
    assert_accessible(page)
    page.get_by_label("用户名").fill(who.username)
    page.get_by_label("密码").fill("wrong")
    page.get_by_role("button", name="登录", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("用户名或密码不正确。")
    assert_accessible(page)
    page.get_by_label("密码").fill("correct horse battery staple")
    page.get_by_role("button", name="登录", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("登录设备")
    assert_fits(page)
    assert_accessible(page)
    page.get_by_role("button", name="王强").click()
    assert_accessible(page)
    page.get_by_role("button", name="退出登录").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("登录")


def test_acting_for_another_post_takes_one_click(page: Page, live, sign_in):
    area = factories.district("甲区")
    post = factories.post("dispatcher", area)
    factories.post("commander", area, person=post.person)
    sign_in(post)
    page.goto(f"{live}/accounts/sessions/")
    page.get_by_role("button", name=post.person.name).click()
    expect(page.get_by_role("button", name="派遣员")).to_have_attribute("aria-current", "true")
    page.get_by_role("button", name="值班指挥长").click()
    page.goto(f"{live}/accounts/sessions/")
    page.get_by_role("button", name=post.person.name).click()
    expect(page.get_by_role("button", name="值班指挥长")).to_have_attribute("aria-current", "true")
