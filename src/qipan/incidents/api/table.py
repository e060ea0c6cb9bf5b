"""Writes of one shape, as rows of a table: what an address names and a small body, one operation, a shaped answer."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema, Status

from qipan.foundation.posts.api_once import once
from qipan.incidents.api import schemas
from qipan.incidents.api.reads import viewer

KEY = re.compile(r"{uuid:(\w+)}")


def write(
    router: Router,
    path: str,
    name: str,
    summary: str,
    *,
    work: Callable[..., Any],
    gives: Callable[[Any], dict[str, Any]],
    body: type[Schema] | None = None,
    answer: Any = schemas.Done,
    status: int = 200,
) -> None:
    """Mount one write. `work` is given what the path names, the fields of the body, `by` and `at`; it happens once."""
    (key,) = KEY.findall(path)

    def view(request: HttpRequest, **given: Any) -> Any:
        by, asked = viewer(request), given.get("body")
        values = dict(asked) if asked is not None else {}

        def carried_out() -> dict[str, Any]:
            return gives(work(**{key: given[key]}, **values, by=by, at=timezone.now()))

        kept = once(request, f"incidents.{name}:{given[key]}", {} if asked is None else asked, carried_out)
        return Status(status, kept)

    parts = {"request": HttpRequest, key: UUID} | ({"body": body} if body else {})
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    view.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [inspect.Parameter(part, kind, annotation=annotation) for part, annotation in parts.items()]
    )
    view.__name__ = view.__qualname__ = name.replace("-", "_")
    view.__module__ = work.__module__
    router.post(path, response={status: answer}, summary=summary)(view)
