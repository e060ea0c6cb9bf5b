"""Forms of pages, carried out once however often they are sent."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest
from django.utils import timezone

from qipan.foundation.interface.forms import refused_into
from qipan.foundation.interface.pages import command_id
from qipan.foundation.journal import operations
from qipan.foundation.journal.rules import HasAuthor
from qipan.foundation.refusals import Forbidden, NotFound, Refusal

Work = Callable[[datetime], dict[str, Any] | Model | None]


def once(request: HttpRequest, name: str, work: Work, *, by: HasAuthor | None = None) -> dict[str, Any]:
    """Carry a form out once: the same form sent again (a double click) gets the same answer and changes nothing.

    `work` is given the time. What it gives is the answer, which is never empty: a dict of ids and states, a row, of
    which the id is kept, or nothing. The same command with another content raises CommandReused; a form without one
    FormIncomplete.
    """
    at, command = timezone.now(), command_id(request)
    author = by or request.viewer  # type: ignore[attr-defined]
    with transaction.atomic():
        earlier = operations.once(command, author=author, name=name, body=_body(request), at=at)
        if earlier is not None:
            return earlier
        given = work(at)
        answer = {"id": str(given.pk)} if isinstance(given, Model) else given or {"done": True}
        operations.answer(command, answer)
    return answer


def attempt(request: HttpRequest, form: forms.BaseForm, name: str, work: Work) -> dict[str, Any] | None:
    """If the form is filled in right, carry `work` out once; what it refuses stands beside the field.

    The answer, None where it was not done.
    """
    if form.is_valid():
        with refused_into(form):
            return once(request, name, work)
    return None


def pressed(request: HttpRequest, name: str, work: Work, *, said: str) -> bool:
    """Carry the form of a single button out once; that it was done, or why not, is said on the page that comes next."""
    try:
        once(request, name, work)
    except (NotFound, Forbidden):
        raise
    except Refusal as refusal:
        messages.error(request, refusal.message)
        return False
    messages.success(request, said)
    return True


def _body(request: HttpRequest) -> dict[str, Any]:
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
