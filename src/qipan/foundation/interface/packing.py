"""Answers made small for a slow line: packed where the browser says that it unpacks."""

from __future__ import annotations

import gzip
from functools import lru_cache

from django.http import HttpRequest, HttpResponse

FAST, SMALL = 1, 6  # levels: of an answer that is asked for once, and of one that many ask for


def packed(
    request: HttpRequest, body: bytes, *, kind: str = "application/json", headers: dict[str, str] | None = None,
    shared: bool = False,
) -> HttpResponse:  # fmt: skip
    """The answer with this body (bytes). `shared`: the same is asked for by many, so its packed form is remembered."""
    headers = {**(headers or {}), "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        headers["Content-Encoding"] = "gzip"
        body = _remembered(body) if shared else gzip.compress(body, FAST, mtime=0)
    return HttpResponse(body, content_type=kind, headers=headers)


@lru_cache(maxsize=32)
def _remembered(body: bytes) -> bytes:
    return gzip.compress(body, SMALL, mtime=0)
