"""一表通 on pages: upload a blank sheet, map its cells, look at what it would say, take the filled file."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from qipan.foundation.interface.files import XLSX, named
from qipan.foundation.interface.forms import refused_into
from qipan.foundation.interface.pages import staff
from qipan.foundation.posts.middleware import viewer
from qipan.incidents.rules.classes import CLASSES, Klass
from qipan.reporting import access, figures, operations, queries

PERIOD_NAMES = {
    "day": gettext_lazy("The day"),
    "week": gettext_lazy("The week so far"),
    "month": gettext_lazy("The month so far"),
    "year": gettext_lazy("The year so far"),
    "now": gettext_lazy("Up to the day"),
}


class UploadForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name of the form"), max_length=80)
    file = forms.FileField(label=gettext_lazy("The superior's blank sheet (.xlsx)"))


@staff("reporting.fill")
@require_http_methods(["GET", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """The district's forms, and a new one."""
    by = viewer(request)
    form = UploadForm(request.POST or None, request.FILES or None) if by.may("reporting.map") else None
    if request.method == "POST" and form is not None and form.is_valid():
        with refused_into(form):
            data = form.cleaned_data["file"].read(operations.MOST_BYTES + 1)
            made = operations.upload(name=form.cleaned_data["name"], data=data, by=by, at=timezone.now())
            return redirect("form", form_id=made.pk)
    rows = access.visible(viewer=by).prefetch_related("fillings")
    context = {"form": form, "forms": rows}
    return render(request, "workflows/forms.html", context, status=422 if request.method == "POST" else 200)


@staff("reporting.fill")
@require_GET
def form(request: HttpRequest, form_id: UUID) -> HttpResponse:
    """One form: its sheet with the mapped cells, and what was filled."""
    by = viewer(request)
    found = access.get(form_id, viewer=by)
    titles = {figure.key: figure.title for figure in figures.every()}
    cells = [{**each, "title": titles.get(each["figure"], each["figure"]),
              "period_title": PERIOD_NAMES[each["period"]]} for each in found.cells]  # fmt: skip
    context = {
        "form": found,
        "grid": queries.grid(found),
        "cells": cells,
        "figures": figures.every(),
        "classes": [(klass.value, CLASSES[klass].name) for klass in Klass],
        "periods": PERIOD_NAMES.items(),
        "fillings": found.fillings.select_related("made_by__person")[:30],
        "today": timezone.localdate().isoformat(),
        "may_map": by.may("reporting.map"),
    }
    return render(request, "workflows/form.html", context)


@staff("reporting.map")
@require_POST
def add_cell(request: HttpRequest, form_id: UUID) -> HttpResponse:
    """Map one more cell, or the same cell differently."""
    given = request.POST
    cell = {key: given.get(key, "") for key in ("cell", "figure", "klass", "period", "repeat")}
    return _map(request, form_id, lambda cells: [*(c for c in cells if c["cell"] != cell["cell"].upper()), cell])


@staff("reporting.map")
@require_POST
def drop_cell(request: HttpRequest, form_id: UUID) -> HttpResponse:
    name = request.POST.get("cell", "")
    return _map(request, form_id, lambda cells: [cell for cell in cells if cell["cell"] != name])


@staff("reporting.map")
@require_POST
def daily(request: HttpRequest, form_id: UUID) -> HttpResponse:
    """Fill it by itself every morning, or no longer."""
    return _map(request, form_id, lambda cells: cells, daily=request.POST.get("daily") == "1")


def _map(request: HttpRequest, form_id: UUID, change: Any, *, daily: bool | None = None) -> HttpResponse:
    by = viewer(request)
    found = access.get(form_id, viewer=by)
    operations.map_cells(
        form_id=form_id, cells=change(found.cells), klasses={klass.value for klass in Klass},
        daily=found.daily if daily is None else daily, by=by, at=timezone.now(),
    )  # fmt: skip
    return redirect("form", form_id=form_id)


@staff("reporting.fill")
@require_POST
def fill(request: HttpRequest, form_id: UUID) -> HttpResponse:
    """Fill the form for a day and offer the file."""
    try:
        day = date.fromisoformat(request.POST.get("day", ""))
    except ValueError:
        day = timezone.localdate()
    filling = operations.fill(form_id=form_id, day=day, by=viewer(request), at=timezone.now())
    messages.success(request, _("The form is filled for %(day)s.") % {"day": filling.day.isoformat()})
    return redirect("form", form_id=form_id)


@staff("reporting.fill")
@require_GET
def download(request: HttpRequest, filling_id: UUID) -> HttpResponseBase:
    """The filled sheet as the superior's own file."""
    filling = access.filling(filling_id, viewer=viewer(request))
    answer = HttpResponse(queries.filled(filling), content_type=XLSX)
    return named(answer, f"{filling.form.name}-{filling.day:%Y%m%d}.xlsx")


@staff("reporting.map")
@require_POST
def end(request: HttpRequest, form_id: UUID) -> HttpResponse:
    operations.end(form_id=form_id, by=viewer(request), at=timezone.now())
    return redirect("forms")
