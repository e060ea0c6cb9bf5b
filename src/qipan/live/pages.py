"""The board: the page around the map, the figures along its top, and the incident that was picked."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from qipan.foundation.interface.pages import staff
from qipan.foundation.posts.middleware import viewer
from qipan.foundation.posts.models import Post
from qipan.foundation.posts.rules import Role
from qipan.incidents import access, queries
from qipan.incidents.pages import actions, file, history, wording
from qipan.incidents.queries import Filters
from qipan.incidents.queries import file as files
from qipan.live.words import BOARD_TEXTS

DESKS = frozenset({Role.COMMANDER, Role.DISPATCHER, Role.HANDLER, Role.ADMINISTRATOR})
NAVIGATION: tuple[dict[str, Any], ...] = (
    {"label": gettext_lazy("Board"), "url_name": "board", "order": 5, "icon": "map", "roles": DESKS,
     "ability": "incidents.view"},
)  # fmt: skip
MOST_ENTRIES = 12
# The figures: what is counted, its name, the level of its colour where it is not nought. Each opens its own rows.
COUNTED = (
    ("open", gettext_lazy("Open"), ""),
    ("due", gettext_lazy("Due within the hour"), "due"),
    ("overdue", gettext_lazy("Overdue"), "overdue"),
    ("supervised", gettext_lazy("Under supervision"), ""),
)


@staff("incidents.view")
@require_GET
def board(request: HttpRequest) -> HttpResponse:
    """The shell of the board; its script draws the map and keeps everything current."""
    post = viewer(request)
    data = {
        "texts": {key: str(value) for key, value in BOARD_TEXTS.items()},
        "addresses": {
            "map": "/api/v1/incidents/map",
            "duties": "/api/v1/duties/mine",
            "find": "/api/v1/incidents",
            "premises": "/api/v1/areas/premises",
            "incident": "/board/incidents/",
            "outline": reverse("area_outline", args=[post.area_id]),
            "figures": reverse("board_figures"),
            "events": reverse("live_events"),
            "list": reverse("incidents"),
            "work": reverse("my_work"),
        },
        "level": post.area.level,
        "area": post.area.name,
        "figures": counted(post),
    }
    return render(request, "live/board.html", {"data": data})


@staff("incidents.view")
@require_GET
def figures(request: HttpRequest) -> HttpResponse:
    """The figures along the top, each with the address of the rows behind it."""
    return JsonResponse(counted(viewer(request)), safe=False)


@staff("incidents.view")
@require_GET
def picked(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    """What the board tells of the incident that was picked: its clock, what may come next, what happened."""
    post, now = viewer(request), timezone.now()
    incident = access.get(incident_id, viewer=post)
    offers = actions.offers(incident, viewer=post, at=now)
    entries = history.entries(files.history(incident, viewer=post))
    kinds = ("primary", "plain", "danger", "aside")
    context = {
        "incident": incident,
        "status_name": wording.status_name(incident.status, incident.klass),
        "status_kind": wording.status_kind(incident.status),
        "legs": file.legs(incident, now=now),
        "offers": sorted(offers, key=lambda one: kinds.index(one.action.kind)),
        "entries": entries[:MOST_ENTRIES],
        "at": f"{incident.longitude},{incident.latitude}",
        "more": max(0, len(entries) - MOST_ENTRIES),
    }
    return render(request, "live/picked.html", context)


def counted(post: Post) -> list[dict[str, Any]]:
    """[{key, label, value, link, tone}]: the rows of each are those of the list that it opens."""
    now, found = timezone.now(), []
    for state, label, tone in COUNTED:
        value = queries.filtered(viewer=post, filters=Filters(state=state), now=now).count()
        link = f"{reverse('incidents')}?state={state}"
        found.append({"key": state, "label": str(label), "value": value, "link": link, "tone": tone if value else ""})
    return found
