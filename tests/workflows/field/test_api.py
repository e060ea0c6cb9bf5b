"""The field app's calls over HTTP: binding, leases, versions, the queue, photos, and what a phone is told."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import Client
from django.utils import timezone
from tests import factories
from tests.incidents.conftest import Town
from tests.workflows.field.test_commands import picture

from qipan.foundation.devices import boxes, rules
from qipan.foundation.devices.models import Device, Photo
from qipan.foundation.journal import sequencer
from qipan.foundation.journal.models import Entry
from qipan.foundation.posts.models import Post
from qipan.incidents import operations
from qipan.kernels import photos

pytestmark = pytest.mark.django_db
API = "/api/v1/field"


class App:
    def __init__(self, post: Post) -> None:
        self.client = factories.sign_in(Client(), post)
        self.private = ec.generate_private_key(boxes.CURVE)
        self.device = ""

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        given = {"idempotency-key": str(uuid4()), "field-version": str(rules.VERSION), "accept-language": "en"}
        raw = isinstance(body, bytes)
        return self.client.generic(
            method, API + path, data=body if raw else "" if body is None else __import__("json").dumps(body),
            content_type="image/jpeg" if raw else "application/json", headers=given | headers,
        )  # fmt: skip

    def bind(self, **headers: str) -> Any:
        key = base64.b64encode(boxes.raw_public(self.private)).decode()
        answer = self.call("POST", "/bind", {"name": "巡查手机", "public_key": key}, **headers)
        self.device = answer.json().get("device", "")
        return answer

    def down(self, cursor: str = "", **more: Any) -> Any:
        query = "".join(f"&{key}={value}" for key, value in more.items())
        return self.call("GET", f"/down?device={self.device}&cursor={cursor}{query}")

    def send(self, *commands: dict[str, Any]) -> Any:
        return self.call("POST", "/commands", {"device": self.device, "commands": list(commands)})


def step(name: str, seq: int, **more: Any) -> dict[str, Any]:
    return {"id": str(uuid4()), "seq": seq, "step": name, "device_time": timezone.now().isoformat(), **more}


@pytest.fixture
def now(town: Town) -> Town:
    town.at = datetime.now(UTC) - timedelta(hours=3)
    return town


@pytest.fixture
def app(now: Town) -> App:
    made = App(now.handler)
    assert made.bind().status_code == 201
    return made


def test_a_phone_is_bound_and_the_lease_begins(now: Town) -> None:
    app = App(now.handler)
    answer = app.bind(**{"field-clock": (timezone.now() - timedelta(hours=1)).isoformat()})
    device = Device.objects.get()
    assert answer.status_code == 201
    assert len(base64.b64decode(answer.json()["server_public_key"])) == 65
    assert device.lease_until - device.bound_at == rules.LEASE
    assert abs(device.clock_offset - 3_600_000) < 60_000
    assert Entry.objects.filter(kind="devices.bound", about_id=device.pk).count() == 1


def test_an_app_too_old_is_refused_and_the_two_before_are_not(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "VERSION", 4)
    codes = [app.call("GET", f"/down?device={app.device}", **{"field-version": each}).status_code
             for each in ("", "x", "1", "2", "3", "4")]  # fmt: skip
    assert codes == [426, 426, 426, 200, 200, 200]
    assert app.call("POST", "/bind", {"name": "x", "public_key": "y"}, **{"field-version": "1"}).status_code == 426


def test_what_is_no_key_binds_nothing(now: Town) -> None:
    app = App(now.handler)
    for key in ("", "###", base64.b64encode(b"\x04" * 65).decode(), base64.b64encode(b"\x04" * 64).decode()):
        assert app.call("POST", "/bind", {"name": "x", "public_key": key}).json()["code"] == "not-a-key"
    assert not Device.objects.exists()


def test_a_post_has_so_many_phones_and_no_more(app: App) -> None:
    for _each in range(rules.MOST_DEVICES - 1):
        assert app.bind().status_code == 201
    assert app.bind().json()["code"] == "too-many-devices"


def test_a_queue_with_its_photo_over_http(app: App, now: Town) -> None:
    incident = operations.sign(incident_id=now.dispatched().pk, by=now.handler, at=now.later())
    done = step("answer", 1, about=str(incident.pk), base=incident.version, body={"text": "已修复"})
    for _again in range(2):
        sent = app.call("PUT", f"/photos/{done['id']}?device={app.device}", picture())
        assert (sent.status_code, sent.json()["waits"]) == (200, True)
    (answer,) = app.send(done).json()["answers"]
    assert (answer["result"], answer["state"]["status"]) == ("applied", "answered")
    assert app.send(done).json()["answers"][0]["result"] == "repeated"
    assert app.call("PUT", f"/photos/{done['id']}?device={app.device}", picture()).json()["waits"] is False
    assert not Photo.objects.exists()
    assert incident.attachments.count() == 1
    large = app.call("PUT", f"/photos/{uuid4()}?device={app.device}", b"x" * (photos.MOST_BYTES + 1))
    assert large.json()["code"] == "photo-too-large"
    assert app.call("PUT", f"/photos/{uuid4()}?device={app.device}", b"").json()["code"] == "not-a-photo"


def test_a_phone_of_another_post_does_not_exist(app: App, now: Town) -> None:
    other = App(now.colleague)
    other.device = app.device
    assert other.down().status_code == 404
    assert other.send(step("shift_on", 1)).status_code == 404
    assert other.call("POST", f"/devices/{app.device}/revoke", {}).status_code == 404


def test_down_tells_what_is_new_and_what_to_forget_and_mends_itself(app: App, now: Town) -> None:
    incident = now.dispatched()
    sequencer.drain()
    first = app.down().json()
    assert first["whole"] is True
    assert [row["id"] for row in first["rows"]] == [str(incident.pk)]
    assert first["rows"][0]["steps"] == ["sign"]
    assert first["categories"]["rows"]
    known = {"areas": first["areas"]["revision"], "categories": first["categories"]["revision"]}
    second = app.down(first["cursor"], **known).json()
    assert (second["rows"], second["gone"], second["whole"]) == ([], [], False)
    assert second["areas"]["outlines"] is None
    assert second["categories"]["rows"] is None
    operations.sign(incident_id=incident.pk, by=now.handler, at=now.later())
    sequencer.drain()
    third = app.down(second["cursor"]).json()
    assert [row["status"] for row in third["rows"]] == ["signed"]
    operations.answer(incident_id=incident.pk, text="已修复", by=now.handler, at=now.later())
    sequencer.drain()
    fourth = app.down(third["cursor"]).json()
    assert (fourth["rows"], fourth["gone"]) == ([], [str(incident.pk)])
    lost = app.down(third["cursor"]).json()  # as if the answer before had never come
    assert (lost["whole"], lost["rows"]) == (True, [])
    for bad in ("x", "-1", "9" * 20):
        assert app.down(bad).status_code == 422


def test_down_never_names_what_is_of_another_unit(app: App, now: Town) -> None:
    incident = now.report("street-light")
    operations.accept(incident_id=incident.pk, by=now.dispatcher, at=now.later())
    operations.dispatch(incident_id=incident.pk, unit=now.other, by=now.dispatcher, at=now.later())
    sequencer.drain()
    assert str(incident.pk) not in app.down().content.decode()


def test_a_revoked_phone_is_told_nothing(app: App, now: Town) -> None:
    boss = App(now.administrator)
    assert [each["id"] for each in boss.call("GET", "/devices").json()["items"]] == [app.device]
    revoked = boss.call("POST", f"/devices/{app.device}/revoke", {"reason": "遗失"})
    assert revoked.status_code == 200
    assert app.down().json()["code"] == "device-revoked"
    assert app.send(step("shift_on", 1)).json()["code"] == "device-revoked"
    assert boss.call("POST", f"/devices/{app.device}/revoke", {}).json()["code"] == "revoked-before"
    assert Entry.objects.get(kind="devices.revoked").reason == "遗失"


def test_a_sealed_queue_needs_no_session(app: App) -> None:
    import orjson

    device = Device.objects.get()
    content = orjson.dumps({"commands": [step("shift_on", 1)]})
    sealed = boxes.seal(content, device_id=device.pk, device_private=app.private,
                        server_public=bytes(device.server_public_key))  # fmt: skip
    app.client = Client()
    answer = app.call("POST", "/sealed", {"device": app.device, "sealed": base64.b64encode(sealed).decode()})
    assert [each["result"] for each in answer.json()] == ["applied"]
    assert app.down().status_code == 401


def test_phones_are_listed_and_revoked_on_pages(app: App, now: Town) -> None:
    assert "巡查手机" in app.client.get("/me/devices/").content.decode()
    boss = factories.sign_in(Client(), now.administrator)
    assert "巡查手机" in boss.get("/devices/").content.decode()
    assert app.client.get("/devices/").status_code == 403
    assert "/me/devices/" in app.client.get("/me/").content.decode()
    stranger = factories.sign_in(Client(), now.colleague)
    assert stranger.post(f"/devices/{app.device}/revoke/", {"command": str(uuid4())}).status_code == 404
    app.client.post(f"/devices/{app.device}/revoke/", {"command": str(uuid4())})
    assert Device.objects.get().revoked_at is not None
