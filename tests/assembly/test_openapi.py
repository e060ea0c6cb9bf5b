"""The API's document: valid, whole in both languages, with an example of everything."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from django.utils import translation

from qipan.assembly import openapi
from qipan.assembly.api import api

HAN = re.compile(r"[\u4e00-\u9fff]")
WRITES = {"POST", "PUT", "PATCH", "DELETE"}


def document(language: str) -> dict[str, Any]:
    with translation.override(language):
        found: dict[str, Any] = json.loads(json.dumps(api.get_openapi_schema(path_prefix="/api/v1/")))
        return found


DOCUMENT, CHINESE = document("en"), document("zh-hans")
OPERATIONS = [pytest.param(path, method, id=f"{method} {path}") for path, method, _ in openapi.operations(DOCUMENT)]


def operation(path: str, method: str, language: str = "en") -> dict[str, Any]:
    found: dict[str, Any] = (DOCUMENT if language == "en" else CHINESE)["paths"][path][method.lower()]
    return found


def words(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """(place, text) of every summary and description."""
    if isinstance(value, dict):
        for key, each in value.items():
            if key in {"summary", "description"} and isinstance(each, str):
                yield f"{place}/{key}", each
            elif key not in {"example", "examples", "default"}:
                yield from words(each, f"{place}/{key}")
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from words(each, f"{place}/{number}")


def schemas(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        for key, each in value.items():
            if key == "schema":
                yield each
            yield from schemas(each)
    elif isinstance(value, list):
        for each in value:
            yield from schemas(each)


def check(instance: Any, schema: dict[str, Any]) -> None:
    resolved = {**schema, "components": DOCUMENT["components"]}
    jsonschema.Draft202012Validator(resolved).validate(instance)


def test_there_is_an_api_to_look_at():
    assert len(OPERATIONS) >= 12


def test_the_document_has_the_shape_that_openapi_3_1_asks_for():
    assert DOCUMENT["openapi"].startswith("3.1.")
    assert set(DOCUMENT) <= {"openapi", "info", "servers", "paths", "components", "security", "tags", "externalDocs"}
    assert {"title", "version"} <= set(DOCUMENT["info"])
    identifiers = [each["operationId"] for _path, _method, each in openapi.operations(DOCUMENT)]
    assert len(identifiers) == len(set(identifiers))
    for path, _method, each in openapi.operations(DOCUMENT):
        assert path.startswith("/api/v1/")
        named = set(re.findall(r"{([^}]+)}", path))
        assert named == {one["name"] for one in each["parameters"] if one["in"] == "path"}
        assert len({(one["in"], one["name"]) for one in each["parameters"]}) == len(each["parameters"])
        for one in each["parameters"]:
            assert one["required"] or one["in"] != "path"
        assert each["responses"]
        for response in each["responses"].values():
            assert response.keys() >= {"description"} or "$ref" in response


def test_every_reference_leads_somewhere():
    for reference in set(re.findall(r'"\$ref": "([^"]+)"', json.dumps(DOCUMENT))):
        place: Any = DOCUMENT
        for part in reference.removeprefix("#/").split("/"):
            place = place[part]


def test_every_schema_is_a_schema():
    for schema in [*schemas(DOCUMENT["paths"]), *DOCUMENT["components"]["schemas"].values()]:
        jsonschema.Draft202012Validator.check_schema(schema)


def test_every_text_is_there_in_both_languages():
    chinese = dict(words(CHINESE))
    same = {"OK", "Created", "Accepted", "No Content"}
    missing = [
        f"{place}: {text}"
        for place, text in words(DOCUMENT)
        if text and text not in same and not HAN.search(chinese[place])
    ]
    assert not missing
    mixed = [f"{place}: {text}" for place, text in words(DOCUMENT) if HAN.search(text) and "Qipan" not in text]
    assert not mixed


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_an_operation_says_what_it_does(path, method):
    found = operation(path, method)
    assert found["summary"]
    assert found["tags"]


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_an_operation_gives_an_example_that_is_valid(path, method):
    found = operation(path, method)
    contents = list(openapi._contents(found))
    for content in contents:
        check(content["example"], content["schema"])


@pytest.mark.parametrize(("path", "method"), [each for each in OPERATIONS if each.values[1] in WRITES])
def test_a_write_asks_for_a_key_and_a_read_does_not(path, method, client, db):
    names = {one["name"]: one for one in operation(path, method)["parameters"]}
    assert names["Idempotency-Key"]["required"]
    address = re.sub(r"{[^}]+}", "0198c0de-0000-7000-8000-000000000001", path)
    address = re.sub(r"(?<=units/|areas/)0198c0de[-0-9a-f]+", "1", address)
    answer = client.generic(method, address, data="{}", content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "key-missing")


def test_reads_ask_for_no_key():
    for _path, method, each in openapi.operations(DOCUMENT):
        if method not in WRITES:
            assert "Idempotency-Key" not in {one["name"] for one in each["parameters"]}
