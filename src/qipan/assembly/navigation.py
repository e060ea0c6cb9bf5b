"""The main navigation. A room or domain names its pages in `NAVIGATION` of its `pages` module (it may not import this
floor); pages of the assembly itself call `register`. What a viewer's post may not do is not shown."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

ROOMS = (
    "qipan.foundation.areas",
    "qipan.foundation.posts",
    "qipan.foundation.devices",
    "qipan.foundation.journal",
    "qipan.foundation.vault",
    "qipan.foundation.outbox",
    "qipan.foundation.duties",
    "qipan.incidents",
    "qipan.inspections",
    "qipan.reporting",
    "qipan.workflows",
    "qipan.live",
)
GROUPS: dict[str, str | Promise] = {
    "work": _("Work"),
    "district": _("District"),
    "rules": _("Rules"),
    "oversight": _("Oversight"),
    "system": _("System"),
}


@dataclass(frozen=True)
class Entry:
    """One line of the navigation. Shown to posts of `roles` (all where empty) that have `ability` (any where empty).

    `covers`: names of further pages that belong to it and do not lie below its address. `when`: asked last, for what
    is only there at times.
    """

    label: str | Promise
    url_name: str
    group: str = "work"
    order: int = 50
    icon: str = "page"
    roles: frozenset[str] = frozenset()
    ability: str = ""
    covers: tuple[str, ...] = ()
    when: Callable[[Any], bool] | None = None

    def shown_to(self, post: Any) -> bool:
        allowed = (not self.roles or post.role in self.roles) and (not self.ability or post.may(self.ability))
        return allowed and (self.when is None or self.when(post))


_registered: list[Entry] = []


def register(
    label: str | Promise,
    url_name: str,
    *,
    roles: Iterable[str] = (),
    ability: str = "",
    group: str = "work",
    order: int = 50,
    icon: str = "page",
) -> None:
    """Add a page of the assembly to the navigation."""
    _registered.append(Entry(label, url_name, group, order, icon, frozenset(roles), ability))
    entries.cache_clear()


@cache
def entries() -> tuple[Entry, ...]:
    """All entries in their order, those of the rooms included."""
    found = list(_registered)
    for room in ROOMS:
        found += [entry(given) for given in _of(room)]
    groups = list(GROUPS)
    return tuple(sorted(found, key=lambda one: (groups.index(one.group), one.order, one.url_name)))


def entry(given: Mapping[str, Any]) -> Entry:
    """An entry from the plain mapping a room gives."""
    return Entry(**{**given, "roles": frozenset(given.get("roles", ()))})


def _of(room: str) -> list[Mapping[str, Any]]:
    try:
        module = importlib.import_module(f"{room}.pages")
    except ModuleNotFoundError as missing:
        if missing.name != f"{room}.pages":
            raise
        return []
    return list(getattr(module, "NAVIGATION", ()))


def groups(request: HttpRequest) -> list[dict[str, Any]]:
    """What the request's post sees: [{label, entries: [{label, url, icon, active}]}]."""
    post = getattr(request, "post", None)
    if post is None:
        return []
    shown = [(one, reverse(one.url_name)) for one in entries() if one.shown_to(post)]
    held = [(address, url) for one, url in shown for address in (url, *map(reverse, one.covers))]
    _longest, here = max(
        (pair for pair in held if request.path.startswith(pair[0])), key=lambda pair: len(pair[0]), default=("", "")
    )
    found: list[dict[str, Any]] = []
    for name, label in GROUPS.items():
        lines = [
            {"label": one.label, "url": url, "icon": one.icon, "active": url == here}
            for one, url in shown
            if one.group == name
        ]
        if lines:
            found.append({"label": label, "entries": lines})
    return found
