"""People and their passwords."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from allauth.usersessions.models import UserSession
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from qipan.foundation.areas.models import Area
from qipan.foundation.journal import operations as journal
from qipan.foundation.journal.rules import About, Author
from qipan.foundation.posts import access
from qipan.foundation.posts.models import Person, Post, SignInRule
from qipan.foundation.posts.operations.authors import check
from qipan.foundation.posts.rules import Role
from qipan.foundation.refusals import Conflict, Invalid, NotFound

TELEPHONE_OR_ID = re.compile(r"\d{11}|\d{15}|\d{17}[\dXx]")


class NameTaken(Conflict):
    """The user name {username} is taken."""


class NotAUserName(Invalid):
    """A user name has letters, digits and @ . + - _ only, and is not a telephone or ID-card number."""


class WeakPassword(Invalid):
    """{problems}"""


class NotYourself(Conflict):
    """You cannot disable your own account."""


@transaction.atomic
def create_person(
    *,
    username: str,
    name: str,
    district: Area,
    password: str | None = None,
    email: str = "",
    phone: str = "",
    language: str = "zh-hans",
    by: Post | Author,
    at: datetime,
) -> Person:
    """Somebody who can sign in. Without a password: by passkey or the district's own sign-in service.

    Raises NameTaken, NotAUserName, WeakPassword.
    """
    check(by, "posts.administer", district)
    person = Person(
        username=Person.normalize_username(username.strip()),
        name=name.strip(),
        district=district,
        email=email,
        phone=phone,
        language=language,
        date_joined=at,
    )
    try:
        person.clean_fields(exclude=["password"])
    except ValidationError as problem:
        if "username" in problem.message_dict:
            raise NotAUserName(field="username") from None
        raise Invalid(field=next(iter(problem.message_dict))) from None
    if TELEPHONE_OR_ID.fullmatch(person.username):
        raise NotAUserName(field="username")
    # One spelling, whatever the case: "Wang" and "wang" are told apart by nobody who types them.
    if Person.objects.filter(username__iexact=person.username).exists():
        raise NameTaken(field="username", username=person.username)
    _set_password(person, password)
    person.save(force_insert=True)
    journal.record("posts.person_created", person, by=by, at=at)
    return person


@transaction.atomic
def change_person(
    *, person_id: UUID, by: Post | Author, at: datetime, name: str | None = None, email: str | None = None,
    phone: str | None = None, language: str | None = None,
) -> Person:  # fmt: skip
    """Change what is known of a person: the person itself, or an administrator."""
    person = _lock(person_id, by=by)
    given = {"name": name, "email": email, "phone": phone, "language": language}
    changed = {key: value for key, value in given.items() if value is not None and value != getattr(person, key)}
    if changed:
        for key, value in changed.items():
            setattr(person, key, value)
        person.save(update_fields=list(changed))
        journal.record("posts.person_changed", person, by=by, at=at, changed=sorted(changed))
    return person


@transaction.atomic
def set_password(*, person_id: UUID, password: str, by: Post | Author, at: datetime) -> Person:
    """A new password set by an administrator; every session of the person ends. Raises WeakPassword."""
    person = _lock(person_id, by=by)
    _set_password(person, password)
    person.save(update_fields=["password"])
    end_sessions(person)
    journal.record("posts.password_set", person, by=by, at=at)
    return person


@transaction.atomic
def disable_person(*, person_id: UUID, by: Post | Author, at: datetime, reason: str = "") -> Person:
    """The person cannot sign in any more, its posts have no rights, its sessions end. Raises NotYourself."""
    person = _lock(person_id, by=by)
    if isinstance(by, Post) and by.person_id == person.pk:
        raise NotYourself
    if person.is_active:
        person.is_active = False
        person.save(update_fields=["is_active"])
        end_sessions(person)
        journal.record("posts.person_disabled", person, by=by, at=at, reason=reason)
    return person


@transaction.atomic
def enable_person(*, person_id: UUID, by: Post | Author, at: datetime) -> Person:
    person = _lock(person_id, by=by)
    if not person.is_active:
        person.is_active = True
        person.save(update_fields=["is_active"])
        journal.record("posts.person_enabled", person, by=by, at=at)
    return person


@transaction.atomic
def require_second_factor(*, district: Area, roles: Iterable[Role | str], by: Post | Author, at: datetime) -> None:
    """Say which roles of a district must have a second factor."""
    check(by, "posts.sign_in_rules", district)
    wanted = sorted(Role(role).value for role in roles)
    SignInRule.objects.update_or_create(district=district, defaults={"second_factor": wanted})
    about = About(
        kind="posts.sign_in_rule", id=None, label=district.name, district_id=district.pk, areas=(district.pk,)
    )
    journal.record("posts.sign_in_rule_set", about, by=by, at=at, roles=wanted)


@transaction.atomic
def end_session(*, session: UserSession, by: Post, at: datetime) -> None:
    """One of the writer's own sessions is signed out. Raises NotFound for anybody else's."""
    if session.user_id != by.person_id:
        raise NotFound
    session.end()
    journal.record("posts.session_ended", by.person, by=by, at=at)


def end_sessions(person: Person) -> None:
    for session in UserSession.objects.filter(user=person):
        session.end()


def _set_password(person: Person, password: str | None) -> None:
    if password is not None:
        try:
            validate_password(password, person)
        except ValidationError as problem:
            raise WeakPassword(field="password", problems=" ".join(problem.messages)) from None
    person.set_password(password)


def _lock(person_id: UUID, *, by: Post | Author) -> Person:
    if isinstance(by, Post):
        if by.person_id == person_id:
            return access.lock_person(person_id, viewer=by)
        access.require(by, "posts.administer")
        other = access.lock_person(person_id, viewer=by)
        if not access.administers(by, other):
            raise access.NotYours
        return other
    person = Person.objects.select_for_update().filter(pk=person_id).first()
    if person is None:
        raise NotFound
    return person
