"""Incidents from the command line: history from other systems, lists out, categories of a district."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from django.utils import timezone
from django.utils.translation import gettext as _
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from qipan.foundation.areas.commands import find_district, import_
from qipan.foundation.interface.console import json_option, tell
from qipan.foundation.journal.rules import SYSTEM
from qipan.foundation.posts.models import Person, Post
from qipan.foundation.posts.queries import in_force
from qipan.foundation.refusals import Invalid, NotFound, tables
from qipan.incidents import operations
from qipan.incidents.operations import imports
from qipan.incidents.pages import exports
from qipan.incidents.queries import Filters
from qipan.incidents.rules import mapping as mappings
from qipan.incidents.rules.classes import Klass, Leg
from qipan.kernels.tables import csv_chunks, xlsx


def _post_of(username: str, ability: str, *, at: datetime) -> Post | None:
    """The first post in force of an account that may do it."""
    person = Person.objects.filter(username=username, is_active=True).first()
    posts = in_force(person=person, at=at) if person else []
    return next((post for post in posts if post.may(ability)), None)


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
    post = _post_of(username, "incidents.export", at=at)
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


class NoSuchSteward(NotFound):
    """{username} holds no post in force that may change the district's categories."""


class NotALimit(Invalid):
    """A limit is a leg (accept, dispatch, handle, verify, or urgent_ before it), a clock and a whole number."""


@click.group()
def category() -> None:
    """The categories of a district."""


@category.command("add")
@click.argument("klass", type=click.Choice([one.value for one in Klass]))
@click.argument("key")
@click.option("--as", "username", required=True, help="User name of whose post adds it and answers for it.")
@click.option("--name", required=True, help="Its name in Chinese.")
@click.option("--name-en", required=True, help="Its name in English.")
@click.option(
    "--limit", "limits", multiple=True, nargs=3, metavar="LEG CLOCK AMOUNT",
    help="A limit of its own, as: handle working_days 3; may be given again. Without it the class's holds.",
)  # fmt: skip
@click.option("--urgent-default", is_flag=True, help="Urgent unless somebody says otherwise.")
@click.option("--private", is_flag=True, help="Words and photos are encrypted.")
@click.option("--hidden-from-village", is_flag=True, help="Hidden from village and cell.")
@click.option("--never-mediated", is_flag=True, help="It goes where the victim chooses, or to the police.")
@click.option("--public/--not-public", default=True, show_default=True, help="Whether residents may choose it.")
@click.option("--photo-reason", default="", help="Why an answer needs a photo; none is needed where not given.")
@click.option(
    "--on-list", "on_lists", multiple=True, type=click.Choice(["2", "3", "4"]),
    help="A level that has it on its list of duties (2 township, 3 village, 4 cell); all where not given.",
)  # fmt: skip
@click.option("--order", type=click.IntRange(0, 9999), default=0, show_default=True, help="Place in lists.")
@json_option
def add(
    *, klass: str, key: str, username: str, limits: tuple[tuple[str, str, str], ...], on_lists: tuple[str, ...],
    as_json: bool, **values: Any,
) -> None:  # fmt: skip
    """Add a category KEY of a class, in use from today on."""
    at = timezone.now()
    post = _post_of(username, "incidents.configure", at=at)
    if post is None:
        raise NoSuchSteward(username=username)
    values |= {
        "limits": dict(_limit(*one) for one in limits),
        "on_lists": sorted(map(int, on_lists)) or [2, 3, 4],
    }
    added = operations.add_category(klass=Klass(klass), key=key, values=values, by=post, at=at)
    facts = {"key": added.key, "klass": added.klass, "name": added.name, "name_en": added.name_en}
    tell(facts, _("Category %(name)s (%(key)s) is in use from today on.") % facts, as_json=as_json)


def _limit(leg: str, clock: str, amount: str) -> tuple[str, dict[str, Any]]:
    if leg.removeprefix("urgent_") not in set(Leg) or not (amount.isascii() and amount.isdigit()):
        raise NotALimit(field="limit")
    return leg, {"clock": clock, "amount": int(amount)}


COMMANDS = [export, category]
