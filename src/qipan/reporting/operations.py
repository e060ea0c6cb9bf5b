"""Every write of forms."""

from __future__ import annotations

import hashlib
import io
import warnings
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from openpyxl import load_workbook

from qipan.foundation.areas.models import Level
from qipan.foundation.journal import operations as journal
from qipan.foundation.journal.rules import SYSTEM, HasAuthor
from qipan.foundation.outbox import operations as outbox
from qipan.foundation.posts.access import require
from qipan.foundation.posts.models import Post
from qipan.foundation.refusals import Conflict, Invalid, NotFound
from qipan.kernels.ids import new_id
from qipan.kernels.tables import Unreadable
from qipan.kernels.tables.sheets import check as check_sheet
from qipan.reporting import access, figures, queries, rules
from qipan.reporting.models import Filling, Form

MOST_BYTES = 4 * 2**20


class NotASheet(Invalid):
    """This file is not an xlsx workbook that can be opened. Save it as .xlsx, without macros or a password."""


class SheetTooLarge(Invalid):
    """This workbook is too large: at the most {megabytes} MB."""


class NameMissing(Invalid):
    """Give the form a name."""


class NothingMapped(Conflict):
    """No cell of this form is mapped yet."""


class FromTheFuture(Invalid):
    """A form is filled for today or a day before."""


@transaction.atomic
def upload(*, name: str, data: bytes, by: Post, at: datetime) -> Form:
    """Keep a superior's blank sheet, to be mapped once. Raises NameMissing, NotASheet, SheetTooLarge."""
    require(by, "reporting.map")
    if by.level != Level.DISTRICT:
        raise NotFound
    if not name.strip():
        raise NameMissing(field="name")
    if len(data) > MOST_BYTES:
        raise SheetTooLarge(field="file", megabytes=MOST_BYTES // 2**20)
    form = Form.objects.create(
        id=new_id(), district_id=by.district_id, name=name.strip()[:80], sheet=_first_sheet(data), blank=data,
        digest=hashlib.sha256(data).digest(), made_by=by, made_at=at,
    )  # fmt: skip
    journal.record("reporting.uploaded", form, by=by, at=at, digest=form.digest.hex())
    return form


def _first_sheet(data: bytes) -> str:
    try:
        check_sheet(data)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = load_workbook(io.BytesIO(data))
        visible = [sheet.title for sheet in book.worksheets if sheet.sheet_state == "visible"]
        return str(visible[0])
    except (Unreadable, KeyError, ValueError, TypeError, OSError, IndexError, AttributeError, SyntaxError) as problem:
        raise NotASheet(field="file") from problem


@transaction.atomic
def map_cells(
    *, form_id: UUID, cells: list[dict[str, Any]], klasses: set[str], daily: bool, by: Post, at: datetime
) -> Form:
    """Say which figure goes into which cell, and whether the form is filled by itself every morning.

    Raises NotACell, CellTwice, NoSuchFigure, TooManyCells, NotFound.
    """
    require(by, "reporting.map")
    form = access.lock(form_id, viewer=by)
    known = {figure.key for figure in figures.every()}
    form.cells = [each.stored() for each in rules.check(cells, figures=known, klasses=klasses)]
    form.daily = daily
    form.save()
    journal.record("reporting.mapped", form, by=by, at=at, cells=len(form.cells), daily=daily)
    return form


@transaction.atomic
def fill(*, form_id: UUID, day: date, by: Post, at: datetime) -> Filling:
    """Fill a form for a day from what the system holds. Raises NothingMapped, FromTheFuture, NotFound."""
    require(by, "reporting.fill")
    form = access.get(form_id, viewer=by)
    if day > timezone.localdate(at):
        raise FromTheFuture(field="day")
    return _fill(form, day=day, by=by, post=by, at=at)


def _fill(form: Form, *, day: date, by: HasAuthor, post: Post | None, at: datetime) -> Filling:
    if not form.cells:
        raise NothingMapped
    values = queries.values(form, day=day)
    filling = Filling.objects.create(id=new_id(), form=form, day=day, values=values, made_at=at, made_by=post)
    journal.record("reporting.filled", form, by=by, at=at, day=day.isoformat(), cells=len(values))
    return filling


def fill_daily(*, at: datetime) -> int:
    """Fill yesterday's daily forms that nobody filled yet and tell who made them. How many were filled."""
    yesterday = timezone.localdate(at) - timedelta(days=1)
    due = Form.objects.filter(daily=True, ended_at=None).exclude(fillings__day=yesterday).exclude(cells=[])
    count = 0
    for form in due.select_related("district", "made_by"):
        with transaction.atomic():
            _fill(form, day=yesterday, by=SYSTEM, post=None, at=at)
            outbox.send(
                template="reporting.filled",
                to=form.made_by,
                context={"form": form.name, "day": yesterday},
                about=form,
                at=at,
                link=f"/reporting/forms/{form.id}/",
                dedupe=f"{form.id}:{yesterday}",
            )
            count += 1
    return count


@transaction.atomic
def end(*, form_id: UUID, by: Post, at: datetime) -> Form:
    """Put a form away; its fillings stay. Raises NotFound."""
    require(by, "reporting.map")
    form = access.lock(form_id, viewer=by)
    form.ended_at = at
    form.save()
    journal.record("reporting.ended", form, by=by, at=at)
    return form
