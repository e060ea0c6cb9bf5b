"""The pages: what they show, what they do, and that another jurisdiction finds nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from qipan.foundation.duties import operations, sweeper
from qipan.foundation.duties.models import CalendarYear, Call, ClockOrder, Duty, Relief, StaffedHours
from qipan.foundation.journal.rules import SYSTEM, Class
from qipan.kernels.clock import Limit
from qipan.kernels.ids import new_id
from tests import factories
from tests.foundation.duties.conftest import KIND
from tests.foundation.duties.test_years import NEXT_YEAR, SOURCE
from tests.turning import there_and_back

pytestmark = pytest.mark.django_db
LANGUAGES = ["zh-hans", "en"]


def signed_in(post: Any, language: str = "zh-hans") -> Client:
    client = Client(headers={"accept-language": language})
    factories.sign_in(client, post)
    return client


def opened(district: Any, *, hours: int = 9, since: datetime | None = None, **more: Any) -> Duty:
    values = {"post": district.handler, "unit": district.unit, "title": "窨井盖缺失", **more}
    return operations.open(
        kind=KIND,
        about=values.pop("about", None) or district.thing(),
        limit=Limit.natural(hours=hours) if hours else None,
        at=since or timezone.now(),
        by=SYSTEM,
        **values,
    )


def text(response: Any) -> str:
    return response.getvalue().decode()


def test_visitors_are_sent_to_sign_in(client):
    assert client.get("/my-work/").headers["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("language", LANGUAGES)
def test_my_work_groups_what_needs_me_by_urgency(district, language):
    now = timezone.now()
    opened(district, title="迟的", since=now - timedelta(hours=12))
    opened(district, title="快的", since=now - timedelta(hours=8))
    opened(district, title="以后的", hours=99)
    opened(district, title="无时限的", hours=0)
    opened(district, title="别人的", post=district.colleague)
    page = text(signed_in(district.handler, language).get("/my-work/"))
    places = [page.index(words) for words in ("迟的", "快的", "以后的", "无时限的")]
    assert places == sorted(places)
    assert "别人的" not in page
    titles = {"zh-hans": ["超时", "即将超时", "无时限"], "en": ["Overdue", "Running out", "No deadline"]}
    assert all(words in page for words in titles[language])


def test_my_work_is_narrowed_by_urgency_kind_and_words(district):
    opened(district, title="迟的", since=timezone.now() - timedelta(hours=12))
    opened(district, title="井盖")
    operations.take_call(line="树倒了", by=district.handler, at=timezone.now())
    client = signed_in(district.handler)
    for query, shown in [
        ("urgency=overdue", {"迟的"}),
        ("kind=duties.call", {"树倒了"}),
        ("q=井", {"井盖"}),
        ("urgency=nonsense&after=nonsense&area=x&kind=", {"迟的", "井盖", "树倒了"}),
    ]:
        page = text(client.get(f"/my-work/?{query}"))
        assert {words for words in ("迟的", "井盖", "树倒了") if words in page} == shown, query


def test_a_unit_that_nobody_has_taken_stands_in_everybodys_list(district):
    opened(district, title="未认领", post=None)
    for post in (district.head, district.handler):
        assert "未认领" in text(signed_in(post).get("/my-work/"))
    assert "未认领" not in text(signed_in(district.dispatcher).get("/my-work/"))


def test_a_long_list_costs_the_same_queries_as_a_short_one_and_goes_on_by_cursor(district):
    client = signed_in(district.handler)

    def cost(number: int) -> int:
        for _ in range(number):
            opened(district)
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/my-work/").status_code == 200
        return len(queries)

    assert cost(2) == cost(40)
    for _ in range(70):
        opened(district)
    Duty.objects.filter(pk__in=Duty.objects.order_by("pk")[:8]).update(due_at=None, warn_at=None)
    seen = there_and_back(
        client, "/my-work/", lambda page: [row.duty.pk for group in page.context["groups"] for row in group["rows"]]
    )
    assert [len(page) for page in seen] == [100, 12]
    assert len({key for page in seen for key in page}) == 112


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_units_work_shows_who_has_how_much_without_ranking(district, language):
    opened(district, since=timezone.now() - timedelta(hours=12))
    opened(district)
    page = signed_in(district.head, language).get("/my-work/unit/")
    loads = [(str(one.post.person), one.open, one.overdue) for one in page.context["load"]]
    assert loads == sorted(loads)
    assert (str(district.handler.person), 2, 1) in loads
    assert "窨井盖缺失" in text(page)


def test_private_duties_of_others_are_not_listed_for_a_unit(district):
    opened(district, title="家中争吵", about=district.thing(privacy=Class.PRIVATE))
    page = signed_in(district.dispatcher).get("/my-work/unit/", {"unit": district.unit.pk})
    assert "家中争吵" not in text(page)
    assert sum(one.open for one in page.context["load"]) == 0


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "limit",
    [
        None,
        Limit.natural(hours=2),
        Limit.working(hours=30),
        Limit.working_days(20),
        Limit.natural_days(7),
        [("停工", Limit.working(hours=4)), ("拆除", Limit.working_days(20))],
    ],
)
def test_a_deadline_is_explained_line_by_line(district, language, limit):
    at = timezone.now() - timedelta(days=2)
    duty = operations.open(
        kind=KIND, about=district.thing(), limit=limit, at=at, by=SYSTEM, post=district.handler, title="窨井盖缺失"
    )
    if limit is not None:
        who = {"asked_by": district.handler, "approved_by": district.dispatcher, "reason": "等待鉴定"}
        operations.pause(duty=duty, at=at + timedelta(minutes=30), **who)
        operations.resume(duty=duty, by=SYSTEM, at=at + timedelta(minutes=90))
        operations.extend(duty=duty, add=Limit.working_days(2), by=district.dispatcher, at=at, reason="材料未到")
        operations.pause(duty=duty, at=at + timedelta(hours=3), **who)
        sweeper.sweep(now=timezone.now())
    page = signed_in(district.handler, language).get(f"/duties/{duty.pk}/explain/")
    assert page.status_code == 200
    assert ("等待鉴定" in text(page)) == (limit is not None)
    assert bool(page.context["parts"]) == (limit is not None)


@pytest.mark.parametrize("where", ["explain", "call", "relief"])
def test_a_duty_of_another_district_is_not_found(district, make_district, where):
    duty = {
        "explain": lambda: opened(district),
        "call": lambda: operations.take_call(line="", by=district.handler, at=timezone.now()),
        "relief": lambda: operations.ask_relief(by=district.handler, at=timezone.now()),
    }[where]()
    stranger = signed_in(make_district("西区", "910102").commander)
    assert stranger.get(f"/duties/{duty.pk}/{where}/").status_code == 404
    assert stranger.post(f"/duties/{duty.pk}/{where}/", {"command": new_id()}).status_code in (404, 405)
    duty.refresh_from_db()
    assert duty.state == "open"


def test_a_unit_or_post_of_another_district_is_not_found(district, make_district):
    other = make_district("西区", "910102")
    client = signed_in(district.dispatcher)
    assert client.get("/my-work/unit/", {"unit": other.unit.pk}).status_code == 404
    assert client.get("/duties/hand-over/", {"unit": other.unit.pk}).status_code == 404
    assert client.get("/duties/hand-over/", {"post": str(other.handler.pk)}).status_code == 404


# Calls


def test_a_call_is_noted_from_the_bar_and_a_double_click_is_one_call(district):
    client = signed_in(district.handler)
    assert "duties/take-call" in text(client.get("/my-work/"))
    form = {"line": "13812345678 漏水", "command": new_id()}
    first, second = (client.post("/duties/take-call/", form) for _ in range(2))
    assert first.headers["Location"] == second.headers["Location"]
    assert Call.objects.count() == 1
    page = text(client.get(first.headers["Location"]))
    assert "138****5678" in page
    assert "13812345678" not in page


@pytest.mark.django_db(transaction=True)
def test_the_number_is_shown_in_one_tap_and_the_call_is_done(district):
    client = signed_in(district.handler)
    duty = operations.take_call(line="13812345678 漏水", by=district.handler, at=timezone.now())
    address = f"/duties/{duty.pk}/call/"
    assert "13812345678" in text(client.post(address, {"step": "show", "command": new_id()}))
    assert client.post(address, {"note": "已转供水公司", "command": new_id()}).status_code == 302
    duty.refresh_from_db()
    assert duty.state == "ended"


def test_roles_that_take_no_calls_have_no_such_button(district):
    assert "duties/take-call" not in text(signed_in(factories.post("auditor", district.area)).get("/my-work/"))


def test_a_form_without_its_command_is_refused(district):
    client = signed_in(district.handler)
    assert client.post("/duties/take-call/", {"line": "x"}).status_code == 422
    assert not Call.objects.exists()


# Relief


@pytest.mark.parametrize("language", LANGUAGES)
def test_relief_from_the_button_to_the_hand_over(district, language):
    worker, head = signed_in(district.handler, language), signed_in(district.head, language)
    duty = opened(district)
    worker.post("/duties/ask-relief/", {"command": new_id()})
    asked = Relief.objects.get()
    assert str(district.head.person) in text(worker.get("/my-work/"))
    page = text(head.get(f"/duties/{asked.pk}/relief/"))
    assert str(district.handler.person) in page
    assert "窨井盖缺失" in page
    form = {"command": new_id(), "duty": [duty.pk], "taker": district.colleague.pk}
    assert head.post(f"/duties/{asked.pk}/relief/", form).status_code == 302
    duty.refresh_from_db()
    assert duty.post == district.colleague
    for other in (district.colleague, district.commander, district.dispatcher):
        assert signed_in(other).get(f"/duties/{asked.pk}/relief/").status_code == 404


def test_relief_asked_twice_is_said_and_withdrawn_again(district):
    client = signed_in(district.handler)
    for _ in range(2):
        client.post("/duties/ask-relief/", {"command": new_id()})
    assert Relief.objects.count() == 1
    client.post("/duties/withdraw-relief/", {"command": new_id()})
    assert Relief.objects.get().duty.outcome == "withdrawn"


# Hand-over


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_hand_over_is_looked_at_first_and_then_done(district, language):
    client = signed_in(district.handler, language)
    first, second = opened(district), opened(district)
    assert client.get("/duties/hand-over/").status_code == 200
    form = {
        "duty": [first.pk, second.pk],
        "to": f"post:{district.colleague.pk}",
        "reason": "轮休",
        "command": new_id(),
        "next": "/my-work/unit/",
    }
    page = client.post("/duties/hand-over/", {**form, "step": "preview"})
    assert str(district.colleague.person) in text(page)
    assert set(Duty.objects.values_list("post", flat=True)) == {district.handler.pk}
    done = [client.post("/duties/hand-over/", {**form, "step": "confirm"}) for _ in range(2)]
    assert [page.headers.get("Location") for page in done][:1] == ["/my-work/unit/"]
    assert set(Duty.objects.values_list("post", flat=True)) == {district.colleague.pk}


def test_a_hand_over_without_a_taker_or_duties_is_refused_with_what_was_chosen_kept(district):
    client = signed_in(district.handler)
    duty = opened(district)
    for form in ({"duty": [duty.pk], "to": ""}, {"to": f"post:{district.colleague.pk}"}):
        assert client.post("/duties/hand-over/", {**form, "step": "confirm", "command": new_id()}).status_code == 422
    duty.refresh_from_db()
    assert duty.post == district.handler


def test_the_address_to_go_on_to_is_ours(district):
    client = signed_in(district.handler)
    form = {"duty": [opened(district).pk], "to": f"post:{district.colleague.pk}", "step": "confirm"}
    page = client.post("/duties/hand-over/", {**form, "command": new_id(), "next": "https://evil.example/"})
    assert page.headers["Location"] == "/my-work/"


# Calendars


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("year", [2026, 2027])
def test_a_year_is_shown_with_its_source(district, language, year):
    page = signed_in(district.handler, language).get("/calendar/", {"year": year})
    assert len(page.context["months"]) == 12
    assert sum(bool(day) for month in page.context["months"] for week in month["weeks"] for day in week) == 365
    assert ("国办发明电" in text(page)) is True
    provisional = {"zh-hans": "尚未公布", "en": "Not published"}[language]
    assert (provisional in text(page)) == (year == 2027)


@pytest.mark.parametrize("year", ["0020", "99999", "x"])
def test_a_year_that_is_none_harms_nobody(district, year):
    assert signed_in(district.handler).get("/calendar/", {"year": year}).status_code in (200, 404)


@pytest.fixture
def administrator(district: Any) -> Client:
    return signed_in(factories.post("administrator", district.area))


def upload(data: bytes, **more: Any) -> dict[str, Any]:
    file = SimpleUploadedFile("year.csv", data, content_type="text/csv")
    return {"year": 2027, "source": SOURCE, "file": file, "command": new_id(), **more}


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-8-sig"])
def test_a_year_is_looked_at_and_then_imported(district, administrator, encoding):
    data = NEXT_YEAR.decode().encode(encoding)
    page = administrator.post("/calendar/import/", upload(data))
    assert page.status_code == 200
    assert not CalendarYear.objects.exists()
    form = {"year": 2027, "source": SOURCE, "content": page.context["content"], "step": "apply", "command": new_id()}
    assert administrator.post("/calendar/import/", form).status_code == 302
    assert CalendarYear.objects.get().year == 2027


def test_a_telephone_in_the_number_of_the_notice_stops_no_import(district, administrator):
    page = administrator.post("/calendar/import/", upload(NEXT_YEAR))
    form = {"year": 2027, "source": "咨询13812345678", "content": page.context["content"], "step": "apply",
            "command": new_id()}  # fmt: skip
    assert administrator.post("/calendar/import/", form).status_code == 302
    assert CalendarYear.objects.get().year == 2027


def test_a_broken_year_names_its_rows_and_keeps_what_was_typed(district, administrator):
    data = NEXT_YEAR.replace(b"2027-02-14,work", b"2027-02-15,work")
    page = administrator.post("/calendar/import/", upload(data))
    assert page.status_code == 422
    assert any(problem.startswith("10:") for problem in page.context["problems"])
    assert SOURCE in text(page)
    assert not CalendarYear.objects.exists()


def test_nobody_else_imports_or_sets_hours_or_gives_orders(district):
    client = signed_in(district.dispatcher)
    assert client.get("/calendar/import/").status_code == 403
    assert client.post("/calendar/import/", upload(NEXT_YEAR)).status_code == 403
    assert client.get("/calendar/hours/").status_code == 200
    assert client.post("/calendar/hours/", {"command": new_id()}).status_code == 404
    assert client.post("/calendar/orders/", {"command": new_id()}).status_code == 404


def test_hours_are_looked_at_and_then_set(district, administrator):
    opened(district)
    form = {
        "working": "09:00-12:00、13:30-17:30",
        "staffed": "08:00-22:00",
        "rest_days": "",
        "valid_from": "2026-12-01",
        "command": new_id(),
    }
    page = administrator.post("/calendar/hours/", {**form, "step": "preview"})
    assert page.context["effect"]["counted"] == 1
    assert not StaffedHours.objects.exists()
    assert administrator.post("/calendar/hours/", {**form, "step": "apply"}).status_code == 302
    assert StaffedHours.objects.get().working == {"spans": "09:00-12:00、13:30-17:30"}
    bad = administrator.post("/calendar/hours/", {**form, "working": "abc", "step": "apply"})
    assert bad.status_code == 422
    assert "working" in bad.context["form"].errors


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_order_is_looked_at_given_and_revoked(district, language):
    client = signed_in(district.commander, language)
    opened(district, hours=99)
    form = {
        "number": "指挥部令〔2026〕3号",
        "ground": "疫情防控",
        "area": district.area.pk,
        "begins": timezone.localtime().strftime("%Y-%m-%dT%H:%M"),
        "ends": (timezone.localtime() + timedelta(days=7)).strftime("%Y-%m-%dT%H:%M"),
        "factor": "1.5",
        "command": new_id(),
    }
    page = client.post("/calendar/orders/", {**form, "step": "preview"})
    assert page.context["effect"]["moved"] == 1
    assert not ClockOrder.objects.exists()
    assert client.post("/calendar/orders/", {**form, "step": "apply"}).status_code == 302
    order = ClockOrder.objects.get()
    assert order.number in text(client.get("/calendar/orders/"))
    client.post(f"/calendar/orders/{order.pk}/revoke/", {"command": new_id()})
    order.refresh_from_db()
    assert order.revoked_at


def test_moved_deadlines_in_a_preview_do_not_name_private_matters(district):
    opened(district, title="家中争吵", hours=99, about=district.thing(privacy=Class.PRIVATE))
    form = {
        "number": "3号",
        "ground": "疫情防控",
        "area": district.area.pk,
        "begins": timezone.localtime().strftime("%Y-%m-%dT%H:%M"),
        "ends": (timezone.localtime() + timedelta(days=7)).strftime("%Y-%m-%dT%H:%M"),
        "command": new_id(),
        "step": "preview",
    }
    page = signed_in(district.commander).post("/calendar/orders/", form)
    assert page.context["effect"]["moved"] == 1
    assert "家中争吵" not in text(page)


@pytest.mark.parametrize("path", ["/my-work/", "/my-work/unit/"])
def test_a_list_is_taken_away_as_csv_and_as_excel_with_its_filters(district, path):
    import io

    from openpyxl import load_workbook

    opened(district, title="=cmd|迟的", since=timezone.now() - timedelta(hours=12))
    opened(district, title="井盖")
    client = signed_in(district.handler)
    rows = text(client.get(path, {"format": "csv"})).splitlines()
    assert len(rows) == 3
    assert "'=cmd|迟的" in rows[1]
    assert len(text(client.get(path, {"format": "csv", "urgency": "overdue"})).splitlines()) == 2
    sheet = load_workbook(io.BytesIO(client.get(path, {"format": "xlsx"}).content)).active
    assert [cell.value for cell in sheet["A"]][1:] == ["=cmd|迟的", "井盖"]
    assert sheet["A2"].data_type == "s"
