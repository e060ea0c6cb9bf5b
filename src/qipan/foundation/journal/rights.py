"""What the application's database role may do: read and write everything, but only append to what is append-only."""

from __future__ import annotations

import os

from django.apps import apps
from django.db import connection
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict


def application_role() -> str:
    return str(conninfo_to_dict(os.environ.get("DATABASE_URL", "")).get("user") or "qipan_app")


def append_only_tables() -> list[str]:
    """Tables of the models that say `append_only = True`."""
    return sorted(model._meta.db_table for model in apps.get_models() if getattr(model, "append_only", False))


def apply() -> None:
    """Grant the application's role its rights. Run by the owner after every migration; safe to repeat."""
    role = sql.Identifier(application_role())
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user = %s", [application_role()])
        if cursor.fetchone()[0]:
            return  # one role for all: `qipan check` reports it, production refuses it
        for statement in (
            "GRANT USAGE ON SCHEMA public TO {role}",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
            "GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA public TO {role}",
            "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {role}",
        ):
            cursor.execute(sql.SQL(statement).format(role=role))
        for table in append_only_tables():
            cursor.execute(
                sql.SQL("REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {role}").format(
                    table=sql.Identifier(table), role=role
                )
            )
