"""Gives each request the post it acts for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db.models import BooleanField, Case, Exists, OuterRef, Value, When
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.utils import timezone

from qipan.foundation.posts import operations, rules
from qipan.foundation.posts.models import Person, Post, SignInRule
from qipan.foundation.refusals import Forbidden

SESSION_KEY = "post"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
WITHOUT_SECOND_FACTOR = ("/accounts/", "/static/", "/healthz", "/readyz")


class SecondFactorNeeded(Forbidden):
    """Your post needs a second factor. Set one up in your account first."""


class ScopeMissing(Forbidden):
    """This token does not allow that."""


class Request(HttpRequest):
    """A request as the middleware leaves it; views annotate with this."""

    post: Post | None
    viewer: Post | None
    posts: list[Post]
    token_used: bool


class PostMiddleware:
    """Sets `request.post` and `request.viewer`: the post in force chosen for the session or named by an API token.

    None where nobody is signed in, or no post of theirs is in force. The choice is looked up again for every
    request, so that an ended post has no rights from that moment on. `request.posts` lists what can be chosen.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.posts = []  # type: ignore[attr-defined]
        request.token_used = False  # type: ignore[attr-defined]
        at = timezone.now()
        authorization = request.META.get("HTTP_AUTHORIZATION", "")
        if authorization[:7].lower() == "bearer ":
            post = self._by_token(request, authorization[7:].strip(), at)
            if post and not _allowed(post, request.method or "GET"):
                return refuse(ScopeMissing())
        else:
            post = self._by_session(request, at)
            if post and post.lacks_factor:  # type: ignore[attr-defined]
                if not request.path.startswith(WITHOUT_SECOND_FACTOR):
                    return refuse(SecondFactorNeeded()) if _is_api(request) else redirect("mfa_index")
                post = None
        request.post = request.viewer = post  # type: ignore[attr-defined]
        return self.get_response(request)

    def _by_token(self, request: HttpRequest, secret: str, at: datetime) -> Post | None:
        post = operations.use_token(secret=secret, at=at)
        if post:
            request.user = post.person
            request.token_used = True  # type: ignore[attr-defined]
        return post

    def _by_session(self, request: HttpRequest, at: datetime) -> Post | None:
        if not request.user.is_authenticated:
            return None
        held = list(_held(request.user, at))
        request.posts = held  # type: ignore[attr-defined]
        wanted = request.session.get(SESSION_KEY)
        return next((post for post in held if str(post.pk) == wanted), held[0] if held else None)


def _held(person: Person, at: datetime) -> list[Post]:
    """The posts in force of a person, each with `lacks_factor`, in one query."""
    asked = Exists(SignInRule.objects.filter(district=OuterRef("district"), second_factor__contains=[OuterRef("role")]))
    needs = [When(asked, then=Value(True))]
    if settings.MODE == "production":
        needs.insert(0, When(role__in=sorted(rules.TRUSTED), then=Value(True)))
    has = Exists(Authenticator.objects.filter(user=OuterRef("person")).exclude(type="recovery_codes"))
    lacks = Case(When(has, then=Value(False)), *needs, default=Value(False), output_field=BooleanField())
    rows = Post.objects.filter(person=person).in_force(at).with_names().annotate(lacks_factor=lacks)
    return sorted(rows, key=lambda post: (post.area.level, post.kind, str(post.pk)))


def _allowed(post: Post, method: str) -> bool:
    """A token reads with `read`, and writes with any other scope; what exactly, the post's abilities say."""
    scopes = post.scopes or frozenset()
    if method in SAFE:
        if "read" in scopes:
            post.scopes = None  # it may see whatever the post may see
        return bool(scopes)
    return bool(scopes - {"read"})


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith(("/api/", "/open311/"))


def refuse(refusal: Forbidden) -> JsonResponse:
    """A refusal before any view: problem+json (RFC 9457)."""
    body = {"type": "about:blank", "title": refusal.message, "status": refusal.status, "code": refusal.code}
    return JsonResponse(body, status=refusal.status, content_type="application/problem+json")
