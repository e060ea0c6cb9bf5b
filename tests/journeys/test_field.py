"""The field app on a phone without a network: bound, worked with, killed, restarted, drained once; and its bad days."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, Playwright, expect

from qipan.foundation.devices import operations as devices
from qipan.foundation.devices import rules
from qipan.foundation.devices.models import Carried, Device, Kept
from qipan.foundation.journal import sequencer
from qipan.incidents import operations
from qipan.incidents.models import Incident
from qipan.incidents.operations.report import Place
from qipan.inspections import defaults
from qipan.inspections import operations as inspections
from qipan.live.models import Here
from tests.foundation.areas.conftest import drawn
from tests.incidents.conftest import Town, make_town
from tests.inspections.test_visits import shop
from tests.journeys.browser import assert_accessible, assert_fits
from tests.journeys.phones import OFF, ON, PIN, Hand, bound, press, unlocked
from tests.live import serving
from tests.workflows.field.test_commands import picture

DRAINED = 20_000


@pytest.fixture
def live(transactional_db: None, settings, tmp_path: Path) -> Iterator[str]:
    settings.FILES, settings.KEYS = tmp_path / "files", tmp_path / "keys"
    with serving.server() as address:
        yield address


@pytest.fixture
def town(live: str) -> Town:
    made = make_town("东区")
    drawn(made.district)
    made.at = datetime.now(UTC) - timedelta(hours=3)
    return made


def middle(town: Town) -> tuple[float, float]:
    box = town.cell.boundaries.get()
    return (box.west + box.east) / 2, (box.south + box.north) / 2


def inside(town: Town) -> Place:
    longitude, latitude = middle(town)
    return Place(longitude=longitude, latitude=latitude)


@pytest.fixture
def hand(playwright: Playwright, tmp_path: Path, live: str, town: Town) -> Iterator[Hand]:
    made = Hand(playwright, tmp_path / "profile", live)
    made.point = middle(town)
    yield made
    made.kill()
    assert not made.errors, "\n".join(made.errors)


def tab(page: Page, name: str) -> None:
    page.locator(".tabs a", has_text=name).click()


def signed_by_tap(page: Page, title: str) -> None:
    page.locator(".card", has_text=title).get_by_role("button", name="签收").click()
    expect(page.locator(".card", has_text=title)).to_contain_text("已签收")


def reported(page: Page, words: str, *, photo: Path | None = None, category: str = "rubbish") -> None:
    tab(page, "上报")
    page.locator(f"[data-category={category}]").first.click()
    expect(page.locator(".report [role=status]")).to_contain_text("误差约12米")
    page.locator("textarea").fill(words)
    if photo:
        page.locator("input[type=file]").set_input_files(photo)
        page.locator(".photo-field img").wait_for()
    page.get_by_role("button", name="提交").click()
    expect(page.locator(".toast").last).to_contain_text("已保存在本手机")


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    path.write_bytes(picture())
    return path


def test_a_day_without_a_network_arrives_once(hand: Hand, town: Town, photo: Path) -> None:
    lamp = town.dispatched(title="路灯不亮", place=inside(town))
    page = bound(hand, town.handler)
    expect(page.locator(".card")).to_contain_text("路灯不亮", timeout=DRAINED)
    assert_accessible(page)
    assert_fits(page)

    hand.online(OFF)
    signed_by_tap(page, "路灯不亮")
    expect(page.locator(".line")).to_have_text("无网络")
    page.locator(".card a").click()
    page.get_by_role("button", name="反馈").click()
    page.locator("textarea").fill("已更换灯泡")
    page.get_by_role("button", name="提交").click()
    reported(page, "沿街垃圾无人清运", photo=photo)
    expect(page.locator(".count")).to_have_text("3")
    hand.kill()
    assert Incident.objects.count() == 1

    page = hand.start(online=OFF)
    unlocked(hand)
    expect(page.locator(".count")).to_have_text("3")
    expect(page.locator(".card")).to_contain_text("待发送")
    tab(page, "待发送")
    expect(page.locator(".queue-line")).to_have_count(3)
    assert_accessible(page)

    hand.online(ON)
    expect(page.locator(".queue-line[data-state=sent]")).to_have_count(3, timeout=DRAINED)
    lamp.refresh_from_db()
    assert (lamp.status, lamp.answer) == ("answered", "已更换灯泡")
    made = Incident.objects.get(title="沿街垃圾无人清运")
    assert made.attachments.count() == 1
    assert made.cell_id == town.cell.pk
    assert Carried.objects.count() == 3
    page.get_by_role("button", name="锁定").click()
    unlocked(hand)
    assert Carried.objects.count() == 3
    assert Incident.objects.count() == 2


def held(page: Page) -> list[int]:
    """How many values that can be read lie on the phone, and how many steps that cannot."""
    found: list[int] = page.evaluate(
        """() => new Promise((done, failed) => {
          const asked = indexedDB.open("qipan-field");
          asked.onerror = failed;
          asked.onsuccess = () => {
            const read = asked.result.transaction(["held", "boxes"]);
            const [held, boxes] = ["held", "boxes"].map((name) => read.objectStore(name).count());
            read.oncomplete = () => (asked.result.close(), done([held.result, boxes.result]));
          };
        })"""
    )
    return found


def meta(page: Page, key: str, change: str) -> None:
    """Changes one of the phone's own values: `change` is an expression of `value`."""
    page.evaluate(
        f"""() => new Promise((done, failed) => {{
          const asked = indexedDB.open("qipan-field");
          asked.onerror = failed;
          asked.onsuccess = () => {{
            const work = asked.result.transaction("meta", "readwrite");
            const store = work.objectStore("meta");
            store.get("{key}").onsuccess = ({{target: {{result: value}}}}) => store.put({change}, "{key}");
            work.oncomplete = () => (asked.result.close(), done());
          }};
        }})"""
    )


def test_somebody_was_there_first_and_the_person_decides(hand: Hand, town: Town) -> None:
    lamp = town.dispatched(title="路灯不亮", place=inside(town))
    gate = town.dispatched(title="井盖松动", place=inside(town))
    page = bound(hand, town.handler)
    expect(page.locator(".card")).to_have_count(2, timeout=DRAINED)
    hand.online(OFF)
    for title in ("路灯不亮", "井盖松动"):
        signed_by_tap(page, title)
    page.locator(".card a", has_text="井盖松动").click()
    page.get_by_role("button", name="反馈").click()
    page.locator("textarea").fill("已加固")
    page.get_by_role("button", name="提交").click()
    operations.sign(incident_id=lamp.pk, by=town.handler, at=town.later())
    operations.ask(incident_id=gate.pk, kind="escalate", reason="需要协调", by=town.handler, at=town.later())
    Incident.objects.filter(pk=gate.pk).update(version=gate.version + 1)

    hand.online(ON)
    tab(page, "待发送")
    expect(page.locator("a.queue-line")).to_have_count(2, timeout=DRAINED)
    expect(page.locator(".queue-line", has_text="反馈")).to_contain_text("等待前一步")
    page.locator("a.queue-line", has_text="路灯不亮").click()
    expect(page.locator(".facts")).to_contain_text("已签收")
    expect(page.get_by_text("已不能再做这一步")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name="放弃这一步").click()
    page.locator("a.queue-line", has_text="井盖松动").click()
    page.get_by_role("button", name="仍然提交").click()
    expect(page.locator(".queue-line[data-state=sent]")).to_have_count(2, timeout=DRAINED)
    gate.refresh_from_db()
    assert (gate.status, gate.answer) == ("answered", "已加固")
    assert Carried.objects.filter(about=lamp.pk).count() == 0


def test_a_phone_revoked_while_offline_reads_nothing_and_its_step_arrives(hand: Hand, town: Town) -> None:
    lamp = town.dispatched(title="路灯不亮", place=inside(town))
    page = bound(hand, town.handler)
    expect(page.locator(".card")).to_have_count(1, timeout=DRAINED)
    hand.online(OFF)
    signed_by_tap(page, "路灯不亮")
    # Half a minute later: by how much the phone's clock is off is known to a call's length only.
    later = datetime.now(UTC) + timedelta(seconds=30)
    devices.revoke(device_id=Device.objects.get().pk, by=town.administrator, at=later)
    hand.online(ON)
    expect(page.get_by_text("本手机已被停用")).to_be_visible(timeout=DRAINED)
    expect(page.get_by_text("路灯不亮")).to_have_count(0)
    lamp.refresh_from_db()
    until(lambda: Carried.objects.filter(about=lamp.pk).count() == 1)
    until(lambda: held(page) == [0, 0])
    lamp.refresh_from_db()
    assert lamp.status == "signed"
    assert not Kept.objects.exists()


def test_signed_out_while_offline_the_step_arrives_and_signing_in_goes_on(hand: Hand, town: Town) -> None:
    lamp = town.dispatched(title="路灯不亮", place=inside(town))
    page = bound(hand, town.handler)
    expect(page.locator(".card")).to_have_count(1, timeout=DRAINED)
    hand.online(OFF)
    signed_by_tap(page, "路灯不亮")
    hand.sign_out()
    hand.online(ON)
    expect(page.get_by_text("您已退出登录")).to_be_visible(timeout=DRAINED)
    until(lambda: Carried.objects.filter(about=lamp.pk).count() == 1)
    until(lambda: held(page) == [0, 0])
    hand.sign_in(town.handler)
    page.get_by_role("button", name="重试").click()
    expect(page.locator(".card")).to_contain_text("已签收", timeout=DRAINED)


def test_after_a_day_without_a_word_nothing_can_be_read_and_what_was_done_arrives(hand: Hand, town: Town) -> None:
    lamp = town.dispatched(title="路灯不亮", place=inside(town))
    page = bound(hand, town.handler)
    expect(page.locator(".card")).to_have_count(1, timeout=DRAINED)
    hand.online(OFF)
    signed_by_tap(page, "路灯不亮")
    meta(page, "lease", "({...value, until: Date.now() - 1000})")
    hand.kill()
    page = hand.start(online=OFF)
    hand.open()
    expect(page.get_by_text("已超过24小时未与服务器联系")).to_be_visible()
    expect(page.get_by_text("待发送1步")).to_be_visible()
    until(lambda: held(page) == [0, 1])
    press(page)
    expect(page.get_by_text("暂不能查看")).to_be_visible()
    assert_accessible(page)
    hand.online(ON)
    until(lambda: (page.wait_for_timeout(50), Carried.objects.filter(about=lamp.pk).count())[1] == 1)
    sequencer.drain()  # its step has its place in the journal, so that it is news
    expect(page.locator(".card")).to_contain_text("已签收", timeout=DRAINED)


def test_the_tenth_wrong_pin_leaves_only_what_the_server_can_read(hand: Hand, town: Town) -> None:
    lamp = town.dispatched(title="路灯不亮", place=inside(town))
    page = bound(hand, town.handler)
    expect(page.locator(".card")).to_have_count(1, timeout=DRAINED)
    hand.online(OFF)
    signed_by_tap(page, "路灯不亮")
    page.get_by_role("button", name="锁定").click()
    press(page, "000001")
    expect(page.get_by_text("还可尝试9次")).to_be_visible()
    meta(page, "wrong", "({failed: 9, at: 0})")
    press(page, "000001")
    expect(page.get_by_text("PIN码已连续输错10次")).to_be_visible()
    until(lambda: held(page) == [0, 1])
    hand.online(ON)
    until(lambda: Carried.objects.filter(about=lamp.pk).count() == 1)


def test_a_closed_app_sends_from_the_background(hand: Hand, town: Town) -> None:
    lamp = town.dispatched(title="路灯不亮", place=inside(town))
    page = bound(hand, town.handler)
    expect(page.locator(".card")).to_have_count(1, timeout=DRAINED)
    hand.online(OFF)
    signed_by_tap(page, "路灯不亮")
    hand.kill()
    page = hand.start()
    page.goto(f"{hand.live}/static/icon.svg")  # the app is closed; its worker is there
    found: list[str] = []
    session = page.context.new_cdp_session(page)
    session.on("ServiceWorker.workerRegistrationUpdated",
               lambda told: found.extend(each["registrationId"] for each in told["registrations"]))  # fmt: skip
    session.send("ServiceWorker.enable")
    until(lambda: (page.wait_for_timeout(50), found)[1])
    session.send("ServiceWorker.dispatchSyncEvent",
                 {"origin": hand.live, "registrationId": found[0], "tag": "drain", "lastChance": False})  # fmt: skip
    until(lambda: (page.wait_for_timeout(50), Carried.objects.filter(about=lamp.pk).count())[1] == 1)
    unlocked(hand)
    page.wait_for_timeout(500)
    assert Carried.objects.count() == 1


def test_an_old_app_keeps_its_queue_and_a_wrong_clock_is_said(
    hand: Hand, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    lamp = town.dispatched(title="路灯不亮", place=inside(town))
    hand.ahead = timedelta(hours=1)
    page = bound(hand, town.handler)
    expect(page.locator(".banner")).to_contain_text(re.compile("快了(59|60)分钟"), timeout=DRAINED)
    expect(page.locator(".card")).to_have_count(1, timeout=DRAINED)
    with monkeypatch.context() as newer:
        newer.setattr(rules, "VERSION", rules.VERSION + rules.BACK + 1)
        signed_by_tap(page, "路灯不亮")
        expect(page.locator(".banner", has_text="版本过旧")).to_be_visible(timeout=DRAINED)
        expect(page.locator(".count")).to_have_text("1")
    tab(page, "待发送")
    page.get_by_role("button", name="立即发送").click()
    expect(page.locator(".queue-line[data-state=sent]")).to_have_count(1, timeout=DRAINED)
    done = Carried.objects.get(about=lamp.pk)
    assert abs(done.corrected_time - done.at) < timedelta(minutes=2)
    assert done.device_time - done.at > timedelta(minutes=55)


# A database with no room for anything large (the tools' own quota is not kept by this browser's databases).
FULL = """() => {
  const put = IDBObjectStore.prototype.put;
  IDBObjectStore.prototype.put = function (value, ...key) {
    const size = value.byteLength ?? value.data?.byteLength ?? 0;
    if (size > 50_000) throw new DOMException("full", "QuotaExceededError");
    return put.call(this, value, ...key);
  };
}"""


def test_words_are_never_lost_where_a_photo_finds_no_room(hand: Hand, town: Town, tmp_path: Path) -> None:
    town.dispatched("manhole", title="井盖缺失", place=inside(town))
    large = tmp_path / "large.jpg"
    Image.effect_noise((1600, 1200), 90).convert("RGB").save(large, "JPEG", quality=90)
    page = bound(hand, town.handler)
    page.locator(".card .button").click()
    page.locator(".card a").click()
    page.locator("[data-step=answer]").click()
    page.evaluate(FULL)
    page.locator("textarea").fill("已更换新井盖")
    page.locator("input[type=file]").set_input_files(large)
    expect(page.locator(".banner")).to_contain_text("空间即将用尽", timeout=DRAINED)
    page.locator(".photo-field img").wait_for()
    page.get_by_role("button", name="提交").click()
    expect(page.locator(".banner")).to_contain_text("照片无法保存", timeout=DRAINED)
    assert held(page)[1] == 0
    page.reload()
    press(page)
    expect(page.locator("textarea")).to_have_value("已更换新井盖", timeout=DRAINED)


def test_a_visit_is_made_without_a_network(hand: Hand, town: Town) -> None:
    defaults.load(town.district, since=date(2020, 1, 1))
    plan = inspections.set_plan(area=town.district, kind="shop", every_days=1, by=town.administrator, at=town.at)
    premises = shop(town)
    [visit] = inspections.draw_visits(plan_id=plan.id, on=town.at.date(), at=town.later())
    page = bound(hand, town.grid_worker)
    page.locator(".switch a", has_text="巡查清单 1").click()
    hand.online(OFF)
    page.locator(".card a", has_text=premises.name).click()
    page.get_by_role("button", name="正常").first.click()
    page.locator(".checks textarea").fill("灭火器过期")
    assert_accessible(page)
    assert_fits(page)
    page.get_by_role("button", name="提交：1项有问题").click()
    expect(page.get_by_text("没有待办的排查")).to_be_visible()
    hand.online(ON)
    until(lambda: (page.wait_for_timeout(50), Incident.objects.count())[1] == 1)
    visit.refresh_from_db()
    assert visit.state == "done"
    assert "灭火器过期" in Incident.objects.get().title + Incident.objects.get().text


def test_on_duty_the_last_point_is_told_only_where_it_is_allowed(hand: Hand, town: Town) -> None:
    page = bound(hand, town.grid_worker)
    tab(page, "我的")
    page.get_by_role("button", name="到岗值班").click()
    until(lambda: (page.wait_for_timeout(50), Carried.objects.filter(step="shift_on").count())[1] == 1)
    page.wait_for_timeout(500)
    assert not Here.objects.exists()
    page.get_by_role("checkbox").check()
    until(lambda: (page.wait_for_timeout(50), Here.objects.count())[1] == 1)
    assert Here.objects.get().post_id == town.grid_worker.pk


def test_how_long_a_slow_phone_takes(hand: Hand, town: Town, capsys: pytest.CaptureFixture[str]) -> None:
    """Printed, not asserted: first use from an empty profile and later starts, the processor four times slower."""
    for number in range(12):
        town.dispatched(title=f"路灯不亮 {number}", place=inside(town))
    hand.slow = 4
    page = hand.start()
    began = time.monotonic()
    hand.open()
    page.locator(".steps").wait_for()
    times = {"first use until it can be worked with": time.monotonic() - began}
    hand.kill()
    page = bound(hand, town.handler)
    page.locator(".card").first.wait_for()
    hand.kill()
    page = hand.start(online=OFF)
    began = time.monotonic()
    hand.open()
    page.locator(".key").first.wait_for()
    times["later start until the PIN can be typed"] = time.monotonic() - began
    for digit in PIN:
        page.get_by_role("button", name=digit, exact=True).click()
    began = time.monotonic()
    page.locator(".card").first.wait_for()
    times["from the last digit to my duties"] = time.monotonic() - began
    with capsys.disabled():
        print("".join(f"\n  {name}: {length:.2f} s" for name, length in times.items()))


def until(holds: Callable[[], object]) -> None:
    ends = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < ends, "it did not come about"
        time.sleep(0.05)
