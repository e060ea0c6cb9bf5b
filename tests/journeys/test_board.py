"""The board in Chromium: the worst is seen, picked, and worked on; a second board follows; a lost line is said."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from PIL import Image
from playwright.sync_api import Browser, Page, Route, expect

from qipan.foundation.areas.models import Point, Premises
from qipan.foundation.journal import sequencer
from qipan.foundation.posts import operations as posts
from qipan.incidents.models import Incident
from qipan.incidents.operations.report import Place
from qipan.live import here
from tests import factories
from tests.foundation.areas.conftest import drawn
from tests.incidents.conftest import Town, make_town
from tests.journeys.browser import SIZES, Complaints, assert_accessible, assert_fits
from tests.live import serving


@pytest.fixture
def live(transactional_db: None) -> Iterator[str]:
    """A server of this test alone: what it has told its boards is not the next one's."""
    with serving.server() as address:
        yield address


@pytest.fixture
def town(live: str, page: Page) -> Iterator[Town]:
    made = make_town("东区")
    drawn(made.district)
    yield made
    page.goto("about:blank")  # a board asks on and on, and its tables are about to be emptied
    answered()


def answered() -> None:
    """Waits until the server has been at rest for half a second."""
    others = "datname = current_database() AND pid <> pg_backend_pid()"
    busy = f"SELECT count(*) FROM pg_stat_activity WHERE {others} AND state <> 'idle'"
    rest, until = 0, time.monotonic() + 20
    while rest < 5 and time.monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute(busy)
            rest = 0 if cursor.fetchone()[0] else rest + 1
        time.sleep(0.1)


def inside(town: Town) -> Place:
    box = town.cell.boundaries.get()
    return Place(longitude=(box.west + box.east) / 2, latitude=(box.south + box.north) / 2)


def opened(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator("qipan-board[data-ready]")).to_be_attached(timeout=20_000)


def figure(page: Page, label: str):
    return page.locator(".board-figures li").filter(has_text=label).locator(".value")


def test_the_worst_is_found_and_accepted_and_a_second_board_follows(
    page: Page, live: str, town: Town, sign_in, browser: Browser, complaints: Complaints
) -> None:
    incident = town.report(place=inside(town), title="桥面塌陷")
    sign_in(town.dispatcher)
    opened(page, f"{live}/board/")
    expect(figure(page, "超时")).to_have_text("1")
    assert_accessible(page)
    assert_fits(page)

    # Somebody else looks at the same district.
    context = browser.new_context(base_url=live, locale="en-GB", color_scheme="dark")
    cookie = factories.sign_in(Client(), town.commander).cookies["sessionid"]
    context.add_cookies([{"name": "sessionid", "value": cookie.value, "url": live}])
    other = context.new_page()
    opened(other, "/board/")
    expect(other.locator("#board-state")).to_have_text("live")
    assert_accessible(other)

    # The keys lead to the list, Enter picks; the address says what is picked.
    page.keyboard.press("ArrowDown")
    expect(page.locator(".board-lines a").first).to_be_focused()
    page.keyboard.press("Enter")
    picked = page.locator(".board-picked")
    expect(picked).to_contain_text("桥面塌陷")
    assert f"incident={incident.id}" in page.url
    expect(page.locator(".board-place strong")).to_have_text(town.cell.name)
    assert_accessible(page)

    # Two clicks: the step, and its form on the board.
    picked.get_by_role("link", name="受理立案", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    assert_accessible(page)
    dialog.locator("button.primary").click()
    expect(dialog).to_be_hidden()
    expect(picked).to_contain_text("已立案")
    assert Incident.objects.get(pk=incident.id).status == "filed"

    # It goes up to the other desk by itself, as does what is new.
    town.at = Incident.objects.get(pk=incident.id).status_at
    town.report(place=inside(town), title="第二件")
    sequencer.drain()
    expect(figure(other, "Open")).to_have_text("2", timeout=15_000)
    expect(other.locator(".board-lines")).to_contain_text("第二件")
    context.close()

    # A link to it opens the same view, also by the home page, and Esc leaves it.
    opened(page, f"{live}/?incident={incident.id}#13.5/36.1/114.3")
    assert page.url == f"{live}/board/?incident={incident.id}#13.5/36.1/114.3"
    expect(picked).to_contain_text("桥面塌陷")
    page.keyboard.press("Escape")
    expect(picked).to_be_empty()
    assert "incident=" not in page.url

    # `/` finds anything.
    page.keyboard.press("/")
    page.keyboard.type(town.township.name)
    option = page.get_by_role("option").first
    expect(option).to_contain_text(town.township.name)
    assert_accessible(page)
    page.keyboard.press("Enter")
    expect(page.locator("#board-found")).to_be_hidden()
    page.keyboard.press("/")
    page.keyboard.press("Control+A")
    page.keyboard.type("桥面")
    expect(page.get_by_role("option").filter(has_text="桥面塌陷")).to_be_visible()
    page.keyboard.press("Enter")
    expect(picked).to_contain_text("桥面塌陷")

    # A line that breaks is said, and mended by itself.
    page.context.set_offline(True)
    expect(page.get_by_role("alert")).to_contain_text("连接已中断", timeout=15_000)
    page.context.set_offline(False)
    expect(page.get_by_role("alert")).to_be_hidden(timeout=15_000)
    complaints.found[:] = [one for one in complaints.found if not re.search("ERR_INTERNET_DISCONNECTED", one)]


@pytest.mark.parametrize("size", ["wall", "phone"])
def test_the_board_fits_its_screen(page: Page, live: str, town: Town, sign_in, size: str) -> None:
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    town.report(place=inside(town))
    sign_in(town.dispatcher)
    opened(page, f"{live}/board/")
    assert_fits(page)
    assert_accessible(page)


def test_layers_are_switched_and_remembered_and_premises_picked(page: Page, live: str, town: Town, sign_in) -> None:
    place = inside(town)
    school = Premises(kind="school", name="东关小学", active_from=factories.LONG_AGO.date()).place(town.cell)
    school.longitude, school.latitude = place.longitude, place.latitude
    school.save()
    hydrant = Point(kind="hydrant", name="东关消火栓", active_from=factories.LONG_AGO.date()).place(town.cell)
    hydrant.longitude, hydrant.latitude = place.longitude, place.latitude
    hydrant.save()
    sign_in(town.dispatcher)
    address = f"{live}/board/#15/{place.latitude}/{place.longitude}"
    opened(page, address)
    page.wait_for_timeout(1_500)  # premises come when the rest is drawn
    box = page.locator(".board-map").bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    thing = page.locator(".board-thing")
    expect(thing).to_contain_text("东关小学")
    expect(thing.get_by_role("link")).to_have_attribute("href", f"/premises/{school.pk}/")
    assert_accessible(page)
    page.keyboard.press("Escape")
    expect(thing).to_be_hidden()

    page.get_by_role("button", name="图层").click()
    box_of = page.get_by_role("checkbox", name="场所")
    expect(box_of).to_be_checked()
    box_of.uncheck()
    with page.expect_response("**/api/v1/board/points"):  # not asked for until somebody wants them
        page.get_by_role("checkbox", name="设备点位").check()
    page.wait_for_timeout(500)
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(thing).to_contain_text("东关消火栓")
    expect(thing).to_contain_text("消火栓")
    assert_accessible(page)
    page.goto("about:blank")
    opened(page, address)
    page.get_by_role("button", name="图层").click()
    expect(box_of).not_to_be_checked()
    expect(page.get_by_role("checkbox", name="边界")).to_be_checked()


def test_staff_on_duty_are_on_the_map_until_they_go_off(page: Page, live: str, town: Town, sign_in) -> None:
    place, now = inside(town), timezone.now()
    posts.open_shift(by=town.grid_worker, at=now)
    here.tell(by=town.grid_worker, longitude=place.longitude, latitude=place.latitude, accuracy=8, at=now)
    sign_in(town.dispatcher)
    opened(page, f"{live}/board/#15/{place.latitude}/{place.longitude}")
    page.wait_for_timeout(1_500)  # staff come when the rest is drawn
    box = page.locator(".board-map").bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator(".board-thing")).to_contain_text(str(town.grid_worker.person))
    page.keyboard.press("Escape")
    posts.close_shift(by=town.grid_worker, at=timezone.now())
    page.wait_for_timeout(8_000)  # the feed tells of points every five seconds
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator(".board-thing")).to_be_hidden()


@pytest.mark.parametrize("datum", ["wgs84", "gcj02"])
def test_a_map_below_bears_its_number_and_what_is_drawn_is_still_found(
    page: Page, live: str, town: Town, sign_in, settings, datum: str, complaints: Complaints
) -> None:
    tiles = "https://tiles.example/{z}/{x}/{y}.png"
    settings.TILES = {"url": tiles, "datum": datum, "approval": "GS(2024)0650号", "attribution": "天地图"}
    opened_for = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    policy = {name: [*opened_for[name], "https://tiles.example"] for name in ("img-src", "connect-src")}
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": opened_for | policy}
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        image = io.BytesIO()
        Image.new("RGB", (256, 256), "#cfd8dc").save(image, "PNG")
        cors = {"Access-Control-Allow-Origin": "*"}
        route.fulfill(body=image.getvalue(), content_type="image/png", headers=cors)

    page.route("https://tiles.example/**", answer)
    place = inside(town)
    incident = town.report(place=place, title="桥面塌陷")
    sign_in(town.dispatcher)
    opened(page, f"{live}/board/#15/{place.latitude}/{place.longitude}")
    number = page.locator(".board-map .map-approval")
    expect(number).to_have_text("审图号：GS(2024)0650号 · 天地图")
    page.wait_for_timeout(1_000)
    assert asked and all(re.fullmatch(r"https://tiles\.example/\d+/\d+/\d+\.png", one) for one in asked)
    assert_accessible(page)

    # What lies in the middle of the view is picked there, and the address says where it is, however the map is counted.
    box = page.locator(".board-map").bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator(".board-picked")).to_contain_text("桥面塌陷")
    assert f"incident={incident.id}#15" in page.url
    page.get_by_role("button", name="放大").click()
    expect(page).to_have_url(re.compile(rf"#16\.00/{place.latitude:.5f}/{place.longitude:.5f}$"))

    # Without the map its number stays, and the choice is kept.
    page.get_by_role("button", name="图层").click()
    page.get_by_role("checkbox", name="底图").uncheck()
    page.goto("about:blank")
    asked.clear()
    opened(page, f"{live}/board/")
    expect(number).to_be_visible()
    page.wait_for_timeout(1_000)
    assert not asked
    assert not [one for one in complaints.found if "tiles" in one]


def test_a_way_and_a_ground_are_measured(page: Page, live: str, town: Town, sign_in) -> None:
    place = inside(town)
    town.report(place=place, title="桥面塌陷")
    sign_in(town.dispatcher)
    opened(page, f"{live}/board/#15/{place.latitude}/{place.longitude}")
    expect(page.get_by_role("button", name="测量")).to_be_visible()
    box = page.locator(".board-map").bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.keyboard.press("m")
    said = page.locator("qipan-measure .select-how")
    expect(said).to_contain_text("依次点击")
    assert_accessible(page)
    # At this zoom and latitude a pixel is 1.93 m (40,075 km / 512 / 2^15 · cos 36°).
    page.mouse.click(x, y)  # an incident is there, and is not picked now
    page.mouse.click(x + 100, y)
    page.mouse.click(x + 100, y + 100)
    lengths = page.locator(".measure-ground text")
    expect(lengths.nth(0)).to_have_text(re.compile(r"^19\d 米$"))
    expect(lengths.nth(1)).to_have_text(re.compile(r"^38\d 米$"))
    page.keyboard.press("Enter")
    expect(said).to_contain_text(re.compile(r"长度 38\d 米"))
    expect(page.locator(".board-picked")).to_be_empty()

    # Another: a square, closed by its first point; and a double click ends a line.
    page.wait_for_timeout(500)  # what follows at once belongs to a double click
    for across, down in ((0, 0), (100, 0), (100, 100), (0, 100), (0, 0)):
        page.mouse.click(x + across, y + down)
        page.wait_for_timeout(50)
    expect(said).to_contain_text(re.compile(r"面积 3\d,\d{3} 平方米，合 5\d\.\d 亩；周长 77\d 米"))
    assert_accessible(page)
    page.wait_for_timeout(500)
    page.mouse.click(x, y)
    page.mouse.dblclick(x + 200, y)
    expect(said).to_contain_text(re.compile(r"长度 38\d 米"))
    page.keyboard.press("Escape")
    expect(page.locator(".measure-ground")).to_have_count(0)

    # The same without a mouse: the map moves by 100 pixels below a cross.
    page.mouse.move(0, 0)
    page.keyboard.press("m")
    expect(page.locator(".measure-ground .cross")).to_have_count(1)
    page.keyboard.press("Space")
    for _ in range(2):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(600)
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(said).to_contain_text(re.compile(r"长度 (38\d|39\d) 米"))
    page.keyboard.press("Escape")
    for _ in range(2):
        page.keyboard.press("ArrowLeft")
        page.wait_for_timeout(600)
    page.mouse.click(x, y)
    expect(page.locator(".board-picked")).to_contain_text("桥面塌陷")
