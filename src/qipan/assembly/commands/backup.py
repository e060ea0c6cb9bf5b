"""`qipan backup` and `qipan restore`."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from qipan.assembly.commands.installation import ensure_database


def _json(as_json: bool) -> bool:
    return as_json or bool((click.get_current_context().obj or {}).get("json"))


@contextlib.contextmanager
def _bars(silent: bool) -> Iterator[Any]:
    from django.utils.translation import gettext as _

    words = {
        "dump": _("Copying the database"),
        "digest": _("Counting the tables"),
        "files": _("Copying files"),
        "check": _("Checking the backup"),
        "restore": _("Restoring the database"),
        "journal": _("Verifying the journal"),
    }
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), disable=silent) as bar:
        tasks: dict[str, Any] = {}

        def tell(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(words[what], total=total)
            bar.update(tasks[what], completed=done, total=total)

        yield tell


@click.command("backup")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the manifest as JSON.")
def backup_command(*, folder: Path, as_json: bool) -> None:
    """Back up the database, files and journal heads into a new FOLDER, while people work. Keys are not in it."""
    from django.utils.translation import gettext as _

    from qipan.assembly import backup

    ensure_database()
    with _bars(_json(as_json)) as tell:
        manifest = backup.make(folder, conninfo=backup.target(), tell=tell)
    key_id = backup.signer_of(folder)
    if _json(as_json):
        click.echo(json.dumps({**manifest, "signed_by": key_id}, ensure_ascii=False))
        return
    rows = sum(table["rows"] for table in manifest["tables"].values())
    click.echo(
        _("{rows} rows in {tables} tables, {files} files, the journal up to position {position}: {folder}").format(
            rows=f"{rows:,}",
            tables=len(manifest["tables"]),
            files=f"{len(manifest['files']):,}",
            position=f"{manifest['journal']['position']:,}",
            folder=folder,
        )
    )
    click.echo(
        _(
            "The keys of the vault are not in it: {count} are needed to read personal data. See `qipan vault escrow`."
        ).format(count=len(manifest["vault_keys"]))
    )
    click.echo(
        _("Signed by key {key}. Write this id down apart from the backup: whoever restores it needs it.").format(
            key=key_id
        )
    )


@click.command("restore")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--signed-by", default="", metavar="KEY", help="Refuse a backup that any other key has signed.")
@click.option("--json", "as_json", is_flag=True, help="Print what was restored as JSON.")
def restore_command(*, folder: Path, signed_by: str, as_json: bool) -> None:
    """Restore the backup in FOLDER onto an empty database, prove that it is equal, and verify the journal."""
    from django.utils import timezone
    from django.utils.translation import gettext as _

    from qipan.assembly import backup
    from qipan.foundation.journal import operations, rights, rules, verify
    from qipan.foundation.vault import keystore

    ensure_database()
    now = timezone.now()
    with _bars(_json(as_json)) as tell:
        manifest, key_id, known = backup.read(folder, signed_by=signed_by, tell=tell)
        backup.restore(folder, manifest=manifest, conninfo=backup.target(), now=now, tell=tell)
        report = verify.verify(progress=lambda done, total: tell("journal", done, total))
    if not report.sound:
        raise backup.NotEqual(what=", ".join(str(verify.TEXTS[fault.kind]) for fault in report.faults[:3]))
    rights.apply()
    held = {facts.id for facts in keystore.store().every()}
    lacking = {key: count for key, count in manifest["vault_keys"].items() if key not in held}
    operations.record(
        "journal.restored",
        rules.About("backup", None, manifest["made_at"], None, (), privacy=rules.Class.SECRET),
        by=rules.SYSTEM,
        at=now,
        position=manifest["journal"]["position"],
        head=manifest["journal"]["head"],
        manifest_key=key_id,
    )
    rows = sum(table["rows"] for table in manifest["tables"].values())
    facts = {
        "equal": True,
        "rows": rows,
        "tables": len(manifest["tables"]),
        "files": len(manifest["files"]),
        "journal": {"sound": report.sound, "entries": report.entries, "position": manifest["journal"]["position"]},
        "signed_by": key_id,
        "key_known": known,
        "keys_lacking": lacking,
    }
    if _json(as_json):
        click.echo(json.dumps(facts))
        return
    click.echo(
        _("Restored and equal: {rows} rows in {tables} tables, {files} files; the journal is sound.").format(
            rows=f"{rows:,}", tables=facts["tables"], files=f"{facts['files']:,}"
        )
    )
    if not known:
        click.echo(
            _(
                "Not proven: that this backup is yours. This machine does not know key {key}, which signed it; whoever "
                "altered a backup could have signed it anew. Compare that id with the one you wrote down when you made "
                "the backup. If it differs, do not use this database."
            ).format(key=key_id),
            err=True,
        )
    if lacking:
        click.echo(
            _(
                "{count} keys of the vault are not here; {records} records stay closed until they are brought back."
            ).format(count=len(lacking), records=f"{sum(lacking.values()):,}"),
            err=True,
        )
    sys.stdout.flush()
