"""Reports by staff: few fields, drafts, settled on the spot; masked at entry."""

from __future__ import annotations

import io
import secrets

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image
from tests import factories
from tests.foundation.areas.conftest import drawn
from tests.incidents.conftest import Town
from tests.incidents.pages.conftest import command

from qipan.foundation.areas.models import Premises
from qipan.foundation.posts.rules import Role
from qipan.foundation.vault.models import Card
from qipan.incidents.models import Incident


def photo(name: str = "x.jpg", shade: int = 90) -> SimpleUploadedFile:
    file = io.BytesIO()
    Image.linear_gradient("L").resize((320, 240)).point(lambda v: (v + shade) % 256).save(file, "JPEG")
    return SimpleUploadedFile(name, file.getvalue(), "image/jpeg")


def send(client: Client, **fields: object):
    return client.post("/incidents/new/", command(nonce=secrets.token_urlsafe(20), **fields))


def test_a_grid_worker_reports_where_they_stand(recent: Town, as_) -> None:
    client = as_(recent.grid_worker)
    form = client.get("/incidents/new/").context["form"]
    assert form["area"].value() == str(recent.cell.pk)
    answer = send(client, category="rubbish", title="垃圾成堆", area=recent.cell.pk, photos=[photo()], way="report")
    incident = Incident.objects.get()
    assert answer["Location"] == f"/incidents/{incident.pk}/"
    assert (incident.cell, incident.status, incident.source) == (recent.cell, "awaiting", "staff")
    assert incident.attachments.count() == 1


def test_a_point_is_found_its_cell(recent: Town, as_) -> None:
    drawn(recent.district)
    send(as_(recent.dispatcher), category="rubbish", title="垃圾", longitude="114.005", latitude="36.01", way="report")
    assert Incident.objects.get().cell == recent.cell
    answer = send(
        as_(recent.dispatcher), category="rubbish", title="垃圾", longitude="10.5", latitude="36.01", way="report"
    )
    assert answer.status_code == 422
    assert Incident.objects.count() == 1


def test_what_is_missing_is_named_and_what_was_typed_stays(recent: Town, as_) -> None:
    client = as_(recent.dispatcher)
    answer = send(client, title="垃圾成堆", text="东墙外", way="report")
    assert answer.status_code == 422
    assert "category" in answer.context["form"].errors
    answer = send(client, category="rubbish", title="垃圾成堆", text="东墙外", way="report")
    assert "area" in answer.context["form"].errors
    assert "东墙外" in answer.content.decode()
    answer = send(client, category="rubbish", title="垃圾", phone="12345", area=recent.village.pk, way="report")
    assert "phone" in answer.context["form"].errors
    assert not Incident.objects.exists()
    assert not Card.objects.exists()


def test_a_call_is_kept_masked_and_the_caller_gets_a_code_that_a_double_click_repeats(recent: Town, as_) -> None:
    client = as_(recent.dispatcher)
    form = command(nonce=secrets.token_urlsafe(20), category="water", title="张三家停水", text="请联系13800138000",
                   mask="张三", area=recent.village.pk, channel="phone", name="张三", phone="13800138000",
                   way="report")  # fmt: skip
    codes = set()
    for _ in range(2):
        answer = client.post("/incidents/new/", form, follow=True)
        codes |= {str(one) for one in answer.context["messages"] if "code" in str(one)}
    assert len(codes) == 1
    incident = Incident.objects.get()
    assert (incident.source, incident.reporters.count()) == ("phone", 1)
    assert "13800138000" not in incident.text
    assert "张三" not in incident.title
    page = client.get(f"/incidents/{incident.pk}/").content.decode()
    assert "13800138000" not in page
    assert "张三" not in page


def test_a_draft_is_its_writers_alone_until_it_is_handed_in(recent: Town, as_) -> None:
    client = as_(recent.grid_worker)
    send(client, category="rubbish", title="垃圾", area=recent.cell.pk, way="draft")
    incident = Incident.objects.get()
    assert incident.status == "draft"
    assert as_(recent.dispatcher).get(f"/incidents/{incident.pk}/").status_code == 404
    url = f"/incidents/{incident.pk}/draft/"
    assert as_(recent.dispatcher).get(url).status_code == 404
    assert client.get(url).context["form"]["title"].value() == "垃圾"
    fields = {"category": "street-light", "title": "路灯不亮", "area": recent.cell.pk}
    assert client.post(url, command(**fields, way="draft")).status_code == 302
    incident.refresh_from_db()
    assert (incident.status, incident.title, incident.category.key) == ("draft", "路灯不亮", "street-light")
    assert client.post(url, command(**fields, way="report")).status_code == 302
    incident.refresh_from_db()
    assert (incident.status, incident.klass) == ("awaiting", "facility")
    assert client.get(url).status_code == 404
    assert client.get("/incidents/?text=路灯").context["rows"][0]["number"] == incident.number


def test_what_was_put_right_is_settled_at_once_but_not_a_dispute(recent: Town, as_) -> None:
    client = as_(recent.grid_worker)
    answer = send(client, category="street-trade", title="占道", area=recent.cell.pk, way="settle")
    assert "done" in answer.context["form"].errors
    send(client, category="street-trade", title="占道", area=recent.cell.pk, done="已劝离", way="settle")
    incident = Incident.objects.get()
    assert (incident.status, incident.immediate, incident.answer) == ("closed", True, "已劝离")
    answer = send(client, category="neighbours", title="吵架", area=recent.cell.pk, done="已劝", way="settle")
    assert answer.status_code == 422
    assert answer.context["form"].non_field_errors()
    assert Incident.objects.count() == 1


def test_an_upload_that_is_no_photo_is_refused_and_nothing_stays(recent: Town, as_) -> None:
    fake = SimpleUploadedFile("x.jpg", b"<?php echo 1; ?>", "image/jpeg")
    answer = send(
        as_(recent.dispatcher), category="rubbish", title="垃圾", area=recent.village.pk, photos=[fake], way="report"
    )
    assert answer.status_code == 422
    assert "photos" in answer.context["form"].errors
    assert not Incident.objects.exists()


def test_premises_are_found_by_two_characters_in_ones_own_area(recent: Town, as_) -> None:
    one = Premises.objects.create(
        district=recent.district, township=recent.township, village=recent.village, kind="school", name="东区实验小学",
        code="S1", active_from=recent.district.valid_from,
    )  # fmt: skip
    client = as_(recent.dispatcher)
    found = client.get("/incidents/new/premises/?premises_text=实验")
    assert [row.pk for row in found.context["found"]] == [one.pk]
    assert client.get("/incidents/new/premises/?premises_text=实").context["found"] == []
    again = send(client, category="fire-exit", title="通道", premises_text="实验", find="premises")  # without a script
    assert [row.pk for row in again.context["found"]] == [one.pk]
    assert again.context["form"]["title"].value() == "通道"
    send(client, category="school-road", title="校门口拥堵", premises=str(one.pk), way="report")
    assert Incident.objects.get().premises == one


def test_categories_are_searched(recent: Town, as_) -> None:
    page = as_(recent.dispatcher).get("/incidents/new/categories/?category_text=lamp")
    assert [row for group in page.context["categories"] for row in group["rows"]] == [("street-light", "Street lamp")]


@pytest.mark.parametrize("who", ["administrator"])
def test_who_may_not_report_has_no_form(recent: Town, as_, who: str) -> None:
    assert as_(getattr(recent, who)).get("/incidents/new/").status_code == 403


def test_an_accusation_is_not_offered_to_the_unit_that_it_is_about(recent: Town, as_) -> None:
    desk = factories.post(Role.DISPATCHER, recent.district, recent.centre)
    client = as_(desk)
    send(client, category="accusation", title="检举", text="某单位乱收费", area=recent.village.pk,
         accused=recent.department.pk, way="report")  # fmt: skip
    incident = Incident.objects.get()
    assert incident.accused == recent.department
    client.post(f"/incidents/{incident.pk}/do/accept/", command(category="accusation"))
    units = client.get(f"/incidents/{incident.pk}/do/dispatch/").context["form"].fields["unit"].choices
    offered = {key for _area, rows in units for key, _name in rows}
    assert str(recent.other.pk) in offered
    assert str(recent.department.pk) not in offered
    answer = client.post(f"/incidents/{incident.pk}/do/dispatch/", command(unit=recent.department.pk))
    assert answer.status_code == 422
    incident.refresh_from_db()
    assert incident.status == "filed"


def test_photos_are_added_later_up_to_the_cap(recent: Town, as_) -> None:
    incident = recent.report()
    client = as_(recent.grid_worker)
    url = f"/incidents/{incident.pk}/do/photos/"
    assert client.post(url, command()).status_code == 422
    assert client.post(url, command(photos=[photo(shade=n) for n in (10, 60)])).status_code == 302
    assert incident.attachments.count() == 2
    seen = client.get(f"/incidents/{incident.pk}/photos/{incident.attachments.first().pk}/")
    assert (seen["Content-Type"], seen.content[:2]) == ("image/jpeg", b"\xff\xd8")
    assert client.post(url, command(photos=[photo(shade=n) for n in range(8)])).status_code == 409
    assert incident.attachments.count() == 2
