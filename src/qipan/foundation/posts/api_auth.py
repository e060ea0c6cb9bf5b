"""Who may call the API: a program with a token, or a page of a signed-in person. Both act as a post in force.

api = NinjaAPI(auth=api_auth.STAFF)
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja.security import APIKeyCookie, HttpBearer

from qipan.foundation.posts.models import Post


class TokenAuth(HttpBearer):
    """`Authorization: Bearer qipan_…`: the middleware has looked it up already, with its scopes and expiry."""

    def authenticate(self, request: HttpRequest, token: str) -> Post | None:
        return request.post if getattr(request, "token_used", False) else None  # type: ignore[attr-defined]


class SessionAuth(APIKeyCookie):
    """The session of a signed-in person. Writes need the CSRF token, as forms do."""

    param_name = "sessionid"

    def __call__(self, request: HttpRequest) -> Any:
        if "Authorization" in request.headers:
            return None  # whoever sends a token is not let in by a cookie
        return super().__call__(request)

    def authenticate(self, request: HttpRequest, key: str | None) -> Post | None:
        post: Post | None = request.post  # type: ignore[attr-defined]
        return post


STAFF = [TokenAuth(), SessionAuth()]
