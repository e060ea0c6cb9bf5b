"""Lists that somebody keeps an eye on: supervisions, second checks, call backs."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from qipan.foundation.interface.pages import staff, turned
from qipan.foundation.posts.middleware import viewer
from qipan.incidents.pages import actions, wording
from qipan.incidents.queries import watch

SUPERVISIONS: dict[str, Any] = {
    "open": _("All open"),
    "overdue": _("Overdue"),
    "answered": _("Answered"),
    "ended": _("Lifted"),
}
DONE: dict[str, Any] = {"": _("Still to do"), "done": _("Finished")}


def _tabs(names: dict[str, Any], state: str) -> list[dict[str, Any]]:
    return [{"label": label, "url": f"?state={name}", "active": name == state} for name, label in names.items()]


@staff("incidents.view")
@require_GET
def supervisions(request: HttpRequest) -> HttpResponse:
    """督办: every question with its clock and its answer."""
    post, now = viewer(request), timezone.now()
    state = request.GET.get("state", "open")
    state = state if state in SUPERVISIONS else "open"
    found = watch.supervisions(viewer=post, now=now, state=state, after=turned(request))
    context = {
        "rows": [
            {
                "one": one,
                "incident": one.incident,
                "status_name": wording.status_name(one.incident.status, one.incident.klass),
                "state": wording.supervision_state(one, now=now),
                "offers": [
                    {"url": actions.address(name, one.incident_id, one.pk), "label": actions.ACTIONS[name].label}
                    for name in actions.on_supervision(one, viewer=post)
                ],
            }
            for one in found.items
        ],
        "tabs": _tabs(SUPERVISIONS, state),
        "page": found,
    }
    return render(request, "incidents/supervisions.html", context)


@staff("incidents.check")
@require_GET
def checks(request: HttpRequest) -> HttpResponse:
    """Closed incidents drawn at random, to be looked at again."""
    post = viewer(request)
    done = request.GET.get("state") == "done"
    found = watch.checks(viewer=post, done=done, after=turned(request))
    context = {
        "rows": [
            {
                "one": one,
                "incident": one.incident,
                "url": actions.address("check", one.incident_id, one.pk) if not done else "",
                "flags": wording.flags(one.incident.flags),
            }
            for one in found.items
        ],
        "tabs": _tabs(DONE, "done" if done else ""),
        "page": found,
    }
    return render(request, "incidents/checks.html", context)


@staff("incidents.call-back")
@require_GET
def call_backs(request: HttpRequest) -> HttpResponse:
    """Unhappy ratings: whom the desk calls."""
    post = viewer(request)
    done = request.GET.get("state") == "done"
    found = watch.call_backs(viewer=post, done=done, after=turned(request))
    context = {
        "rows": [
            {
                "one": one,
                "incident": one.incident,
                "status_name": wording.status_name(one.incident.status, one.incident.klass),
                "url": actions.address("call-back", one.incident_id, one.pk) if not done else "",
            }
            for one in found.items
        ],
        "tabs": _tabs(DONE, "done" if done else ""),
        "page": found,
    }
    return render(request, "incidents/call_backs.html", context)
