"""Files sent over a page: received, checked, loaded when their sender says so, or cancelled on the way.

Small files are dealt with at once, longer ones by a worker (`tasks`). Progress and the wish to stop go over a
connection of their own, for what a load does is seen by nobody until it is done.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connections, transaction
from django.db.models import QuerySet
from django.utils.module_loading import import_string

from qipan.foundation.areas import access, rules
from qipan.foundation.areas.imports.results import Action, Cancelled, NothingLoaded, Progress, Result
from qipan.foundation.areas.imports.running import check, load
from qipan.foundation.areas.models import Area, Import, ImportState
from qipan.foundation.journal.rules import Author, HasAuthor
from qipan.foundation.refusals import Conflict, NotFound, Refusal, tables
from qipan.kernels.tables import Limits, Problem, told

AT_ONCE = 512 * 2**10  # bytes that are dealt with while the sender waits
SHOWN, KEPT_PROBLEMS = 300, 5_000
ABANDONED = timedelta(days=2)


class NoSuchImport(NotFound):
    """There is no such import in your district."""


class NotNow(Conflict):
    """This import is no longer at that step. Reload the page."""


def visible(*, viewer: access.Viewer | None) -> QuerySet[Import]:
    """Imports of the viewer's district; only posts for the whole district see them."""
    if viewer is None or viewer.area.level != 1:
        return Import.objects.none()
    return Import.objects.filter(district_id=viewer.district_id).defer("data")


def get(import_id: UUID, *, viewer: access.Viewer | None) -> Import:
    found = visible(viewer=viewer).filter(pk=import_id).first()
    if found is None:
        raise NoSuchImport
    return found


def receive(
    *,
    district: Area,
    kind: str,
    file_name: str,
    data: bytes,
    by: HasAuthor,
    at: datetime,
    datum: str = "wgs84",
    since: date | None = None,
    skip_foreign: bool = False,
    own_codes: bool = False,
) -> Import:
    """Keep a file until it is checked and loaded. Raises FileTooLarge, EmptyFile."""
    limit = Limits().size
    if len(data) > limit:
        raise tables.FileTooLarge(field="file", limit=f"{limit // 2**20} MB")
    if not data:
        raise tables.EmptyFile(field="file")
    author = by.author()
    return Import.objects.create(
        district=district, kind=kind, file_name=told(file_name)[:200], size=len(data), data=data, created_at=at,
        options={"datum": datum, "since": since.isoformat() if since else None, "skip_foreign": skip_foreign,
                 "own_codes": own_codes},
        post_id=author.post_id, person_id=author.person_id, by_label=author.label,
    )  # fmt: skip


def look(*, import_id: UUID, at: datetime) -> Import:
    """Check a file that was received, and keep what it would do. A file refused as a whole is at its end."""
    run = Import.objects.select_related("district").get(pk=import_id)
    if run.state != ImportState.RECEIVED:
        return run
    try:
        with _progress(run.pk) as progress:
            result = check(
                bytes(run.data or b""), kind=run.kind, district=run.district, at=at, progress=progress, **_options(run)
            )
    except Refusal as refusal:
        return _end(run.pk, _state(refusal), refusal=refusal, at=at)
    return _step(run.pk, ImportState.CHECKED, counts=result.counts, preview=_preview(result))


def begin(*, import_id: UUID, by: access.Viewer, at: datetime) -> Import:
    """Its sender, or somebody else of the district, says: load it. Raises NotNow, NoSuchImport."""
    get(import_id, viewer=by)
    author = by.author()
    return _step(
        import_id, ImportState.LOADING, done=0, post_id=author.post_id, person_id=author.person_id,
        by_label=author.label,
    )  # fmt: skip


def carry_out(*, import_id: UUID, at: datetime) -> Import:
    """Load a file that is to be loaded; all of it or nothing. Safe to repeat after a worker died."""
    run = Import.objects.select_related("district").get(pk=import_id)
    if run.state != ImportState.LOADING:
        return run
    by = Author(run.by_label, post_id=run.post_id, person_id=run.person_id, district_id=run.district_id)
    try:
        with transaction.atomic():
            with _progress(run.pk) as progress:
                result = load(
                    bytes(run.data or b""), kind=run.kind, district=run.district, by=by, at=at, progress=progress,
                    command_id=run.pk, **_options(run),
                )  # fmt: skip
            return _end(run.pk, ImportState.LOADED, at=at, counts=result.counts, preview=_preview(result))
    except NothingLoaded as refusal:  # the district changed since the file was checked
        result = refusal.result
        return _end(run.pk, ImportState.REFUSED, refusal=refusal, at=at, counts=result.counts, preview=_preview(result))
    except Refusal as refusal:
        return _end(run.pk, _state(refusal), refusal=refusal, at=at)


def cancel(*, import_id: UUID, by: access.Viewer, at: datetime) -> Import:
    """Give a file up. One that is being dealt with ends at its next row, with nothing loaded."""
    run = get(import_id, viewer=by)
    Import.objects.filter(pk=run.pk, ended_at=None).update(stopping=True)
    if run.state == ImportState.CHECKED:
        return _end(run.pk, ImportState.CANCELLED, at=at)
    return get(import_id, viewer=by)


def drop_abandoned(*, at: datetime) -> int:
    """Files that were checked and then forgotten go."""
    forgotten = Import.objects.filter(
        state__in=[ImportState.RECEIVED, ImportState.CHECKED], created_at__lt=at - ABANDONED
    )
    return forgotten.update(state=ImportState.CANCELLED, data=None, ended_at=at)


def problems(run: Import) -> list[Problem]:
    """What was wrong, row by row."""
    return [Problem(line, column, code, facts) for line, column, code, facts in run.preview.get("problems", [])]


def message(run: Import) -> str:
    """What was wrong with the file as a whole, in the reader's language."""
    if not run.refusal:
        return ""
    refusal = import_string(run.refusal["name"])
    text: str = refusal(**run.refusal["facts"]).message
    return text


def _options(run: Import) -> dict[str, Any]:
    since = run.options.get("since")
    return {**run.options, "since": date.fromisoformat(since) if since else None}


def _preview(result: Result) -> dict[str, Any]:
    order = {Action.NEW: 1, Action.CHANGED: 0, Action.LEFT_OUT: 2, Action.UNCHANGED: 3}
    items = sorted(result.items, key=lambda item: (order[item.action], item.line))[:SHOWN]
    return {
        "items": [[item.line, told(item.code), told(item.name), item.action, item.changes] for item in items],
        "problems": [[p.line, p.column, p.code, p.facts] for p in result.problems[:KEPT_PROBLEMS]],
        "encoding": result.table.encoding,
        "format": result.table.format,
        "unknown": list(result.table.unknown),
    }


def _state(refusal: Refusal) -> ImportState:
    return ImportState.CANCELLED if isinstance(refusal, Cancelled) else ImportState.REFUSED


def _end(run_id: UUID, state: ImportState, *, at: datetime, refusal: Refusal | None = None, **values: Any) -> Import:
    if refusal is not None:
        values["refusal"] = {"name": f"{type(refusal).__module__}.{type(refusal).__qualname__}", "facts": refusal.facts}
    return _step(run_id, state, data=None, ended_at=at, **values)


@transaction.atomic
def _step(run_id: UUID, state: ImportState, **values: Any) -> Import:
    run = Import.objects.select_for_update().defer("data").get(pk=run_id)
    if state not in rules.IMPORT_NEXT[run.state]:
        raise NotNow
    Import.objects.filter(pk=run_id).update(state=state, **values)
    return Import.objects.defer("data").get(pk=run_id)


@contextmanager
def _progress(run_id: UUID) -> Iterator[Progress]:
    """Writes how far a run is, and raises Cancelled when somebody asked it to stop."""
    beside = connections.create_connection("default")

    def progress(done: int, total: int) -> None:
        with beside.cursor() as cursor:
            cursor.execute(
                "UPDATE areas_import SET done = %s, total = %s WHERE id = %s RETURNING stopping", [done, total, run_id]
            )
            row = cursor.fetchone()
        if row and row[0]:
            raise Cancelled

    try:
        yield progress
    finally:
        beside.close()
