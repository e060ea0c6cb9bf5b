"""Pages by key, on and back: the same pages both ways, whatever comes or goes meanwhile."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as some

from qipan.foundation.areas.models import Area
from qipan.foundation.interface import cursors, pages
from qipan.foundation.posts.models import Unit
from tests import factories

ORDERS = [
    ("id",),
    ("-id",),
    ("level", "name", "id"),
    ("-level", "name", "-id"),
    ("valid_to", "id"),
    ("-valid_to", "id"),
    ("level", "valid_to", "-id"),
    ("-valid_to", "-level", "id"),
    ("up", "-valid_to", "-id"),
]


@pytest.fixture
def areas(db: None) -> None:
    """Areas in three levels, some ended on one of two days, most not ended."""
    factories.tree("乙区")
    dice = random.Random(7)
    for area in Area.objects.all():
        ended = dice.choice([None, None, date(2030, 1, 1), date(2031, 1, 1)])
        Area.objects.filter(pk=area.pk).update(valid_to=ended)


def turned(order: Sequence[str], cursor: str, limit: int) -> cursors.Page[Area]:
    rows = Area.objects.annotate(up=F("parent__level"))
    return cursors.keyset(rows, order=order, after=cursor, limit=limit, nullable=("valid_to", "up"))


@pytest.mark.usefixtures("areas")
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("limit", [1, 3, 4, 200])
def test_the_way_back_is_the_same_pages(order: tuple[str, ...], limit: int) -> None:
    whole = list(Area.objects.annotate(up=F("parent__level")).order_by(*order))
    there = [turned(order, "", limit)]
    while there[-1].next:
        there.append(turned(order, there[-1].next, limit))
    assert [row for page in there for row in page.items] == whole
    back = [there[-1]]
    while back[-1].previous:
        back.append(turned(order, back[-1].previous, limit))
    assert [page.items for page in back] == [page.items for page in there[::-1]]
    assert [page.next for page in back] == [page.next for page in there[::-1]]


@pytest.mark.usefixtures("areas")
def test_each_page_is_one_query() -> None:
    order = ("-valid_to", "id")
    second = turned(order, turned(order, "", 3).next, 3)
    for cursor in ("", second.next, second.previous):
        with CaptureQueriesContext(connection) as seen:
            turned(order, cursor, 3)
        assert len(seen) == 1
        assert "OFFSET" not in seen[0]["sql"]


@pytest.mark.django_db
def test_a_short_way_back_is_the_whole_first_page() -> None:
    where = factories.district()
    for _ in range(7):
        factories.unit(area=where)

    def units(cursor: str = "") -> cursors.Page[Unit]:
        return cursors.keyset(Unit.objects.all(), order=("name", "id"), after=cursor, limit=3)

    second = units(units().next)
    units().items[0].delete()
    assert units(second.previous) == units()
    assert len(units().items) == 3
    assert units().previous == ""


@pytest.mark.django_db
def test_from_a_page_whose_rows_all_went_away_one_gets_back() -> None:
    where = factories.district()
    for _ in range(5):
        factories.unit(area=where)

    def units(cursor: str = "") -> cursors.Page[Unit]:
        return cursors.keyset(Unit.objects.all(), order=("-id",), after=cursor, limit=2)

    first = units()
    Unit.objects.exclude(pk__in=[unit.pk for unit in first.items]).delete()
    empty = units(first.next)
    assert (empty.items, empty.next) == ([], "")
    assert units(empty.previous).items == first.items


def of(rows: list[int], cursor: str, limit: int) -> cursors.Page[int]:
    """A list of numbers, page by page."""

    def first(way: Sequence[str], beside: Sequence[Any] | None, count: int) -> list[int]:
        down = way[0].startswith("-")
        beyond = [row for row in rows if beside is None or (row < beside[0] if down else row > beside[0])]
        return sorted(beyond, reverse=down)[:count]

    beside = cursors.decode(cursor, length=1) if cursor else None
    back = cursors.leads_back(cursor)
    return cursors.turn(first, order=("n",), beside=beside, back=back, limit=limit, value=lambda row, _name: row)


numbers = some.sets(some.integers(0, 60))


@given(rows=numbers, come=numbers, gone=numbers, limit=some.integers(1, 7), far=some.integers(0, 20))
def test_no_row_that_stays_is_left_out_on_the_way_back(
    rows: set[int], come: set[int], gone: set[int], limit: int, far: int
) -> None:
    page = of(sorted(rows), "", limit)
    for _ in range(far):
        page = of(sorted(rows), page.next, limit) if page.next else page
    start, now = page, sorted((rows - gone) | come)
    seen: set[int] = set()
    steps = 0
    while page.previous:
        page = of(now, page.previous, limit)
        seen |= set(page.items)
        steps += 1
        assert page.items == sorted(page.items)
        assert steps <= len(now) + 2
    if start.previous:
        assert (page.items, page.previous) == (of(now, "", limit).items, "")
        before = start.items[0] if start.items else 61
        assert {row for row in now if row < before} <= seen


@pytest.mark.django_db
@pytest.mark.parametrize(
    "values", [("甲", None), (None, 1), ("\0", 1), ("甲", "x"), ("甲",), ("甲", 1, 2), ("甲", [1])]
)
@pytest.mark.parametrize("back", [False, True])
def test_a_cursor_that_is_none_is_refused_both_ways(values: tuple[Any, ...], back: bool) -> None:
    with pytest.raises(cursors.BadCursor):
        cursors.keyset(Unit.objects.all(), order=("name", "id"), after=cursors.encode(*values, back=back))


@pytest.mark.django_db
@pytest.mark.parametrize("moment", ["2026-05-04T08:00:00", "2026-05-04", "2026", 5, True])
def test_a_cursor_of_no_moment_is_refused(moment: Any) -> None:
    from qipan.foundation.posts.models import Post

    with pytest.raises(cursors.BadCursor):
        cursors.read(Post.objects.all(), order=("valid_from",), cursor=cursors.encode(moment))


@pytest.mark.django_db
def test_a_moment_far_from_utc_is_counted_in_utc() -> None:
    from qipan.foundation.posts.models import Post

    made_up = cursors.encode("2026-05-04T08:00:00-23:00", "018f3e7a-0000-7000-8000-000000000001")
    page = cursors.keyset(Post.objects.all(), order=("valid_from", "id"), after=made_up)
    assert page.items == []


def test_an_address_holds_its_place_in_the_list_apart_from_the_rest() -> None:
    request = RequestFactory().get("/list/", {"q": "水", "after": "a", "page": "x"})
    assert pages.turned(request) == "a"
    assert pages.unturned(request, "page") == "q=%E6%B0%B4"
    assert pages.turned(RequestFactory().get("/list/?after=&before=b")) == "b"
    assert pages.turned(RequestFactory().get("/list/")) == ""
