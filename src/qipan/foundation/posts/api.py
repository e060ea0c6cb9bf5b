"""Posts over the API: who am I, units, posts, and going on and off duty."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_noop as _
from ninja import Path, Query, Router, Schema
from pydantic import Field

from qipan.foundation.interface.api import BIGGEST, Cursor, Limit, PageOf, UnitId, UnitInPath, shown
from qipan.foundation.interface.cursors import keyset
from qipan.foundation.posts import access, operations, queries, rules
from qipan.foundation.posts.api_writes import write
from qipan.foundation.posts.models import Post, Unit
from qipan.foundation.posts.rules import Role, UnitKind

router = Router(tags=["posts"])
ROUTERS = [("/posts", router)]
SOME_ID = "0198c0de-0000-7000-8000-000000000004"


class PostOut(Schema):
    """A person's role at an area, perhaps in a unit."""

    id: UUID = Field(description=_("Its id."), examples=[SOME_ID])
    role: str = Field(description=_("What the post does, as a code."), examples=["dispatcher"])
    role_name: str = Field(description=_("What the post does, in words."), examples=["Dispatcher"])
    kind: str = Field(description=_("regular, deputy or emergency."), examples=["regular"])
    person: str = Field(description=_("Who holds it."), examples=["Demo Dispatcher"])
    area: int = Field(description=_("The area it is at: it sees that area and all below."), examples=[1])
    area_name: str = Field(description=_("The name of that area."), examples=["殷都区"])
    unit: int | None = Field(description=_("The unit it belongs to, if any."), examples=[1])
    unit_name: str = Field(description=_("The name of that unit."), examples=["应急管理局"])
    valid_from: datetime = Field(description=_("Since when."), examples=["2026-01-01T00:00:00Z"])
    valid_to: datetime | None = Field(description=_("Until when; empty while it lasts."), examples=[None])


class MeOut(Schema):
    """Who asks, and what that post may do."""

    post: PostOut = Field(description=_("The post this request acts for."))
    on_duty: bool = Field(description=_("Whether the post has an open shift."), examples=[True])
    abilities: list[str] = Field(description=_("What the post may do here."), examples=[["posts.see"]])


class UnitOut(Schema):
    """What duties are sent to."""

    id: UnitId
    kind: str = Field(description=_("What kind of unit it is."), examples=["department"])
    name: str = Field(description=_("Its name."), examples=["应急管理局"])
    code: str = Field(description=_("Its own code."), examples=["YJ"])
    area: int = Field(description=_("The area it is responsible for."), examples=[1])
    parent: int | None = Field(description=_("The unit above it."), examples=[None])


class ShiftOut(Schema):
    """Where the post stands now."""

    id: UUID = Field(description=_("The id of the shift."), examples=[SOME_ID])
    on_duty: bool = Field(description=_("Whether the post has an open shift."), examples=[True])


@router.get(
    "/me",
    response=MeOut,
    summary=_("Who I am here"),
    description=_("The post this request acts for, whether it is on duty, and what it may do."),
)
def me(request: HttpRequest) -> Any:
    post: Post = request.viewer  # type: ignore[attr-defined]
    may = sorted(ability for ability in rules.abilities(post.role) if post.may(ability))
    return {"post": _post(post), "on_duty": queries.open_shift(post) is not None, "abilities": may}


@router.get(
    "/units",
    response=PageOf[UnitOut],
    summary=_("Units of your district"),
    description=_("Departments, offices, committees, stations and teams that exist now."),
)
def units(
    request: HttpRequest,
    *,
    kind: Annotated[UnitKind | None, Query(description=_("One kind of unit."))] = None,
    cursor: Cursor = "",
    limit: Limit = 50,
) -> Any:
    rows = queries.units_in_force(viewer=request.viewer, at=timezone.now(), kinds=[kind] if kind else [])  # type: ignore[attr-defined]
    return shown(keyset(rows, order=("name", "id"), after=cursor, limit=limit), _unit)


@router.get(
    "/units/{int:unit_id}",
    response=UnitOut,
    summary=_("One unit"),
    description=_("One unit of your district."),
)
def one_unit(request: HttpRequest, unit_id: UnitInPath) -> Any:
    return _unit(access.unit(unit_id, viewer=request.viewer))  # type: ignore[attr-defined]


@router.get(
    "",
    response=PageOf[PostOut],
    summary=_("Posts of your district that are in force"),
    description=_("Who does what, where: names and roles of people who work here."),
)
def posts(
    request: HttpRequest,
    *,
    role: Annotated[Role | None, Query(description=_("One role."))] = None,
    unit: Annotated[
        int | None, Query(ge=1, le=BIGGEST, description=_("Only posts of this unit."), examples=[1])
    ] = None,
    cursor: Cursor = "",
    limit: Limit = 50,
) -> Any:
    rows = access.visible_posts(viewer=request.viewer).in_force(timezone.now()).with_names()  # type: ignore[attr-defined]
    if role:
        rows = rows.filter(role=role)
    if unit is not None:
        rows = rows.filter(unit=unit)
    return shown(keyset(rows, order=("role", "id"), after=cursor, limit=limit), _post)


@router.get(
    "/{uuid:post_id}",
    response=PostOut,
    summary=_("One post"),
    description=_("One post of your district, in force or ended."),
)
def one(request: HttpRequest, post_id: Annotated[UUID, Path(description=_("The id of the post."))]) -> Any:
    return _post(access.post(post_id, viewer=request.viewer))  # type: ignore[attr-defined]


def _post(post: Post) -> dict[str, Any]:
    return {
        "id": post.pk,
        "role": post.role,
        "role_name": post.get_role_display(),
        "kind": post.kind,
        "person": str(post.person),
        "area": post.area_id,
        "area_name": post.area.name,
        "unit": post.unit_id,
        "unit_name": post.unit.name if post.unit else "",
        "valid_from": post.valid_from,
        "valid_to": post.valid_to,
    }


def _unit(unit: Unit) -> dict[str, Any]:
    return {"id": unit.pk, "kind": unit.kind, "name": unit.name, "code": unit.code, "area": unit.area_id,
            "parent": unit.parent_id}  # fmt: skip


write(
    router, "/me/shift", "posts.open_shift", _("Go on duty"),
    description=_("Opens a shift of your own post; its deputy steps back."),
    work=operations.open_shift, gives=lambda shift: {"id": str(shift.pk), "on_duty": True}, answer=ShiftOut,
)  # fmt: skip
write(
    router, "/me/shift/close", "posts.close_shift", _("Go off duty"),
    description=_("Closes the open shift of your own post."),
    work=operations.close_shift, gives=lambda shift: {"id": str(shift.pk), "on_duty": False}, answer=ShiftOut,
)  # fmt: skip
