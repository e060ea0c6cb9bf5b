"""The tree of areas, and one area with all that is known of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from qipan.foundation.areas import access, operations, pictures, queries, rules
from qipan.foundation.areas.models import Area, Code, Jurisdiction, Level, Premises, PremisesKind
from qipan.foundation.areas.pages.common import area_of, exported, viewer
from qipan.foundation.interface.cursors import keyset
from qipan.foundation.interface.pages import staff, turned, unturned
from qipan.foundation.journal import kinds
from qipan.foundation.journal import queries as past
from qipan.foundation.journal.forms import attempt, pressed
from qipan.kernels.geodesy import shapes

SIZE = 60
SORTS = {
    "name": ("pinyin", "id"),
    "-name": ("-pinyin", "-id"),
    "since": ("valid_from", "id"),
    "-since": ("-valid_from", "-id"),
}


@staff(rules.SEE)
@require_GET
def listed(request: HttpRequest) -> HttpResponse:
    """What lies directly in an area, or, with a search or a level, everywhere inside it."""
    here = area_of(request)
    text = request.GET.get("text", "").strip()
    level = request.GET.get("level", "")
    deep = bool(text or level)
    rows = queries.search(
        viewer=viewer(request), text=text, level=int(level) if level in {"1", "2", "3", "4"} else None
    )
    rows = rows.filter(access.below(here) if deep else access.children(here))
    sort = request.GET.get("sort", "name")
    order = SORTS.get(sort, SORTS["name"])
    if form := request.GET.get("export", ""):
        return exported(form, name="areas", header=_header(), rows=_exported(rows.order_by("level", *order)))  # type: ignore[no-any-return]
    page = keyset(rows, order=("level", *order) if deep else order, after=turned(request), limit=SIZE)
    numbers = [area.pk for area in page.items]
    codes, below = queries.codes(numbers), queries.contents(page.items)
    parents = queries.area_names(area.parent_id for area in page.items if area.parent_id) if deep else {}
    context = {
        "here": here,
        "crumbs": crumbs(here, viewer(request)),
        "rows": [
            {
                "area": area,
                "code": codes.get(area.pk, ""),
                "parent": parents.get(area.parent_id or 0, ""),
                **below[area.pk],
            }
            for area in page.items
        ],
        "deep": deep,
        "page": page,
        "levels": Level.choices,
        "exporting": unturned(request),
        "may_change": viewer(request).may(rules.CHANGE),
    }
    return render(request, "areas/list.html", context)


@staff(rules.SEE)
@require_GET
def one(request: HttpRequest, area_id: int) -> HttpResponse:
    """An area: its facts, its picture, what lies in it, its codes and outlines over time, what happened to it."""
    area = access.get(area_id, viewer=viewer(request))
    return render(request, "areas/area.html", _told(request, area))


@staff(rules.SEE)
@require_GET
def outline(request: HttpRequest, area_id: int) -> HttpResponse:
    """Outlines of one level inside an area as GeoJSON, for maps and pickers."""
    area = access.get(area_id, viewer=viewer(request))
    level = request.GET.get("level", str(area.level))
    if level not in {"1", "2", "3", "4"} or int(level) < area.level:
        raise access.NoSuchArea
    tag = f'"{queries.revision(area.district_id)}-{area.pk}-{level}-{rules.day_of(timezone.now())}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if request.headers.get("If-None-Match") == tag:
        return HttpResponseNotModified(headers=headers)
    return HttpResponse(queries.outline(area, level=int(level)), content_type="application/geo+json", headers=headers)


class Change(forms.Form):
    """What an administrator may correct on the page: another name, another code."""

    name = forms.CharField(label=gettext_lazy("Its name"), max_length=200)
    code = forms.CharField(label=gettext_lazy("Code"), max_length=40, required=False)
    since = forms.DateField(
        label=gettext_lazy("Valid from"), required=False,
        help_text=gettext_lazy("The day on which the code changes; today where empty."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )  # fmt: skip


@staff(rules.CHANGE)
@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, area_id: int) -> HttpResponse:
    """Rename an area or give it another code."""
    who = viewer(request)
    area = access.get(area_id, viewer=who)
    code = queries.codes([area.pk]).get(area.pk, "")
    form = Change(request.POST or None, initial={"name": area.name, "code": code})

    def work(at: datetime) -> None:
        _changed(area, code, form.cleaned_data, who, at)

    if attempt(request, form, f"areas.change {area.pk}", work):
        messages.success(request, _("Saved."))
        return redirect("area", area.pk)
    context = {
        "area": area,
        "form": form,
        "crumbs": crumbs(area, who),
        "may_move": who.area.level == Level.DISTRICT and area.level >= Level.VILLAGE and area.valid_to is None,
    }
    return render(request, "areas/change.html", context, status=422 if form.is_bound else 200)


def _changed(area: Area, code: str, given: dict[str, Any], by: Any, at: datetime) -> None:
    if given["name"].strip() != area.name:
        operations.rename(area_id=area.pk, name=given["name"], by=by, at=at)
    if given["code"].strip() and given["code"].strip() != code:
        operations.recode(area_id=area.pk, code=given["code"], since=given["since"], by=by, at=at)


@staff(rules.CHANGE)
@require_POST
def close(request: HttpRequest, area_id: int) -> HttpResponse:
    """End an area that contains no others."""
    who = viewer(request)

    def work(at: datetime) -> None:
        operations.close(area_id=area_id, by=who, at=at)

    pressed(request, f"areas.close {area_id}", work, said=_("The area is closed now."))
    return redirect("area", area_id)


def _told(request: HttpRequest, area: Area) -> dict[str, Any]:
    who = viewer(request)
    shape = queries.geometry(area)
    children = (
        list(queries.search(viewer=who).filter(access.children(area)).order_by("pinyin", "pk"))
        if area.level < 4
        else []
    )
    return {
        "area": area,
        "crumbs": crumbs(area, who),
        "code": queries.codes([area.pk]).get(area.pk, ""),
        "square_kilometres": shapes.area(shape) / 1e6 if shape is not None else None,
        "picture": pictures.picture(area),
        "visible": set(
            queries.visible(viewer=who).filter(level__in=(area.level, area.level + 1)).values_list("pk", flat=True)
        ),
        "children": children,
        "counts": queries.contents([area])[area.pk],
        "premises": _premises_by_kind(area),
        "codes": Code.objects.filter(area=area).order_by("-valid_from"),
        "outlines": queries.boundary_versions(area),
        "jurisdictions": Jurisdiction.objects.filter(area=area).select_related("parent").order_by("-valid_from"),
        "entries": _entries(area),
        "may_change": who.may(rules.CHANGE),
    }


def _premises_by_kind(area: Area) -> list[dict[str, Any]]:
    found = dict(
        Premises.objects.filter(queries.within(area), active_to=None)
        .order_by()
        .values_list("kind")
        .annotate(count=Count("pk"))
    )
    return [
        {"kind": kind, "label": label, "count": found[kind]} for kind, label in PremisesKind.choices if kind in found
    ]


def _entries(area: Area) -> list[dict[str, Any]]:
    """What happened to the area itself, newest first, for the timeline."""
    return [
        {
            "title": kinds.text(entry.kind),
            "at": entry.at,
            "who": entry.by_text,
            "reason": entry.reason,
            "changes": [{"label": _("Its name"), "before": entry.detail["old"], "after": entry.detail["new"]}]
            if {"old", "new"} <= set(entry.detail)
            else [],
        }
        for entry in reversed(past.history("areas.area", area.key, privacy=0))
    ]


def crumbs(area: Area, who: Any) -> list[dict[str, Any]]:
    """From the viewer's own area down to this one's parent; what lies above is named and no link."""
    return [{"area": each, "open": who.area_id in each.path} for each in queries.lineage(area)[:-1]]


def _header() -> list[str]:
    return [_("Code"), _("Its name"), _("Level"), _("Kind"), _("Lies in"), _("Valid from")]


def _exported(rows: Any) -> Any:
    found = list(rows.select_related("parent"))
    codes = queries.codes([area.pk for area in found])
    for area in found:
        yield (
            codes.get(area.pk, ""), area.name, area.get_level_display(), area.get_kind_display(),
            area.parent.name if area.parent else "", area.valid_from,
        )  # fmt: skip
