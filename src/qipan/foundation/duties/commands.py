"""Calendars from the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from qipan.foundation.areas.commands import find_district
from qipan.foundation.duties import queries
from qipan.foundation.duties.operations import years
from qipan.foundation.interface.console import json_option, show, tell
from qipan.foundation.journal.rules import SYSTEM


@click.group("import")
def import_() -> None:
    """Load files: looked at first, then all of a file or nothing."""


@import_.command("calendar")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--district", required=True, help="Code or name of the district.")
@click.option("--year", type=click.IntRange(2000, 2199), required=True, help="The year that the file holds.")
@click.option("--source", required=True, help="Number of the notice that it comes from.")
@click.option("--dry-run", is_flag=True, help="Only say what would happen.")
@click.option("--tell", "told", is_flag=True, help="Tell owners whose deadlines move.")
@json_option
def import_calendar(*, file: Path, dry_run: bool, told: bool, as_json: bool, **given: Any) -> None:
    """A year's days off and working weekend days (CSV: date, kind, name). Open deadlines are counted anew."""
    with file.open("rb") as opened:
        data = opened.read(years.MOST_BYTES + 1)
    values: dict[str, Any] = {
        "district": find_district(given["district"]),
        "data": data,
        "year": given["year"],
        "source": given["source"],
        "at": timezone.now(),
    }
    if dry_run:
        effect = years.preview_year(**values).effect
        text = _("{moved} of {counted} open deadlines would move: {later} later, {earlier} earlier.")
    else:
        effect = years.import_year(**values, by=SYSTEM, tell=told)
        text = _("Imported. {moved} of {counted} open deadlines have moved: {later} later, {earlier} earlier.")
    facts = effect.counts() | {"dry_run": dry_run}
    tell(facts, text.format(**facts), as_json=as_json)


@click.group()
def calendar() -> None:
    """The working calendar of a district."""


@calendar.command("years")
@click.option("--district", required=True, help="Code or name of the district.")
@json_option
def listed(*, district: str, as_json: bool) -> None:
    """The years, where each comes from, and which are missing."""
    where = find_district(district)
    rows = [
        {
            "year": one.year,
            "source": one.source if one.published else _("provisional"),
            "published": one.published,
            "workdays": one.workdays,
            "imported_at": one.imported_at,
        }
        for one in queries.years(district_id=where.pk, now=timezone.now())
    ]
    columns = {
        "year": gettext_lazy("Year"),
        "source": gettext_lazy("Notice"),
        "workdays": gettext_lazy("Working days"),
        "imported_at": gettext_lazy("Imported"),
    }
    show(rows, columns=columns, as_json=as_json)


COMMANDS = [import_, calendar]
