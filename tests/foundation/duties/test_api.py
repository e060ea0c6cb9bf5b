"""Duties over the API: the same rules as on the pages, once per key, nothing of another jurisdiction."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from qipan.foundation.duties import operations
from qipan.foundation.duties.models import Call, Duty, Relief
from qipan.foundation.journal.models import Command
from qipan.foundation.journal.rules import SYSTEM
from qipan.kernels.clock import Limit
from qipan.kernels.ids import new_id
from tests import factories
from tests.foundation.duties.conftest import KIND

pytestmark = pytest.mark.django_db


class Caller:
    """A signed-in post that calls the API."""

    def __init__(self, post: Any, language: str = "en") -> None:
        self.client = Client(headers={"accept-language": language})
        factories.sign_in(self.client, post)

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(f"/api/v1/duties/{path}", query)

    def post(self, path: str, body: Any = None, key: Any = None) -> Any:
        return self.client.post(
            f"/api/v1/duties/{path}",
            body or {},
            content_type="application/json",
            headers={"Idempotency-Key": str(key or new_id())},
        )


def opened(district: Any, *, hours: int = 9, **more: Any) -> Duty:
    values = {"post": district.handler, "unit": district.unit, "title": "窨井盖缺失", "at": timezone.now(), **more}
    return operations.open(kind=KIND, about=district.thing(), limit=Limit.natural(hours=hours), by=SYSTEM, **values)


def test_what_needs_me_page_by_page(district):
    duties = [opened(district, hours=hours) for hours in (9, 1, 5)]
    caller = Caller(district.handler)
    seen, cursor = [], ""
    while True:
        page = caller.get("mine", limit=2, cursor=cursor).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next"]
        if not cursor:
            break
    assert seen == [str(duties[number].pk) for number in (1, 2, 0)]
    assert [item["id"] for item in caller.get("mine", limit=2, cursor=page["previous"]).json()["items"]] == seen[:2]


def test_the_list_is_narrowed_and_nonsense_is_refused(district):
    opened(district, at=timezone.now() - timedelta(hours=12))
    opened(district)
    caller = Caller(district.handler)
    assert [item["urgency"] for item in caller.get("mine", urgency="overdue").json()["items"]] == ["overdue"]
    assert caller.get("mine", kind="duties.call").json()["items"] == []
    assert caller.get("mine", urgency="nonsense").status_code == 404
    assert caller.get("mine", cursor="nonsense").status_code == 422
    assert caller.get("mine", cursor="WyIyMDI2IiwgIngiXQ").json()["code"] == "bad-cursor"


def test_the_list_costs_a_fixed_number_of_queries(district):
    caller = Caller(district.handler)

    def cost(number: int) -> int:
        for _ in range(number):
            opened(district)
        with CaptureQueriesContext(connection) as queries:
            assert caller.get("mine").status_code == 200
        return len(queries)

    assert cost(2) == cost(20)


@pytest.mark.parametrize(("language", "words"), [("en", "natural time"), ("zh-hans", "自然时间")])
def test_a_deadline_is_explained_in_the_callers_language(district, language, words):
    duty = opened(district)
    found = Caller(district.handler, language).get(f"{duty.pk}/explanation").json()
    assert found["lines"][-1]["total_seconds"] == 9 * 3600
    assert words in found["lines"][0]["words"]


def test_a_duty_of_another_district_does_not_exist(district, make_district):
    duty = opened(district)
    other = make_district("西区", "910102")
    stranger = Caller(other.commander)
    for path in (f"{duty.pk}", f"{duty.pk}/explanation", f"of-unit/{district.unit.pk}"):
        assert stranger.get(path).status_code == 404
    body = {"duties": [str(duty.pk)], "post": str(other.handler.pk)}
    assert stranger.post("hand-over", body).status_code == 404
    assert stranger.post(f"{duty.pk}/finish").status_code == 404
    body["post"] = str(other.handler.pk)
    assert Caller(district.handler).post("hand-over", body).status_code == 404
    duty.refresh_from_db()
    assert (duty.post, duty.state) == (district.handler, "open")


def test_a_hand_over_sent_ten_times_happens_once(district):
    duty = opened(district)
    caller, key = Caller(district.handler), new_id()
    body = {"duties": [str(duty.pk)], "post": str(district.colleague.pk), "reason": "轮休"}
    answers = [caller.post("hand-over", body, key) for _ in range(10)]
    assert {answer.status_code for answer in answers} == {200}
    assert [answer.json() for answer in answers] == [{"moved": 1}] * 10
    assert answers[1].headers["Idempotent-Replayed"] == "true"
    assert caller.post("hand-over", {**body, "reason": "x"}, key).json()["code"] == "command-reused"


def test_a_hand_over_needs_one_taker_and_the_right_to(district):
    duty = opened(district)
    caller = Caller(district.handler)
    ids = [str(duty.pk)]
    for body in ({}, {"post": str(district.colleague.pk), "unit": district.unit.pk}):
        assert caller.post("hand-over", {"duties": ids, **body}).json()["code"] == "nobody-given"
    answer = Caller(district.colleague).post("hand-over", {"duties": ids, "post": str(district.colleague.pk)})
    assert (answer.status_code, answer.json()["code"]) == (403, "not-yours-to-hand-over")


def test_a_call_is_taken_once_and_leaves_no_number_behind(district):
    caller, key = Caller(district.handler), new_id()
    first, second = (caller.post("calls", {"line": "13812345678 漏水"}, key).json() for _ in range(2))
    assert first == second
    assert Call.objects.count() == 1
    assert caller.get(first["duty"]).json()["title"] == "138****5678 漏水"
    assert not any("13812345678" in str(row) for row in Command.objects.values_list())
    assert caller.post(f"{first['duty']}/finish", {"note": "已转办"}).status_code == 200
    assert caller.get(first["duty"]).json()["outcome"] == "done"


def test_relief_over_the_api(district):
    caller = Caller(district.handler)
    assert caller.post("relief").status_code == 200
    assert caller.post("relief").json()["code"] == "asked-already"
    assert Relief.objects.count() == 1
    [item] = Caller(district.head).get("mine").json()["items"]
    assert item["kind"] == "duties.relief"
    assert Caller(district.colleague).get(item["id"]).status_code == 404


def test_a_year_of_the_calendar(district):
    found = Caller(district.handler).get("calendar/2026").json()
    days = {day["day"]: day["kind"] for day in found["days"]}
    assert days["2026-10-01"] == "holiday"
    assert days["2026-02-14"] == "adjusted"
    assert found["workdays"] == 248
    assert not Caller(district.handler).get("calendar/2199").json()["published"]
