"""Refusals and errors, mapped once: problem+json for the API, a page or a toast for people.

A refusal that a page's own form does not show (see foundation.interface.forms) ends here, as does everything that goes
wrong before a view or outside of one. Nothing of the error itself reaches the caller.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from django.core.exceptions import RequestDataTooBig
from django.core.signals import got_request_exception
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from qipan.assembly import shell
from qipan.foundation.interface import problems
from qipan.foundation.refusals import Forbidden, Invalid, NotFound, Refusal, TooMany, Unavailable

log = logging.getLogger("qipan.problems")


class NotSignedIn(Refusal):
    """Sign in first, or send the token of a post in force."""

    status: ClassVar[int] = 401


class Unreadable(Refusal):
    """The request cannot be read: it is not valid JSON, or holds characters that no text has."""


class NotValid(Invalid):
    """Some values are missing or not valid. `errors` names each of them."""


class NoFormToken(Forbidden):
    """The request does not carry the form token of the session. Send it as X-CSRFToken, or use an API token."""


class MethodNotAllowed(Refusal):
    """This address does not take that method."""

    status: ClassVar[int] = 405


class NothingThere(MethodNotAllowed):
    """Forms are sent to this address; there is nothing to read at it. Go back to the page of the form."""


class TooLarge(Refusal):
    """What was sent is too large."""

    status: ClassVar[int] = 413


class Broken(Refusal):
    """Something broke on our side. Nothing was changed. It has been written down for the people who run this."""

    status: ClassVar[int] = 500


FAMILIES: dict[int, type[Refusal]] = {
    400: Unreadable,
    401: NotSignedIn,
    403: Forbidden,
    404: NotFound,
    405: MethodNotAllowed,
    409: Refusal,
    413: TooLarge,
    422: Invalid,
    429: TooMany,
    500: Broken,
    503: Unavailable,
}


def handle_errors(api: NinjaAPI) -> None:
    """Give an API its answers to errors."""

    @api.exception_handler(Refusal)
    def refused(_request: HttpRequest, refusal: Any) -> HttpResponse:
        return problems.answer(refusal)

    @api.exception_handler(ValidationError)
    def not_valid(_request: HttpRequest, problem: Any) -> HttpResponse:
        errors = list(named(problem.errors))
        return problems.answer(NotValid(field=errors[0]["field"] if errors else ""), errors=errors)

    @api.exception_handler(HttpError)
    def http_error(_request: HttpRequest, problem: Any) -> HttpResponse:
        if problem.status_code == 403 and "CSRF" in str(problem):
            return problems.answer(NoFormToken())
        return problems.answer(FAMILIES.get(problem.status_code, Unreadable)())

    @api.exception_handler(Http404)
    def missing(_request: HttpRequest, _problem: Any) -> HttpResponse:
        return problems.answer(NotFound())

    @api.exception_handler(RequestDataTooBig)
    def too_big(_request: HttpRequest, _problem: Any) -> HttpResponse:
        return problems.answer(TooLarge())

    @api.exception_handler(Exception)
    def broken(request: HttpRequest, problem: Any) -> HttpResponse:
        got_request_exception.send(sender=None, request=request)
        log.error("%s %s", request.method, request.path, exc_info=problem)
        return problems.answer(Broken())


def named(errors: Iterable[dict[str, Any]]) -> Iterable[dict[str, str]]:
    """[{field, message}] of what pydantic found, in the reader's language."""
    for error in errors:
        place = [str(part) for part in error["loc"]]
        if place[:1] == ["body"] and len(place) > 2:
            place = place[2:]  # the name of the function's parameter means nothing to a caller
        elif place[:1] in (["query"], ["path"], ["header"], ["body"], ["form"], ["file"]):
            place = place[1:]
        yield {"field": ".".join(place), "message": _words(str(error["type"]), error.get("ctx") or {})}


def _words(kind: str, facts: dict[str, Any]) -> str:
    facts = {
        key: int(value) if isinstance(value, float) and value.is_integer() else value
        for key, value in facts.items()
        if isinstance(value, str | int | float)
    }
    texts = {
        "missing": _("This is required."),
        "extra_forbidden": _("There is no such field."),
        "string_too_short": _("At least {min_length} characters."),
        "string_too_long": _("At most {max_length} characters."),
        "greater_than": _("Must be more than {gt}."),
        "greater_than_equal": _("Must be {ge} or more."),
        "less_than": _("Must be less than {lt}."),
        "less_than_equal": _("Must be {le} or less."),
        "enum": _("Must be one of {expected}."),
        "literal_error": _("Must be one of {expected}."),
        "too_long": _("Too many values."),
        "too_short": _("Too few values."),
    }
    starts = {
        "uuid": _("Must be a UUID."),
        "int": _("Must be a whole number."),
        "float": _("Must be a number."),
        "finite": _("Must be a number."),
        "decimal": _("Must be a number."),
        "bool": _("Must be true or false."),
        "datetime": _("Must be a time with its offset, such as 2026-05-04T08:30:00+08:00."),
        "timezone": _("Must be a time with its offset, such as 2026-05-04T08:30:00+08:00."),
        "date": _("Must be a date, such as 2026-05-04."),
        "string": _("Must be a text."),
        "list": _("Must be a list."),
        "dict": _("Must be an object."),
        "model": _("Must be an object."),
    }
    text = texts.get(kind) or next((words for start, words in starts.items() if kind.startswith(start)), "")
    try:
        return (text or _("This value is not valid.")).format(**facts)
    except (KeyError, IndexError):
        return _("This value is not valid.")


class ProblemMiddleware:
    """Refusals and errors outside the API's own handlers; innermost, so that every language and session is known."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if _unreadable(request):
            return refuse(request, Unreadable())
        response = self.get_response(request)
        if response.status_code == 405 and not problems.is_api(request):
            return _nowhere(request, response)
        if (
            problems.is_api(request)
            and response.status_code >= 400
            and "json" not in response.headers.get("Content-Type", "")
        ):
            kept = {name: response.headers[name] for name in ("Allow", "Retry-After") if name in response.headers}
            return problems.answer(FAMILIES.get(response.status_code, Broken)(), headers=kept)
        return response

    def process_exception(self, request: HttpRequest, problem: Exception) -> HttpResponse | None:
        return refuse(request, problem) if isinstance(problem, Refusal) else None


def refuse(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """A refusal as the caller reads it: problem+json for the API and for htmx (a toast), else a page of its own."""
    if problems.is_api(request) or request.headers.get("HX-Request"):
        return problems.answer(refusal)
    if refusal.status == 404:
        return shell.not_found(request, refusal)
    if refusal.status == 403:
        return shell.forbidden(request, refusal)
    if refusal.status == 400:
        return shell.bad_request(request, refusal)
    content = {"title": problems.titles().get(refusal.status, ""), "detail": refusal.message}
    return shell.problem(request, "errors/refused.html", content, status=refusal.status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    large = isinstance(exception, RequestDataTooBig)
    if problems.is_api(request):
        return problems.answer(TooLarge() if large else Unreadable())
    return refuse(request, TooLarge()) if large else shell.bad_request(request, exception)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return problems.answer(Forbidden()) if problems.is_api(request) else shell.forbidden(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return problems.answer(NotFound()) if problems.is_api(request) else shell.not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    return problems.answer(Broken()) if problems.is_api(request) else shell.server_error(request)


def _nowhere(request: HttpRequest, response: HttpResponseBase) -> HttpResponse:
    """Where a form goes and nothing is to be read (its address typed, or reloaded): a page says so."""
    found = refuse(request, NothingThere())
    found.status_code = 405
    found.headers["Allow"] = response.headers.get("Allow", "")
    return found


def _unreadable(request: HttpRequest) -> bool:
    """Whether address or query hold NUL, which PostgreSQL has in no text."""
    return "\0" in request.path or "%00" in request.META.get("QUERY_STRING", "")
