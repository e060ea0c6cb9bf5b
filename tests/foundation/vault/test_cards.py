"""Sealing, masks, looking behind them, and failing closed."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from unittest import mock
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection

from qipan.foundation.journal.models import Entry
from qipan.foundation.journal.rules import SYSTEM, About, Class
from qipan.foundation.vault import envelope, grounds, keystore, operations, queries, rules
from qipan.foundation.vault.models import Card, Index, Look

AT = datetime(2026, 5, 4, 2, 0, tzinfo=UTC)
FIELDS = {
    "name": "张三丰",
    "id_number": "11010519491231002x",
    "phone": "+86 138-1234-5678",
    "address": "河南省安阳市殷都区水冶镇西麻水村3组12号",
}


def sealed(fields=FIELDS, **other):
    thing = About("thing", uuid4(), "T-1", 1, (1, 2, 3))
    asked = {"district_id": 1, "purpose": "incidents.reporter", "retention": "case", "about": thing}
    return operations.seal(**(asked | {"fields": fields, "by": SYSTEM, "at": AT} | other))


@pytest.mark.django_db
def test_a_card_shows_masks_and_the_database_holds_no_plaintext():
    card = sealed()
    assert queries.masked([card.id, None])[card.id] == {
        "name": "张*",
        "id_number": "110105********002X",
        "phone": "138****5678",
        "address": "河南省安阳市殷都区水冶镇西麻水村***",
    }
    with connection.cursor() as cursor:
        for table in ("vault_card", "vault_index", "journal_entry"):
            cursor.execute(f"SELECT string_agg(t::text, ' ') FROM {table} t")
            stored = cursor.fetchone()[0]
            for secret in ("三丰", "11010519491231002", "13812345678", "3组"):
                assert secret not in stored
                assert secret.encode().hex() not in stored


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"id_number": "110105194912310021"}, rules.WrongIdNumber),
        ({"id_number": "110105194913310021"}, rules.WrongIdNumber),
        ({"phone": "12345"}, rules.WrongPhone),
        ({"face": "x"}, rules.UnknownField),
        ({"name": "张" * 201}, rules.TooLong),
        ({"name": " "}, rules.NothingToSeal),
    ],
)
def test_wrong_fields_are_refused_and_nothing_is_kept(fields, refusal):
    with pytest.raises(refusal) as refused:
        sealed(fields)
    assert refused.value.message
    assert not Card.objects.exists()
    assert not Entry.objects.exists()


@pytest.mark.django_db
def test_a_look_with_a_reason_is_recorded_then_shown(somebody):
    card, viewer = sealed(), somebody()
    shown = operations.reveal(card_id=card.id, by=viewer, at=AT, reason="call back about T-1")
    assert shown == FIELDS | {"id_number": "11010519491231002X", "phone": "13812345678"}
    entry = Entry.objects.get(kind="vault.revealed")
    assert (entry.post_id, entry.reason, entry.privacy) == (viewer.id, "call back about T-1", Class.SECRET)
    assert Look.objects.get().ground == "reason"


@pytest.mark.django_db
@pytest.mark.parametrize("reason", ["", "  x ", "ab"])
def test_a_look_without_a_reason_is_refused(somebody, reason):
    card = sealed()
    with pytest.raises(operations.ReasonNeeded):
        operations.reveal(card_id=card.id, by=somebody(), at=AT, reason=reason)
    assert not Look.objects.exists()


@pytest.mark.django_db
def test_a_card_of_another_jurisdiction_does_not_exist(somebody):
    card = sealed()
    for stranger in (somebody(district_id=2, area_id=2), somebody(area_id=77)):
        with pytest.raises(operations.NoSuchCard):
            operations.reveal(card_id=card.id, by=stranger, at=AT, reason="curious today")
        assert queries.find(kind="phone", value="13812345678", viewer=stranger, at=AT, reason="curious") == []
    assert not Look.objects.exists()


@pytest.mark.django_db
def test_an_own_open_duty_shows_in_one_tap_and_spends_no_quota(somebody, monkeypatch):
    card, viewer, duty = sealed(), somebody(), uuid4()
    monkeypatch.setattr(grounds, "_duty_checks", [lambda c, v, d: (c.id, v, d) == (card.id, viewer, duty)])
    for _ in range(25):
        operations.reveal(card_id=card.id, by=viewer, at=AT, duty_id=duty)
    assert Look.objects.filter(ground="duty", duty_id=duty).count() == 25
    with pytest.raises(operations.NotYourDuty):
        operations.reveal(card_id=card.id, by=viewer, at=AT, duty_id=uuid4())
    operations.reveal(card_id=card.id, by=viewer, at=AT, reason="still has quota")


@pytest.mark.django_db
def test_the_quota_of_reasons_ends_and_comes_back_next_day(somebody, monkeypatch):
    monkeypatch.setattr(grounds, "_settings", [lambda district_id, name: 2])
    card, viewer = sealed(), somebody()
    look = {"card_id": card.id, "by": viewer, "reason": "checking"}
    operations.reveal(at=AT, **look)
    operations.reveal(at=AT + timedelta(hours=1), **look)
    with pytest.raises(operations.LooksUsedUp):
        operations.reveal(at=AT + timedelta(hours=2), **look)
    assert Entry.objects.filter(kind="vault.revealed").count() == 2
    operations.reveal(at=datetime(2026, 5, 4, 16, 0, tzinfo=UTC), **look)  # midnight in Shanghai


@pytest.mark.django_db
def test_a_look_that_waited_for_others_counts_those_that_went_before_it(somebody, monkeypatch):
    monkeypatch.setattr(grounds, "_settings", [lambda district_id, name: 1])
    card, viewer = sealed(), somebody()
    operations.reveal(card_id=card.id, by=viewer, at=AT + timedelta(seconds=1), reason="checking")
    with pytest.raises(operations.LooksUsedUp):
        operations.reveal(card_id=card.id, by=viewer, at=AT, reason="checking")


@pytest.mark.database
@pytest.mark.django_db(transaction=True)
def test_looks_at_once_cannot_pass_the_quota(somebody, monkeypatch):
    monkeypatch.setattr(grounds, "_settings", [lambda district_id, name: 3])
    card, viewer, shown = sealed(), somebody(), []

    def look():
        try:
            shown.append(operations.reveal(card_id=card.id, by=viewer, at=AT, reason="checking"))
        except operations.LooksUsedUp:
            pass
        finally:
            connection.close()

    threads = [threading.Thread(target=look) for _ in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert len(shown) == 3


@pytest.mark.django_db
def test_nothing_is_shown_when_the_journal_cannot_be_written(somebody):
    card = sealed()
    with (
        mock.patch("qipan.foundation.vault.operations.cards.journal.record", side_effect=DatabaseError),
        mock.patch("qipan.foundation.vault.operations.cards.contents") as opened,
        pytest.raises(operations.NotRecorded),
    ):
        operations.reveal(card_id=card.id, by=somebody(), at=AT, reason="checking")
    opened.assert_not_called()


@pytest.mark.django_db(transaction=True)
def test_a_look_inside_a_transaction_is_a_defect(somebody):
    from django.db import transaction

    card = sealed()
    with pytest.raises(RuntimeError), transaction.atomic():
        operations.reveal(card_id=card.id, by=somebody(), at=AT, reason="checking")


@pytest.mark.django_db
def test_nothing_is_shown_or_sealed_without_the_key_store(somebody, keys, settings):
    card = sealed()
    settings.KEYS = keys.parent.with_name("elsewhere")
    with pytest.raises(keystore.KeysUnreachable):
        operations.reveal(card_id=card.id, by=somebody(), at=AT, reason="checking")
    assert not Look.objects.exists()


@pytest.mark.django_db
def test_a_card_moved_to_another_row_or_altered_cannot_be_opened(somebody):
    one, other = sealed(), sealed({"name": "李四"})
    look = {"by": somebody(), "at": AT, "reason": "checking"}
    Card.objects.filter(id=one.id).update(sealed=other.sealed)
    with pytest.raises(envelope.Tampered):
        operations.reveal(card_id=one.id, **look)
    for place in (0, 5, 20, len(other.sealed) - 1):
        altered = bytearray(other.sealed)
        altered[place] ^= 1
        Card.objects.filter(id=other.id).update(sealed=bytes(altered))
        with pytest.raises(envelope.Tampered):
            operations.reveal(card_id=other.id, **look)
    Card.objects.filter(id=other.id).update(sealed=other.sealed, purpose="elsewhere")
    with pytest.raises(envelope.Tampered):
        operations.reveal(card_id=other.id, **look)


@pytest.mark.django_db
def test_a_value_is_found_exactly_and_the_search_is_recorded(somebody):
    card, viewer = sealed(), somebody()
    for kind, value in (("phone", "138 1234 5678"), ("id", "11010519491231002x"), ("name", "张三丰 ")):
        assert [found.id for found in queries.find(kind=kind, value=value, viewer=viewer, at=AT, reason="same?")] == [
            card.id
        ]
    assert queries.find(kind="name", value="张三", viewer=viewer, at=AT, reason="same?") == []
    assert Entry.objects.filter(kind="vault.searched", reason="same?").count() == 4


@pytest.mark.django_db
def test_a_change_replaces_and_an_erasure_leaves_nothing(somebody):
    card, viewer = sealed(), somebody()
    operations.change(card_id=card.id, fields={"phone": "13900001111", "address": ""}, by=SYSTEM, at=AT, reason="moved")
    shown = operations.reveal(card_id=card.id, by=viewer, at=AT, reason="checking")
    assert shown["phone"] == "13900001111"
    assert "address" not in shown
    operations.erase(card_id=card.id, by=SYSTEM, at=AT, reason="time is up")
    assert not Index.objects.exists()
    assert Card.objects.get().masked == {}
    with pytest.raises(operations.Erased):
        operations.reveal(card_id=card.id, by=viewer, at=AT, reason="checking")


@pytest.mark.django_db
def test_text_is_stored_masked_and_found_by_what_was_in_it(somebody):
    text, card = operations.seal_text(
        text="我叫欧阳娜娜,电话１３８ １２３４ ５６７８",
        names=("欧阳娜娜",),
        district_id=1,
        purpose="incidents.text",
        retention="case",
        about=("thing", uuid4()),
        by=SYSTEM,
        at=AT,
    )
    assert text == "我叫欧*,电话138****5678"
    found = queries.find(kind="phone", value="13812345678", viewer=somebody(), at=AT, reason="same?")
    assert [each.id for each in found] == [card.id]
    plain, none = operations.seal_text(
        text="井盖缺失", district_id=1, purpose="x", retention="case", about=("thing", None), by=SYSTEM, at=AT
    )
    assert (plain, none) == ("井盖缺失", None)


@pytest.mark.django_db
def test_a_file_is_bound_to_its_row():
    owner = uuid4()
    key_id, content = operations.seal_bytes(b"photo", district_id=1, purpose="photos", owner=owner)
    assert b"photo" not in content
    asked = {"key_id": key_id, "district_id": 1, "purpose": "photos"}
    assert operations.open_bytes(content, owner=owner, **asked) == b"photo"
    with pytest.raises(envelope.Tampered):
        operations.open_bytes(content, owner=uuid4(), **asked)


@pytest.mark.django_db
def test_the_room_of_a_matter_says_who_sees_its_cards_but_for_the_officer_of_the_district(somebody, monkeypatch):
    monkeypatch.setattr(grounds, "_sights", {"thing": lambda card, viewer: False})
    card, officer = sealed(), frozenset({rules.REQUESTS})
    for viewer, sees in (
        (somebody(), False),
        (somebody(abilities=officer), True),
        (somebody(abilities=officer, area_id=2), False),
        (somebody(abilities=officer, district_id=2), False),
    ):
        assert grounds.in_sight(card, viewer) is sees


@pytest.mark.django_db
def test_numbers_cannot_be_tried_one_after_another(somebody, monkeypatch):
    monkeypatch.setattr(grounds, "_settings", [lambda district_id, name: 3])
    card, viewer, officer = sealed(), somebody(), somebody(abilities=frozenset({rules.REQUESTS}))
    asked = {"kind": "phone", "value": "13900000000", "at": AT, "reason": "trying"}
    operations.reveal(card_id=card.id, by=viewer, at=AT, reason="checking")
    for _ in range(2):
        queries.find(viewer=viewer, **asked)
    with pytest.raises(operations.LooksUsedUp):
        queries.find(viewer=viewer, **asked)
    with pytest.raises(operations.LooksUsedUp):
        operations.reveal(card_id=card.id, by=viewer, at=AT, reason="checking")
    assert Entry.objects.filter(kind="vault.searched").count() == 2
    for _ in range(5):
        queries.find(viewer=officer, **asked)
