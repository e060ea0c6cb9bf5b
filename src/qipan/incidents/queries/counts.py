"""How many incidents of the viewer's sight are in each state that a board counts."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from qipan.foundation.posts.models import Post
from qipan.incidents.queries import fragments
from qipan.incidents.queries.lists import in_state

STATES = ("open", "due", "overdue", "supervised", "closed_today")


def counts(*, viewer: Post, now: datetime) -> dict[str, int]:
    """For each of STATES the number of rows that the list of this state holds. One query."""
    conditions = {state: fragments.of(in_state(state, now)) for state in STATES}
    grounds = fragments.sight(viewer, mine=False)
    if not grounds:
        return dict.fromkeys(STATES, 0)
    parts, values = [], []
    for state in STATES:
        narrowed = conditions[state]
        assert narrowed is not None
        # Each ground of sight by its own index, as in the map's feed; a row that has several is counted once.
        rows = " UNION ".join(f"SELECT id FROM incidents_incident WHERE {sql} AND {narrowed[0]}" for sql, _ in grounds)  # noqa: S608
        parts.append(f"(SELECT count(*) FROM ({rows}) {state})")  # noqa: S608
        values += [value for _sql, own in grounds for value in (*own, *narrowed[1])]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(parts)}", values)
        return dict(zip(STATES, cursor.fetchone(), strict=True))
