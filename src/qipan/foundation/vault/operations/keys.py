"""Keys: counting their copies, renewing them, putting them in escrow and bringing them back, destroying them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import transaction

from qipan.foundation.journal import operations as journal
from qipan.foundation.journal.rules import About, Class, HasAuthor
from qipan.foundation.refusals import Conflict, Invalid, NotFound
from qipan.foundation.vault import escrow as bundles
from qipan.foundation.vault.keystore import KeyFacts, KeysUnreachable, store
from qipan.foundation.vault.models import Card, Index, Key, KeyCopy
from qipan.foundation.vault.operations import cards, retention
from qipan.foundation.vault.rules import INDEX_PURPOSE

Holder = tuple[Callable[[str], int], Callable[[str, int], int]]
_holders: dict[str, Holder] = {}


class NoSuchKey(NotFound):
    """There is no such key."""


class KeyInUse(Conflict):
    """{count} records are still sealed with this key. Renew it and seal them again first, or say that they shall go."""


class TwoHolders(Invalid):
    """Escrow needs two different holders, and neither may be empty."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """That a key is gone, what went with it, and which copies somebody still has to destroy."""

    key_id: str
    district_id: int | None
    purpose: str
    destroyed_at: datetime
    by: str
    reason: str
    records: int
    ended: int
    open_copies: list[str] = field(default_factory=list)


def register_holder(name: str, *, count: Callable[[str], int], reseal: Callable[[str, int], int]) -> None:
    """A room that keeps files from `seal_bytes`. `count(key_id)`: how many under a key. `reseal(key_id, batch)`: seals
    up to so many anew under the current key, in its own transaction, and says how many (0 when done)."""
    _holders[name] = (count, reseal)


def about_key(key: Key | KeyFacts) -> About:
    district = key.district_id
    return About("key", None, key.id, district, (district,) if district else (), privacy=Class.SECRET)


def account(*, at: datetime) -> list[Key]:
    """Compares the register with the store: new keys and copies are entered, vanished ones ended. All keys.

    A store that holds nothing of what it should is not empty but away: raises KeysUnreachable, and ends nothing.
    """
    keys = store()
    in_store = {facts.id: facts for facts in keys.every()}
    if not in_store and Key.objects.filter(destroyed_at__isnull=True).exists():
        raise KeysUnreachable
    with transaction.atomic():
        known = Key.objects.in_bulk()
        for facts in in_store.values():
            if facts.id not in known:
                Key.objects.create(
                    id=facts.id, district_id=facts.district_id, purpose=facts.purpose, created_at=facts.created_at
                )
            _account_copies(facts.id, set(keys.copies(facts.id)), at)
        for key_id in set(known) - set(in_store):
            _account_copies(key_id, set(), at)
        for key in Key.objects.filter(retired_at__isnull=True, id__in=in_store):
            if not in_store[key.id].current:
                key.retired_at = at
                key.save(update_fields=["retired_at"])
        # One that came back from escrow may be the current one again.
        current = [key_id for key_id, facts in in_store.items() if facts.current]
        Key.objects.filter(id__in=current, retired_at__isnull=False).update(retired_at=None)
    return list(Key.objects.order_by("created_at"))


def _account_copies(key_id: str, places: set[str], at: datetime) -> None:
    entered = KeyCopy.objects.filter(key_id=key_id, form=KeyCopy.Form.STORE, ended_at__isnull=True)
    entered.exclude(place__in=places).update(ended_at=at, ended_how="not found in the store")
    missing = places - set(entered.values_list("place", flat=True))
    KeyCopy.objects.bulk_create(
        [KeyCopy(key_id=key_id, form=KeyCopy.Form.STORE, place=place, made_at=at) for place in sorted(missing)]
    )


def rotate(*, by: HasAuthor, at: datetime, district_id: int | None = None, purpose: str = "") -> list[str]:
    """New current keys in place of those chosen (all by default, the blind index's apart); ids of the new ones.

    What is sealed from now on uses them; `reencrypt` moves the rest over. Earlier keys stay until destroyed.
    """
    account(at=at)
    keys, made = store(), []
    for facts in keys.every():
        if not facts.current or facts.purpose == INDEX_PURPOSE:
            continue
        if district_id is not None and facts.district_id != district_id:
            continue
        if purpose and facts.purpose != purpose:
            continue
        new = keys.new(facts.district_id, facts.purpose)
        made.append(new.id)
        with transaction.atomic():
            Key.objects.filter(id=facts.id).update(retired_at=at)
            journal.record(
                "vault.key_renewed",
                about_key(facts),
                by=by,
                at=at,
                before=facts.id,
                after=new.id,
                purpose=facts.purpose,
            )
    account(at=at)
    return made


def reencrypt(*, at: datetime, batch: int = 200, progress: Callable[[int], None] | None = None) -> int:
    """Seals everything under retired keys anew, in batches of their own; how many. Can be stopped and run again."""
    account(at=at)
    retired = list(Key.objects.filter(retired_at__isnull=False, destroyed_at__isnull=True).values_list("id", flat=True))
    held = {facts.id for facts in store().every()}
    done = 0
    for key_id in (key_id for key_id in retired if key_id in held):
        while moved := _reencrypt_batch(key_id, batch):
            done += moved
            if progress is not None:
                progress(done)
        for _count, reseal in _holders.values():
            while moved := reseal(key_id, batch):
                done += moved
                if progress is not None:
                    progress(done)
    return done


def _reencrypt_batch(key_id: str, batch: int) -> int:
    keys = store()
    with transaction.atomic():
        found = list(Card.objects.select_for_update().filter(key_id=key_id, erased_at__isnull=True)[:batch])
        for card in found:
            fields, values = cards.contents(card, keys.get(key_id))
            cards.put(card, keys.current(card.district_id, card.purpose), fields, values)
        Card.objects.bulk_update(found, ["key_id", "sealed"])
    return len(found)


def reindex(
    *, district_id: int, by: HasAuthor, at: datetime, batch: int = 200, progress: Callable[[int], None] | None = None
) -> int:
    """A new key for the district's blind index, all digests made anew, the old key destroyed; how many cards.

    Look-ups find by both meanwhile. One that was stopped goes on where it was.
    """
    keys, done = store(), 0

    def index_keys() -> list[KeyFacts]:
        return [f for f in keys.every() if (f.district_id, f.purpose) == (district_id, INDEX_PURPOSE)]

    if not any(not facts.current for facts in index_keys()):
        keys.new(district_id, INDEX_PURPOSE)
    current = keys.current(district_id, INDEX_PURPOSE)
    old = [facts.id for facts in index_keys() if facts.id != current.id]
    while True:
        with transaction.atomic():
            stale = Card.objects.filter(district_id=district_id, indexes__key_id__in=old)
            ids = list(stale.order_by("id").values_list("id", flat=True).distinct()[:batch])
            if not ids:
                break
            for card in Card.objects.select_for_update().filter(id__in=ids):
                if card.erased_at is None:
                    fields, values = cards.contents(card, keys.get(card.key_id))
                    cards.index(card, fields, values, keys=keys)
            Index.objects.filter(card_id__in=ids, key_id__in=old).delete()
        done += len(ids)
        if progress is not None:
            progress(done)
    account(at=at)
    for key_id in old:
        destroy_key(key_id=key_id, by=by, at=at, reason="index renewed")
    return done


def rewrap(*, by: HasAuthor, at: datetime) -> str:
    """A new master key around all data keys; its id."""
    master_id = store().rewrap()
    journal.record("vault.master_renewed", About("key", None, master_id, None, (), privacy=Class.SECRET), by=by, at=at)
    return master_id


def escrow(
    *, holders: tuple[str, str], by: HasAuthor, at: datetime, place: str, purposes: Iterable[str] = ()
) -> tuple[str, bytes, tuple[str, str]]:
    """(bundle id, the bundle's file, the two shares): all keys, or those of some purposes.

    Each key's copy in the bundle and each share is entered in the register, with its holder: a key that is destroyed
    later names the bundles that somebody must destroy too. Keys of outbreaks are best left out (`purposes`).
    """
    first, second = (holder.strip() for holder in holders)
    if not first or not second or first == second:
        raise TwoHolders(field="holder")
    account(at=at)
    wanted, keys = set(purposes), store()
    kept = [
        bundles.Kept(facts, keys.get(facts.id).secret)
        for facts in keys.every()
        if not wanted or facts.purpose in wanted
    ]
    bundle_id, file, shares = bundles.make(kept, at=at)
    with transaction.atomic():
        KeyCopy.objects.bulk_create(
            [
                KeyCopy(key_id=each.facts.id, form=KeyCopy.Form.EXPORT, place=f"{place} ({bundle_id})", made_at=at)
                for each in kept
            ]
            + [
                KeyCopy(
                    key_id=bundle_id,
                    form=KeyCopy.Form.SHARE,
                    place=f"{bundle_id} {number}/2",
                    holder=holder,
                    checksum=bundles.checksum(text),
                    made_at=at,
                )
                for number, (holder, text) in enumerate(zip((first, second), shares, strict=True), start=1)
            ]
        )
        journal.record(
            "vault.escrowed",
            About("key", None, bundle_id, None, (), privacy=Class.SECRET),
            by=by,
            at=at,
            keys=[each.facts.id for each in kept],
            holders=[first, second],
        )
    return bundle_id, file, shares


def restore_escrow(*, file: bytes, shares: tuple[str, str], by: HasAuthor, at: datetime) -> list[str]:
    """Brings the keys of a bundle back into the store; ids of those that it did not hold. Destroyed keys stay gone."""
    bundle_id, kept = bundles.read_bundle(file, shares)
    keys = store()
    held = {facts.id for facts in keys.every()}
    destroyed = set(Key.objects.filter(destroyed_at__isnull=False).values_list("id", flat=True))
    back = []
    for each in kept:
        if each.facts.id in held | destroyed:
            continue
        keys.put(each.facts, each.secret)
        back.append(each.facts.id)
    account(at=at)
    journal.record(
        "vault.escrow_restored",
        About("key", None, bundle_id, None, (), privacy=Class.SECRET),
        by=by,
        at=at,
        keys=back,
        left_destroyed=sorted({each.facts.id for each in kept} & destroyed),
    )
    return back


def destroy_key(*, key_id: str, by: HasAuthor, at: datetime, reason: str, with_records: bool = False) -> Certificate:
    """Ends a key in the store for good. Raises KeyInUse, unless what it protects shall go `with_records`.

    Backups keep ciphertext that nobody can open any more. Exported copies are named on the certificate: whoever holds
    them destroys them and says so (`end_copy`).
    """
    account(at=at)
    key = Key.objects.filter(id=key_id, destroyed_at__isnull=True).first()
    if key is None:
        raise NoSuchKey
    files = sum(count(key_id) for count, _reseal in _holders.values())
    records = Card.objects.filter(key_id=key_id, erased_at__isnull=True).count()
    if (records or files) and not with_records:
        raise KeyInUse(count=records + files)
    author = by.author()
    with transaction.atomic():
        while gone := list(Card.objects.select_for_update().filter(key_id=key_id, erased_at__isnull=True)[:1000]):
            retention.empty(gone, at=at)
        Index.objects.filter(key_id=key_id).delete()
        copies = KeyCopy.objects.filter(key_id=key_id, ended_at__isnull=True)
        ended = copies.filter(form=KeyCopy.Form.STORE).update(ended_at=at, ended_how="destroyed")
        key.destroyed_at = at
        key.save(update_fields=["destroyed_at"])
        left = list(copies.exclude(form=KeyCopy.Form.STORE).values_list("place", flat=True))
        journal.record(
            "vault.key_destroyed",
            about_key(key),
            by=by,
            at=at,
            reason=reason,
            purpose=key.purpose,
            records=records + files,
            copies_ended=ended,
            copies_open=left,
        )
        # Last: should it fail, nothing above has happened.
        store().destroy(key_id)
    return Certificate(key_id, key.district_id, key.purpose, at, author.label, reason, records + files, ended, left)


def _concerns(copy: KeyCopy, district_id: int | None) -> bool:
    """Whether a copy is of this district's key, or of one (or a bundle) of the whole installation."""
    key = Key.objects.filter(id=copy.key_id).first()
    return key is None or district_id is None or key.district_id in {None, district_id}


def end_copy(*, copy_id: UUID, by: HasAuthor, at: datetime, how: str) -> KeyCopy:
    """Somebody destroyed an exported copy or a share, and says how. Raises NoSuchKey outside the writer's district."""
    with transaction.atomic():
        copy = KeyCopy.objects.select_for_update().filter(id=copy_id, ended_at__isnull=True).first()
        if copy is None or not _concerns(copy, by.author().district_id):
            raise NoSuchKey
        copy.ended_at, copy.ended_how = at, how[:200]
        copy.save(update_fields=["ended_at", "ended_how"])
        journal.record(
            "vault.copy_ended",
            About("key", None, copy.key_id, None, (), privacy=Class.SECRET),
            by=by,
            at=at,
            reason=how,
            place=copy.place,
        )
    return copy
