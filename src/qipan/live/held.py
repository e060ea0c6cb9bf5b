"""The whole map from the rows that the hub holds, instead of from the database: docs/adr/map-from-the-hub.md."""

from __future__ import annotations

import time

from qipan.foundation.journal import queries as journal
from qipan.foundation.posts.models import Post
from qipan.incidents.queries.board import Feed
from qipan.live import hub
from qipan.live.sight import Viewer, sees

PATIENCE = 0.05  # seconds that a map waits for what was committed just now
STEP = 0.004


def whole(viewer: Post) -> Feed | None:
    """Every visible open incident with a point, as `incidents.queries.board.read` tells it; None where nobody in this
    process listens or what is held is not as new as the journal. One query."""
    found = hub.heard()
    if found is None:
        return None
    newest, until = journal.last_position(), time.monotonic() + PATIENCE
    while found.position < newest:
        if time.monotonic() > until:
            return None
        time.sleep(STEP)
    position = found.position  # before the rows, which may be newer: what changed meanwhile is told once more
    asking = Viewer.of(viewer)
    rows = [
        (row.id, row.longitude, row.latitude, row.klass, row.status, row.urgent, row.supervised, row.due_at)
        for row in list(found.rows.values())
        if row.longitude is not None and sees(asking, row)
    ]
    # It may have lost its listeners meanwhile; what it holds is right, but nothing keeps it so.
    return Feed(rows, position, [], True) if hub.heard() is found else None
