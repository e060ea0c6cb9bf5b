"""From a resident's telephone call to a verified close, an unhappy rating, and everything that follows, in Chromium."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from qipan.foundation.posts.rules import Role
from qipan.incidents.models import Incident
from tests import factories
from tests.foundation.areas.conftest import drawn
from tests.incidents.conftest import Town, make_town
from tests.journeys.browser import assert_accessible, assert_fits


@pytest.fixture
def town(live: str) -> Town:
    made = make_town("东区")
    drawn(made.district)
    return made


def looked_at(page: Page) -> None:
    assert_accessible(page)
    assert_fits(page)


def step(page: Page, button: str, **fields: str) -> None:
    """Open a step's dialog from the page of an incident, fill it in, send it."""
    page.locator(".ways").get_by_role("link", name=button, exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    looked_at(page)
    for label, value in fields.items():
        field = dialog.get_by_label(label, exact=True)
        if field.evaluate("field => field.tagName") == "SELECT":
            field.select_option(label=value)
        else:
            field.fill(value)
    dialog.locator("button.primary").click()
    expect(page.locator(".messages")).to_be_visible()


def test_from_a_call_to_a_close_and_open_again(
    page: Page, live: str, town: Town, sign_in, browser: Browser, complaints
) -> None:
    # The dispatcher takes a resident's call.
    sign_in(town.dispatcher)
    page.goto(f"{live}/incidents/new/")
    looked_at(page)
    page.get_by_label("查找类别").fill("路灯")
    page.get_by_role("radio", name="路灯故障").check()
    village = page.locator(".place-picker path.area").first  # its first cell is the left half
    village.evaluate("path => path.scrollIntoView({block: 'center'})")
    ground = village.bounding_box()
    assert ground
    page.mouse.click(ground["x"] + ground["width"] / 4, ground["y"] + ground["height"] / 2)
    expect(page.locator(".place-picker [role=status]")).to_contain_text(town.village.name)
    page.get_by_label("标题", exact=True).fill("学校门口路灯不亮")
    page.get_by_role("radio", name="来电反映").check()
    page.get_by_label("反映人姓名").fill("张某")
    page.get_by_label("反映人电话").fill("13800138000")
    page.get_by_role("button", name="上报", exact=True).last.click()
    messages = page.locator(".messages")
    expect(messages).to_contain_text("已上报")
    code = re.search(r"[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{4}", messages.inner_text())
    assert code
    address = page.url
    expect(page.locator("aside")).to_contain_text("138****8000")
    assert "13800138000" not in page.content()
    looked_at(page)

    # It is found in the list, and opened by the keys.
    page.goto(f"{live}/incidents/")
    looked_at(page)
    page.keyboard.press("/")
    page.keyboard.type("路灯")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("text=%E8%B7%AF%E7%81%AF"))
    page.locator("h1").click()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(address)

    # Accepted and dispatched.
    step(page, "受理立案")
    step(page, "派遣", 单位="城管局")
    expect(page.locator(".page-head")).to_contain_text("已派遣")

    # The unit signs and reports back; without a word it is refused, beside the field.
    sign_in(town.handler)
    page.goto(address)
    step(page, "签收")
    page.get_by_role("link", name="反馈", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("处置情况").fill("   ")
    dialog.locator("form").evaluate("form => { form.noValidate = true }")
    with page.expect_response(lambda answer: answer.request.method == "POST") as answer:
        dialog.locator("button.primary").click()
    assert answer.value.status == 422
    expect(dialog.locator(".error").first).to_be_visible()
    looked_at(page)
    complaints.found.clear()  # the browser notes the 422
    dialog.get_by_label("处置情况").fill("已更换灯泡")
    dialog.locator("button.primary").click()
    expect(page.locator(".page-head")).to_contain_text("已反馈")

    # The desk sends it to the grid worker, who finds it solved.
    sign_in(town.dispatcher)
    page.goto(address)
    step(page, "送核查")
    sign_in(town.grid_worker)
    page.goto(address)
    step(page, "核查通过，结案")
    expect(page.locator(".page-head")).to_contain_text("已结案")

    # The resident, without an account and on a small phone, is unhappy.
    phone = browser.new_context(viewport={"width": 360, "height": 740}, locale="zh-CN", java_script_enabled=True)
    outside = phone.new_page()
    outside.goto(f"{live}/public/track/?code={code[0]}")
    looked_at(outside)
    outside.get_by_role("button", name="查询").click()
    expect(outside.locator(".sheet")).to_contain_text("已办结")
    assert "立案" not in outside.locator("main").inner_text()
    outside.get_by_label("1 · 很不满意").check()
    outside.get_by_label("意见建议").fill("第二天又不亮了")
    outside.get_by_role("button", name="提交评价").click()
    expect(outside.get_by_role("status").first).to_contain_text("已重新办理")
    looked_at(outside)
    phone.close()

    # It opened again by itself, and the desk calls back.
    sign_in(town.dispatcher)
    page.goto(f"{live}/incidents/call-backs/")
    looked_at(page)
    page.get_by_role("link", name="登记回访").click()
    page.get_by_label("回访情况").fill("居民说线路接触不良")
    page.get_by_role("button", name="登记回访").click()
    expect(page.locator(".page-head")).to_contain_text("已立案")
    expect(page.locator(".page-head")).to_contain_text("重开 1 次")

    # The commander asks.
    sign_in(town.commander)
    page.goto(address)
    step(page, "督办", 督办内容与要求="同一处两次报修，请说明原因")
    page.goto(f"{live}/incidents/supervisions/")
    expect(page.locator("main")).to_contain_text("同一处两次报修")
    looked_at(page)

    # Somebody looks behind the mask, with a reason; in the dialog only.
    page.goto(address)
    page.get_by_text("说明理由后查看").click()
    page.get_by_label("理由", exact=True).last.fill("核实督办事项的反映人")
    page.locator(".look button").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("13800138000")
    looked_at(page)

    # The auditor sees every step and the look, and can do nothing.
    sign_in(factories.post(Role.AUDITOR, town.district))
    page.goto(address)
    history = page.locator("#history")
    for said in ("已上报", "受理立案", "已派遣", "已签收", "已反馈", "核查结案", "已评价", "已重开", "回访", "督办"):
        expect(history).to_contain_text(said)
    expect(history).to_contain_text("核实督办事项的反映人")
    expect(page.locator(".ways")).to_have_count(0)
    looked_at(page)
    incident = Incident.objects.get()
    assert (incident.status, incident.reopenings, incident.supervised) == ("filed", 1, True)


def test_a_resident_reports_without_a_script_and_follows_it(browser: Browser, live: str, town: Town) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 740}, locale="zh-CN", java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{live}/public/")
    page.get_by_role("link", name="东区").click()
    assert_fits(page)
    page.get_by_text("市容环境").click()
    page.get_by_label("垃圾堆放").check()
    page.get_by_role("button", name="提交反映").click()  # something is missing: it is said, what was chosen stays
    expect(page.get_by_role("alert")).to_contain_text("请")
    expect(page.get_by_label("垃圾堆放")).to_be_checked()
    page.locator("#id_text").fill("东墙外垃圾成堆，找过我 13800138000")
    page.locator("#id_area").select_option(label=town.village.name)
    page.get_by_role("button", name="提交反映").click()
    code = page.locator("#code").inner_text()
    assert re.fullmatch(r"[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{4}", code)
    expect(page.locator("img.qr")).to_be_visible()
    page.get_by_role("link", name="查询进度").click()
    page.get_by_role("button", name="查询").click()
    expect(page.locator(".steps .now")).to_have_text("已收到")
    page.get_by_role("button", name="催办").click()
    expect(page.get_by_role("status").first).to_contain_text("已转办理单位")
    assert_fits(page)
    context.close()
    incident = Incident.objects.get()
    assert "13800138000" not in incident.text
    assert (incident.source, incident.reminders.count()) == ("resident", 1)
