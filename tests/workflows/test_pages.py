from __future__ import annotations

import io
from datetime import date

import pytest
from django.test import Client
from openpyxl import load_workbook
from tests import factories
from tests.factories import sign_in
from tests.incidents.conftest import Town, make_town
from tests.inspections.test_visits import shop
from tests.reporting.test_forms import blank
from tests.turning import there_and_back

from qipan.foundation.posts.rules import Role
from qipan.incidents.models import Incident
from qipan.inspections import defaults, operations
from qipan.inspections.models import Checklist, Plan, Visit
from qipan.kernels.ids import new_id
from qipan.reporting.models import Filling, Form
from qipan.workflows.pages import inspections as pages


@pytest.fixture
def town(db: None) -> Town:
    made = make_town()
    defaults.load(made.district, since=date(2020, 1, 1))
    return made


@pytest.fixture
def visit(town: Town) -> Visit:
    from django.utils import timezone

    return operations.owe(premises=shop(town), by=town.dispatcher, at=timezone.now())


def test_a_grid_worker_hands_a_visit_in_and_a_double_click_is_one(client: Client, town: Town, visit: Visit) -> None:
    sign_in(client, town.grid_worker)
    address = f"/inspections/visits/{visit.pk}/"
    assert "惠民超市" in client.get("/inspections/").content.decode()
    assert client.get(address).status_code == 200
    item = visit.checklist.items.get(category_key="electric")
    body = {f"state-{each.pk}": "ok" for each in visit.checklist.items.all()}
    body |= {f"state-{item.pk}": "not", f"text-{item.pk}": "私拉电线", "command": str(new_id())}
    for _ in range(2):
        assert client.post(address, body).status_code == 302
    assert Incident.objects.count() == 1
    assert "私拉电线" in client.get(address).content.decode()


def test_a_visit_of_another_township_is_not_there(client: Client, town: Town, visit: Visit) -> None:
    sign_in(client, make_town().grid_worker)
    assert client.get(f"/inspections/visits/{visit.pk}/").status_code == 404
    assert client.post(f"/inspections/visits/{visit.pk}/", {"command": str(new_id())}).status_code == 404


def test_a_plan_is_put_in_force_and_ended(client: Client, town: Town) -> None:
    sign_in(client, town.administrator)
    body = {"kind": "shop", "area": town.township.pk, "every_days": 30, "unit": ""}
    assert client.post("/inspections/plans/", body).status_code == 302
    plan = Plan.objects.get()
    assert client.post(f"/inspections/plans/{plan.pk}/end/").status_code == 302
    assert client.post("/inspections/plans/", {**body, "every_days": 0}).status_code == 422


def test_a_checklist_is_changed_by_an_administrator_only(client: Client, town: Town) -> None:
    body = {"name": "新表", "name_en": "New", "lines": "灭火器有效 | Extinguishers in date | fire-exit"}
    assert sign_in(client, town.dispatcher).post("/inspections/checklists/shop/", body).status_code == 404
    sign_in(client, town.administrator)
    assert client.post("/inspections/checklists/shop/", {**body, "lines": "no parts"}).status_code == 422
    assert client.post("/inspections/checklists/shop/", body).status_code == 302
    assert Checklist.objects.get(kind="shop", valid_to=None, district=town.district).items.count() == 1


def test_three_zeros_are_shown_with_what_broke_them(client: Client, town: Town) -> None:
    shop(town)
    sign_in(client, town.commander)
    assert client.get("/inspections/zeros/").status_code == 200
    assert "惠民超市" in client.get("/inspections/zeros/?state=all").content.decode()


def test_a_form_is_uploaded_mapped_filled_and_taken(client: Client, town: Town) -> None:
    clerk = factories.post(Role.PROGRAMME, town.district)
    sign_in(client, clerk)
    file = io.BytesIO(blank())
    file.name = "日报.xlsx"
    assert client.post("/reporting/forms/", {"name": "市日报", "file": file}).status_code == 302
    form = Form.objects.get()
    address = f"/reporting/forms/{form.pk}/"
    cell = {"cell": "b3", "figure": "reported", "klass": "", "period": "day", "repeat": "townships"}
    assert client.post(f"{address}cells/", cell).status_code == 302
    assert client.post(f"{address}cells/", {**cell, "cell": "??"}).status_code == 422
    assert client.post(f"{address}daily/", {"daily": "1"}).status_code == 302
    assert client.post(f"{address}fill/", {"day": "2026-04-08"}).status_code == 302
    answer = client.get(f"/reporting/fillings/{Filling.objects.get().pk}/")
    assert load_workbook(io.BytesIO(answer.content)).active["B3"].value == 0
    assert client.get(address).status_code == 200
    stranger = sign_in(Client(), factories.post(Role.PROGRAMME, make_town().district))
    assert stranger.get(address).status_code == 404
    assert stranger.get(f"/reporting/fillings/{Filling.objects.get().pk}/").status_code == 404


def test_visits_and_three_zeros_have_pages(client: Client, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        operations.owe(premises=shop(town, f"小店{number}"), by=town.dispatcher, at=town.at)
    sign_in(client, town.dispatcher)
    for address, name in (("/inspections/?tab=owed", "visits"), ("/inspections/zeros/?state=all", "rows")):
        whole = list(client.get(address).context[name])
        monkeypatch.setattr(pages, "SIZE", 2)
        seen = there_and_back(client, address, lambda page: list(page.context[name]))  # noqa: B023
        monkeypatch.undo()
        assert len(whole) >= 5
        assert [str(row) for page in seen for row in page] == [str(row) for row in whole]
