"""Pages for residents, who have no account: report, follow by a code, rate, remind. They need no script."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import segno
from allauth.account.adapter import get_adapter
from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from qipan.foundation.areas import queries as areas
from qipan.foundation.areas.models import Area, Level
from qipan.foundation.interface.forms import put
from qipan.foundation.journal.forms import once
from qipan.foundation.journal.rules import RESIDENT
from qipan.foundation.refusals import Forbidden, NotFound, Refusal
from qipan.foundation.vault import operations as vault
from qipan.incidents import operations
from qipan.incidents.models import Category, Incident, Reporter
from qipan.incidents.operations import allowance
from qipan.incidents.operations.report import CategoryEnded, Contact
from qipan.incidents.operations.said import SEALED
from qipan.incidents.pages.forms import PhotosField, words
from qipan.incidents.pages.places import PlaceFields, district_of, key_of
from qipan.incidents.pages.reports import categories
from qipan.incidents.pages.tracking import nonce, tracking_code
from qipan.incidents.rules.steps import RESIDENT_NAMES, Status

View = Callable[..., HttpResponse]
# What a resident sees of the way: 已收到, 已受理, 办理中, 已办结, 已回访.
STAGES = (Status.AWAITING, Status.FILED, Status.HANDLING, Status.CLOSED, Status.RATED)


class Report(PlaceFields):
    """What a resident tells. Only what it is and where is needed."""

    category = forms.CharField(
        label=_("What is it about"), max_length=40, error_messages={"required": _("Choose what it is about.")}
    )
    text = words(_("What happened"), most=2000, rows=5, help=_("In your own words. Please write no ID-card numbers."))
    photos = PhotosField(label=_("Photos"), required=False)
    name = forms.CharField(label=_("Your name"), max_length=60, required=False)
    phone = forms.CharField(
        label=_("Your telephone"), max_length=30, required=False,
        widget=forms.TextInput(attrs={"type": "tel", "inputmode": "tel", "autocomplete": "tel"}),
        help_text=_("Only so that we can ask you or call you back."),
    )  # fmt: skip
    website = forms.CharField(label=_("Leave this empty"), required=False)  # filled in by programs only

    def __init__(self, *args: Any, district: Area, at: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.district = district
        self.set_areas(district, inside=district, at=at)

    def chosen(self) -> Category:
        """Raises CategoryEnded for one that is not for the public."""
        rows = Category.objects.filter(district=self.district, key=self.cleaned_data["category"], valid_to=None)
        found = rows.filter(public=True).first()
        if found is None:
            raise CategoryEnded(field="category")
        return found


@require_GET
def start(request: HttpRequest) -> HttpResponse:
    """The districts of this installation, and the way to follow a report."""
    rows = [(district, reverse("public_report", args=[key_of(district)])) for district in areas.districts()]
    return _page(request, "public/start.html", {"districts": rows})


def report(request: HttpRequest, district: str) -> HttpResponse:
    """Report something. The tracking code is told on the answer to the form itself, and kept only as a digest."""
    found = district_of(district)
    if found is None:
        raise Http404
    return _report(request, found)


@require_http_methods(["GET", "POST"])
def _report(request: HttpRequest, district: Area) -> HttpResponse:
    at = timezone.now()
    if request.method == "GET":
        return _form(request, Report(district=district, at=at, initial={"category": request.GET.get("category", "")}))
    form = Report(request.POST, request.FILES, district=district, at=at)
    if request.POST.get("website"):  # a program: it is thanked, and nothing is kept
        return _page(request, "public/thanks.html", {"district": district})
    if form.is_valid():
        try:
            allowance.spend(what="report", who=_address(request), allowed=allowance.REPORTS_FROM_HERE, at=at)
            allowance.spend(what="report in", who=str(district.pk), allowed=allowance.REPORTS_IN_DISTRICT, at=at)
            once(request, f"incidents.public {district.pk}", lambda now: _keep(request, form, now), by=RESIDENT)
        except Refusal as refusal:
            put(form, refusal)
            return _form(request, form, status=refusal.status if refusal.status != 404 else 422)
        return _receipt(request, district, tracking_code(request))
    return _form(request, form, status=422)


def _keep(request: HttpRequest, form: Report, at: datetime) -> dict[str, Any]:
    data, category = form.cleaned_data, form.chosen()
    text = data["text"].strip()
    title = text if len(text) <= 30 else f"{text[:29]}…"
    contact = Contact(name=data["name"], phone=data["phone"], language=get_language() or "zh-hans")
    incident, _code = operations.report(
        category=category, place=form.place(district_id=form.district.pk, names=tuple(data["name"].split())),
        title=title.replace("\n", " "), text=text, source="resident", channel="web", contact=contact, by=RESIDENT,
        at=at, code=tracking_code(request),
    )  # fmt: skip
    for photo in data["photos"]:
        operations.attach(incident=incident, stage="report", data=photo, by=RESIDENT, at=at)
    return {"id": str(incident.pk)}


def _form(request: HttpRequest, form: Report, *, status: int = 200) -> HttpResponse:
    given = form.data if form.is_bound else form.initial
    chosen = str(given.get("category", ""))
    context = {
        "form": form,
        "district": form.district,
        "categories": categories(form.district.pk, chosen=chosen, public=True),
        "chosen": chosen,
        "nonce": nonce(request),
        "outline": reverse("public_outline", args=[key_of(form.district)]),
    }
    return _page(request, "public/report.html", context, status=status)


def _receipt(request: HttpRequest, district: Area, code: str) -> HttpResponse:
    """The code to follow it by, to be kept or printed."""
    address = request.build_absolute_uri(f"{reverse('public_track')}?code={code}")
    picture = segno.make(address, error="m").svg_data_uri(scale=4, border=2, dark="#000", light="#fff")
    context = {"district": district, "code": code, "qr": picture, "at": timezone.now()}
    return _page(request, "public/receipt.html", context)


@require_GET
def outline(request: HttpRequest, district: str) -> HttpResponse:
    """Outlines of the townships for the pin of the form: public geography."""
    found = district_of(district)
    if found is None:
        raise Http404
    answer = HttpResponse(areas.outline(found, level=Level.TOWNSHIP), content_type="application/geo+json")
    answer["Cache-Control"] = "public, max-age=3600"
    return answer


# Following


@require_http_methods(["GET", "POST"])
def _track(request: HttpRequest) -> HttpResponse:
    """Where a report stands, by its code. A wrong code gets one constant answer; guessing is slowed down."""
    code = (request.POST if request.method == "POST" else request.GET).get("code", "")[:40]
    context: dict[str, Any] = {"code": code}
    if request.method == "POST":
        context["reporter"] = found = _find(request, code)
        if found is None:
            context["wrong"] = True
        else:
            context |= _state(found)
    return _page(request, "public/track.html", context)


def _find(request: HttpRequest, code: str) -> Reporter | None:
    """Whose code it is. Raises TryLater for whoever tries many."""
    return allowance.find_reporter(code=code, who=_address(request), at=timezone.now())


def _state(reporter: Reporter) -> dict[str, Any]:
    incident = reporter.incident
    status = Status(incident.status)
    order = {Status.REPORTED: 0, Status.AWAITING: 0, Status.FILED: 1, Status.CLOSED: 3, Status.RATED: 4}
    ended_early = status in {Status.DECLINED, Status.VOID}
    here = order.get(status, 2)
    rated = reporter.ratings.filter(at__gte=incident.closed_at).first() if incident.closed_at else None
    return {
        "incident": incident,
        "status_name": RESIDENT_NAMES[status],
        "ended_early": ended_early,
        "stages": [
            {"name": RESIDENT_NAMES[stage], "state": "done" if number < here else "now" if number == here else ""}
            for number, stage in enumerate(STAGES)
        ],
        "shown_answer": _answer(incident) if status in {Status.CLOSED, Status.RATED, Status.DECLINED} else "",
        "may_rate": status in {Status.CLOSED, Status.RATED} and rated is None,
        "rated": rated,
        "may_remind": not incident.ended,
        "reminded": reporter.reminders.filter(at__date=timezone.localdate()).exists(),
        "dates": [
            (label, at)
            for label, at in (
                (_("Received"), reporter.reported_at),
                (_("Accepted for handling"), incident.filed_at),
                (_("Sent to a unit"), incident.dispatched_at),
                (_("Completed"), incident.closed_at),
            )
            if at
        ],
    }


def _answer(incident: Incident) -> str:
    """The answer as its reporter reads it. Of a private matter it is opened for who has the code, journalled."""
    if incident.answer != SEALED or incident.text_card is None:
        return incident.answer
    try:
        words = vault.use(card_id=incident.text_card, by=RESIDENT, at=timezone.now(), why="incidents.tracked")
    except vault.Erased:
        return ""
    return words.get("answer", "")


class Rating(forms.Form):
    """Stars and a word."""

    stars = forms.TypedChoiceField(
        label=_("How was it solved"), coerce=int, widget=forms.RadioSelect,
        choices=[
            (5, _("5 · very well")), (4, _("4 · well")), (3, _("3 · fairly")), (2, _("2 · badly")),
            (1, _("1 · not at all")),
        ],
    )  # fmt: skip
    comment = words(_("What should be better"), most=500, rows=3, required=False)


@require_POST
def _rate(request: HttpRequest) -> HttpResponse:
    """Rate what was closed. An unhappy rating brings a call back."""
    code = request.POST.get("code", "")[:40]
    found = _find(request, code)
    if found is None:
        return _page(request, "public/track.html", {"code": code, "wrong": True})
    form, reporter = Rating(request.POST), found
    said: Any = ""
    status = 200
    if form.is_valid():
        try:
            once(request, f"incidents.rate {found.pk}", lambda at: _rated(reporter, form, at), by=RESIDENT)
            said = _("Thank you. Your rating is kept.")
            if reporter.ratings.filter(reopened=True).exists():
                said = _("Your rating is kept. Your report has been opened again, and somebody will call you back.")
        except Refusal as refusal:
            put(form, refusal)
            status = refusal.status
    else:
        status = 422
    found = _again(found.pk)
    context = {"code": code, "reporter": found, "rating": form, "said": said, **_state(found)}
    return _page(request, "public/track.html", context, status=status)


def _rated(reporter: Reporter, form: Rating, at: datetime) -> dict[str, Any]:
    data = form.cleaned_data
    rating = operations.rate(reporter_id=reporter.pk, stars=data["stars"], comment=data["comment"], at=at)
    return {"id": str(rating.pk)}


@require_POST
def _remind(request: HttpRequest) -> HttpResponse:
    """催办: say that one still waits; once a day."""
    code = request.POST.get("code", "")[:40]
    found = _find(request, code)
    if found is None:
        return _page(request, "public/track.html", {"code": code, "wrong": True})
    reporter, refused, status = found, "", 200
    said: Any = ""
    try:
        once(request, f"incidents.remind {found.pk}", lambda at: _reminded(reporter, at), by=RESIDENT)
        said = _("We have passed your reminder on to whoever is dealing with it.")
    except Refusal as refusal:
        refused, status = refusal.message, refusal.status
    found = _again(found.pk)
    context = {"code": code, "reporter": found, "said": said, "refused": refused, **_state(found)}
    return _page(request, "public/track.html", context, status=status)


def _reminded(reporter: Reporter, at: datetime) -> dict[str, Any]:
    return {"id": str(operations.remind_as_reporter(reporter_id=reporter.pk, at=at).incident_id)}


def _again(key: UUID) -> Reporter:
    rows = Reporter.objects.select_related("incident__category", "incident__district", "incident__township")
    return rows.get(pk=key)


def told(view: View) -> View:
    """A view whose refusals are told on a page for residents; what does not exist is a 404."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except (NotFound, Forbidden):
            raise
        except Refusal as refusal:
            return render(request, "public/refused.html", {"refusal": refusal}, status=refusal.status)

    return inner


report = told(report)
track = told(_track)
rate = told(_rate)
remind = told(_remind)


def _address(request: HttpRequest) -> str:
    return str(get_adapter(request).get_client_ip(request))


def _page(request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    if "rating" not in context and context.get("may_rate"):
        context["rating"] = Rating()
    if context.get("code") and template == "public/track.html":  # another language keeps the code
        context["language_next"] = f"{reverse('public_track')}?{urlencode({'code': context['code']})}"
    answer = render(request, template, context, status=status)
    answer["Cache-Control"] = "no-store"
    return answer
