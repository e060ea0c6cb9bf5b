"""Areas, premises and imports in the browser: sizes, languages, and a file from upload to its end."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from qipan.assembly.demo import map as demo
from qipan.foundation.areas.models import Area, Premises
from qipan.foundation.journal.rules import SYSTEM
from tests import factories
from tests.journeys import browser
from tests.kernels.tables import files

AT = datetime(2026, 11, 20, 2, tzinfo=UTC)


@pytest.fixture
def district(live) -> Area:
    return demo.load(demo.build("small"), by=SYSTEM, at=AT)


@pytest.mark.parametrize("size", browser.SIZES)
def test_pages_of_areas_fit_and_can_be_read_by_everybody(page: Page, live, sign_in, district, size):
    sign_in(factories.post("administrator", district))
    width, height = browser.SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    township = Area.objects.filter(level=2).first()
    shop = Premises.objects.filter(kind="shop").first()
    for path in ("/areas/", f"/areas/{district.pk}/", f"/areas/{township.pk}/", f"/areas/{township.pk}/change/",
                 "/premises/", f"/premises/{shop.pk}/", "/imports/", "/imports/new/"):  # fmt: skip
        page.goto(live + path)
        browser.assert_fits(page)
        if size != "wall":
            browser.assert_accessible(page)


def test_a_file_goes_from_upload_to_loaded(page: Page, live, sign_in, district, tmp_path: Path):
    sign_in(factories.post("administrator", district))
    code = "410505001001"
    path = tmp_path / "场所.xlsx"
    path.write_bytes(files.xlsx(("名称", "类型", "编号", "区域代码"), ("好日子超市", "商铺", "X1", code)))
    page.goto(f"{live}/imports/new/?kind=premises")
    page.set_input_files("input[type=file]", path)
    page.get_by_role("button", name="检查文件").click()
    expect(page.get_by_role("heading", name="场所.xlsx")).to_be_visible()
    browser.assert_fits(page)
    browser.assert_accessible(page)
    page.get_by_role("button", name="全部导入").click()
    expect(page.get_by_text("已导入。")).to_be_visible()
    assert Premises.objects.filter(code="X1").count() == 1


def test_a_search_in_the_list_replaces_the_rows_and_keeps_the_address(page: Page, live, sign_in, district):
    sign_in(factories.post("commander", district))
    page.goto(f"{live}/areas/")
    page.fill("#f-text", "西郊")
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page).to_have_url(f"{live}/areas/?text=%E8%A5%BF%E9%83%8A&level=")
    page.get_by_role("link", name="西郊乡").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("西郊乡")
    expect(page.locator("figure.area-picture svg path").first).to_be_attached()
