"""Who reported what one owes, at one tap; the app's page, its worker, and what makes it installable."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from django.test import Client
from tests import factories
from tests.incidents.conftest import Town
from tests.workflows.field.conftest import Phone
from tests.workflows.field.test_sealed import box as boxed

from qipan.foundation.devices import boxes
from qipan.foundation.devices.models import Carried, Kept
from qipan.foundation.journal.models import Entry
from qipan.incidents import operations
from qipan.workflows.field import sealed

VECTOR = json.loads((Path(__file__).parents[2] / "vectors/sealed.json").read_text())


def test_the_server_opens_what_the_app_seals() -> None:
    raw = {key: base64.b64decode(VECTOR[key]) for key in ("box", "device_public", "server_private")}
    device = UUID(VECTOR["device"])
    opened = boxes.open_box(raw["box"], device_id=device, device_public=raw["device_public"],
                            server_private=raw["server_private"])  # fmt: skip
    assert opened.decode() == VECTOR["content"]


def asked(post, incident):
    client = factories.sign_in(Client(), post)
    return client.post(f"/api/v1/field/people/{incident.pk}", content_type="application/json", data="{}",
                       headers={"idempotency-key": str(uuid4()), "accept-language": "en"})  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_who_owes_it_reads_the_name_and_the_look_is_recorded(town: Town) -> None:
    incident = town.with_contact()
    operations.accept(incident_id=incident.pk, by=town.dispatcher, at=town.later())
    assert asked(town.handler, incident).status_code in {403, 404}
    operations.dispatch(incident_id=incident.pk, unit=town.department, by=town.dispatcher, at=town.later())
    assert asked(town.colleague, incident).status_code in {403, 404}
    answer = asked(town.handler, incident)
    assert answer.json() == [{"name": "某某", "phone": "13800138000", "address": ""}]
    assert answer.headers["Cache-Control"] == "no-store"
    assert Entry.objects.filter(kind="vault.revealed").count() == 1


@pytest.mark.django_db
def test_what_the_phone_can_still_decide_about_stays_with_it(town: Town, phone: Phone) -> None:
    incident = town.dispatched()
    done = phone.step("sign", about=incident, base=incident.version, at=town.at)
    late = phone.step("sign", about=incident, base=incident.version - 1, at=town.at)
    box = boxed(phone, late, done)
    found = sealed.receive(device_id=phone.device.pk, box=box, at=town.at, keep=False)
    assert sorted(each["result"] for each in found) == ["applied", "waiting"]
    assert Carried.objects.count() == 1
    assert not Kept.objects.exists()


@pytest.mark.django_db
def test_the_shell_is_the_same_for_everybody_and_says_nothing_of_anybody(town: Town) -> None:
    page = Client().get("/field/")
    assert page.status_code == 200
    assert "csrftoken" in page.cookies
    assert page.content == factories.sign_in(Client(), town.handler).get("/field/").content
    assert town.handler.person.name not in page.content.decode()
    texts = json.loads(re.search(r'id="field-data"[^>]*>(.*?)</script>', page.content.decode(), re.S)[1])["texts"]
    assert texts["en"].keys() == texts["zh-hans"].keys()
    assert texts["zh-hans"]["field.step.sign"] == "签收"


def test_the_worker_keeps_what_the_app_starts_with() -> None:
    script = Client().get("/field/sw.js")
    assert script.headers["Content-Type"].startswith("text/javascript")
    assert script.headers["Service-Worker-Allowed"] == "/field/"
    kept = json.loads(re.search(r"assets: (\[.*\])", script.content.decode())[1])
    assert any("/field-" in each and each.endswith(".js") for each in kept)
    assert all(Client().get(each).status_code == 200 for each in kept)
    assert not any("/api/" in each for each in kept)


def test_the_app_can_be_installed() -> None:
    told = Client().get("/field/manifest.webmanifest").json()
    assert (told["start_url"], told["scope"], told["display"]) == ("/field/", "/field/", "standalone")
    assert all(Client().get(each["src"]).status_code == 200 for each in told["icons"])
