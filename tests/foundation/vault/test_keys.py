"""Keys outside the database: renewed, counted, split, brought back, destroyed."""

from __future__ import annotations

import hashlib
import json
import random
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qipan.foundation.journal.models import Entry
from qipan.foundation.journal.rules import SYSTEM
from qipan.foundation.vault import envelope, escrow, keystore, operations, queries
from qipan.foundation.vault.keystore import DataKey, FileKeyStore
from qipan.foundation.vault.models import Card, Index, Key, KeyCopy

AT = datetime(2026, 5, 4, 2, 0, tzinfo=UTC)
KEY = DataKey("k" + "0" * 24, bytes(range(32)))


def card(purpose="incidents.reporter", **fields):
    return operations.seal(
        district_id=1,
        purpose=purpose,
        retention="case",
        about=("thing", uuid4()),
        fields=fields or {"name": "张三", "phone": "13812345678"},
        by=SYSTEM,
        at=AT,
        areas=(1,),
    )


def shown(card_id, somebody):
    return operations.reveal(card_id=card_id, by=somebody(), at=AT, reason="checking")


# The envelope


@given(content=st.binary(max_size=300), purpose=st.text(max_size=20), owner=st.text(max_size=40))
def test_what_is_sealed_opens_again(content, purpose, owner):
    bound = {"district_id": 7, "purpose": purpose, "owner": owner}
    sealed = envelope.seal(content, key=KEY, **bound)
    assert envelope.open_sealed(sealed, key=KEY, **bound) == content
    assert envelope.seal(content, key=KEY, **bound) != sealed


def test_the_cipher_is_aes_256_gcm_as_published():
    """NIST's GCM test case 16 (McGrew and Viega), by the library and mode that the envelope uses."""
    key = bytes.fromhex("feffe9928665731c6d6a8f9467308308" * 2)
    plain = bytes.fromhex(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
        "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
    )
    aad = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    sealed = AESGCM(key).encrypt(bytes.fromhex("cafebabefacedbaddecaf888"), plain, aad)
    assert sealed.hex().endswith("76fc6ece0f4e1768cddf8853bb2d551b")


@given(value=st.text(max_size=40), secret=st.binary(min_size=1, max_size=64))
def test_the_blind_index_is_hmac_sha256_by_its_definition(value, secret):
    """RFC 2104: H(K ^ opad || H(K ^ ipad || text)), over the kind and the value."""
    padded = secret.ljust(64, b"\0")
    text = f"phone\x1f{value}".encode()
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in padded) + text).digest()
    outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in padded) + inner).digest()
    assert envelope.blind(value, key=DataKey("x", secret), kind="phone") == outer


@pytest.mark.parametrize(
    "other", [{"district_id": 8}, {"purpose": "q"}, {"owner": "o2"}, {"key": DataKey("kother", KEY.secret)}]
)
def test_a_sealed_record_opens_nowhere_else(other):
    bound = {"key": KEY, "district_id": 7, "purpose": "p", "owner": "o"}
    sealed = envelope.seal(b"content", **bound)
    with pytest.raises(envelope.Tampered):
        envelope.open_sealed(sealed, **(bound | other))


def test_no_single_bit_can_be_changed():
    bound = {"key": KEY, "district_id": 7, "purpose": "p", "owner": "o"}
    sealed = envelope.seal(b"content", **bound)
    for bit in range(len(sealed) * 8):
        altered = bytearray(sealed)
        altered[bit // 8] ^= 1 << bit % 8
        with pytest.raises(envelope.Tampered):
            envelope.open_sealed(bytes(altered), **bound)


# The file key store


def test_the_folder_is_closed_and_keys_lie_wrapped(keys):
    secret = FileKeyStore().current(1, "p").secret
    assert keys.stat().st_mode & 0o777 == 0o700
    files = [path for path in keys.rglob("*") if path.is_file() and path.name != "lock"]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert not any(secret in path.read_bytes() for path in files)


def test_a_key_is_one_for_a_district_and_purpose():
    store = FileKeyStore()
    assert store.current(1, "p") == store.current(1, "p") == FileKeyStore().current(1, "p")
    assert len({store.current(d, p).secret for d in (1, 2) for p in ("p", "q")}) == 4


@pytest.mark.parametrize("key_id", ["k" + "a" * 24, "../master/x", "", "k" + "A" * 24])
def test_an_unknown_key_is_gone(key_id):
    store = FileKeyStore()
    store.current(1, "p")
    with pytest.raises(keystore.KeyGone):
        store.get(key_id)


def test_a_damaged_or_swapped_key_file_is_unreachable(keys):
    store = FileKeyStore()
    one, other = store.current(1, "p"), store.current(2, "p")
    file = keys / "data" / f"{one.id}.json"
    kept, foreign = json.loads(file.read_text()), json.loads((keys / "data" / f"{other.id}.json").read_text())
    file.write_text(json.dumps(kept | {"wrapped": foreign["wrapped"], "nonce": foreign["nonce"]}))
    with pytest.raises(keystore.KeysUnreachable):
        store.get(one.id)
    file.write_text("{")
    with pytest.raises(keystore.KeysUnreachable):
        store.get(one.id)


def test_a_new_master_wraps_the_same_keys_and_the_old_one_is_gone(keys):
    store = FileKeyStore()
    secrets = {store.current(d, "p").id: store.current(d, "p").secret for d in (1, 2, 3)}
    (old,) = (keys / "master").glob("*.key")
    old_secret = old.read_bytes()
    store.rewrap()
    assert not old.exists()
    (new,) = (keys / "master").glob("*.key")
    assert new.read_bytes() != old_secret
    assert {key_id: store.get(key_id).secret for key_id in secrets} == secrets


def test_a_rewrap_that_was_cut_off_half_way_leaves_every_key_readable(keys, monkeypatch):
    store = FileKeyStore()
    secrets = {store.current(d, "p").id: store.current(d, "p").secret for d in range(4)}
    keep, calls = FileKeyStore._keep, []

    def dies(self, facts, secret):
        calls.append(facts)
        if len(calls) == 3:
            raise KeyboardInterrupt
        keep(self, facts, secret)

    monkeypatch.setattr(FileKeyStore, "_keep", dies)
    with pytest.raises(KeyboardInterrupt):
        store.rewrap()
    monkeypatch.undo()
    store = FileKeyStore(keys)
    assert {key_id: store.get(key_id).secret for key_id in secrets} == secrets
    store.rewrap()
    assert len(list((keys / "master").glob("*.key"))) == 1
    assert {key_id: store.get(key_id).secret for key_id in secrets} == secrets


# Renewal


@pytest.mark.django_db
def test_after_renewal_old_cards_open_and_are_moved_over_in_batches(somebody):
    cards = [card() for _ in range(5)]
    (old,) = {each.key_id for each in cards}
    (new,) = operations.rotate(by=SYSTEM, at=AT)
    assert card().key_id == new
    assert shown(cards[0].id, somebody)["name"] == "张三"
    told = []
    assert operations.reencrypt(at=AT, batch=2, progress=told.append) == 5
    assert told == [2, 4, 5]
    assert set(Card.objects.values_list("key_id", flat=True)) == {new}
    assert operations.reencrypt(at=AT) == 0
    operations.destroy_key(key_id=old, by=SYSTEM, at=AT, reason="renewed")
    assert [shown(each.id, somebody)["phone"] for each in cards] == ["13812345678"] * 5


@pytest.mark.django_db
def test_a_reencryption_that_was_stopped_goes_on(somebody):
    cards = [card() for _ in range(5)]
    operations.rotate(by=SYSTEM, at=AT)

    def stop(done):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        operations.reencrypt(at=AT, batch=2, progress=stop)
    assert operations.reencrypt(at=AT) in {3, 5}
    assert all(shown(each.id, somebody)["name"] == "张三" for each in cards)


@pytest.mark.django_db
def test_files_of_other_rooms_are_moved_over_too(monkeypatch):
    from qipan.foundation.vault.operations import keys as module

    owner = uuid4()
    key_id, content = operations.seal_bytes(b"photo", district_id=1, purpose="photos", owner=owner)
    kept = {owner: (key_id, content)}

    def reseal(old, batch):
        found = [each for each, (under, _c) in kept.items() if under == old][:batch]
        for each in found:
            plain = operations.open_bytes(
                kept[each][1], key_id=kept[each][0], district_id=1, purpose="photos", owner=each
            )
            kept[each] = operations.seal_bytes(plain, district_id=1, purpose="photos", owner=each)
        return len(found)

    monkeypatch.setattr(module, "_holders", {})
    operations.register_holder(
        "photos", count=lambda key: sum(under == key for under, _ in kept.values()), reseal=reseal
    )
    (new,) = operations.rotate(by=SYSTEM, at=AT, purpose="photos")
    with pytest.raises(module.KeyInUse):
        operations.destroy_key(key_id=key_id, by=SYSTEM, at=AT, reason="too early")
    assert operations.reencrypt(at=AT) == 1
    assert kept[owner][0] == new


@pytest.mark.django_db
def test_the_blind_index_is_renewed_while_look_ups_go_on(somebody):
    one = card()
    text, other = operations.seal_text(
        text="我叫李四，13900001111",
        names=("李四",),
        district_id=1,
        purpose="t",
        retention="case",
        about=("thing", None),
        by=SYSTEM,
        at=AT,
        areas=(1,),
    )
    assert "李四" not in text
    before = {bytes(digest) for digest in Index.objects.values_list("digest", flat=True)}

    def look():
        asked = {"viewer": somebody(), "at": AT, "reason": "same?"}
        assert [c.id for c in queries.find(kind="phone", value="13812345678", **asked)] == [one.id]
        assert [c.id for c in queries.find(kind="name", value="李四", **asked)] == [other.id]

    assert operations.reindex(district_id=1, by=SYSTEM, at=AT, batch=1, progress=lambda done: look()) == 2
    look()
    after = {bytes(digest) for digest in Index.objects.values_list("digest", flat=True)}
    assert len(after) == len(before)
    assert not after & before
    assert len([facts for facts in FileKeyStore().every() if facts.purpose == "blind-index"]) == 1


# Copies, escrow, destruction


@pytest.mark.django_db
def test_every_copy_is_counted_and_a_vanished_one_is_noticed(keys):
    card()
    operations.account(at=AT)
    assert Key.objects.count() == 2  # the cards' and the index's
    assert KeyCopy.objects.filter(form="store", ended_at=None).count() == 2
    next((keys / "data").glob("*.json")).unlink()
    operations.account(at=AT + timedelta(days=1))
    assert KeyCopy.objects.filter(form="store", ended_at=None).count() == 1
    assert KeyCopy.objects.get(ended_how="not found in the store")


@pytest.mark.django_db
def test_two_shares_bring_all_keys_back_and_one_does_not(keys, somebody, settings, tmp_path):
    cards = [card(), card(purpose="other")]
    bundle, file, (first, second) = operations.escrow(holders=("甲", "乙"), by=SYSTEM, at=AT, place="safe")
    settings.KEYS = tmp_path / "new machine"
    FileKeyStore().current(9, "made meanwhile")
    with pytest.raises(keystore.KeyGone):
        shown(cards[0].id, somebody)
    for pair in ((first, first), (second, second)):
        with pytest.raises(escrow.NotAPair):
            operations.restore_escrow(file=file, shares=pair, by=SYSTEM, at=AT)
    back = operations.restore_escrow(file=file, shares=(second.lower(), first), by=SYSTEM, at=AT)
    assert len(back) == 3
    assert [shown(each.id, somebody)["name"] for each in cards] == ["张三", "张三"]
    assert card().key_id == cards[0].key_id  # current again
    assert operations.restore_escrow(file=file, shares=(first, second), by=SYSTEM, at=AT) == []
    assert KeyCopy.objects.filter(form="share", key_id=bundle).count() == 2
    assert Entry.objects.filter(kind="vault.escrow_restored").count() == 2


@pytest.mark.django_db
def test_a_key_that_came_back_as_the_current_one_is_not_retired_any_more(settings, tmp_path):
    kept = card()
    _bundle, file, shares = operations.escrow(holders=("甲", "乙"), by=SYSTEM, at=AT, place="safe")
    operations.rotate(by=SYSTEM, at=AT)
    assert Key.objects.get(id=kept.key_id).retired_at == AT
    settings.KEYS = tmp_path / "new machine"  # the newer key went with the old one
    operations.restore_escrow(file=file, shares=shares, by=SYSTEM, at=AT)
    assert card().key_id == kept.key_id
    assert Key.objects.get(id=kept.key_id).retired_at is None
    assert operations.reencrypt(at=AT) == 0  # and is not sealed anew under itself for ever


@pytest.mark.django_db
@pytest.mark.parametrize("holders", [("甲", "甲"), ("甲", " "), ("", "乙"), ("甲 ", " 甲")])
def test_escrow_needs_two_holders(holders):
    card()
    with pytest.raises(operations.keys.TwoHolders):
        operations.escrow(holders=holders, by=SYSTEM, at=AT, place="safe")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(secret=st.binary(min_size=32, max_size=32), number=st.sampled_from([1, 2]), seed=st.integers())
def test_a_share_can_be_typed_in_and_each_typing_error_is_found(secret, number, seed):
    text = escrow.share_text("A1B2C3D4", number, secret)
    assert escrow.read_share(text) == ("A1B2C3D4", number, secret)
    forgiving = text.replace("\n", " ").replace("0", "o").replace("1/2", "1/2").lower()
    assert escrow.read_share(forgiving) == ("A1B2C3D4", number, secret)
    rng = random.Random(seed)
    head, body = text.split("\n", 1)
    place = rng.choice([n for n, letter in enumerate(body) if letter.isalnum()])
    wrong = rng.choice([letter for letter in escrow.ALPHABET if letter != body[place]])
    typed = f"{head}\n{body[:place]}{wrong}{body[place + 1 :]}"
    try:
        read = escrow.read_share(typed)
    except escrow.BadShare:
        return
    assert read == ("A1B2C3D4", number, secret)  # only the padding bits of the last letter may differ


@pytest.mark.parametrize("text", ["", "QIPAN A1B2C3D4 3/2 00000", "HELLO A1 1/2 000", "QIPAN A1 1/2 00000 0000U"])
def test_what_is_no_share_is_refused(text):
    with pytest.raises(escrow.BadShare):
        escrow.read_share(text)


@pytest.mark.parametrize("file", [b"", b"{}", b"[]", b'{"format": "x", "bundle": "y", "sealed": "z"}', b"\xff"])
def test_what_is_no_bundle_is_refused(file):
    with pytest.raises(escrow.BadBundle):
        escrow.read_bundle(file, ("", ""))


@pytest.mark.django_db
def test_a_destroyed_key_takes_its_records_along_and_names_the_copies_left(keys, somebody):
    one, other = card(purpose="outbreak-1"), card(purpose="other")
    bundle, file, shares = operations.escrow(holders=("甲", "乙"), by=SYSTEM, at=AT, place="safe")
    sealed = bytes(one.sealed)
    with pytest.raises(operations.keys.KeyInUse):
        operations.destroy_key(key_id=one.key_id, by=SYSTEM, at=AT, reason="closed")
    certificate = operations.destroy_key(
        key_id=one.key_id, by=SYSTEM, at=AT, reason="outbreak closed", with_records=True
    )
    assert (certificate.records, certificate.ended, certificate.purpose) == (1, 1, "outbreak-1")
    assert certificate.open_copies == [f"safe ({bundle})"]
    assert queries.masked([one.id])[one.id] == {}
    with pytest.raises(operations.Erased):
        shown(one.id, somebody)
    assert shown(other.id, somebody)["name"] == "张三"
    # A backup of the database from before does not help, nor does bringing the bundle back.
    Card.objects.filter(id=one.id).update(sealed=sealed, erased_at=None)
    with pytest.raises(keystore.KeyGone):
        shown(one.id, somebody)
    operations.restore_escrow(file=file, shares=shares, by=SYSTEM, at=AT)
    with pytest.raises(keystore.KeyGone):
        shown(one.id, somebody)
    left = KeyCopy.objects.get(key_id=one.key_id, form="export")
    operations.end_copy(copy_id=left.id, by=SYSTEM, at=AT, how="stick shredded")
    assert not KeyCopy.objects.filter(key_id=one.key_id, ended_at=None).exists()
    assert Entry.objects.filter(kind__in=["vault.key_destroyed", "vault.copy_ended"]).count() == 2


@pytest.mark.django_db
def test_a_store_that_cannot_destroy_leaves_the_register_as_it_was(monkeypatch):
    one = card()

    def unreachable(self, key_id):
        raise keystore.KeysUnreachable

    monkeypatch.setattr(FileKeyStore, "destroy", unreachable)
    with pytest.raises(keystore.KeysUnreachable):
        operations.destroy_key(key_id=one.key_id, by=SYSTEM, at=AT, reason="closed", with_records=True)
    assert Card.objects.get(id=one.id).erased_at is None
    assert Key.objects.get(id=one.key_id).destroyed_at is None
