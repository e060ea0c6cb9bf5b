"""After the close: rating, call back, reopening, second checks at random."""

from __future__ import annotations

import random
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from qipan.foundation.duties import operations as duties
from qipan.foundation.journal import operations as journal
from qipan.foundation.journal.rules import RESIDENT, SYSTEM, HasAuthor
from qipan.foundation.posts.access import require
from qipan.foundation.posts.models import Post
from qipan.foundation.refusals import Conflict, Invalid, NotFound
from qipan.incidents import access
from qipan.incidents.models import Incident, Rating, Reporter, SpotCheck
from qipan.incidents.operations.desk import ReasonMissing
from qipan.incidents.operations.said import said
from qipan.incidents.operations.steps import allow, start_leg, take
from qipan.incidents.operations.tell import tell_reporters
from qipan.incidents.queries.caps import caps_of
from qipan.incidents.rules.caps import UNHAPPY
from qipan.incidents.rules.classes import Leg
from qipan.incidents.rules.steps import Status, Step, WrongStep
from qipan.kernels.clock import Limit
from qipan.kernels.ids import new_id


class OneToFive(Invalid):
    """Give one to five stars."""


class RatedAlready(Conflict):
    """You have rated this already. Thank you."""


class NotYourCheck(Conflict):
    """A second check is made by somebody who had no part in it."""


class CheckedAlready(Conflict):
    """This was checked already."""


@transaction.atomic
def rate(*, reporter_id: UUID, stars: int, comment: str = "", at: datetime) -> Rating:
    """A reporter rates a closed incident. An unhappy rating opens a call back, and reopens the file by itself once.

    Raises OneToFive, RatedAlready, WrongStep before the close.
    """
    if stars not in range(1, 6):
        raise OneToFive(field="stars")
    reporter = Reporter.objects.filter(pk=reporter_id).first()
    if reporter is None:
        raise NotFound
    incident = Incident.objects.select_for_update(of=("self",)).select_related("category").get(pk=reporter.incident_id)
    since = incident.closed_at
    if incident.status not in {Status.CLOSED, Status.RATED} or since is None:
        raise WrongStep(status=incident.get_status_display())
    if incident.ratings.filter(reporter=reporter, at__gte=since).exists():
        raise RatedAlready
    rating = Rating(id=new_id(), incident=incident, reporter=reporter, stars=stars, at=at,
                    comment=said(incident, comment, by=RESIDENT, at=at, most=500))  # fmt: skip
    if incident.status == Status.CLOSED:
        take(incident, Step.RATE, by=RESIDENT, at=at, stars=stars)
    else:
        journal.record("incidents.rated", incident, by=RESIDENT, at=at, stars=stars)
    unhappy = stars <= UNHAPPY
    rating.reopened = unhappy and incident.reopenings < caps_of(incident.district_id).automatic_reopenings
    rating.save(force_insert=True)
    if unhappy and waiting_for_a_call(incident).count() == 1:  # one duty of the desk for all that wait
        duties.open(kind="incidents.call-back", about=incident, unit=incident.desk, at=at, by=SYSTEM,
                    limit=Limit.working_days(1), title=incident.title, link=f"/incidents/{incident.id}/",
                    level=incident.level)  # fmt: skip
    if rating.reopened:
        _reopen(incident, by=SYSTEM, at=at, reason=f"{stars}/5")
    return rating


def waiting_for_a_call(incident: Incident) -> QuerySet[Rating]:
    """The unhappy ratings of an incident that nobody has called about."""
    return incident.ratings.filter(stars__lte=UNHAPPY, called_back_at=None)


@transaction.atomic
def call_back(*, rating_id: UUID, note: str, by: Post, at: datetime) -> Rating:
    """Note what the unhappy reporter said on the telephone. Raises ReasonMissing without a note, NotFound."""
    rating = Rating.objects.filter(pk=rating_id).first()
    if rating is None:
        raise NotFound
    incident = access.lock(rating.incident_id, viewer=by)
    require(by, "incidents.call-back")
    if not note.strip():
        raise ReasonMissing(field="note")
    rating.called_back_at, rating.called_back_by = at, by
    rating.call_note = said(incident, note, by=by, at=at, most=500)
    rating.save()
    if not waiting_for_a_call(incident).exists():
        duties.end(about=incident, kind="incidents.call-back", by=by, at=at, outcome="called")
    journal.record("incidents.called_back", incident, by=by, at=at)
    return rating


@transaction.atomic
def reopen(*, incident_id: UUID, reason: str, by: Post, at: datetime) -> Incident:
    """Open a closed file again, by the word of a post. Raises ReasonMissing, WrongStep."""
    incident = access.lock(incident_id, viewer=by)
    require(by, "incidents.reopen")
    if not reason.strip():
        raise ReasonMissing(field="reason")
    return _reopen(incident, by=by, at=at, reason=reason)


def _reopen(incident: Incident, *, by: HasAuthor, at: datetime, reason: str) -> Incident:
    """Its clocks start afresh from now: a reopened case is not overdue at once."""
    incident.reopenings += 1
    incident.closed_at = incident.answered_at = incident.signed_at = incident.dispatched_at = None
    incident.handler = incident.verifier = None
    incident.filed_at, incident.outcome, incident.on_time, incident.immediate = at, "", None, False
    allow(incident, Step.REOPEN, by=by)
    start_leg(incident, Leg.DISPATCH, by=by, at=at, unit=incident.desk)
    take(incident, Step.REOPEN, by=by, at=at, reason=reason)
    tell_reporters(incident, "incidents.reopened", at=at)
    return incident


@transaction.atomic
def draw_spot_checks(*, district_id: int, since: datetime, at: datetime, draw: random.Random) -> list[SpotCheck]:
    """Draw a share of what was closed since then, settled-on-the-spot ones twice as likely; each opens a duty."""
    rows = Incident.objects.filter(district=district_id, status__in=(Status.CLOSED, Status.RATED), closed_at__gte=since,
                                   closed_at__lt=at, spot_checks=None, private=False)  # fmt: skip
    drawn, usual = [], caps_of(district_id).spot_check_share
    for incident in rows.select_related("desk").order_by("id"):
        share = usual * (2 if incident.immediate else 1)
        if draw.random() >= share:
            continue
        drawn.append(SpotCheck.objects.create(id=new_id(), incident=incident, drawn_at=at))
        duties.open(kind="incidents.check", about=incident, unit=incident.desk, at=at, by=SYSTEM,
                    limit=Limit.working_days(3), title=incident.title, link=f"/incidents/{incident.id}/",
                    level=incident.level)  # fmt: skip
        journal.record("incidents.drawn", incident, by=SYSTEM, at=at)
    return drawn


@transaction.atomic
def check_again(*, spot_check_id: UUID, confirmed: bool, note: str, by: Post, at: datetime) -> SpotCheck:
    """The result of a second look; what does not hold reopens the file. Raises NotYourCheck, CheckedAlready."""
    found = SpotCheck.objects.filter(pk=spot_check_id).first()
    if found is None:
        raise NotFound
    incident = access.lock(found.incident_id, viewer=by)
    require(by, "incidents.check")
    if found.checked_at:
        raise CheckedAlready
    people = {post.person_id for post in (incident.handler, incident.verifier, incident.reported_by) if post}
    if by.person_id in people:
        raise NotYourCheck
    if not confirmed and not note.strip():
        raise ReasonMissing(field="note")
    found.checked_by, found.checked_at, found.confirmed = by, at, confirmed
    found.note = said(incident, note, by=by, at=at, most=500)
    found.save()
    duties.end(about=incident, kind="incidents.check", by=by, at=at, outcome="confirmed" if confirmed else "reopened")
    journal.record("incidents.checked_again", incident, by=by, at=at, reason=found.note, confirmed=confirmed)
    if not confirmed and incident.status in {Status.CLOSED, Status.RATED}:
        _reopen(incident, by=by, at=at, reason=found.note)
    return found
