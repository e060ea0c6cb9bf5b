"""The API's document (OpenAPI 3.1): completed with what holds for every operation, translated, served offline."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_noop as _
from ninja import NinjaAPI
from ninja.openapi.docs import DocsBase

from qipan.foundation.interface.problems import CONTENT_TYPE
from qipan.foundation.posts.api_once import HEADER, REPLAYED

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

INTRODUCTION = _(
    "The interface for programs of a district's command platform. Sign in with a token of a post "
    "(`Authorization: Bearer qipan_…`, made on the page of your account) or with the session of a signed-in page. "
    "Every write carries `Idempotency-Key` with a UUID: sent again with the same key it happens once and answers the "
    "same. What lies outside your jurisdiction does not exist (404). Lists come in pages: send `next` as `cursor`, "
    "or `previous` to go back. What is refused is answered as problem+json (RFC 9457) in the language of "
    "`Accept-Language`."
)
TAGS = {
    "journal": _("What happened: appended, never edited."),
    "areas": _("The tree of jurisdiction, outlines and places."),
    "posts": _("Who acts: posts, units, shifts."),
    "field": _("Phones that work without a network: what was done is sent later and happens once."),
    "duties": _("What is owed, by whom, and until when."),
    "incidents": _("From a report to a verified close."),
    "inspections": _("Plans, checklists and findings over premises."),
    "reporting": _("Scoreboards, exports and returns."),
    "board": _("What the board shows, in one look."),
    "messages": _("Messages to the people who work here."),
    "vault": _("Residents' requests about their own data."),
}
PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string", "description": _("Always `about:blank`: `code` tells problems apart.")},
        "title": {"type": "string", "description": _("The kind of problem, in words.")},
        "status": {"type": "integer", "description": _("The HTTP status.")},
        "code": {"type": "string", "description": _("The name of the refusal; see docs/reference/refusals.md.")},
        "detail": {"type": "string", "description": _("What is wrong and what to do, in the reader's language.")},
        "field": {"type": "string", "description": _("The field it is about, where there is one.")},
        "row": {"type": "integer", "description": _("The row of a file it is about, where there is one.")},
        "errors": {
            "type": "array",
            "description": _("Each value that is missing or not valid."),
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
    "examples": [
        {
            "type": "about:blank",
            "title": "Not found",
            "status": 404,
            "code": "not-found",
            "detail": "There is no such record in your area.",
        }
    ],
}
KEY = {
    "name": HEADER,
    "in": "header",
    "required": True,
    "description": _("A UUID of your choice for this write, the same whenever you send it again."),
    "schema": {"type": "string", "format": "uuid"},
    "example": str(UUID("0198c0de-0000-7000-8000-000000000001")),
}
PROBLEMS = {
    400: _("The request cannot be read, or has no Idempotency-Key."),
    401: _("Not signed in, or the token is not valid."),
    403: _("The post or the token does not allow this."),
    404: _("There is no such record in your area."),
    409: _("Not possible in the present state."),
    422: _("A value is missing or not valid."),
    429: _("Too many requests."),
}
FORMATS = {
    "uuid": "0198c0de-0000-7000-8000-000000000001",
    "date-time": "2026-05-04T08:30:00+08:00",
    "date": "2026-05-04",
    "time": "08:30:00",
    "binary": "(bytes)",
}
AUTHENTICATION = {
    "TokenAuth": _("The token of a post, with its scopes and expiry."),
    "SessionAuth": _("The session of a signed-in page; writes also send X-CSRFToken."),
}


class Docs(DocsBase):
    """The page /api/v1/docs: Swagger UI from our own files, with no script inside the page."""

    def render_page(self, request: HttpRequest, api: NinjaAPI, **values: Any) -> HttpResponse:
        language = get_language() or "zh-hans"
        address = f"{reverse('api:openapi-json')}?language={language}"
        return render(request, "api/docs.html", {"address": address, "language": language})


def finished(document: Any) -> dict[str, Any]:
    """django-ninja's document with problems, keys, examples and the reader's language."""
    found = dict(document)
    found["servers"] = [{"url": "/"}]
    used = set()
    for _path, method, operation in operations(found):
        used |= set(operation.get("tags", ()))
        _complete(operation, method=method, schemas=found["components"]["schemas"])
    found["tags"] = [{"name": name, "description": TAGS.get(name, name)} for name in sorted(used)]
    for schema in found["components"]["schemas"].values():
        schema.pop("description", None)  # docstrings are for readers of the code
    for shown in _dicts(found):
        if "enum" in shown and "title" in shown:
            shown.pop("description", None)
    found["components"]["schemas"]["Problem"] = PROBLEM
    found["components"]["responses"] = {
        f"Problem{status}": {
            "description": words,
            "content": {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status, words in PROBLEMS.items()
    }
    for name, scheme in found["components"].get("securitySchemes", {}).items():
        scheme["description"] = AUTHENTICATION.get(name, "")
    translated: dict[str, Any] = _translated(found)
    return translated


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(path, method, operation) of a document."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method.upper(), operation


def _dicts(value: Any) -> Iterator[dict[str, Any]]:
    """Every dictionary within a document."""
    if isinstance(value, dict):
        yield value
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _dicts(each)


def example(schema: dict[str, Any], schemas: dict[str, Any], *, depth: int = 0) -> Any:
    """An example of a schema, put together from those of its fields. Raises LookupError where one is missing."""
    if depth > 8:
        raise LookupError("schema without an end")
    if "$ref" in schema and "examples" not in schema:
        return example(schemas[schema["$ref"].rsplit("/", 1)[-1]], schemas, depth=depth + 1)
    for given in ("examples", "enum"):
        if schema.get(given):
            return schema[given][0]
    for given in ("example", "const", "default"):
        if given in schema:
            return schema[given]
    for many in ("anyOf", "oneOf", "allOf"):
        if many in schema:
            return example(schema[many][0], schemas, depth=depth + 1)
    kind = schema.get("type")
    if kind == "object":
        properties = schema.get("properties")
        if properties is None:
            return {}
        return {name: example(each, schemas, depth=depth + 1) for name, each in properties.items()}
    if kind == "array":
        return [example(schema.get("items", {}), schemas, depth=depth + 1)]
    if kind == "string":
        return FORMATS.get(schema.get("format", ""), "…")
    if kind in {"integer", "number"}:
        return schema.get("minimum", 1)
    if kind in {"boolean", "null"}:
        return True if kind == "boolean" else None
    raise LookupError(f"no example for {schema.get('title') or schema}")


def _complete(operation: dict[str, Any], *, method: str, schemas: dict[str, Any]) -> None:
    parameters = operation.setdefault("parameters", [])
    for parameter in parameters:
        shown = parameter["schema"]
        parameter.setdefault("description", shown.pop("description", ""))
        with_examples = shown.pop("examples", None)
        parameter.pop("examples", None)
        if with_examples:
            parameter["example"] = with_examples[0]
    failures = {401, 403, 429} if operation.get("security") else {429}
    if any(parameter["in"] == "path" for parameter in parameters):
        failures |= {404, 422}
    if parameters or "requestBody" in operation:
        failures |= {422}
    if method not in SAFE:
        parameters.append(KEY)
        failures |= {400, 409}
    responses = operation["responses"] = {str(status): each for status, each in operation["responses"].items()}
    for status, response in responses.items():
        if method not in SAFE and status.startswith("2"):
            response["headers"] = {
                REPLAYED: {
                    "description": _("`true` where this is the kept answer of an earlier request with the same key."),
                    "schema": {"type": "string"},
                }
            }
    for content in _contents(operation):
        try:
            content.setdefault("example", operation.get("x-example") or example(content["schema"], schemas))
        except LookupError:
            continue  # tests/assembly/test_openapi.py says which
    operation.pop("x-example", None)
    for status in sorted(failures):
        responses.setdefault(str(status), {"$ref": f"#/components/responses/Problem{status}"})


def _contents(operation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for part in [operation.get("requestBody", {}), *operation["responses"].values()]:
        for media_type, content in part.get("content", {}).items():
            if "json" in media_type and "schema" in content:
                yield content


def _translated(value: Any, *, key: str = "", inside: str = "") -> Any:
    """Every summary and description in the reader's language. `inside` is the key above: properties have any name."""
    if isinstance(value, Promise):
        return str(value)
    if key in {"example", "examples", "default"} and inside != "properties":
        return value
    if isinstance(value, dict):
        untitled = key in {"properties", "info"} or not isinstance(value.get("title"), str)
        return {
            name: _translated(each, key=name, inside=key)
            for name, each in value.items()
            if untitled or name != "title"  # pydantic's titles repeat the names of fields
        }
    if isinstance(value, list):
        return [_translated(each, key=key, inside=inside) for each in value]
    if key in {"summary", "description"} and isinstance(value, str) and value:
        words = " ".join(value.split())
        return gettext(words)
    return value
