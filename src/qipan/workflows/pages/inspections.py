"""Inspections on pages: what is owed, one visit with its checklist, plans, checklists, 三零."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from qipan.foundation.areas.access import located
from qipan.foundation.areas.models import Area, Premises, PremisesKind
from qipan.foundation.interface.cursors import keyset
from qipan.foundation.interface.forms import refused_into
from qipan.foundation.interface.pages import staff, turned
from qipan.foundation.journal.forms import once
from qipan.foundation.posts.access import inside, visible_units
from qipan.foundation.posts.middleware import viewer
from qipan.foundation.posts.models import Post
from qipan.incidents import access as incidents
from qipan.incidents.models import Category
from qipan.inspections import access, operations
from qipan.inspections.models import Checklist, Finding, Item, Visit
from qipan.inspections.operations import Found
from qipan.inspections.rules import State
from qipan.workflows import three_zeros
from qipan.workflows.inspections import finish_visit

SIZE = 50
YEAR = timedelta(days=365)
TABS = {"owed": gettext_lazy("Owed"), "done": gettext_lazy("Done"), "found": gettext_lazy("With findings")}


@staff("inspections.view")
@require_GET
def visits(request: HttpRequest) -> HttpResponse:
    """The visits one may see: owed ones by their deadline, made ones newest first."""
    tab = request.GET.get("tab", "owed")
    rows = access.visible(viewer=viewer(request)).select_related("premises", "village", "unit", "post__person")
    if tab == "owed":
        rows, order = rows.filter(state=State.OWED), ("due_at", "id")
    else:
        rows, order = rows.filter(state=State.DONE), ("-visited_at", "-id")
        if tab == "found":
            rows = rows.filter(findings_count__gt=0)
    page = keyset(rows, order=order, after=turned(request), limit=SIZE)
    context = {
        "tabs": [{"label": label, "url": f"?tab={key}", "active": key == tab} for key, label in TABS.items()],
        "visits": page.items,
        "page": page,
        "tab": tab,
        "may_plan": viewer(request).may("inspections.plan"),
    }
    return render(request, "workflows/visits.html", context)


class VisitForm(forms.Form):
    """A checklist: each line in order, or not, with what was found."""

    def __init__(self, *args: Any, visit: Visit, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lines: list[tuple[Item, forms.BoundField, forms.BoundField, forms.BoundField]] = []
        for item in visit.checklist.items.all():
            names = {part: f"{part}-{item.pk}" for part in ("state", "text", "settled")}
            self.fields[names["state"]] = forms.ChoiceField(
                label=str(item), choices=[("ok", _("In order")), ("not", _("Not in order"))], initial="ok",
                widget=forms.RadioSelect,
            )  # fmt: skip
            self.fields[names["text"]] = forms.CharField(label=_("Findings"), max_length=500, required=False)
            self.fields[names["settled"]] = forms.BooleanField(label=_("Put right at once"), required=False)
            self.lines.append((item, self[names["state"]], self[names["text"]], self[names["settled"]]))
        self.fields["note"] = forms.CharField(label=_("Note"), max_length=500, required=False)

    def found(self) -> list[Found]:
        """The lines not in order."""
        given = self.cleaned_data
        return [
            Found(item.pk, given[text.name], given[settled.name])
            for item, state, text, settled in self.lines
            if given[state.name] == "not"
        ]


@staff("inspections.view")
@require_http_methods(["GET", "POST"])
def visit(request: HttpRequest, visit_id: UUID) -> HttpResponse:
    """One visit: its checklist to fill, or what was found."""
    by = viewer(request)
    rows = access.visible(viewer=by).select_related("premises", "checklist", "village", "cell", "visited_by__person")
    found = rows.filter(pk=visit_id).first()
    if found is None:
        raise Http404
    mine = found.post_id == by.pk or (by.unit_id is not None and found.unit_id == by.unit_id)
    owed = found.state == State.OWED
    fill = owed and by.may("inspections.visit") and (mine or not (found.post_id or found.unit_id))
    form = VisitForm(request.POST or None, visit=found) if fill else None
    if request.method == "POST":
        if found.state == State.DONE and found.visited_by_id == by.pk:
            return redirect("inspection_visit", visit_id=found.pk)  # the form came twice
        if form is None:
            raise Http404
        if form.is_valid():
            with refused_into(form):
                return _hand_in(request, found, form, by)
    findings = list(found.findings.select_related("item").order_by("item__order"))
    opens = _opens(findings, by)
    context = {"visit": found, "form": form, "findings": findings, "opens": opens,
               "may_cancel": owed and by.may("inspections.plan")}  # fmt: skip
    return render(request, "workflows/visit.html", context, status=422 if request.method == "POST" else 200)


def _opens(findings: list[Finding], by: Post) -> set[Any]:
    """The incidents that the findings opened and that this post may look at."""
    ids = {row.incident_id for row in findings if row.incident_id}
    return set(incidents.visible(viewer=by).filter(pk__in=ids).values_list("pk", flat=True)) if ids else set()


def _hand_in(request: HttpRequest, found: Visit, form: VisitForm, by: Post) -> HttpResponse:
    def work(at: Any) -> dict[str, Any]:
        done = finish_visit(visit_id=found.pk, found=form.found(), note=form.cleaned_data["note"], by=by, at=at)
        return {"findings": done.findings_count}

    count = once(request, f"inspections.finish:{found.pk}", work)["findings"]
    said = ngettext("Handed in: %(count)d finding opened an incident.",
                    "Handed in: %(count)d findings opened incidents.", count)  # fmt: skip
    messages.success(request, said % {"count": count} if count else _("Handed in: everything is in order."))
    return redirect("inspection_visit", visit_id=found.pk)


@staff("inspections.plan")
@require_POST
def cancel(request: HttpRequest, visit_id: UUID) -> HttpResponse:
    """Take back a visit that is no longer needed."""
    reason = request.POST.get("reason", "")
    operations.cancel(visit_id=visit_id, reason=reason, by=viewer(request), at=timezone.now())
    return redirect("inspections")


class PlanForm(forms.Form):
    """A plan: which kind, where, how often, by whom."""

    kind = forms.ChoiceField(label=gettext_lazy("Kind of premises"), choices=PremisesKind.choices)
    area = forms.ModelChoiceField(Area.objects.none(), empty_label="—", label=gettext_lazy("Area"))
    every_days = forms.IntegerField(label=gettext_lazy("Every so many days"), min_value=1, max_value=366, initial=30)
    unit = forms.ModelChoiceField(
        Area.objects.none(),
        label=gettext_lazy("By which unit"),
        required=False,
        empty_label=gettext_lazy("The grid worker of each cell"),
    )

    def __init__(self, *args: Any, by: Post, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        areas = Area.objects.filter(inside(by, "parent") | Q(pk=by.area_id), valid_to=None, level__lte=3)
        self.fields["area"].queryset = areas.order_by("level", "pinyin")  # type: ignore[attr-defined]
        self.fields["unit"].queryset = visible_units(viewer=by)  # type: ignore[attr-defined]


@staff("inspections.plan")
@require_http_methods(["GET", "POST"])
def plans(request: HttpRequest) -> HttpResponse:
    """The plans in force, and a new one."""
    by = viewer(request)
    form = PlanForm(request.POST or None, by=by)
    if request.method == "POST" and form.is_valid():
        with refused_into(form):
            operations.set_plan(**form.cleaned_data, by=by, at=timezone.now())
            messages.success(request, _("The plan is in force."))
            return redirect("inspection_plans")
    rows = access.plans(viewer=by).filter(valid_to=None).select_related("area", "unit").order_by("kind", "area__pinyin")
    context = {"form": form, "plans": rows}
    return render(request, "workflows/plans.html", context, status=422 if request.method == "POST" else 200)


@staff("inspections.plan")
@require_POST
def end_plan(request: HttpRequest, plan_id: UUID) -> HttpResponse:
    operations.end_plan(plan_id=plan_id, by=viewer(request), at=timezone.now())
    return redirect("inspection_plans")


class ChecklistForm(forms.Form):
    """A checklist as lines of text: 中文 | English | category key."""

    name = forms.CharField(label=gettext_lazy("Name in Chinese"), max_length=60)
    name_en = forms.CharField(label=gettext_lazy("Name in English"), max_length=80)
    lines = forms.CharField(
        label=gettext_lazy("Lines"),
        help_text=gettext_lazy("One a line: Chinese | English | key of the category that a finding opens."),
        widget=forms.Textarea(attrs={"rows": 12}),
    )

    def clean_lines(self) -> list[tuple[str, str, str]]:
        found = []
        for number, text in enumerate(self.cleaned_data["lines"].splitlines(), 1):
            parts = [part.strip() for part in text.split("|")]
            if not text.strip():
                continue
            if len(parts) != 3 or not all(parts):
                raise forms.ValidationError(_("Line %(number)s needs three parts.") % {"number": number})
            found.append((parts[0][:120], parts[1][:160], parts[2][:40]))
        return found


def _written(checklist: Checklist) -> dict[str, str]:
    """A checklist as its form writes it."""
    lines = [f"{item.text} | {item.text_en} | {item.category_key}" for item in checklist.items.all()]
    return {"name": checklist.name, "name_en": checklist.name_en, "lines": "\n".join(lines)}


def _name_categories(checklist: Checklist | None) -> None:
    """Each line gets `opens`: the name of the category of incident that a finding on it opens."""
    if checklist is None:
        return
    names = {row.key: str(row) for row in Category.objects.filter(district=checklist.district_id, valid_to=None)}
    for item in checklist.items.all():
        item.opens = names.get(item.category_key, item.category_key)  # type: ignore[attr-defined]


@staff("inspections.view")
@require_http_methods(["GET", "POST"])
def checklist(request: HttpRequest, kind: str) -> HttpResponse:
    """The checklist in force of one kind of premises; administrators change it from today."""
    by = viewer(request)
    if kind not in PremisesKind.values:
        raise Http404
    rows = Checklist.objects.filter(district=by.district_id, kind=kind, valid_to=None)
    current = rows.prefetch_related("items").first()
    _name_categories(current)
    form = None
    if by.may("inspections.configure"):
        lines = (
            [f"{item.text} | {item.text_en} | {item.category_key}" for item in current.items.all()] if current else []
        )
        initial = {"name": current.name, "name_en": current.name_en, "lines": "\n".join(lines)} if current else {}
        form = ChecklistForm(request.POST or None, initial=initial)
    if request.method == "POST":
        if form is None:
            raise Http404
        if form.is_valid():
            with refused_into(form):
                operations.change_checklist(
                    district=by.district, kind=kind, by=by, at=timezone.now(), **form.cleaned_data
                )
                messages.success(request, _("The checklist holds from today; visits owed already keep the old one."))
                return redirect("inspection_checklist", kind=kind)
    context = {"checklist": current, "form": form, "kinds": PremisesKind.choices, "kind": kind}
    return render(request, "workflows/checklist.html", context, status=422 if request.method == "POST" else 200)


@staff("inspections.plan")
@require_GET
def zeros(request: HttpRequest) -> HttpResponse:
    """三零 by kind, and the premises with what broke it in the last year."""
    by = viewer(request)
    since = timezone.now() - YEAR
    kind = request.GET.get("kind", "")
    rows = Premises.objects.filter(located(by), active_to=None).select_related("village", "township")
    if kind in PremisesKind.values:
        rows = rows.filter(kind=kind)
    broken = request.GET.get("state", "broken") == "broken"
    if broken:
        rows = rows.filter(pk__in=three_zeros.broken(since=since, viewer=by))
    page = keyset(rows, order=("kind", "pinyin", "id"), after=turned(request), limit=SIZE)
    states = three_zeros.states(premises=[row.pk for row in page.items], since=since, viewer=by)
    summary = three_zeros.summary(since=since, viewer=by)
    labels = dict(PremisesKind.choices)
    context = {
        "summary": [{"kind": key, "label": labels[key], **values} for key, values in summary.items()],
        "rows": [(row, states[row.pk]) for row in page.items],
        "page": page,
        "kinds": PremisesKind.choices,
        "kind": kind,
        "broken": broken,
    }
    return render(request, "workflows/three_zeros.html", context)
