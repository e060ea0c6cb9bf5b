"""The ledger's rows into the database by COPY, with indexes and foreign keys set aside where there is much to load."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import connection, models
from psycopg import sql

from qipan.assembly.demo.ledger.rows import COLUMNS
from qipan.assembly.demo.ledger.text import array, flag, json, plain

BLOCK = 4_000  # lines handed over at once
# Rows before those that point to them.
ORDER = (
    "vault_card", "vault_index", "incidents_incident", "incidents_reporter", "incidents_attachment", "incidents_ask",
    "incidents_assistance", "incidents_supervision", "incidents_reminder", "incidents_rating", "incidents_spotcheck",
    "duties_duty", "duties_step", "duties_pause", "duties_extension", "incidents_number",
)  # fmt: skip


@dataclass(slots=True)
class Speed:
    """What was loaded, and how fast."""

    rows: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def total(self) -> int:
        return sum(self.rows.values())


class Loader:
    """Writes lines of tables over Django's connection, which must be the owner's where indexes are set aside."""

    def __init__(self) -> None:
        self.speed = Speed()
        self._tails: dict[str, tuple[str, str]] = {}

    def write(self, table: str, lines: Sequence[str]) -> None:
        """Append lines of COLUMNS[table]; columns that the ledger does not know get their model's default."""
        if not lines:
            return
        started = time.perf_counter()
        names, tail = self._tail(table)
        with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
            for first in range(0, len(lines), BLOCK):
                block = lines[first : first + BLOCK]
                copy.write((f"{tail}\n".join(block) + f"{tail}\n").encode())
        self.speed.rows[table] = self.speed.rows.get(table, 0) + len(lines)
        self.speed.seconds += time.perf_counter() - started

    def write_all(self, lines: dict[str, list[str]]) -> None:
        """Everything gathered so far but the journal; `lines` is empty afterwards."""
        for table in ORDER:
            self.write(table, lines.pop(table, ()))
        assert not lines, f"tables without a place in ORDER: {sorted(lines)}"

    def write_entries(self, entries: list[tuple[int, int, str]]) -> None:
        """Entries in the order of their time, each with its pending mark: the sequencer does the rest."""
        entries.sort(key=lambda entry: entry[:2])
        self.write("journal_entry", [line for _at, _order, line in entries])

    def mark_pending(self) -> int:
        """Pending marks for every entry that has neither a mark nor a position."""
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO journal_pending (entry_id) SELECT e.id FROM journal_entry e "
                "LEFT JOIN journal_position p ON p.entry_id = e.id LEFT JOIN journal_pending w ON w.entry_id = e.id "
                "WHERE p.entry_id IS NULL AND w.entry_id IS NULL ORDER BY e.id"
            )
            return int(cursor.rowcount)

    def _tail(self, table: str) -> tuple[str, str]:
        if table not in self._tails:
            model = next(model for model in apps.get_models() if model._meta.db_table == table)
            known = COLUMNS[table]
            missing = [
                one for one in model._meta.concrete_fields
                if one.column not in known and not isinstance(one, models.AutoField) and _default(one) is not None
            ]  # fmt: skip
            names = ", ".join(f'"{name}"' for name in (*known, *(one.column for one in missing)))
            self._tails[table] = names, "".join(f"\t{_default(one)}" for one in missing)
        return self._tails[table]


def _default(one: models.Field[Any, Any]) -> str | None:
    """The default of a column as COPY reads it; None where NULL does."""
    if not one.has_default() and one.null:
        return None
    value = one.get_default()
    if isinstance(value, bool):
        return flag(value)
    if isinstance(one, models.JSONField):
        return json(value)
    if isinstance(value, list | tuple):
        return array(value)
    return plain(value)


@contextmanager
def bare(tables: Sequence[str]) -> Iterator[None]:
    """Foreign keys and indexes of tables are dropped before a large load and made again after it.

    Needs the owner of the tables and no open transaction of anybody else on them. Whatever happens inside, they come
    back; making them again checks every row.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
            "WHERE contype = 'f' AND conrelid::regclass::text = ANY(%s)",
            [list(tables)],
        )
        keys = cursor.fetchall()
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename = ANY(%s) AND "
            "NOT EXISTS (SELECT FROM pg_constraint WHERE conname = indexname)",
            [list(tables)],
        )
        indexes = cursor.fetchall()
        for table, name, _definition in keys:
            cursor.execute(_statement("ALTER TABLE {} DROP CONSTRAINT {}", table, name))
        for name, _definition in indexes:
            cursor.execute(_statement("DROP INDEX {}", name))
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SET maintenance_work_mem = '512MB'")
            cursor.execute("SET max_parallel_maintenance_workers = 2")
            for _name, definition in indexes:
                cursor.execute(definition)
            for table, name, definition in keys:
                cursor.execute(_statement("ALTER TABLE {} ADD CONSTRAINT {} ", table, name) + sql.SQL(definition))
            cursor.execute("RESET maintenance_work_mem")
            cursor.execute("RESET max_parallel_maintenance_workers")


def _statement(text: str, *names: str) -> sql.Composed:
    return sql.SQL(text).format(*map(sql.Identifier, names))


def analyze(tables: Sequence[str]) -> None:
    """Statistics for the planner."""
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {', '.join(tables)}")
