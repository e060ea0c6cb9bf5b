"""What can be recorded, what cannot, and how a command is kept from happening twice."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.db import connection, transaction

from qipan.foundation.journal import operations, queries
from qipan.foundation.journal.models import Command, Entry, Pending
from qipan.foundation.journal.rules import SYSTEM, About, Author, Class

AT = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)
THING = About("thing", uuid4(), "T-1", 1, (1, 2, 3), unit_id=9, privacy=Class.PRIVATE)


@pytest.mark.django_db
def test_an_entry_keeps_who_where_when_what_changed_and_why():
    post, command = uuid4(), uuid4()
    entry = operations.record(
        "things.moved",
        THING,
        by=Author("指挥长", post_id=post),
        at=AT,
        reason="because",
        before="old",
        after="new",
        command_id=command,
        unit=uuid4(),
        count=3,
    )
    found = Entry.objects.get()
    assert found.id == entry.id
    assert (found.kind, found.at, found.about_id, found.about_label) == ("things.moved", AT, THING.id, "T-1")
    assert (found.district_id, found.areas, found.unit_id, found.privacy) == (1, [1, 2, 3], 9, Class.PRIVATE)
    assert (found.post_id, found.by_label, found.reason) == (post, "指挥长", "because")
    assert (found.status_before, found.status_after, found.command_id) == ("old", "new", command)
    assert found.detail["count"] == 3
    assert Pending.objects.get().entry_id == entry.id
    assert queries.history("thing", THING.id)[0].id == entry.id


@pytest.mark.django_db
@pytest.mark.parametrize(
    "value", ["11010519491231002X", ["call 138 1234 5678"], {"deep": {"x": "０３７２－５１１００００"}}]
)
def test_a_detail_with_an_id_or_phone_number_is_a_defect(value):
    with pytest.raises(operations.PersonalDetail):
        operations.record("things.moved", THING, by=SYSTEM, at=AT, value=value)
    assert not Entry.objects.exists()


@pytest.mark.django_db
def test_ids_and_digests_in_a_detail_are_not_taken_for_phones():
    for _ in range(300):
        operations.checked_detail({"id": uuid4(), "sha256": uuid4().hex + uuid4().hex, "at": AT})


@pytest.mark.django_db
def test_numbers_typed_into_a_reason_are_masked():
    entry = operations.record("things.moved", THING, by=SYSTEM, at=AT, reason="电话13812345678无人接听")
    assert entry.reason == "电话138****5678无人接听"


@pytest.mark.django_db
def test_a_time_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="aware"):
        operations.record("things.moved", THING, by=SYSTEM, at=datetime(2026, 1, 1))  # noqa: DTZ001


@pytest.mark.django_db
def test_a_command_happens_once_and_repeats_its_answer():
    command, author = uuid4(), Author("a", post_id=uuid4())
    asked = {"author": author, "name": "things.move", "body": {"to": 3}, "at": AT}
    assert operations.once(command, **asked) is None
    assert operations.once(command, **asked) == {}
    operations.answer(command, {"id": "x"})
    assert operations.once(command, **asked) == {"id": "x"}


@pytest.mark.django_db
@pytest.mark.parametrize("other", [{"body": {"to": 4}}, {"name": "things.drop"}, {"author": Author("b", uuid4())}])
def test_a_command_id_with_another_author_name_or_body_is_refused(other):
    asked = {"author": Author("a", post_id=uuid4()), "name": "things.move", "body": {"to": 3}, "at": AT}
    command = uuid4()
    operations.once(command, **asked)
    with pytest.raises(operations.CommandReused):
        operations.once(command, **(asked | other))


@pytest.mark.django_db
def test_without_an_id_nothing_is_kept():
    assert operations.once(None, author=SYSTEM, name="x", body={}, at=AT) is None
    operations.answer(None, {})
    assert not Command.objects.exists()


@pytest.mark.database
@pytest.mark.django_db(transaction=True)
def test_ten_twins_at_once_carry_the_command_out_once():
    command, author = uuid4(), Author("a", post_id=uuid4())
    start, done = threading.Barrier(10), []

    def send():
        try:
            start.wait()
            with transaction.atomic():
                earlier = operations.once(command, author=author, name="things.move", body={}, at=AT)
                if earlier is None:
                    operations.record("things.moved", THING, by=author, at=AT, command_id=command)
                    operations.answer(command, {"n": 1})
                done.append(earlier)
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(10)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert Entry.objects.count() == 1
    assert sorted(done, key=str) == [None] + [{"n": 1}] * 9 or done.count({"n": 1}) == 9


@pytest.mark.database
@pytest.mark.django_db(transaction=True)
def test_a_twin_of_a_command_that_was_rolled_back_is_the_first():
    command, author = uuid4(), Author("a", post_id=uuid4())
    with pytest.raises(RuntimeError), transaction.atomic():
        assert operations.once(command, author=author, name="things.move", body={}, at=AT) is None
        raise RuntimeError
    with transaction.atomic():
        assert operations.once(command, author=author, name="things.move", body={}, at=AT) is None
