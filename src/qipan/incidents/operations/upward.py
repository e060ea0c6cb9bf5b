"""What the law wants reported level by level: two hours each, and what is not reported climbs by itself."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from qipan.foundation.areas.models import Level
from qipan.foundation.duties import clocks
from qipan.foundation.duties import operations as duties
from qipan.foundation.duties.messages import Words
from qipan.foundation.duties.models import Duty
from qipan.foundation.duties.operations.lifecycle import matching
from qipan.foundation.journal import operations as journal
from qipan.foundation.journal.rules import SYSTEM, HasAuthor
from qipan.foundation.outbox import operations as outbox
from qipan.foundation.posts.access import NotYours, require
from qipan.foundation.posts.models import Post
from qipan.foundation.posts.rules import Role
from qipan.foundation.refusals import Conflict, Invalid
from qipan.incidents import access, routing
from qipan.incidents.models import Incident
from qipan.incidents.operations.steps import note
from qipan.incidents.rules.classes import CLASSES, Klass

KIND = "incidents.report-up"


class NobodyNamed(Invalid):
    """Say to whom it was reported, and how."""


class NothingToReport(Conflict):
    """Nothing of this has to be reported upward now."""


def owe(incident: Incident, *, level: int, by: HasAuthor, at: datetime) -> Duty | None:
    """The duty of a level to report upward, where the class has one; its desk is told, and of the district the
    commanders, who report to the city. Part of the caller's transaction."""
    limit = CLASSES[Klass(incident.klass)].upward
    if limit is None:
        return None
    desk = routing.desk(areas=incident.areas(), level=level, at=at)
    if desk is None:
        return None
    level = desk.area.level
    link = f"/incidents/{incident.id}/"
    duty = duties.open(
        kind=KIND, about=incident, unit=desk, at=at, by=by, limit=clocks.load_one(limit), title=incident.title,
        link=link, level=level, urgent=True, escalation="urgent" if level == Level.DISTRICT else "none",
    )  # fmt: skip
    context = {"number": incident.number, "due": Words(duty.due_at)}
    told: list[tuple[str, object]] = [("incidents.report_up", desk)]
    if level == Level.DISTRICT:
        commanders = Post.objects.in_force(at).filter(role=Role.COMMANDER, area=incident.district_id)
        told = [("incidents.report_to_city", post) for post in commanders] or told
    outbox.send_many(
        [{"template": template, "to": to, "context": context, "about": incident, "urgent": True, "link": link}
         for template, to in told],
        at=at,
    )  # fmt: skip
    return duty


def owe_anew(incident: Incident, *, outcome: str, by: HasAuthor, at: datetime) -> None:
    """The file lies elsewhere or is of another class: who owed the report so far owes it no longer."""
    duties.end(about=incident, kind=KIND, by=by, at=at, outcome=outcome)
    owe(incident, level=incident.level, by=by, at=at)


def climb(*, duty: Duty, at: datetime) -> None:
    """Not reported in time: the level above owes it from now on. The district's stays where it is, and the commander
    is told again. Called by the sweeper."""
    incident = Incident.objects.select_for_update(of=("self",)).get(pk=duty.about_id)
    if duty.level is None or duty.level <= Level.DISTRICT:
        return
    duties.end(duty=duty, by=SYSTEM, at=at, outcome="climbed")
    journal.record("incidents.climbed", incident, by=SYSTEM, at=at, level=duty.level)
    owe(incident, level=duty.level - 1, by=SYSTEM, at=at)


@transaction.atomic
def report_up(*, incident_id: UUID, note_text: str, by: Post, at: datetime) -> Incident:
    """Say that a level has reported upward, to whom and how; the next level's clock starts, and after the district's
    nothing more is owed. Raises NothingToReport, NotYours for a post below that level, NobodyNamed."""
    incident = access.lock(incident_id, viewer=by)
    require(by, "incidents.report-up")
    duty = next(iter(matching(about=incident, kind=KIND)), None)
    if duty is None or duty.level is None:
        raise NothingToReport
    if by.level > duty.level:
        raise NotYours
    if not note_text.strip():
        raise NobodyNamed(field="note")
    duties.end(duty=duty, by=by, at=at, outcome="reported")
    note(incident, "reported_up", by=by, at=at, reason=note_text.strip(), level=duty.level)
    if duty.level > Level.DISTRICT:
        owe(incident, level=duty.level - 1, by=by, at=at)
    return incident


def owed_by(incident: Incident, *, viewer: Post) -> bool:
    """Whether this viewer may report it upward now."""
    if CLASSES[Klass(incident.klass)].upward is None or not viewer.may("incidents.report-up"):
        return False
    rows = Duty.objects.filter(about_kind="incidents.incident", about_id=incident.pk, kind=KIND)
    return rows.exclude(state="ended").filter(level__gte=viewer.level).exists()
