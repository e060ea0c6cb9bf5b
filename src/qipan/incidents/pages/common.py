"""What all pages of incidents have in common: who may open them, one command for a form, refusals beside fields."""

from __future__ import annotations

import functools
import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.crypto import salted_hmac

from qipan.foundation.journal import operations as journal
from qipan.foundation.journal.rules import HasAuthor
from qipan.foundation.posts.access import NotYours
from qipan.foundation.posts.models import Post
from qipan.foundation.refusals import Forbidden, Invalid, NotFound, Refusal
from qipan.incidents.operations.report import code_of

NONCE = 20
View = Callable[..., HttpResponse]


class CommandMissing(Invalid):
    """This form was not complete. Please reload the page and try again."""


class Denied(PermissionDenied):
    """A refusal in the form that the page of refusals reads."""

    def __init__(self, refusal: Forbidden) -> None:
        super().__init__(refusal.message)
        self.message = refusal.message


def staff(ability: str = "") -> Callable[[View], View]:
    """For whoever is signed in with a post; with `ability`, for posts that have it. `request.post` is a Post inside.

    What does not exist for the viewer is a 404; any other refusal that the view lets out is a page of its own.
    """

    def wrap(view: View) -> View:
        @functools.wraps(view)
        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            post: Post | None = getattr(request, "post", None)
            if post is None:
                if request.user.is_authenticated:
                    raise Denied(NotYours())
                return redirect_to_login(request.get_full_path())
            if ability and not post.may(ability):
                raise Denied(NotYours())
            answer = told(view)(request, *args, **kwargs)
            answer.headers.setdefault("Cache-Control", "private, no-store")
            return answer

        return inner

    return wrap


def told(view: View, template: str = "incidents/refused.html") -> View:
    """A view whose refusals become answers."""

    @functools.wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except NotFound as refusal:
            raise Http404 from refusal
        except Forbidden as refusal:
            raise Denied(refusal) from refusal
        except Refusal as refusal:
            return render(request, template, {"refusal": refusal}, status=refusal.status)

    return inner


def viewer(request: HttpRequest) -> Post:
    """The post that a view behind `staff` acts for."""
    post: Post = request.post  # type: ignore[attr-defined]
    return post


def command_id(request: HttpRequest) -> UUID:
    """The hidden id of the form. Raises CommandMissing."""
    try:
        return UUID(request.POST.get("command", ""))
    except ValueError:
        raise CommandMissing from None


def body_of(request: HttpRequest) -> dict[str, Any]:
    """What was asked, as the command keeps it (only a digest): the fields, and the digests of files."""
    fields: dict[str, Any] = {
        key: values for key, values in request.POST.lists() if key not in {"command", "csrfmiddlewaretoken"}
    }
    for key, files in request.FILES.lists():
        fields[f"file {key}"] = [_digest(file) for file in files]
    return fields


def _digest(file: Any) -> str:
    digest = hashlib.sha256(b"".join(file.chunks())).hexdigest()
    file.seek(0)
    return digest


def once(
    request: HttpRequest, name: str, work: Callable[[datetime], dict[str, Any]], *, by: HasAuthor | None = None
) -> dict[str, Any]:
    """Carry a form out once: the same form sent again (a double click) gets the same answer and changes nothing."""
    at = timezone.now()
    command = command_id(request)
    with transaction.atomic():
        earlier = journal.once(command, author=by or viewer(request), name=name, body=body_of(request), at=at)
        if earlier is not None:
            return earlier
        answer = work(at)
        journal.answer(command, answer)
    return answer


def nonce(request: HttpRequest) -> str:
    """What a form of reporting carries hidden beside its command: new for a new form, kept where it is sent back."""
    given = request.POST.get("nonce", "")
    return given if len(given) >= NONCE else secrets.token_urlsafe(NONCE)


def tracking_code(request: HttpRequest) -> str:
    """The code that a reporter is told. It follows from the form, so that a double click tells the same code twice,
    and cannot be worked out from what the database keeps: the form's nonce is in no table. Raises CommandMissing."""
    given = request.POST.get("nonce", "")
    if len(given) < NONCE:
        raise CommandMissing
    return code_of(salted_hmac("incidents.code", f"{command_id(request)} {given}", algorithm="sha256").digest())


def put(form: forms.BaseForm, refusal: Refusal) -> None:
    """Show a refusal beside the field that it names, or above the form."""
    form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)


def hurried(request: HttpRequest) -> bool:
    """Whether the page's script asks for a part in place."""
    return request.headers.get("HX-Request") == "true"


def moved(request: HttpRequest, url: str) -> HttpResponse:
    """Go on to another page, also from a form that was sent by the page's script."""
    if hurried(request):
        return HttpResponse(status=200, headers={"HX-Redirect": url})
    return redirect(url)
