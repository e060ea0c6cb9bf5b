"""Open311 GeoReport v2, held against the specification's own schemas where they lie beside the project."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from django.test import Client
from django.utils import timezone
from tests.incidents.conftest import Town, make_town

from qipan.foundation.areas.models import Code
from qipan.foundation.posts import operations as posts
from qipan.incidents.models import Incident

HERE = "/open311/v2/"


def set_code(town: Town, code: str) -> None:
    Code.objects.filter(area=town.district, system="statistical").delete()
    Code.objects.create(
        area=town.district, district=town.district, system="statistical", code=code, valid_from=date(2020, 1, 1)
    )


@pytest.fixture
def city(town: Town) -> Town:
    set_code(town, "410505")
    town.at = timezone.now() - timedelta(hours=1)
    return town


@pytest.fixture
def key(city: Town) -> str:
    now = timezone.now()
    made = posts.issue_token(
        post=city.dispatcher, name="街道小程序", scopes=["incidents.report"], expires_at=now + timedelta(days=30),
        by=city.dispatcher, at=now,
    )  # fmt: skip
    return made[1] if isinstance(made, tuple) else made.secret


def get(client: Client, path: str, **query: str) -> object:
    return client.get(HERE + path, {"jurisdiction_id": "410505", **query})


def check(found: object, schema: str, shared: Path) -> None:
    folder = shared / "4_formats/open311/schema"
    loaded = {path.name: json.loads(path.read_text()) for path in folder.glob("*.json")}
    item = {"services": "service", "requests": "request"}.get(schema)
    if item:
        for each in found:
            jsonschema.validate(each, loaded[f"{item}.json"])
    else:
        jsonschema.validate(found, loaded[f"{schema}.json"])


def test_services_are_the_public_categories_and_fit_the_schema(client: Client, city: Town, shared: Path) -> None:
    found = get(client, "services.json").json()
    check(found, "services", shared)
    codes = {each["service_code"] for each in found}
    assert "manhole" in codes
    assert not {"petition", "police", "accusation"} & codes
    check(get(client, "services/manhole.json").json(), "service-definition", shared)


def test_the_xml_form_has_the_elements_of_the_published_example(client: Client, city: Town, shared: Path) -> None:
    def shape(root: ET.Element) -> tuple[str, str, set[str]]:
        return root.tag, root[0].tag, {child.tag for child in root[0]}

    example = ET.parse(shared / "4_formats/open311/fixtures/services.xml").getroot()
    ours = ET.fromstring(get(client, "services.xml").content)
    assert shape(ours) == shape(example)


def test_a_request_is_created_followed_and_listed(client: Client, city: Town, key: str, shared: Path) -> None:
    made = client.post(HERE + "requests.json", {
        "jurisdiction_id": "410505", "service_code": "manhole", "api_key": key, "description": "井盖丢了 13800138000",
        "address_string": f"{city.village.short_name or city.village.name}路口", "first_name": "某",
        "phone": "13800138000",
    })  # fmt: skip
    assert made.status_code == 200, made.content
    [answer] = made.json()
    number = answer["service_request_id"]
    [found] = get(client, f"requests/{number}.json").json()
    check([found], "requests", shared)
    assert (found["status"], found["description"], found["address"]) == ("open", None, None)
    incident = Incident.objects.get(number=number)
    assert "13800138000" not in incident.text
    code = answer["service_notice"].split("：")[-1].split(": ")[-1].split("。")[0].split(".")[0].strip()
    [token] = get(client, f"tokens/{code}.json").json()
    assert token["service_request_id"] == number
    assert number in {each["service_request_id"] for each in get(client, "requests.json", status="open").json()}
    assert get(client, "requests.json", status="closed").json() == []


def test_a_wrong_key_creates_nothing(client: Client, city: Town) -> None:
    body = {"jurisdiction_id": "410505", "service_code": "manhole", "api_key": "no", "lat": "36.1", "long": "114.3"}
    refused = client.post(HERE + "requests.xml", body)
    assert refused.status_code == 403
    assert ET.fromstring(refused.content)[0].tag == "error"
    assert Incident.objects.count() == 0


def test_private_matters_are_neither_listed_nor_found(client: Client, city: Town) -> None:
    hidden = city.report("neighbours", by=city.dispatcher)
    shown = city.report("rubbish")
    listed = {each["service_request_id"] for each in get(client, "requests.json").json()}
    assert listed == {shown.number}
    assert get(client, f"requests/{hidden.number}.json").status_code == 404


@pytest.mark.parametrize(
    "query",
    [{"status": "lost"}, {"page": "0"}, {"page_size": "９"}, {"start_date": "15/05/20"}, {"end_date": "0020-01-01"}],
)
def test_a_bad_parameter_is_named(client: Client, city: Town, query: dict[str, str]) -> None:
    refused = get(client, "requests.json", **query)
    assert refused.status_code == 400
    assert next(iter(query)) in refused.json()[0]["description"]


def test_a_moment_far_from_utc_is_a_moment_and_one_beyond_all_years_is_not(client: Client, city: Town) -> None:
    assert get(client, "requests.json", start_date="2026-01-01T00:00:00+23:59").status_code == 200
    assert get(client, "requests.json", start_date="9999-12-31T23:59:59-14:00").status_code == 400


@pytest.mark.parametrize(("lat", "long"), [("nan", "114"), ("91", "114"), ("x", "114"), ("inf", "1")])
def test_a_bad_point_is_refused(client: Client, city: Town, key: str, lat: str, long: str) -> None:
    body = {"jurisdiction_id": "410505", "service_code": "manhole", "api_key": key, "lat": lat, "long": long}
    assert client.post(HERE + "requests.json", body).status_code == 400


def test_several_districts_need_to_be_told_apart(client: Client, city: Town) -> None:
    make_town()
    assert client.get(HERE + "services.json").status_code == 400
    assert client.get(HERE + "services.json", {"jurisdiction_id": "999999"}).status_code == 400


def test_a_key_of_one_district_creates_nothing_in_another(client: Client, city: Town, key: str) -> None:
    other = make_town()
    set_code(other, "410506")
    body = {"jurisdiction_id": "410506", "service_code": "manhole", "api_key": key, "lat": "36.1", "long": "114.3"}
    assert client.post(HERE + "requests.json", body).status_code == 403
    assert Incident.objects.filter(district=other.district).count() == 0


def test_tracking_codes_are_not_tried_one_after_another(client: Client, city: Town) -> None:
    answers = [get(client, f"tokens/ABCD-EFGH-JK{letter}2.json").status_code for letter in "ABCDEFGHJKMN"]
    assert answers == [404] * 10 + [429] * 2


def test_the_name_of_who_asks_is_masked_in_what_they_write(client: Client, city: Town, key: str) -> None:
    answer = client.post(HERE + "requests.json", {
        "jurisdiction_id": "410505", "api_key": key, "service_code": "rubbish", "lat": "36.5", "long": "114.5",
        "description": "我是王小明，门口有垃圾", "last_name": "王", "first_name": "小明", "device_id": "13800138000",
        "address_string": city.village.name,
    })  # fmt: skip
    incident = Incident.objects.get(number=answer.json()[0]["service_request_id"])
    assert incident.text == "我是王*，门口有垃圾"
    assert incident.channel == "device"
