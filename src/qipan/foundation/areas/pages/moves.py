"""An area put under another parent: what it takes along and what stays is said before."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from qipan.foundation.areas import access, operations, queries, rules
from qipan.foundation.areas.models import Area, Level
from qipan.foundation.areas.pages.areas import crumbs
from qipan.foundation.areas.pages.common import viewer
from qipan.foundation.interface.pages import staff
from qipan.foundation.journal.forms import attempt


class Move(forms.Form):
    """Where it shall lie, and from which day on."""

    parent = forms.ChoiceField(label=gettext_lazy("Shall lie in"))
    since = forms.DateField(
        label=gettext_lazy("Valid from"), required=False, help_text=gettext_lazy("Today where empty."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )  # fmt: skip

    def __init__(self, *args: Any, area: Area, **values: Any) -> None:
        super().__init__(*args, **values)
        self.found = {str(one.pk): one for one in parents(area)}
        offered = [one for one in self.found.values() if self.is_bound or one.pk != area.parent_id]
        field: Any = self.fields["parent"]
        field.choices = [("", _("— choose —")), *_grouped(offered)]

    def clean_parent(self) -> Area:
        return self.found[self.cleaned_data["parent"]]


@staff(rules.CHANGE)
@require_http_methods(["GET", "POST"])
def move(request: HttpRequest, area_id: int) -> HttpResponse:
    """Put a village or a grid cell under another parent of the district, by who administers the whole district."""
    who = viewer(request)
    area = access.get(area_id, viewer=who)
    if who.area.level != Level.DISTRICT:
        raise access.NotYourTask
    if area.level < Level.VILLAGE or area.valid_to is not None:
        raise access.NoSuchArea
    form = Move(request.POST or None, area=area)

    def work(at: datetime) -> None:
        operations.move(
            area_id=area.pk, parent=form.cleaned_data["parent"], since=form.cleaned_data["since"], by=who, at=at
        )

    if attempt(request, form, f"areas.move {area.pk}", work):
        messages.success(request, _("It lies in %(name)s now.") % {"name": form.cleaned_data["parent"].name})
        return redirect("area", area.pk)
    context = {
        "area": area,
        "form": form,
        "crumbs": crumbs(area, who),
        "counts": queries.contents([area])[area.pk],
        "posts": area.level == Level.VILLAGE,
    }
    return render(request, "areas/move.html", context, status=422 if form.is_bound else 200)


def parents(area: Area) -> list[Area]:
    """Where an area could lie: the areas of the level above it, in its district."""
    rows = Area.objects.filter(district=area.district_id, level=area.level - 1, valid_to=None)
    return list(rows.select_related("township").order_by("township__pinyin", "pinyin", "pk"))


def _grouped(found: list[Area]) -> list[tuple[str, Any]]:
    """Villages by township; townships as they are."""
    if not found or found[0].level == Level.TOWNSHIP:
        return [(str(one.pk), one.name) for one in found]
    groups: dict[str, list[tuple[str, str]]] = {}
    for one in found:
        groups.setdefault(one.township.name if one.township else "", []).append((str(one.pk), one.name))
    return list(groups.items())
