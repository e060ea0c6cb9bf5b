"""Sending a file, looking at what it would do, and loading it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from qipan.foundation.areas import access, rules, tasks
from qipan.foundation.areas.imports import Action, runs
from qipan.foundation.areas.models import Import, ImportKind, ImportState, Kind, PremisesKind
from qipan.foundation.areas.pages.common import viewer
from qipan.foundation.interface.files import CSV, named
from qipan.foundation.interface.forms import refused_into
from qipan.foundation.interface.pages import staff
from qipan.foundation.refusals import tables
from qipan.kernels.geodesy.datums import Datum
from qipan.kernels.tables import Limits

DATUMS = {
    Datum.WGS84: gettext_lazy("WGS 84 (GPS, OpenStreetMap)"),
    Datum.CGCS2000: gettext_lazy("CGCS2000 (surveyed maps)"),
    Datum.GCJ02: gettext_lazy("GCJ-02 (Amap, Tencent, DataV)"),
    Datum.BD09: gettext_lazy("BD-09 (Baidu)"),
}
FIELDS = {
    "name": gettext_lazy("Its name"), "kind": gettext_lazy("Kind"), "parent": gettext_lazy("Lies in"),
    "outline": gettext_lazy("Outline"), "code": gettext_lazy("Code"),
    "township": gettext_lazy("Township or subdistrict"), "village": gettext_lazy("Village or community"),
    "cell": gettext_lazy("Grid cell"), "longitude": gettext_lazy("Longitude"),
    "latitude": gettext_lazy("Latitude"), "active_from": gettext_lazy("Active from"),
    "active_to": gettext_lazy("Active until"),
}  # fmt: skip
KINDS = dict(Kind.choices) | dict(PremisesKind.choices)
BADGES = {Action.NEW: "active", Action.CHANGED: "waiting", Action.LEFT_OUT: "void", Action.UNCHANGED: ""}
STATES = {
    ImportState.RECEIVED: "waiting", ImportState.CHECKED: "waiting", ImportState.LOADING: "active",
    ImportState.LOADED: "done", ImportState.REFUSED: "void", ImportState.CANCELLED: "void",
}  # fmt: skip


class Upload(forms.Form):
    """A file and how to read it."""

    kind = forms.ChoiceField(label=gettext_lazy("What it holds"), choices=ImportKind.choices)
    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy(
            "CSV, xlsx or GeoJSON, up to 64 MB. Nothing is loaded before you have seen what it does."
        ),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.xlsx,.json,.geojson"}),
    )
    datum = forms.ChoiceField(
        label=gettext_lazy("Datum of its coordinates"), choices=[(each.value, word) for each, word in DATUMS.items()],
        help_text=gettext_lazy("With the wrong one everything lies some hundred metres off."),
    )  # fmt: skip
    since = forms.DateField(
        label=gettext_lazy("Valid from"), required=False, help_text=gettext_lazy("Today where empty."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )  # fmt: skip
    skip_foreign = forms.BooleanField(
        label=gettext_lazy("Leave out rows that lie in other districts"), required=False,
        help_text=gettext_lazy("For a list of the whole city. Without it such a row is an error."),
    )  # fmt: skip


@staff(rules.CHANGE)
@require_GET
def listed(request: HttpRequest) -> HttpResponse:
    """The files sent so far, the newest first."""
    found = runs.visible(viewer=viewer(request)).order_by("-created_at")[:100]
    return render(request, "areas/imports.html", {"rows": [_row(run) for run in found]})


@staff(rules.CHANGE)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Send a file. A small one is checked at once, a longer one by a worker."""
    who = viewer(request)
    if who.area.level != 1:
        raise access.NotYourTask
    form = Upload(request.POST or None, request.FILES or None, initial={"kind": request.GET.get("kind", "areas")})
    if form.is_valid():
        with refused_into(form):
            run = _received(form.cleaned_data, who)
            return redirect("import", run.pk)
    return render(request, "areas/import_new.html", {"form": form}, status=422 if form.is_bound else 200)


@staff(rules.CHANGE)
@require_GET
def one(request: HttpRequest, import_id: UUID) -> HttpResponse:
    """One file: how far it is, what it would do or did, what is wrong with it."""
    return render(request, "areas/import.html", _told(runs.get(import_id, viewer=viewer(request))))


@staff(rules.CHANGE)
@require_POST
def load(request: HttpRequest, import_id: UUID) -> HttpResponse:
    """Load what was checked."""
    run = runs.begin(import_id=import_id, by=viewer(request), at=timezone.now())
    if run.size <= runs.AT_ONCE:
        runs.carry_out(import_id=run.pk, at=timezone.now())
    else:
        tasks.load_import.defer(import_id=str(run.pk))
    return redirect("import", run.pk)


@staff(rules.CHANGE)
@require_POST
def cancel(request: HttpRequest, import_id: UUID) -> HttpResponse:
    """Give a file up, also while it is being loaded."""
    runs.cancel(import_id=import_id, by=viewer(request), at=timezone.now())
    return redirect("import", import_id)


@staff(rules.CHANGE)
@require_GET
def errors(request: HttpRequest, import_id: UUID) -> HttpResponseBase:
    """The refused rows as CSV."""
    run = runs.get(import_id, viewer=viewer(request))
    answer = HttpResponse(tables.error_file(runs.problems(run)), content_type=CSV)
    return named(answer, f"errors-{run.created_at:%Y%m%d-%H%M}.csv")


def _received(given: dict[str, Any], who: Any) -> Import:
    file = given["file"]
    if file.size > Limits().size:
        raise tables.FileTooLarge(field="file", limit=f"{Limits().size // 2**20} MB")
    at = timezone.now()
    run = runs.receive(
        district=who.district, kind=given["kind"], file_name=file.name, data=file.read(), by=who, at=at,
        datum=given["datum"], since=given["since"], skip_foreign=given["skip_foreign"],
    )  # fmt: skip
    if run.size <= runs.AT_ONCE:
        return runs.look(import_id=run.pk, at=at)
    tasks.check_import.defer(import_id=str(run.pk))
    return run


def _row(run: Import) -> dict[str, Any]:
    return {"run": run, "state": run.get_state_display(), "badge": STATES[ImportState(run.state)]}


def _told(run: Import) -> dict[str, Any]:
    items = [_item(*item) for item in run.preview.get("items", [])]
    problems = runs.problems(run)
    counts = run.counts
    figures = [
        {"label": label, "value": counts[key]}
        for key, label in [*Action.choices, ("refused", _("Not usable"))]
        if key in counts
    ]
    changes = bool(counts.get("new", 0) + counts.get("changed", 0))
    return {
        **_row(run),
        "datum": DATUMS[Datum(run.options.get("datum", Datum.WGS84))],
        "figures": figures,
        "items": items,
        "more": max(0, sum(counts.values()) - counts.get("refused", 0) - len(items)) if counts else 0,
        "problems": [{"line": p.line, "column": p.column, "what": tables.words(p)} for p in problems[:100]],
        "problem_count": len(problems),
        "message": runs.message(run),
        "running": run.state in {ImportState.RECEIVED, ImportState.LOADING},
        "loadable": run.state == ImportState.CHECKED and not problems and changes,
        "idle": run.state == ImportState.CHECKED and not problems and not changes,
    }


def _item(line: int, code: str, name: str, action: str, changes: list[list[str]]) -> dict[str, Any]:
    told = [
        {"what": FIELDS.get(what, what), "before": _word(what, before), "after": _word(what, after)}
        for what, before, after in changes
    ]
    kind = Action(action)
    return {"line": line, "code": code, "name": name, "action": kind.label, "badge": BADGES[kind], "changes": told}


def _word(what: str, value: str) -> Any:
    """A kind as people call it; any other value as it is."""
    return KINDS.get(value, value) if what == "kind" else value
