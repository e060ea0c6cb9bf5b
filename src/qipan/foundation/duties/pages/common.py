"""What these pages share: who looks, which command a form carries."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache

from qipan.foundation.posts.access import require
from qipan.foundation.posts.middleware import Request
from qipan.foundation.posts.models import Post
from qipan.foundation.refusals import Invalid, NotFound


class FormStale(Invalid):
    """This form is incomplete. Please reload the page and try again."""


class Acting(Request):
    """A request of somebody who holds a post in force."""

    post: Post


View = Callable[..., HttpResponse]


def page(ability: str = "duties.see") -> Callable[[View], View]:
    """A page for posts that may do this: others sign in, or are refused."""

    def decorate(view: View) -> View:
        @never_cache
        @wraps(view)
        def inner(request: Any, *args: Any, **values: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            require(request.post, ability)
            return view(request, *args, **values)

        return inner

    return decorate


def command(request: HttpRequest) -> UUID:
    """The id that makes a double click one command. Raises FormStale."""
    try:
        return UUID(request.POST.get("command", ""))
    except ValueError:
        raise FormStale from None


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
