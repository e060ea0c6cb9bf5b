"""The board: the page around the map, and the incident that was picked."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from qipan.foundation.interface.pages import staff
from qipan.foundation.posts.middleware import viewer
from qipan.foundation.posts.rules import Role
from qipan.incidents import access
from qipan.incidents.pages import actions, file, history, wording
from qipan.incidents.queries import file as files
from qipan.live.measure_words import MEASURE_TEXTS
from qipan.live.queries import start
from qipan.live.replay_words import REPLAY_TEXTS
from qipan.live.words import BOARD_TEXTS

DESKS = frozenset({Role.COMMANDER, Role.DISPATCHER, Role.HANDLER, Role.ADMINISTRATOR})
NAVIGATION: tuple[dict[str, Any], ...] = (
    {"label": gettext_lazy("Board"), "url_name": "board", "order": -5, "icon": "map", "roles": DESKS,
     "ability": "incidents.view"},
    {"label": gettext_lazy("Charts"), "url_name": "board_charts", "order": 41, "icon": "chart",
     "roles": frozenset({Role.COMMANDER, Role.DISPATCHER, Role.ADMINISTRATOR, Role.AUDITOR}),
     "ability": "incidents.scores"},
    {"label": gettext_lazy("Wall screen"), "url_name": "board_wall_views", "order": 42, "icon": "settings",
     "roles": frozenset({Role.COMMANDER, Role.ADMINISTRATOR}), "ability": "live.set_wall"},
)  # fmt: skip
MOST_ENTRIES = 12


@staff("incidents.view")
@require_GET
def board(request: HttpRequest) -> HttpResponse:
    """The shell of the board; its script draws the map and keeps everything current."""
    post = viewer(request)
    begun = start.start(viewer=post, now=timezone.now())
    outlines = {level: f"/api/v1/board/areas?level={name}&v={begun['map']['outlines']}"
                for name, level in start.LEVELS.items() if level >= post.level}  # fmt: skip
    addresses = {
        "map": "/api/v1/incidents/map",
        "duties": "/api/v1/board/duties",
        "worst": "/api/v1/incidents?state=open&order=due&limit=50",
        "find": "/api/v1/board/find",
        "figures": "/api/v1/board/figures",
        "areas": outlines,
        "premises": "/api/v1/board/premises",
        "points": "/api/v1/board/points",
        "here": "/api/v1/board/here",
        "events": reverse("live_events"),
        "replay": "/api/v1/board/replay",
        "incident": "/board/incidents/",
        "list": reverse("incidents"),
        "work": reverse("my_work"),
    }
    data = {
        "texts": {key: str(value) for key, value in (BOARD_TEXTS | REPLAY_TEXTS | MEASURE_TEXTS).items()},
        "addresses": addresses,
        "start": begun,
    }
    first = [addresses["map"], addresses["worst"], addresses["duties"], *list(outlines.values())[:2]]
    return render(request, "live/board.html", {"data": data, "first": first, "charts": post.may("incidents.scores")})


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
