"""The scoreboard: units and cells among their like."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from qipan.foundation.areas.models import Area
from qipan.foundation.interface.pages import staff
from qipan.foundation.posts.middleware import viewer
from qipan.incidents.pages.lists import UnknownFilter
from qipan.incidents.queries import scores

BY: dict[str, Any] = {"unit": _("By unit"), "cell": _("By grid cell")}
DAYS = 30
SHOWN = 200


@staff("incidents.scores")
@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """What was closed in a range of days, the last thirty where none is given; a refused range is told above it."""
    post, now = viewer(request), timezone.now()
    given = request.GET
    today = timezone.localdate(now)
    by = given.get("by", "unit")
    try:
        until = date.fromisoformat(given["until"]) if given.get("until") else today
        since = date.fromisoformat(given["since"]) if given.get("since") else until - timedelta(days=DAYS - 1)
        area = int(given["area"]) if given.get("area") else None
    except (ValueError, OverflowError) as problem:
        raise UnknownFilter from problem
    groups: list[scores.Group] = []
    refusal = ""
    try:
        groups = scores.scores(viewer=post, since=since, until=until, at=now, area_id=area, by=by, most=SHOWN)
    except (scores.RangeTooLong, scores.RangeBackwards) as refused:
        refusal = refused.message
    context = {
        "groups": groups,
        "refusal": refusal,
        "figures": _figures(groups),
        "by": by,
        "tabs": [{"label": label, "url": f"?{_with(given, by=name)}", "active": name == by}
                 for name, label in BY.items()],
        "since": since.isoformat(),
        "until": until.isoformat(),
        "area": given.get("area", ""),
        "areas": Area.objects.filter(parent=post.area, valid_to=None).order_by("pinyin").values_list("pk", "name"),
        "fewest": scores.FEWEST_PEOPLE,
        "fewest_closed": scores.FEWEST_CLOSED,
    }  # fmt: skip
    return render(request, "incidents/scores.html", context, status=422 if refusal else 200)


def _with(given: Any, **changes: str) -> str:
    query = given.copy()
    for key, value in changes.items():
        query[key] = value
    return str(query.urlencode())


def _figures(groups: list[scores.Group]) -> list[dict[str, Any]]:
    """The sums over the rows shown."""
    rows = [row for group in groups for row in group.rows]
    closed = sum(row.closed for row in rows)
    if not closed or any(group.more for group in groups):
        return []
    timed = sum(row.timed for row in rows)
    return [
        {"label": _("Closed"), "value": closed},
        {"label": _("Done on time"), "value": percent(sum(row.on_time for row in rows), timed)},
        {"label": _("Right the first time"), "value": percent(sum(row.first_time for row in rows), closed)},
        {"label": _("Reworked"), "value": sum(row.reworked for row in rows)},
        {"label": _("Reopened"), "value": sum(row.reopened for row in rows)},
        {"label": _("On the spot"), "value": sum(row.immediate for row in rows)},
    ]


def percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}%" if whole else "—"
