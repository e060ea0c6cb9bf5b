"""Units and posts from files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from django.utils import timezone
from django.utils.translation import gettext as _

from qipan.foundation.areas import imports
from qipan.foundation.interface import console
from qipan.foundation.journal.rules import SYSTEM
from qipan.foundation.posts.commands import words
from qipan.foundation.refusals import tables

SHOWN = 20


@click.group("import")
def import_() -> None:
    """Load files: looked at first, then all of a file or nothing."""


def options(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(
        [
            click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path)),
            click.option("--district", required=True, help="Code or name of the district."),
            click.option("--dry-run", is_flag=True, help="Only say what would happen."),
            click.option("--errors", type=click.Path(dir_okay=False, path_type=Path), help="CSV of refused rows."),
            console.json_option,
        ]
    ):
        command = option(command)
    return command


@import_.command("units")
@options
def import_units(**given: Any) -> None:
    """Units (CSV, xlsx): code, name, kind, area, the unit above."""
    _run("units", **given)


@import_.command("posts")
@options
def import_posts(**given: Any) -> None:
    """People and their posts (CSV, xlsx): user name, name, role, area, unit, from, until."""
    _run("posts", **given)


def _run(kind: str, *, file: Path, district: str, dry_run: bool, errors: Path | None, as_json: bool) -> None:
    given: dict[str, Any] = {"kind": kind, "district": words.area(district), "at": timezone.now()}
    refusal = None
    with console.progress(_("Rows")) as advance:
        seen = 0

        def progress(done: int, total: int) -> None:
            nonlocal seen
            advance(done - seen, total=total)
            seen = done

        try:
            if dry_run:
                result = imports.check(file, progress=progress, **given)
            else:
                result = imports.load(file, progress=progress, by=SYSTEM, **given)
        except imports.NothingLoaded as nothing:
            refusal, result = nothing, nothing.result
    if errors is not None:
        errors.write_bytes(tables.error_file(result.problems))
    problems = [
        {"line": problem.line, "column": problem.column, "what": tables.words(problem)} for problem in result.problems
    ]
    lines = [_("{new} new, {changed} changed, {unchanged} unchanged, {refused} refused.").format(**result.counts)]
    lines += [f"{problem['line']}\t{problem['column']}\t{problem['what']}" for problem in problems[:SHOWN]]
    lines.append(_("Loaded.") if result.loaded else _("Nothing was changed."))
    console.tell(result.plain() | {"problems": problems}, "\n".join(lines), as_json=as_json)
    if refusal is not None:
        click.get_current_context().exit(refusal.exit)
