"""The live feed over a real server: two desks, a break, and what must never be sent to whom."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from tests import factories
from tests.incidents.conftest import Town, make_town
from tests.live.serving import Listener, board, cookie, nobody_sits, placed, server, until

from qipan.foundation.journal import queries as journal
from qipan.foundation.posts.models import Post
from qipan.foundation.posts.rules import Role
from qipan.incidents import operations
from qipan.incidents.operations.report import Place
from qipan.incidents.queries import board as maps
from qipan.live import held, hub, rows

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


@pytest.fixture
def town() -> Town:
    made = make_town()
    made.at = timezone.now()
    placed()
    return made


@pytest.fixture
def address(town: Town, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(hub, "POINTS_EVERY", 1_000.0)  # tests/live/test_here.py is about them
    with server() as made:
        yield made
    until(nobody_sits)


def here(listener: Listener) -> None:
    """Wait for what everybody hears at last: then what came before it is all that will come."""
    found = listener.next("hello")
    assert found["position"] == listener.position


def test_what_one_desk_does_is_on_the_other_at_once(address: str, town: Town) -> None:
    with board(address, town.commander) as far, board(address, town.dispatcher, language="en") as near:
        here(far)
        here(near)
        incident = town.report("street-light", title="路灯不亮", place=Place(area=town.cell))
        placed()
        shown = far.next("incident")
        assert shown == {
            "id": str(incident.pk), "longitude": None, "latitude": None, "klass": incident.klass,
            "status": incident.status, "urgent": False, "supervised": False,
            "due_at": shown["due_at"], "number": incident.number, "title": "路灯不亮", "unit": "",
            "kind": incident.category.name,
        }  # fmt: skip
        assert near.next("incident")["kind"] == incident.category.name_en
        operations.accept(incident_id=incident.pk, by=town.dispatcher, at=town.later())
        placed()
        assert far.next("incident")["status"] == near.next("incident")["status"] == "filed"
        operations.dispatch(incident_id=incident.pk, unit=town.department, by=town.dispatcher, at=town.later())
        placed()
        assert far.next("incident")["unit"] == town.department.name
        assert far.position == journal.last_position()


def test_the_end_of_a_supervision_is_told_of_its_incident(address: str, town: Town) -> None:
    incident = town.report("street-light", place=Place(area=town.cell, longitude=114.1, latitude=36.2))
    operations.accept(incident_id=incident.pk, by=town.dispatcher, at=town.later())
    operations.dispatch(incident_id=incident.pk, unit=town.department, by=town.dispatcher, at=town.later())
    one = operations.supervise(incident_id=incident.pk, question="为何", by=town.commander, at=town.later())
    operations.answer_supervision(supervision_id=one.pk, text="已办", by=town.handler, at=town.later())
    placed()
    with board(address, town.commander) as listener:
        here(listener)
        before = journal.last_position()
        operations.end_supervision(supervision_id=one.pk, by=town.commander, at=town.later())
        placed()
        assert listener.next("incident")["supervised"] is False
    assert str(incident.pk) in {row[0] for row in maps.changes(viewer=town.commander, after=before).rows}


def test_the_map_held_in_the_process_is_that_of_the_database_after_everything(
    address: str, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After changes, while nobody listens, after that, and while the feed hears nothing."""
    posts = [town.commander, town.dispatcher, town.handler, town.grid_worker]
    posts += [factories.post(role, town.village, town.department) for role in Role]
    posts += [factories.post(role, factories.below(town.district, 2, 1)) for role in Role]

    def same(*, answered: bool) -> int:
        placed()
        drawn = 0
        for post in posts:
            found = held.whole(post)
            if answered:  # a busy machine may need longer than a map waits
                until(lambda post=post: held.whole(post) is not None)
                found = held.whole(post)
            assert (found is not None) == answered
            asked, whole = maps.map_feed(viewer=post), maps.read(viewer=post)
            drawn += len(whole.rows)
            assert {(str(row[0]), *row[1:]) for row in asked.rows} == {tuple(row) for row in whole.rows}, post
            assert asked.position == whole.position == journal.last_position()
        return drawn

    place = Place(area=town.cell, longitude=114.1, latitude=36.2)
    assert same(answered=False) == 0
    with board(address, town.commander) as listener:
        here(listener)
        incident = town.report("street-light", place=place)
        assert same(answered=True)
        operations.accept(incident_id=incident.pk, by=town.dispatcher, at=town.later())
        operations.dispatch(incident_id=incident.pk, unit=town.department, by=town.dispatcher, at=town.later())
        one = operations.supervise(incident_id=incident.pk, question="为何", by=town.commander, at=town.later())
        assert same(answered=True)
        operations.answer_supervision(supervision_id=one.pk, text="已办", by=town.handler, at=town.later())
        operations.end_supervision(supervision_id=one.pk, by=town.commander, at=town.later())
        town.report("street-light", place=place)
        assert same(answered=True)
    until(lambda: hub.heard() is None)
    other = town.report("street-light", place=place)
    assert same(answered=False)
    with board(address, town.commander) as listener:
        here(listener)
        assert same(answered=True)
        operations.void(incident_id=other.pk, reason="重复", by=town.dispatcher, at=town.later())
        assert same(answered=True)

        async def deaf(_hub: hub.Hub) -> None:
            return None

        with monkeypatch.context() as patch:
            patch.setattr(hub.Hub, "_advance", deaf)
            town.report("street-light", place=place)
            assert same(answered=False)
        town.report("street-light", place=place)  # the next call says what was missed too
        assert same(answered=True)


def test_what_ends_is_gone(address: str, town: Town) -> None:
    incident = town.report("street-light")
    placed()
    with board(address, town.commander) as listener:
        here(listener)
        operations.void(incident_id=incident.pk, reason="重复", by=town.dispatcher, at=town.later())
        placed()
        assert listener.next("gone") == {"id": str(incident.pk)}


def test_what_is_closed_is_gone_and_said_to_be_closed(address: str, town: Town) -> None:
    with board(address, town.commander) as listener:
        here(listener)
        incident = town.answered("street-light")
        placed()
        operations.check_back(incident_id=incident.pk, by=town.dispatcher, at=town.later())
        operations.verify(incident_id=incident.pk, by=town.grid_worker, at=town.later())
        placed()
        assert listener.next("gone", skipping=("duty", "incident")) == {"id": str(incident.pk), "closed": True}


def test_the_next_township_hears_nothing(address: str, town: Town) -> None:
    """Of every role, live and after a break; what they hear last is of their own township."""
    next_door = factories.below(town.district, 2, 1)
    posts = [factories.post(role, next_door, factories.unit(area=next_door)) for role in Role]
    mark = factories.post(Role.GRID_WORKER, factories.below(town.district, 4, 4))
    assert mark.area.township_id == next_door.pk
    before = journal.last_position()
    listeners = [Listener(address, post) for post in posts]
    for listener in listeners:
        here(listener)
    town.dispatched("street-light")
    town.closed("street-light")
    theirs = town.report("street-light", by=mark, place=Place(area=mark.area))
    placed()
    for listener, post in zip(listeners, posts, strict=True):
        allowed = {str(theirs.pk)}
        if rows.sees(rows.Viewer.of(post), rows.load({theirs.pk})[theirs.pk]):
            assert listener.next("incident")["id"] in allowed
        listener.close()
    again = [Listener(address, post, after=before) for post in posts]
    for listener in again:
        heard = [listener.events.get(timeout=10)]
        while heard[-1][0] != "duty":
            heard.append(listener.events.get(timeout=10))
        assert {data["id"] for name, _id, data in heard if name in {"incident", "gone"}} <= allowed
        listener.close()
    for listener in listeners:
        assert not [each for each in listener.rest() if each[0] in {"incident", "gone", "reset"}]


def test_a_break_is_made_good_without_a_gap_and_without_a_double(address: str, town: Town) -> None:
    with board(address, town.commander) as listener:
        here(listener)
        first, second = town.report("street-light"), town.report("street-light", title="第二盏")
        placed()
        assert [listener.next("incident")["id"] for _ in range(2)] == [str(first.pk), str(second.pk)]
        known = listener.position
    operations.void(incident_id=first.pk, reason="重复", by=town.dispatcher, at=town.later())
    third = town.report("street-light", title="第三盏")
    placed()
    with board(address, town.commander, after=known) as listener:
        here(listener)
        assert listener.next("gone") == {"id": str(first.pk)}
        assert listener.next("incident")["id"] == str(third.pk)
        operations.accept(incident_id=third.pk, by=town.dispatcher, at=town.later())
        placed()
        assert listener.next("incident")["status"] == "filed"
        assert not [each for each in listener.rest() if each[0] != "duty"]
    with board(address, town.commander, query=f"?after={journal.last_position()}") as listener:
        here(listener)
        fourth = town.report("street-light", title="第四盏")
        placed()
        assert listener.next("incident")["id"] == str(fourth.pk)


def test_a_break_amid_changes_loses_none_of_them(address: str, town: Town) -> None:
    """Boards that come and go while things happen: together they hear each incident once."""
    heard: list[str] = []
    after = journal.last_position()
    made = []
    for number in range(12):
        with board(address, town.commander, after=after) as listener:
            made.append(str(town.report("street-light", title=f"第{number}盏").pk))
            placed()
            while not heard or heard[-1] != made[-1]:
                heard.append(listener.next("incident", skipping=("duty", "hello"))["id"])
            after = listener.position
    assert heard == made


def test_who_was_away_too_long_loads_everything_anew(address: str, town: Town, monkeypatch) -> None:
    monkeypatch.setattr(rows, "MOST", 3)
    for _ in range(4):
        town.report("street-light")
    placed()
    newest = journal.last_position()
    for after in (newest - 4, newest + 1000):
        with board(address, town.commander, after=after) as listener:
            here(listener)
            assert listener.next("reset") == {"position": newest}
            fresh = town.report("street-light")
            placed()
            newest = journal.last_position()
            assert listener.next("incident")["id"] == str(fresh.pk)


def test_a_slow_reader_is_told_to_load_anew(town: Town, monkeypatch) -> None:
    monkeypatch.setattr(hub, "MOST_WAITING", 3)
    made = hub.Board(rows.Grounds.of(town.commander, session="x", chosen=""), english=False)
    for number in range(1, 6):
        made.put(number, b"%d" % number)
    assert made.taken() == hub.event("reset", 4, {"position": 4}) + b"5"
    made.put(4, b"old")
    assert made.taken() == b""


def test_private_and_hidden_incidents_stay_with_those_who_read_them(address: str, town: Town) -> None:
    administrator, worker = town.administrator, town.grid_worker
    incident = town.report("street-light", by=town.dispatcher)
    placed()
    before = journal.last_position()
    listeners = {post: Listener(address, post) for post in (administrator, worker, town.commander)}
    for listener in listeners.values():
        here(listener)
    operations.change_category(
        category=town.category("street-light"), changes={"private": True}, by=administrator, at=town.later()
    )
    secret = town.report("street-light", by=town.dispatcher, title="只给少数人")
    operations.void(incident_id=secret.pk, reason="误报", by=town.dispatcher, at=town.later())
    placed()
    for post in (administrator, worker):
        assert listeners[post].next("gone") == {"id": str(incident.pk)}
    assert listeners[town.commander].next("incident")["id"] == str(incident.pk)
    last = town.report("rubbish", by=town.dispatcher)
    placed()
    for post, listener in listeners.items():
        assert listener.next("incident")["id"] == str(last.pk), post
        listener.close()
    for post in (administrator, worker):
        with board(address, post, after=before) as listener:
            here(listener)
            assert listener.next("gone") == {"id": str(incident.pk)}
            assert listener.next("incident")["id"] == str(last.pk)


def test_whose_own_work_changes_is_told(address: str, town: Town) -> None:
    incident = town.report("street-light")
    operations.accept(incident_id=incident.pk, by=town.dispatcher, at=town.later())
    placed()
    with board(address, town.handler) as theirs, board(address, town.colleague) as others:
        here(theirs)
        here(others)
        operations.dispatch(incident_id=incident.pk, unit=town.department, by=town.dispatcher, at=town.later())
        placed()
        assert theirs.next("duty", skipping=("incident",)) == {}
        operations.sign(incident_id=incident.pk, by=town.handler, at=town.later())
        operations.answer(incident_id=incident.pk, text="已修复", by=town.handler, at=town.later())
        placed()
        assert theirs.next("duty", skipping=("incident",)) == {}
        elsewhere = town.report("street-light", by=town.colleague)
        placed()
        assert others.next("incident", skipping=())["id"] == str(elsewhere.pk)


@pytest.mark.parametrize("how", ["session", "post", "choice", "password"])
def test_a_stream_ends_with_what_it_stands_on(address: str, town: Town, monkeypatch, how: str) -> None:
    monkeypatch.setattr(hub, "CHECKED_EVERY", 0.2)
    with board(address, town.dispatcher) as listener, board(address, town.commander) as other:
        here(listener)
        here(other)
        if how == "session":
            Session.objects.filter(session_key=listener.session).delete()
        elif how == "post":
            Post.objects.filter(pk=town.dispatcher.pk).update(valid_to=timezone.now())
        elif how == "choice":
            client = Client()
            client.cookies["sessionid"] = listener.session
            session = client.session
            session["post"] = ""
            session.save()
        else:
            town.dispatcher.person.set_password("another one of these")
            town.dispatcher.person.save()
        assert listener.ended.wait(10)
        assert not other.ended.is_set()


def test_a_session_has_four_streams_at_most(address: str, town: Town) -> None:
    session = cookie(town.dispatcher)
    listeners = [Listener(address, town.dispatcher, session=session) for _ in range(4)]
    for listener in listeners:
        here(listener)
    fifth = Listener(address, town.dispatcher, session=session)
    assert fifth.answer.status_code == 429
    fifth.close()
    listeners.pop().close()
    until(lambda: hub.seats.taken.get(session) == 3)
    with board(address, town.dispatcher, session=session) as again:
        here(again)
    for listener in listeners:
        listener.close()


def test_the_stream_is_kept_from_frames_and_caches_and_breathes(address: str, town: Town, monkeypatch) -> None:
    from qipan.live import feed

    monkeypatch.setattr(feed, "PING", 0.1)
    made = Listener(address, town.dispatcher)
    assert made.answer.headers["Content-Type"] == "text/event-stream"
    assert "no-store" in made.answer.headers["Cache-Control"]
    assert "frame-ancestors 'none'" in made.answer.headers["Content-Security-Policy"]
    assert made.answer.headers["X-Frame-Options"] == "DENY"
    here(made)
    time.sleep(0.3)
    made.close()


def test_it_is_no_page_and_nobody_hears_it_without_signing_in(town: Town) -> None:
    client = factories.sign_in(Client(), town.dispatcher)
    assert client.get("/live/events").status_code == 422
    assert client.post("/live/events").status_code == 405
    assert Client().get("/live/events", headers={"accept": "text/event-stream"}).status_code == 302


def test_a_village_hears_that_an_incident_is_hidden_from_it_now(address: str, town: Town) -> None:
    """A category becomes one that no village reads: on the village's board it is gone, elsewhere it stays."""
    leader = factories.post(Role.COMMANDER, town.village)
    incident = town.report("street-light", by=town.dispatcher, place=Place(area=town.cell))
    placed()
    before = journal.last_position()
    with board(address, leader) as village, board(address, town.commander) as district:
        here(village)
        here(district)
        hidden = {"hidden_from_village": True}
        operations.change_category(
            category=town.category("street-light"), changes=hidden, by=town.administrator, at=town.later()
        )
        placed()
        assert village.next("gone") == {"id": str(incident.pk)}
        assert district.next("incident")["id"] == str(incident.pk)
        assert not [each for each in village.rest() if each[0] == "incident"]
    with board(address, leader, after=before) as village:  # and after a break
        here(village)
        assert village.next("gone") == {"id": str(incident.pk)}


def test_a_hub_that_closes_ends_its_streams_and_begins_none(address: str, town: Town) -> None:
    """Those that listen, and those that only now begin."""
    with board(address, town.commander) as listener:
        here(listener)
        [(loop, made)] = [(loop, made) for loop, made in hub._hubs.items() if made.boards]
        loop.call_soon_threadsafe(made.close)
        assert listener.ended.wait(2)
    late = Listener(address, town.commander)
    assert late.ended.wait(2)
    late.close()


SIGNALLED = """
import asyncio, os, signal, django
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qipan.assembly.settings")
django.setup()
from qipan.live import hub
heard = []
signal.signal(signal.SIGTERM, lambda number, _frame: heard.append(number))

async def serving():
    hub.close_at_signals()
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.sleep(0.05)
    return hub.hub().closing

assert asyncio.run(serving()) and heard == [signal.SIGTERM]
"""


def test_a_signal_that_ends_the_server_closes_the_hub_first() -> None:
    """In a process of its own: here a loop may be running already, and the signals are pytest's."""
    subprocess.run([sys.executable, "-c", SIGNALLED], check=True, timeout=60)
