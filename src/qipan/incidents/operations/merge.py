"""Two reports of one thing become one file, and two again if that was wrong."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from qipan.foundation.duties.operations.lifecycle import matching
from qipan.foundation.journal import operations as journal
from qipan.foundation.posts.models import Post
from qipan.foundation.refusals import Conflict
from qipan.incidents import access
from qipan.incidents.models import Incident
from qipan.incidents.operations.said import said
from qipan.incidents.operations.steps import allow, end_all, end_leg, note, start_leg, take
from qipan.incidents.operations.tell import tell_reporters
from qipan.incidents.operations.upward import owe
from qipan.incidents.rules.classes import Leg
from qipan.incidents.rules.steps import ENDED, Status, Step, WrongStep


class WithItself(Conflict):
    """An incident cannot be merged with itself."""


class PrivateApart(Conflict):
    """A private matter is not merged with one that is not: its words would be shown."""


class ProtectedApart(Conflict):
    """These two are not merged: one of them is hidden from the village, or for the police only, and the other not."""


@transaction.atomic
def merge(*, incident_id: UUID, into_id: UUID, by: Post, at: datetime, reason: str = "") -> Incident:
    """Join one report to the file of the same thing. The file keeps the earlier clock, every reporter is told.

    Both are locked in the order of their ids, so that two dispatchers cannot block each other.
    Raises WithItself, PrivateApart, ProtectedApart, WrongStep if either is over.
    """
    if incident_id == into_id:
        raise WithItself
    both = {key: access.lock(key, viewer=by) for key in sorted((incident_id, into_id))}
    incident, into = both[incident_id], both[into_id]
    if incident.private != into.private:
        raise PrivateApart
    if (incident.hidden_from_village, incident.victim_cannot_act) != (into.hidden_from_village, into.victim_cannot_act):
        raise ProtectedApart
    if Status(into.status) in ENDED:
        raise WrongStep(status=into.get_status_display())
    reason = said(incident, reason, by=by, at=at)
    earlier = {duty.kind: duty.starts_at for duty in matching(about=incident)}
    incident.merged_into, incident.outcome = into, "merged"
    allow(incident, Step.MERGE, by=by)
    end_all(incident, by=by, at=at, outcome="merged")
    take(incident, Step.MERGE, by=by, at=at, reason=reason, into=into.number)
    tell_reporters(incident, "incidents.merged", at=at)
    for reporter in incident.reporters.all():
        reporter.incident, reporter.came_with = into, incident.pk
        reporter.save()
    into.reported_at = min(into.reported_at, incident.reported_at)
    _keep_earlier_clock(into, earlier, by=by, at=at)
    note(into, "merged_with", by=by, at=at, reason=reason, number=incident.number)
    return into


def _keep_earlier_clock(into: Incident, earlier: dict[str, datetime], *, by: Post, at: datetime) -> None:
    """Where the joined report's clock of the same leg had begun earlier, the file's clock starts there instead."""
    for duty in matching(about=into):
        leg = duty.kind.removeprefix("incidents.")
        if leg in set(Leg) and duty.starts_at > earlier.get(duty.kind, duty.starts_at):
            end_leg(into, Leg(leg), by=by, at=at, outcome="merged")
            start_leg(into, Leg(leg), by=by, at=at, unit=duty.unit, post=duty.post, starts_at=earlier[duty.kind])


@transaction.atomic
def unmerge(*, incident_id: UUID, by: Post, at: datetime, reason: str = "") -> Incident:
    """Take a merged report out again: its own reporters, its own file, its own clock from now on. Raises WrongStep."""
    incident = access.lock(incident_id, viewer=by)
    into = incident.merged_into
    incident.merged_into, incident.outcome = None, ""
    incident.filed_at = at
    reason = said(incident, reason, by=by, at=at)
    allow(incident, Step.UNMERGE, by=by)
    start_leg(incident, Leg.DISPATCH, by=by, at=at, unit=incident.desk)
    take(incident, Step.UNMERGE, by=by, at=at, reason=reason)
    assert into is not None  # a constraint: merged rows name their file
    for reporter in into.reporters.filter(came_with=incident.pk):
        reporter.incident, reporter.came_with = incident, None
        reporter.save()
    owe(incident, level=incident.level, by=by, at=at)
    journal.record("incidents.unmerged_from", into, by=by, at=at, reason=reason, number=incident.number)
    tell_reporters(incident, "incidents.unmerged", at=at)
    return incident
