"""What is typed on the command line: areas, units and people by the names they have, days as people write them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import click
from django.db.models import Q

from qipan.foundation.areas.models import Area, Code
from qipan.foundation.areas.rules import TIME_ZONE
from qipan.foundation.posts.models import Person, Unit
from qipan.foundation.refusals import Invalid, NotFound


class NoSuchPlace(NotFound):
    """There is no area with the code or name {text}."""


class NotOnlyOne(Invalid):
    """Several areas are called {text}. Give the code instead."""


class NoSuchPerson(NotFound):
    """There is nobody with the user name {text}."""


class NoSuchUnit(NotFound):
    """There is no unit with the code or name {text} in this district."""


class NotADay(Invalid):
    """{text} is not a day. Write it as 2026-03-31."""


def area(text: str) -> Area:
    """An area by a code that it bears today, or by its name."""
    ids = Code.objects.filter(code=text, valid_to=None).values("area")
    found = list(Area.objects.filter(Q(pk__in=ids) | Q(name=text), valid_to=None).distinct()[:2])
    if not found:
        raise NoSuchPlace(field="area", text=text)
    if len(found) > 1:
        raise NotOnlyOne(field="area", text=text)
    return found[0]


def person(text: str) -> Person:
    found = Person.objects.filter(username__iexact=text).first()
    if found is None:
        raise NoSuchPerson(field="username", text=text)
    return found


def unit(text: str, *, district_id: int) -> Unit:
    rows = Unit.objects.filter(Q(code=text) | Q(name=text), district=district_id, valid_to=None)
    found = rows.exclude(code="", name="").first()
    if found is None:
        raise NoSuchUnit(field="unit", text=text)
    return found


def last_day(text: str) -> datetime:
    """The end of a day there: the first instant that is no longer it."""
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=TIME_ZONE)
    except ValueError:
        raise NotADay(field="until", text=text) from None
    return day + timedelta(days=1)


def password_from_input() -> str:
    """Typed twice at a terminal, or one line from a pipe: never a word of the command, which others could read."""
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")


def show(context: click.Context, rows: Iterable[Mapping[str, Any]]) -> None:
    """Rows as JSON with --json, else as lines."""
    rows = list(rows)
    if (context.obj or {}).get("json"):
        click.echo(json.dumps(rows, ensure_ascii=False, default=str))
        return
    for row in rows:
        click.echo("  ".join(str(value) for value in row.values() if value not in ("", None)))
