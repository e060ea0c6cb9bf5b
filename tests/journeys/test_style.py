"""The style page in Chromium: every part of the design system, looked at by a machine."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import factories
from tests.journeys.browser import SIZES, assert_accessible, assert_fits


@pytest.mark.parametrize(
    ("size", "theme", "language"),
    [
        ("desk", "light", "zh-CN"),
        ("desk", "dark", "en-GB"),
        ("wall", "dark", "zh-CN"),
        ("phone", "light", "en-GB"),
        ("phone", "dark", "zh-CN"),
    ],
)
def test_every_part_is_accessible_and_fits(browser: Browser, live, size, theme, language):
    width, height = SIZES[size]
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=theme, locale=language)
    page = context.new_page()
    page.goto(f"{live}/style/")
    expect(page.locator(".place-picker svg.map")).to_be_visible()
    assert_fits(page)
    assert_accessible(page)
    context.close()


def test_chinese_is_drawn_on_a_machine_without_chinese_fonts(page: Page, live):
    page.goto(f"{live}/style/")
    loaded = page.evaluate(
        "document.fonts.ready.then(() => [...document.fonts].filter((f) => f.status === 'loaded').length)"
    )
    slices = page.evaluate("document.fonts.size")
    assert slices > 90
    assert 0 < loaded < 60, "only the slices that the page shows are loaded"


def test_the_dialog_takes_the_focus_and_escape_closes_it(page: Page, live):
    page.goto(f"{live}/style/")
    opener = page.get_by_role("button", name="打开对话框")
    opener.click()
    dialog = page.get_by_role("dialog", name="申请延期")
    expect(dialog).to_be_visible()
    assert page.evaluate("document.querySelector('dialog').contains(document.activeElement)")
    assert_accessible(page)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()


def test_slash_searches_and_arrows_move_in_the_list(page: Page, live):
    page.goto(f"{live}/style/")
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("a/b")
    expect(page.locator("#q")).to_have_value("a/b")
    page.locator("#q").fill("")
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowDown")
    rows = page.locator("[data-row] .main a")
    expect(rows.nth(0)).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(rows.nth(1)).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(rows.nth(0)).to_be_focused()


def test_the_theme_is_chosen_once_and_kept(page: Page, live):
    page.goto(f"{live}/style/")
    page.get_by_role("button", name="浅色与深色").click()
    page.get_by_role("button", name="深色", exact=True).click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_the_other_language_is_one_click_away(page: Page, live):
    page.goto(f"{live}/style/?status=x")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Parts of pages")
    assert page.url.endswith("/style/?status=x")
    page.get_by_role("button", name="中文").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("页面部件")


def test_the_menu_opens_on_a_phone_without_a_script(browser: Browser, live):
    context = browser.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False, locale="zh-CN")
    page = context.new_page()
    page.goto(f"{live}/style/")
    link = page.get_by_role("link", name="日志")
    expect(link).to_be_hidden()
    page.get_by_role("button", name="菜单").click()
    expect(link).to_be_visible()
    context.close()


def test_a_clock_ticks_into_the_next_level(page: Page, live):
    page.clock.install()
    page.goto(f"{live}/style/")
    clock = page.locator("time.clock", has_text="剩余 12分钟").first
    expect(clock).to_have_attribute("data-level", "due")
    handle = clock.element_handle()
    page.clock.fast_forward("11:40")
    page.clock.run_for(10_000)
    assert "不足1分钟" in handle.inner_text()
    page.clock.run_for(120_000)
    assert handle.get_attribute("data-level") == "overdue"
    assert "超时" in handle.inner_text()


def test_a_point_is_picked_by_tapping_and_by_keys(page: Page, live):
    page.goto(f"{live}/style/")
    map_ = page.locator(".place-picker svg.map")
    map_.click()
    longitude, latitude = page.locator("#id_longitude"), page.locator("#id_latitude")
    assert 114.1 < float(longitude.input_value()) < 114.22
    before = float(longitude.input_value()), float(latitude.input_value())
    expect(page.locator(".place-picker [role=status]")).to_contain_text("乙街道")
    map_.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    after = float(longitude.input_value()), float(latitude.input_value())
    assert after[0] > before[0]
    assert after[1] > before[1]


def test_a_form_is_sent_once_and_errors_get_the_focus(page: Page, live, complaints):
    page.goto(f"{live}/style/")
    page.locator("#id_day").fill("2026-04-17")
    page.evaluate("document.querySelector('#id_title').required = false")
    with page.expect_response(lambda answer: answer.request.method == "POST") as answer:
        page.get_by_role("button", name="上报").click()
    assert answer.value.status == 422
    expect(page.locator("[data-error-summary]")).to_be_focused()
    expect(page.locator("#id_day")).to_have_value("2026-04-17")
    complaints.found.clear()  # the browser notes the 422
    assert_accessible(page)


def test_a_filter_replaces_the_list_and_keeps_the_address(page: Page, live):
    page.goto(f"{live}/style/")
    page.keyboard.press("/")
    page.keyboard.type("井盖")
    page.keyboard.press("Enter")
    expect(page.locator("[data-row]")).to_have_count(1)
    expect(page.locator("[data-row]")).to_contain_text("井盖")
    assert "q=%E4%BA%95%E7%9B%96" in page.url
    expect(page.locator("#q")).to_be_focused()
    page.locator("#q").fill("没有这样的事")
    page.keyboard.press("Enter")
    expect(page.get_by_text("没有符合条件的内容")).to_be_visible()
    page.go_back()
    expect(page.locator("[data-row]")).to_have_count(1)


def test_a_refusal_by_htmx_is_said_in_the_servers_words(page: Page, live, complaints):
    page.goto(f"{live}/style/")
    page.get_by_role("button", name="被拒绝").click()
    notice = page.get_by_role("alert").filter(has_text="刚刚有人已派遣此事件")
    expect(notice.last).to_be_visible()
    toast = page.locator(".toast")
    expect(toast).to_have_count(1)
    assert_accessible(page)
    toast.get_by_role("button", name="关闭").click()
    expect(toast).to_have_count(0)
    assert len(complaints.found) == 1, complaints.found  # the browser notes the 409 itself
    complaints.found.clear()


def test_events_of_the_server_arrive(page: Page, live):
    page.goto(f"{live}/style/")
    page.get_by_role("button", name="查看进度").click()
    expect(page.locator("#streamed")).to_have_text("100 %")


def test_copying_says_so(page: Page, live):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{live}/style/")
    page.get_by_role("button", name="复制").click()
    expect(page.locator(".toast")).to_contain_text("已复制")
    assert page.evaluate("navigator.clipboard.readText()") == "QP7K-32MD"


ONE_LINE = """() => [...document.querySelectorAll('.rail a')].filter((link) => {
  const range = document.createRange();
  range.selectNodeContents(link.lastElementChild ?? link);
  const boxes = [...range.getClientRects()].filter((box) => box.width > 1);
  return new Set(boxes.map((box) => Math.round(box.top / 12))).size > 1;
}).map((link) => link.innerText)"""


@pytest.mark.parametrize("role", ["dispatcher", "administrator", "dpo"])
def test_no_entry_of_the_navigation_takes_two_lines_in_english(page: Page, live, sign_in, role):
    sign_in(factories.post(role, factories.district("甲区")))
    page.context.add_cookies([{"name": "django_language", "value": "en", "url": live}])
    for size in ("desk", "wall"):
        width, height = SIZES[size]
        page.set_viewport_size({"width": width, "height": height})
        page.goto(f"{live}/me/")
        expect(page.locator(".rail a").first).to_be_visible()
        assert page.evaluate(ONE_LINE) == []
        assert_fits(page)


@pytest.mark.parametrize("size", ["desk", "wall"])
def test_the_months_of_a_year_fill_whole_rows(page: Page, live, sign_in, size):
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    sign_in(factories.post("dispatcher", factories.district("甲区")))
    page.goto(f"{live}/calendar/")
    tops = page.evaluate("[...document.querySelectorAll('.year > *')].map((one) => one.getBoundingClientRect().top)")
    assert len(tops) == 12
    assert len({tops.count(top) for top in tops}) == 1
