"""The tracking code that a reporter is told: it follows from the form in which the report came."""

from __future__ import annotations

import secrets

from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from qipan.foundation.interface.pages import FormIncomplete, command_id
from qipan.incidents.operations.report import code_of

NONCE = 20


def nonce(request: HttpRequest) -> str:
    """What a form of reporting carries hidden beside its command: new for a new form, kept where it is sent back."""
    given = request.POST.get("nonce", "")
    return given if len(given) >= NONCE else secrets.token_urlsafe(NONCE)


def tracking_code(request: HttpRequest) -> str:
    """The code that a reporter is told. It follows from the form, so that a double click tells the same code twice,
    and cannot be worked out from what the database keeps: the form's nonce is in no table. Raises FormIncomplete."""
    given = request.POST.get("nonce", "")
    if len(given) < NONCE:
        raise FormIncomplete
    return code_of(salted_hmac("incidents.code", f"{command_id(request)} {given}", algorithm="sha256").digest())
