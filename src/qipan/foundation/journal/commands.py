"""`qipan journal`: proving it, running its sequencer, a new key for its heads."""

from __future__ import annotations

import json
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

WRONG = 1  # exit code: the journal is not sound


@click.group()
def journal() -> None:
    """The journal: what happened, appended and never edited."""


def _json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")(command)


def _wants_json(as_json: bool) -> bool:
    return as_json or bool((click.get_current_context().obj or {}).get("json"))


@journal.command()
@click.option(
    "--heads", type=click.Path(exists=True, path_type=Path), help="A copy of the signed heads that was kept elsewhere."
)
@click.option("--processes", type=click.IntRange(0, 32), help="How many processes read; by default as many as help.")
@click.option("--every-signature", is_flag=True, help="Check each signature, also in very long journals.")
@_json_option
def verify(*, heads: Path | None, processes: int | None, every_signature: bool, as_json: bool) -> None:
    """Find any altered, missing, reordered or cut-off entry. Exit code 1 if there is one."""
    from django.utils.translation import gettext as _

    from qipan.foundation.journal import verify as checking

    wants_json = _wants_json(as_json)
    bar = Progress(
        TextColumn(_("Verifying")),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=wants_json,
    )
    with bar:
        task = bar.add_task("", total=None)
        report = checking.verify(
            heads_file=heads,
            processes=processes,
            every_signature=every_signature or None,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    if wants_json:
        click.echo(json.dumps(as_plain(report), ensure_ascii=False))
        sys.exit(0 if report.sound else WRONG)
    click.echo(
        _("{entries} entries under {seals} seals, {signatures} signatures checked, {seconds} s.").format(
            entries=f"{report.entries:,}",
            seals=f"{report.seals:,}",
            signatures=f"{report.signatures:,}",
            seconds=f"{report.seconds:.1f}",
        )
    )
    if report.newest:
        click.echo(_("Newest head: {number} {head}").format(number=report.newest, head=report.newest_head))
    click.echo(
        _("{count} heads kept outside the database agree.").format(count=f"{report.kept_heads:,}")
        if report.kept_heads and report.sound
        else _("{count} heads kept outside the database were compared.").format(count=f"{report.kept_heads:,}")
    )
    if report.other_journals:
        click.echo(_("The folder of heads holds those of another journal. Was this database made anew?"))
    if report.waiting:
        click.echo(_("{count} entries wait for their position.").format(count=f"{report.waiting:,}"))
    for fault in report.faults:
        place = [
            text.format(number)
            for text, number in (
                (_("position {}"), fault.position),
                (_("entry {}"), fault.entry_id),
                (_("seal {}"), fault.seal),
            )
            if number is not None
        ]
        click.echo(f"✗ {checking.TEXTS[fault.kind]}: {', '.join(place)}", err=True)
    if not report.sound:
        click.echo(_("The journal is NOT sound."), err=True)
        sys.exit(WRONG)
    click.echo(_("The journal is sound."))


def as_plain(report: Any) -> dict[str, Any]:
    """A report as JSON-able values."""
    return {
        "sound": report.sound,
        "entries": report.entries,
        "seals": report.seals,
        "signatures": report.signatures,
        "waiting": report.waiting,
        "newest": report.newest,
        "newest_head": report.newest_head,
        "newest_at": report.newest_at.isoformat() if report.newest_at else None,
        "kept_heads": report.kept_heads,
        "other_journals": report.other_journals,
        "seconds": round(report.seconds, 3),
        "faults": [
            {"kind": str(fault.kind), "position": fault.position, "entry": fault.entry_id, "seal": fault.seal}
            for fault in report.faults
        ],
    }


@journal.command()
@_json_option
def status(*, as_json: bool) -> None:
    """How many entries are placed, how many wait, and the newest head."""
    from django.utils.translation import gettext as _

    from qipan.foundation.journal import queries

    seal, waiting = queries.newest_seal(), queries.waiting()
    facts = {
        "positions": queries.last_position(),
        "waiting": waiting,
        "seals": seal.number if seal else 0,
        "newest_head": bytes(seal.head).hex() if seal else "",
        "key": seal.key_id if seal else "",
        "sealed_at": seal.sealed_at.isoformat() if seal else None,
    }
    if _wants_json(as_json):
        click.echo(json.dumps(facts))
        return
    click.echo(_("{placed} entries placed, {waiting} waiting.").format(placed=facts["positions"], waiting=waiting))
    if seal:
        click.echo(_("Newest head: {number} {head}").format(number=seal.number, head=facts["newest_head"]))
        click.echo(_("Signed by key {key}.").format(key=facts["key"]))


@journal.command()
@click.option("--once", is_flag=True, help="Place what waits now, then stop.")
def sequence(*, once: bool) -> None:
    """Run the sequencer here (the worker runs it by itself; only one leads at a time)."""
    from django.utils.translation import gettext as _

    from qipan.foundation.journal import sequencer

    if once:
        placed = sequencer.drain()
        text = _("{count} entries placed.").format(count=placed)
        click.echo(json.dumps({"placed": placed}) if _wants_json(False) else text)
        return
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    sequencer.run(stop)


@journal.command("rotate-key")
def rotate_key() -> None:
    """A new key for the heads to come. Earlier heads stay provable by the old public key."""
    from django.utils import timezone
    from django.utils.translation import gettext as _

    from qipan.foundation.journal import operations, signing
    from qipan.foundation.journal.rules import SYSTEM, About, Class
    from qipan.foundation.journal.sequencer import keys_folder

    old, new = signing.rotate(keys_folder())
    operations.record(
        "journal.key_rotated",
        About("journal", None, new, None, (), privacy=Class.SECRET),
        by=SYSTEM,
        at=timezone.now(),
        before=old,
        after=new,
    )
    text = _("New signing key: {new} (before: {old})").format(new=new, old=old)
    click.echo(json.dumps({"key": new, "before": old}) if _wants_json(False) else text)


COMMANDS = [journal]
