"""Positions without gaps, each committed entry once, whatever dies in between."""

from __future__ import annotations

import random
import threading
import time

import psycopg
import pytest
from django.db import connection, transaction

from qipan.foundation.journal import chain, checking, heads, queries, sequencer, signing, verify
from qipan.foundation.journal.models import Entry, Pending, Position, Seal


@pytest.mark.django_db
def test_committed_entries_get_positions_in_order_and_one_seal(write, heads):
    ids = write(5)
    assert sequencer.step() == 5
    assert list(Position.objects.order_by("position").values_list("position", "entry_id")) == list(
        enumerate(ids, start=1)
    )
    seal = Seal.objects.get()
    assert (seal.number, seal.first_position, seal.last_position) == (1, 1, 5)
    assert not Pending.objects.exists()
    assert sequencer.step() == 0
    assert Seal.objects.count() == 1
    assert [entry.position for entry in queries.after(2, limit=2)] == [3, 4]
    assert queries.last_position() == 5


@pytest.mark.django_db
def test_a_batch_takes_no_more_than_its_limit_and_draining_takes_all(write):
    write(7)
    assert sequencer.step(batch=3) == 3
    assert sequencer.drain() == 4
    assert list(Seal.objects.order_by("number").values_list("first_position", "last_position")) == [(1, 3), (4, 7)]


@pytest.mark.django_db
def test_each_head_hashes_the_one_before_and_the_digests_and_is_signed(write, keys):
    for _ in range(3):
        write(2)
        sequencer.step()
    before = chain.GENESIS
    for seal in Seal.objects.order_by("number"):
        digests = [
            bytes(place.digest)
            for place in Position.objects.filter(position__range=(seal.first_position, seal.last_position)).order_by(
                "position"
            )
        ]
        before = chain.head(
            before=before,
            number=seal.number,
            first=seal.first_position,
            last=seal.last_position,
            sealed_at=chain.microseconds(seal.sealed_at),
            digests=digests,
        )
        assert before == bytes(seal.head)
        signature = bytes(seal.signature)
        public = signing.public_keys(keys)
        assert signing.valid(public, key=seal.key_id, number=seal.number, head=before, signature=signature)
        assert not signing.valid(public, key=seal.key_id, number=seal.number + 1, head=before, signature=signature)


@pytest.mark.django_db
def test_heads_are_kept_outside_the_database(write, heads):
    write()
    sequencer.step()
    write()
    sequencer.step()
    (file,) = heads.glob("*.jsonl")
    kept = [(head.number, head.head) for head in _every(file)]
    assert kept == [(seal.number, bytes(seal.head)) for seal in Seal.objects.order_by("number")]


def _every(file):
    return list(heads.every(file))


@pytest.mark.django_db
def test_a_line_that_a_crash_cut_off_is_dropped_and_written_again(write, heads):
    for _ in range(2):
        write()
        sequencer.step()
    (file,) = heads.glob("*.jsonl")
    file.write_bytes(file.read_bytes()[:-20])
    write()
    sequencer.step()
    assert [head.number for head in _every(file)] == [1, 2, 3]
    assert verify.verify().sound


@pytest.mark.django_db
@pytest.mark.parametrize("gone", [1, 2, 3])
def test_the_sequencer_refuses_to_go_on_where_a_seal_is_gone_of_which_a_head_is_kept(write, heads, gone):
    for _ in range(3):
        write()
        sequencer.step()
    [path] = heads.glob("*.jsonl")
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:gone]))
    Seal.objects.filter(number=gone).delete()
    write()
    with pytest.raises(sequencer.HeadsDisagree):
        sequencer.step()
    assert Position.objects.count() == 3


@pytest.mark.django_db
@pytest.mark.parametrize("line", [b"not a head\n", b"{}\n", b'{"number": "x"}\n'])
def test_a_line_that_is_no_head_is_told_as_such(write, heads, line):
    write()
    sequencer.step()
    [path] = heads.glob("*.jsonl")
    path.write_bytes(path.read_bytes() + line)
    with pytest.raises(sequencer.HeadsDisagree):
        sequencer.step()
    assert [fault.kind for fault in verify.verify().faults] == ["replaced"]


@pytest.mark.django_db
def test_the_sequencer_refuses_to_go_on_from_a_journal_that_was_cut_off(write):
    for _ in range(3):
        write()
        sequencer.step()
    Seal.objects.filter(number=3).delete()
    Position.objects.filter(position=3).delete()
    write()
    with pytest.raises(sequencer.HeadsDisagree):
        sequencer.step()


@pytest.mark.django_db
def test_private_keys_and_heads_are_closed_to_others(write, keys, heads):
    write()
    sequencer.step()
    assert (keys / "current.pem").stat().st_mode & 0o777 == 0o600
    assert keys.stat().st_mode & 0o777 == 0o700
    assert heads.stat().st_mode & 0o777 == 0o700


@pytest.mark.django_db
def test_heads_signed_by_an_earlier_key_stay_valid(write, keys):
    write()
    sequencer.step()
    old, new = signing.rotate(keys)
    assert old != new
    write()
    sequencer.step()
    assert list(Seal.objects.order_by("number").values_list("key_id", flat=True)) == [old, new]
    assert verify.verify().sound


@pytest.mark.django_db
@pytest.mark.parametrize("content", [b"g" * 64, b"11", b"", b"\xff\xfe"])
def test_what_a_damaged_public_key_signed_is_named_not_believed(write, keys, content):
    write()
    sequencer.step()
    (keys / f"{signing.signer(keys).key_id}.pub").write_bytes(content)
    found = verify.verify()
    assert not found.sound
    assert {fault.kind for fault in found.faults} == {checking.Kind.UNSIGNED}


@pytest.mark.database
@pytest.mark.django_db(transaction=True)
def test_an_entry_that_commits_late_is_placed_later_and_none_is_lost(write):
    with psycopg.connect(verify._conninfo()) as other:
        other.execute(
            "WITH e AS (INSERT INTO journal_entry (at, kind, about_kind, about_label, areas, by_label, privacy, "
            "status_before, status_after, reason, detail) VALUES (now(), 'late', 't', 't', '{}', 's', 0, '', '', '', "
            "'{}') RETURNING id) INSERT INTO journal_pending SELECT id FROM e"
        )
        (later,) = write()
        assert sequencer.step() == 1
        other.commit()
    assert sequencer.step() == 1
    late = Entry.objects.get(kind="late").id
    assert late < later
    assert list(Position.objects.order_by("position").values_list("entry_id", flat=True)) == [later, late]


@pytest.mark.database
@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_entry_leaves_no_gap(write):
    write()
    with pytest.raises(RuntimeError), transaction.atomic():
        write(3)
        raise RuntimeError
    write()
    sequencer.drain()
    assert list(Position.objects.order_by("position").values_list("position", flat=True)) == [1, 2]


@pytest.mark.database
@pytest.mark.django_db(transaction=True)
def test_one_leads_and_readers_are_told_once_a_batch(write):
    with psycopg.connect(verify._conninfo(), autocommit=True) as reader:
        reader.execute("LISTEN journal")
        with sequencer.leading(), psycopg.connect(verify._conninfo(), autocommit=True) as other:
            taken = other.execute("SELECT pg_try_advisory_lock(%s)", [sequencer.LOCK]).fetchone()
            assert taken == (False,)
        write(4)
        sequencer.step()
        told = [note.payload for note in reader.notifies(timeout=2, stop_after=1)]
        assert told == ["1 4"]
        assert list(reader.notifies(timeout=0.1)) == []


@pytest.mark.database
@pytest.mark.django_db(transaction=True)
def test_sixteen_writers_with_rollbacks_and_a_dying_sequencer_lose_and_double_nothing(write):
    """The leader's session is cut again and again, as kill -9 would; another thread leads on."""
    written, mutex, stop = [], threading.Lock(), threading.Event()

    def writer(seed):
        rng = random.Random(seed)
        try:
            for _ in range(15):
                try:
                    with transaction.atomic():
                        ids = write(rng.randrange(1, 4))
                        if rng.random() < 0.3:
                            raise RuntimeError
                except RuntimeError:
                    continue
                with mutex:
                    written.extend(ids)
        finally:
            connection.close()

    def killer():
        with psycopg.connect(verify._conninfo(), autocommit=True) as admin:
            while not stop.wait(0.15):
                admin.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted "
                    "AND (classid::bigint << 32 | objid::bigint) = %s AND pid <> pg_backend_pid()",
                    [sequencer.LOCK],
                )

    leaders = [threading.Thread(target=sequencer.run, args=(stop,), kwargs={"every": 0.01}) for _ in range(2)]
    others = [threading.Thread(target=killer)]
    writers = [threading.Thread(target=writer, args=(seed,)) for seed in range(16)]
    [thread.start() for thread in [*leaders, *others, *writers]]
    [thread.join() for thread in writers]
    time.sleep(0.3)
    stop.set()
    [thread.join() for thread in [*leaders, *others]]
    sequencer.drain()
    placed = list(Position.objects.order_by("position").values_list("position", "entry_id"))
    assert [position for position, _entry in placed] == list(range(1, len(written) + 1))
    assert sorted(entry for _position, entry in placed) == sorted(written)
    assert verify.verify().sound
