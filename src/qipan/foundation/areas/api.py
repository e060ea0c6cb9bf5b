"""Areas over the API: the tree of jurisdiction, where a point lies, outlines, premises."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_noop as _
from ninja import Path, Query, Router, Schema
from pydantic import Field

from qipan.foundation.areas import queries
from qipan.foundation.areas.access import NoSuchArea, get, visible_located
from qipan.foundation.areas.models import Area, Premises, PremisesKind
from qipan.foundation.interface.api import BIGGEST, AreaId, Cursor, Limit, PageOf, shown
from qipan.foundation.interface.cursors import keyset
from qipan.foundation.refusals import NotFound

router = Router(tags=["areas"])
ROUTERS = [("/areas", router)]

InPath = Annotated[
    int, Path(ge=1, le=BIGGEST, description=_("The number of an area (never its official code)."), examples=[1])
]
Level = Annotated[
    int | None, Query(ge=1, le=4, description=_("1 district, 2 township, 3 village or community, 4 grid cell."))
]
Words = Annotated[str, Query(max_length=100, description=_("Part of a name, its pinyin, or the start of a code."))]


class AreaOut(Schema):
    """One area of the tree."""

    id: AreaId
    level: int = Field(description=_("1 district, 2 township, 3 village or community, 4 grid cell."), examples=[2])
    kind: str = Field(description=_("What kind of area it is."), examples=["town"])
    name: str = Field(description=_("Its name."), examples=["水冶镇"])
    code: str = Field(description=_("Its official code in force; empty where it has none."), examples=["410505100"])
    parent: int | None = Field(description=_("The area it lies in."), examples=[1])
    path: list[int] = Field(description=_("Ids from the district down to itself."), examples=[[1, 12]])
    valid_from: date = Field(description=_("Since when it exists."), examples=["2020-01-01"])
    valid_to: date | None = Field(description=_("Until when; empty while it exists."), examples=[None])


class PremisesOut(Schema):
    """One of the subjects under care."""

    id: UUID = Field(description=_("Its id."), examples=["0198c0de-0000-7000-8000-000000000003"])
    kind: str = Field(description=_("What kind of premises it is."), examples=["school"])
    name: str = Field(description=_("Its name."), examples=["第一小学"])
    code: str = Field(description=_("Its own code."), examples=["S-001"])
    areas: list[int] = Field(description=_("The areas it stands in, from the district down."), examples=[[1, 12, 40]])
    longitude: float | None = Field(description=_("Degrees, WGS 84."), examples=[114.1])
    latitude: float | None = Field(description=_("Degrees, WGS 84."), examples=[36.1])


@router.get(
    "",
    response=PageOf[AreaOut],
    summary=_("Areas of your jurisdiction"),
    description=_("The areas of your subtree, in the order of level and name, perhaps inside one of them."),
)
def areas(
    request: HttpRequest,
    *,
    text: Words = "",
    level: Level = None,
    within: Annotated[
        int | None, Query(ge=1, le=BIGGEST, description=_("Only areas inside this one."), examples=[1])
    ] = None,
    cursor: Cursor = "",
    limit: Limit = 50,
) -> Any:
    rows = queries.search(viewer=_viewer(request), text=text, level=level)
    if within is not None:
        rows = rows.filter(pk__in=queries.subtree(get(within, viewer=_viewer(request))).values("pk"))
    page = keyset(rows, order=("level", "pinyin", "id"), after=cursor, limit=limit)
    return {"items": _shown(page.items), "next": page.next, "previous": page.previous}


@router.get(
    "/locate",
    response=AreaOut,
    summary=_("The area around a point"),
    description=_("The smallest area of your jurisdiction around a point: its cell where cells are drawn."),
)
def locate(
    request: HttpRequest,
    longitude: Annotated[float, Query(ge=-180, le=180, description=_("Degrees, WGS 84."), examples=[114.1])],
    latitude: Annotated[float, Query(ge=-90, le=90, description=_("Degrees, WGS 84."), examples=[36.1])],
) -> Any:
    viewer = _viewer(request)
    found = queries.locate(district_id=viewer.district_id, longitude=longitude, latitude=latitude)
    if found is None or viewer.area_id not in found.path:
        raise NoSuchArea
    return _shown([found])[0]


@router.get(
    "/premises",
    response=PageOf[PremisesOut],
    summary=_("Premises of your jurisdiction"),
    description=_("Villages, communities, enterprises, institutions, schools and shops under care."),
)
def premises(
    request: HttpRequest,
    *,
    text: Words = "",
    kind: Annotated[PremisesKind | None, Query(description=_("One kind of premises."))] = None,
    within: Annotated[
        int | None, Query(ge=1, le=BIGGEST, description=_("Only premises inside this area."), examples=[1])
    ] = None,
    cursor: Cursor = "",
    limit: Limit = 50,
) -> Any:
    area = get(within, viewer=_viewer(request)) if within is not None else None
    rows = queries.premises(viewer=_viewer(request), text=text, kind=kind or "", area=area)
    return shown(keyset(rows, order=("kind", "pinyin", "id"), after=cursor, limit=limit), _premises)


@router.get(
    "/premises/{uuid:premises_id}",
    response=PremisesOut,
    summary=_("One of the premises"),
    description=_("One subject under care inside your jurisdiction."),
)
def one_premises(
    request: HttpRequest, premises_id: Annotated[UUID, Path(description=_("The id of the premises."))]
) -> Any:
    found = visible_located(Premises, viewer=_viewer(request)).filter(pk=premises_id).first()
    if found is None:
        raise NotFound
    return _premises(found)


@router.get(
    "/{int:area_id}",
    response=AreaOut,
    summary=_("One area"),
    description=_("One area of your jurisdiction, with its code in force."),
)
def one(request: HttpRequest, area_id: InPath) -> Any:
    return _shown([get(area_id, viewer=_viewer(request))])[0]


@router.get(
    "/{int:area_id}/outline",
    response={200: dict[str, Any]},
    summary=_("Outlines for a map"),
    description=_("A GeoJSON FeatureCollection of the areas of one level inside an area, simplified alike."),
    openapi_extra={"x-example": {"type": "FeatureCollection", "features": []}},
)
def outline(request: HttpRequest, area_id: InPath, level: Level = None) -> HttpResponse:
    area = get(area_id, viewer=_viewer(request))
    if level is not None and level < area.level:
        raise NoSuchArea(field="level")
    return HttpResponse(queries.outline(area, level=level), content_type="application/geo+json")


def _viewer(request: HttpRequest) -> Any:
    return request.viewer  # type: ignore[attr-defined]


def _shown(areas: list[Area]) -> list[dict[str, Any]]:
    codes = queries.codes([area.pk for area in areas])
    return [
        {"id": area.pk, "level": area.level, "kind": area.kind, "name": area.name, "code": codes.get(area.pk, ""),
         "parent": area.parent_id, "path": list(area.path), "valid_from": area.valid_from, "valid_to": area.valid_to}
        for area in areas
    ]  # fmt: skip


def _premises(one: Premises) -> dict[str, Any]:
    names = ("id", "kind", "name", "code", "longitude", "latitude")
    return {name: getattr(one, name) for name in names} | {"areas": list(one.areas())}
