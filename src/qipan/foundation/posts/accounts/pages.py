"""Choosing the post to act for; signing in with one click in the demo."""

from __future__ import annotations

from uuid import UUID

from allauth.account.internal.decorators import login_not_required
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from qipan.foundation.posts import queries
from qipan.foundation.posts.middleware import SESSION_KEY, Request

BACKEND = "qipan.foundation.posts.accounts.backend.SignInBackend"


@require_POST
def switch(request: Request) -> HttpResponse:
    """Act for another of one's own posts in force from now on in this session."""
    wanted = request.POST.get("post", "")
    if not any(str(post.pk) == wanted for post in request.posts):
        raise Http404
    request.session[SESSION_KEY] = wanted
    return redirect(_safe(request, request.POST.get("next", "")))


@never_cache
@login_not_required  # type: ignore[untyped-decorator]
@require_http_methods(["GET", "POST"])
def demo(request: HttpRequest) -> HttpResponse:
    """Every role at every level, to be tried with one click. Outside the demo there is no such page."""
    if not settings.DEMO:
        raise Http404
    at = timezone.now()
    if request.method == "GET":
        return render(request, "posts/demo.html", {"posts": queries.samples(at=at)})
    try:
        wanted = UUID(request.POST.get("post", ""))
    except ValueError:
        raise Http404 from None
    post = queries.one_in_force(wanted, at)
    if post is None:
        raise Http404
    login(request, post.person, backend=BACKEND)
    request.session[SESSION_KEY] = str(post.pk)
    UserSession.objects.create_from_request(request)  # as signing in by password does
    return redirect(_safe(request, request.POST.get("next", "")))


@require_GET
def not_offered(request: HttpRequest, **_: str) -> HttpResponse:
    """Pages of the account library that make no sense here (signing up, e-mail addresses, resetting by e-mail)."""
    raise Http404


def _safe(request: HttpRequest, target: str) -> str:
    """The address to go on to, if it is one of ours."""
    ours = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if target and ours else "/"
