"""What pages of staff share: who may open them, the hidden id of their forms, where to go on to.

A refusal that a view lets out is answered in one place, by the assembly: what does not exist for the viewer is a 404,
anything else a page of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme

from qipan.foundation.refusals import Forbidden, Invalid, NotFound

View = Callable[..., Any]
CURSORS = ("after", "before")  # what a list's address may hold of where one has turned to


class FormIncomplete(Invalid):
    """This form was not complete. Please reload the page and try again."""


def staff(ability: str = "") -> Callable[[View], View]:
    """For whoever is signed in with a post; with `ability`, for posts that have it. `request.post` is a Post inside."""

    def wrap(view: View) -> View:
        @wraps(view)
        def inner(request: Any, *args: Any, **values: Any) -> Any:
            post = request.viewer
            if post is None and not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if post is None or (ability and not post.may(ability)):
                raise Forbidden
            answer = view(request, *args, **values)
            answer.headers.setdefault("Cache-Control", "private, no-store")
            return answer

        return inner

    return wrap


def command_id(request: HttpRequest) -> UUID:
    """The hidden id that makes a double click one command. Raises FormIncomplete."""
    try:
        return UUID(request.POST.get("command", ""))
    except ValueError:
        raise FormIncomplete from None


def uuid_of(text: str) -> UUID:
    """An id from an address or a form; one that is none does not exist."""
    try:
        return UUID(text)
    except ValueError:
        raise NotFound from None


def onward(request: HttpRequest, fallback: str) -> str:
    """Where the form says to go on to, if it is an address of ours."""
    target = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if target and ours else fallback


def hurried(request: HttpRequest) -> bool:
    """Whether the page's script asks for a part in place."""
    return request.headers.get("HX-Request") == "true"


def moved(request: HttpRequest, url: str) -> HttpResponse:
    """Go on to another page, also from a form that was sent by the page's script."""
    if hurried(request):
        return HttpResponse(status=200, headers={"HX-Redirect": url})
    return redirect(url)


def turned(request: HttpRequest) -> str:
    """The cursor in the address of a list: what `after` or `before` holds, "" on the first page."""
    return next((request.GET[name] for name in CURSORS if request.GET.get(name)), "")


def unturned(request: HttpRequest, *names: str) -> str:
    """The query of the present address without its place in the list, and without some more parts."""
    query = request.GET.copy()
    for name in (*CURSORS, *names):
        query.pop(name, None)
    return query.urlencode()
