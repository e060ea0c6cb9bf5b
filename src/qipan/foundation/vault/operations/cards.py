"""Sealing, changing and erasing cards; looking behind the mask."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, cast
from uuid import UUID

import orjson
from django.db import DatabaseError, connection, transaction

from qipan.foundation.journal import operations as journal
from qipan.foundation.journal import queries as history
from qipan.foundation.journal.models import Entry
from qipan.foundation.journal.rules import About, Class, HasAbout, HasAuthor
from qipan.foundation.refusals import Forbidden, Invalid, NotFound, TooMany, Unavailable
from qipan.foundation.vault import envelope, grounds, rules
from qipan.foundation.vault.keystore import DataKey, KeyStore, store
from qipan.foundation.vault.models import Card, Index, Look
from qipan.foundation.vault.operations import retention as keeping
from qipan.foundation.vault.rules import INDEX_PURPOSE, INDEXED, REASON_LENGTH
from qipan.kernels import identity
from qipan.kernels.ids import new_id

FOUND = "_found"  # beside the fields: what was found in a text and indexed, as [kind, value] pairs


class NoSuchCard(NotFound):
    """There is no such record in your area."""


class Erased(NotFound):
    """This person's data were erased when the time to keep them ended."""


class ReasonNeeded(Invalid):
    """Say in a few words why you need to see this. The reason is kept and can be read by the auditor."""


class LooksUsedUp(TooMany):
    """You have looked behind masks {count} times today, which is the limit. Data of your own open duties stay open."""


class NotYourDuty(Forbidden):
    """This person is not part of an open duty of yours. Give a reason instead."""


class NotRecorded(Unavailable):
    """The journal cannot be written just now, so nothing can be shown. Please try again in a moment."""


def seal(
    *,
    district_id: int,
    purpose: str,
    retention: str,
    about: About | HasAbout | tuple[str, UUID | None],
    fields: dict[str, str],
    by: HasAuthor,
    at: dt.datetime,
    areas: tuple[int, ...] = (),
) -> Card:
    """Seals personal fields into a new card, in the caller's transaction, and records that it was done.

    fields: name, id_number, phone, address, text, other; numbers are validated (WrongIdNumber, WrongPhone) and kept
    in one form. `about`: what the card belongs to; an About brings its areas, with a (kind, id) pair give `areas`.
    """
    return _seal(
        district_id=district_id,
        purpose=purpose,
        retention=retention,
        about=about,
        fields=rules.normalise(fields, today=rules.local_date(at)),
        found=(),
        by=by,
        at=at,
        areas=areas,
    )


def _seal(
    *,
    district_id: int,
    purpose: str,
    retention: str,
    about: About | HasAbout | tuple[str, UUID | None],
    fields: dict[str, str],
    found: tuple[tuple[str, str], ...],
    by: HasAuthor,
    at: dt.datetime,
    areas: tuple[int, ...],
) -> Card:
    kind, thing_id, found_areas, privacy, label = _thing(about)
    key = store().current(district_id, purpose)
    card = Card(
        id=new_id(),
        district_id=district_id,
        areas=list(found_areas or areas),
        purpose=purpose,
        retention=retention,
        about_kind=kind,
        about_id=thing_id,
        key_id=key.id,
        masked=rules.mask(fields),
        created_at=at,
        erase_after=keeping.due_date(district_id, retention, at),
    )
    put(card, key, fields, found)
    with transaction.atomic():
        card.save(force_insert=True)
        index(card, fields, found)
        journal.record(
            "vault.sealed",
            about_card(card, privacy=privacy, label=label),
            by=by,
            at=at,
            fields=sorted(fields),
            purpose=purpose,
        )
    return card


def reveal(
    *,
    card_id: UUID,
    by: grounds.Viewer,
    at: dt.datetime,
    duty_id: UUID | None = None,
    reason: str = "",
) -> dict[str, str]:
    """Looks behind the mask. The journal's entry is committed before anything is opened; fails closed.

    With `duty_id`, an own open duty that concerns the card, no reason is asked. Any other look needs a reason of some
    length and counts against the day's quota. Must not be called inside a transaction: its entry has to be durable.

    Raises NoSuchCard outside the viewer's jurisdiction, Erased, NotYourDuty, ReasonNeeded, LooksUsedUp, NotRecorded,
    KeysUnreachable, KeyGone, Tampered.
    """
    card = visible_card(card_id, viewer=by)
    ground = Look.Ground.DUTY if duty_id is not None else Look.Ground.REASON
    reason = identity.mask_text(reason.strip()).text
    if duty_id is not None and not grounds.concerns(card, by, duty_id):
        raise NotYourDuty
    if ground == Look.Ground.REASON and len(reason) < REASON_LENGTH:
        raise ReasonNeeded(field="reason")
    key = store().get(card.key_id)
    try:
        with transaction.atomic(durable=True):
            if ground == Look.Ground.REASON:
                spend(by, at)
            _looked(card, by=by, at=at, ground=ground, duty_id=duty_id, reason=reason)
    except DatabaseError as problem:
        raise NotRecorded from problem
    return contents(card, key)[0]


def use(*, card_id: UUID, by: HasAuthor, at: dt.datetime, why: str) -> dict[str, str]:
    """Opens a card for the system itself (to send a message); journalled first like every look. Not in a transaction.

    `why` is a fixed phrase of the calling code, such as "outbox.sent".
    """
    card = Card.objects.filter(id=card_id).first()
    if card is None:
        raise NoSuchCard
    if card.erased_at:
        raise Erased
    key = store().get(card.key_id)
    try:
        with transaction.atomic(durable=True):
            _looked(card, by=by, at=at, ground=Look.Ground.SYSTEM, duty_id=None, reason=why)
    except DatabaseError as problem:
        raise NotRecorded from problem
    return contents(card, key)[0]


def visible_card(card_id: UUID, *, viewer: grounds.Viewer) -> Card:
    """The card, if it exists for this viewer. Raises NoSuchCard, Erased."""
    card = Card.objects.filter(id=card_id, district_id=viewer.district_id).first()
    if card is None or not grounds.in_sight(card, viewer):
        raise NoSuchCard
    if card.erased_at:
        raise Erased
    return card


def _locked(card_id: UUID) -> Card:
    """A card to write to, locked until the transaction ends. Raises NoSuchCard, Erased."""
    card = Card.objects.select_for_update().filter(id=card_id).first()
    if card is None:
        raise NoSuchCard
    if card.erased_at:
        raise Erased
    return card


def change(*, card_id: UUID, fields: dict[str, str], by: HasAuthor, at: dt.datetime, reason: str) -> Card:
    """Corrects or completes a card: the fields given replace those held, an empty value removes one."""
    with transaction.atomic():
        card = _locked(card_id)
        held, found = contents(card, store().get(card.key_id))
        merged = {name: value for name, value in (held | fields).items() if value.strip()}
        done = rules.normalise(merged, today=rules.local_date(at))
        if "text" in fields:
            found = identity.mask_text(done.get("text", "")).found
        key = store().current(card.district_id, card.purpose)
        card.masked = rules.mask(done)
        put(card, key, done, found)
        card.save(update_fields=["key_id", "masked", "sealed"])
        card.indexes.all().delete()
        index(card, done, found)
        journal.record("vault.changed", about_card(card), by=by, at=at, reason=reason, fields=sorted(fields))
    return card


def add(*, card_id: UUID, field: str, text: str, by: HasAuthor, at: dt.datetime, anew: bool = False) -> None:
    """Seals more words into a card, in the caller's transaction: a new line of a field, or (`anew`) all of it.

    Raises NoSuchCard, Erased.
    """
    with transaction.atomic():
        card = _locked(card_id)
        held, found = contents(card, store().get(card.key_id))
        lines = [text] if anew or field not in held else [held[field], text]
        done = rules.normalise(held | {field: "\n".join(lines)}, today=rules.local_date(at))
        card.masked = rules.mask(done)
        put(card, store().current(card.district_id, card.purpose), done, found)
        card.save(update_fields=["key_id", "masked", "sealed"])
        journal.record("vault.sealed", about_card(card), by=by, at=at, fields=[field], purpose=card.purpose)


def erase(*, card_id: UUID, by: HasAuthor, at: dt.datetime, reason: str) -> None:
    """Empties a card for good; its row stays, so that what points to it can say that it was erased."""
    with transaction.atomic():
        card = Card.objects.select_for_update().filter(id=card_id).first()
        if card is None:
            raise NoSuchCard
        if card.erased_at is None:
            keeping.empty([card], at=at)
            journal.record("vault.erased", about_card(card), by=by, at=at, reason=reason)


def seal_text(
    *,
    text: str,
    names: tuple[str, ...] = (),
    district_id: int,
    purpose: str,
    retention: str,
    about: About | HasAbout | tuple[str, UUID | None],
    by: HasAuthor,
    at: dt.datetime,
    areas: tuple[int, ...] = (),
) -> tuple[str, Card | None]:
    """Free text as it may be stored: numbers and marked names masked, the whole original sealed in a card if any were.

    The values found are indexed, so that the text can be found by them.
    """
    masked = identity.mask_text(text, names=names)
    if not masked.found:
        return text, None
    card = _seal(
        district_id=district_id,
        purpose=purpose,
        retention=retention,
        about=about,
        fields=rules.normalise({"text": text}, today=rules.local_date(at)),
        found=masked.found,
        by=by,
        at=at,
        areas=areas,
    )
    return masked.text, card


def seal_bytes(content: bytes, *, district_id: int, purpose: str, owner: UUID) -> tuple[str, bytes]:
    """Seals a file (a private photo): (key id, sealed bytes). `owner`: the id of the row that will point to it."""
    key = store().current(district_id, purpose)
    return key.id, envelope.seal(content, key=key, district_id=district_id, purpose=purpose, owner=str(owner))


def open_bytes(sealed: bytes, *, key_id: str, district_id: int, purpose: str, owner: UUID) -> bytes:
    """Opens what `seal_bytes` sealed. Whether the viewer may is the caller's to check and to record first."""
    key = store().get(key_id)
    return envelope.open_sealed(sealed, key=key, district_id=district_id, purpose=purpose, owner=str(owner))


def about_card(card: Card, *, privacy: int = Class.PRIVATE, label: str = "") -> About:
    """How the journal names a card: by the matter it belongs to, never by whom it names."""
    about = replace(card.about(), privacy=max(privacy, Class.PRIVATE))
    matter = label or history.label(card.about_kind, card.about_id)
    return replace(about, label=matter) if matter else about


def blind_digests(district_id: int, kind: str, value: str) -> list[bytes]:
    """The blind index of a value under each index key of a district: two while an index is being renewed."""
    keys = store()
    current = keys.current(district_id, INDEX_PURPOSE)
    ids = {facts.id for facts in keys.every() if (facts.district_id, facts.purpose) == (district_id, INDEX_PURPOSE)}
    form = rules.index_form(kind, value)
    return [envelope.blind(form, key=keys.get(key_id), kind=kind) for key_id in sorted(ids | {current.id})]


def _thing(about: Any) -> tuple[str, UUID | None, tuple[int, ...], int, str]:
    if isinstance(about, tuple):
        kind, thing_id = about
        return kind, thing_id, (), Class.PRIVATE, ""
    of = about if isinstance(about, About) else about.about()
    return of.kind, of.id, of.areas, of.privacy, of.label


def put(card: Card, key: DataKey, fields: dict[str, str], found: Iterable[tuple[str, str]]) -> None:
    """Seals content into a card object under a key; does not save."""
    content = {**fields, FOUND: [list(pair) for pair in found]} if found else fields
    card.key_id = key.id
    card.sealed = envelope.seal(
        orjson.dumps(content), key=key, district_id=card.district_id, purpose=card.purpose, owner=str(card.id)
    )


def contents(card: Card, key: DataKey) -> tuple[dict[str, str], tuple[tuple[str, str], ...]]:
    """Fields, and what was found in a text. For the vault's own operations: whoever shows it records it first."""
    sealed = envelope.open_sealed(
        bytes(card.sealed), key=key, district_id=card.district_id, purpose=card.purpose, owner=str(card.id)
    )
    fields: dict[str, Any] = orjson.loads(sealed)
    found = tuple((kind, value) for kind, value in fields.pop(FOUND, ()))
    return cast("dict[str, str]", fields), found


def index(
    card: Card, fields: dict[str, str], found: Iterable[tuple[str, str]], *, keys: KeyStore | None = None
) -> None:
    """Adds the blind indexes of a card's content under the district's current index key."""
    key = (keys or store()).current(card.district_id, INDEX_PURPOSE)
    values = {(INDEXED[name], value) for name, value in fields.items() if name in INDEXED} | set(found)
    digests = {(kind, envelope.blind(rules.index_form(kind, value), key=key, kind=kind)) for kind, value in values}
    Index.objects.bulk_create(
        [Index(card=card, kind=kind, digest=digest, key_id=key.id) for kind, digest in sorted(digests)],
        ignore_conflicts=True,
    )


def _looked(card: Card, *, by: HasAuthor, at: dt.datetime, ground: str, duty_id: UUID | None, reason: str) -> None:
    author = by.author()
    Look.objects.create(
        card_id=card.id,
        district_id=card.district_id,
        post_id=author.post_id,
        at=at,
        ground=ground,
        duty_id=duty_id,
        reason=reason,
    )
    kind = "vault.used" if ground == Look.Ground.SYSTEM else "vault.revealed"
    journal.record(
        kind,
        about_card(card),
        by=by,
        at=at,
        reason=reason,
        privacy=Class.SECRET,
        ground=str(ground),
        duty=duty_id,
        fields=sorted(card.masked),
        matter={"kind": card.about_kind, "id": card.about_id},
    )


def spend(by: grounds.Viewer, at: dt.datetime) -> None:
    """One look of the day's quota, or one search by exact value. The lock makes those of one post wait for each other.

    The data-protection officer's searches do not count: residents' requests need them. Raises LooksUsedUp.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 7381))", [str(by.id)])
    start = dt.datetime.combine(rules.local_date(at), dt.time(), tzinfo=rules.SHANGHAI)
    # The whole day: one that waited for the lock has an earlier time than those that it waited for.
    today = {"post_id": by.id, "at__gte": start, "at__lt": start + dt.timedelta(days=1)}
    most = grounds.quota(by.district_id)
    used = Look.objects.filter(ground=Look.Ground.REASON, **today).count()
    if not by.may(rules.REQUESTS):
        used += Entry.objects.filter(kind="vault.searched", **today).count()
    if used >= most:
        raise LooksUsedUp(count=used)
