"""A list as a file, and lists under a name."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from qipan.foundation.interface.files import sheet
from qipan.foundation.interface.pages import staff
from qipan.foundation.posts.middleware import viewer
from qipan.incidents import operations
from qipan.incidents.pages import marked, wording
from qipan.incidents.pages.lists import SORTS, filters_of

KEPT = ("state", "text", "klass", "category", "area", "unit", "source", "since", "until", "sort", *marked.NAMES)


@staff("incidents.export")
@require_GET
def export(request: HttpRequest) -> HttpResponseBase:
    """The list that the address describes, whole, as xlsx or (`format=csv`) CSV."""
    given, now = request.GET, timezone.now()
    order = SORTS.get(given.get("sort", ""), "newest")
    rows = operations.export(filters=filters_of(given), order=order, by=viewer(request), at=now)
    name = f"{_('Incidents')}-{timezone.localtime(now):%Y%m%d-%H%M}"
    lines = (line(row) for row in rows)
    return sheet(given.get("format", "xlsx"), name=name, header=header(), rows=lines, title=_("Incidents"))


def header() -> list[str]:
    """The columns of an exported list, in the reader's language."""
    return [_("Number"), _("Title"), _("Incident class"), _("Category"), _("Status"), _("Urgent"),
            _("Township or subdistrict"), _("Village or community"),
            _("Grid cell"), _("Unit"), _("Source"), _("Reported at"), _("Due"), _("Closed at"), _("On time"),
            _("Reworked"), _("Reopened"), _("Longitude"), _("Latitude")]  # fmt: skip


def line(row: dict[str, Any]) -> list[Any]:
    """A row of a list under those columns. The point of a private matter may be somebody's door: it stays here."""
    point = (None, None) if row["private"] else (row["longitude"], row["latitude"])
    return [
        row["number"], row["title"], wording.class_name(row["klass"]), wording.category_name(row),
        wording.status_name(row["status"], row["klass"]), row["urgent"], row["township_name"], row["village_name"],
        row["cell_name"], row["unit_name"], wording.source_name(row["source"]), row["reported_at"], row["due_at"],
        row["closed_at"], row["on_time"], row["reworks"], row["reopenings"], *point,
    ]  # fmt: skip


@staff("incidents.view")
@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """Keep the filters of the list that the form stands on."""
    shown = QueryDict(request.POST.get("query", ""))
    query = {key: shown[key][:100] for key in KEPT if shown.get(key)}
    view = operations.save_view(person=viewer(request).person, name=request.POST.get("name", ""), query=query)
    messages.success(request, _("The view “%(name)s” is kept.") % {"name": view.name})
    return redirect(f"{reverse('incidents')}?{urlencode(view.query)}")


@staff("incidents.view")
@require_POST
def forget(request: HttpRequest, view_id: UUID) -> HttpResponse:
    operations.forget_view(person=viewer(request).person, view_id=view_id)
    return redirect("incidents")
