"""What the API of incidents takes and gives."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.utils.translation import gettext_noop as _
from ninja import Field, Schema
from pydantic import StringConstraints

from qipan.incidents.queries import Filters
from qipan.incidents.rules.classes import Klass

Short = Annotated[str, StringConstraints(strip_whitespace=True, max_length=120)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=5000)]
AreaId = Annotated[int, Field(ge=1, le=2**63 - 1)]


class Query(Schema):
    """The filters of a list; all may be absent."""

    text: Annotated[str, StringConstraints(max_length=100)] = Field(
        "", description=_("Words to search for"), examples=["井盖"]
    )
    status: list[str] = Field([], description=_("Status values"))
    state: Literal["", "open", "ended", "overdue", "due", "supervised"] = ""
    klass: list[Klass] = []
    category: Annotated[str, StringConstraints(max_length=40)] = ""
    area: AreaId | None = None
    unit: AreaId | None = None
    urgent: bool | None = None
    supervised: bool | None = None
    mine: bool = False
    since: date | None = None
    until: date | None = None
    older: bool = Field(False, description=_("With words to search for: beyond the last twelve months too"))

    def filters(self) -> Filters:
        values = self.model_dump(exclude={"order", "after", "before", "limit"})
        return Filters(**{**values, "status": tuple(self.status), "klass": tuple(self.klass)})


class PageQuery(Query):
    order: Literal["newest", "oldest", "due"] = "newest"
    after: Annotated[str, StringConstraints(max_length=300)] = Field(
        "", description=_("`after` of a page: the next one")
    )
    before: Annotated[str, StringConstraints(max_length=300)] = Field(
        "", description=_("`before` of a page: the previous one; rules out `after`")
    )
    limit: int = Field(50, ge=1, le=200)

    @property
    def cursor(self) -> str:
        return self.before or self.after


class Row(Schema):
    id: UUID
    number: str = Field(examples=["QP20260408-00017"])
    title: str
    klass: str
    status: str
    urgent: bool
    private: bool
    supervised: bool
    level: int
    category: str
    township: str | None
    village: str | None
    cell: str | None
    unit: str | None
    reported_at: datetime
    due_at: datetime | None
    closed_at: datetime | None
    longitude: float | None
    latitude: float | None
    flags: list[str]
    version: int


class PageOut(Schema):
    rows: list[Row]
    after: str = Field(description=_("Cursor of the next page; empty on the last"))
    before: str = Field(description=_("Cursor of the previous page; empty on the first"))


class Done(Schema):
    """What a write answers: where the incident stands now."""

    id: UUID
    number: str
    status: str
    version: int
    due_at: datetime | None


class Reported(Done):
    tracking_code: str = Field("", description=_("Given once, for the person who reported it"))


class ContactIn(Schema):
    name: Annotated[str, StringConstraints(max_length=200)] = ""
    phone: Annotated[str, StringConstraints(max_length=40)] = Field("", examples=["13800138000"])
    id_number: Annotated[str, StringConstraints(max_length=40)] = ""
    address: Annotated[str, StringConstraints(max_length=500)] = ""
    language: Literal["zh-hans", "en"] = "zh-hans"


class ReportIn(Schema):
    category: Annotated[str, StringConstraints(max_length=40)] = Field(examples=["manhole"])
    title: Short = Field("", examples=["人行道井盖缺失"])
    text: Text = ""
    longitude: float | None = Field(
        None, ge=-180, le=180, description=_("Degrees, WGS 84 (CGCS2000)"), examples=[114.3]
    )
    latitude: float | None = Field(None, ge=-90, le=90, description=_("Degrees, WGS 84 (CGCS2000)"), examples=[36.1])
    area: AreaId | None = Field(None, description=_("An area's id, where no point is known"))
    premises: UUID | None = None
    address: Annotated[str, StringConstraints(max_length=200)] = ""
    names: list[Annotated[str, StringConstraints(min_length=1, max_length=50)]] = Field(
        [], max_length=20, description=_("Names of persons in the texts, to be masked")
    )
    urgent: bool | None = None
    contact: ContactIn | None = None
    accused: AreaId | None = Field(None, description=_("The unit that an accusation is about"))
    victim_cannot_act: bool = Field(
        False, description=_("A minor, or unable to act; kept only in categories that are never mediated")
    )
    draft: bool = False


class AcceptIn(Schema):
    category: Annotated[str, StringConstraints(max_length=40)] = ""
    urgent: bool | None = None
    victim_cannot_act: bool | None = Field(None, description=_("As reported where not given"))


class ReasonIn(Schema):
    reason: Reason = Field(examples=["不属本区管辖"])


class NoteIn(Schema):
    note: Reason = ""


class DispatchIn(Schema):
    unit: AreaId
    note: Reason = ""
    chosen_by_victim: bool = Field(False, description=_("Needed where the category is never mediated"))


class AnswerIn(Schema):
    text: Text = Field(examples=["已更换井盖并设置警示"])


class VerifierIn(Schema):
    verifier: UUID | None = None


class ReferIn(Schema):
    receipt: Reason = Field(examples=["接报回执 2026-0412"])
    chosen_by_victim: bool = Field(
        False, description=_("Needed where the category is never mediated and the victim can act")
    )


class MergeIn(Schema):
    into: UUID
    reason: Reason = ""


class AskIn(Schema):
    kind: Literal["return", "extension", "hold", "escalate", "send-down", "assist", "major"]
    reason: Reason
    days: int | None = Field(None, ge=1, le=365)
    unit: AreaId | None = None


class DecideIn(Schema):
    approve: bool
    reason: Reason = ""


class SuperviseIn(Schema):
    question: Reason
    listed: bool = False
    working_days: int = Field(2, ge=1, le=60)


class LookIn(Schema):
    """The ground for a look behind the mask: an own open duty, or a reason."""

    duty: UUID | None = None
    reason: Reason = ""


class LegOut(Schema):
    leg: str
    opened_at: datetime
    due_at: datetime | None
    ended_at: datetime | None
    state: str
    on_time: bool | None
    duty: UUID


class StepOut(Schema):
    step: str
    name: str


class EntryOut(Schema):
    at: datetime
    kind: str
    words: str
    by: str
    reason: str
    before: str
    after: str


class IncidentOut(Row):
    text: str
    address: str
    answer: str
    outcome: str
    reworks: int
    reopenings: int
    victim_cannot_act: bool
    legs: list[LegOut]
    steps: list[StepOut]
    photos: list[UUID]
    asks: list[dict[str, Any]]
    supervisions: list[dict[str, Any]]


class NearOut(Row):
    metres: int


class MapQuery(Schema):
    after: int = Field(
        0, ge=0, le=2**63 - 1, description=_("`position` of the answer before, to get only what changed since")
    )


class MapOut(Schema):
    """Open incidents with a point, column by column."""

    id: list[str]
    longitude: list[float]
    latitude: list[float]
    klass: list[str]
    status: list[str]
    urgent: list[bool]
    supervised: list[bool]
    due_at: list[datetime | None]
    position: int = Field(description=_("What to send as `after` next time"))
    gone: list[UUID] = Field(description=_("What was open before and is not any more"))
    whole: bool = Field(description=_("Whether these are all rows, to replace what was there"))


class ScoresQuery(Schema):
    since: date = Field(description=_("The first day"), examples=["2026-04-01"])
    until: date = Field(description=_("The last day; at most 92 days in all"), examples=["2026-04-30"])
    by: Literal["unit", "cell"] = "unit"
    area: AreaId | None = None
    most: int = Field(200, ge=1, le=1000, description=_("Rows of each group"))


class ScoreOut(Schema):
    id: int
    name: str
    closed: int
    timed: int = Field(description=_("Closed ones that had a deadline"))
    on_time: int
    first_time: int = Field(description=_("Verified at once, without rework or reopening"))
    reworked: int
    reopened: int
    immediate: int = Field(description=_("Settled on the spot"))
    people: int | None = Field(description=_("People of the unit; null for a cell"))
    place: int | None = Field(
        description=_("Place in its group; null for cells, for fewer than five people and for fewer than ten closed")
    )


class ScoreGroupOut(Schema):
    """Units or cells of one kind."""

    kind: str
    name: str
    rows: list[ScoreOut]
    more: int = Field(description=_("How many rows of this group are not shown"))


class CategoryIn(Schema):
    """A new category. Limits by leg (accept, dispatch, handle, verify, or urgent_ before it), within the law's."""

    klass: Klass
    key: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40)] = Field(
        examples=["charging-pile"]
    )
    name: Annotated[str, StringConstraints(min_length=1, max_length=60)] = Field(examples=["充电桩故障"])
    name_en: Annotated[str, StringConstraints(min_length=1, max_length=80)] = Field(examples=["Charging pile"])
    limits: dict[
        Literal["accept", "dispatch", "handle", "verify", "urgent_accept", "urgent_dispatch", "urgent_handle",
                "urgent_verify"],
        dict[str, Any],
    ] = Field({}, examples=[{"handle": {"clock": "working_days", "amount": 3}}])  # fmt: skip
    urgent_default: bool = False
    private: bool = False
    hidden_from_village: bool = False
    never_mediated: bool = False
    public: bool = True
    photo_reason: Annotated[str, StringConstraints(max_length=200)] = ""
    on_lists: list[Literal[2, 3, 4]] = [2, 3, 4]
    order: int = Field(0, ge=0, le=9999)


class CategoryOut(Schema):
    key: str
    klass: str
    name: str
    name_en: str
    urgent_default: bool
    private: bool
    photo_reason: str
