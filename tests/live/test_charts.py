"""The charts: every number is the number of rows of the list that it opens, in any sight; no small group, no person."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import load_workbook
from tests import factories
from tests.incidents.conftest import Town, make_town

from qipan.foundation.posts.models import Post
from qipan.foundation.posts.rules import Role
from qipan.incidents.models import Incident
from qipan.incidents.pages.lists import filters_of
from qipan.incidents.queries import filtered
from qipan.live.queries.charts import Asked, Chart, charts

pytestmark = pytest.mark.django_db
LINK = re.compile(r'<a href="(/incidents/\?[^"]+)">([\d.]+)(%?)</a>')


@pytest.fixture
def town() -> Town:
    made = make_town()
    made.at = timezone.now() - timedelta(days=20)
    return made


def peopled(town: Town, people: int = 5) -> None:
    """So many people in the township that it may be set beside others."""
    for _ in range(people):
        factories.post(Role.GRID_WORKER, town.cell)


def busy(town: Town) -> None:
    """Some of everything: other hours and days, late and in time, done again, private, open."""
    for number, key in enumerate(("street-light", "rubbish", "street-light", "neighbours", "rubbish")):
        town.at += timedelta(days=number, hours=number)
        if key == "street-light":
            made = town.closed(key)
            Incident.objects.filter(pk=made.pk).update(reworks=number, on_time=number == 0)
        else:
            town.report(key)
    again = town.closed("street-light")
    Incident.objects.filter(pk=again.pk).update(reopenings=1, on_time=None, closed_at=timezone.now())


def browser(post: Post) -> Client:
    return factories.sign_in(Client(), post)


def asked(days: int = 30, klass: str = "") -> Asked:
    today = timezone.localdate()
    return Asked(today - timedelta(days=days - 1), today, klass)


def found(post: Post, **given: Any) -> dict[str, Chart]:
    return {one.key: one for one in charts(viewer=post, asked=asked(**given), now=timezone.now())}


def test_each_mark_opens_the_very_rows_that_it_counts(town: Town) -> None:
    busy(town)
    peopled(town)
    seen = set()
    for post in (town.commander, town.dispatcher, town.administrator):
        client, now = browser(post), timezone.now()
        for klass in ("", "facility"):
            for chart in found(post, klass=klass).values():
                for label, cells in chart.rows:
                    for place, cell in enumerate(cells):
                        if not cell.link:
                            assert not cell.value, (chart.key, label)
                            continue
                        page = client.get(cell.link)
                        rows = page.context["rows"]
                        from django.http import QueryDict

                        query = QueryDict(cell.link.partition("?")[2])
                        behind = filtered(viewer=post, filters=filters_of(query), now=now)
                        assert behind.count() == len(rows), cell.link
                        if cell.share:
                            in_time = behind.filter(on_time=True).count()
                            assert cell.value == round(100 * in_time / len(rows), 1), cell.link
                        else:
                            assert cell.value == len(rows), (chart.key, label, cell.link)
                        seen.add((chart.key, place))
    keys = {"hours", "weekdays", "on-time", "classes", "again"}
    assert {key for key, _place in seen} >= keys
    assert {("on-time", 0), ("on-time", 1), ("on-time", 2), ("again", 0), ("again", 1), ("hours", 1)} <= seen


def test_the_page_shows_the_tables_and_each_number_leads_on(town: Town) -> None:
    busy(town)
    client = browser(town.commander)
    page = client.get("/board/charts/")
    links = LINK.findall(page.content.decode())
    assert links
    for address, number, percent in links:
        rows = client.get(address.replace("&amp;", "&")).context["rows"]
        assert percent or len(rows) == int(number), address
    assert [one["key"] for one in page.context["drawn"]["charts"]][:2] == ["hours", "weekdays"]


def test_what_the_list_was_narrowed_to_is_said_and_can_be_taken_away(town: Town) -> None:
    busy(town)
    client = browser(town.commander)
    cell = next(cells[2] for _label, cells in found(town.commander)["on-time"].rows if cells[2].link)
    page = client.get(cell.link, headers={"accept-language": "en"})
    [_closed, late] = page.context["marks"]
    assert "on_time" not in late["url"]
    assert "closed_since" in late["url"]
    assert len(client.get("/incidents/" + late["url"]).context["rows"]) >= len(page.context["rows"])
    assert 'name="closed_since"' in page.content.decode()  # the form of filters keeps it


def test_the_address_says_range_and_class(town: Town) -> None:
    busy(town)
    client = browser(town.commander)
    everything = client.get("/board/charts/").context["charts"]
    some = client.get("/board/charts/?klass=facility").context["charts"]
    assert [len(one.rows) for one in everything if one.key == "classes"] == [3]
    assert [len(one.rows) for one in some if one.key == "classes"] == [1]
    long_ago = client.get("/board/charts/?since=2020-01-01&until=2020-01-31")
    assert "data-chart" not in long_ago.content.decode()
    assert long_ago.status_code == 200


@pytest.mark.parametrize(
    ("query", "status"),
    [("since=2026-05-02&until=2026-05-01", 422), ("since=2026-01-01&until=2026-12-31", 422), ("since=x", 422),
     ("klass=x", 422), ("until=9999-12-31", 422), ("since=0001-01-01&until=0001-01-02", 422)],
)  # fmt: skip
def test_a_range_that_is_none_is_refused_in_words(town: Town, query: str, status: int) -> None:
    assert browser(town.commander).get(f"/board/charts/?{query}").status_code == status


@pytest.mark.parametrize(
    "query", ["closed_since=x", "reported_hour=24", "closed_weekday=0", "on_time=perhaps", "again=x", "closed_hour=a"]
)
def test_a_damaged_mark_in_an_address_is_refused(town: Town, query: str) -> None:
    assert browser(town.commander).get(f"/incidents/?{query}").status_code == 422


def test_an_area_of_fewer_than_five_people_is_not_set_beside_others(town: Town) -> None:
    busy(town)
    kind = f"areas-{town.township.kind}"
    few = found(town.commander)[kind]
    assert (few.rows, bool(few.empty)) == ([], True)
    peopled(town)
    several = found(town.commander)[kind]
    assert [label for label, _cells in several.rows] == [town.township.short_name or town.township.name]
    assert several.note  # there is nothing to compare it with
    factories.below(town.district, 2, index=1)
    assert "5" in found(town.commander)[kind].note


def test_areas_stand_among_their_like_and_a_township_sees_its_own_villages(town: Town) -> None:
    peopled(town)
    busy(town)
    assert not [key for key in found(town.dispatcher) if key == f"areas-{town.township.kind}"]
    [chart] = [one for key, one in found(town.dispatcher).items() if key.startswith("areas-")]
    assert [label for label, _cells in chart.rows] == [town.village.short_name or town.village.name]


def test_nothing_one_week_and_nothing_late_are_said(town: Town) -> None:
    assert all(one.empty for one in found(town.commander).values())
    town.report()
    told = found(town.commander, days=1)
    assert told["on-time"].empty
    assert told["again"].empty
    town.at = timezone.now() - timedelta(minutes=50)
    made = town.closed()
    Incident.objects.filter(pk=made.pk).update(on_time=True)
    assert found(town.commander, days=1)["on-time"].note


def test_others_incidents_are_not_counted(town: Town) -> None:
    busy(town)
    stranger = make_town("西区")
    assert all(one.empty for one in found(stranger.commander).values())
    private = town.report("neighbours")
    everything = found(town.commander)["classes"]
    without = found(town.administrator)["classes"]
    assert private.private
    assert len(without.rows) == len(everything.rows) - 1


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_table_leaves_as_a_file(town: Town, form: str) -> None:
    busy(town)
    answer = browser(town.commander).get(f"/board/charts/export/?chart=weekdays&format={form}")
    content = b"".join(answer) if answer.streaming else answer.content
    if form == "csv":
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    else:
        rows = [list(map(str, row)) for row in load_workbook(io.BytesIO(content)).active.iter_rows(values_only=True)]
    chart = found(town.commander)["weekdays"]
    assert len(rows) == 8
    assert [row[1:] for row in rows[1:]] == [[cell.text for cell in cells] for _label, cells in chart.rows]
    assert browser(town.commander).get("/board/charts/export/?chart=persons").status_code == 404


def test_whoever_has_no_use_for_it_is_refused(town: Town) -> None:
    for post in (town.handler, town.grid_worker):
        assert browser(post).get("/board/charts/").status_code == 403
    programme = factories.post(Role.PROGRAMME, town.district)
    assert browser(programme).get("/board/charts/").status_code == 403


def test_the_queries_do_not_grow_with_the_rows(town: Town) -> None:
    peopled(town)
    busy(town)

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked_of_it:
            found(town.commander)
        return len(asked_of_it)

    before = queries()
    busy(town)
    assert queries() == before <= 4
