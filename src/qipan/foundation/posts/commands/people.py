"""People from the command line: whoever has the machine needs no post."""

from __future__ import annotations

import click
from django.utils import timezone

from qipan.foundation.journal.rules import SYSTEM
from qipan.foundation.posts import operations
from qipan.foundation.posts.commands import words


@click.group()
def user() -> None:
    """People who can sign in."""


@user.command()
@click.argument("username")
@click.option("--name", required=True, help="The name shown to others.")
@click.option("--district", required=True, help="Code or name of the district.")
@click.option("--email", default="", help="E-mail at work.")
@click.option("--phone", default="", help="Duty telephone.")
@click.option("--without-password", is_flag=True, help="Sign-in by passkey or the district's own service only.")
@click.pass_context
def add(
    context: click.Context, *, username: str, name: str, district: str, email: str, phone: str, without_password: bool
) -> None:
    """Add a person. The password is asked for, or read from the input."""
    where = words.area(district)
    password = None if without_password else words.password_from_input()
    person = operations.create_person(
        username=username,
        name=name,
        district=where,
        password=password,
        email=email,
        phone=phone,
        by=SYSTEM,
        at=timezone.now(),
    )
    words.show(context, [{"id": person.pk, "username": person.username, "name": person.name}])


@user.command()
@click.argument("username")
@click.pass_context
def password(context: click.Context, *, username: str) -> None:
    """Set a new password; the person's sessions end."""
    person = words.person(username)
    operations.set_password(person_id=person.pk, password=words.password_from_input(), by=SYSTEM, at=timezone.now())
    words.show(context, [{"id": person.pk, "username": person.username}])


@user.command()
@click.argument("username")
@click.option("--reason", default="", help="Why; kept in the journal.")
@click.pass_context
def disable(context: click.Context, *, username: str, reason: str) -> None:
    """End a person's sessions and rights."""
    person = operations.disable_person(person_id=words.person(username).pk, by=SYSTEM, at=timezone.now(), reason=reason)
    words.show(context, [{"id": person.pk, "username": person.username, "active": person.is_active}])


@user.command()
@click.argument("username")
@click.pass_context
def enable(context: click.Context, *, username: str) -> None:
    """Let a person sign in again."""
    person = operations.enable_person(person_id=words.person(username).pk, by=SYSTEM, at=timezone.now())
    words.show(context, [{"id": person.pk, "username": person.username, "active": person.is_active}])
