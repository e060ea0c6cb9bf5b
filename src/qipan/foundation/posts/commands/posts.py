"""Posts from the command line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import click
from django.utils import timezone

from qipan.foundation.areas.access import within
from qipan.foundation.journal.rules import SYSTEM
from qipan.foundation.posts import operations
from qipan.foundation.posts.commands import words
from qipan.foundation.posts.models import Post
from qipan.foundation.posts.rules import PostKind, Role


@click.group()
def post() -> None:
    """Posts: who does what where."""


@post.command()
@click.argument("username")
@click.argument("role", type=click.Choice(Role.values))
@click.option("--area", required=True, help="Code or name.")
@click.option("--unit", default="", help="Code or name.")
@click.option("--until", default="", help="Last day, as 2026-03-31.")
@click.option("--emergency", is_flag=True, help="Expires by itself after the last day.")
@click.option("--head", is_flag=True, help="Leads the unit.")
@click.option("--reason", default="", help="Why; kept in the journal.")
@click.pass_context
def appoint(
    context: click.Context, *, username: str, role: str, area: str, unit: str, until: str, emergency: bool, head: bool,
    reason: str,
) -> None:  # fmt: skip
    """Give a person a post."""
    where = words.area(area)
    made = operations.appoint(
        person=words.person(username),
        role=role,
        area=where,
        unit=words.unit(unit, district_id=where.district_id) if unit else None,
        kind=PostKind.EMERGENCY if emergency else PostKind.REGULAR,
        head=head,
        valid_to=words.last_day(until) if until else None,
        by=SYSTEM,
        at=timezone.now(),
        reason=reason,
    )
    words.show(context, _rows([made]))


@post.command()
@click.argument("post_id", type=click.UUID)
@click.option("--reason", default="", help="Why; kept in the journal.")
@click.pass_context
def end(context: click.Context, *, post_id: UUID, reason: str) -> None:
    """End a post now."""
    words.show(context, _rows([operations.end(post_id=post_id, by=SYSTEM, at=timezone.now(), reason=reason)]))


@post.command("list")
@click.option("--area", required=True, help="Code or name; posts below it are listed too.")
@click.option("--all", "every", is_flag=True, help="Ended and coming posts too.")
@click.pass_context
def listed(context: click.Context, *, area: str, every: bool) -> None:
    """The posts of an area."""
    where = words.area(area)
    rows = Post.objects.filter(within(where, "area__")) if where.level < 4 else Post.objects.filter(area=where)
    if not every:
        rows = rows.held(timezone.now())
    words.show(context, _rows(rows.with_names().order_by("area__level", "area__pinyin", "role", "person__username")))


def _rows(posts: Iterable[Post]) -> list[Mapping[str, Any]]:
    return [
        {
            "id": post.pk,
            "username": post.person.username,
            "name": post.person.name,
            "role": post.role,
            "area": post.area.name,
            "unit": post.unit.name if post.unit else "",
            "kind": post.kind,
            "from": post.valid_from.isoformat(),
            "to": post.valid_to.isoformat() if post.valid_to else "",
        }
        for post in posts
    ]
