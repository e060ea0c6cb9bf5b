"""Where those on duty are: the last point, to the desks above, while the shift lasts; and nothing of it after."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from tests import factories
from tests.incidents.conftest import Town, make_town
from tests.live.serving import board, nobody_sits, placed, server, until

from qipan.foundation.journal.models import Entry
from qipan.foundation.posts import operations as posts
from qipan.foundation.posts.models import Post
from qipan.foundation.posts.rules import Role
from qipan.live import here, hub
from qipan.live.models import Here

pytestmark = pytest.mark.django_db
POINT = {"longitude": 114.123456, "latitude": 36.054321, "accuracy": 9.0}


@pytest.fixture
def town() -> Town:
    made = make_town()
    made.at = timezone.now() - timedelta(hours=1)
    return made


def tell(post: Post, client: Client | None = None, **changed: Any) -> int:
    client, headers = client or factories.sign_in(Client(), post), {"idempotency-key": str(uuid4())}
    answer = client.post("/api/v1/board/here", POINT | changed, content_type="application/json", headers=headers)
    return answer.status_code


def seen(post: Post) -> Any:
    answer = factories.sign_in(Client(), post).get("/api/v1/board/here")
    return answer.json() if answer.status_code == 200 else answer.status_code


def test_only_the_last_point_of_somebody_on_duty_is_known(town: Town) -> None:
    assert tell(town.grid_worker) == 409
    posts.open_shift(by=town.grid_worker, at=town.later())
    assert tell(town.grid_worker) == 204
    assert tell(town.grid_worker, latitude=36.06) == 204
    assert tell(town.grid_worker, latitude=91) == 422
    [one] = seen(town.commander)
    assert (one["post"], one["latitude"]) == (str(town.grid_worker.pk), 36.06)
    assert seen(town.dispatcher) == [one]
    assert Here.objects.count() == 1


def test_nothing_is_left_when_the_shift_is_over(town: Town) -> None:
    posts.open_shift(by=town.grid_worker, at=town.later())
    tell(town.grid_worker)
    posts.close_shift(by=town.grid_worker, at=town.later())
    assert not Here.objects.exists()
    assert seen(town.commander) == []
    assert tell(town.grid_worker) == 409


def test_nothing_is_left_when_the_post_ends_or_a_quarter_of_an_hour_has_passed(town: Town) -> None:
    for ends in (True, False):
        worker = factories.post(Role.GRID_WORKER, town.cell)
        posts.open_shift(by=worker, at=town.later())
        tell(worker)
        if ends:
            worker.shifts.filter(closed_at=None).update(closed_at=timezone.now() + timedelta(hours=1))
            assert not Here.objects.filter(post=worker).exists()
    Here.objects.update(at=timezone.now() - timedelta(minutes=16))
    assert seen(town.commander) == []
    assert here.forget(at=timezone.now()) == 1
    assert not Here.objects.exists()


def test_a_post_that_ends_with_its_shift_open_is_seen_nowhere(town: Town) -> None:
    posts.open_shift(by=town.grid_worker, at=town.later())
    tell(town.grid_worker)
    assert [dot.post for dot in here.dots(at=timezone.now())] == [town.grid_worker.pk]
    Post.objects.filter(pk=town.grid_worker.pk).update(valid_to=timezone.now())
    assert here.dots(at=timezone.now()) == []
    assert seen(town.commander) == []
    assert here.forget(at=timezone.now()) == 1


def test_no_other_table_holds_the_point_and_the_journal_says_nothing(town: Town) -> None:
    posts.open_shift(by=town.grid_worker, at=town.later())
    client = factories.sign_in(Client(), town.grid_worker)
    before = Entry.objects.count()
    assert tell(town.grid_worker, client) == 204
    assert Entry.objects.count() == before
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace "
                       "WHERE relkind = 'r' AND nspname = 'public'")  # fmt: skip
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT count(*) FROM {table} t WHERE t::text LIKE '%%114.123456%%'")
            assert cursor.fetchone()[0] == (1 if table == "live_here" else 0), table
        cursor.execute("SELECT relpersistence FROM pg_class WHERE relname = 'live_here'")
        assert cursor.fetchone()[0] == "u"  # in no write-ahead log; backups leave such tables out


def test_the_next_township_and_other_roles_see_nobody(town: Town) -> None:
    posts.open_shift(by=town.grid_worker, at=town.later())
    tell(town.grid_worker)
    next_door = factories.below(town.district, 2, 1)
    assert seen(factories.post(Role.COMMANDER, next_door)) == []
    assert seen(factories.post(Role.DISPATCHER, next_door)) == []
    assert seen(town.handler) == seen(town.grid_worker) == seen(town.administrator) == 403


@pytest.mark.django_db(transaction=True)
@pytest.mark.database
class TestFeed:
    @pytest.fixture
    def address(self, town: Town, monkeypatch: Any) -> Iterator[str]:
        monkeypatch.setattr(hub, "POINTS_EVERY", 0.1)
        placed()
        with server() as made:
            yield made
        until(nobody_sits)

    def test_desks_hear_who_is_where_and_the_next_township_does_not(self, address: str, town: Town) -> None:
        next_door = factories.post(Role.COMMANDER, factories.below(town.district, 2, 1))
        posts.open_shift(by=town.grid_worker, at=town.later())
        with board(address, town.commander) as listener, board(address, next_door) as other:
            listener.next("hello")
            other.next("hello")
            # What a board fetched for itself may be over before the feed looked: the first look is always told.
            assert listener.next("here") == []
            here.tell(by=town.grid_worker, **POINT, at=timezone.now())
            assert listener.next("here") == [[str(town.grid_worker.pk), 114.123456, 36.054321]]
            posts.close_shift(by=town.grid_worker, at=town.later())
            assert listener.next("here") == []
            assert [each[2] for each in other.rest() if each[0] == "here"] == [[]]
