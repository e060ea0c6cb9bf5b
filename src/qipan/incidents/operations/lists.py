"""Lists that leave the system, and lists that a person keeps under a name."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from qipan.foundation.journal import operations as journal
from qipan.foundation.posts.access import require
from qipan.foundation.posts.models import Person, Post
from qipan.foundation.refusals import Conflict, Invalid, NotFound
from qipan.incidents import queries
from qipan.incidents.models import SavedView
from qipan.incidents.queries import Filters
from qipan.kernels.ids import new_id

MOST_ROWS, MOST_VIEWS = 50_000, 30


class TooManyRows(Invalid):
    """This list has more than {most} rows. Narrow it by a filter, such as the dates, and export the parts."""


class NameMissing(Invalid):
    """Give the view a name."""


class TooManyViews(Conflict):
    """You have {most} views already. Delete one first."""


@transaction.atomic
def export(*, filters: Filters, order: str, by: Post, at: datetime) -> list[dict[str, Any]]:
    """The rows of a list as it stands, masked as on the page; what left, and by which filters, is recorded.

    Raises TooManyRows, NotYours.
    """
    require(by, "incidents.export")
    rows = queries.rows(viewer=by, filters=filters, now=at, order=order, limit=MOST_ROWS + 1)
    if len(rows) > MOST_ROWS:
        raise TooManyRows(most=MOST_ROWS)
    ids = hashlib.sha256(b"".join(row["id"].bytes for row in rows)).hexdigest()
    asked = {name: str(value) for name, value in vars_of(filters).items() if name != "text"}
    journal.record("incidents.exported", by.about(), by=by, at=at, rows=len(rows), digest=ids, filters=asked)
    return rows


def vars_of(filters: Filters) -> dict[str, Any]:
    """The filters that are set."""
    values = ((name, getattr(filters, name)) for name in Filters.__slots__)
    return {name: value for name, value in values if value not in ("", (), None, False)}


@transaction.atomic
def save_view(*, person: Person, name: str, query: dict[str, str]) -> SavedView:
    """Keep a list's filters under a name; the same name again replaces it. Raises NameMissing, TooManyViews."""
    name = name.strip()[:40]
    if not name:
        raise NameMissing(field="name")
    found = SavedView.objects.select_for_update().filter(person=person, name=name).first()
    if found is None:
        if SavedView.objects.filter(person=person).count() >= MOST_VIEWS:
            raise TooManyViews(most=MOST_VIEWS)
        return SavedView.objects.create(id=new_id(), person=person, name=name, query=query)
    found.query = query
    found.save()
    return found


@transaction.atomic
def forget_view(*, person: Person, view_id: UUID) -> None:
    """Delete a view of one's own. Raises NotFound."""
    if not SavedView.objects.filter(person=person, pk=view_id).delete()[0]:
        raise NotFound
