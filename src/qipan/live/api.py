"""What a board reads, below /api/v1/board."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Query, Router, Schema, Status
from pydantic import Field

from qipan.foundation.areas import queries as areas
from qipan.foundation.areas.access import NoSuchArea
from qipan.foundation.duties.rules import SEE
from qipan.foundation.interface.packing import packed
from qipan.foundation.journal import queries as journal
from qipan.foundation.posts.access import require
from qipan.foundation.posts.api_words import _
from qipan.foundation.posts.models import Post
from qipan.live import here, many
from qipan.live.queries import figures, find, replay, start, wall

router = Router(tags=["board"])
ROUTERS = [("/board", router), ("/board", many.router)]
LevelOf = Annotated[Literal["district", "township", "village", "cell"], Query(description=_("Which level of areas."))]
Version = Annotated[
    str, Query(max_length=60, description=_("The `map.outlines` of a start: then the answer may be kept."))
]
Words = Annotated[str, Query(max_length=100, description=_("Words, a number, or coordinates."), examples=["street"])]

Day = Annotated[date, Query(description=_("A day, until today."), examples=["2026-05-04"])]


class FigureOut(Schema):
    key: str = Field(examples=["overdue"])
    label: str = Field(examples=["Overdue"])
    value: int = Field(examples=[3])
    link: str = Field(examples=["/incidents/?state=overdue"])
    tone: str = Field(examples=["overdue"])


class StartOut(Schema):
    position: int
    now: datetime
    me: dict[str, Any]
    figures: list[FigureOut]
    layers: list[str]
    map: dict[str, Any]


class NeededOut(Schema):
    id: UUID
    kind: str
    title: str
    link: str
    about_kind: str
    about_id: UUID
    due_at: datetime | None
    warn_at: datetime | None
    starts_at: datetime
    urgent: bool
    paused: bool
    left: str = Field(description=_("What is left, by its own clock, in words."), examples=["1 h 20 min left"])
    label: str


class DutiesOut(Schema):
    rows: list[NeededOut]
    more: int


class PlacesOut(Schema):
    """Columns: the n-th of each is of the same place. `kinds`: the kinds in words."""

    id: list[UUID] = Field(examples=[[]])
    longitude: list[float] = Field(examples=[[]])
    latitude: list[float] = Field(examples=[[]])
    kind: list[str] = Field(examples=[[]])
    name: list[str] = Field(examples=[[]])
    kinds: dict[str, str] = Field(examples=[{"school": "School"}])


class HereIn(Schema):
    longitude: float = Field(ge=-180, le=180, examples=[114.35])
    latitude: float = Field(ge=-90, le=90, examples=[36.1])
    accuracy: float = Field(ge=0, le=100_000, description=_("In metres."), examples=[12.0])


class StaffOut(Schema):
    post: UUID
    name: str
    role: str
    unit: str
    longitude: float
    latitude: float
    accuracy: float
    at: datetime


class FoundOut(Schema):
    kind: str = Field(examples=["incident"])
    id: str
    label: str
    detail: str
    longitude: float | None
    latitude: float | None
    link: str


def _viewer(request: HttpRequest) -> Post:
    return require(request.post, "incidents.view")  # type: ignore[attr-defined]


@router.get("/start", response=StartOut, summary=_("What a board needs first"))
def begin(request: HttpRequest) -> Any:
    return start.start(viewer=_viewer(request), now=timezone.now())


@router.get("/figures", response=list[FigureOut], summary=_("The figures of a board, each with the rows behind it"))
def counted(request: HttpRequest, response: HttpResponse) -> Any:
    # As for a start: what the feed tells after this position may not be counted yet.
    response["Journal-Position"] = str(journal.last_position())
    return figures.figures(viewer=_viewer(request), now=timezone.now())


@router.get("/duties", response=DutiesOut, summary=_("What needs you, soonest first"))
def duties(request: HttpRequest) -> Any:
    return start.needed(viewer=_viewer(request), now=timezone.now())


@router.get("/find", response=list[FoundOut], summary=_("Areas, premises, incidents, units and coordinates"))
def found(request: HttpRequest, *, q: Words = "") -> Any:
    return find.find(viewer=_viewer(request), text=q, now=timezone.now())


@router.get("/here", response=list[StaffOut], summary=_("Where those on duty in your area are"))
def staff(request: HttpRequest) -> Any:
    return here.staff(viewer=_viewer(request), at=timezone.now())


@router.post("/here", response={204: None}, summary=_("Where you are, while you are on duty"),
             description=_("The last point only, for a quarter of an hour at most; gone when your shift ends. It is "
                           "never journalled. Sent again it takes the place of the one before."))  # fmt: skip
def tell(request: HttpRequest, body: HereIn) -> Status[None]:
    by = require(request.post, SEE)  # type: ignore[attr-defined]
    here.tell(by=by, longitude=body.longitude, latitude=body.latitude, accuracy=body.accuracy, at=timezone.now())
    return Status(204, None)


@router.get("/areas", response={200: dict[str, Any]}, summary=_("Outlines of your areas of one level, for a map"),
            openapi_extra={"x-example": {"type": "FeatureCollection", "features": []}})  # fmt: skip
def outlines(request: HttpRequest, *, level: LevelOf = "township", v: Version = "") -> HttpResponse:
    # The browser keeps them, for ever where their version is named; they go packed where it can unpack them.
    asking, wanted = _viewer(request), start.LEVELS[level]
    if wanted < asking.level:
        raise NoSuchArea(field="level")
    version = start.outlines(asking)
    kept = "private, max-age=31536000, immutable" if v == version else "private, no-cache"
    return _kept(request, f'"{level}-{version}"', lambda: areas.outline(asking.area, level=wanted),
                 kept=kept, kind="application/geo+json")  # fmt: skip


@router.get("/premises", response=PlacesOut, summary=_("Your premises that have a point, in columns, for a map"))
def premises(request: HttpRequest) -> HttpResponse:
    return _places(request, start.premises(viewer=_viewer(request)))


@router.get("/points", response=PlacesOut, summary=_("Your devices, booths, gates, shelters and hydrants, for a map"))
def points(request: HttpRequest) -> HttpResponse:
    return _places(request, start.points(viewer=_viewer(request)))


def _places(request: HttpRequest, found: dict[str, Any]) -> HttpResponse:
    text = orjson.dumps(found)
    return _kept(request, f'"{hashlib.sha256(text).hexdigest()[:24]}"', lambda: text)


@router.get("/replay", response={200: dict[str, Any]}, summary=_("A past day of the map, from the journal"),
            description=_("What was open at the beginning of the day, and every change until its end, of what you may "
                          "see today. One answer for a whole day; days with more than 60,000 incidents are refused."),
            openapi_extra={"x-example": {"from": "2026-05-03T16:00:00Z", "to": "2026-05-04T16:00:00Z", "start": [],
                                         "changes": []}})  # fmt: skip
def replayed(request: HttpRequest, *, day: Day) -> HttpResponse:
    found = orjson.dumps(replay.replay(viewer=_viewer(request), day=day, now=timezone.now()), option=orjson.OPT_UTC_Z)
    return packed(request, found, headers={"Cache-Control": "private, no-store"})


@router.get("/wall", response={200: dict[str, Any]}, summary=_("What a wall screen shows"),
            description=_("Its views, figures and lists, without the titles of private matters; with `groups` the "
                          "scoreboard of the last thirty days."),
            openapi_extra={"x-example": {"now": "2026-05-04T08:30:00Z", "views": [], "figures": [], "worst": [],
                                         "supervised": [], "groups": None}})  # fmt: skip
def walled(request: HttpRequest, *, groups: bool = False) -> HttpResponse:
    found = wall.wall(viewer=_viewer(request), now=timezone.now(), groups=groups)
    return HttpResponse(orjson.dumps(found, option=orjson.OPT_UTC_Z), content_type="application/json")


def _kept(
    request: HttpRequest, tag: str, content: Callable[[], bytes], *, kept: str = "private, no-cache",
    kind: str = "application/json",
) -> HttpResponse:  # fmt: skip
    """An answer that a browser keeps and asks about by its tag; packed where it can unpack it."""
    headers = {"ETag": tag, "Cache-Control": kept}
    if tag in request.headers.get("If-None-Match", ""):
        return HttpResponse(status=304, headers={**headers, "Vary": "Accept-Encoding"})
    return packed(request, content(), kind=kind, headers=headers, shared=True)
