"""A member of staff reports something: found on the spot, or told on the telephone."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods

from qipan.foundation.areas import queries as areas
from qipan.foundation.areas.models import Level
from qipan.foundation.interface.forms import refused_into
from qipan.foundation.interface.pages import moved, staff
from qipan.foundation.journal.forms import attempt, once
from qipan.foundation.posts.middleware import viewer
from qipan.foundation.posts.models import Post, Unit
from qipan.incidents import access, operations
from qipan.incidents.models import Category, Incident
from qipan.incidents.operations.report import CategoryEnded, Contact
from qipan.incidents.pages.forms import PhotosField, cannot_act, category_choices, never_mediated, unit_choices, words
from qipan.incidents.pages.places import PlaceFields, premises_by_id, premises_found
from qipan.incidents.pages.tracking import nonce, tracking_code
from qipan.incidents.rules.steps import Status

CHANNELS = (
    ("", _("Found on the spot")),
    ("phone", _("By telephone")),
    ("visit", _("At the desk")),
    ("wechat", _("By WeChat")),
)


class Report(PlaceFields):
    """What a member of staff reports. Few fields: the rest is known."""

    category = forms.CharField(
        label=_("Category"), max_length=40, error_messages={"required": _("Choose what kind it is.")}
    )
    title = forms.CharField(label=_("What is it, in a few words"), max_length=120)
    text = words(_("Details"), most=4000, rows=4, required=False)
    mask = forms.CharField(
        label=_("Names to be masked"), max_length=200, required=False,
        help_text=_("Of persons, with spaces between. ID-card and telephone numbers are masked by themselves."),
    )  # fmt: skip
    urgent = forms.BooleanField(label=_("Urgent"), required=False)
    victim_cannot_act = cannot_act()
    channel = forms.ChoiceField(label=_("How it came"), choices=CHANNELS, required=False, widget=forms.RadioSelect)
    name = forms.CharField(label=_("Name of the reporter"), max_length=60, required=False)
    phone = forms.CharField(
        label=_("Telephone of the reporter"),
        max_length=30,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel"}),
    )
    premises = forms.CharField(required=False, widget=forms.HiddenInput)
    accused = forms.ChoiceField(
        label=_("Unit that it accuses"), required=False, help_text=_("An accusation never goes to this unit.")
    )
    photos = PhotosField(label=_("Photos"), required=False)
    done = words(_("What was done"), most=2000, required=False, help=_("Only for what you put right at once."))

    def __init__(self, *args: Any, post: Post, at: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.post, self.at = post, at
        inside = post.area if post.level < Level.CELL else (post.area.village or post.area)
        self.set_areas(post.district, inside=inside, at=at)
        accused: Any = self.fields["accused"]
        accused.choices = [("", "—"), *unit_choices(post, at)]
        if not self.is_bound and post.level >= Level.VILLAGE and not self.initial.get("area"):
            self.initial["area"] = str(post.area_id)

    def masked_names(self) -> tuple[str, ...]:
        return tuple(self.cleaned_data["mask"].replace("，", " ").replace("、", " ").replace(",", " ").split())

    def accused_unit(self) -> Unit | None:
        key = self.cleaned_data["accused"]
        return Unit.objects.filter(pk=key, district=self.post.district_id).first() if key else None

    def contact(self) -> Contact | None:
        data = self.cleaned_data
        if not (data["name"].strip() or data["phone"].strip()):
            return None
        return Contact(name=data["name"], phone=data["phone"], language="zh-hans")

    def chosen(self) -> Category:
        """Raises CategoryEnded."""
        row = Category.objects.filter(district=self.post.district_id, key=self.cleaned_data["category"], valid_to=None)
        found = row.first()
        if found is None:
            raise CategoryEnded(field="category")
        return found


@staff("incidents.report")
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Report, keep as a draft, or settle on the spot: three buttons of one form."""
    post, at = viewer(request), timezone.now()
    if request.method == "GET":
        initial = {key: request.GET[key] for key in ("category", "area", "channel", "premises") if key in request.GET}
        return _form(request, Report(initial=initial, post=post, at=at), post)
    form = Report(request.POST, request.FILES, post=post, at=at)
    if "find" in request.POST:  # search of premises without a script
        return _form(request, form, post, quiet=True)
    if form.is_valid():
        with refused_into(form, fields={"text": "done"} if request.POST.get("way") == "settle" else None):
            answer = once(request, "incidents.new", lambda now: _report(request, form, post, now))
            return _told(request, answer, form)
    return _form(request, form, post, status=422)


def _report(request: HttpRequest, form: Report, post: Post, at: datetime) -> dict[str, Any]:
    data, way, contact = form.cleaned_data, request.POST.get("way", ""), form.contact()
    settle = way == "settle"
    incident, _code = operations.report(
        category=form.chosen(), place=form.place(district_id=post.district_id, names=form.masked_names()),
        title=data["title"], text=data["text"], urgent=data["urgent"] or None,
        source="phone" if data["channel"] == "phone" else "staff", channel=data["channel"], contact=contact,
        accused=form.accused_unit(), victim_cannot_act=data["victim_cannot_act"],
        by=post, at=at, draft=way == "draft" or settle, code=tracking_code(request) if contact else "",
    )  # fmt: skip
    for photo in data["photos"]:
        operations.attach(incident=incident, stage="answer" if settle else "report", data=photo, by=post, at=at)
    if settle:
        operations.settle(incident_id=incident.pk, text=data["done"], by=post, at=at)
    return {"id": str(incident.pk), "number": incident.number, "way": way}


def _told(request: HttpRequest, answer: dict[str, Any], form: Report) -> HttpResponse:
    words = {
        "draft": _("Kept as a draft: %(number)s"),
        "settle": _("Closed as settled on the spot: %(number)s"),
    }.get(answer["way"], _("Reported: %(number)s"))
    messages.success(request, str(words) % {"number": answer["number"]})
    if form.contact():
        words = _("Tracking code for the caller, told only once: %(code)s")
        messages.info(request, str(words) % {"code": tracking_code(request)})
    return moved(request, reverse("incident", args=[answer["id"]]))


@staff("incidents.report")
@require_http_methods(["GET", "POST"])
def draft(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    """Write one's own draft anew."""
    post, at = viewer(request), timezone.now()
    incident = access.get(incident_id, viewer=post)
    if incident.status != Status.DRAFT or incident.reported_by_id != post.pk:
        raise Http404
    if request.method == "GET":
        return _form(request, Report(initial=_initial(incident), post=post, at=at), post, draft=incident)
    form = Report(request.POST, request.FILES, post=post, at=at)
    if "find" in request.POST:
        return _form(request, form, post, draft=incident, quiet=True)
    name = f"incidents.draft {incident.pk}"
    if attempt(request, form, name, lambda now: _rewrite(request, incident, form, now)):
        said = gettext("Reported.") if request.POST.get("way") == "report" else gettext("Draft kept.")
        messages.success(request, said)
        return moved(request, reverse("incident", args=[incident.pk]))
    return _form(request, form, post, draft=incident, status=422)


def _rewrite(request: HttpRequest, incident: Incident, form: Report, at: datetime) -> dict[str, Any]:
    data, post = form.cleaned_data, form.post
    changed = operations.change_draft(
        incident_id=incident.pk, category=form.chosen(), title=data["title"], text=data["text"],
        place=form.place(district_id=post.district_id, names=form.masked_names()), urgent=data["urgent"] or None,
        victim_cannot_act=data["victim_cannot_act"], by=post, at=at,
    )  # fmt: skip
    for photo in data["photos"]:
        operations.attach(incident=changed, stage="report", data=photo, by=post, at=at)
    if request.POST.get("way") == "report":
        operations.submit(incident_id=incident.pk, by=post, at=at)
    return {"id": str(incident.pk)}


def _initial(incident: Incident) -> dict[str, Any]:
    place = incident.cell_id or incident.village_id or incident.township_id
    return {
        "category": incident.category.key, "title": "" if incident.private else incident.title, "text": incident.text,
        "urgent": incident.urgent, "victim_cannot_act": incident.victim_cannot_act,
        "address": incident.address, "area": str(place or ""),
        "longitude": incident.longitude, "latitude": incident.latitude,
        "premises": str(incident.premises_id or ""), "channel": incident.channel,
    }  # fmt: skip


def _form(
    request: HttpRequest,
    form: Report,
    post: Post,
    *,
    draft: Incident | None = None,
    status: int = 200,
    quiet: bool = False,
) -> HttpResponse:
    if quiet:
        form.errors.clear()
    given = form.data if form.is_bound else form.initial
    context = {
        "form": form,
        "draft": draft,
        "categories": categories(post.district_id, chosen=str(given.get("category", ""))),
        "chosen": str(given.get("category", "")),
        "never_mediated": never_mediated(post.district_id),
        "premises": premises_by_id(str(given.get("premises", "")), district_id=post.district_id),
        "found": premises_found(str(given.get("premises_text", "")), viewer=post),
        "premises_text": given.get("premises_text", ""),
        "may_settle": post.may("incidents.settle"),
        "nonce": nonce(request),
        "outline": reverse("incident_outline"),
    }
    return render(request, "incidents/new.html", context, status=status)


def categories(district_id: int, *, chosen: str = "", text: str = "", public: bool = False) -> list[dict[str, Any]]:
    """Categories by class, those of the text only; a class is open where the chosen one is, or while one searches."""
    text = text.strip().lower()
    found = []
    for label, rows in category_choices(district_id, public=public):
        fitting = [row for row in rows if not text or text in f"{label} {row[1]} {row[0]}".lower()]
        if fitting:
            found.append(
                {"label": label, "rows": fitting, "open": bool(text) or any(key == chosen for key, _n in fitting)}
            )
    return found


@staff("incidents.report")
@require_GET
def find_category(request: HttpRequest) -> HttpResponse:
    """The part of the form with the categories that hold some words."""
    post = viewer(request)
    chosen = request.GET.get("category", "")
    rows = categories(post.district_id, chosen=chosen, text=request.GET.get("category_text", ""))
    context = {"categories": rows, "chosen": chosen, "never_mediated": never_mediated(post.district_id)}
    return render(request, "incidents/categories.html", context)


@staff("incidents.report")
@require_GET
def find_premises(request: HttpRequest) -> HttpResponse:
    """The part of the form with the premises that hold some words."""
    post = viewer(request)
    found = premises_found(request.GET.get("premises_text", ""), viewer=post)
    chosen = premises_by_id(request.GET.get("premises", ""), district_id=post.district_id)
    return render(request, "incidents/premises.html", {"found": found, "premises": chosen})


@staff("incidents.view")
@require_GET
def outline(request: HttpRequest) -> HttpResponse:
    """Outlines for the place picker: of the areas one level below the viewer's."""
    post = viewer(request)
    level = min(post.area.level + 1, Level.CELL)
    body = areas.outline(post.area, level=level)
    answer = HttpResponse(body, content_type="application/geo+json")
    answer["Cache-Control"] = "private, max-age=600"
    return answer
