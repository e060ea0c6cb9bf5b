"""A phone call taken down in one tap, and whoever has to go home at once relieved: duties that no domain has."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import translation
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from qipan.foundation.areas.models import DistrictProfile
from qipan.foundation.areas.rules import TIME_ZONE
from qipan.foundation.duties import access, clocks, messages
from qipan.foundation.duties.models import Call, Duty, Relief
from qipan.foundation.duties.operations.lifecycle import end, open
from qipan.foundation.duties.operations.moves import NobodyGiven, has_like, move, owed
from qipan.foundation.duties.recipients import Directory
from qipan.foundation.duties.rules import CALL, RELIEF, DutyEnded, Recipient, State
from qipan.foundation.journal import operations as journal
from qipan.foundation.journal.rules import About, Class
from qipan.foundation.outbox import operations as outbox
from qipan.foundation.posts.access import require
from qipan.foundation.posts.models import Post
from qipan.foundation.refusals import Conflict, Forbidden
from qipan.foundation.vault import operations as vault
from qipan.kernels.clock import Limit
from qipan.kernels.ids import new_id

LINE = 100  # characters of what a caller said that are kept in the title
CALL_LIMIT = Limit.working(hours=4)
RELIEF_LIMIT = Limit.natural(hours=2)


class AskedAlready(Conflict):
    """You have asked to be relieved already; your head has been told."""


class NobodyToRelieve(Conflict):
    """Nobody is there who could relieve you. Please call the duty desk."""


class TakerIsAway(Conflict):
    """{who} asks to be relieved and cannot take this over."""


class NotYourDuty(Forbidden):
    """This duty is owed by somebody else."""


def call_limit(district_id: int) -> Limit:
    """How soon a call must be dealt with: the district's setting `call_limit`, else four staffed hours."""
    settings = DistrictProfile.objects.filter(pk=district_id).values_list("settings", flat=True).first() or {}
    stored = settings.get("call_limit")
    return clocks.load_one(stored) if stored else CALL_LIMIT


def keyed(line: str) -> str:
    """A digest of what was noted that nobody without the server's key can guess a phone number back from."""
    return salted_hmac("qipan.duties.call", " ".join(line.split())).hexdigest()


@transaction.atomic
def take_call(*, line: str, by: Post, at: datetime, command_id: UUID | None = None) -> Duty:
    """A call as a duty of who took it. `line` is whatever was typed, perhaps nothing: numbers in it are sealed in the
    vault and masked in the title. The same command again gives the same duty. Raises NotYours."""
    require(by, "duties.take_call")
    line = " ".join(line.split())
    earlier = journal.once(command_id, author=by, name="duties.take_call", body={"line": keyed(line)}, at=at)
    if earlier is not None:
        return access.get(UUID(earlier["duty"]), viewer=by)
    key = new_id()
    area = by.area
    with translation.override("zh-hans"):
        label = _("Call {time}").format(time=f"{at.astimezone(TIME_ZONE):%m-%d %H:%M}")
    about = About(CALL, key, label, area.district_id, area.path, by.unit_id)
    masked, card = vault.seal_text(
        text=line,
        district_id=area.district_id,
        purpose="call",
        retention="short",
        about=about,
        by=by,
        at=at,
    )
    duty = open(
        kind=CALL,
        about=about,
        id=key,
        title=masked[:LINE] or label,
        limit=call_limit(area.district_id),
        hours=Duty.Hours.STAFFED,
        unit=by.unit_id,
        post=by,
        at=at,
        by=by,
    )
    Call.objects.create(duty=duty, caller_card=card.pk if card else None, taken_by=by)
    journal.record("duties.call_taken", duty, by=by, at=at, command_id=command_id)
    journal.answer(command_id, {"duty": str(duty.pk)})
    return duty


@transaction.atomic
def finish(*, duty_id: UUID, by: Post, at: datetime, note: str = "", command_id: UUID | None = None) -> Duty:
    """A call has been dealt with. Only for whom it is owed by. Raises NoSuchDuty, NotYourDuty, DutyEnded."""
    if journal.once(command_id, author=by, name="duties.finish", body={"duty": str(duty_id)}, at=at) is not None:
        return access.get(duty_id, viewer=by)
    duty = access.lock(duty_id, viewer=by)
    if duty.kind != CALL or not Duty.objects.filter(access.owed_by(by), pk=duty.pk).exists():
        raise NotYourDuty
    if duty.state == State.ENDED:
        raise DutyEnded
    end(duty=duty, by=by, at=at, outcome="done")
    journal.record("duties.ended", duty, by=by, at=at, reason=note, command_id=command_id, duty=duty.pk)
    journal.answer(command_id, {"duty": str(duty.pk)})
    return duty


# Relief


@transaction.atomic
def ask_relief(*, by: Post, at: datetime, command_id: UUID | None = None) -> Duty:
    """家有急事: the head of the unit owes a relief within two hours. Nobody is asked why, and only the head sees who.

    Where a unit has no head (or the head is who asks), the head of the unit above, else the nearest dispatcher.
    Raises AskedAlready, NobodyToRelieve.
    """
    require(by, "duties.ask_relief")
    earlier = journal.once(command_id, author=by, name="duties.ask_relief", body={}, at=at)
    if earlier is not None:
        return Duty.objects.get(pk=earlier["duty"])
    if Relief.objects.filter(post__person=by.person_id).exclude(duty__state=State.ENDED).exists():
        raise AskedAlready
    head = _head(by, at)
    if head is None:
        raise NobodyToRelieve
    key = new_id()
    label = str(by.unit or by.area)
    about = About(RELIEF, key, label, by.district_id, by.area.path, by.unit_id, privacy=Class.SECRET)
    duty = open(
        kind=RELIEF, about=about, id=key, limit=RELIEF_LIMIT, unit=head.unit_id, post=head, at=at, by=by, urgent=True
    )
    Relief.objects.create(duty=duty, post=by)
    journal.record("duties.relief_asked", duty, by=by, at=at, command_id=command_id)
    outbox.send(
        template="duties.relief",
        to=head,
        context={"due": messages.Words(duty.due_at), "label": label, "title": duty.title, "kind": duty.title},
        about=duty,
        at=at,
        urgent=True,
        link=duty.link,
    )
    journal.answer(command_id, {"duty": str(duty.pk)})
    return duty


def _head(post: Post, at: datetime) -> Post | None:
    """Who relieves: the nearest head above this post who is somebody else."""
    unit = post.unit
    while unit is not None:
        heads = Directory([Duty(unit_id=unit.pk, district_id=post.district_id)], at=at).heads(unit.pk)
        for head in heads:
            if head.person_id != post.person_id:
                return head
        unit = unit.parent
    place = Duty().place(post.area)
    for role in (Recipient.DISPATCHER, Recipient.COMMANDER):
        for desk in Directory([place], at=at).find(place, role):
            if desk.person_id != post.person_id:
                return desk
    return None


@transaction.atomic
def relieve(
    *,
    duty_id: UUID,
    taker: Post | None,
    by: Post,
    at: datetime,
    duties: Iterable[UUID] | None = None,
    command_id: UUID | None = None,
) -> int:
    """The worker may go: what they owe (all, or the duties named) goes to `taker` at once, and both are told.

    Without a taker nothing changes hands. Returns how many duties did. Raises NoSuchDuty (for anybody but whom it is
    addressed to), DutyEnded, TakerIsAway, NobodyGiven, OtherDistrict.
    """
    wanted = None if duties is None else {UUID(str(one)) for one in duties}
    body: dict[str, Any] = {"duty": str(duty_id), "taker": str(taker.pk) if taker else None}
    body["duties"] = None if wanted is None else sorted(map(str, wanted))
    earlier = journal.once(command_id, author=by, name="duties.relieve", body=body, at=at)
    if earlier is not None:
        return int(earlier["moved"])
    duty = access.lock(duty_id, viewer=by)
    relief = Relief.objects.select_related("post__person", "post__unit").filter(duty=duty).first()
    if relief is None or not _addressed(duty, by):
        raise access.NoSuchDuty
    if duty.state == State.ENDED:
        raise DutyEnded
    if wanted and taker is None:
        raise NobodyGiven(field="taker")
    if taker is not None and taker.person_id == relief.post.person_id:
        raise TakerIsAway(field="taker", who=str(taker.person))
    moved = []
    for row in owed(relief.post) if taker is not None else ():
        chosen = wanted is None or row.pk in wanted
        if taker and chosen and not has_like(row, unit_id=taker.unit_id, post_id=taker.pk):
            move(row, unit=taker.unit, post=taker, by=by, at=at)
            moved.append(row)
    end(duty=duty, by=by, at=at, outcome="relieved")
    relief.relieved_by = by
    relief.save(update_fields=["relieved_by"])
    journal.record("duties.relieved", duty, by=by, at=at, command_id=command_id, moved=len(moved))
    if taker is not None:
        messages.tell_handed_over(moved, to=taker, now=at)
    outbox.send(
        template="duties.relieved",
        to=relief.post,
        context={"who": str(taker.person) if taker else "", "count": len(moved)},
        about=duty,
        at=at,
        urgent=True,
        link="/my-work/",
    )
    journal.answer(command_id, {"moved": len(moved)})
    return len(moved)


@transaction.atomic
def withdraw_relief(*, by: Post, at: datetime) -> bool:
    """The worker stays after all. Says whether there was a request to withdraw."""
    relief = Relief.objects.filter(post__person=by.person_id).exclude(duty__state=State.ENDED).first()
    if relief is None:
        return False
    ended = end(duty=relief.duty_id, by=by, at=at, outcome="withdrawn")
    for duty in ended:
        journal.record("duties.ended", duty, by=by, at=at, duty=duty.pk)
    return bool(ended)


def _addressed(duty: Duty, by: Post) -> bool:
    return duty.post_id in access.posts_of(by)
