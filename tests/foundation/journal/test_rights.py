"""The application's own database role may append to the journal and do nothing else to it."""

from __future__ import annotations

import os

import psycopg
import pytest
from psycopg import sql

from qipan.assembly.database import APPLICATION
from qipan.foundation.journal import rights, sequencer, verify

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def application(monkeypatch):
    """A connection that acts as the application's role."""
    own = verify._conninfo()
    parts = psycopg.conninfo.conninfo_to_dict(own)
    embedded = str(parts.get("host", "")).endswith("socket") or parts.get("user") == "qipan_owner"
    monkeypatch.setenv("DATABASE_URL", f"postgresql://{APPLICATION}@/x")
    if embedded:
        rights.apply()
        with psycopg.connect(**parts | {"user": APPLICATION}, autocommit=True) as other:
            yield other
        return
    with psycopg.connect(own, autocommit=True) as other:
        try:
            other.execute(
                sql.SQL("DO $$ BEGIN CREATE ROLE {}; EXCEPTION WHEN duplicate_object THEN END $$").format(
                    sql.Identifier(APPLICATION)
                )
            )
            other.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(APPLICATION)))
        except psycopg.errors.InsufficientPrivilege:
            pytest.skip(f"{os.environ.get('USER', 'this user')} may not create roles on this server")
        rights.apply()
        yield other


def test_the_tables_of_the_journal_are_append_only():
    assert {"journal_entry", "journal_position", "journal_seal", "vault_look"} <= set(rights.append_only_tables())


@pytest.mark.parametrize("table", ["journal_entry", "journal_position", "journal_seal", "vault_look"])
def test_the_application_may_not_change_remove_or_own(application, table):
    columns = {"journal_entry": "id", "journal_position": "position", "journal_seal": "number", "vault_look": "id"}
    column = columns[table]
    for statement in (
        f"UPDATE {table} SET {column} = {column}",
        f"DELETE FROM {table}",
        f"TRUNCATE {table} CASCADE",
        f"ALTER TABLE {table} ADD COLUMN x int",
        f"ALTER TABLE {table} DISABLE TRIGGER ALL",
        f"DROP TABLE {table} CASCADE",
        f"ALTER TABLE {table} OWNER TO CURRENT_USER",
        f"GRANT ALL ON {table} TO CURRENT_USER",
        f"CREATE INDEX ON {table} ({column})",
        f"CREATE RULE r AS ON INSERT TO {table} DO INSTEAD NOTHING",
    ):
        if statement.startswith("GRANT"):
            # Granting what one has no right to grant is a warning in PostgreSQL, not an error: nothing must come of it.
            application.execute(statement)
            held = application.execute(
                "SELECT has_table_privilege(%s, 'UPDATE'), has_table_privilege(%s, 'DELETE'), "
                "has_table_privilege(%s, 'TRUNCATE'), has_table_privilege(%s, 'INSERT')",
                [table] * 4,
            ).fetchone()
            assert held == (False, False, False, True)
            continue
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            application.execute(statement)


def test_the_application_can_do_all_that_writers_and_the_sequencer_do(application, write):
    write(3)
    who = application.execute("SELECT current_user").fetchone()
    assert who == (APPLICATION,)
    application.execute("BEGIN")
    rows = application.execute(sequencer.TAKE, [10]).fetchall()
    assert len(rows) == 3
    application.execute(sequencer.PLACE, [[1, 2, 3], [row[0] for row in rows], [b"x", b"y", b"z"]])
    application.execute(
        "INSERT INTO journal_seal VALUES (1, 1, 3, 'h', 's', 'k', now())",
    )
    application.execute("DELETE FROM journal_pending")
    application.execute("ROLLBACK")


def test_the_application_cannot_take_the_owners_role_or_switch_triggers_off(application):
    for statement in (
        "SET ROLE qipan_owner",
        "SET session_replication_role = replica",
        "CREATE TABLE public.mine (x int)",
    ):
        with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.InvalidParameterValue)):
            application.execute(statement)
