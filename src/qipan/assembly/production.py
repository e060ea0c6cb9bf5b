"""What an installation must not be when people depend on it. `qipan serve` refuses to start and says all of it."""

from __future__ import annotations

import os

from django.conf import settings
from django.db import connection

SHORTEST_KEY = 40


def problems() -> list[str]:
    """Everything that is unsafe about these settings and this database; empty when production may start."""
    found = []
    if settings.SECRET_KEY == settings.DEFAULT_SECRET_KEY:
        found.append("QIPAN_SECRET_KEY is not set: everybody knows the default key.")
    elif len(settings.SECRET_KEY) < SHORTEST_KEY:
        found.append(f"QIPAN_SECRET_KEY is shorter than {SHORTEST_KEY} characters.")
    if settings.DEBUG:
        found.append("QIPAN_DEBUG is on: errors would show the inside of the system to everybody.")
    hosts = [host.strip() for host in settings.ALLOWED_HOSTS]
    if any(host in {"", "*"} or host.startswith(("*", ".")) for host in hosts):
        found.append("QIPAN_HOSTS has a wildcard: name the hosts by which people reach this installation.")
    proxies = [each.strip() for each in os.environ.get("QIPAN_PROXY_ADDRESSES", "").split(",")]
    if any(each == "*" or each.endswith("/0") for each in proxies):
        found.append("QIPAN_PROXY_ADDRESSES has a wildcard: every caller could say that they are somebody else.")
    if single := one_role():
        found.append(single)
    return found


def one_role() -> str:
    """Says so if the role the server connects with could change the journal."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('journal_entry') IS NOT NULL")
        if not cursor.fetchone()[0]:
            return ""
        cursor.execute(
            "SELECT bool_or(has_table_privilege(name, 'UPDATE') OR has_table_privilege(name, 'DELETE') "
            "OR has_table_privilege(name, 'TRUNCATE') OR pg_has_role(relowner, 'USAGE')), current_user "
            "FROM unnest(ARRAY['journal_entry', 'journal_position', 'journal_seal']) AS name "
            "JOIN pg_class ON pg_class.oid = name::regclass"
        )
        may_change, role = cursor.fetchone()
    if may_change:
        return (
            f"The database role {role} may change the journal: connect as one that may only append "
            "(DATABASE_URL for the server, DATABASE_OWNER_URL for `qipan migrate`)."
        )
    return ""
