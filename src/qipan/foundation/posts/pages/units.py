"""Units as a tree; one unit with its posts and volunteers."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from qipan.foundation.interface.pages import staff
from qipan.foundation.journal.forms import attempt, once
from qipan.foundation.posts import access, forms, operations, queries
from qipan.foundation.posts.middleware import Acting
from qipan.foundation.posts.models import Unit, Volunteer
from qipan.foundation.posts.rules import SEE, UnitKind
from qipan.foundation.vault import queries as vault


@staff(SEE)
def listed(request: Acting) -> HttpResponse:
    at = timezone.now()
    wanted = request.GET.get("kind", "")
    found = queries.units(viewer=request.post, at=at, kinds=[wanted] if wanted in UnitKind.values else [])
    if text := request.GET.get("q", "").strip():
        found = [unit for unit in found if text in unit.name or text in unit.code or text in unit.area.name]
    numbers = queries.unit_numbers(viewer=request.post, at=at)
    rows = [{"unit": unit, "depth": depth, **numbers.get(unit.pk, {})} for unit, depth in _tree(found)]
    return render(
        request,
        "posts/units.html",
        {"rows": rows, "kinds": UnitKind.choices, "may_administer": request.post.may("posts.administer")},
    )


def _tree(units: list[Unit]) -> list[tuple[Unit, int]]:
    """Each unit below the one it belongs to, in the order given, with its depth."""
    below: dict[int | None, list[Unit]] = {}
    there = {unit.pk for unit in units}
    for unit in units:
        below.setdefault(unit.parent_id if unit.parent_id in there else None, []).append(unit)
    ordered: list[tuple[Unit, int]] = []
    waiting = [(unit, 0) for unit in reversed(below.get(None, []))]
    while waiting:
        unit, depth = waiting.pop()
        ordered.append((unit, depth))
        waiting += [(child, depth + 1) for child in reversed(below.get(unit.pk, []))]
    return ordered


@staff("posts.administer")
def add(request: Acting) -> HttpResponse:
    form = forms.NewUnit(request.POST if request.method == "POST" else None, viewer=request.post)

    def work(at: datetime) -> Unit:
        given = {**form.cleaned_data, "area": form.chosen_area()}
        return operations.create_unit(**given, by=request.post, at=at)

    if made := attempt(request, form, "posts.unit", work):
        messages.success(request, _("Saved."))
        return redirect("units_one", unit_id=made["id"])
    return render(request, "posts/unit_new.html", {"form": form}, status=422 if form.is_bound else 200)


@staff(SEE)
def one(request: Acting, unit_id: int) -> HttpResponse:
    return _one(request, unit_id)


def _one(request: Acting, unit_id: int, status: int = 200, **more: Any) -> HttpResponse:
    unit = access.unit(unit_id, viewer=request.post)
    viewer, at = request.post, timezone.now()
    covers = viewer.covers(unit.area.path)
    helpers = covers and viewer.may("posts.volunteers")
    volunteers = [one for one in queries.volunteers(viewer=viewer) if one.unit_id == unit.pk] if helpers else []
    masked = vault.masked([one.name_card_id for one in volunteers])
    initial = {name: getattr(unit, name) for name in ("name", "short_name", "kind", "code", "parent", "contact_text")}
    context = {
        "unit": unit,
        "posts": access.visible_posts(viewer=viewer).filter(unit=unit).held(at).with_names().order_by("-head", "role"),
        "children": Unit.objects.filter(parent=unit, valid_to=None).order_by("name"),
        "volunteers": [(one, masked.get(one.name_card_id, {})) for one in volunteers],
        "helpers": helpers,
        "administers": covers and viewer.may("posts.administer"),
        "form": forms.UnitFields(viewer=viewer, initial=initial),
        "reason": forms.Reason(),
        "volunteer": forms.NewVolunteer(prefix="volunteer"),
        **more,
    }
    return render(request, "posts/unit.html", context, status=status)


@staff(SEE)
@require_POST
def act(request: Acting, unit_id: int, what: str) -> HttpResponse:
    """Change or close a unit, add a volunteer."""
    if what not in {"change", "close", "volunteer"}:
        raise Http404
    by = request.post
    form: Any
    if what == "change":
        name, form = "form", forms.UnitFields(request.POST, viewer=by)
    elif what == "close":
        name, form = "reason", forms.Reason(request.POST)
    else:
        name, form = "volunteer", forms.NewVolunteer(request.POST, prefix="volunteer")

    def work(at: datetime) -> Unit | Volunteer:
        given = form.cleaned_data
        if what == "change":
            return operations.change_unit(unit_id=unit_id, **given, by=by, at=at)
        if what == "close":
            return operations.close_unit(unit_id=unit_id, reason=given["reason"], by=by, at=at)
        return operations.add_volunteer(
            unit_id=unit_id, name=given["name"], phone=given["phone"], skills=form.skill_list(), by=by, at=at
        )

    if not attempt(request, form, f"posts.unit_{what}:{unit_id}", work):
        return _one(request, unit_id, 422, **{name: form})
    messages.success(request, _("Saved."))
    return redirect("units_list") if what == "close" else redirect("units_one", unit_id=unit_id)


@staff("posts.volunteers")
@require_POST
def end_volunteer(request: Acting, volunteer_id: UUID) -> HttpResponse:
    def work(at: datetime) -> dict[str, Any]:
        ended = operations.end_volunteer(volunteer_id=volunteer_id, by=request.post, at=at)
        return {"unit": ended.unit_id}

    unit = once(request, f"posts.end_volunteer:{volunteer_id}", work)["unit"]
    messages.success(request, _("The volunteer's name and telephone are erased."))
    return redirect("units_one", unit_id=unit)
