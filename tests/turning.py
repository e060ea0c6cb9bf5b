"""Turning the pages of a list to its end and back again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from django.test import Client

Place = dict[str, str]  # the part of an address that a page is at
WAYS = {"next": ("after", "next"), "previous": ("before", "prev")}  # how an address and a link say it


def there_and_back(client: Client, address: str, rows: Callable[[Any], list[Any]]) -> list[list[Any]]:
    """The pages of a list from the first to the last, each as `rows` takes it from the answer. Turned back, they are
    the very same; and each page has a link for each way that there is, and for no other."""
    there, end = _turned(client, address, rows, "next", {})
    back, start = _turned(client, address, rows, "previous", end)
    assert back == there[::-1]
    assert len(there) == 1 or start
    return there


def _turned(
    client: Client, address: str, rows: Callable[[Any], list[Any]], way: str, place: Place
) -> tuple[list[list[Any]], Place]:
    path, _, query = address.partition("?")
    found = []
    while True:
        answer = client.get(path, {**dict(parse_qsl(query)), **place})
        page, content = answer.context["page"], answer.content.decode()
        found.append(rows(answer))
        places = {}
        for name, (part, rel) in WAYS.items():
            cursor = page[name] if isinstance(page, dict) else getattr(page, name)
            assert (f'rel="{rel}"' in content) == bool(cursor)
            assert not cursor or f"{part}={cursor}" in content
            places[name] = {part: cursor} if cursor else {}
        if not places[way]:
            return found, place
        place = places[way]
