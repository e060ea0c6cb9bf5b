"""Writing messages, and how a district sends them. Delivery is the worker's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.db import transaction

from qipan.foundation.journal import operations as journal
from qipan.foundation.journal.rules import About, HasAbout
from qipan.foundation.outbox import access, queries, rules, templates
from qipan.foundation.outbox.models import Gateway, Message, Policy, Wording
from qipan.foundation.outbox.rules import Channel, GatewayKind, State
from qipan.foundation.posts import queries as posts
from qipan.foundation.posts.access import require
from qipan.foundation.posts.models import Person, Post, Unit
from qipan.foundation.refusals import Conflict, Invalid, NotFound
from qipan.kernels import identity


class NoSuchTemplate(NotFound):
    """There is no message of this name."""


class NotSecure(Invalid):
    """A gateway's address must begin with https:// and its host must be one that this installation allows: {hosts}."""


class NotWaiting(Conflict):
    """This message has been sent or cancelled already."""


class Incomplete(Invalid):
    """A text needs a subject and a body."""


@dataclass(frozen=True, slots=True)
class Contact:
    """A resident to be told: the card that holds the telephone, and the language they chose."""

    card_id: UUID
    district_id: int
    language: str = "zh-hans"


@transaction.atomic
def send(
    *,
    template: str,
    to: Person | Post | Unit | Contact,
    context: Mapping[str, Any],
    about: About | HasAbout,
    at: datetime,
    urgent: bool = False,
    dedupe: str = "",
    link: str = "",
) -> list[Message]:
    """Write a message in the caller's transaction: it is there if and only if what it tells has happened.

    Staff get it in the application at once, and by the channels their district has chosen; a unit means everybody who
    holds a post there now, and the unit's robot; a Contact gets a text message. Outside the application it goes when
    the worker comes by, after the quiet hours unless it is urgent. With `dedupe` the same recipient gets it once,
    however often it is sent. What goes out holds no identification or telephone number.
    """
    letters = _Letters(at)
    letters.add(template=template, to=to, context=context, about=about, urgent=urgent, dedupe=dedupe, link=link)
    return letters.save()


@transaction.atomic
def send_many(letters: Iterable[Mapping[str, Any]], *, at: datetime) -> list[Message]:
    """Many messages of one moment, each a mapping of what `send` takes, in a few queries whatever their number."""
    found = _Letters(at)
    for letter in letters:
        found.add(**letter)
    return found.save()


class _Letters:
    """Messages to be written together: each district's way of sending, gateways and wordings are looked up once."""

    def __init__(self, at: datetime) -> None:
        self.at = at
        self.written: list[Message] = []
        self.policies: dict[int, Policy] = {}
        self.gateways: dict[int, list[Gateway]] = {}
        self.wordings: dict[int, dict[tuple[str, str], Wording]] = {}

    def add(
        self,
        *,
        template: str,
        to: Person | Post | Unit | Contact,
        context: Mapping[str, Any],
        about: About | HasAbout,
        urgent: bool = False,
        dedupe: str = "",
        link: str = "",
    ) -> None:
        thing = about if isinstance(about, About) else about.about()
        if template not in templates.TEMPLATES:
            raise KeyError(template)
        district_id = _district(to, thing)
        self._look_up(district_id)
        policy, gateways, at = self.policies[district_id], self.gateways[district_id], self.at
        later = at if urgent else rules.after_quiet(at, quiet_from=policy.quiet_from, quiet_to=policy.quiet_to)
        texts: dict[str, tuple[str, str]] = {}

        def write(channel: Channel, language: str, **recipient: Any) -> None:
            if language not in texts:
                own = self.wordings[district_id].get((template, language))
                subject, body = templates.words(name=template, own=own, language=language, context=context)
                # Masked before it is cut: half a number is not seen to be one.
                texts[language] = identity.mask_text(subject).text[:200], identity.mask_text(body).text
            in_app = channel == Channel.APP
            who = ":".join(f"{key}={getattr(value, 'pk', value)}" for key, value in sorted(recipient.items()))
            self.written.append(
                Message(
                    district_id=district_id,
                    channel=channel,
                    template=template,
                    language=language,
                    subject=texts[language][0],
                    body=texts[language][1],
                    link=link,
                    about_kind=thing.kind,
                    about_id=thing.id,
                    urgent=urgent,
                    state=State.SENT if in_app else State.QUEUED,
                    sent_at=at if in_app else None,
                    not_before=at if in_app else later,
                    created_at=at,
                    dedupe_key=f"{dedupe}:{channel}:{who}"[:200] if dedupe else None,
                    **recipient,
                )
            )

        sms = next((gateway for gateway in gateways if gateway.kind == GatewayKind.SMS), None)
        if isinstance(to, Contact):
            write(Channel.HTTP, to.language, to_address_card_id=to.card_id, gateway=sms)
            return
        channels = policy.urgent_channels if urgent else policy.staff_channels
        for person in _people(to, at):
            write(Channel.APP, person.language, to_person=person)
            if Channel.EMAIL in channels and person.email:
                write(Channel.EMAIL, person.language, to_person=person)
            if Channel.HTTP in channels and person.phone and sms:
                write(Channel.HTTP, person.language, to_person=person, gateway=sms)
        if isinstance(to, Unit):
            for robot in gateways:
                if robot.kind == GatewayKind.ROBOT and robot.unit_id == to.pk:
                    write(Channel.HTTP, "zh-hans", to_unit=to, gateway=robot)

    def _look_up(self, district_id: int) -> None:
        if district_id in self.policies:
            return
        self.policies[district_id] = queries.policy(district_id)
        self.gateways[district_id] = list(Gateway.objects.filter(district=district_id, enabled=True).order_by("pk"))
        rows = Wording.objects.filter(district=district_id)
        self.wordings[district_id] = {(row.template, row.language): row for row in rows}

    def save(self) -> list[Message]:
        """Write them. A repeated message is simply not written again; which were written, the database tells."""
        repeatable = any(row.dedupe_key for row in self.written)
        Message.objects.bulk_create(self.written, ignore_conflicts=repeatable, batch_size=500)
        if not repeatable:
            return self.written
        there = set(Message.objects.filter(pk__in=[row.pk for row in self.written]).values_list("pk", flat=True))
        return [row for row in self.written if row.pk in there]


def _district(to: Person | Post | Unit | Contact, thing: About) -> int:
    district_id = to.district_id or thing.district_id
    if district_id is None:
        raise ValueError("a message belongs to a district")
    return district_id


def _people(to: Person | Post | Unit, at: datetime) -> Iterable[Person]:
    if isinstance(to, Person):
        return [to] if to.is_active else []
    if isinstance(to, Post):
        return [to.person] if to.person.is_active else []
    return list({post.person_id: post.person for post in posts.holders(unit=to, at=at)}.values())


@transaction.atomic
def mark_read(*, by: Post, at: datetime, message_ids: Iterable[UUID] | None = None) -> int:
    """The person has read these messages, or all of them. How many were unread."""
    rows = access.inbox(person=by.person).filter(read_at=None)
    if message_ids is not None:
        rows = rows.filter(pk__in=list(message_ids))
    return rows.update(read_at=at)


@transaction.atomic
def cancel(*, message_id: UUID, by: Post, at: datetime) -> Message:
    """A message that is waiting or has failed will not be sent. Raises NotWaiting."""
    message = access.lock(message_id, viewer=by)
    if State.CANCELLED not in rules.NEXT[State(message.state)]:
        raise NotWaiting
    message.state = State.CANCELLED
    message.save(update_fields=["state"])
    journal.record("outbox.cancelled", message, by=by, at=at)
    return message


@transaction.atomic
def retry(*, message_id: UUID, by: Post, at: datetime) -> Message:
    """Try a failed message again from the start. Raises NotWaiting."""
    message = access.lock(message_id, viewer=by)
    if State.QUEUED not in rules.NEXT[State(message.state)] or message.state == State.SENDING:
        raise NotWaiting
    message.state, message.tries, message.not_before = State.QUEUED, 0, at
    message.save(update_fields=["state", "tries", "not_before"])
    journal.record("outbox.retried", message, by=by, at=at)
    return message


@transaction.atomic
def set_policy(
    *, quiet_from: time, quiet_to: time, staff_channels: Iterable[str], urgent_channels: Iterable[str], by: Post,
    at: datetime,
) -> Policy:  # fmt: skip
    """The district's quiet hours (equal times: none) and its channels for staff beside the application."""
    require(by, "outbox.administer")
    values = {
        "quiet_from": quiet_from,
        "quiet_to": quiet_to,
        "staff_channels": sorted(Channel(channel).value for channel in staff_channels),
        "urgent_channels": sorted(Channel(channel).value for channel in urgent_channels),
    }
    policy, _created = Policy.objects.update_or_create(district_id=by.district_id, defaults=values)
    journal.record("outbox.policy_set", _settings(by), by=by, at=at, quiet_from=str(quiet_from), quiet_to=str(quiet_to))
    return policy


@transaction.atomic
def set_wording(*, template: str, language: str, subject: str, body: str, by: Post, at: datetime) -> Wording:
    """The district's own text for a message. Raises NoSuchTemplate, Incomplete, UnknownPlace."""
    require(by, "outbox.administer")
    known = templates.TEMPLATES.get(template)
    if known is None or language not in rules.LANGUAGES:
        raise NoSuchTemplate
    if not subject.strip() or not body.strip():
        raise Incomplete(field="subject" if not subject.strip() else "body")
    rules.check_places(subject, known=set(known.places), field="subject")
    rules.check_places(body, known=set(known.places), field="body")
    row, _created = Wording.objects.update_or_create(
        district_id=by.district_id,
        template=template,
        language=language,
        defaults={"subject": subject.strip(), "body": body.strip()},
    )
    journal.record("outbox.wording_set", _settings(by), by=by, at=at, template=template, language=language)
    return row


@transaction.atomic
def clear_wording(*, template: str, language: str, by: Post, at: datetime) -> None:
    """Back to our text."""
    require(by, "outbox.administer")
    rows = Wording.objects.filter(district=by.district_id, template=template, language=language)
    if rows.delete()[0]:
        journal.record("outbox.wording_cleared", _settings(by), by=by, at=at, template=template, language=language)


@transaction.atomic
def set_gateway(
    *, name: str, kind: str, url: str, by: Post, at: datetime, body: Any = None, headers: dict[str, str] | None = None,
    method: str = "POST", form: bool = False, unit: Unit | None = None, sign_with: str = "", success_field: str = "",
    success_value: str = "", enabled: bool = True,
) -> Gateway:  # fmt: skip
    """Create or change the district's gateway of this name. Raises NotSecure, UnknownPlace.

    Places: {phone}, {subject}, {text}, {id}, {link}, and {secret_NAME} for a secret of the environment
    (QIPAN_SECRET_NAME), which is never stored here.
    """
    require(by, "outbox.administer")
    check_address(url)
    if unit and unit.district_id != by.district_id:
        raise NotFound
    body = {} if body is None else body
    for field, tree in (("url", url), ("headers", headers or {}), ("body", body)):
        for text in _strings(tree):
            unknown = {place for place in rules.places(text) if not place.startswith("secret_")} - PLACES
            if unknown:
                raise rules.UnknownPlace(field=field, names=", ".join(sorted(unknown)))
    gateway, _created = Gateway.objects.update_or_create(
        district_id=by.district_id,
        name=name,
        defaults={
            "kind": GatewayKind(kind),
            "url": url,
            "method": method,
            "headers": headers or {},
            "body": body,
            "form": form,
            "unit": unit,
            "sign_with": sign_with,
            "success_field": success_field,
            "success_value": success_value,
            "enabled": enabled,
        },
    )
    journal.record("outbox.gateway_set", _settings(by), by=by, at=at, gateway=name, enabled=enabled)
    return gateway


PLACES = {"phone", "subject", "text", "id", "link"}


def check_address(url: str) -> None:
    """Only https, only hosts that whoever runs this installation allows; on a developer's machine also itself."""
    parts = urlsplit(url)
    allowed = set(settings.GATEWAY_HOSTS)
    host = parts.hostname or ""
    secure = parts.scheme == "https" or (parts.scheme == "http" and host in {"127.0.0.1", "localhost"})
    if not secure or host not in allowed or parts.username:
        raise NotSecure(field="url", hosts=", ".join(sorted(allowed)) or "—")


def _strings(tree: Any) -> Iterable[str]:
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, dict):
        for value in tree.values():
            yield from _strings(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _strings(value)


def _settings(by: Post) -> About:
    return About(kind="outbox.settings", id=None, label="", district_id=by.district_id, areas=(by.district_id,))


@transaction.atomic
def purge(*, before: datetime) -> int:
    """Remove messages that ended before this time. How many."""
    ended = [State.SENT, State.CANCELLED, State.FAILED]
    return Message.objects.filter(created_at__lt=before, state__in=ended).delete()[0]
