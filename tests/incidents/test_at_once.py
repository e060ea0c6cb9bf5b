"""The same thing sent many times at once, and two dispatchers at one file: against a real database, with threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from tests.factories import sign_in
from tests.incidents.conftest import Town, make_town

from qipan.foundation.duties.models import Duty
from qipan.foundation.journal.models import Command, Entry
from qipan.foundation.refusals import Refusal
from qipan.incidents import operations
from qipan.incidents.models import Incident
from qipan.incidents.operations.report import Place
from qipan.incidents.rules.steps import WrongStep
from qipan.kernels.ids import new_id

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


@pytest.fixture
def town() -> Town:
    made = make_town()
    made.at = timezone.now()
    return made


def at_once(count: int, work: Any) -> list[Any]:
    """What `work(number)` gave in so many threads that start together; a refusal is given back."""
    gate = Barrier(count)

    def run(number: int) -> Any:
        gate.wait()
        try:
            return work(number)
        except Refusal as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def test_the_same_report_sent_ten_times_with_one_key_happens_once(town: Town) -> None:
    key, body = str(new_id()), {"category": "rubbish", "title": "垃圾", "area": town.cell.pk}
    clients = [sign_in(Client(), town.dispatcher) for _ in range(10)]
    answers = at_once(10, lambda number: clients[number].post(
        "/api/v1/incidents", body, content_type="application/json", headers={"Idempotency-Key": key}
    ))  # fmt: skip
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert Incident.objects.count() == 1
    assert Duty.objects.count() == 1
    assert Entry.objects.filter(kind="incidents.reported").count() == 1
    assert Command.objects.count() == 1
    other = clients[0].post("/api/v1/incidents", {**body, "title": "别的"}, content_type="application/json",
                            headers={"Idempotency-Key": key})  # fmt: skip
    assert other.status_code == 409


def test_two_dispatchers_at_once_one_wins_and_the_other_is_told(town: Town) -> None:
    incident = town.report("street-light")
    operations.accept(incident_id=incident.id, by=town.dispatcher, at=town.later())
    units = [town.department, town.other]
    results = at_once(2, lambda number: operations.dispatch(
        incident_id=incident.id, unit=units[number], by=town.dispatcher, at=town.at
    ))  # fmt: skip
    assert sorted(isinstance(result, WrongStep) for result in results) == [False, True]
    assert Entry.objects.filter(kind="incidents.dispatched").count() == 1
    assert Duty.objects.filter(kind="incidents.handle").exclude(state="ended").count() == 1


def test_two_reports_merged_into_each_other_at_once_do_not_block_and_one_stands(town: Town) -> None:
    one, two = town.report(), town.report()
    results = at_once(2, lambda number: operations.merge(
        incident_id=(one, two)[number].id, into_id=(two, one)[number].id, by=town.dispatcher, at=town.at
    ))  # fmt: skip
    assert sum(isinstance(result, Refusal) for result in results) == 1
    assert Incident.objects.filter(status="merged").count() == 1


def test_thirty_two_reports_at_once_get_thirty_two_numbers(town: Town) -> None:
    category = town.category("rubbish")
    given = {"category": category, "place": Place(area=town.cell), "source": "staff", "by": town.grid_worker}
    at_once(32, lambda number: operations.report(title=f"{number}", at=town.at, **given))
    numbers = sorted(Incident.objects.values_list("number", flat=True))
    assert len(set(numbers)) == 32
    assert [int(number.rsplit("-")[-1]) for number in numbers] == list(range(1, 33))
