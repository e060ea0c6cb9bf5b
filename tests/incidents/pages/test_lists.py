"""The list: what it shows, what it costs, and doing one thing to many."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test.utils import CaptureQueriesContext
from tests.incidents.conftest import Town
from tests.incidents.pages.conftest import command

from qipan.foundation.duties.models import Duty
from qipan.foundation.interface.cursors import encode
from qipan.incidents import operations
from qipan.incidents.models import Incident


def numbers(answer) -> list[str]:
    return [row["number"] for row in answer.context["rows"]]


def test_a_list_costs_six_queries_and_the_rows_one(recent: Town, as_) -> None:
    from django.db import connection

    for _ in range(5):
        recent.dispatched()
    client = as_(recent.dispatcher)
    client.get("/incidents/")
    with CaptureQueriesContext(
        connection,
    ) as seen:
        client.get("/incidents/?state=overdue&text=小区&area=1&unit=1&category=rubbish")
    # Session, person, what the filters name, rows, choices with kept views, unread messages.
    assert len(seen) <= 6, "\n".join(query["sql"][:150] for query in seen)
    assert sum('FROM "incidents_incident"' in query["sql"] for query in seen) == 1


def test_filters_narrow_and_a_damaged_address_is_said(recent: Town, as_) -> None:
    lamp, heap = recent.report("street-light", title="路灯不亮"), recent.report("rubbish", title="垃圾成堆")
    client = as_(recent.dispatcher)
    assert numbers(client.get("/incidents/?text=路灯")) == [lamp.number]
    assert numbers(client.get("/incidents/?klass=city")) == [heap.number]
    assert numbers(client.get("/incidents/?category=street-light")) == [lamp.number]
    assert numbers(client.get(f"/incidents/?area={recent.village.pk}&source=staff")) == [heap.number, lamp.number]
    assert numbers(client.get("/incidents/?since=2020-01-01&until=2020-01-02")) == []
    for bad in ("area=x", "since=2020-13-01", "klass=nonsense", "after=zz", "state=nonsense"):
        assert client.get(f"/incidents/?{bad}").status_code == 422


def due(incident: Incident, at: datetime) -> None:
    Incident.objects.filter(pk=incident.pk).update(due_at=at)
    Duty.objects.filter(about_id=incident.pk, kind="incidents.handle").update(due_at=at)


def test_the_tabs_mean_what_they_say(recent: Town, as_) -> None:
    late = recent.dispatched("manhole")
    fresh = recent.report("petition", title="信访")
    due(late, datetime.now(UTC) - timedelta(hours=1))
    soon = recent.dispatched("street-light")
    due(soon, datetime.now(UTC) + timedelta(minutes=40))
    operations.supervise(incident_id=soon.id, question="?", by=recent.commander, at=recent.later())
    client = as_(recent.commander)
    assert numbers(client.get("/incidents/?state=overdue")) == [late.number]
    assert numbers(client.get("/incidents/?state=due")) == [soon.number]
    assert numbers(client.get("/incidents/?state=supervised")) == [soon.number]
    assert fresh.number in numbers(client.get("/incidents/?state=open"))
    assert numbers(client.get("/incidents/?state=ended")) == []
    mine = numbers(as_(recent.handler).get("/incidents/?state=mine"))
    assert sorted(mine) == sorted([late.number, soon.number])


def test_pages_follow_each_other_without_a_gap(recent: Town, as_, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qipan.incidents.pages.lists.SIZE", 2)
    made = [recent.report(title=f"第{number}件").number for number in range(5)]
    client, seen, path = as_(recent.dispatcher), [], "/incidents/"
    while path:
        answer = client.get(path)
        seen += numbers(answer)
        after = answer.context["page"]["next"]
        path = f"/incidents/?after={after}" if after else ""
    assert seen == list(reversed(made))


@pytest.mark.parametrize("asked", ["", "sort=reported", "sort=due", "klass=facility", "text=路灯", "state=mine"])
def test_the_way_back_is_the_same_pages(recent: Town, as_, monkeypatch: pytest.MonkeyPatch, asked: str) -> None:
    monkeypatch.setattr("qipan.incidents.pages.lists.SIZE", 2)
    for number in range(5):
        recent.dispatched(title=f"路灯{number}")
    client = as_(recent.handler)

    def turn(name: str, answer):
        cursor = answer.context["page"][{"after": "next", "before": "previous"}[name]]
        return client.get(f"/incidents/?{asked}&{name}={cursor}") if cursor else None

    answer, there, back = client.get(f"/incidents/?{asked}"), [], []
    while answer:
        there.append(numbers(answer))
        last, answer = answer, turn("after", answer)
    answer = last
    while answer:
        back.append(numbers(answer))
        answer = turn("before", answer)
    assert [len(page) for page in there] == [2, 2, 1]
    assert back == there[::-1]


def test_going_back_costs_no_more_and_keeps_the_filters(recent: Town, as_, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import connection

    monkeypatch.setattr("qipan.incidents.pages.lists.SIZE", 2)
    for number in range(5):
        recent.dispatched(title=f"小区路灯{number}")
    client, filters = as_(recent.dispatcher), f"area={recent.village.pk}&category=street-light&sort=reported"
    second = client.get(f"/incidents/?{filters}&after={client.get(f'/incidents/?{filters}').context['page']['next']}")
    previous = second.context["page"]["previous"]
    assert f'rel="prev" href="?{filters.replace("&", "&amp;")}&amp;before={previous}"' in second.content.decode()
    assert "before=" not in second.context["exporting"]
    with CaptureQueriesContext(connection) as seen:
        first = client.get(f"/incidents/?{filters}&before={previous}")
    assert len(numbers(first)) == 2
    assert not first.context["page"]["previous"]
    assert 'rel="prev"' not in first.content.decode()
    assert len(seen) <= 6, "\n".join(query["sql"][:150] for query in seen)
    assert sum('FROM "incidents_incident"' in query["sql"] for query in seen) == 1
    assert client.get("/incidents/?before=zz").status_code == 422


def test_a_page_whose_rows_went_away_still_leads_back(recent: Town, as_, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qipan.incidents.pages.lists.SIZE", 2)
    made = [recent.report().pk for _ in range(3)]
    client = as_(recent.dispatcher)
    onward = client.get("/incidents/").context["page"]["next"]
    Incident.objects.filter(pk=made[0]).update(status="draft", reported_at=recent.at - timedelta(days=900))
    empty = client.get(f"/incidents/?text=小区&after={onward}")
    assert numbers(empty) == []
    assert 'rel="prev"' in empty.content.decode()
    first = client.get(f"/incidents/?text=小区&before={empty.context['page']['previous']}")
    assert len(numbers(first)) == 2


@pytest.mark.parametrize("year", [1, 9999])
@pytest.mark.parametrize("asked", ["klass=facility", "text=路灯", "text=路灯&older=1", "sort=due"])
def test_a_made_up_cursor_breaks_nothing(recent: Town, as_, year: int, asked: str) -> None:
    lamp = recent.dispatched(title="路灯")
    for back in (False, True):
        cursor = encode(datetime(year, 1, 1, tzinfo=UTC), lamp.pk, back=back)
        assert as_(recent.dispatcher).get(f"/incidents/?{asked}&after={cursor}").status_code == 200


def test_the_interface_for_programs_turns_back_too(recent: Town, as_) -> None:
    made = [recent.report().number for _ in range(3)][::-1]
    client = as_(recent.dispatcher)
    first = client.get("/api/v1/incidents", {"limit": 2}).json()
    second = client.get("/api/v1/incidents", {"limit": 2, "after": first["after"]}).json()
    assert [[row["number"] for row in page["rows"]] for page in (first, second)] == [made[:2], made[2:]]
    assert (first["before"], second["after"]) == ("", "")
    assert client.get("/api/v1/incidents", {"limit": 2, "before": second["before"]}).json() == first
    refused = client.get("/api/v1/incidents", {"before": "zz"})
    assert (refused.status_code, refused.json()["code"]) == (422, "bad-cursor")


def test_a_preview_of_many_does_nothing_and_tells_exactly(recent: Town, as_) -> None:
    ready, early = recent.report("street-light"), recent.report("street-light")
    operations.accept(incident_id=ready.id, by=recent.dispatcher, at=recent.later())
    form = {"what": "dispatch", "id": [str(ready.id), str(early.id)], "unit": recent.department.pk, "note": ""}
    client = as_(recent.dispatcher)
    seen = client.post("/incidents/batch/", form)
    assert [bool(row["refusal"]) for row in seen.context["rows"]] == [False, True]
    ready.refresh_from_db()
    assert ready.status == "filed"
    sent = command(really="1", **form)
    for _ in range(2):  # a double click
        assert client.post("/incidents/batch/", sent).status_code == 302
    ready.refresh_from_db()
    early.refresh_from_db()
    assert (ready.status, early.status) == ("dispatched", "awaiting")
    assert ready.unit == recent.department


def test_many_go_where_the_rules_say_and_without_a_rule_nowhere(recent: Town, as_) -> None:
    operations.set_rule(
        area=recent.township, unit=recent.other, klass="facility", by=recent.administrator, at=recent.later()
    )
    lamp, heap = recent.report("street-light"), recent.report("rubbish")
    for one in (lamp, heap):
        operations.accept(incident_id=one.id, by=recent.dispatcher, at=recent.later())
    form = command(what="dispatch", id=[str(lamp.id), str(heap.id)], unit="", note="", really="1")
    as_(recent.dispatcher).post("/incidents/batch/", form)
    for one in (lamp, heap):
        one.refresh_from_db()
    assert (lamp.unit, heap.status) == (recent.other, "filed")


def test_nothing_chosen_is_said(recent: Town, as_) -> None:
    assert as_(recent.dispatcher).post("/incidents/batch/", command(what="remind")).status_code == 422


def test_call_backs_and_checks_wait_in_their_lists(recent: Town, as_) -> None:
    import random

    incident = recent.closed(contact=operations.Contact(name="某某", phone="13800138000"))
    operations.rate(reporter_id=incident.reporters.get().id, stars=2, comment="一般", at=recent.later())
    other = recent.closed()
    draw = random.Random(1)
    draw.random = lambda: 0.0  # type: ignore[method-assign]
    operations.draw_spot_checks(
        district_id=recent.district.pk, since=recent.at - timedelta(days=3), at=recent.later(), draw=draw
    )
    desk = as_(recent.dispatcher)
    waiting = desk.get("/incidents/call-backs/").context["rows"]
    assert [row["incident"].pk for row in waiting] == [incident.pk]
    assert desk.post(waiting[0]["url"], command(note="已说明")).status_code == 302
    assert desk.get("/incidents/call-backs/").context["rows"] == []
    assert len(desk.get("/incidents/call-backs/?state=done").context["rows"]) == 1
    waiting = desk.get("/incidents/checks/").context["rows"]
    assert [row["incident"].pk for row in waiting] == [other.pk]
    answer = as_(recent.commander).post(waiting[0]["url"], command(confirmed="no", note="仍不亮"))
    assert answer.status_code == 302
    other.refresh_from_db()
    assert other.status == "filed"
