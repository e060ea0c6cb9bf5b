"""`qipan vault`: the keys and their copies, renewal, escrow, destruction, and the nightly erasure."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table


@click.group()
def vault() -> None:
    """The vault: personal data, sealed, and its keys outside the database."""


def _json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")(command)


def _wants_json(as_json: bool) -> bool:
    return as_json or bool((click.get_current_context().obj or {}).get("json"))


def _tell(facts: Any, text: str, *, as_json: bool) -> None:
    click.echo(json.dumps(facts, ensure_ascii=False, default=str) if _wants_json(as_json) else text)


@vault.command()
@_json_option
def keys(*, as_json: bool) -> None:
    """All keys: purpose, age, what is sealed with them, and every copy that exists."""
    from django.utils import timezone
    from django.utils.translation import gettext as _

    from qipan.foundation.vault import keystore, operations, queries

    try:
        operations.account(at=timezone.now())
    except keystore.KeysUnreachable as refusal:
        click.echo(refusal.message, err=True)
    rows = queries.keys()
    if _wants_json(as_json):
        click.echo(json.dumps(rows, ensure_ascii=False, default=str))
        return
    table = Table(_("Key"), _("District"), _("Purpose"), _("Made"), _("State"), _("Records"), _("Copies"))
    for row in rows:
        state = _("destroyed") if row["destroyed_at"] else _("retired") if row["retired_at"] else _("current")
        copies = ", ".join(copy["place"] for copy in row["copies"])
        table.add_row(
            row["id"],
            str(row["district_id"] or ""),
            row["purpose"],
            f"{row['created_at']:%Y-%m-%d}",
            state,
            f"{row['records']:,}",
            f"{len(row['copies'])}: {copies}",
        )
    Console().print(table)


@vault.command()
@click.option("--district", type=int, help="Only keys of this district (its area id).")
@click.option("--purpose", default="", help="Only keys of this purpose.")
@click.option("--master", is_flag=True, help="Renew the master key around all keys instead.")
@click.option("--index", is_flag=True, help="Renew the blind index of --district instead.")
@_json_option
def rotate(*, district: int | None, purpose: str, master: bool, index: bool, as_json: bool) -> None:
    """Renew keys and seal everything anew, in batches. What was stopped goes on when run again."""
    from django.utils import timezone
    from django.utils.translation import gettext as _

    from qipan.foundation.journal.rules import SYSTEM
    from qipan.foundation.vault import operations

    now = timezone.now()
    if master:
        made = operations.rewrap(by=SYSTEM, at=now)
        _tell({"master": made}, _("New master key: {key}").format(key=made), as_json=as_json)
        return
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description} {task.completed:,.0f}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        disable=_wants_json(as_json),
    ) as bar:
        task = bar.add_task(_("Sealed anew"), total=None)
        if index:
            if district is None:
                raise click.UsageError(_("--index needs --district."))
            done = operations.reindex(
                district_id=district, by=SYSTEM, at=now, progress=lambda count: bar.update(task, completed=count)
            )
            made_keys: list[str] = []
        else:
            made_keys = operations.rotate(by=SYSTEM, at=now, district_id=district, purpose=purpose)
            done = operations.reencrypt(at=now, progress=lambda count: bar.update(task, completed=count))
    _tell(
        {"keys": made_keys, "sealed_anew": done},
        _("{keys} new keys, {count} records sealed anew.").format(keys=len(made_keys), count=f"{done:,}"),
        as_json=as_json,
    )


@vault.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--holder", "holders", multiple=True, required=True, help="Who keeps a share; give it twice.")
@click.option("--purpose", "purposes", multiple=True, help="Only keys of these purposes.")
@_json_option
def escrow(*, folder: Path, holders: tuple[str, ...], purposes: tuple[str, ...], as_json: bool) -> None:
    """Put the keys in escrow: a sealed bundle and two shares, each for another post, into FOLDER."""
    from django.utils import timezone
    from django.utils.translation import gettext as _

    from qipan.foundation.journal.rules import SYSTEM
    from qipan.foundation.vault import keystore, operations

    if len(holders) != 2:
        raise click.UsageError(_("Give --holder twice: the two posts that keep the shares."))
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    bundle, file, shares = operations.escrow(
        holders=(holders[0], holders[1]),
        by=SYSTEM,
        at=timezone.now(),
        place=str(folder / "bundle.qipan-keys"),
        purposes=purposes,
    )
    names = [f"bundle-{bundle}.qipan-keys", f"share-1-{bundle}.txt", f"share-2-{bundle}.txt"]
    contents = [file, *(f"{holder}\n\n{share}\n".encode() for holder, share in zip(holders, shares, strict=True))]
    for name, content in zip(names, contents, strict=True):
        keystore.write_closed(folder / name, content)
    text = _(
        "Bundle {bundle}: {folder}\nPrint each share, give it to its holder, and destroy the two share files. "
        "The bundle may be kept anywhere."
    ).format(bundle=bundle, folder=folder)
    _tell({"bundle": bundle, "files": [str(folder / name) for name in names]}, text, as_json=as_json)


@vault.command("restore-escrow")
@click.argument("bundle", type=click.File("rb"))
@click.option("--share", "shares", multiple=True, type=click.Path(exists=True, path_type=Path), help="A share's file.")
@_json_option
def restore_escrow(*, bundle: Any, shares: tuple[Path, ...], as_json: bool) -> None:
    """Bring the keys of a BUNDLE back with its two shares, from files or typed in."""
    from django.utils import timezone
    from django.utils.translation import gettext as _

    from qipan.foundation.journal.rules import SYSTEM
    from qipan.foundation.vault import operations

    texts = [_share_of(path.read_text()) for path in shares]
    while len(texts) < 2:
        click.echo(_("Type share {number}, then an empty line:").format(number=len(texts) + 1), err=True)
        lines = []
        while line := sys.stdin.readline().strip():
            lines.append(line)
        texts.append(_share_of("\n".join(lines)))
    back = operations.restore_escrow(file=bundle.read(), shares=(texts[0], texts[1]), by=SYSTEM, at=timezone.now())
    _tell({"keys": back}, _("{count} keys brought back.").format(count=len(back)), as_json=as_json)


def _share_of(text: str) -> str:
    """The share without the holder's line above it."""
    start = text.upper().find("QIPAN ")
    return text[start:] if start >= 0 else text


@vault.command()
@click.argument("key")
@click.option("--reason", required=True, help="Why; kept in the journal and on the certificate.")
@click.option(
    "--with-records", is_flag=True, help="Also where records are sealed with it: they can never be read again."
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@_json_option
def destroy(*, key: str, reason: str, with_records: bool, yes: bool, as_json: bool) -> None:
    """Destroy a KEY for good and print the certificate."""
    from dataclasses import asdict

    from django.utils import timezone
    from django.utils.translation import gettext as _

    from qipan.foundation.journal.rules import SYSTEM
    from qipan.foundation.vault import operations

    if not yes:
        click.confirm(_("This cannot be undone by anybody. Destroy {key}?").format(key=key), abort=True, err=True)
    done = operations.destroy_key(key_id=key, by=SYSTEM, at=timezone.now(), reason=reason, with_records=with_records)
    text = _(
        "Certificate of destruction\nKey {key} ({purpose}), destroyed {at}\nReason: {reason}\n"
        "Records that can no longer be read: {records}\nCopies ended: {ended}"
    ).format(
        key=done.key_id,
        purpose=done.purpose,
        at=timezone.localtime(done.destroyed_at).strftime("%Y-%m-%d %H:%M"),
        reason=done.reason,
        records=done.records,
        ended=done.ended,
    )
    if done.open_copies:
        text += "\n" + _("Copies that their holders must destroy and report:") + "\n  " + "\n  ".join(done.open_copies)
    _tell(asdict(done), text, as_json=as_json)


@vault.command("end-copy")
@click.argument("copy", type=click.UUID)
@click.option("--how", required=True, help="How it was destroyed, and by whom.")
def end_copy(*, copy: Any, how: str) -> None:
    """Enter that an exported COPY or a share was destroyed (its id: `qipan --json vault keys`)."""
    from django.utils import timezone
    from django.utils.translation import gettext as _

    from qipan.foundation.journal.rules import SYSTEM
    from qipan.foundation.vault import operations

    ended = operations.end_copy(copy_id=copy, by=SYSTEM, at=timezone.now(), how=how)
    click.echo(_("Ended: {place}").format(place=ended.place))


@vault.command()
@_json_option
def erase(*, as_json: bool) -> None:
    """Erase what has reached the end of its time (the worker does this every night)."""
    from django.utils import timezone
    from django.utils.translation import gettext as _

    from qipan.foundation.vault import operations

    count = operations.erase_due(at=timezone.now())
    _tell({"erased": count}, _("{count} records erased.").format(count=f"{count:,}"), as_json=as_json)


COMMANDS = [vault]
