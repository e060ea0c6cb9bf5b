"""Find anything: an area, premises, an incident, a unit, a pair of coordinates in any datum."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.urls import reverse

from qipan.foundation.areas import queries as areas
from qipan.foundation.posts import queries as posts
from qipan.foundation.posts.models import Post
from qipan.incidents import queries as incidents
from qipan.incidents.queries import Filters
from qipan.kernels.geodesy.datums import Datum, convert

MOST = 5  # of each kind
PAIR = re.compile(r"(-?\d{1,3}(?:\.\d+)?)\s*[,，;\s]\s*(-?\d{1,3}(?:\.\d+)?)\s*([A-Za-z][A-Za-z0-9 -]*)?")
DATUMS = {
    "": Datum.WGS84, "wgs84": Datum.WGS84, "cgcs2000": Datum.CGCS2000, "gcj02": Datum.GCJ02, "bd09": Datum.BD09,
}  # fmt: skip


def find(*, viewer: Post, text: str, now: datetime) -> list[dict[str, Any]]:
    """[{kind, id, label, detail, longitude, latitude, link}] of what the viewer may see, a few of each kind."""
    text = text.strip()
    if not text:
        return []
    if place := _place(viewer, text):
        return [place]
    return [*_areas(viewer, text, now), *_premises(viewer, text), *_points(viewer, text),
            *_incidents(viewer, text, now), *_units(viewer, text, now)]  # fmt: skip


def _place(viewer: Post, text: str) -> dict[str, Any] | None:
    """Longitude and latitude, in either order where only one fits, with a datum after them; WGS 84 without."""
    found = PAIR.fullmatch(text)
    if found is None:
        return None
    datum = DATUMS.get(re.sub(r"[ -]", "", found[3] or "").lower())
    first, second = float(found[1]), float(found[2])
    if abs(second) > 90 >= abs(first):
        first, second = second, first
    if datum is None or abs(first) > 180 or abs(second) > 90:
        return None
    x, y = (float(one) for one in convert(first, second, source=datum, target=Datum.WGS84))
    area = areas.locate(district_id=viewer.district_id, longitude=x, latitude=y)
    inside = area is not None and viewer.area_id in area.path
    return _found("place", "", f"{x:.6f}, {y:.6f}", detail=str(area) if inside else "", at=(x, y), link="")


def _areas(viewer: Post, text: str, now: datetime) -> Iterator[dict[str, Any]]:
    for one in areas.search(viewer=viewer, text=text).select_related("parent")[:MOST]:
        shape = areas.geometry(one, at=now)
        point = shape.representative_point() if shape is not None else None
        # The parent of the viewer's own area is a name that everybody in it knows.
        yield _found(
            "area", one.pk, one.name, detail=str(one.parent or ""), link=reverse("area", args=[one.pk]),
            at=(point.x, point.y) if point is not None else (None, None),
        )  # fmt: skip


def _premises(viewer: Post, text: str) -> Iterator[dict[str, Any]]:
    for one in areas.premises(viewer=viewer, text=text).select_related("cell", "village")[:MOST]:
        yield _found(
            "premises", one.pk, one.name, detail=str(one.cell or one.village or ""),
            at=(one.longitude, one.latitude), link=reverse("premises", args=[one.pk]),
        )  # fmt: skip


def _points(viewer: Post, text: str) -> Iterator[dict[str, Any]]:
    for one in areas.points(viewer=viewer, text=text).select_related("cell", "village")[:MOST]:
        detail = " · ".join(str(word) for word in (one.get_kind_display(), one.cell or one.village) if word)
        yield _found("point", one.pk, one.name, detail=detail, at=(one.longitude, one.latitude), link="")


def _incidents(viewer: Post, text: str, now: datetime) -> Iterator[dict[str, Any]]:
    if not viewer.may("incidents.view"):
        return
    for row in incidents.page(viewer=viewer, filters=Filters(text=text), now=now, limit=MOST).rows:
        detail = " · ".join(word for word in (row["number"], row["village_name"]) if word)
        yield _found(
            "incident", row["id"], row["title"], detail=detail, at=(row["longitude"], row["latitude"]),
            link=reverse("incident", args=[row["id"]]),
        )  # fmt: skip


def _units(viewer: Post, text: str, now: datetime) -> Iterator[dict[str, Any]]:
    named = Q(name__icontains=text) | Q(short_name__icontains=text)
    for one in posts.units_in_force(viewer=viewer, at=now).filter(named).select_related("area").order_by("name")[:MOST]:
        yield _found("unit", one.pk, one.name, detail=str(one.area), link=reverse("units_one", args=[one.pk]))


def _found(
    kind: str, key: Any, label: str, *, detail: str, at: tuple[float | None, float | None] = (None, None), link: str
) -> dict[str, Any]:
    x, y = at
    return {"kind": kind, "id": str(key), "label": label, "detail": detail, "longitude": x, "latitude": y, "link": link}
