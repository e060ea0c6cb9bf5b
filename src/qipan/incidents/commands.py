"""Incidents from the command line: history from other systems, and lists out."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path

import click
from django.utils import timezone
from django.utils.translation import gettext as _
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from qipan.foundation.areas.commands import find_district, import_
from qipan.foundation.interface.console import json_option, tell
from qipan.foundation.journal.rules import SYSTEM
from qipan.foundation.posts.models import Person
from qipan.foundation.posts.queries import in_force
from qipan.foundation.refusals import NotFound, tables
from qipan.incidents import operations
from qipan.incidents.operations import imports
from qipan.incidents.pages import exports
from qipan.incidents.queries import Filters
from qipan.incidents.rules import mapping as mappings
from qipan.kernels.tables import csv_chunks, xlsx


@import_.command("incidents")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--mapping", "name", required=True, help="A mapping of the project (nyc311 ...) or a .json of your own.")
@click.option("--district", default="", help="Code or name of the district to load into.")
@click.option("--found", is_flag=True, help="Found a district from the file's own areas.")
@click.option("--dry-run", is_flag=True, help="Only say what would happen.")
@click.option("--errors", type=click.Path(dir_okay=False, path_type=Path), help="CSV of refused rows.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def import_incidents(
    *, file: Path, name: str, district: str, found: bool, dry_run: bool, errors: Path | None, as_json: bool
) -> None:
    """History from a hotline or 311 export: every row is loaded or refused with its reason."""
    mapping, at = mappings.load(name), timezone.now()
    if found == bool(district):
        raise click.UsageError("Give either --district or --found.")
    if dry_run and found:
        raise click.UsageError("--dry-run needs a district that exists.")
    imports.read(file, mapping)  # a file that cannot be used founds nothing
    into = imports.found(mapping, by=SYSTEM, at=at) if found else find_district(district)
    if dry_run:
        outcome = imports.check(file, mapping=mapping, district=into, at=at)
    else:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        console = Console(stderr=True)
        with Progress(*columns, console=console, disable=not sys.stderr.isatty()) as bar:
            task = bar.add_task(_("Importing"), total=None)
            outcome = imports.load(
                file, mapping=mapping, district=into, by=SYSTEM, at=at, build_areas=found,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )  # fmt: skip
    if errors and outcome.problems:
        errors.write_bytes(tables.error_file(outcome.problems))
    if as_json:
        click.echo(json.dumps({**outcome.counts(), "district": into.name}, ensure_ascii=False))
        return
    click.echo(
        _("%(rows)s rows: %(loaded)s loaded, %(unchanged)s already there, %(refused)s refused.") % outcome.counts()
    )
    for problem in outcome.problems[:20]:
        click.echo(_("Line %(line)s: %(words)s") % {"line": problem.line, "words": tables.words(problem)})


class NoSuchExporter(NotFound):
    """{username} holds no post in force that may export lists."""


@click.group()
def export() -> None:
    """Lists as files."""


@export.command("incidents")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--as", "username", required=True, help="User name of whose post sees and answers for the list.")
@click.option("--state", default="", help="open, ended, overdue, due or supervised; all where not given.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="First day of the report.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Last day of the report.")
@json_option
def export_incidents(
    *, file: Path, username: str, state: str, since: datetime | None, until: datetime | None, as_json: bool
) -> None:
    """Incidents as .xlsx or .csv, masked and recorded like every export."""
    at = timezone.now()
    person = Person.objects.filter(username=username, is_active=True).first()
    posts = in_force(person=person, at=at) if person else []
    post = next((each for each in posts if each.may("incidents.export")), None)
    if post is None:
        raise NoSuchExporter(username=username)
    filters = Filters(state=state, since=since.date() if since else None, until=until.date() if until else None)
    rows = operations.export(filters=filters, order="newest", by=post, at=at)
    lines = (exports.line(row) for row in rows)
    if file.suffix == ".csv":
        file.write_bytes(b"".join(csv_chunks(exports.header(), lines)))
    else:
        file.write_bytes(xlsx(exports.header(), lines, title=_("Incidents")))
    tell({"rows": len(rows), "file": str(file)}, _("%(rows)s rows written to %(file)s.") % {
        "rows": len(rows), "file": file}, as_json=as_json)  # fmt: skip


COMMANDS = [export]
