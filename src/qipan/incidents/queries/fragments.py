"""Conditions on incidents as SQL. Django takes longer to put the alternatives of somebody's sight together than the
database takes to read by them, so each viewer's are put together once."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import EmptyResultSet, FullResultSet
from django.db import DEFAULT_DB_ALIAS
from django.db.models import Q

from qipan.foundation.posts.models import Post
from qipan.incidents import access
from qipan.incidents.models import Incident

Fragment = tuple[str, tuple[Any, ...]]  # SQL and its parameters
MOST = 5_000  # viewers kept

_sights: dict[tuple[Any, ...], list[Fragment]] = {}


def of(condition: Q) -> Fragment | None:
    """A condition on a row's own columns; None where no row can fulfil it."""
    query = Incident.objects.filter(condition).query
    try:
        sql, parameters = query.get_compiler(DEFAULT_DB_ALIAS).compile(query.where)
    except EmptyResultSet:
        return None
    except FullResultSet:
        return "TRUE", ()
    assert sum(map(bool, query.alias_refcount.values())) < 2, "a condition that joins"
    return sql, tuple(parameters)


def sight(viewer: Post, *, mine: bool, by_words: bool = False) -> list[Fragment]:
    """The viewer's sight, or what of it is for them, as alternatives that hold every limit; none sees nothing.

    `by_words`: each as the index wants it that intersects words with places.
    """
    key = (mine, by_words, viewer.pk, viewer.role, viewer.unit_id, viewer.area_id, viewer.level, viewer.district_id)
    if (kept := _sights.get(key)) is not None:
        return kept
    grounds, own = access.branches(viewer, by_words=by_words), access.own(viewer, by_words=by_words)
    if mine and viewer.role in access.OVERSEERS:
        grounds = [ground & one for ground in grounds for one in own]
    elif mine:
        grounds = own if grounds else []
    limits = access.limits(viewer)
    found = [fragment for ground in grounds if (fragment := of(ground & limits)) is not None]
    if len(_sights) >= MOST:  # another thread may be reading: nobody relies on what is kept
        _sights.clear()
    _sights[key] = found
    return found
