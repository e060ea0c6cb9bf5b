"""督办 and 催办: a question from above with a clock of its own; and before it, a reminder."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from qipan.foundation.duties import operations as duties
from qipan.foundation.journal import operations as journal
from qipan.foundation.journal.rules import RESIDENT
from qipan.foundation.posts.access import require
from qipan.foundation.posts.models import Post
from qipan.foundation.refusals import Conflict, NotFound
from qipan.incidents import access
from qipan.incidents.models import Incident, Reminder, Reporter, Supervision
from qipan.incidents.operations.desk import ReasonMissing
from qipan.incidents.operations.handle import AnswerMissing, NotYourUnit
from qipan.incidents.operations.said import said
from qipan.incidents.operations.steps import next_number, note
from qipan.incidents.rules.steps import Status, WrongStep
from qipan.kernels.clock import Limit
from qipan.kernels.ids import new_id


class NotAnswered(Conflict):
    """The unit has not answered yet."""


class SupervisionEnded(Conflict):
    """This supervision has ended."""


class RemindedToday(Conflict):
    """You have reminded us today already. Tomorrow you can do so again."""


class NotMajor(Conflict):
    """Listed supervision is for a hazard that the competent department has determined to be major."""


DEFAULT = Limit.working_days(2)


@transaction.atomic
def remind(*, incident_id: UUID, by: Post, at: datetime, note_text: str = "") -> Reminder:
    """Remind whoever has it now. It is counted and shown; no clock changes. Raises WrongStep if it is over."""
    incident = access.lock(incident_id, viewer=by)
    require(by, "incidents.remind")
    if incident.ended:
        raise WrongStep(status=incident.get_status_display())
    note_text = said(incident, note_text, by=by, at=at, most=200)
    reminder = Reminder.objects.create(incident=incident, at=at, by=by, note=note_text)
    note(incident, "reminded", by=by, at=at, reason=note_text)
    return reminder


@transaction.atomic
def remind_as_reporter(*, reporter_id: UUID, at: datetime) -> Reminder:
    """催办 by the person who reported it: once on a day of theirs, counted, no clock changes.

    Raises RemindedToday, WrongStep if it is over.
    """
    reporter = Reporter.objects.filter(pk=reporter_id).first()
    if reporter is None:
        raise NotFound
    incident = Incident.objects.select_for_update(of=("self",)).select_related("category").get(pk=reporter.incident_id)
    if incident.ended:
        raise WrongStep(status=incident.get_status_display())
    today = timezone.localdate(at)
    if reporter.reminders.filter(at__date=today).exists():
        raise RemindedToday
    reminder = Reminder.objects.create(incident=incident, at=at, reporter=reporter)
    note(incident, "reminded", by=RESIDENT, at=at)
    return reminder


@transaction.atomic
def supervise(
    *, incident_id: UUID, question: str, by: Post, at: datetime, limit: Limit = DEFAULT, listed: bool = False
) -> Supervision:
    """Put an open incident under supervision: the unit (or the desk) owes an answer within `limit`.

    `listed` (挂牌督办) is for hazards determined to be major. Raises ReasonMissing, NotMajor, WrongStep if it is over.
    """
    incident = access.lock(incident_id, viewer=by)
    require(by, "incidents.supervise")
    if incident.ended or incident.status == Status.DRAFT:
        raise WrongStep(status=incident.get_status_display())
    if not question.strip():
        raise ReasonMissing(field="question")
    if listed and incident.major != "confirmed":
        raise NotMajor
    unit = incident.unit or incident.desk
    question = said(incident, question, by=by, at=at)
    found = Supervision(
        id=new_id(), incident=incident, kind="listed" if listed else "ordinary",
        question=question,
        number=next_number(district_id=incident.district_id, series="DB", day=timezone.localdate(at)),
        issued_by=by, issued_at=at, unit=unit, due_at=at,
    )  # fmt: skip
    duty = duties.open(kind="incidents.supervise", about=found, unit=unit, limit=limit, at=at, by=by,
                       title=incident.title, link=f"/incidents/{incident.id}/", level=incident.level)  # fmt: skip
    assert duty.due_at is not None  # a limit was given
    found.due_at = duty.due_at
    found.save(force_insert=True)
    incident.supervised = True
    note(incident, "supervised", by=by, at=at, reason=question, supervision=found.number)
    return found


@transaction.atomic
def answer_supervision(*, supervision_id: UUID, text: str, by: Post, at: datetime) -> Supervision:
    """The unit answers the question. Raises NotYourUnit, AnswerMissing, SupervisionEnded."""
    found = access.lock_supervision(supervision_id, viewer=by)
    if found.ended_at:
        raise SupervisionEnded
    if by.unit_id is None or found.unit_id != by.unit_id:
        raise NotYourUnit
    if not text.strip():
        raise AnswerMissing(field="text")
    found.answer = said(found.incident, text, by=by, at=at)
    found.answered_by, found.answered_at = by, at
    found.save()
    duties.end(about=found, kind="incidents.supervise", by=by, at=at, outcome="answered")
    note(found.incident, "supervision_answered", by=by, at=at, supervision=found.number)
    return found


@transaction.atomic
def end_supervision(*, supervision_id: UUID, by: Post, at: datetime, note_text: str = "") -> Supervision:
    """Accept the answer and end the supervision. Raises NotAnswered, SupervisionEnded."""
    found = access.lock_supervision(supervision_id, viewer=by)
    require(by, "incidents.supervise")
    if found.ended_at:
        raise SupervisionEnded
    if not found.answered_at:
        raise NotAnswered
    found.ended_at, found.ended_by = at, by
    found.save()
    incident = found.incident
    incident.supervised = incident.supervisions.filter(ended_at=None).exists()
    reason = said(incident, note_text, by=by, at=at)
    journal.record("incidents.supervision_ended", found, by=by, at=at, reason=reason)
    Incident.objects.filter(pk=incident.pk).update(supervised=incident.supervised)
    return found
