"""The API below /api/v1: every room's routers, one way to sign in, one way to refuse, one document in two languages."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import wraps
from typing import Any, cast

import orjson
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from ninja import NinjaAPI, Router
from ninja.errors import HttpError
from ninja.parser import Parser
from ninja.renderers import BaseRenderer
from ninja.responses import NinjaJSONEncoder

import qipan
from qipan.assembly import openapi, problems
from qipan.assembly.navigation import ROOMS
from qipan.foundation.interface import limits
from qipan.foundation.interface.api import has_nul
from qipan.foundation.interface.problems import answer
from qipan.foundation.posts import api_auth, api_once
from qipan.foundation.refusals import Refusal

LANGUAGES = ("zh-hans", "en")
ANONYMOUS_REQUESTS, WINDOW = 120, 60  # from one address, in seconds


class Json(BaseRenderer):
    """orjson, with Django's ways for what it does not know."""

    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> bytes:
        return orjson.dumps(data, default=NinjaJSONEncoder().default, option=orjson.OPT_NON_STR_KEYS)


class StrictJson(Parser):
    """Refuses what PostgreSQL has in no text: NUL and halves of characters. Also NaN and doubled encodings."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        try:
            found = orjson.loads(request.body)
        except orjson.JSONDecodeError as problem:
            raise HttpError(400, "not JSON") from problem
        if b"\\u0000" in request.body and has_nul(found):
            raise HttpError(400, "NUL in a text")
        return cast(dict[str, Any], found)


def _in_language(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """`?language=en` for the document and its page, beside what the browser asks for."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **values: Any) -> HttpResponse:
        wanted = request.GET.get("language", "")
        language = wanted if wanted in LANGUAGES else translation.get_language() or LANGUAGES[0]
        with translation.override(language):
            return view(request, *args, **values)

    return inner


def _around(run: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Around every operation: nobody's requests are counted, a write has its key, a repeated answer says so."""

    def around(request: HttpRequest, **values: Any) -> HttpResponse:
        try:
            if getattr(request, "post", None) is None:
                limits.count("api", limits.address(request), most=ANONYMOUS_REQUESTS, seconds=WINDOW)
            if request.method not in openapi.SAFE:
                api_once.key(request)
        except Refusal as refusal:
            return answer(refusal)
        response = run(request, **values)
        if getattr(request, "replayed", False):
            response.headers[api_once.REPLAYED] = "true"
        return response

    return around


class Api(NinjaAPI):
    def get_openapi_schema(self, **options: Any) -> Any:
        return openapi.finished(super().get_openapi_schema(**options))

    def get_openapi_operation_id(self, operation: Any) -> str:
        """Short and stable: the room and the function."""
        return f"{(operation.tags or ['api'])[0]}_{operation.view_func.__name__}"


def _made() -> Api:
    made = Api(
        title="Qipan 棋盘",
        version=qipan.__version__,
        description=openapi.INTRODUCTION,
        urls_namespace="api",
        auth=api_auth.STAFF,
        renderer=Json(),
        parser=StrictJson(),
        docs=openapi.Docs(),
        docs_decorator=_in_language,
    )
    problems.handle_errors(made)
    made.add_decorator(_around, mode="view")
    for room in ROOMS:
        for prefix, router in _routers(room):
            made.add_router(prefix, router)
    return made


def _routers(room: str) -> list[tuple[str, Router]]:
    """The routers of a room: (prefix, router), or routers alone, which lie below the room's name."""
    try:
        module = importlib.import_module(f"{room}.api")
    except ModuleNotFoundError as missing:
        if missing.name != f"{room}.api":
            raise
        return []
    name = room.rsplit(".", 1)[-1]
    found: dict[str, Router] = {}
    for each in module.ROUTERS:
        prefix, router = (f"/{name}", each) if isinstance(each, Router) else each
        if prefix in found:
            _join(found[prefix], router)
        else:
            found[prefix] = router
    return list(found.items())


def _join(router: Router, other: Router) -> None:
    """Routers of one prefix become one: Django would find the first path only and refuse the other's methods (405)."""
    for path, view in other.path_operations.items():
        there = router.path_operations.setdefault(path, view)
        if there is not view:
            there.operations.extend(view.operations)


api = _made()
