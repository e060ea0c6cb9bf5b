"""My work, a unit's work, and why a deadline is when it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from qipan.foundation.duties import kinds, queries
from qipan.foundation.duties.models import Duty
from qipan.foundation.duties.queries import Filters, Work
from qipan.foundation.duties.rules import SEE, URGENCY_TITLES, State, Urgency
from qipan.foundation.interface.cursors import BadCursor
from qipan.foundation.interface.files import sheet
from qipan.foundation.interface.pages import CURSORS, staff, turned, unturned
from qipan.foundation.posts import queries as posts
from qipan.foundation.posts.middleware import Acting
from qipan.foundation.posts.models import Unit
from qipan.foundation.refusals import NotFound
from qipan.kernels import clock

MOST_EXPORTED = 5000
LEVELS = {
    Urgency.OVERDUE: "overdue",
    Urgency.SOON: "due",
    Urgency.TODAY: "soon",
    Urgency.LATER: "calm",
    Urgency.UNTIMED: "calm",
    Urgency.PAUSED: "paused",
}


def filters_of(request: Acting) -> Filters:
    """The filters in an address; what makes no sense there is left out."""
    given = request.GET
    wanted = given.get("urgency", "").upper()
    area = given.get("area", "")
    return Filters(
        kinds=tuple(kind for kind in given.getlist("kind") if kind),
        urgency=Urgency[wanted] if wanted in Urgency.__members__ else None,
        area=int(area) if area.isascii() and area.isdigit() and len(area) < 19 else None,
        text=given.get("q", "").replace("\0", "").strip()[:100],
    )


def cursor_of(request: Acting) -> str:
    """The cursor in an address; one that is none leads to the first page."""
    after = turned(request)
    try:
        queries.check_cursor(after)
    except BadCursor:
        return ""
    return after


def chips(request: Acting, work: Work) -> list[dict[str, Any]]:
    """Quick choices by urgency with their numbers; those that are empty are left out."""
    query = request.GET.copy()
    for name in ("urgency", *CURSORS):
        query.pop(name, None)
    now = request.GET.get("urgency", "")
    found = [{"label": _("All"), "count": work.total, "query": query.urlencode(), "active": not now}]
    for one in Urgency:
        if work.counts[one] or now == one.name.lower():
            query["urgency"] = one.name.lower()
            found.append(
                {
                    "label": str(URGENCY_TITLES[one]),
                    "count": work.counts[one],
                    "query": query.urlencode(),
                    "active": now == one.name.lower(),
                }
            )
    return found


def groups(work: Work) -> list[dict[str, Any]]:
    return [
        {"title": URGENCY_TITLES[one], "level": LEVELS[one], "rows": rows, "count": work.counts[one]}
        for one, rows in work.groups()
    ]


def listed(request: Acting, work: Work) -> dict[str, Any]:
    """What every list of duties shows."""
    return {
        "export": unturned(request),
        "work": work,
        "groups": groups(work),
        "chips": chips(request, work),
        "kinds": work.kinds,
        "chosen": request.GET.getlist("kind"),
        "q": request.GET.get("q", ""),
        "urgency": request.GET.get("urgency", ""),
        "page": {"next": work.next, "previous": work.previous, "total": None},
    }


def exported(request: Acting, work: Work, *, title: str) -> HttpResponseBase:
    """The list as xlsx or (`format=csv`) CSV: the same rows and filters, masked as on the page."""
    header = [
        _("Duty"), _("Kind of duty"), _("Number"), _("Urgency"), _("State"), _("Opened at"), _("Due"), _("Time left"),
        _("Unit"), _("Person"), _("Township or subdistrict"), _("Village or community"),
    ]  # fmt: skip
    lines = [
        [
            row.duty.title, row.kind, row.duty.about_label, str(URGENCY_TITLES[row.urgency]),
            row.duty.get_state_display(), row.duty.opened_at, row.duty.due_at, row.left, str(row.duty.unit or ""),
            str(row.duty.post.person) if row.duty.post else "", str(row.duty.township or ""),
            str(row.duty.village or ""),
        ]
        for row in work.rows
    ]  # fmt: skip
    return sheet(request.GET["format"], name="duties", header=header, rows=lines, title=title)


@staff(SEE)
def my_work(request: Acting) -> HttpResponseBase:
    """What needs me now, soonest first."""
    now = timezone.now()
    if "format" in request.GET:
        work = queries.my_work(viewer=request.post, now=now, filters=filters_of(request), limit=MOST_EXPORTED)
        return exported(request, work, title=_("My work"))
    after = cursor_of(request)
    work = queries.my_work(viewer=request.post, now=now, filters=filters_of(request), after=after)
    found = {
        **listed(request, work),
        "asked": queries.asked_relief(viewer=request.post),
        "missing": queries.missing_years(district_id=request.post.district_id, on=timezone.localdate(now)),
        "may_import": request.post.may("duties.calendar"),
    }
    return render(request, "duties/my_work.html", found)


@staff(SEE)
def unit_work(request: Acting) -> HttpResponseBase:
    """What a unit owes and how it is shared out."""
    now = timezone.now()
    units = posts.units(viewer=request.post, at=now)
    wanted = request.GET.get("unit", "")
    unit: Unit | None = None
    if wanted:
        unit = next((one for one in units if str(one.pk) == wanted), None)
        if unit is None:
            raise NotFound
    elif request.post.unit_id:
        unit = next((one for one in units if one.pk == request.post.unit_id), None)
    found: dict[str, Any] = {"units": units, "unit": unit}
    if unit is not None:
        load = queries.load(viewer=request.post, unit=unit, now=now)
        wanted = request.GET.get("post", "")
        person = next((one.post for one in load if str(one.post.pk) == wanted), None)
        filters = replace(filters_of(request), post=person.pk if person else None)
        if "format" in request.GET:
            work = queries.unit_work(viewer=request.post, unit=unit, now=now, filters=filters, limit=MOST_EXPORTED)
            return exported(request, work, title=str(unit))
        after = cursor_of(request)
        work = queries.unit_work(viewer=request.post, unit=unit, now=now, filters=filters, after=after)
        found |= {**listed(request, work), "load": load, "person": person}
    return render(request, "duties/unit_work.html", found)


@staff(SEE)
def explain(request: Acting, duty_id: UUID) -> HttpResponse:
    """Why this duty is due when it is, line by line."""
    now = timezone.now()
    found = queries.explain(duty_id=duty_id, viewer=request.post, now=now)
    language, year = get_language() or "zh-hans", timezone.localdate(now).year
    parts = [
        {
            "summary": part.summary(language=language, year=year),
            "lines": [
                {
                    "period": line.period(language=language, year=year),
                    "words": line.words(language=language),
                    "amount": line.amount(language=language),
                    "running": line.running(language=language) if line.counted else "",
                    "counted": bool(line.counted),
                }
                for line in part.rows()
            ],
        }
        for part in found.parts
    ]
    legs = [leg(duty, deadline, now=now) for duty, deadline in found.legs]
    return render(
        request,
        "duties/explain.html",
        {"found": found, "duty": found.duty, "parts": parts, "legs": legs, "steps": steps(found), "now": now},
    )


def leg(duty: Duty, deadline: clock.Deadline | None, *, now: datetime) -> dict[str, Any]:
    """A duty as a leg of the clock bar: minutes of its own clock."""
    language = get_language() or "zh-hans"
    states = {State.PAUSED: "paused", State.ENDED: "done", State.OPEN: "running"}
    owner = str(duty.post.person) if duty.post else str(duty.unit or "")
    found: dict[str, Any] = {
        "name": kinds.title(duty.kind),
        "note": owner,
        "state": states[State(duty.state)],
        "due": duty.due_at,
        "warn": duty.warn_at,
        "start": duty.starts_at,
        "limit": 0,
        "used": 0,
        "paused": 0,
    }
    if deadline is None:
        found["used"] = _minutes((duty.ended_at or now) - duty.starts_at)
        return found
    until = min(duty.ended_at or now, now)
    used = deadline.elapsed(until=until)
    whole = deadline.remaining(now=until).left + used
    bare = clock.elapsed(
        start=deadline.start,
        end=max(until, deadline.start),
        clock=deadline.limit.clock,
        calendar=deadline.calendar,
        hours=deadline.hours,
    )
    return found | {
        "limit": _minutes(whole),
        "used": _minutes(used),
        "paused": _minutes(bare - used),
        "limit_text": clock.text.limit(deadline.limit, language=language),
    }


def _minutes(length: timedelta) -> float:
    return max(0.0, length / timedelta(minutes=1))


def steps(found: queries.Explained) -> list[dict[str, Any]]:
    """What fired, newest first, as a timeline."""
    words = {
        "warn": _("Warned"),
        "breach": _("Deadline missed"),
        "resume": _("The pause ended by itself"),
        "dispatcher": _("Brought to the dispatcher"),
        "commander": _("Brought to the duty commander"),
    }
    rows = [
        {"title": words.get(step.name.partition(".")[0], step.name), "at": step.fired_at, "weight": "aside"}
        for step in found.steps
    ]
    return sorted(rows, key=lambda row: row["at"], reverse=True)
