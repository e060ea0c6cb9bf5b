"""Duties over the API: what needs me, what a unit owes, why a deadline is when it is, hand-over, calls, relief."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_noop as _
from ninja import Path, Query, Router, Schema
from pydantic import Field

from qipan.foundation.duties import operations, queries
from qipan.foundation.duties.models import Duty
from qipan.foundation.duties.operations.moves import NobodyGiven
from qipan.foundation.duties.queries import Filters
from qipan.foundation.duties.rules import Urgency
from qipan.foundation.interface.api import BIGGEST, AreaId, Cursor, Limit, PageOf, UnitId, UnitInPath
from qipan.foundation.posts import access as posts
from qipan.foundation.posts.access import require
from qipan.foundation.posts.api_once import once
from qipan.foundation.posts.api_writes import write
from qipan.foundation.posts.models import Post
from qipan.foundation.refusals import NotFound

router = Router(tags=["duties"])
ROUTERS = [("/duties", router)]
SOME_ID = "0198c0de-0000-7000-8000-000000000007"
OTHER_ID = "0198c0de-0000-7000-8000-000000000008"

Text = Annotated[str, Query(max_length=100, description=_("Words of the title or the number."), examples=[""])]
KindOf = Annotated[
    str, Query(max_length=60, description=_("One kind of duty, as a code."), examples=["incidents.handle"])
]
UrgencyOf = Annotated[
    str,
    Query(
        max_length=10,
        description=_("One group: overdue, soon, today, later, untimed or paused."),
        examples=["overdue"],
    ),
]
AreaOf = Annotated[int | None, Query(ge=1, le=BIGGEST, description=_("Only inside this area."), examples=[1])]
DutyId = Annotated[UUID, Path(description=_("The id of a duty."))]


class DutyOut(Schema):
    """One thing that some post owes by some time at some place."""

    id: UUID = Field(description=_("Its id."), examples=[SOME_ID])
    kind: str = Field(description=_("What kind of duty, as a code."), examples=["incidents.handle"])
    kind_name: str = Field(description=_("What kind of duty, in words."), examples=["Handle"])
    title: str = Field(description=_("What it is, masked."), examples=["2026-000123"])
    about_kind: str = Field(description=_("What kind of thing it is about."), examples=["incidents.incident"])
    about_id: UUID = Field(description=_("The id of that thing."), examples=[OTHER_ID])
    about_label: str = Field(description=_("How that thing is called, by number."), examples=["2026-000123"])
    link: str = Field(description=_("The page to work on it."), examples=["/incidents/2026-000123/"])
    state: str = Field(description=_("open, paused or ended."), examples=["open"])
    urgency: str = Field(
        description=_("overdue, soon, today, later, untimed or paused; ended for what has ended."), examples=["soon"]
    )
    opened_at: datetime = Field(description=_("When it was opened."), examples=["2026-05-04T00:30:00Z"])
    due_at: datetime | None = Field(description=_("By when; empty without a deadline."), examples=[None])
    left: str = Field(description=_("What is left, by its own clock, in words."), examples=["1 h 20 min left"])
    provisional: bool = Field(
        description=_("Whether a calendar that is not published yet may move the deadline."), examples=[False]
    )
    urgent: bool = Field(description=_("Whether no order may stretch its clock."), examples=[False])
    level: int | None = Field(description=_("Whose leg it is: 1 district, 2 township, 3 village."), examples=[2])
    areas: list[AreaId] = Field(description=_("The areas it stands in, the district first."), examples=[[1, 2]])
    unit: int | None = Field(description=_("The unit that owes it."), examples=[1])
    post: UUID | None = Field(description=_("The post that owes it; empty while nobody has taken it."), examples=[None])
    ended_at: datetime | None = Field(description=_("When it ended."), examples=[None])
    outcome: str = Field(description=_("How it ended."), examples=[""])
    on_time: bool | None = Field(description=_("Whether it ended in time."), examples=[None])


class LineOut(Schema):
    """One span of time and what it counted."""

    begins_at: datetime = Field(description=_("From."), examples=["2026-05-04T00:30:00Z"])
    ends_at: datetime | None = Field(
        description=_("To; empty in a pause that lasts."), examples=["2026-05-04T04:00:00Z"]
    )
    reason: str = Field(description=_("Why, as a code."), examples=["working"])
    words: str = Field(description=_("Why, in words."), examples=["working hours"])
    seconds: int = Field(description=_("What was counted, in seconds (a day counts 86,400)."), examples=[12600])
    total_seconds: int = Field(description=_("What was counted so far."), examples=[12600])
    provisional: bool = Field(description=_("Whether the calendar may still change this."), examples=[False])


class ExplanationOut(Schema):
    """Why a deadline is when it is."""

    duty: DutyOut = Field(description=_("The duty."))
    limit: str = Field(description=_("The limit, in words."), examples=["4 working hours"])
    summaries: list[str] = Field(
        description=_("In a sentence for each part: the limit, then extensions on another clock."),
        examples=[["4 working hours from 4 May 08:30: due 4 May 15:00."]],
    )
    lines: list[LineOut] = Field(description=_("Every span of time from the start to the deadline."))


class HandOver(Schema):
    """Duties that change hands."""

    duties: list[UUID] = Field(
        min_length=1, max_length=500, description=_("Which duties: all or none are handed over."), examples=[[SOME_ID]]
    )
    post: UUID | None = Field(None, description=_("The post that takes them."), examples=[OTHER_ID])
    unit: UnitId | None = Field(None, description=_("Or the unit that takes them."), examples=[None])
    reason: str = Field("", max_length=300, description=_("Why; may stay empty."), examples=["leave"])


class HandedOver(Schema):
    """How many changed hands."""

    moved: int = Field(description=_("How many duties were handed over."), examples=[1])


class CallIn(Schema):
    """A phone call as it was noted."""

    line: str = Field(
        "",
        max_length=500,
        description=_("Number or matter, whatever was noted; numbers are sealed at once."),
        examples=["a burst pipe"],
    )


class DutyMade(Schema):
    """The duty that came of it."""

    duty: UUID = Field(description=_("Its id."), examples=[SOME_ID])


class NoteIn(Schema):
    """What came of it."""

    note: str = Field("", max_length=300, description=_("What came of it; may stay empty."), examples=["told"])


class DayOut(Schema):
    """A day that is not simply a working day from Monday to Friday or a free weekend."""

    day: date = Field(description=_("The day."), examples=["2026-10-01"])
    kind: str = Field(description=_("holiday or adjusted (a weekend day that is worked)."), examples=["holiday"])
    name: str = Field(description=_("The holiday it belongs to, as the notice writes it."), examples=["New Year"])


class YearOut(Schema):
    """A year of the district's calendar."""

    year: int = Field(description=_("The year."), examples=[2026])
    published: bool = Field(description=_("Whether it is published; otherwise weekends only."), examples=[True])
    source: str = Field(description=_("The notice it comes from."), examples=[""])
    workdays: int = Field(description=_("How many days are worked."), examples=[248])
    days: list[DayOut] = Field(description=_("The days off and the weekend days worked."))


def _filters(kind: str, urgency: str, area: int | None, text: str) -> Filters:
    wanted = urgency.upper()
    if urgency and wanted not in Urgency.__members__:
        raise NotFound
    return Filters(
        kinds=(kind,) if kind else (), urgency=Urgency[wanted] if urgency else None, area=area, text=text.strip()
    )


def _row(row: queries.Row) -> dict[str, Any]:
    duty = row.duty
    return {
        "id": duty.pk,
        "kind": duty.kind,
        "kind_name": row.kind,
        "title": duty.title,
        "about_kind": duty.about_kind,
        "about_id": duty.about_id,
        "about_label": duty.about_label,
        "link": row.link,
        "state": duty.state,
        "urgency": "ended" if duty.ended_at else row.urgency.name.lower(),
        "opened_at": duty.opened_at,
        "due_at": duty.due_at,
        "left": "" if duty.ended_at else row.left,
        "provisional": duty.provisional,
        "urgent": duty.urgent,
        "level": duty.level,
        "areas": list(duty.areas()),
        "unit": duty.unit_id,
        "post": duty.post_id,
        "ended_at": duty.ended_at,
        "outcome": duty.outcome,
        "on_time": duty.on_time,
    }


@router.get(
    "/mine",
    response=PageOf[DutyOut],
    summary=_("What needs me"),
    description=_("Your own duties and those of your unit that nobody has taken, soonest first."),
)
def mine(
    request: HttpRequest,
    *,
    kind: KindOf = "",
    urgency: UrgencyOf = "",
    area: AreaOf = None,
    text: Text = "",
    cursor: Cursor = "",
    limit: Limit = 50,
) -> Any:
    viewer = require(request.viewer, "duties.see")  # type: ignore[attr-defined]
    filters = _filters(kind, urgency, area, text)
    work = queries.my_work(viewer=viewer, now=timezone.now(), filters=filters, after=cursor, limit=limit)
    return {"items": [_row(row) for row in work.rows], "next": work.next, "previous": work.previous}


@router.get(
    "/of-unit/{int:unit_id}",
    response=PageOf[DutyOut],
    summary=_("What a unit owes"),
    description=_("As far as you may see it, soonest first."),
)
def of_unit(
    request: HttpRequest,
    unit_id: UnitInPath,
    *,
    kind: KindOf = "",
    urgency: UrgencyOf = "",
    area: AreaOf = None,
    text: Text = "",
    post: Annotated[UUID | None, Query(description=_("Only what this post owes."), examples=[OTHER_ID])] = None,
    cursor: Cursor = "",
    limit: Limit = 50,
) -> Any:
    viewer = require(request.viewer, "duties.see")  # type: ignore[attr-defined]
    unit = posts.unit(unit_id, viewer=viewer)
    filters = replace(_filters(kind, urgency, area, text), post=post)
    work = queries.unit_work(viewer=viewer, unit=unit, now=timezone.now(), filters=filters, after=cursor, limit=limit)
    return {"items": [_row(row) for row in work.rows], "next": work.next, "previous": work.previous}


@router.get(
    "/calendar/{int:year}",
    response=YearOut,
    summary=_("A year of the calendar"),
    description=_("Days off and weekend days worked, as your district's clocks count them."),
)
def calendar(request: HttpRequest, year: Annotated[int, Path(ge=2000, le=2199, description=_("The year."))]) -> Any:
    viewer = require(request.viewer, "duties.see")  # type: ignore[attr-defined]
    found = queries.year(district_id=viewer.district_id, year=year)
    special = [
        {"day": day.date, "kind": day.kind.value, "name": day.name}
        for days in found.months
        for day in days
        if day.kind.value in ("holiday", "adjusted")
    ]
    return {
        "year": year,
        "published": found.published,
        "source": found.source,
        "workdays": found.workdays,
        "days": special,
    }


@router.get("/{uuid:duty_id}", response=DutyOut, summary=_("One duty"), description=_("One duty that you may see."))
def one(request: HttpRequest, duty_id: DutyId) -> Any:
    viewer = require(request.viewer, "duties.see")  # type: ignore[attr-defined]
    return _row(queries.one(duty_id=duty_id, viewer=viewer, now=timezone.now()))


@router.get(
    "/{uuid:duty_id}/explanation",
    response=ExplanationOut,
    summary=_("Why a deadline is when it is"),
    description=_("Every span of time from the start to the deadline, what it counted and why."),
)
def explanation(request: HttpRequest, duty_id: DutyId) -> Any:
    viewer = require(request.viewer, "duties.see")  # type: ignore[attr-defined]
    language = get_language() or "zh-hans"
    found = queries.explain(duty_id=duty_id, viewer=viewer, now=timezone.now())
    return {
        "duty": _row(found.row),
        "limit": found.limit,
        "summaries": [part.summary(language=language) for part in found.parts],
        "lines": [
            {
                "begins_at": line.begin,
                "ends_at": line.end,
                "reason": line.reason.value,
                "words": line.words(language=language),
                "seconds": int(line.counted.total_seconds()),
                "total_seconds": int(line.total.total_seconds()),
                "provisional": line.provisional,
            }
            for part in found.parts
            for line in part.spans
        ],
    }


@router.post(
    "/calls",
    response=DutyMade,
    summary=_("Note a phone call"),
    description=_("The call becomes a duty of yours. A number in it is sealed and never shown in lists."),
)
def take_call(request: HttpRequest, body: CallIn) -> Any:
    viewer = require(request.viewer, "duties.take_call")  # type: ignore[attr-defined]

    def work() -> dict[str, Any]:
        return _made(operations.take_call(line=body.line, by=viewer, at=timezone.now()))

    # The key is bound to what was noted without keeping anything from which a number could be guessed.
    return once(request, "duties.take_call", {"line": operations.keyed(body.line)}, work)


def _made(duty: Duty) -> dict[str, Any]:
    return {"duty": str(duty.pk)}


def _hand_over(*, post: UUID | None, unit: int | None, by: Post, **more: Any) -> int:
    if (post is None) == (unit is None):
        raise NobodyGiven(field="post")
    return operations.hand_over_once(
        post=posts.post(post, viewer=by) if post else None,
        unit=posts.unit(unit, viewer=by) if unit else None,
        by=by,
        command_id=None,
        **more,
    )


write(
    router, "/hand-over", "duties.hand_over", _("Hand duties over"),
    description=_("To a post or a unit of your district, all or none. Their clocks run on. The taker is told."),
    ability="duties.hand_over", body=HandOver, work=_hand_over, gives=lambda moved: {"moved": moved}, answer=HandedOver,
)  # fmt: skip
write(
    router, "/{uuid:duty_id}/finish", "duties.finish", _("A call has been dealt with"),
    description=_("Ends a phone call that you owe."),
    ability="duties.see", key=DutyId, body=NoteIn, work=operations.finish, gives=_made, answer=DutyMade,
)  # fmt: skip
write(
    router, "/relief", "duties.ask_relief", _("Ask to be relieved"),
    description=_("A family emergency: the head of your unit is told at once and has two hours. Nobody asks why."),
    ability="duties.ask_relief", work=operations.ask_relief, gives=_made, answer=DutyMade,
)  # fmt: skip
