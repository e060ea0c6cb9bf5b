"""What incidents tell the rooms below: journal kinds, abilities, kinds of duties."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import connection
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from psycopg import sql

from qipan.foundation.duties import kinds as duties
from qipan.foundation.duties.kinds import Kind
from qipan.foundation.duties.rules import PauseCap
from qipan.foundation.interface import links
from qipan.foundation.journal import kinds
from qipan.foundation.posts.rules import Role, register_abilities, register_district_wide
from qipan.foundation.refusals import tables
from qipan.foundation.vault import grounds
from qipan.foundation.vault.operations import register_holder
from qipan.incidents import letters
from qipan.incidents.rules.caps import CAPS
from qipan.incidents.rules.roles import ABILITIES

if TYPE_CHECKING:
    from qipan.foundation.duties.models import Duty
    from qipan.foundation.duties.rules import Planned
    from qipan.foundation.posts.models import Post
    from qipan.foundation.vault.models import Card

KINDS = {
    "incidents.reported": _("Reported"),
    "incidents.redrafted": _("Draft written anew"),
    "incidents.received": _("Put on the desk"),
    "incidents.accepted": _("Accepted and filed"),
    "incidents.declined": _("Declined"),
    "incidents.voided": _("Declared void"),
    "incidents.merged": _("Merged into another file"),
    "incidents.merged_with": _("Another report joined"),
    "incidents.unmerged": _("Taken out of a merged file"),
    "incidents.unmerged_from": _("A joined report taken out"),
    "incidents.dispatched": _("Dispatched"),
    "incidents.signed": _("Signed for"),
    "incidents.started": _("Handling begun"),
    "incidents.answered": _("Reported back"),
    "incidents.assisted": _("Assistance given"),
    "incidents.returned": _("Returned to the dispatcher"),
    "incidents.sent_to_verify": _("Sent for verification"),
    "incidents.verified": _("Verified and closed"),
    "incidents.sent_back": _("Sent back: not solved"),
    "incidents.closed": _("Closed after a call back"),
    "incidents.rated": _("Rated"),
    "incidents.reopened": _("Reopened"),
    "incidents.referred": _("Referred to the police"),
    "incidents.settled": _("Settled on the spot"),
    "incidents.asked": _("Asked for a side track"),
    "incidents.withdrew": _("Request withdrawn"),
    "incidents.lapsed": _("Request lapsed: the incident ended first"),
    "incidents.granted": _("Request granted"),
    "incidents.refused": _("Request refused"),
    "incidents.moved": _("Moved to another desk"),
    "incidents.reported_up": _("Reported upward"),
    "incidents.climbed": _("Not reported upward in time: now the next level owes it"),
    "incidents.concealed": _("Became private or hidden with its category"),
    "incidents.victim_marked": _("Marked: the victim cannot act, for the police only"),
    "incidents.found_major": _("Determined as a major hazard"),
    "incidents.reminded": _("Reminded"),
    "incidents.supervised": _("Put under supervision"),
    "incidents.supervision_answered": _("Supervision answered"),
    "incidents.supervision_ended": _("Supervision ended"),
    "incidents.called_back": _("Called back"),
    "incidents.drawn": _("Drawn for a second check"),
    "incidents.checked_again": _("Checked a second time"),
    "incidents.imported": _("History imported"),
    "incidents.exported": _("List exported"),
    "incidents.photo_added": _("Photo added"),
    "incidents.category_added": _("Category added"),
    "incidents.category_changed": _("Category changed"),
    "incidents.caps_set": _("Caps set"),
    "incidents.rule_set": _("Routing rule set"),
    "incidents.rule_ended": _("Routing rule ended"),
}


ROW_WORDS = {
    "closed_before_reported": _("{value} lies before the time of the report."),
    "no_such_area": _("The district has no area called {value}."),
    "not_a_number": _("{value} is not a number."),
}


def link(incident_id: UUID) -> str:
    return f"/incidents/{incident_id}/"


def seen_by(viewer: Post) -> Q:
    """The duties of private incidents are seen, with their clocks, by the roles that read the incidents themselves."""
    from qipan.foundation.areas.access import within
    from qipan.incidents.access import PRIVATE_READERS

    return within(viewer.area) if Role(viewer.role) in PRIVATE_READERS else Q(pk__in=())


def deadlines_moved(moved: Sequence[Duty]) -> None:
    """The deadline that an incident shows is that of its open leg, also when a pause ends or a calendar is imported."""
    _show_deadlines("incidents_incident", moved)


def supervisions_moved(moved: Sequence[Duty]) -> None:
    _show_deadlines("incidents_supervision", [duty for duty in moved if duty.due_at is not None])


def _show_deadlines(table: str, moved: Sequence[Duty]) -> None:
    statement = sql.SQL(
        "UPDATE {table} SET due_at = new.due_at FROM unnest(%s::uuid[], %s::timestamptz[]) AS new (id, due_at) "
        "WHERE {table}.id = new.id"
    )
    values: list[Any] = [[duty.about_id for duty in moved], [duty.due_at for duty in moved]]
    with connection.cursor() as cursor:
        cursor.execute(statement.format(table=sql.Identifier(table)), values)


def climb(duty: Duty, step: Planned, now: datetime) -> None:
    from qipan.incidents.operations.upward import climb as carry_out

    carry_out(duty=duty, at=now)


HOLD = PauseCap(CAPS.holds, timedelta(days=CAPS.hold_days))
DUTIES = (
    Kind("incidents.accept", _("Accept"), link, seen_by, on_moved=deadlines_moved),
    Kind("incidents.dispatch", _("Dispatch"), link, seen_by, on_moved=deadlines_moved),
    Kind("incidents.handle", _("Handle"), link, seen_by, pause=HOLD, on_moved=deadlines_moved),
    Kind("incidents.verify", _("Verify"), link, seen_by, on_moved=deadlines_moved),
    Kind("incidents.report-up", _("Report upward"), link, seen_by, pause=None, on_breach=climb),
    Kind("incidents.assist", _("Assist"), link, seen_by),
    Kind("incidents.decide", _("Decide a request"), link, seen_by),
    Kind("incidents.supervise", _("Answer a supervision"), None, seen_by, on_moved=supervisions_moved),
    Kind("incidents.call-back", _("Call back"), link, seen_by),
    Kind("incidents.check", _("Second check"), link, seen_by),
)


def register() -> None:
    """Called once, when the app is ready."""
    kinds.register(KINDS)
    register_abilities(ABILITIES)
    register_district_wide("incidents.configure")
    duties.register(*DUTIES)
    letters.register()
    tables.register(ROW_WORDS)
    links.register("incidents", ability="incidents.view", opens=_opened_by)
    grounds.register_sight("incidents.incident", _in_sight)
    grounds.register_hold("incidents.incident", _still_open)
    grounds.register_erasure(_delete_photos)
    register_holder("incidents.photos", count=_photos_under, reseal=_reseal_photos)


def _in_sight(card: Card, viewer: Any) -> bool:
    """A card of an incident exists for whoever sees the incident."""
    from qipan.incidents import access

    return access.visible(viewer=viewer).filter(pk=card.about_id or card.pk).exists()


def _opened_by(viewer: Any, ids: Collection[UUID]) -> set[UUID]:
    """Those among the incidents whose page the viewer may open."""
    from qipan.incidents import access

    return set(access.visible(viewer=viewer).filter(pk__in=ids).order_by().values_list("pk", flat=True))


def _still_open(ids: list[UUID]) -> set[UUID]:
    """Cards of an incident are kept while it goes on."""
    from qipan.incidents.models import Incident
    from qipan.incidents.rules.steps import ENDED

    return set(Incident.objects.filter(pk__in=ids).exclude(status__in=ENDED).values_list("pk", flat=True))


def _delete_photos(cards: list[Card]) -> None:
    from qipan.incidents.operations.attach import delete_files

    delete_files(card_ids=[card.pk for card in cards])


def _photos_under(key_id: str) -> int:
    from qipan.incidents.models import Attachment

    return Attachment.objects.filter(key_id=key_id, sealed=True).count()


def _reseal_photos(key_id: str, batch: int) -> int:
    from qipan.incidents.operations.attach import reseal

    return reseal(key_id=key_id, batch=batch)
