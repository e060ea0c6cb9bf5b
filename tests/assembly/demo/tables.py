"""The rows of incidents, duties, vault and journal in a form that two ways of making them can be compared in."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

from django.db import connection

UUIDS = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
# What must differ: keys drawn anew, ciphertext, codes, files that are encoded again and what is seen in them.
DIFFERENT = {
    "incidents_incident": {"id", "flags"},
    "incidents_reporter": {"id", "code"},
    "incidents_attachment": {"id", "path", "size", "digest", "likeness"},
    "incidents_ask": {"id"},
    "incidents_assistance": {"id"},
    "incidents_supervision": {"id"},
    "incidents_reminder": {"id"},
    "incidents_rating": {"id"},
    "incidents_spotcheck": {"id"},
    "incidents_number": {"id"},
    "duties_duty": {"id"},
    "duties_step": {"id"},
    "duties_pause": {"id"},
    "duties_extension": {"id"},
    "vault_card": {"id", "sealed"},
    "vault_index": {"id"},
    "journal_entry": {"id", "command_id"},
}


def rows(table: str) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table} ORDER BY id")
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def names() -> dict[str, str]:
    """For the ids of one run what they stand for: the same words in the other run."""
    found: dict[str, str] = {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT id::text, number FROM incidents_incident")
        found |= {key: f"incident {number}" for key, number in cursor.fetchall()}
        cursor.execute("SELECT id::text, number FROM incidents_supervision")
        found |= {key: f"supervision {number}" for key, number in cursor.fetchall()}
        cursor.execute(
            "SELECT d.id::text, d.kind || ' ' || d.about_label || ' ' || d.opened_at || ' ' || coalesce(d.unit_id, 0)"
            " FROM duties_duty d"
        )
        found |= {key: f"duty {words}" for key, words in cursor.fetchall()}
        cursor.execute(
            "SELECT c.id::text, 'card ' || c.purpose || ' ' || i.number FROM vault_card c "
            "JOIN incidents_incident i ON i.id = c.about_id"
        )
        found |= dict(cursor.fetchall())
        cursor.execute(
            "SELECT r.id::text, 'reporter of ' || i.number || ' at ' || r.reported_at FROM incidents_reporter r "
            "JOIN incidents_incident i ON i.id = r.incident_id"
        )
        found |= dict(cursor.fetchall())
    return found


def comparable() -> dict[str, Counter[str]]:
    """Each table as a bag of lines, ids replaced by what they stand for."""
    known = names()
    found: dict[str, Counter[str]] = {}
    for table, different in DIFFERENT.items():
        bag: Counter[str] = Counter()
        for row in rows(table):
            kept = {name: value for name, value in row.items() if name not in different}
            if table == "journal_entry" and row["kind"] == "incidents.photo_added":
                kept["detail"] = {"stage": json.loads(row["detail"])["stage"]}
            if table == "incidents_incident":
                kept["search"] = " ".join(sorted(kept["search"].split()))
            text = repr(
                {
                    name: kept[name].tobytes() if isinstance(kept[name], memoryview) else kept[name]
                    for name in sorted(kept)
                }
            )
            bag[UUIDS.sub(lambda match: known.get(match[0], match[0]), text)] += 1
        found[table] = bag
    return found


def orders() -> dict[str, list[str]]:
    """The kinds of each incident's entries, in the journal's order."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT about_label, array_agg(kind ORDER BY id) FROM journal_entry "
                       "WHERE about_kind = 'incidents.incident' GROUP BY about_label")  # fmt: skip
        return dict(cursor.fetchall())
