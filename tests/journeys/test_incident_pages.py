"""Every page of incidents and of residents in Chromium: accessible, and never wider than its screen."""

from __future__ import annotations

import pytest
from django.test import Client
from playwright.sync_api import Browser

from qipan.incidents import operations
from tests import factories
from tests.foundation.areas.conftest import drawn
from tests.incidents.conftest import make_town
from tests.journeys.browser import SIZES, assert_accessible, assert_fits

LOOKS = [("phone", "zh-CN", "dark"), ("wall", "en-GB", "light")]


@pytest.mark.parametrize(("size", "language", "theme"), LOOKS)
def test_every_page_is_accessible_and_fits(browser: Browser, live: str, size: str, language: str, theme: str) -> None:
    town = make_town("东区")
    drawn(town.district)
    lamp = town.dispatched("street-light", contact=operations.Contact(name="某某", phone="13800138000"))
    operations.supervise(incident_id=lamp.id, question="说明原因", by=town.commander, at=town.later())
    operations.ask(incident_id=lamp.id, kind="extension", days=3, reason="备料", by=town.handler, at=town.later())
    operations.set_rule(area=town.township, unit=town.other, klass="city", by=town.administrator, at=town.later())
    private = town.report("neighbours", text="邻居砌墙")
    petition = town.category("petition")
    pages = [
        (town.dispatcher, "/incidents/"), (town.dispatcher, "/incidents/?state=overdue&text=无此事"),
        (town.dispatcher, f"/incidents/{lamp.id}/"), (town.dispatcher, f"/incidents/{private.id}/"),
        (town.handler, f"/incidents/{lamp.id}/do/answer/"), (town.dispatcher, f"/incidents/{private.id}/do/accept/"),
        (town.commander, "/incidents/supervisions/"), (town.dispatcher, "/incidents/call-backs/"),
        (town.dispatcher, "/incidents/checks/"), (town.grid_worker, "/incidents/new/"),
        (town.administrator, "/incidents/rules/categories/"),
        (town.administrator, f"/incidents/rules/categories/{petition.pk}/"),
        (town.dispatcher, f"/incidents/rules/categories/{petition.pk}/"),
        (town.administrator, "/incidents/rules/routing/"), (town.administrator, "/incidents/rules/caps/"),
        (None, "/public/"), (None, "/public/track/"), (None, f"/public/{town.district.pk}/report/"),
    ]  # fmt: skip
    width, height = SIZES[size]
    for post in dict.fromkeys(post for post, _path in pages):
        context = browser.new_context(
            base_url=live, viewport={"width": width, "height": height}, locale=language, color_scheme=theme,
            is_mobile=size == "phone", has_touch=size == "phone",  # fingers get larger buttons: they must fit as well
        )  # fmt: skip
        if post is not None:
            cookie = factories.sign_in(Client(), post).cookies["sessionid"]
            context.add_cookies([{"name": "sessionid", "value": cookie.value, "url": live}])
        page = context.new_page()
        for path in (path for one, path in pages if one == post):
            answer = page.goto(path)
            assert answer
            assert answer.status == 200, path
            assert_fits(page)
            assert_accessible(page)
        context.close()
