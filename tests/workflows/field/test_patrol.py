"""The patrol list on a phone, and visits handed in from it: once, with what was found."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.test.utils import CaptureQueriesContext
from tests import factories
from tests.incidents.conftest import Town, make_town
from tests.inspections.test_visits import owed, shop
from tests.workflows.field.conftest import Phone, make_phone
from tests.workflows.field.test_commands import picture

from qipan.foundation.devices import operations as devices
from qipan.foundation.devices.models import Carried
from qipan.foundation.journal.models import Entry
from qipan.foundation.posts.rules import Role
from qipan.incidents.models import Attachment, Incident
from qipan.inspections import defaults, operations
from qipan.inspections.models import Visit
from qipan.workflows.field.down import down

pytestmark = pytest.mark.django_db


@pytest.fixture
def walker(town: Town) -> Phone:
    defaults.load(town.district, since=date(2020, 1, 1))
    return make_phone(town.grid_worker, town.at)


def told(phone: Phone, town: Town, known: str = "") -> dict:
    answer = down(device=phone.device, viewer=phone.by, cursor=None, areas_revision=None, categories_revision="",
                  patrol_revision=known, now=town.later())  # fmt: skip
    return answer["patrol"]


def visit_step(phone: Phone, visit: Visit, town: Town, *findings: dict, **more: object):
    body = {"visit": str(visit.pk), "findings": list(findings), "note": "已巡查"}
    return phone.step("visit", at=town.at, body=body, **more)


def lines(visit: Visit) -> list:
    return list(visit.checklist.items.order_by("order"))


def test_the_patrol_list_names_what_is_due_where_and_what_is_looked_at(town: Town, walker: Phone) -> None:
    town_plan = operations.set_plan(area=town.district, kind="shop", every_days=1, by=town.administrator, at=town.at)
    premises = shop(town)
    [visit] = operations.draw_visits(plan_id=town_plan.id, on=town.at.date(), at=town.later())
    list_ = told(walker, town)
    [row] = list_["visits"]
    assert (row["id"], row["premises"], row["name"]) == (str(visit.pk), str(premises.pk), premises.name)
    assert (row["longitude"], row["latitude"], row["due_at"]) == (114.3, 36.1, visit.due_at)
    assert row["plan"] == {"id": str(town_plan.pk), "area": town.district.name, "every_days": 1}
    [checklist] = list_["checklists"]
    assert row["checklist"] == checklist["id"]
    assert [item["text"] for item in checklist["items"]] == [line.text for line in lines(visit)]
    assert all(item["text_en"] for item in checklist["items"])
    assert told(walker, town, list_["revision"]) == {"revision": list_["revision"], "visits": None, "checklists": None}


def test_it_changes_its_revision_when_a_visit_is_made(town: Town, walker: Phone) -> None:
    visit = owed(town)
    first = told(walker, town)
    (answer,) = walker.send(visit_step(walker, visit, town), at=town.later())
    assert answer["result"] == "applied"
    second = told(walker, town, first["revision"])
    assert second["visits"] == []
    assert second["revision"] != first["revision"]


def test_nobody_is_told_of_visits_that_somebody_else_owes(town: Town, walker: Phone) -> None:
    visit = owed(town)
    for post in (factories.post(Role.GRID_WORKER, town.cell), town.handler, make_town("丙区").grid_worker):
        other = make_phone(post, town.at)
        assert told(other, town)["visits"] == []
        (answer,) = other.send(visit_step(other, visit, town), at=town.later())
        assert answer["code"] in {"not-found", "not-your-visit"}
        assert answer["state"] is None
    visit.refresh_from_db()
    assert visit.state == "owed"


def test_a_visit_without_a_worker_is_on_the_list_of_whoever_covers_the_place(town: Town, walker: Phone) -> None:
    visit = owed(town)
    Visit.objects.filter(pk=visit.pk).update(post=None)
    assert [row["id"] for row in told(walker, town)["visits"]] == [str(visit.pk)]
    assert told(make_phone(make_town("丁区").grid_worker, town.at), town)["visits"] == []


def test_a_visit_with_findings_is_handed_in_once_and_its_photos_find_their_incidents(town: Town, walker: Phone) -> None:
    visit = owed(town)
    first, second = lines(visit)[:2]
    done = visit_step(walker, visit, town, {"item": str(first.pk), "text": "通道堵塞"}, {"item": str(second.pk)})
    more = walker.step("photo", at=town.at, after=done.id,
                       body={"stage": "report", "of": str(done.id), "item": str(second.pk)})  # fmt: skip
    devices.keep_photo(command_id=more.id, content=picture(), device=walker.device, at=town.at)
    answers = walker.send(done, more, at=town.later())
    assert [each["result"] for each in answers] == ["applied", "applied"]
    opened = answers[0]["state"]["incidents"]
    assert set(opened) == {str(first.pk), str(second.pk)}
    assert {str(pk) for pk in Incident.objects.values_list("pk", flat=True)} == set(opened.values())
    assert str(Attachment.objects.get().incident_id) == opened[str(second.pk)]
    entries = Entry.objects.count()
    for _again in range(3):
        answers = walker.send(done, more, at=town.later())
        assert [each["result"] for each in answers] == ["repeated", "repeated"]
        assert answers[0]["state"]["incidents"] == opened
    assert Entry.objects.count() == entries
    kept = Carried.objects.get(pk=done.id)
    assert (kept.about, kept.version_before, kept.version_after) == (visit.pk, None, None)
    assert Entry.objects.filter(kind="workflows.field_step", about_id=visit.pk).count() == 1


def test_a_visit_handed_in_by_somebody_else_is_a_conflict_and_opens_nothing(town: Town, walker: Phone) -> None:
    visit = owed(town)
    operations.cancel(visit_id=visit.pk, reason="已搬迁", by=town.dispatcher, at=town.later())
    (answer,) = walker.send(visit_step(walker, visit, town, {"item": str(lines(visit)[0].pk)}), at=town.later())
    assert (answer["result"], answer["code"]) == ("conflict", "visit-over")
    assert not Incident.objects.exists()


def test_a_line_of_no_checklist_and_a_photo_of_no_finding_are_refused(town: Town, walker: Phone) -> None:
    visit = owed(town)
    strange = visit_step(walker, visit, town, {"item": str(uuid4())})
    good = visit_step(walker, visit, town)
    photo = walker.step("photo", at=town.at, body={"stage": "report", "of": str(good.id), "item": str(uuid4())})
    devices.keep_photo(command_id=photo.id, content=picture(), device=walker.device, at=town.at)
    answers = walker.send(strange, good, photo, at=town.later())
    assert [each["code"] for each in answers] == ["not-on-the-checklist", "", "no-report-here"]


def test_a_photo_that_came_for_a_step_without_photos_stays_where_it_waits(town: Town, walker: Phone) -> None:
    on = walker.step("shift_on", at=town.at)
    devices.keep_photo(command_id=on.id, content=picture(), device=walker.device, at=town.at)
    walker.send(on, at=town.later())
    assert walker.device.photos.count() == 1


def test_a_hundred_visits_take_no_more_questions_than_one(town: Town, walker: Phone) -> None:
    from django.db import connection

    def count() -> int:
        with CaptureQueriesContext(connection) as made:
            told(walker, town)
        return len(made)

    owed(town)
    count()  # what is asked once only
    one = count()
    for number in range(20):
        operations.owe(premises=shop(town, f"店{number}"), by=town.dispatcher, at=town.at + timedelta(minutes=1))
    assert len(told(walker, town)["visits"]) == 21
    assert count() == one
