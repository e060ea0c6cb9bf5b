"""Every read of duties, their clocks and the calendars behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet
from django.utils.translation import get_language

from qipan.foundation.areas.rules import TIME_ZONE, day_of
from qipan.foundation.duties import access, clocks, kinds
from qipan.foundation.duties.models import ClockOrder, Duty, Extension, Pause, Relief, Step
from qipan.foundation.duties.recipients import Directory
from qipan.foundation.duties.rules import CALENDAR, RELIEF, State, Urgency, urgency
from qipan.foundation.interface import cursors, links
from qipan.foundation.posts.models import Post, Unit
from qipan.kernels import clock

PAGE = 100
DECEMBER = 12
ORDER = ("due_at", "id")  # soonest first, those without a deadline last


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list of duties is narrowed to. Empty means all."""

    kinds: tuple[str, ...] = ()
    urgency: Urgency | None = None
    area: int | None = None
    text: str = ""
    post: UUID | None = None


NO_FILTERS = Filters()


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a list: the duty, its group, what is left and how much of the budget is used (0 to 1, or more)."""

    duty: Duty
    urgency: Urgency
    kind: str
    left: str
    used: float | None
    due: str
    shut: bool = False

    @property
    def link(self) -> str:
        """The page of the thing; where there is none, or none that the viewer may open, what explains the deadline."""
        return (not self.shut and self.duty.link) or f"/duties/{self.duty.pk}/explain/"


@dataclass(frozen=True, slots=True)
class Work:
    """A list of duties, soonest first, and how many there are of each urgency before filters by it."""

    rows: list[Row]
    counts: dict[Urgency, int]
    kinds: list[tuple[str, str, int]]
    total: int
    next: str = ""
    previous: str = ""

    def groups(self) -> list[tuple[Urgency, list[Row]]]:
        """The rows by urgency, in the order of urgency; groups without rows are left out."""
        return [(one, [row for row in self.rows if row.urgency is one]) for one in Urgency if self._has(one)]

    def _has(self, one: Urgency) -> bool:
        return any(row.urgency is one for row in self.rows)


def local_midnight(now: datetime) -> datetime:
    """The end of the local day."""
    tomorrow = day_of(now) + timedelta(days=1)
    return datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=TIME_ZONE)


def in_group(one: Urgency, *, now: datetime) -> Q:
    """Open and paused duties of one urgency, as the database counts them."""
    opened, timed = Q(state=State.OPEN), Q(due_at__isnull=False)
    soon = Q(warn_at__isnull=False, warn_at__lte=now)
    match one:
        case Urgency.PAUSED:
            return Q(state=State.PAUSED)
        case Urgency.UNTIMED:
            return opened & Q(due_at=None)
        case Urgency.OVERDUE:
            return opened & Q(due_at__lt=now)
        case Urgency.SOON:
            return opened & Q(due_at__gte=now) & soon
        case Urgency.TODAY:
            return opened & timed & Q(due_at__gte=now, due_at__lt=local_midnight(now)) & ~soon
        case Urgency.LATER:
            return opened & timed & Q(due_at__gte=max(now, local_midnight(now))) & ~soon


def my_work(*, viewer: Post, now: datetime, filters: Filters = NO_FILTERS, after: str = "", limit: int = PAGE) -> Work:
    """What needs this post: its own duties and its unit's that nobody has taken, by what is left.

    `after` is the `next` or `previous` of a page. A fixed number of queries. Raises BadCursor.
    """
    rows = Duty.objects.filter(access.owed_by(viewer), district=viewer.district_id).exclude(state=State.ENDED)
    return _work(rows, now=now, filters=filters, after=after, limit=limit, viewer=viewer, own=True)


def unit_work(
    *, viewer: Post, unit: Unit, now: datetime, filters: Filters = NO_FILTERS, after: str = "", limit: int = PAGE
) -> Work:
    """What a unit owes, as far as the viewer may see it. Raises BadCursor."""
    owed = Q(unit=unit) | Q(post__unit=unit)
    rows = access.running(viewer=viewer).filter(owed)
    return _work(rows, now=now, filters=filters, after=after, limit=limit, viewer=viewer)


def _work(
    rows: QuerySet[Duty], *, now: datetime, filters: Filters, after: str, limit: int, viewer: Post, own: bool = False
) -> Work:
    if filters.area:
        rows = rows.filter(
            Q(district=filters.area) | Q(township=filters.area) | Q(village=filters.area) | Q(cell=filters.area)
        )
    if filters.post:
        rows = rows.filter(post=filters.post)
    if filters.text:
        rows = rows.filter(Q(title__icontains=filters.text) | Q(about_label__icontains=filters.text))
    by_kind: dict[str, int] = dict(rows.order_by().values_list("kind").annotate(Count("pk")))
    if filters.kinds:
        rows = rows.filter(kind__in=filters.kinds)
    counts = rows.aggregate(**{one.name: Count("pk", filter=in_group(one, now=now)) for one in Urgency})
    if filters.urgency is not None:
        rows = rows.filter(in_group(filters.urgency, now=now))
    rows = rows.select_related("unit", "post__person", "township", "village")
    page = cursors.keyset(rows, order=ORDER, after=after, limit=limit, nullable=ORDER[:1])
    found = [(name, kinds.title(name), number) for name, number in sorted(by_kind.items(), key=lambda item: -item[1])]
    return Work(
        rows=described(page.items, now=now, viewer=viewer, own=own),
        counts={one: counts[one.name] for one in Urgency},
        kinds=found,
        total=sum(counts.values()),
        next=page.next,
        previous=page.previous,
    )


def check_cursor(after: str) -> None:
    """Raises BadCursor for what is not a cursor of such a list."""
    cursors.read(Duty.objects.all(), order=ORDER, cursor=after, nullable=ORDER[:1])


def one(*, duty_id: UUID, viewer: Post, now: datetime) -> Row:
    """One duty the viewer may see. Raises NoSuchDuty."""
    return described([access.get(duty_id, viewer=viewer)], now=now, viewer=viewer)[0]


def described(duties: Sequence[Duty], *, now: datetime, viewer: Post | None, own: bool = False) -> list[Row]:
    """Rows for a list, with what is left counted by each duty's own clock: a fixed number of queries.

    Links that the viewer may not open are left out; of what is the viewer's `own` to do that takes no query.
    """
    shut = links.shut((duty.link for duty in duties), viewer=viewer, own=own) if viewer else set()
    language, midnight = get_language() or "zh-hans", local_midnight(now)
    deadlines = last_deadlines(duties)
    rows = []
    for duty in duties:
        last = deadlines.get(duty.pk)
        left, used = "", None
        if last is not None:
            left = clock.text.remaining(last.remaining(now=now), language=language)
            used = _used(last, now)
        group = urgency(state=duty.state, due_at=duty.due_at, warn_at=duty.warn_at, now=now, midnight=midnight)
        minute = duty.due_at.replace(second=0, microsecond=0) if duty.due_at else None  # seconds help nobody in a list
        due = clock.text.moment(minute, language=language, closing=True) if minute else ""
        rows.append(Row(duty, group, kinds.title(duty.kind), left, used, due, duty.link in shut))
    return rows


def _used(deadline: clock.Deadline, now: datetime) -> float | None:
    if deadline.due is None:
        return None
    whole = deadline.elapsed(until=deadline.due)
    return deadline.elapsed(until=now) / whole if whole else 1.0


def last_deadlines(duties: Sequence[Duty]) -> dict[UUID, clock.Deadline]:
    """The deadline that counts now, for each duty that has one."""
    return {key: found[-1] for key, found in all_deadlines(duties).items() if found}


def all_deadlines(duties: Sequence[Duty]) -> dict[UUID, list[clock.Deadline]]:
    """Every deadline that leads to each duty's, counted anew from the tables. Three queries and one a district."""
    timed = [duty for duty in duties if duty.limit is not None]
    if not timed:
        return {}
    rules = {district: clocks.rules_of(district) for district in {duty.district_id for duty in timed}}
    pauses: dict[UUID, list[clock.Pause]] = {duty.pk: [] for duty in timed}
    extensions: dict[UUID, list[clock.Limit]] = {duty.pk: [] for duty in timed}
    for pause in Pause.objects.filter(duty__in=pauses).order_by("begins_at"):
        pauses[pause.duty_id].append(clock.Pause(pause.begins_at, pause.ended_at, pause.reason))
    for extension in Extension.objects.filter(duty__in=pauses).order_by("given_at", "pk"):
        extensions[extension.duty_id].append(clocks.load_one(extension.limit))
    return {
        duty.pk: clocks.count(
            duty, rules=rules[duty.district_id], pauses=pauses[duty.pk], extensions=extensions[duty.pk]
        )
        for duty in timed
    }


@dataclass(frozen=True, slots=True)
class Load:
    """How much one person of a unit has to do now. For sharing work out, never for comparing people."""

    post: Post
    open: int
    overdue: int
    soon: int


def load(*, viewer: Post, unit: Unit, now: datetime) -> list[Load]:
    """The people of a unit by name, each with what they owe now as far as the viewer may see it. Two queries."""
    rows = (
        access.running(viewer=viewer)
        .filter(post__unit=unit)
        .order_by()
        .values_list("post")
        .annotate(
            all=Count("pk"),
            overdue=Count("pk", filter=in_group(Urgency.OVERDUE, now=now)),
            soon=Count("pk", filter=in_group(Urgency.SOON, now=now)),
        )
    )
    numbers = {post: counts for post, *counts in rows}
    members = Post.objects.in_force(now).filter(unit=unit, district=viewer.district_id).with_names()
    found = [Load(post, *numbers.get(post.pk, (0, 0, 0))) for post in members]
    return sorted(found, key=lambda one: str(one.post.person))


@dataclass(frozen=True, slots=True)
class Explained:
    """Why a duty is due when it is."""

    duty: Duty
    row: Row
    limit: str
    parts: list[clock.Explanation]
    pauses: list[Pause]
    extensions: list[Extension]
    orders: list[ClockOrder]
    steps: list[Step]
    legs: list[tuple[Duty, clock.Deadline | None]] = field(default_factory=list)


def explain(*, duty_id: UUID, viewer: Post, now: datetime) -> Explained:
    """The duty's deadline minute by minute, with its pauses, extensions, the orders that stretched it, the steps that
    fired, and the other duties about the same thing (its legs). Raises NoSuchDuty."""
    duty = access.get(duty_id, viewer=viewer)
    stages = clocks.load(duty.limit)
    language = get_language() or "zh-hans"
    orders: list[ClockOrder] = []
    if not duty.urgent:
        until = duty.ended_at or duty.due_at or now
        orders = list(ClockOrder.objects.filter(area__in=duty.areas(), ends_at__gt=duty.starts_at, begins_at__lt=until))
    legs = of(about=(duty.about_kind, duty.about_id), viewer=viewer)[:50]
    counted = all_deadlines([duty, *legs])
    deadlines = counted.get(duty.pk, [])
    return Explained(
        duty=duty,
        row=described([duty], now=now, viewer=viewer)[0],
        limit=" → ".join(f"{name} {clock.text.limit(limit, language=language)}".strip() for name, limit in stages),
        parts=[clock.explain(one) for one in deadlines],
        pauses=list(duty.pauses.select_related("asked_by__person", "approved_by__person").order_by("begins_at")),
        extensions=list(duty.extensions.select_related("approved_by__person")),
        orders=orders,
        steps=list(duty.steps.order_by("fired_at", "planned_at")),
        legs=[(one, counted[one.pk][-1] if counted.get(one.pk) else None) for one in legs],
    )


def of(*, about: tuple[str, UUID], viewer: Post) -> list[Duty]:
    """Every duty about a thing that the viewer may see, oldest first."""
    rows = access.visible(viewer=viewer).filter(about_kind=about[0], about_id=about[1])
    return list(rows.select_related("unit", "post__person").order_by("opened_at"))


def heads(*, unit_id: int, at: datetime) -> list[Post]:
    """Who leads a unit now."""
    return Directory([Duty(unit_id=unit_id, district_id=0)], at=at).heads(unit_id)


def asked_relief(*, viewer: Post) -> Relief | None:
    """The viewer's own request to be relieved, while it waits."""
    rows = Relief.objects.filter(post__person=viewer.person_id).exclude(duty__state=State.ENDED)
    return rows.select_related("duty__post__person").first()


def owed(*, post: Post) -> list[Duty]:
    """What a post itself owes now, soonest first. The caller has checked that the viewer may see all of it."""
    rows = Duty.objects.filter(post=post).exclude(state=State.ENDED)
    return list(rows.select_related("unit", "post__person").order_by(F("due_at").asc(nulls_last=True), "pk"))


def to_hand_over(*, viewer: Post, giver: Post | None = None, unit: Unit | None = None) -> list[Duty]:
    """What could be handed over: a person's, a unit's, else the viewer's own duties, as far as the viewer sees them."""
    rows = access.running(viewer=viewer)
    if giver is not None:
        rows = rows.filter(post=giver)
    elif unit is not None:
        rows = rows.filter(Q(unit=unit) | Q(post__unit=unit))
    else:
        rows = rows.filter(access.owed_by(viewer))
    rows = rows.exclude(kind__in=(RELIEF, CALENDAR)).select_related("unit", "post__person")
    return list(rows.order_by(F("due_at").asc(nulls_last=True), "pk"))


def reliefs(*, viewer: Post) -> list[Relief]:
    """Workers of the viewer's unit who asked to be relieved and wait for it. Only for whom it is addressed to."""
    rows = Relief.objects.filter(duty__post__in=access.posts_of(viewer)).exclude(duty__state=State.ENDED)
    return list(rows.select_related("post__person", "post__unit", "duty").order_by("duty__opened_at"))
