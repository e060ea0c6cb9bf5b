"""Every read of forms: what a sheet looks like, what it would say, and the file itself."""

from __future__ import annotations

import io
from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils import timezone
from openpyxl import load_workbook
from openpyxl.utils.cell import coordinate_from_string, get_column_letter

from qipan.foundation.areas.models import Area, Level
from qipan.reporting import figures
from qipan.reporting.models import Filling, Form
from qipan.reporting.rules import Mapped

SHOWN_ROWS, SHOWN_COLUMNS = 60, 20


def grid(form: Form) -> list[list[tuple[str, str, str]]]:
    """The blank sheet's upper part, row by row: (cell, what stands there, mapped figure's key or "")."""
    sheet = load_workbook(io.BytesIO(bytes(form.blank)))[form.sheet]
    mapped = {each["cell"]: each["figure"] for each in form.cells}
    rows = min(SHOWN_ROWS, max(sheet.max_row, 1))
    columns = min(SHOWN_COLUMNS, max(sheet.max_column, 1))
    found = []
    for row in range(1, rows + 1):
        names = [f"{get_column_letter(column)}{row}" for column in range(1, columns + 1)]
        found.append([(name, str(sheet[name].value or ""), mapped.get(name, "")) for name in names])
    return found


def period(kind: str, day: date) -> tuple[datetime, datetime]:
    """The moments between which a figure counts: the day, or its week, month or year up to the end of the day."""
    zone = timezone.get_default_timezone()
    first = {
        "day": day,
        "week": day - timedelta(days=day.weekday()),
        "month": day.replace(day=1),
        "year": day.replace(month=1, day=1),
        "now": date(2000, 1, 1),
    }[kind]
    return datetime.combine(first, time.min, zone), datetime.combine(day + timedelta(days=1), time.min, zone)


def values(form: Form, *, day: date) -> dict[str, Any]:
    """What each cell would say for a day; each figure is counted once, however many cells ask for it."""
    townships = list(
        Area.objects.filter(district=form.district_id, level=Level.TOWNSHIP, valid_to=None).order_by("pinyin", "pk")
    )
    counted: dict[tuple[str, str, str], dict[int | None, int]] = {}
    found: dict[str, Any] = {}
    for each in form.cells:
        mapped = Mapped(**each)
        figure = figures.get(mapped.figure)
        places: list[Area | None] = list(townships) if mapped.repeat else [None]
        column, row = coordinate_from_string(mapped.cell)
        for offset, place in enumerate(places):
            cell = f"{column}{row + offset}"
            if figure.count is None:
                name = place.name if place else form.district.name
                found[cell] = day.isoformat() if figure.key == "day" else name
                continue
            key = (mapped.figure, mapped.klass, mapped.period)
            if key not in counted:
                counted[key] = dict(figure.count(form.district_id, *period(mapped.period, day), mapped.klass))
            found[cell] = counted[key].get(place.pk, 0) if place else sum(counted[key].values())
    return found


def filled(filling: Filling) -> bytes:
    """The filled sheet: the superior's own file with our values in its cells, and everything else as it was."""
    book = load_workbook(io.BytesIO(bytes(filling.form.blank)))
    sheet = book[filling.form.sheet]
    for name, value in filling.values.items():
        cell = sheet[name]
        if type(cell).__name__ == "MergedCell":
            continue  # the upper left cell of a merged block is the one that shows
        cell.value = value
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
