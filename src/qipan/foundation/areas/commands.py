"""Areas from the command line: districts, and imports of areas, outlines and premises."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from django.utils import timezone
from django.utils.translation import gettext as _
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from qipan.foundation.areas import imports, operations, queries
from qipan.foundation.areas.models import Area, Code, Kind
from qipan.foundation.journal.rules import SYSTEM
from qipan.foundation.refusals import Invalid, NotFound, tables
from qipan.kernels.geodesy.datums import Datum
from qipan.kernels.tables import BadValue, parse_date


class NoSuchDistrict(NotFound):
    """There is no district with the code or name {text}. `qipan areas found` makes one."""


class SeveralDistricts(Invalid):
    """Several districts are called {text}. Give the code instead."""


class NotADate(Invalid):
    """{text} is not a date in the past. Write it as 2024-05-15."""


@click.group("import")
def import_() -> None:
    """Load files: looked at first, then all of a file or nothing."""


@click.group()
def areas() -> None:
    """Districts and their areas."""


def options(command: Callable[..., None]) -> Callable[..., None]:
    """What every import of this room takes."""
    for option in reversed(
        [
            click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path)),
            click.option("--district", required=True, help="Code or name of the district."),
            click.option(
                "--datum",
                type=click.Choice(list(Datum)),
                default=Datum.WGS84,
                show_default=True,
                help="What the coordinates of the file are measured in.",
            ),
            click.option("--since", default="", help="First day of what is new, as 2024-05-15; today where not given."),
            click.option("--skip-foreign", is_flag=True, help="Leave out rows that lie in other districts."),
            click.option("--own-codes", is_flag=True, help="Codes are the district's own, not statistical ones."),
            click.option("--dry-run", is_flag=True, help="Only say what would happen."),
            click.option("--errors", type=click.Path(dir_okay=False, path_type=Path), help="CSV of refused rows."),
            click.option("--json", "as_json", is_flag=True, help="Print the result as JSON."),
        ]
    ):
        command = option(command)
    return command


@import_.command("areas")
@options
def import_areas(**given: Any) -> None:
    """Areas (CSV, xlsx) and outlines (GeoJSON)."""
    _run("areas", **given)


@import_.command("premises")
@options
def import_premises(**given: Any) -> None:
    """Premises (CSV, xlsx or GeoJSON points)."""
    _run("premises", **given)


@areas.command("found")
@click.argument("name")
@click.option("--code", default="", help="Its statistical code of six digits.")
@click.option(
    "--kind",
    type=click.Choice([Kind.DISTRICT, Kind.COUNTY]),
    default=Kind.DISTRICT,
    show_default=True,
    help="A district or a county.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def found(*, name: str, code: str, kind: str, as_json: bool) -> None:
    """Make a new district, empty yet."""
    made = operations.found_district(name=name, code=code, kind=kind, by=SYSTEM, at=timezone.now())
    facts = {"id": made.pk, "name": made.name, "code": code}
    _say(facts, _("District %(name)s made, number %(id)s.") % facts, as_json)


@areas.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def listed(*, as_json: bool) -> None:
    """The districts of this installation and how much is in them."""
    rows = []
    for district in queries.districts():
        counts = [queries.subtree(district, level=level).count() for level in (2, 3, 4)]
        code = queries.codes([district.pk]).get(district.pk, "")
        rows.append({"id": district.pk, "name": district.name, "code": code, "townships": counts[0],
                     "villages": counts[1], "cells": counts[2]})  # fmt: skip
    lines = [
        _("%(name)s (%(code)s): %(townships)s townships, %(villages)s villages, %(cells)s grid cells") % row
        for row in rows
    ]
    _say(rows, "\n".join(lines) or _("No district yet."), as_json)


COMMANDS = [import_, areas]


def _run(
    kind: str,
    *,
    file: Path,
    district: str,
    datum: str,
    since: str,
    skip_foreign: bool,
    own_codes: bool,
    dry_run: bool,
    errors: Path | None,
    as_json: bool,
) -> None:
    at = timezone.now()
    where = find_district(district)
    given: dict[str, Any] = {
        "kind": kind, "district": where, "at": at, "datum": datum, "since": _day(since, at),
        "skip_foreign": skip_foreign, "own_codes": own_codes,
    }  # fmt: skip
    refusal = None
    with _bar(quiet=as_json or _json_asked()) as progress:
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
    _say(result.plain() | {"problems": problems}, _words(result, problems), as_json)
    if refusal is not None:
        click.get_current_context().exit(refusal.exit)


def _words(result: imports.Result, problems: list[dict[str, Any]]) -> str:
    counts = result.counts
    lines = [
        _("%(new)s new, %(changed)s changed, %(unchanged)s unchanged, %(left_out)s left out, %(refused)s refused.")
        % counts
    ]
    lines += [f"{problem['line']}\t{problem['column']}\t{problem['what']}" for problem in problems[:20]]
    if len(problems) > 20:
        lines.append(_("… and %(count)s more; --errors FILE writes all of them.") % {"count": len(problems) - 20})
    if not problems:
        lines.append(_("Loaded.") if result.loaded else _("Nothing was changed."))
    else:
        lines.append(_("Nothing was loaded."))
    return "\n".join(lines)


def find_district(text: str) -> Area:
    codes = Code.objects.filter(code=text, valid_to=None, area__level=1).values("area")
    found = list(queries.districts().filter(pk__in=codes)) or list(queries.districts().filter(name=text))
    if not found:
        raise NoSuchDistrict(field="district", text=text)
    if len(found) > 1:
        raise SeveralDistricts(field="district", text=text)
    return found[0]


def _day(text: str, at: datetime) -> Any:
    if not text:
        return None
    try:
        return parse_date(text, today=at.date())
    except BadValue:
        raise NotADate(field="since", text=text) from None


def _json_asked() -> bool:
    return bool((click.get_current_context().find_root().obj or {}).get("json"))


def _say(facts: Any, text: str, as_json: bool) -> None:
    click.echo(json.dumps(facts, ensure_ascii=False, indent=2) if as_json or _json_asked() else text)


@contextmanager
def _bar(*, quiet: bool) -> Iterator[imports.Progress]:
    console = Console(stderr=True)
    with Progress(
        TextColumn(_("Rows")),
        BarColumn(),
        MofNCompleteColumn(),
        console=console,
        disable=quiet or not console.is_terminal,
    ) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
