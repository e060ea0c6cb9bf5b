"""The district's routing rules: read by township, looked at before one is set."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from qipan.foundation.areas import access as areas
from qipan.foundation.areas.models import Area, Level
from qipan.foundation.areas.rules import day_of
from qipan.foundation.interface.forms import put
from qipan.foundation.interface.pages import staff
from qipan.foundation.journal.forms import once
from qipan.foundation.posts.middleware import viewer
from qipan.foundation.posts.models import Post, Unit
from qipan.foundation.refusals import NotFound, Refusal
from qipan.incidents import operations, routing
from qipan.incidents.models import Rule
from qipan.incidents.operations import configure
from qipan.incidents.pages.forms import category_choices, unit_choices
from qipan.incidents.pages.places import area_choices
from qipan.incidents.queries.preview import preview
from qipan.incidents.rules.classes import CLASSES, Klass

MOST_UNFOLDED = 12  # rules that the page shows unfolded, all or the district's own


class RuleForm(forms.Form):
    """Where incidents of an area go."""

    area = forms.ChoiceField(label=_("Area"))
    what = forms.ChoiceField(label=_("Class or category"), required=False)
    unit = forms.ChoiceField(label=_("Goes to"))

    def __init__(self, *args: Any, post: Post, at: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.post = post
        own = post.area
        townships = Area.objects.filter(parent=own, valid_to=None).order_by("pinyin", "pk")
        fields: dict[str, Any] = self.fields
        fields["area"].choices = [
            (str(own.pk), own.name),
            *([(gettext("Townships and subdistricts"), [(str(one.pk), one.name) for one in townships])]
              if own.level == Level.DISTRICT else []),
            *area_choices(post.district, inside=own, at=at),
        ]  # fmt: skip
        classes = [(f"class:{klass.value}", CLASSES[klass].name) for klass in Klass]
        fields["what"].choices = [
            ("", gettext("everything")), (gettext("Classes"), classes),
            *(
                (label, [(f"category:{key}", name) for key, name in rows])
                for label, rows in category_choices(post.district_id)
            ),
        ]  # fmt: skip
        fields["unit"].choices = [("", gettext("— choose —")), *unit_choices(post, at, inside=True)]

    def rule(self) -> dict[str, Any]:
        """What `set_rule` takes. Raises NotFound for what is of another district."""
        data = self.cleaned_data
        area = areas.visible(viewer=self.post).filter(pk=data["area"]).first()
        unit = Unit.objects.filter(pk=data["unit"], district=self.post.district_id).select_related("area").first()
        if area is None or unit is None:
            raise NotFound
        kind, _sep, name = data["what"].partition(":")
        return {
            "area": area, "unit": unit, "klass": name if kind == "class" else "",
            "category_key": name if kind == "category" else "",
        }  # fmt: skip


@staff("incidents.view")
@require_http_methods(["GET", "POST"])
def rules(request: HttpRequest) -> HttpResponse:
    """Routing rules in force; a new one is looked at before it is set."""
    post, now = viewer(request), timezone.now()
    may = configure.may_route(post)
    form = RuleForm(request.POST or None, post=post, at=now) if may else None
    seen, status = None, 200
    if request.method == "POST" and form is not None:
        if not form.is_valid():
            status = 422
        else:
            try:
                if request.POST.get("really"):
                    once(request, "incidents.rule", lambda at: _set(form, post, at))
                    messages.success(request, gettext("The rule holds from today on."))
                    return redirect("incident_rules")
                seen = preview(viewer=post, now=now, **form.rule())
            except Refusal as refusal:
                if refusal.status in {403, 404}:
                    raise
                put(form, refusal)
                status = refusal.status
    elif request.method == "POST":
        return redirect("incident_rules")
    text = request.GET.get("text", "").strip()[:40]
    context = {
        "groups": _rule_groups(post, now, text=text), "text": text, "form": form, "seen": seen, "may_configure": may,
    }  # fmt: skip
    return render(request, "incidents/rules.html", context, status=status)


def _rule_groups(post: Post, now: datetime, *, text: str) -> list[dict[str, Any]]:
    """The rules in force by township, those of the whole district first; folded where they would fill screens."""
    names = {key: name for _label, rows in category_choices(post.district_id) for key, name in rows}
    found = routing.rules_in_force(district_id=post.district_id, on=day_of(now))
    if text:
        found = found.filter(
            Q(area__name__icontains=text) | Q(area__township__name__icontains=text) | Q(unit__name__icontains=text)
        )
    order = ("area__township__pinyin", "area__level", "area__pinyin", "klass", "category_key")
    groups: dict[int, dict[str, Any]] = {}
    own = set(configure.routable(viewer=post).values_list("pk", flat=True))
    for one in found.select_related("area__township", "unit").order_by(*order):
        place = one.area.township or one.area
        what = names.get(one.category_key, one.category_key) or (CLASSES[Klass(one.klass)].name if one.klass else "")
        row = {"rule": one, "what": what, "own": one.pk in own}
        groups.setdefault(place.pk, {"area": place, "rows": []})["rows"].append(row)
    few = sum(len(group["rows"]) for group in groups.values()) <= MOST_UNFOLDED
    shown = sorted(groups.values(), key=lambda group: group["area"].level)
    return [
        {**group, "open": few or (group["area"].level == Level.DISTRICT and len(group["rows"]) <= MOST_UNFOLDED)}
        for group in shown
    ]


def _set(form: RuleForm, post: Post, at: datetime) -> dict[str, Any]:
    return {"id": str(operations.set_rule(by=post, at=at, **form.rule()).pk)}


@staff("incidents.route")
@require_POST
def end_rule(request: HttpRequest, rule_id: UUID) -> HttpResponse:
    """A routing rule ends today."""
    post = viewer(request)
    one = Rule.objects.filter(pk=rule_id, district=post.district_id).first()
    if one is None:
        raise NotFound
    once(
        request,
        f"incidents.end-rule {one.pk}",
        lambda at: {"id": str(operations.end_rule(rule=one, by=post, at=at).pk)},
    )
    messages.success(request, gettext("The rule ends today."))
    return redirect(reverse("incident_rules"))
