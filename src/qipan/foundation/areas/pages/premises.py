"""Premises: the list, and one of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from qipan.foundation.areas import access, operations, queries, rules
from qipan.foundation.areas.models import Area, Premises, PremisesKind
from qipan.foundation.areas.pages.common import area_of, exported, viewer
from qipan.foundation.interface.cursors import keyset
from qipan.foundation.interface.pages import staff, turned, unturned
from qipan.foundation.journal import kinds
from qipan.foundation.journal import queries as past
from qipan.foundation.journal.forms import attempt, pressed
from qipan.foundation.refusals import NotFound

SIZE = 60
SORTS = {
    "name": ("pinyin", "id"), "-name": ("-pinyin", "-id"), "kind": ("kind", "pinyin", "id"),
    "-kind": ("-kind", "pinyin", "id"), "since": ("active_from", "id"), "-since": ("-active_from", "-id"),
}  # fmt: skip


@staff(rules.SEE)
@require_GET
def listed(request: HttpRequest) -> HttpResponse:
    """The premises of an area, perhaps of one kind, with a text in name or code."""
    who, here = viewer(request), area_of(request)
    kind = request.GET.get("kind", "")
    rows = queries.premises(
        viewer=who, text=request.GET.get("text", ""), kind=kind if kind in PremisesKind.values else "", area=here
    )
    order = SORTS.get(request.GET.get("sort", "kind"), SORTS["kind"])
    if form := request.GET.get("export", ""):
        return exported(form, name="premises", header=_header(), rows=_exported(rows.order_by(*order)))  # type: ignore[no-any-return]
    page = keyset(rows, order=order, after=turned(request), limit=SIZE)
    names = queries.area_names(number for row in page.items for number in row.areas()[1:])
    context = {
        "here": here,
        "rows": [{"premises": row, "place": _place(row, names)} for row in page.items],
        "page": page,
        "kinds": PremisesKind.choices,
        "areas": _areas(who.area),
        "exporting": unturned(request),
        "filtered": bool(request.GET.get("text") or kind or request.GET.get("area")),
        "may_change": who.may(rules.CHANGE),
    }
    return render(request, "areas/premises_list.html", context)


@staff(rules.SEE)
@require_GET
def one(request: HttpRequest, premises_id: UUID) -> HttpResponse:
    """One of the premises: where it stands, since when, what happened to it."""
    who = viewer(request)
    row = _one(request, premises_id)
    lineage = sorted(Area.objects.filter(pk__in=row.areas()), key=lambda area: area.level)
    context = {
        "premises": row,
        "may_change": who.may(rules.CHANGE) and row.active_to is None,
        "lineage": [{"area": area, "open": who.area_id in area.path} for area in lineage],
        "entries": [
            {"title": kinds.text(entry.kind), "at": entry.at, "who": entry.by_text, "reason": entry.reason}
            for entry in reversed(past.history("areas.premises", row.pk, privacy=0))
        ],
    }
    return render(request, "areas/premises.html", context)


class Change(forms.Form):
    """What an administrator may correct. The place is a code as in the list of areas: a cell's or a village's."""

    name = forms.CharField(label=gettext_lazy("Its name"), max_length=200)
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=PremisesKind.choices)
    code = forms.CharField(label=gettext_lazy("Code"), max_length=40, required=False)
    area = forms.CharField(
        label=gettext_lazy("Code of its cell or village"), max_length=40,
        help_text=gettext_lazy("As in the list of areas."),
    )  # fmt: skip
    longitude = forms.FloatField(label=gettext_lazy("Longitude"), required=False, min_value=-180, max_value=180)
    latitude = forms.FloatField(label=gettext_lazy("Latitude"), required=False, min_value=-90, max_value=90)

    def __init__(self, *args: Any, by: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        self.by = by

    def clean_area(self) -> Area:
        found = queries.search(viewer=self.by, text=self.cleaned_data["area"].strip()).filter(level__gte=3)
        codes = queries.codes([area.pk for area in found])
        exact = [area for area in found if codes.get(area.pk) == self.cleaned_data["area"].strip()]
        if len(exact) != 1:
            raise forms.ValidationError(_("There is no cell or village with this code."))
        return exact[0]

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if (given.get("longitude") is None) != (given.get("latitude") is None):
            self.add_error("latitude", _("Give both longitude and latitude, or neither."))
        return given


@staff(rules.CHANGE)
@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, premises_id: UUID) -> HttpResponse:
    """Correct premises: what they are called, what they are, where they lie."""
    who, row = viewer(request), _one(request, premises_id)
    place = row.areas()[-1]
    initial = {
        "name": row.name, "kind": row.kind, "code": row.code, "area": queries.codes([place]).get(place, ""),
        "longitude": row.longitude, "latitude": row.latitude,
    }  # fmt: skip
    form = Change(request.POST or None, initial=initial, by=who)

    def work(at: datetime) -> None:
        operations.change_premises(premises_id=row.pk, by=who, at=at, **form.cleaned_data)

    if attempt(request, form, f"premises.change {row.pk}", work):
        messages.success(request, _("Saved."))
        return redirect("premises", row.pk)
    context = {"premises": row, "form": form}
    return render(request, "areas/premises_change.html", context, status=422 if form.is_bound else 200)


@staff(rules.CHANGE)
@require_POST
def close(request: HttpRequest, premises_id: UUID) -> HttpResponse:
    """Premises that are no longer, from today on."""
    who, row, reason = viewer(request), _one(request, premises_id), request.POST.get("reason", "").strip()[:200]

    def work(at: datetime) -> None:
        operations.close_premises(premises_id=row.pk, by=who, at=at, reason=reason)

    pressed(request, f"premises.close {row.pk}", work, said=_("The premises are closed now."))
    return redirect("premises", row.pk)


def _one(request: HttpRequest, premises_id: UUID) -> Premises:
    """Premises that the viewer sees. Raises NotFound."""
    row = access.visible_located(Premises, viewer=viewer(request)).filter(pk=premises_id).first()
    if row is None:
        raise NotFound
    return row


def _areas(own: Area) -> list[Area]:
    """What the filter offers: the areas directly below the viewer's."""
    return list(Area.objects.filter(access.children(own), valid_to=None).order_by("pinyin", "pk"))


def _place(row: Premises, names: dict[int, str]) -> str:
    return " · ".join(names[number] for number in row.areas()[1:3] if number in names)


def _header() -> list[str]:
    return [
        _("Code"), _("Its name"), _("Kind"), _("Township or subdistrict"), _("Village or community"), _("Grid cell"),
        _("Longitude"), _("Latitude"), _("Active from"),
    ]  # fmt: skip


def _exported(rows: Any) -> Any:
    found = list(rows)
    names = queries.area_names(number for row in found for number in row.areas())
    for row in found:
        yield (
            row.code, row.name, row.get_kind_display(), names.get(row.township_id or 0, ""),
            names.get(row.village_id or 0, ""), names.get(row.cell_id or 0, ""), row.longitude, row.latitude,
            row.active_from,
        )  # fmt: skip
