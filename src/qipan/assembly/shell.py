"""What every page has around its content: who acts, where, in which language and light; and the pages of errors."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from qipan.assembly import navigation
from qipan.foundation.outbox import queries as outbox
from qipan.foundation.posts import queries
from qipan.foundation.posts.rules import Role
from qipan.foundation.refusals import Forbidden
from qipan.live.pages import DESKS

THEMES = ("light", "dark")


def context(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `shell`, worked out only where a template asks for it."""
    return {"shell": SimpleLazyObject(lambda: _shell(request))}


def _shell(request: HttpRequest) -> dict[str, Any]:
    post = getattr(request, "post", None)
    theme = request.COOKIES.get("theme", "")
    return {
        "post": post,
        "posts": getattr(request, "posts", None) or ([post] if post else []),
        "district": getattr(post, "district", None),
        "navigation": navigation.groups(request),
        "unread": outbox.unread(person=post.person) if post else 0,
        "takes_calls": post is not None and post.may("duties.take_call"),
        "theme": theme if theme in THEMES else "",
        "now": timezone.now(),
        "demo": settings.DEMO,
        "demo_posts": lambda: queries.samples(at=timezone.now()) if settings.DEMO else [],
    }


def home(request: HttpRequest) -> HttpResponse:
    """Where a viewer starts: a desk at the board (what the address says beside the path goes along), on a phone a
    handler at their own work and a grid worker in the field app, anybody else at the first page of the navigation; a
    stranger at the sign-in."""
    if not request.user.is_authenticated:
        return redirect("account_login")
    post = getattr(request, "post", None)
    if post is not None and post.role in DESKS and post.may("incidents.view"):
        if post.role == Role.HANDLER and _on_a_phone(request):
            return redirect("my_work")
        query = request.META["QUERY_STRING"]
        return redirect(reverse("board") + (f"?{query}" if query else ""))
    if post is not None and post.role == Role.GRID_WORKER and _on_a_phone(request):
        return redirect("field")
    groups = navigation.groups(request)
    return redirect(groups[0]["entries"][0]["url"] if groups else "usersessions_list")


def _on_a_phone(request: HttpRequest) -> bool:
    """What the browser says of itself; the older ones say it in their names only."""
    hint = request.headers.get("Sec-CH-UA-Mobile", "")
    return hint == "?1" or (not hint and "Mobile" in request.headers.get("User-Agent", ""))


choose_language = require_POST(set_language)


def problem(request: HttpRequest, template: str, context: dict[str, Any], *, status: int) -> HttpResponse:
    """A page of an error: with the navigation for whoever is signed in and acts, as a resident's page below /public/,
    else by itself."""
    post = getattr(request, "post", None)
    public = post is None and _public(request)
    layout = "base.html" if post else "public/base.html" if public else "layouts/entrance.html"
    context = {**context, "layout": layout, "public": public, "start": _start(request)}
    return render(request, template, context, status=status)


def _public(request: HttpRequest) -> bool:
    return request.path_info.startswith("/public/")


def _start(request: HttpRequest) -> str:
    """Where an error leads back to: residents have no account to sign in with."""
    return "/public/" if _public(request) else "/"


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return problem(request, "errors/400.html", {}, status=400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return problem(request, "errors/403.html", {"message": _message(exception)}, status=403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that stood open too long, or came from elsewhere."""
    return problem(request, "errors/403.html", {"stale": True}, status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return problem(request, "errors/404.html", {}, status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Rendered without the request: whatever broke must not break this page too."""
    return HttpResponse(render_to_string("errors/500.html", {"start": _start(request)}), status=500)


def _message(exception: Exception) -> str:
    """The words of a refusal that says more than that it is forbidden; never those of some other exception."""
    if type(exception) is Forbidden:
        return ""
    message = getattr(exception, "message", "")
    return message if isinstance(message, str) else ""
