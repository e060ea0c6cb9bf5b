"""The list of incidents, and doing one thing to many of them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import orjson
from django import forms
from django.contrib import messages
from django.db.models import CharField, IntegerField, QuerySet, TextField, Value
from django.db.models.functions import Cast
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from qipan.foundation.areas.models import Area
from qipan.foundation.interface.pages import CURSORS, command_id, staff, turned
from qipan.foundation.posts.middleware import viewer
from qipan.foundation.posts.models import Post
from qipan.foundation.refusals import Invalid
from qipan.incidents import access, queries, routing
from qipan.incidents.models import Category, Incident, SavedView
from qipan.incidents.operations import many
from qipan.incidents.pages import marked, wording
from qipan.incidents.pages.forms import unit_choices
from qipan.incidents.queries import Filters, Marks
from qipan.incidents.rules.classes import CLASSES, Klass

SIZE = 50
STATES: dict[str, Any] = {
    "": _("All"),
    "mine": _("For me"),
    "overdue": _("Overdue"),
    "due": _("Due within the hour"),
    "supervised": _("Under supervision"),
    "open": _("Not yet ended"),
    "ended": _("Dealt with"),
}
SORTS = {"-reported": "newest", "reported": "oldest", "due": "due", "-due": "last-due"}
BATCHES = ("dispatch", "remind")


class UnknownFilter(Invalid):
    """The address of this list is damaged. Please start again from the whole list."""


@staff("incidents.view")
@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """The visible incidents, narrowed by what the address says, one page of them by keyset."""
    post, now = viewer(request), timezone.now()
    given = request.GET
    state = given.get("state", "")
    sort = given.get("sort", "") or ("due" if state in {"mine", "due", "overdue"} else "-reported")
    filters = filters_of(given)
    found = queries.page(
        viewer=post, filters=filters, now=now, order=SORTS.get(sort, "newest"), after=turned(request),
        limit=SIZE,
    )  # fmt: skip
    choices, views = offered(post, now)
    context = {
        "rows": [described(row) for row in found.rows],
        "page": {"next": found.after, "previous": found.before, "total": None},
        "first": bool(found.before),
        "sort": sort,
        "tabs": [
            {"label": label, "url": f"?{_with(given, state=name)}", "active": state == name}
            for name, label in STATES.items()
        ],
        "state": state,
        "classes": [(klass.value, CLASSES[klass].name) for klass in Klass],
        "sources": [(name, label) for name, label in wording.SOURCES.items() if name != "public"],
        "choices": choices,
        "given": given,
        "marks": [
            {
                "words": words,
                "url": f"?{_with(given, **dict.fromkeys(names, ''))}",
                "given": [(name, given.get(name, "")) for name in names],
            }
            for words, names in marked.words(filters.marks)
        ],
        "filtered": any(value for key, value in given.items() if key not in {"state", "sort", *CURSORS}),
        "older": f"?{_with(given, older='1')}" if given.get("text") and given.get("older") != "1" else "",
        "may_batch": post.may("incidents.dispatch") or post.may("incidents.remind"),
        "may_report": post.may("incidents.report"),
        "may_export": post.may("incidents.export"),
        "exporting": _with(given),
        "views": views,
    }
    return render(request, "incidents/list.html", context)


def filters_of(given: Any) -> Filters:
    """Filters from a query. Raises UnknownFilter for what no form of ours sends."""
    state = given.get("state", "")
    try:
        return Filters(
            text=given.get("text", "").strip(),
            state={"mine": "open"}.get(state, state),
            mine=state == "mine",
            klass=(Klass(given["klass"]).value,) if given.get("klass") else (),
            category=given.get("category", ""),
            area=int(given["area"]) if given.get("area") else None,
            unit=int(given["unit"]) if given.get("unit") else None,
            source=given.get("source", ""),
            since=date.fromisoformat(given["since"]) if given.get("since") else None,
            until=date.fromisoformat(given["until"]) if given.get("until") else None,
            older=given.get("older") == "1",
            marks=Marks.read(given),
        )
    except ValueError as problem:
        raise UnknownFilter from problem


def described(row: dict[str, Any]) -> dict[str, Any]:
    """A row with its words."""
    place = [row["township_name"], row["village_name"]]
    return {
        **row,
        "category": wording.category_name(row),
        "class_name": wording.class_name(row["klass"]),
        "status_name": wording.status_name(row["status"], row["klass"]),
        "status_kind": wording.status_kind(row["status"]),
        "place": " · ".join(name for name in place if name) or row["cell_name"] or "",
        "whose": row["unit_name"] or row["desk_name"] or "",
        "over": row["closed_at"] is not None or row["status"] in {"declined", "void", "merged"},
    }


def offered(post: Post, now: datetime) -> tuple[dict[str, list[tuple[str, str]]], list[dict[str, str]]]:
    """What the filters offer (areas one level below the viewer's, units, categories) and the person's kept views, all
    in one query."""
    text = {"key": Cast("pk", CharField()), "label": Cast("name", CharField()), "more": Value("")}
    first = Value(0, IntegerField())
    areas: QuerySet[Any] = Area.objects.filter(parent=post.area, valid_to=None).annotate(
        what=Value("area"), place=first, **text
    )
    units: QuerySet[Any] = (
        routing.in_force(now)
        .filter(district=post.district_id)
        .order_by()
        .annotate(what=Value("unit"), place=Cast("area__level", IntegerField()), **text)
    )
    categories: QuerySet[Any] = Category.objects.filter(district=post.district_id, valid_to=None).annotate(
        what=Value("category"),
        place=Cast("order", IntegerField()),
        label=Cast("name_en" if _english() else "name", CharField()),
        more=Value(""),
    )
    kept: QuerySet[Any] = SavedView.objects.filter(person=post.person_id).annotate(
        what=Value("view"), place=first, **text | {"more": Cast("query", TextField())}
    )
    columns = ("what", "place", "label", "key", "more")
    here, *others = (one.values_list(*columns) for one in (areas, units, categories, kept))
    choices: dict[str, list[tuple[str, str]]] = {"area": [], "unit": [], "category": []}
    views = []
    for what, _place, label, key, more in sorted(here.union(*others, all=True)):
        if what == "view":
            views.append({"name": label, "id": key, "url": f"?{urlencode(orjson.loads(more))}"})
        else:
            choices[what].append((key, label))
    return choices, views


def _english() -> bool:
    return (get_language() or "").startswith("en")


def _with(given: Any, **changes: str) -> str:
    query = given.copy()
    for name in CURSORS:
        query.pop(name, None)
    for key, value in changes.items():
        query[key] = value
    return "&".join(part for part in query.urlencode().split("&") if not part.endswith("="))


class BatchForm(forms.Form):
    """One thing to do to many incidents."""

    unit = forms.ChoiceField(label=_("Unit"), required=False)
    note = forms.CharField(label=_("Remark"), max_length=200, required=False)

    def __init__(self, *args: Any, post: Post, at: datetime, what: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if what == "dispatch":
            field: Any = self.fields["unit"]
            field.choices = [("", _("as the routing rules suggest")), *unit_choices(post, at)]
        else:
            del self.fields["unit"]


@staff("incidents.view")
@require_POST
def batch(request: HttpRequest) -> HttpResponse:
    """Dispatch or remind many at once: first a preview of what would be done and refused, then the doing.

    The preview takes every step for real and takes it back, so that it tells exactly what would happen.
    """
    post, now = viewer(request), timezone.now()
    what = request.POST.get("what", "")
    if what not in BATCHES:
        raise UnknownFilter
    chosen = _chosen(request, post)
    form = BatchForm(
        request.POST if "unit" in request.POST or "note" in request.POST else None, post=post, at=now, what=what
    )
    if form.is_bound and not form.is_valid():
        return render(request, "incidents/batch.html", {"form": form, "what": what, "rows": []}, status=422)
    data = form.cleaned_data if form.is_bound else {}
    asked = many.Asked(what, int(data["unit"]) if data.get("unit") else None, data.get("note", ""))
    if request.POST.get("really"):
        done = many.act(ids=chosen, asked=asked, by=post, at=now, command=command_id(request))
        _tell(request, what, [_told(chosen[one.id], one) for one in done])
        return redirect(_back(request))
    rows = [_told(chosen[one.id], one) for one in many.preview(ids=chosen, asked=asked, by=post, at=now)]
    context = {
        "form": form,
        "what": what,
        "rows": rows,
        "possible": sum(not row["refusal"] for row in rows),
        "back": _back(request),
        "next": request.POST.get("next", ""),
    }
    return render(request, "incidents/batch.html", context)


def _chosen(request: HttpRequest, post: Post) -> dict[UUID, Incident]:
    """The visible ones among those that were ticked, in their order."""
    try:
        ids = [UUID(key) for key in request.POST.getlist("id")][:SIZE]
    except ValueError as problem:
        raise UnknownFilter from problem
    rows = (
        access.visible(viewer=post).filter(pk__in=ids).select_related("category", "township", "village", "unit", "desk")
    )
    return {row.pk: row for row in sorted(rows, key=lambda row: ids.index(row.pk))}


def _told(incident: Incident, outcome: many.Outcome) -> dict[str, Any]:
    return {
        "incident": incident,
        "status_name": wording.status_name(incident.status, incident.klass),
        "refusal": outcome.refusal,
        "unit": outcome.unit,
    }


def _tell(request: HttpRequest, what: str, done: list[dict[str, Any]]) -> None:
    good = sum(not row["refusal"] for row in done)
    if good and what == "dispatch":
        messages.success(
            request, ngettext("%(n)s incident dispatched.", "%(n)s incidents dispatched.", good) % {"n": good}
        )
    elif good:
        messages.success(request, ngettext("%(n)s reminder given.", "%(n)s reminders given.", good) % {"n": good})
    for row in done:
        if row["refusal"]:
            messages.warning(request, f"{row['incident'].number}: {row['refusal']}")


def _back(request: HttpRequest) -> str:
    """The list as it was: only its query is taken from the form."""
    query = request.POST.get("next", "")
    return reverse("incidents") + (f"?{query}" if query else "")
