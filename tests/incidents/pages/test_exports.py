from __future__ import annotations

import csv
import io

import pytest
from django.test import Client
from openpyxl import load_workbook
from tests.factories import sign_in
from tests.incidents.conftest import Town, make_town

from qipan.foundation.journal.models import Entry
from qipan.incidents.models import SavedView
from qipan.incidents.operations import lists


@pytest.fixture
def desk(client: Client, town: Town) -> Client:
    return sign_in(client, town.dispatcher)


def test_a_list_goes_out_as_it_stands_masked_and_recorded(desk: Client, town: Town) -> None:
    town.report(title="=危险 13800138000")
    town.report("neighbours", by=town.dispatcher, title="张某与李某争执")
    make_town().report()
    answer = desk.get("/incidents/export/?format=csv")
    rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert len(rows) == 3
    text = str(rows)
    assert "13800138000" not in text
    assert "张某" not in text
    assert "'=危险" in text
    entry = Entry.objects.get(kind="incidents.exported")
    assert entry.detail["rows"] == 2
    book = load_workbook(io.BytesIO(desk.get("/incidents/export/?klass=city").content))
    assert book.active.max_row == 2


def test_the_door_of_a_private_matter_does_not_go_out(desk: Client, town: Town) -> None:
    point = {"longitude": 114.301234, "latitude": 36.101234}
    for category in ("", "neighbours"):
        made = town.report(category, by=town.dispatcher) if category else town.report()
        type(made).objects.filter(pk=made.pk).update(**point)
    answer = desk.get("/incidents/export/?format=csv", headers={"accept-language": "en"})
    header, *rows = csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig")))
    points = {row[header.index("Incident class")]: row[header.index("Longitude") :] for row in rows}
    assert points.pop("Dispute") == ["", ""]
    assert [*points.values()] == [["114.301234", "36.101234"]]


def test_who_may_not_export_gets_nothing(client: Client, town: Town) -> None:
    town.report()
    assert sign_in(client, town.grid_worker).get("/incidents/export/").status_code == 403
    assert not Entry.objects.filter(kind="incidents.exported").exists()


def test_a_list_that_is_too_long_is_refused_before_anything_leaves(
    desk: Client, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "MOST_ROWS", 1)
    town.report()
    town.report()
    assert desk.get("/incidents/export/").status_code == 422
    assert not Entry.objects.filter(kind="incidents.exported").exists()


def test_a_view_is_kept_opened_replaced_and_forgotten(desk: Client, town: Town) -> None:
    desk.post("/incidents/views/", {"name": "本镇超时", "query": "state=overdue&klass=city&evil=1"})
    view = SavedView.objects.get()
    assert view.query == {"state": "overdue", "klass": "city"}
    assert "本镇超时" in desk.get("/incidents/").content.decode()
    desk.post("/incidents/views/", {"name": "本镇超时", "query": "state=due"})
    assert SavedView.objects.get().query == {"state": "due"}
    stranger = Client()
    sign_in(stranger, make_town().dispatcher)
    assert stranger.post(f"/incidents/views/{view.pk}/forget/").status_code == 404
    desk.post(f"/incidents/views/{view.pk}/forget/")
    assert not SavedView.objects.exists()
