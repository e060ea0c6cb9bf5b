"""The page of charts, and each chart's table as a file."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from qipan.foundation.interface.files import sheet
from qipan.foundation.interface.pages import staff
from qipan.foundation.posts.middleware import viewer
from qipan.foundation.refusals import NotFound
from qipan.incidents.pages.lists import UnknownFilter
from qipan.incidents.queries.scores import RangeBackwards, RangeTooLong
from qipan.incidents.rules.classes import CLASSES, Klass
from qipan.live.queries.charts import Asked, Chart, charts
from qipan.live.words import CHART_TEXTS

DAYS = 30
RANGES = (7, 30, 90)


@staff("incidents.scores")
@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """The charts of a range of days, the last thirty where none is given; a refused range is told above them.

    The tables are in the page; its script draws the pictures from them.
    """
    post, now = viewer(request), timezone.now()
    asked, refusal = _asked(request, now), ""
    found: list[Chart] = []
    try:
        found = charts(viewer=post, asked=asked, now=now)
    except (RangeTooLong, RangeBackwards) as refused:
        refusal = refused.message
    today = timezone.localdate(now)
    context = {
        "charts": found,
        "drawn": {"texts": {key: str(value) for key, value in CHART_TEXTS.items()},
                  "charts": [one.drawn() for one in found if one.drawable]},
        "asked": asked,
        "refusal": refusal,
        "nothing": bool(found) and not any(one.drawable for one in found),
        "classes": [(klass.value, CLASSES[klass].name) for klass in Klass],
        "ranges": [
            {"days": days, "since": today - timedelta(days=days - 1), "until": today,
             "active": (asked.since, asked.until) == (today - timedelta(days=days - 1), today)}
            for days in RANGES
        ],
        "addresses": urlencode({"since": asked.since, "until": asked.until, "klass": asked.klass}),
    }  # fmt: skip
    return render(request, "live/charts.html", context, status=422 if refusal else 200)


@staff("incidents.scores")
@require_GET
def export(request: HttpRequest) -> HttpResponseBase:
    """One chart's table (`chart`), as xlsx or (`format=csv`) CSV: sums alone, nothing of any one incident."""
    post, now, given = viewer(request), timezone.now(), request.GET
    asked = _asked(request, now)
    found = next((one for one in charts(viewer=post, asked=asked, now=now) if one.key == given.get("chart")), None)
    if found is None:
        raise NotFound
    header = [found.head, *(f"{column.name} %" if column.share else column.name for column in found.columns)]
    rows = ([label, *(cell.value for cell in cells)] for label, cells in found.rows)
    name = f"{found.title}-{asked.since:%Y%m%d}-{asked.until:%Y%m%d}"
    return sheet(given.get("format", "xlsx"), name=name, header=header, rows=rows, title=_("Charts"))


def _asked(request: HttpRequest, now: datetime) -> Asked:
    """What the address asks for. Raises UnknownFilter for what no form of ours sends."""
    given: Any = request.GET
    try:
        until = date.fromisoformat(given["until"]) if given.get("until") else timezone.localdate(now)
        since = date.fromisoformat(given["since"]) if given.get("since") else until - timedelta(days=DAYS - 1)
        klass = Klass(given["klass"]).value if given.get("klass") else ""
        until + timedelta(days=8), since - timedelta(days=8)  # at the calendar's ends there is no week
    except (ValueError, OverflowError) as problem:
        raise UnknownFilter from problem
    return Asked(since, until, klass)
