"""Lists, the map's feed and the scoreboard: what they hold, and by how many queries."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests import factories
from tests.incidents.conftest import Town, make_town

from qipan.foundation.areas.models import Area
from qipan.foundation.journal import sequencer
from qipan.foundation.posts.models import Post
from qipan.foundation.posts.rules import Role
from qipan.incidents import access, operations, queries
from qipan.incidents.models import Incident
from qipan.incidents.operations.report import Place
from qipan.incidents.queries import Filters, scores


def titles(town: Town, viewer: Post, **filters: Any) -> list[str]:
    order = filters.pop("order", "newest")
    found = queries.page(viewer=viewer, filters=Filters(**filters), now=town.at, order=order)
    return [row["title"] for row in found.rows]


def test_a_list_is_one_query_for_every_role(town: Town, django_assert_num_queries: Any) -> None:
    town.dispatched(title="路灯不亮")
    for viewer in (town.commander, town.dispatcher, town.handler, town.grid_worker, town.administrator):
        with django_assert_num_queries(1):
            assert titles(town, viewer) == ["路灯不亮"]
        with django_assert_num_queries(1):
            titles(town, viewer, state="open", order="due", mine=True)


def test_pages_of_somebody_with_several_grounds_hold_every_row_once_and_in_order(town: Town) -> None:
    """A handler sees by unit, by own handling, by having reported, by helping: rows of several grounds come once."""
    for number in range(7):
        town.dispatched(title=f"路灯{number}")
    reported = town.report(title="自己报的", by=town.handler)
    signed = Incident.objects.filter(title="路灯3").get()
    operations.sign(incident_id=signed.pk, by=town.handler, at=town.later())
    expected = list(access.visible(viewer=town.handler).order_by("-reported_at", "-id").values_list("title", flat=True))
    assert expected[0] == reported.title
    seen, after = [], ""
    while True:
        found = queries.page(viewer=town.handler, filters=Filters(), now=town.at, after=after, limit=3)
        seen += [row["title"] for row in found.rows]
        after = found.after
        if not after:
            break
    assert seen == expected
    assert len(seen) == 8


def test_what_is_mine_is_narrowed_inside_what_i_may_see(town: Town) -> None:
    town.report(title="别人的", by=town.colleague)
    mine = town.report(title="网格员报的", by=town.grid_worker)
    assert titles(town, town.grid_worker, mine=True) == [mine.title]
    assert titles(town, town.commander, mine=True) == []
    stranger = make_town("别区")
    assert titles(town, stranger.commander, mine=True) == []


def test_filters_by_area_class_and_category_find_what_they_name(town: Town, django_assert_max_num_queries: Any) -> None:
    town.report("rubbish", title="垃圾")
    town.report("street-light", title="路灯")
    elsewhere = Area.objects.filter(parent=town.district).exclude(pk=town.township.pk)[0]
    town.report("street-light", title="别处路灯", place=Place(area=elsewhere))
    with django_assert_max_num_queries(2):
        assert titles(town, town.commander, area=town.township.pk) == ["路灯", "垃圾"]
    with django_assert_max_num_queries(2):
        assert titles(town, town.commander, category="street-light") == ["别处路灯", "路灯"]
    assert titles(town, town.commander, klass=("city",)) == ["垃圾"]
    assert titles(town, town.commander, klass=("device",)) == []
    assert titles(town, town.commander, area=town.village.pk, category="street-light") == ["路灯"]
    assert titles(town, town.commander, area=999_999_999) == []
    day = town.at.date()
    assert len(titles(town, town.commander, since=day, until=day)) == 3
    assert titles(town, town.commander, since=day + timedelta(days=1)) == []


def test_words_are_looked_for_within_a_year_and_further_back_on_request(town: Town) -> None:
    new = town.report(title="井盖缺失")
    for days, title in ((80, "井盖破损"), (300, "井盖松动"), (500, "井盖被盗")):
        old = town.report(title=title)
        Incident.objects.filter(pk=old.pk).update(reported_at=town.at - timedelta(days=days))
    assert titles(town, town.dispatcher, text="井盖") == [new.title, "井盖破损", "井盖松动"]
    assert titles(town, town.dispatcher, text="井盖", older=True) == [new.title, "井盖破损", "井盖松动", "井盖被盗"]
    assert titles(town, town.dispatcher, text="井盖被盗") == []
    since = (town.at - timedelta(days=600)).date()
    assert titles(town, town.dispatcher, text="井盖被盗", since=since) == ["井盖被盗"]


def test_turning_the_pages_of_a_search_loses_nothing(town: Town) -> None:
    for number in range(6):
        old = town.report(title=f"井盖{number}")
        Incident.objects.filter(pk=old.pk).update(reported_at=town.at - timedelta(days=50 * number))
    seen, after = [], ""
    for _ in range(10):
        found = queries.page(viewer=town.dispatcher, filters=Filters(text="井盖"), now=town.at, after=after, limit=2)
        seen += [row["title"] for row in found.rows]
        after = found.after
        if not after:
            break
    assert seen == [f"井盖{number}" for number in range(6)]


@pytest.mark.parametrize(
    ("role", "filters"),
    [
        ("dispatcher", {}),
        ("dispatcher", {"text": "路灯", "older": True}),
        ("dispatcher", {"klass": ("facility",)}),
        ("handler", {"klass": ("facility",)}),
    ],
)
@pytest.mark.parametrize("order", queries.lists.ORDERS)
def test_turning_back_gives_the_very_same_pages(town: Town, order: str, role: str, filters: dict[str, Any]) -> None:
    """Over years, with ties, however far the windows of a search reach."""
    town.by_hand = True
    for days in (0, 0, 0, 20, 50, 50, 80, 100, 300, 420, 500, 900):
        old = town.dispatched(title="路灯")
        moment = town.at - timedelta(days=days)
        Incident.objects.filter(pk=old.pk).update(reported_at=moment, due_at=moment + timedelta(days=1))

    def turned(after: str) -> queries.Page:
        return queries.page(
            viewer=getattr(town, role), filters=Filters(**filters), now=town.at, order=order, after=after, limit=5
        )

    there = [turned("")]
    while there[-1].after:
        there.append(turned(there[-1].after))
    back = [there[-1]]
    while back[-1].before:
        back.append(turned(back[-1].before))
    assert [len(page.rows) for page in there] == [5, 5, 2]
    assert [page.rows for page in back] == [page.rows for page in there[::-1]]
    assert (there[0].before, there[-1].after) == ("", "")


def test_what_arrives_meanwhile_is_on_the_first_page_when_one_comes_back(town: Town) -> None:
    made = [town.report(title=f"井盖{number}").title for number in range(4)]

    def turned(after: str) -> queries.Page:
        return queries.page(viewer=town.dispatcher, filters=Filters(), now=town.at, after=after, limit=2)

    second = turned(turned("").after)
    made.append(town.report(title="新的").title)
    made.reverse()
    shown = turned(second.before)
    assert [row["title"] for row in shown.rows] == made[1:3]
    assert shown.before
    first = turned(shown.before)
    assert [row["title"] for row in first.rows] == made[:2]
    assert not first.before


def test_one_incident_is_few_queries(town: Town) -> None:
    from qipan.incidents.api.reads import detail, named

    incident = town.answered()
    with CaptureQueriesContext(connection) as seen:
        detail(named(incident.id, town.dispatcher), town.dispatcher)
    assert len(seen) <= 6


def spot(town: Town) -> Place:
    return Place(area=town.cell, longitude=114.3, latitude=36.1)


def placed(town: Town, **fields: Any) -> Incident:
    incident = town.report(**fields)
    Incident.objects.filter(pk=incident.pk).update(longitude=114.3, latitude=36.1)
    return incident


def test_the_map_is_drawn_whole_once_and_then_told_only_what_changed(
    town: Town, django_assert_num_queries: Any
) -> None:
    first = placed(town)
    sequencer.step()
    with django_assert_num_queries(2):
        whole = queries.map_feed(viewer=town.commander)
    assert whole.whole
    assert [row[0] for row in whole.rows] == [str(first.pk)]
    with django_assert_num_queries(1):
        nothing = queries.changes(viewer=town.commander, after=whole.position)
    assert (nothing.rows, nothing.gone, nothing.whole) == ([], [], False)
    second = placed(town)
    operations.decline(incident_id=first.pk, by=town.dispatcher, at=town.later(), reason="不属本区管辖")
    sequencer.step()
    with django_assert_num_queries(3):
        news = queries.changes(viewer=town.commander, after=whole.position)
    assert [row[0] for row in news.rows] == [str(second.pk)]
    assert news.gone == [first.pk]
    assert not news.whole
    assert queries.changes(viewer=town.commander, after=news.position).rows == []


def test_changes_elsewhere_are_not_told_and_a_strange_position_draws_the_map_anew(town: Town) -> None:
    placed(town)
    sequencer.step()
    start = queries.map_feed(viewer=town.commander).position
    other = make_town("别区")
    placed(other)
    sequencer.step()
    news = queries.changes(viewer=town.commander, after=start)
    assert (news.rows, news.gone) == ([], [])
    assert queries.changes(viewer=town.commander, after=start + 1_000).whole


def board(town: Town, viewer: Post | None = None, **given: Any) -> dict[str, scores.Score]:
    values = {"since": town.at.date() - timedelta(days=5), "until": town.at.date(), "at": town.at} | given
    groups = scores.scores(viewer=viewer or town.commander, **values)
    return {row.name: row for group in groups for row in group.rows}


def test_the_scoreboard_counts_results_of_what_was_closed(town: Town, django_assert_max_num_queries: Any) -> None:
    town.closed()
    again = town.answered()
    operations.check_back(incident_id=again.pk, by=town.dispatcher, at=town.later())
    operations.rework(incident_id=again.pk, by=town.grid_worker, at=town.later(), reason="灯还是不亮")
    operations.answer(incident_id=again.pk, text="再次修复", by=town.handler, at=town.later())
    operations.check_back(incident_id=again.pk, by=town.dispatcher, at=town.later())
    operations.verify(incident_id=again.pk, by=town.grid_worker, at=town.later())
    town.dispatched()
    with django_assert_max_num_queries(5):
        found = board(town)
    row = found[town.department.name]
    assert (row.closed, row.first_time, row.reworked, row.reopened, row.immediate) == (2, 1, 1, 0, 0)
    assert row.timed == 2
    cells = board(town, by="cell")
    assert [row.closed for row in cells.values()] == [2]
    assert all(row.place is None and row.people is None for row in cells.values())


def test_a_unit_of_fewer_than_five_people_has_no_rank(town: Town) -> None:
    for _ in range(scores.FEWEST_CLOSED):
        town.closed()
    row = board(town)[town.department.name]
    assert (row.people, row.place, row.few) == (1, None, True)
    for _ in range(4):
        factories.post(Role.HANDLER, town.district, town.department)
    row = board(town)[town.department.name]
    assert (row.people, row.place, row.few) == (5, 1, False)


def test_the_scoreboard_keeps_to_its_range_its_area_and_its_readers(town: Town) -> None:
    town.closed()
    assert board(town, until=town.at.date() - timedelta(days=1)) == {}
    assert board(town, viewer=make_town("别区").commander) == {}
    with pytest.raises(scores.RangeTooLong):
        board(town, since=town.at.date() - timedelta(days=92))
    with pytest.raises(scores.RangeBackwards):
        board(town, since=town.at.date() + timedelta(days=1))
    from qipan.foundation.areas.access import NoSuchArea
    from qipan.foundation.posts.access import NotYours

    with pytest.raises(NoSuchArea):
        board(town, area_id=make_town("又一区").township.pk)
    with pytest.raises(NotYours):
        board(town, viewer=town.handler)


def test_private_matters_are_in_no_cells_score(town: Town) -> None:
    incident = town.closed()
    Incident.objects.filter(pk=incident.pk).update(private=True)
    assert board(town, by="cell") == {}
    assert board(town)[town.department.name].closed == 1


def test_a_map_names_nothing_that_was_never_in_sight(town: Town) -> None:
    """Ids say that and when something happened: of what a viewer never saw, that is nobody's to tell."""
    viewers = {"administrator": town.administrator, "grid": town.grid_worker, "handler": town.handler}
    viewers["commander"] = town.commander
    town.report("road")
    sequencer.step()
    start = queries.map_feed(viewer=town.commander).position
    private = town.report("neighbours", by=town.dispatcher)
    draft = town.report("road", draft=True, by=town.dispatcher)
    operations.change_draft(incident_id=draft.id, category=town.category("road"), place=Place(area=town.cell),
                            title="x", by=town.dispatcher, at=town.later())  # fmt: skip
    plain = town.report("road")
    operations.accept(incident_id=plain.id, by=town.dispatcher, at=town.later())
    operations.decline(incident_id=private.id, reason="x", by=town.dispatcher, at=town.later())
    sequencer.step()
    told = {name: set(queries.changes(viewer=viewer, after=start).gone) for name, viewer in viewers.items()}
    assert private.pk in told["commander"]
    assert plain.pk in told["grid"]
    for name in ("administrator", "grid", "handler"):
        assert private.pk not in told[name]
    for gone in told.values():
        assert draft.pk not in gone
    assert not told["handler"]


def test_a_map_names_what_went_out_of_sight(town: Town) -> None:
    lamp = town.dispatched("street-light")
    Incident.objects.filter(pk=lamp.pk).update(longitude=114.3, latitude=36.1)
    sequencer.step()
    start = queries.map_feed(viewer=town.commander).position
    operations.change_category(
        category=town.category("street-light"), changes={"private": True}, by=town.administrator, at=town.later()
    )
    asked = operations.ask(incident_id=lamp.id, kind="return", reason="x", by=town.handler, at=town.later())
    operations.decide(ask_id=asked.id, approve=True, reason="", by=town.commander, at=town.later())
    sequencer.step()
    for viewer in (town.administrator, town.grid_worker, town.handler):
        assert (lamp.pk in queries.changes(viewer=viewer, after=start).gone) is (viewer != town.grid_worker)
