"""Signing in, failing to, signing out and changes of an account are entries of the journal."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.signals import password_changed
from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_reset
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.http import HttpRequest
from django.utils import timezone

from qipan.foundation.journal import operations as journal
from qipan.foundation.journal.rules import About, Author, Class
from qipan.foundation.posts.models import Person


def connect() -> None:
    user_logged_in.connect(signed_in, dispatch_uid="posts.signed_in")
    user_logged_out.connect(signed_out, dispatch_uid="posts.signed_out")
    user_login_failed.connect(failed, dispatch_uid="posts.sign_in_failed")
    password_changed.connect(changed_password, dispatch_uid="posts.password_changed")
    authenticator_added.connect(added, dispatch_uid="posts.factor_added")
    authenticator_removed.connect(removed, dispatch_uid="posts.factor_removed")
    authenticator_reset.connect(reset, dispatch_uid="posts.factor_reset")


def signed_in(sender: Any, request: HttpRequest, user: Person, **_: Any) -> None:
    ways = sorted({record["method"] for record in get_authentication_records(request, user)})
    _record("posts.signed_in", user, request, ways=ways)


def signed_out(sender: Any, request: HttpRequest, user: Person | None, **_: Any) -> None:
    if user is not None:
        _record("posts.signed_out", user, request)


def failed(sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    """What was typed is not kept: it may be a password. A known user name is kept as the person it names."""
    person = Person.objects.filter(username__iexact=str(credentials.get("username", ""))[:150]).first()
    nobody = About(kind="posts.sign_in", id=None, label="", district_id=None, privacy=Class.SECRET)
    about = _secret(person) if person else nobody
    author = Author(label="", person_id=person.pk if person else None)
    journal.record(
        "posts.sign_in_failed", about, by=author, at=timezone.now(), known=person is not None, address=_address(request)
    )


def changed_password(sender: Any, request: HttpRequest, user: Person, **_: Any) -> None:
    _record("posts.password_changed", user, request)


def added(sender: Any, request: HttpRequest, user: Person, authenticator: Any, **_: Any) -> None:
    _record("posts.factor_added", user, request, factor=str(authenticator.type))


def removed(sender: Any, request: HttpRequest, user: Person, authenticator: Any, **_: Any) -> None:
    _record("posts.factor_removed", user, request, factor=str(authenticator.type))


def reset(sender: Any, request: HttpRequest, user: Person, authenticator: Any, **_: Any) -> None:
    _record("posts.factor_reset", user, request, factor=str(authenticator.type))


def _record(kind: str, person: Person, request: HttpRequest | None, **detail: Any) -> None:
    author = Author(label=str(person), person_id=_id(person), district_id=person.district_id)
    journal.record(kind, _secret(person), by=author, at=timezone.now(), address=_address(request), **detail)


def _id(person: Person) -> UUID:
    return person.pk


def _secret(person: Person) -> About:
    about = person.about()
    return About(about.kind, about.id, about.label, about.district_id, about.areas, privacy=Class.SECRET)


def _address(request: HttpRequest | None) -> str:
    return str(request.META.get("REMOTE_ADDR", "")) if request is not None else ""
