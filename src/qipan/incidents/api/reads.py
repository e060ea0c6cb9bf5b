"""Reads: lists, one file, the map."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

import orjson
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Query as FromQuery
from ninja import Router

from qipan.foundation.duties.models import Duty
from qipan.foundation.interface.packing import packed
from qipan.foundation.journal import queries as journal
from qipan.foundation.posts.access import require
from qipan.foundation.posts.api_words import _
from qipan.foundation.posts.models import Post
from qipan.incidents import access, operations, queries
from qipan.incidents.api import schemas
from qipan.incidents.models import Category, Incident
from qipan.incidents.queries import scores

router = Router(tags=["incidents"])


def viewer(request: HttpRequest) -> Post:
    """The post that asks, if it may see incidents at all. Raises NotYours."""
    return require(request.post, "incidents.view")  # type: ignore[attr-defined]


@router.get("", response=schemas.PageOut, summary=_("A page of the incidents you may see"))
def page(request: HttpRequest, query: FromQuery[schemas.PageQuery]) -> HttpResponse:
    found = queries.page(
        viewer=viewer(request), filters=query.filters(), now=timezone.now(), order=query.order, after=query.cursor,
        limit=query.limit,
    )  # fmt: skip
    # Straight to bytes: a list is what everybody loads all day long.
    return _json({"rows": [row(each) for each in found.rows], "after": found.after, "before": found.before})


@router.get("/map", response=schemas.MapOut, summary=_("Open incidents with a point, for a map"))
def map_feed(request: HttpRequest, query: FromQuery[schemas.MapQuery]) -> HttpResponse:
    asking = viewer(request)
    found = queries.changes(viewer=asking, after=query.after) if query.after else queries.map_feed(viewer=asking)
    columns = zip(*found.rows, strict=True) if found.rows else ([] for _name in queries.FEED)
    told = {"position": found.position, "gone": found.gone, "whole": found.whole}
    return packed(request, orjson.dumps({**dict(zip(queries.FEED, columns, strict=True)), **told}))


@router.get("/scores", response=list[schemas.ScoreGroupOut], summary=_("What became of what was closed, among likes"))
def score(request: HttpRequest, query: FromQuery[schemas.ScoresQuery]) -> HttpResponse:
    found = scores.scores(
        viewer=require(request.post, "incidents.scores"),  # type: ignore[attr-defined]
        since=query.since, until=query.until, by=query.by, area_id=query.area, most=query.most, at=timezone.now(),
    )  # fmt: skip
    return _json([asdict(group) for group in found])


@router.get("/categories", response=list[schemas.CategoryOut], summary=_("The categories in force in your district"))
def categories(request: HttpRequest) -> Any:
    return Category.objects.filter(district=viewer(request).district_id, valid_to=None).order_by("order")


@router.get(
    "/{uuid:incident_id}", response=schemas.IncidentOut, summary=_("One incident, with its clocks and next steps")
)
def one(request: HttpRequest, incident_id: UUID) -> Any:
    asking = viewer(request)
    return detail(named(incident_id, asking), asking)


@router.get("/{uuid:incident_id}/history", response=list[schemas.EntryOut], summary=_("What happened to an incident"))
def history(request: HttpRequest, incident_id: UUID) -> Any:
    incident = access.get(incident_id, viewer=viewer(request), related=())
    return [
        {"at": entry.at, "kind": entry.kind, "words": entry.kind_text, "by": entry.by_text, "reason": entry.reason,
         "before": entry.status_before, "after": entry.status_after}
        for entry in journal.history("incidents.incident", incident.id)
    ]  # fmt: skip


@router.get("/{uuid:incident_id}/nearby", response=list[schemas.NearOut],
            summary=_("Open incidents that may be about the same thing"))  # fmt: skip
def nearby(request: HttpRequest, incident_id: UUID) -> Any:
    asking = viewer(request)
    found = queries.nearby(access.get(incident_id, viewer=asking, related=()), viewer=asking)
    return [{**row(each), "metres": each["metres"]} for each in found]


@router.get("/photos/{uuid:attachment_id}", response={200: None}, summary=_("A photo that is not private"))
def photo(request: HttpRequest, attachment_id: UUID) -> HttpResponse:
    content, kind = operations.look(attachment_id=attachment_id, viewer=viewer(request), at=timezone.now())
    return picture(content, kind)


@router.post("/photos/{uuid:attachment_id}/look", response={200: None},
             summary=_("Look at a private photo, for an own duty or with a reason"))  # fmt: skip
def look(request: HttpRequest, attachment_id: UUID, body: schemas.LookIn) -> HttpResponse:
    content, kind = operations.look(attachment_id=attachment_id, viewer=viewer(request), at=timezone.now(),
                                    duty_id=body.duty, reason=body.reason)  # fmt: skip
    return picture(content, kind)


def picture(content: bytes, kind: str) -> HttpResponse:
    headers = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff",
               "Content-Disposition": "inline"}  # fmt: skip
    return HttpResponse(content, content_type=kind, headers=headers)


def _json(content: Any) -> HttpResponse:
    return HttpResponse(orjson.dumps(content), content_type="application/json")


def row(values: dict[str, Any]) -> dict[str, Any]:
    """A list's row as the API names it."""
    return {
        "id": values["id"],
        "number": values["number"],
        "title": values["title"],
        "klass": values["klass"],
        "status": values["status"],
        "urgent": values["urgent"],
        "private": values["private"],
        "supervised": values["supervised"],
        "level": values["level"],
        "category": values["category_key"],
        "township": values["township_name"],
        "village": values["village_name"],
        "cell": values["cell_name"],
        "unit": values["unit_name"],
        "reported_at": values["reported_at"],
        "due_at": values["due_at"],
        "closed_at": values["closed_at"],
        "longitude": values["longitude"],
        "latitude": values["latitude"],
        "flags": values["flags"],
        "version": values["version"],
    }


def named(incident_id: UUID, asking: Post) -> Incident:
    """One visible incident with what `detail` tells of it. Raises NotFound."""
    return access.get(incident_id, viewer=asking, related=("category", "handler"), also=queries.FEW_NAMES)


def detail(incident: Incident, asking: Post) -> dict[str, Any]:
    """One incident, read by `named`, as the API gives it."""
    values = {name: getattr(incident, name) for name in (*queries.COLUMNS, *queries.FEW_NAMES)}
    legs = Duty.objects.filter(about_kind="incidents.incident", about_id=incident.id).order_by("opened_at")
    return {
        **row(values),
        "text": incident.text,
        "address": incident.address,
        "answer": incident.answer,
        "outcome": incident.outcome,
        "reworks": incident.reworks,
        "reopenings": incident.reopenings,
        "victim_cannot_act": incident.victim_cannot_act,
        "legs": [
            {"leg": duty.kind.partition(".")[2], "opened_at": duty.opened_at, "due_at": duty.due_at,
             "ended_at": duty.ended_at, "state": duty.state, "on_time": duty.on_time, "duty": duty.id}
            for duty in legs
        ],
        "steps": [{"step": move.step.value, "name": str(move.name)}
                  for move in queries.next_steps(incident, viewer=asking)],
        "photos": list(incident.attachments.order_by("added_at").values_list("id", flat=True)),
        "asks": list(incident.asks.order_by("asked_at").values(
            "id", "kind", "state", "reason", "decision", "asked_at")),
        "supervisions": list(incident.supervisions.order_by("issued_at").values(
            "id", "number", "kind", "question", "answer", "issued_at", "due_at", "answered_at", "ended_at")),
    }  # fmt: skip
