"""The shell of the field app: a page that is the same for everybody and says nothing of anybody, so that a phone may
keep it; its service worker, and what makes it installable."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from qipan.incidents.rules.classes import CLASSES
from qipan.incidents.rules.steps import STATUS_NAMES
from qipan.workflows.field.words import FIELD_TEXTS

LANGUAGES = ("zh-hans", "en")


@cache
def shell() -> str:
    """The page, with its words in both languages."""
    data: dict[str, Any] = {"texts": {}, "statuses": {}, "klasses": {}}
    for language in LANGUAGES:
        with translation.override(language):
            data["texts"][language] = {key: str(text) for key, text in FIELD_TEXTS.items()}
            data["statuses"][language] = {str(key): str(name) for key, name in STATUS_NAMES.items()}
            data["klasses"][language] = {str(key): str(rule.name) for key, rule in CLASSES.items()}
    with translation.override(LANGUAGES[0]):
        return render_to_string("field/shell.html", {"data": data})


@cache
def worker() -> str:
    """The service worker of this build: its name changes with whatever the phone keeps."""
    parts = {"shell": reverse("field")}
    build = hashlib.sha256((shell() + render_to_string("field/worker.js", parts)).encode()).hexdigest()[:12]
    return render_to_string("field/worker.js", {**parts, "build": build})


@require_GET
def app(request: HttpRequest) -> HttpResponse:
    get_token(request)  # sets the cookie that the app's writes answer for
    page = HttpResponse(shell())
    page.headers["Cache-Control"] = "no-cache"
    return page


@require_GET
def service_worker(request: HttpRequest) -> HttpResponse:
    script = HttpResponse(worker(), content_type="text/javascript; charset=utf-8")
    script.headers["Cache-Control"] = "no-cache"
    script.headers["Service-Worker-Allowed"] = reverse("field")
    return script


@require_GET
def manifest(request: HttpRequest) -> HttpResponse:
    start = reverse("field")
    icons = [
        {"src": static(f"field/icon-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
        for size, purpose in ((192, "any"), (512, "any"), (512, "maskable"))
    ]
    told = {
        "id": start, "start_url": start, "scope": start, "display": "standalone", "orientation": "portrait",
        "name": str(_("Qipan in the field")), "short_name": "棋盘", "lang": translation.get_language(),
        "background_color": "#f7f4ed", "theme_color": "#f7f4ed", "icons": icons,
    }  # fmt: skip
    answer = JsonResponse(told, content_type="application/manifest+json")
    answer.headers["Cache-Control"] = "no-cache"
    return answer
