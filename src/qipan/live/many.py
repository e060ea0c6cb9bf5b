"""Many incidents of the map at once: what lies inside, what a step would do to each, and the step itself."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

import numpy as np
import shapely
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_POST
from ninja import Router, Schema
from pydantic import Field, StringConstraints, model_validator

from qipan.foundation.interface.files import sheet
from qipan.foundation.interface.pages import staff
from qipan.foundation.journal import operations as journal
from qipan.foundation.posts import queries as posts
from qipan.foundation.posts.access import require
from qipan.foundation.posts.api_once import key
from qipan.foundation.posts.api_words import _
from qipan.foundation.posts.middleware import viewer
from qipan.foundation.posts.models import Post
from qipan.foundation.refusals import Invalid
from qipan.incidents import operations, queries
from qipan.incidents.operations import many
from qipan.incidents.pages.exports import header, line
from qipan.incidents.pages.lists import UnknownFilter
from qipan.incidents.queries import Filters

router = Router(tags=["board"])
MOST_IDS = 5_000  # that anybody could draw a line around
Number = Annotated[float, Field(ge=-180, le=180)]
Step = Annotated[Literal["dispatch", "remind", "supervise"], Field(examples=["remind"])]
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)]


class NoPolygon(Invalid):
    """These corners enclose nothing. Draw a line around the incidents that you mean."""


class Chosen(Schema):
    ids: list[UUID] = Field([], max_length=MOST_IDS, description=_("Incidents; or give a polygon"))
    polygon: list[tuple[Number, Number]] = Field(
        [], max_length=500, description=_("Corners [longitude, latitude]: the open incidents inside that you may see"),
        examples=[[[114.0, 36.0], [114.4, 36.0], [114.4, 36.4]]],
    )  # fmt: skip

    @model_validator(mode="after")
    def one_of_both(self) -> Self:
        if bool(self.ids) and bool(self.polygon):
            raise ValueError("ids or a polygon, not both")
        return self


class StepIn(Chosen):
    step: Step
    unit: Annotated[int, Field(ge=1, le=2**63 - 1)] | None = Field(
        None, description=_("Where to dispatch to; without it as the routing rules suggest")
    )
    text: Text = Field("", description=_("The remark, or what a supervision asks"), examples=["please answer today"])


class InsideRow(Schema):
    id: UUID
    number: str
    title: str
    klass: str
    status: str
    unit: str | None
    due_at: datetime | None
    urgent: bool
    supervised: bool


class UnitOut(Schema):
    id: int
    name: str
    area: str


class InsideOut(Schema):
    total: int = Field(description=_("How many there are; `rows` holds the most urgent two hundred"))
    rows: list[InsideRow]
    steps: list[str] = Field(description=_("What your post may do to many"), examples=[["remind"]])
    units: list[UnitOut] = Field(description=_("Where you may dispatch to"))


class RefusedOut(Schema):
    id: UUID
    why: str = Field(description=_("The refusal's own words"), examples=["Give the reason."])


class ToOut(Schema):
    unit: str
    count: int


class PreviewOut(Schema):
    will: list[UUID]
    wont: list[RefusedOut]
    to: list[ToOut] = Field(description=_("With whom those are, or would be, that it works for"))


class ActOut(Schema):
    done: list[UUID]
    refused: list[RefusedOut]


def inside(*, asking: Post, polygon: list[tuple[float, float]]) -> list[UUID]:
    """The open incidents on the asker's map that lie in a polygon. Two queries. Raises NoPolygon."""
    if shapely.MultiPoint(polygon).convex_hull.area == 0:
        raise NoPolygon(field="polygon")
    # A line that crosses itself is taken as it is, by even and odd: to make it valid takes minutes for a scribble.
    shape = shapely.Polygon(polygon)
    shapely.prepare(shape)
    rows = queries.map_feed(viewer=asking).rows
    points = np.array([row[1:3] for row in rows], dtype=float).reshape(-1, 2)
    here = shapely.intersects_xy(shape, points[:, 0], points[:, 1])
    return [UUID(str(row[0])) for row, found in zip(rows, here, strict=True) if found]


def _ids(asking: Post, body: Chosen) -> list[UUID]:
    return inside(asking=asking, polygon=body.polygon) if body.polygon else body.ids


def _asker(request: HttpRequest) -> Post:
    return require(request.post, "incidents.view")  # type: ignore[attr-defined]


@router.post("/inside", response=InsideOut, summary=_("Open incidents that were selected, the most urgent first"))
def chosen(request: HttpRequest, body: Chosen) -> Any:
    asking, now = _asker(request), timezone.now()
    ids = _ids(asking, body)
    filters = Filters(state="open", ids=tuple(ids))
    steps = [step for step, ability in (*many.STEPS.items(), ("export", "incidents.export")) if asking.may(ability)]
    rows = queries.rows(viewer=asking, filters=filters, now=now, order="due", limit=many.MOST) if ids else []
    total = queries.filtered(viewer=asking, filters=filters, now=now).count() if len(rows) == many.MOST else len(rows)
    units = posts.units(viewer=asking, at=now) if "dispatch" in steps else []
    return {
        "total": total,
        "rows": [{**row, "unit": row["unit_name"] or row["desk_name"]} for row in rows],
        "steps": steps,
        "units": [{"id": unit.pk, "name": unit.name, "area": unit.area.name} for unit in units],
    }


@router.post("/preview", response=PreviewOut, summary=_("What a step would do to each of many; nothing is changed"))
def preview(request: HttpRequest, body: StepIn) -> Any:
    asking = _asker(request)
    found = many.preview(ids=_ids(asking, body), asked=_asked(body), by=asking, at=timezone.now())
    to = Counter(one.unit for one in found if not one.refusal)
    return {
        "will": [one.id for one in found if not one.refusal],
        "wont": _refused(found),
        "to": [{"unit": unit, "count": count} for unit, count in to.most_common()],
    }


@router.post("/act", response=ActOut, summary=_("Take a step on each of many, each by itself"))
def act(request: HttpRequest, body: StepIn) -> Any:
    # Each incident is a transaction of its own. The key belongs to the whole: sent again, nothing is done twice, and
    # what a break cut off is gone on with.
    asking, command, now = _asker(request), key(request), timezone.now()
    plain = body.model_dump(mode="json")
    with transaction.atomic():
        earlier = journal.once(command, author=asking, name="live.act", body=plain, at=now)
        ids = earlier.get("ids") if earlier else None
        if earlier and "done" in earlier:
            request.replayed = True  # type: ignore[attr-defined]
            return earlier
        if ids is None:  # whoever lies in the polygon later was not meant
            ids = _ids(asking, body)
            journal.answer(command, {"ids": ids})
    found = many.act(ids=map(UUID, map(str, ids)), asked=_asked(body), by=asking, at=now, command=command)
    answer = {"done": [str(one.id) for one in found if not one.refusal], "refused": _refused(found)}
    journal.answer(command, answer)
    return answer


def _asked(body: StepIn) -> many.Asked:
    return many.Asked(body.step, body.unit, body.text)


def _refused(found: list[many.Outcome]) -> list[dict[str, str]]:
    return [{"id": str(one.id), "why": one.refusal} for one in found if one.refusal]


@staff("incidents.export")
@require_POST
def export(request: HttpRequest) -> HttpResponseBase:
    """Those that were selected, as xlsx or (`format=csv`) CSV; that they left is recorded. Raises NothingChosen,
    TooManyAtOnce."""
    try:
        ids = tuple(UUID(each) for each in request.POST.getlist("id"))
    except ValueError as problem:
        raise UnknownFilter from problem
    if not ids:
        raise many.NothingChosen
    if len(ids) > MOST_IDS:
        raise many.TooManyAtOnce(most=MOST_IDS)
    now = timezone.now()
    rows = operations.export(filters=Filters(ids=ids), order="due", by=viewer(request), at=now)
    name = f"{gettext('Incidents')}-{timezone.localtime(now):%Y%m%d-%H%M}"
    lines = (line(row) for row in rows)
    return sheet(request.POST.get("format", "xlsx"), name=name, header=header(), rows=lines, title=gettext("Incidents"))
