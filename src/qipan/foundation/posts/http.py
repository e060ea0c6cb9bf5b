"""What pages of staff share: who may open them, writes that happen once, refusals said where they belong."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache

from qipan.foundation.journal import operations as journal
from qipan.foundation.posts.access import require
from qipan.foundation.posts.middleware import Request
from qipan.foundation.posts.models import Post
from qipan.foundation.refusals import Forbidden, Invalid, NotFound, Refusal


class FormStale(Invalid):
    """This form is incomplete. Please reload the page and try again."""


class Acting(Request):
    """A request of somebody who holds a post in force."""

    post: Post


View = Callable[..., HttpResponseBase]


def page(ability: str = "posts.see") -> Callable[[View], View]:
    """A page for posts that may do this. Others sign in, or are told; what does not exist for them is a 404.

    A refusal that the view did not put beside a field becomes a message on the page the form came from.
    """

    def decorate(view: View) -> View:
        @never_cache
        @wraps(view)
        def inner(request: Any, *args: Any, **values: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            try:
                require(request.post, ability)
                return view(request, *args, **values)
            except NotFound:
                raise Http404 from None
            except Forbidden as refusal:
                return render(request, "errors/403.html", {"message": refusal.message}, status=403)
            except Refusal as refusal:
                messages.error(request, refusal.message)
                return redirect(onward(request, request.path if request.method == "POST" else "/"))

        return inner

    return decorate


def once(request: Any, name: str, work: Callable[[], Any]) -> bool:
    """Carry `work` out in one transaction, once for the form's `command`. False for a repetition, which does nothing.

    The same command with another content raises CommandReused; a form without one FormStale.
    """
    command = command_of(request)
    body = {key: request.POST.getlist(key) for key in request.POST if key not in {"csrfmiddlewaretoken", "command"}}
    with transaction.atomic():
        if journal.once(command, author=request.post, name=name, body=body, at=timezone.now()) is not None:
            return False
        work()
        journal.answer(command, {})
    return True


def attempt(request: Any, form: forms.Form, name: str, work: Callable[[], Any]) -> bool:
    """If the form is filled in right, carry `work` out once; what it refuses stands beside the field. Whether done."""
    if not form.is_valid():
        return False
    try:
        once(request, name, work)
    except (NotFound, Forbidden):
        raise
    except Refusal as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
        return False
    return True


def command_of(request: HttpRequest) -> UUID:
    """The id that makes a double click one command. Raises FormStale."""
    try:
        return UUID(request.POST.get("command", ""))
    except ValueError:
        raise FormStale from None


def onward(request: HttpRequest, fallback: str) -> str:
    """Where the form says to go on to, if it is an address of ours."""
    target = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if target and ours else fallback
