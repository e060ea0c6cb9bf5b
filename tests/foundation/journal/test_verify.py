"""Whoever owns the tables can change anything; verification says what and where."""

from __future__ import annotations

import shutil

import pytest
from django.db import connection

from qipan.foundation.journal import chain, sequencer, signing, verify
from qipan.foundation.journal.checking import Kind
from qipan.foundation.journal.models import Seal

pytestmark = pytest.mark.django_db


@pytest.fixture
def ids(write):
    """Four seals of three entries each: entries at positions 1 to 12."""
    found = []
    for _ in range(4):
        found += write(3)
        sequencer.step()
    return found


def sql(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def faults(**options):
    return {(fault.kind, fault.position) for fault in verify.verify(**options).faults}


def kinds(**options):
    return {fault.kind for fault in verify.verify(**options).faults}


def test_an_untouched_journal_is_sound(ids, write):
    write(2)
    report = verify.verify()
    assert report.sound
    assert (report.entries, report.seals, report.signatures, report.waiting) == (12, 4, 4, 2)
    assert (report.newest, report.kept_heads) == (4, 4)


def test_an_empty_journal_is_sound():
    assert verify.verify().sound


@pytest.mark.parametrize(
    "change",
    [
        "reason = 'other'",
        "at = at + interval '1 microsecond'",
        "kind = 'things.kept'",
        "about_id = gen_random_uuid()",
        "about_label = 'T-2'",
        "district_id = 2",
        "areas = '{1,3}'",
        "unit_id = 5",
        "post_id = gen_random_uuid()",
        "person_id = gen_random_uuid()",
        "by_label = 'x'",
        "privacy = 2",
        "status_before = 'x'",
        "status_after = 'x'",
        "detail = '{\"n\": 99}'",
        "command_id = gen_random_uuid()",
        "about_kind = 'x'",
    ],
)
def test_a_change_of_any_field_is_found_at_its_position(ids, change):
    sql(f"UPDATE journal_entry SET {change} WHERE id = %s", ids[4])
    assert faults() == {(Kind.ALTERED, 5)}


def test_every_column_of_an_entry_is_covered_by_the_chain():
    from qipan.foundation.journal.models import Entry

    for field in Entry._meta.concrete_fields:
        assert f"e.{field.column}" in chain.FIELDS, field.column


def test_a_deleted_entry_is_missing(ids):
    sql("DELETE FROM journal_entry WHERE id = %s", ids[4])
    assert faults() == {(Kind.MISSING, 5)}


def test_a_deleted_entry_with_its_position_is_missing(ids):
    sql("DELETE FROM journal_position WHERE position = 5")
    sql("DELETE FROM journal_entry WHERE id = %s", ids[4])
    assert faults() == {(Kind.MISSING, 5), (Kind.RESEALED, 4)}


def test_an_inserted_entry_without_a_mark_is_left_over(ids):
    sql("INSERT INTO journal_entry SELECT 999999, at, kind, about_kind, about_id, about_label, district_id, areas, "
        "unit_id, post_id, person_id, by_label, privacy, status_before, status_after, reason, detail, command_id "
        "FROM journal_entry WHERE id = %s", ids[0])  # fmt: skip
    assert kinds() == {Kind.UNMARKED}


def test_an_entry_put_in_the_place_of_another_is_found(ids, write):
    (extra,) = write()
    sql("DELETE FROM journal_pending")
    sql("UPDATE journal_position SET entry_id = %s WHERE position = 5", extra)
    assert (Kind.ALTERED, 5) in faults()
    assert Kind.UNMARKED in kinds()


def test_two_entries_that_changed_places_are_reordered(ids):
    sql("UPDATE journal_position SET entry_id = -1 WHERE position = 5")
    sql("UPDATE journal_position SET entry_id = %s WHERE position = 4", ids[4])
    sql("UPDATE journal_position SET entry_id = %s WHERE position = 5", ids[3])
    assert faults() == {(Kind.REORDERED, 4), (Kind.REORDERED, 5)}


def test_new_digests_for_an_altered_entry_do_not_fit_the_seal(ids):
    sql("UPDATE journal_entry SET reason = 'other' WHERE id = %s", ids[4])
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT 5::bigint, {chain.FIELDS} FROM journal_entry e WHERE id = %s", [ids[4]])
        digest = chain.digest(cursor.fetchone())
    sql("UPDATE journal_position SET digest = %s WHERE position = 5", digest)
    assert faults() == {(Kind.RESEALED, 4)}


def test_a_chain_computed_anew_cannot_be_signed(ids):
    """The owner of the tables alters an entry and recomputes digests and all heads from there on."""
    sql("UPDATE journal_entry SET reason = 'other' WHERE id = %s", ids[4])
    _recompute()
    found = verify.verify().faults
    assert {(fault.kind, fault.seal) for fault in found if fault.kind is Kind.UNSIGNED} == {
        (Kind.UNSIGNED, number) for number in (2, 3, 4)
    }
    assert {fault.seal for fault in found if fault.kind is Kind.REPLACED} == {2, 3, 4}


def test_a_chain_signed_anew_with_a_stolen_key_differs_from_the_heads_kept_elsewhere(ids, heads, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(heads, elsewhere)
    sql("UPDATE journal_entry SET reason = 'other' WHERE id = %s", ids[4])
    _recompute(sign=True)
    assert faults(heads_file=elsewhere) == {(Kind.REPLACED, None)}


def _recompute(*, sign=False):
    signer = signing.signer(sequencer.keys_folder())
    before = chain.GENESIS
    for seal in Seal.objects.order_by("number"):
        digests = []
        for position in range(seal.first_position, seal.last_position + 1):
            with connection.cursor() as cursor:
                cursor.execute(
                    f"SELECT p.position, {chain.FIELDS} FROM journal_position p JOIN journal_entry e "
                    "ON e.id = p.entry_id WHERE p.position = %s",
                    [position],
                )
                digests.append(chain.digest(cursor.fetchone()))
            sql("UPDATE journal_position SET digest = %s WHERE position = %s", digests[-1], position)
        before = chain.head(
            before=before,
            number=seal.number,
            first=seal.first_position,
            last=seal.last_position,
            sealed_at=chain.microseconds(seal.sealed_at),
            digests=digests,
        )
        sql("UPDATE journal_seal SET head = %s WHERE number = %s", before, seal.number)
        if sign:
            signature = signer.sign(seal.number, before)
            sql("UPDATE journal_seal SET signature = %s WHERE number = %s", signature, seal.number)


@pytest.mark.parametrize("last", [3, 2])
def test_a_tail_cut_off_whole_is_told_by_the_heads(ids, last):
    sql("DELETE FROM journal_seal WHERE number > %s", last)
    sql("DELETE FROM journal_position WHERE position > %s", last * 3)
    sql("DELETE FROM journal_entry WHERE id > %s", ids[last * 3 - 1])
    assert faults() == {(Kind.CUT_OFF, last * 3 + 1)}


def test_a_tail_without_its_seal_is_unsealed(ids):
    sql("DELETE FROM journal_seal WHERE number = 4")
    assert {(Kind.UNSEALED, 10), (Kind.UNSEALED, 11), (Kind.UNSEALED, 12)} <= faults()


def test_positions_are_unsealed_where_every_seal_is_gone(ids):
    sql("DELETE FROM journal_seal")
    assert faults() == {(Kind.UNSEALED, position) for position in range(1, 13)}


def test_a_journal_emptied_whole_is_told_by_heads_kept_elsewhere(ids, heads):
    sql("TRUNCATE journal_seal, journal_position, journal_entry")
    assert kinds(heads_file=heads) == {Kind.CUT_OFF}
    assert verify.verify().other_journals == 1


def test_a_seal_taken_out_of_the_middle_is_missing(ids):
    sql("DELETE FROM journal_seal WHERE number = 2")
    assert (Kind.MISSING, 4) in faults()


@pytest.mark.parametrize(
    "change",
    ["sealed_at = sealed_at - interval '1 day'", "head = sha256('x')", "last_position = 5", "first_position = 7"],
)
def test_a_replaced_seal_does_not_fit(ids, change):
    sql("ALTER TABLE journal_seal DROP CONSTRAINT journal_seal_not_empty")
    sql("DELETE FROM journal_seal WHERE number > 2")
    sql(f"UPDATE journal_seal SET {change} WHERE number = 2")
    assert Kind.RESEALED in kinds()


def test_a_wrong_signature_is_found(ids):
    sql("UPDATE journal_seal SET signature = (SELECT signature FROM journal_seal WHERE number = 1) WHERE number = 3")
    assert (Kind.UNSIGNED, None) in faults()


def test_a_signature_by_an_unknown_key_is_found(ids):
    sql("UPDATE journal_seal SET key_id = '0123456789abcdef' WHERE number = 4")
    assert kinds() == {Kind.UNSIGNED}


def test_a_mark_without_its_entry_is_missing(ids, write):
    (extra,) = write()
    sql("DELETE FROM journal_entry WHERE id = %s", extra)
    assert kinds() == {Kind.MISSING}


@pytest.mark.django_db(transaction=True)
@pytest.mark.database
def test_two_processes_find_what_one_finds(ids, monkeypatch):
    monkeypatch.setattr(verify, "CHUNK", 4)
    sql("UPDATE journal_entry SET reason = 'other' WHERE id = %s", ids[4])
    sql("DELETE FROM journal_entry WHERE id = %s", ids[10])
    told = []
    alone = verify.verify(processes=0)
    shared = verify.verify(processes=2, progress=lambda done, every: told.append((done, every)))
    assert alone.faults == shared.faults
    assert (alone.entries, alone.seals, alone.signatures) == (shared.entries, shared.seals, shared.signatures)
    assert told[-1] == (12, 12)
    assert {(fault.kind, fault.position) for fault in shared.faults} == {(Kind.ALTERED, 5), (Kind.MISSING, 11)}


def test_a_range_whose_neighbours_are_gone_is_still_checked(ids, monkeypatch):
    monkeypatch.setattr(verify, "CHUNK", 3)
    sql("DELETE FROM journal_seal WHERE number = 2")
    sql("UPDATE journal_entry SET reason = 'other' WHERE id = %s", ids[11])
    assert {(Kind.MISSING, None), (Kind.ALTERED, 12)} <= faults()
