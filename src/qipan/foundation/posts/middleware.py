"""Gives each request the post it acts for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.contrib import auth
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from qipan.foundation.interface import problems
from qipan.foundation.posts import holding, operations
from qipan.foundation.posts.models import Person, Post
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


class Acting(Request):
    """A request behind `staff`: of somebody who holds a post in force."""

    post: Post


def viewer(request: HttpRequest) -> Post:
    """The post that a view behind `staff` acts for."""
    post: Post = request.viewer  # type: ignore[attr-defined]
    return post


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
                return problems.answer(ScopeMissing())
        else:
            post = self._by_session(request, at)
            if post and request.lacks_factor:  # type: ignore[attr-defined]
                if not request.path.startswith(WITHOUT_SECOND_FACTOR):
                    programs = request.path.startswith((*problems.API_PATHS, "/open311/"))
                    return problems.answer(SecondFactorNeeded()) if programs else redirect("mfa_index")
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
        person_id = _signed_in(request)
        if person_id is None:
            return None
        person, held = holding.held(person_id=person_id, at=at, production=settings.MODE == "production")
        if person is None or not person.is_active or not _same_password(request, person):
            return None  # `request.user` looks again, and finds nobody
        # Already read: Django's own middleware need not ask the database for it once more.
        request._cached_user = person  # type: ignore[attr-defined]
        request.posts = [one.post for one in held]  # type: ignore[attr-defined]
        wanted = request.session.get(SESSION_KEY)
        chosen = next((one for one in held if str(one.post.pk) == wanted), held[0] if held else None)
        request.lacks_factor = bool(chosen and chosen.lacks_factor)  # type: ignore[attr-defined]
        return chosen.post if chosen else None


def _signed_in(request: HttpRequest) -> UUID | None:
    """Whom the session names, if one of our ways of signing in made it."""
    try:
        if request.session[auth.BACKEND_SESSION_KEY] not in settings.AUTHENTICATION_BACKENDS:
            return None
        return UUID(request.session[auth.SESSION_KEY])
    except (KeyError, ValueError):
        return None


def _same_password(request: HttpRequest, person: Person) -> bool:
    """Whether the session was made under the password of today: a change of it ends all sessions."""
    given = str(request.session.get(auth.HASH_SESSION_KEY, ""))
    if given and constant_time_compare(given, person.get_session_auth_hash()):
        return True
    # A secret key just changed: Django's own way knows the old ones and renews the session.
    return bool(given) and auth.get_user(request).is_authenticated


def _allowed(post: Post, method: str) -> bool:
    """A token reads with `read`, and writes with any other scope; what exactly, the post's abilities say."""
    scopes = post.scopes or frozenset()
    if method in SAFE:
        if "read" in scopes:
            post.scopes = None  # it may see whatever the post may see
        return bool(scopes)
    return bool(scopes - {"read"})
