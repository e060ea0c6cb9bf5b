"""Bringing an installation up: the database, its roles and rights, the folders."""

from __future__ import annotations

import os
import subprocess
import sys

import click

OWNER_COMMANDS = {"migrate", "backup", "restore"}
PRODUCTION_COMMANDS = {"serve", "worker"}
DEMO_COMMANDS = {"demo", "demo-load", "demo-day"}


def prepare_environment(words: list[str]) -> None:
    """Before settings are read: commands that change the schema connect as the owner of the tables, and what is
    served is production unless it is said to be something else."""
    pairs = zip(["", *words], words, strict=False)
    command = next((word for before, word in pairs if not word.startswith("-") and before != "--language"), "")
    if command in OWNER_COMMANDS:
        os.environ["QIPAN_DATABASE_ROLE"] = "owner"
    if command in DEMO_COMMANDS:
        from qipan.assembly.commands.demo import demo_environment

        demo_environment(words)
    if command not in PRODUCTION_COMMANDS | DEMO_COMMANDS:
        os.environ.setdefault("QIPAN_POOL", "0")  # one connection, and an answer at once where there is no server
    if command in PRODUCTION_COMMANDS:
        os.environ.setdefault("QIPAN_MODE", "production")


def ensure_database() -> None:
    """Start the embedded server unless DATABASE_URL names another."""
    from qipan.assembly.database import Embedded

    if not os.environ.get("DATABASE_URL"):
        Embedded().start()


@click.command()
def init() -> None:
    """Create or upgrade the database: start the embedded server if no DATABASE_URL is set, migrate, set rights."""
    ensure_database()
    done = subprocess.run([sys.executable, "-m", "qipan", "migrate", *_json()], check=False)
    sys.exit(done.returncode)


def _json() -> list[str]:
    from qipan.foundation.interface import console

    return ["--json"] if console.wants_json() else []


@click.command()
def migrate() -> None:
    """Migrate as the owner of the tables and grant the application what it may do, no more."""
    from django.core.management import call_command
    from django.utils.translation import gettext as _

    from qipan.foundation.interface import console
    from qipan.foundation.journal import rights

    call_command("migrate", interactive=False, verbosity=0)
    call_command("createcachetable", verbosity=0)
    rights.apply()
    console.tell({"migrated": True}, _("The database is up to date."))
