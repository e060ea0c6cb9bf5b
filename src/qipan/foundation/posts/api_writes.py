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

from qipan.foundation.posts.access import require
from qipan.foundation.posts.api_once import once

KEY = re.compile(r"{uuid:(\w+)}")


def write(
    router: Router,
    path: str,
    name: str,
    summary: str,
    *,
    work: Callable[..., Any],
    gives: Callable[[Any], dict[str, Any]],
    answer: Any,
    ability: str = "",
    description: str | None = None,
    key: Any = UUID,
    body: type[Schema] | None = None,
    status: int = 200,
) -> None:
    """Mount one write. `work` is given what the path names, the fields of the body, `by` and `at`; it happens once.

    `name` is the command's: the room, a dot, the function. A post without the `ability` is refused before anything is
    looked at. `key`: the type of what the path names, where it is described.
    """
    named = KEY.findall(path)

    def view(request: HttpRequest, **given: Any) -> Any:
        post, asked = request.post, given.get("body")  # type: ignore[attr-defined]
        by = require(post, ability) if ability else post
        keys = {part: given[part] for part in named}
        values = dict(asked) if asked is not None else {}

        def carried_out() -> dict[str, Any]:
            return gives(work(**keys, **values, by=by, at=timezone.now()))

        command = ":".join((name, *map(str, keys.values())))
        return Status(status, once(request, command, {} if asked is None else asked, carried_out))

    parts = {"request": HttpRequest} | dict.fromkeys(named, key) | ({"body": body} if body else {})
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    view.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [inspect.Parameter(part, kind, annotation=annotation) for part, annotation in parts.items()]
    )
    view.__name__ = view.__qualname__ = name.partition(".")[2].replace("-", "_")
    view.__module__ = work.__module__
    router.post(path, response={status: answer}, summary=summary, description=description)(view)
