"""Side tracks, supervision, reminders and second checks over the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

from ninja import Router, Schema
from pydantic import Field, StringConstraints

from qipan.foundation.posts import access as posts
from qipan.foundation.posts.api_words import _
from qipan.foundation.posts.api_writes import write
from qipan.foundation.posts.models import Post
from qipan.incidents import operations
from qipan.incidents.api import schemas
from qipan.incidents.models import Ask, Reminder, SpotCheck, Supervision
from qipan.kernels.clock import Limit

router = Router(tags=["side tracks"])


class Kept(Schema):
    """What was made or changed, and its state."""

    id: UUID
    state: str


class SideAnswerIn(Schema):
    text: Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000)] = Field(examples=["已到场协助"])


class CheckIn(Schema):
    confirmed: bool
    note: schemas.Reason = ""


def _ask(*, unit: int | None, by: Post, **more: Any) -> Ask:
    return operations.ask(unit=posts.unit(unit, viewer=by) if unit else None, by=by, **more)


def _supervise(*, working_days: int, **more: Any) -> Supervision:
    return operations.supervise(limit=Limit.working_days(working_days), **more)


def _remind(*, note: str, **more: Any) -> Reminder:
    return operations.remind(note_text=note, **more)


def _end(*, note: str, **more: Any) -> Supervision:
    return operations.end_supervision(note_text=note, **more)


def _asked(ask: Ask) -> dict[str, Any]:
    return {"id": str(ask.pk), "state": ask.state}


def _checked(check: SpotCheck) -> dict[str, Any]:
    return {"id": str(check.pk), "state": "confirmed" if check.confirmed else "reopened"}


def _now(state: str, key: str = "pk") -> Callable[[Any], dict[str, Any]]:
    """The answer of a write after which the state is known. `key` names what the id of the answer is."""
    return lambda found: {"id": str(getattr(found, key)), "state": state}


for path, name, summary, body, work, gives, status in (
    ("{uuid:incident_id}/asks", "ask", _("Ask for a side track"), schemas.AskIn, _ask, _asked, 201),
    ("asks/{uuid:ask_id}/decide", "decide", _("Grant or refuse a request"), schemas.DecideIn, operations.decide,
     _asked, 200),
    ("asks/{uuid:ask_id}/withdraw", "withdraw", _("Withdraw a request"), None, operations.withdraw, _asked, 200),
    ("{uuid:incident_id}/assistance", "assistance", _("Say what the helping unit did"), SideAnswerIn,
     operations.answer_assistance, _now("answered", "incident_id"), 200),
    ("{uuid:incident_id}/remind", "remind", _("Remind whoever has it now"), schemas.NoteIn, _remind,
     _now("reminded", "incident_id"), 201),
    ("{uuid:incident_id}/supervise", "supervise", _("Put under supervision"), schemas.SuperviseIn, _supervise,
     _now("open"), 201),
    ("supervisions/{uuid:supervision_id}/answer", "answer_supervision", _("Answer a supervision"), SideAnswerIn,
     operations.answer_supervision, _now("answered"), 200),
    ("supervisions/{uuid:supervision_id}/end", "end", _("End a supervision"), schemas.NoteIn, _end,
     _now("ended"), 200),
    ("ratings/{uuid:rating_id}/call-back", "call_back", _("Note a call back"), schemas.NoteIn, operations.call_back,
     _now("called"), 200),
    ("checks/{uuid:spot_check_id}", "check", _("The result of a second check"), CheckIn, operations.check_again,
     _checked, 200),
):  # fmt: skip
    write(router, f"/{path}", f"incidents.{name}", summary, ability="incidents.view", body=body, work=work, gives=gives,
          answer=Kept, status=status)  # fmt: skip
