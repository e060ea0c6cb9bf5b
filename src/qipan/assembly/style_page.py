"""The page that shows every part in use, for looking and for tests. Not served in production."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from qipan.assembly.shell import context


class Example(forms.Form):
    """A form with one of each kind of field."""

    title = forms.CharField(label=gettext_lazy("What happened"), max_length=60, help_text=gettext_lazy("One sentence."))
    details = forms.CharField(
        label=gettext_lazy("Details"), widget=forms.Textarea(attrs={"maxlength": 500}), required=False, max_length=500
    )
    phone = forms.RegexField(
        r"^1\d{10}$",
        label=gettext_lazy("Mobile number"),
        required=False,
        error_messages={"invalid": gettext_lazy("A mobile number has 11 digits and begins with 1.")},
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"),
        choices=[
            ("hazard", gettext_lazy("Safety hazard")),
            ("dispute", gettext_lazy("Dispute")),
            ("request", gettext_lazy("Request for help")),
        ],
    )
    urgent = forms.ChoiceField(
        label=gettext_lazy("How urgent"),
        widget=forms.RadioSelect,
        choices=[("no", gettext_lazy("Ordinary")), ("yes", gettext_lazy("Urgent"))],
    )
    photos = forms.FileField(
        label=gettext_lazy("Photos"),
        required=False,
        help_text=gettext_lazy("Only where the kind of event asks for one."),
        widget=forms.FileInput(attrs={"accept": "image/*"}),
    )
    day = forms.DateField(
        label=gettext_lazy("Day"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    longitude = forms.FloatField(label=gettext_lazy("Longitude"), required=False)
    latitude = forms.FloatField(label=gettext_lazy("Latitude"), required=False)
    agree = forms.BooleanField(
        label=gettext_lazy("Call me back"), required=False, help_text=gettext_lazy("On the number above.")
    )


def page(request: HttpRequest) -> HttpResponse:
    """Every part of the design system, with made-up content."""
    form = Example(request.POST or None, initial={"urgent": "no"})
    status = 200 if not form.is_bound or form.is_valid() else 422
    typed = {"title": "", "phone": "12345", "details": _("Typed text stays."), "urgent": "yes", "kind": "hazard"}
    bad = Example(typed, auto_id="bad_%s")
    content = {"form": form, "bad": bad, "shell": _shell(request), **_content()}
    sought = request.GET.get("q", "")
    content["rows"] = [row for row in content["rows"] if sought in row["title"]]
    return render(request, "style.html", content, status=status)


def outline(_request: HttpRequest) -> JsonResponse:
    """Three made-up areas for the map of the page."""

    def area(name: str, west: float, south: float) -> dict[str, Any]:
        ring: list[tuple[float, float]] = [
            (0, 0),
            (0.05, -0.008),
            (0.1, 0.01),
            (0.1, 0.07),
            (0.045, 0.085),
            (0, 0.075),
            (0, 0),
        ]
        points = [[round(west + x, 5), round(south + y, 5)] for x, y in ring]
        return {
            "type": "Feature",
            "properties": {"name": name},
            "geometry": {"type": "Polygon", "coordinates": [points]},
        }

    features = [area("甲镇", 114.0, 36.05), area("乙街道", 114.11, 36.04), area("丙乡", 114.22, 36.06)]
    return JsonResponse({"type": "FeatureCollection", "features": features})


@require_POST
def refused(_request: HttpRequest) -> JsonResponse:
    """A refusal as the API gives it; the page shows its words in a notice."""
    detail = _("Somebody dispatched it a moment ago. Look at it again before you decide.")
    problem = {"type": "about:blank", "title": _("This incident has moved on"), "status": 409, "detail": detail}
    return JsonResponse(problem, status=409, content_type="application/problem+json")


async def stream(_request: HttpRequest) -> StreamingHttpResponse:
    """Three steps of a long work, as server-sent events."""

    async def events() -> AsyncIterator[str]:
        for percent in (30, 60, 100):
            yield f"data: {percent} %\n\n"
            await asyncio.sleep(0.05)

    return StreamingHttpResponse(events(), content_type="text/event-stream")


def paper(request: HttpRequest) -> HttpResponse:
    """A paper with a red head."""
    return render(request, "style_paper.html", {"now": timezone.now()})


def _shell(request: HttpRequest) -> dict[str, Any]:
    """The shell as a dispatcher sees it."""

    def group(label: str, *lines: tuple[str, str]) -> dict[str, Any]:
        return {
            "label": label,
            "entries": [
                {"label": words, "icon": icon, "url": f"#{icon}", "active": icon == "list"} for words, icon in lines
            ],
        }

    navigation = [
        group(_("Work"), (_("My work"), "inbox"), (_("Incidents"), "list"), (_("Supervision"), "flag")),
        group(_("District"), (_("Areas"), "map"), (_("Premises"), "building"), (_("Posts"), "people")),
        group(_("Rules"), (_("Limits"), "clock"), (_("Calendar"), "calendar")),
        group(_("Oversight"), (_("Scoreboard"), "chart"), (_("Journal"), "book")),
    ]
    return {**dict(context(request)["shell"].items()), "navigation": navigation, "district": "某某区"}


def _content() -> dict[str, Any]:
    now = timezone.now()

    def later(minutes: float) -> Any:
        return now + timedelta(minutes=minutes, seconds=20)

    rows = [
        (
            "2026-0417-0032",
            _("Manhole cover missing at the school gate"),
            "甲镇 · 第三社区",
            _("Safety hazard"),
            -65,
            _("In handling"),
            "active",
        ),
        (
            "2026-0417-0029",
            _("Water pipe leaking in the yard"),
            "甲镇 · 前街村",
            _("Request for help"),
            12,
            _("Signed for"),
            "active",
        ),
        (
            "2026-0416-0188",
            _("Neighbours quarrel over a wall"),
            "乙街道 · 西园社区",
            _("Dispute"),
            55,
            _("In mediation"),
            "active",
        ),
        (
            "2026-0416-0107",
            _("Street lamp out"),
            "丙乡 · 下河村",
            _("Public facilities"),
            60 * 27,
            _("Dispatched"),
            "waiting",
        ),
        (
            "2026-0415-0066",
            _("Rubbish not collected"),
            "丙乡 · 上河村",
            _("City appearance"),
            None,
            _("Closed"),
            "done",
        ),
    ]
    return {
        "now": now,
        "clocks": [later(minutes) for minutes in (-65, 12, 45, 80, 60 * 50)],
        "legs": [
            {"name": _("Acceptance"), "state": "done", "limit": 15, "used": 9, "note": _("District desk")},
            {"name": _("Dispatch"), "state": "done", "limit": 30, "used": 41},
            {
                "name": _("Handling"),
                "state": "running",
                "limit": 24 * 60,
                "used": 20 * 60,
                "paused": 3 * 60,
                "due": later(240),
                "warn": later(-10),
                "note": _("Water company"),
            },
            {"name": _("Verification"), "state": "waiting", "limit": 8 * 60},
        ],
        "rows": [
            {
                "number": number,
                "title": title,
                "place": place,
                "kind": kind,
                "due": later(due) if due is not None else None,
                "status": status,
                "state": state,
            }
            for number, title, place, kind, due, status, state in rows
        ],
        "figures": [
            {"label": _("Overdue"), "value": 3, "level": "overdue", "url": "#lists"},
            {"label": _("Due within the hour"), "value": 11, "level": "due", "url": "#lists"},
            {"label": _("Open"), "value": 486, "url": "#lists"},
            {"label": _("Closed in time, 30 days"), "value": "96.4", "unit": "%", "note": _("3,120 of 3,237")},
            {"label": _("On duty now"), "value": 74, "unit": _("people")},
        ],
        "entries": [
            {
                "title": _("Signed for"),
                "at": now - timedelta(minutes=35),
                "who": _("Wang, handler, water company"),
                "weight": "major",
            },
            {
                "title": _("Clock paused"),
                "at": now - timedelta(hours=4),
                "who": _("Dispatcher, district centre"),
                "reason": _("Waiting for the road to be opened"),
                "weight": "aside",
            },
            {
                "title": _("Dispatched"),
                "at": now - timedelta(days=1, hours=2),
                "who": _("Dispatcher, district centre"),
                "changes": [{"label": _("Unit"), "before": _("Road office"), "after": _("Water company")}],
                "weight": "major",
            },
            {
                "title": _("Reported"),
                "at": now - timedelta(days=1, hours=3),
                "who": _("Resident"),
                "text": _("Water has been running over the yard since this morning."),
                "weight": "major",
            },
        ],
        "page": {"next": "abc", "previous": "", "total": 486},
    }
