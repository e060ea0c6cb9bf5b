"""Refusals as the API says them: problem details of RFC 9457, `application/problem+json`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _

from qipan.foundation.refusals import Refusal

CONTENT_TYPE = "application/problem+json"
API_PATHS = ("/api/",)  # Open311 has errors of its own form


def is_api(request: HttpRequest) -> bool:
    """Whether this request is answered in problem+json rather than by a page."""
    return request.path.startswith(API_PATHS)


def body(refusal: Refusal, **more: Any) -> dict[str, Any]:
    """{type, title, status, code, detail} and, where the refusal names them, `field` and `row`."""
    found: dict[str, Any] = {
        "type": "about:blank",
        "title": titles().get(refusal.status, refusal.message),
        "status": refusal.status,
        "code": refusal.code,
        "detail": refusal.message,
    }
    if refusal.field:
        found["field"] = refusal.field
    if refusal.row is not None:
        found["row"] = refusal.row
    return found | more


def answer(refusal: Refusal, *, headers: Mapping[str, str] | None = None, **more: Any) -> JsonResponse:
    """The HTTP answer that a refusal is over the API."""
    return JsonResponse(
        body(refusal, **more),
        status=refusal.status,
        content_type=CONTENT_TYPE,
        headers=dict(headers or {}),
        json_dumps_params={"ensure_ascii": False},
    )


def titles() -> dict[int, str]:
    """What each status means, in the reader's language."""
    return {
        400: _("The request cannot be read"),
        401: _("Not signed in"),
        403: _("Not allowed"),
        404: _("Not found"),
        405: _("Not possible here"),
        409: _("Not possible now"),
        413: _("Too large"),
        415: _("Unknown format"),
        422: _("Not valid"),
        426: _("The app is too old"),
        429: _("Too many requests"),
        500: _("Something broke"),
        503: _("Not available"),
    }
