"""What the field app sends and is answered."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from ninja import Schema
from pydantic import Field, StringConstraints

from qipan.foundation.interface.api import BIGGEST, Moment
from qipan.foundation.posts.api_words import _
from qipan.workflows.field.commands import Command

SOME_ID = "0198c0de-0000-7000-8000-000000000001"
TIME = "2026-05-04T08:30:00+08:00"
# Of a phone's clock, however wrong: set right, it is still a time that can be kept and shown.
PhoneTime = Annotated[Moment, Field(ge=datetime(1970, 1, 1, tzinfo=UTC), le=datetime(2200, 1, 1, tzinfo=UTC))]


class CommandIn(Schema):
    """One step that was done on the phone."""

    id: UUID = Field(description=_("Chosen by the phone; sent again it happens once."), examples=[SOME_ID])
    seq: int = Field(ge=0, le=BIGGEST, description=_("The step's number in the order of the phone."), examples=[1])
    step: Annotated[str, StringConstraints(min_length=1, max_length=12)] = Field(
        description=_("report, sign, start, answer, verify, rework, extend, visit, shift_on, shift_off or photo."),
        examples=["sign"],
    )
    about: UUID | None = Field(None, description=_("The incident that it is about."), examples=[SOME_ID])
    base: int | None = Field(
        None, ge=0, le=2**31 - 1, description=_("The version of the incident that the phone knew."), examples=[3]
    )
    after: UUID | None = Field(
        None, description=_("Another step without which this one means nothing."), examples=[None]
    )
    body: dict[str, Any] = Field(
        {}, description=_("What the step says, in the form of the same step of incidents."), examples=[{}]
    )
    device_time: PhoneTime = Field(description=_("What the phone's clock showed."), examples=[TIME])

    def command(self) -> Command:
        return Command(**dict(self))


class CommandsIn(Schema):
    device: UUID = Field(description=_("The id of the phone."), examples=[SOME_ID])
    commands: list[CommandIn] = Field(max_length=500, description=_("The steps; they are carried out by `seq`."))


class AnswerOut(Schema):
    id: UUID = Field(description=_("The step's id."), examples=[SOME_ID])
    seq: int = Field(description=_("The step's number in the order of the phone."), examples=[1])
    result: str = Field(description=_("applied, repeated, conflict or refused."), examples=["applied"])
    code: str = Field(description=_("The name of the refusal; empty where there is none."), examples=[""])
    detail: str = Field(description=_("Why, in the reader's language."), examples=[""])
    state: dict[str, Any] | None = Field(
        description=_("How the incident stands now, where it is in sight."), examples=[None]
    )


class AnswersOut(Schema):
    answers: list[AnswerOut] = Field(description=_("One for each step, by `seq`."))
    lease_until: Any = Field(description=_("Until when the phone may show what it holds."), examples=[TIME])
    now: Any = Field(description=_("The server's time."), examples=[TIME])


class PhotoOut(Schema):
    id: UUID = Field(description=_("The step that it belongs to."), examples=[SOME_ID])
    digest: str = Field(description=_("SHA-256 of the bytes as they arrived."), examples=["9f86d081884c7d65"])
    waits: bool = Field(
        description=_("Whether it waits for its step; false where that was carried out already."), examples=[True]
    )


class SealedIn(Schema):
    device: UUID = Field(description=_("The id of the phone."), examples=[SOME_ID])
    sealed: Annotated[str, StringConstraints(max_length=4_000_000)] = Field(
        description=_("The box in base64; see the explanation of the field protocol."), examples=["AAAA"]
    )
    keep: bool = Field(
        True,
        description=_("Whether an administrator decides about what is not carried out; else it stays with the phone."),
        examples=[True],
    )


class ReceivedOut(Schema):
    id: UUID = Field(description=_("The step's id."), examples=[SOME_ID])
    seq: int = Field(description=_("The step's number in the order of the phone."), examples=[1])
    result: str = Field(
        description=_("applied, repeated, kept (an administrator decides) or waiting (it stays with the phone)."),
        examples=["applied"],
    )


class DownOut(Schema):
    cursor: str = Field(description=_("The cursor to go on with."), examples=["1"])
    whole: bool = Field(description=_("Whether the rows are all there are; what else is held is forgotten."))
    lease_until: Any = Field(description=_("Until when the phone may show what it holds."), examples=[TIME])
    now: Any = Field(description=_("The server's time."), examples=[TIME])
    rows: list[dict[str, Any]] = Field(
        description=_("Incidents of the post's open duties that are new or changed, in masked words.")
    )
    gone: list[UUID] = Field(description=_("Incidents that the phone forgets."))
    areas: dict[str, Any] = Field(description=_("The revision of the outlines; they themselves where it changed."))
    categories: dict[str, Any] = Field(
        description=_("The revision of the categories; they themselves where it changed.")
    )
    patrol: dict[str, Any] = Field(
        description=_("The revision of the patrol list; the visits owed and their checklists where it changed.")
    )


class KeptOut(Schema):
    id: UUID = Field(description=_("The step's id."), examples=[SOME_ID])
    device: UUID = Field(description=_("The id of the phone."), examples=[SOME_ID])
    person: str = Field(description=_("Whose phone it is."), examples=["某某"])
    step: str = Field(description=_("What was done."), examples=["sign"])
    why: str = Field(description=_("What stood against it."), examples=["post-not-in-force"])
    corrected_time: Any = Field(description=_("When it was done, by the corrected clock."), examples=[TIME])
    kept_at: Any = Field(description=_("When it arrived."), examples=[TIME])


class DecideIn(Schema):
    apply: bool = Field(description=_("Whether it is carried out; else it is laid aside."), examples=[True])
    reason: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)] = Field(
        "", description=_("Why, for the journal."), examples=["情况属实"]
    )


class DecidedOut(Schema):
    id: UUID = Field(description=_("The step's id."), examples=[SOME_ID])
    applied: bool = Field(description=_("Whether it is carried out; else it is laid aside."), examples=[True])
