"""Premises: the list, and one of them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from qipan.foundation.areas import access, queries, rules
from qipan.foundation.areas.models import Area, Premises, PremisesKind
from qipan.foundation.areas.pages.common import area_of, exported, viewer
from qipan.foundation.interface.cursors import keyset
from qipan.foundation.interface.pages import staff, without
from qipan.foundation.journal import kinds
from qipan.foundation.journal import queries as past
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
    page = keyset(rows, order=order, after=request.GET.get("after", ""), limit=SIZE)
    names = queries.area_names(number for row in page.items for number in row.areas()[1:])
    context = {
        "here": here,
        "rows": [{"premises": row, "place": _place(row, names)} for row in page.items],
        "page": {"next": page.next},
        "kinds": PremisesKind.choices,
        "areas": _areas(who.area),
        "exporting": without(request, "after"),
        "filtered": bool(request.GET.get("text") or kind or request.GET.get("area")),
        "may_change": who.may(rules.CHANGE),
    }
    return render(request, "areas/premises_list.html", context)


@staff(rules.SEE)
@require_GET
def one(request: HttpRequest, premises_id: UUID) -> HttpResponse:
    """One of the premises: where it stands, since when, what happened to it."""
    who = viewer(request)
    row = access.visible_located(Premises, viewer=who).filter(pk=premises_id).first()
    if row is None:
        raise NotFound
    lineage = sorted(Area.objects.filter(pk__in=row.areas()), key=lambda area: area.level)
    context = {
        "premises": row,
        "lineage": [{"area": area, "open": who.area_id in area.path} for area in lineage],
        "entries": [
            {"title": kinds.text(entry.kind), "at": entry.at, "who": entry.by_text, "reason": entry.reason}
            for entry in reversed(past.history("areas.premises", row.pk, privacy=0))
        ],
    }
    return render(request, "areas/premises.html", context)


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
