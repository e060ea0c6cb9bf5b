"""The district's own rules of incidents: categories with their limits."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods

from qipan.foundation.areas.models import Level
from qipan.foundation.duties import clocks
from qipan.foundation.interface.forms import put
from qipan.foundation.interface.pages import staff
from qipan.foundation.journal.forms import once
from qipan.foundation.posts.middleware import viewer
from qipan.foundation.posts.models import Post
from qipan.foundation.refusals import NotFound, Refusal
from qipan.incidents import operations
from qipan.incidents.models import Category
from qipan.incidents.operations import configure
from qipan.incidents.operations.conceal import open_of
from qipan.incidents.rules.classes import CLASSES, LEG_NAMES, ClassRule, Klass, Leg, check_limits, limit_for
from qipan.kernels import clock

CONFIGURE = "incidents.configure"
# A clock with a unit of its own, as people write limits: (clock, minutes or days to one).
UNITS: dict[str, tuple[str, int, Any]] = {
    "minutes": ("natural", 1, _("minutes")),
    "hours": ("natural", 60, _("hours")),
    "days": ("natural_days", 1, _("natural days")),
    "working-minutes": ("working_hours", 1, _("working minutes")),
    "working-hours": ("working_hours", 60, _("working hours")),
    "working-days": ("working_days", 1, _("working days")),
}


def text_of(limit: dict[str, Any] | None) -> str:
    """A limit in words."""
    if not limit:
        return ""
    value = clocks.load_one({"clock": limit["clock"], "amount": limit["amount"]})
    return clock.text.limit(value, language=get_language() or "zh-hans")


def floors(klass: Klass) -> list[tuple[Any, str]]:
    """The longest limits that the law allows a class, in words."""
    return [(LEG_NAMES[Leg(leg)], text_of(limit)) for leg, limit in CLASSES[klass].floors.items()]


@staff("incidents.view")
@require_GET
def categories(request: HttpRequest) -> HttpResponse:
    """Every category with the limits that hold for it today."""
    post = viewer(request)
    rows = Category.objects.filter(district=post.district_id, valid_to=None).order_by("order", "key")
    groups = []
    for klass in Klass:
        own = [row for row in rows if row.klass == klass]
        rule = CLASSES[klass]
        if own:
            groups.append(
                {
                    "name": rule.name,
                    "rule": rule,
                    "klass": klass.value,
                    "floors": floors(klass),
                    "rows": [_category_row(row) for row in own],
                }
            )
    context = {"groups": groups, "legs": [LEG_NAMES[leg] for leg in Leg], "may_configure": post.may(CONFIGURE)}
    return render(request, "incidents/categories_list.html", context)


def _category_row(row: Category) -> dict[str, Any]:
    klass = Klass(row.klass)

    def limits(leg: Leg, *, urgent: bool) -> str:
        if leg is Leg.HANDLE and not urgent:
            if row.stages:
                return " → ".join(f"{stage.get('name', '')} {text_of(stage)}".strip() for stage in row.stages)
            if CLASSES[klass].levels and leg not in row.limits:
                return " → ".join(
                    text_of(CLASSES[klass].levels[level]) for level in sorted(CLASSES[klass].levels, reverse=True)
                )
        return text_of(limit_for(klass=klass, leg=leg, own=row.limits, urgent=urgent, level=Level.TOWNSHIP))

    cells = []
    for leg in Leg:
        differs = leg in CLASSES[klass].urgent or f"urgent_{leg}" in row.limits
        plain, urgent = limits(leg, urgent=False), limits(leg, urgent=True) if differs else ""
        cells.append({"name": LEG_NAMES[leg], "plain": plain, "urgent": urgent if urgent != plain else ""})
    return {"one": row, "cells": cells}


class LimitWidget(forms.MultiWidget):
    """An amount and what it counts."""

    template_name = "incidents/limit_widget.html"

    def __init__(self, label: str) -> None:
        choices = [("", "—"), *((key, label) for key, (_clock, _one, label) in UNITS.items())]
        amount = {"min": 1, "inputmode": "numeric", "aria-label": f"{label}: {gettext('amount')}"}
        unit = {"aria-label": f"{label}: {gettext('what it counts')}"}
        super().__init__([forms.NumberInput(attrs=amount), forms.Select(attrs=unit, choices=choices)])

    def decompress(self, value: dict[str, Any] | None) -> list[Any]:
        if not value:
            return [None, ""]
        best = ("", 0)
        for key, (name, one, _label) in UNITS.items():
            if name == value["clock"] and value["amount"] % one == 0 and one > best[1]:
                best = (key, one)
        return [value["amount"] // max(best[1], 1), best[0]]


class LimitField(forms.MultiValueField):
    """A limit, or nothing: then the class's own holds."""

    def __init__(self, **kwargs: Any) -> None:
        choices = [("", ""), *((key, key) for key in UNITS)]
        fields = (forms.IntegerField(min_value=1, max_value=5_000_000), forms.ChoiceField(choices=choices))
        super().__init__(
            fields, widget=LimitWidget(kwargs["label"]), required=False, require_all_fields=False, **kwargs
        )

    def compress(self, values: list[Any]) -> dict[str, Any] | None:
        amount, unit = (*values, None, "")[:2] if values else (None, "")
        if not amount and not unit:
            return None
        if not amount or not unit:
            raise forms.ValidationError(_("Give an amount and what it counts, or neither."))
        name, one, _label = UNITS[unit]
        return {"clock": name, "amount": amount * one}


class CategoryForm(forms.Form):
    """What a district may change of a category. Limits left empty follow the class."""

    name = forms.CharField(label=_("Chinese name"), max_length=60)
    name_en = forms.CharField(label=_("English name"), max_length=80)
    urgent_default = forms.BooleanField(label=_("Urgent unless somebody says otherwise"), required=False)
    public = forms.BooleanField(label=_("Residents may choose it"), required=False)
    private = forms.BooleanField(label=_("Private: words and photos are encrypted"), required=False)
    hidden_from_village = forms.BooleanField(label=_("Hidden from village and cell"), required=False)
    never_mediated = forms.BooleanField(
        label=_("Never mediated: it goes where the victim chooses, or to the police"), required=False
    )
    order = forms.IntegerField(label=_("Place in lists"), min_value=0, max_value=9999, required=False)
    photo_reason = forms.CharField(
        label=_("Why an answer needs a photo"),
        max_length=200,
        required=False,
        help_text=_("Empty: no photo is needed."),
    )
    on_lists = forms.TypedMultipleChoiceField(
        label=_("On the list of duties of"), coerce=int, required=False, widget=forms.CheckboxSelectMultiple,
        choices=[(level.value, level.label) for level in Level if level != Level.DISTRICT],
        help_text=_("It is sent to these levels only; to a district department always."),
    )  # fmt: skip

    def __init__(self, data: Any = None, *, category: Category) -> None:
        self.category = category
        rule = CLASSES[Klass(category.klass)]
        initial = {name: getattr(category, name) for name in self.base_fields}
        for key in LIMIT_KEYS:
            initial[key] = category.limits.get(key)
        super().__init__(data, initial=initial)
        for key in LIMIT_KEYS:
            self.fields[key] = LimitField(label=_limit_label(key), help_text=_limit_help(rule, key, category))
        for number in range(STAGES):
            stage = category.stages[number] if number < len(category.stages) else {}
            label = gettext("Stage %(n)s") % {"n": number + 1}
            self.fields[f"stage{number}_name"] = forms.CharField(label=label, max_length=40, required=False)
            self.fields[f"stage{number}"] = LimitField(label=label)
            self.initial[f"stage{number}_name"], self.initial[f"stage{number}"] = stage.get("name", ""), stage or None
        if rule.private:
            del self.fields["private"]
        if category.klass == Klass.DISPUTE:
            del self.fields["never_mediated"]
        if category._state.adding:
            self.fields["key"] = forms.CharField(
                label=_("Key of the category"),
                max_length=40,
                help_text=_("Small letters, digits and dashes; it stays for ever."),
            )

    def limits(self) -> list[forms.BoundField]:
        return [self[key] for key in LIMIT_KEYS]

    def stage_rows(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        return [(self[f"stage{number}_name"], self[f"stage{number}"]) for number in range(STAGES)]

    def clean(self) -> dict[str, Any]:
        """A stage has a name and a limit, or neither."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        for number in range(STAGES):
            if bool(data.get(f"stage{number}_name", "").strip()) != bool(data.get(f"stage{number}")):
                self.add_error(f"stage{number}_name", gettext("A stage needs a name and a limit."))
        return data

    def stages(self) -> list[dict[str, Any]]:
        data = self.cleaned_data
        rows = [(data[f"stage{number}_name"].strip(), data[f"stage{number}"]) for number in range(STAGES)]
        return [{"name": name, **limit} for name, limit in rows if name and limit]

    def changes(self) -> dict[str, Any]:
        """Only what differs from the category as it is."""
        data = self.cleaned_data
        found: dict[str, Any] = {key: data[key] for key in self.base_fields if data.get(key) is not None}
        found["limits"] = {key: data[key] for key in LIMIT_KEYS if data.get(key)}
        found["stages"] = self.stages()
        return {key: value for key, value in found.items() if value != getattr(self.category, key)}


STAGES = 4
LIMIT_KEYS = tuple(f"{prefix}{leg.value}" for prefix in ("", "urgent_") for leg in Leg)


def _limit_label(key: str) -> str:
    name = LEG_NAMES[Leg(key.removeprefix("urgent_"))]
    return gettext("%(leg)s, urgent") % {"leg": name} if key.startswith("urgent_") else str(name)


def _limit_help(rule: ClassRule, key: str, category: Category) -> str:
    leg = Leg(key.removeprefix("urgent_"))
    without = {name: value for name, value in category.limits.items() if name != key}
    default = limit_for(
        klass=Klass(category.klass), leg=leg, own=without, urgent=key.startswith("urgent_"), level=Level.TOWNSHIP
    )
    parts = [gettext("Empty: %(limit)s.") % {"limit": text_of(default)}]
    if leg in rule.floors:
        parts.append(
            gettext("The law allows at most %(limit)s (%(law)s); working time is refused here.")
            % {"limit": text_of(rule.floors[leg]), "law": rule.law}
        )
    return " ".join(parts)


@staff("incidents.view")
@require_http_methods(["GET", "POST"])
def category(request: HttpRequest, category_id: UUID) -> HttpResponse:
    """One category; its change holds from today on and touches no file that is closed."""
    post = viewer(request)
    one = Category.objects.filter(pk=category_id, district=post.district_id).first()
    if one is None:
        raise NotFound
    versions = Category.objects.filter(district=post.district_id, key=one.key).order_by("-valid_from", "-valid_to")
    context = {
        "category": one, "rule": CLASSES[Klass(one.klass)], "versions": versions, "row": _category_row(one),
        "may_configure": post.may(CONFIGURE) and one.valid_to is None,
        "floors": floors(Klass(one.klass)),
        "stages": [(stage.get("name", ""), text_of(stage)) for stage in one.stages],
    }  # fmt: skip
    if request.method == "GET":
        return render(request, "incidents/category.html", {**context, "form": CategoryForm(category=one)})
    form = CategoryForm(request.POST, category=one)
    status = 422
    if form.is_valid():
        try:
            check_limits(Klass(one.klass), form.changes().get("limits", one.limits))
            if not request.POST.get("really") and (conceals := _conceals(one, form)):
                return render(request, "incidents/category.html", {**context, "form": form, "conceals": conceals})
            answer = once(request, f"incidents.category {one.key}", lambda at: _change(one, form, post, at))
        except Refusal as refusal:
            if refusal.status in {403, 404}:
                raise
            put(form, refusal)
            status = refusal.status
        else:
            messages.success(request, gettext("The category has been changed from today on."))
            return redirect("incident_category", category_id=answer["id"])
    return render(request, "incidents/category.html", {**context, "form": form}, status=status)


def _conceals(one: Category, form: CategoryForm) -> int:
    """How many open incidents would become private or hidden with the category."""
    raised = configure.raises(one, form.changes())
    return open_of(one, **raised).count() if any(raised.values()) else 0


def _change(one: Category, form: CategoryForm, post: Post, at: datetime) -> dict[str, Any]:
    changed = operations.change_category(category=one, changes=form.changes(), by=post, at=at)
    return {"id": str(changed.pk)}
