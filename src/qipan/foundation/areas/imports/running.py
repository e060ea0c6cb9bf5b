"""One file, looked at or loaded."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import transaction

from qipan.foundation.areas.imports import premises, tree
from qipan.foundation.areas.imports.results import NothingLoaded, Progress, Result
from qipan.foundation.areas.models import Area
from qipan.foundation.areas.operations.versions import hold
from qipan.foundation.journal import operations as journal
from qipan.foundation.journal.rules import HasAuthor
from qipan.foundation.refusals import Invalid
from qipan.kernels.geodesy.datums import Datum

KINDS: dict[str, Callable[..., tuple[Result, Callable[[], None]]]] = {"areas": tree.plan, "premises": premises.plan}
JOURNALLED = {"areas": "areas.imported", "premises": "areas.premises_imported"}


class NotThisKind(Invalid):
    """This kind of file cannot be imported here."""


class UnknownDatum(Invalid):
    """The datum of the file must be one of {known}."""


def check(
    source: bytes | Path,
    *,
    kind: str,
    district: Area,
    at: datetime,
    datum: str = Datum.WGS84,
    since: date | None = None,
    skip_foreign: bool = False,
    own_codes: bool = False,
    progress: Progress | None = None,
) -> Result:
    """What a file would do, without doing it. Raises the refusals of `refusals.tables` for a file as a whole."""
    planned, _apply = _plan(source, kind, district, at, {
        "datum": datum, "since": since, "skip_foreign": skip_foreign, "own_codes": own_codes, "progress": progress,
    })  # fmt: skip
    return planned


@transaction.atomic
def load(
    source: bytes | Path,
    *,
    kind: str,
    district: Area,
    by: HasAuthor,
    at: datetime,
    datum: str = Datum.WGS84,
    since: date | None = None,
    skip_foreign: bool = False,
    own_codes: bool = False,
    progress: Progress | None = None,
    command_id: UUID | None = None,
) -> Result:
    """Load a file: all of it or, raising NothingLoaded with the result, nothing. One journal entry for the file.

    A file that changes nothing, such as the same one again, writes nothing and records nothing.
    """
    hold(district.pk)
    planned, apply = _plan(source, kind, district, at, {
        "datum": datum, "since": since, "skip_foreign": skip_foreign, "own_codes": own_codes, "progress": progress,
    })  # fmt: skip
    if planned.problems:
        refusal = NothingLoaded(field="file", count=planned.counts["refused"])
        refusal.result = planned
        raise refusal
    body = [kind, district.pk, planned.table.digest]
    if journal.once(command_id, author=by, name="areas.import", at=at, body=body) is not None:
        return planned
    if planned.changes_anything:
        apply()
        planned.loaded = True
        journal.record(
            JOURNALLED[kind], district, by=by, at=at, digest=planned.table.digest, datum=datum,
            format=planned.table.format, counts=planned.counts, command_id=command_id,
        )  # fmt: skip
    journal.answer(command_id, planned.counts)
    return planned


def _plan(
    source: bytes | Path, kind: str, district: Area, at: datetime, options: dict[str, Any]
) -> tuple[Result, Callable[[], None]]:
    if kind not in KINDS:
        raise NotThisKind(field="kind")
    if options["datum"] not in set(Datum):
        raise UnknownDatum(field="datum", known=", ".join(Datum))
    return KINDS[kind](source, district=district, at=at, **options)
