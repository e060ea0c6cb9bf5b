"""Bringing a district to work, from the command line."""

from __future__ import annotations

import click
from django.utils import timezone
from django.utils.translation import gettext as _

from qipan.foundation.areas.commands import find_district
from qipan.foundation.interface.console import json_option, tell
from qipan.foundation.journal.rules import SYSTEM
from qipan.workflows import districts


@click.group()
def district() -> None:
    """A district beside its areas."""


@district.command()
@click.option("--district", "text", required=True, help="Code or name of the district.")
@json_option
def begin(*, text: str, as_json: bool) -> None:
    """Give a district its categories, checklists and desks; safe to repeat."""
    made = districts.begin(district=find_district(text), by=SYSTEM, at=timezone.now())
    said = _("Made: %(categories)s categories, %(checklists)s checklists, %(desks)s desks.")
    tell(made, said % made, as_json=as_json)


COMMANDS = [district]
