"""What the detail of an entry says: words only; ids, digests and codes are not shown."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.utils import translation

from qipan.assembly.oversight import details
from qipan.foundation.journal import operations as journal
from qipan.foundation.journal.rules import SYSTEM, About, Class
from tests import factories

pytestmark = pytest.mark.django_db
AT = datetime(2026, 5, 4, 2, 0, tzinfo=UTC)


@pytest.fixture
def district():
    return factories.tree()


@pytest.fixture
def said(district):
    def said(kind="duties.handed_over", **detail):
        about = About("thing", uuid4(), "T-1", district.pk, (district.pk,), privacy=Class.OPEN)
        [found] = details.told([journal.record(kind, about, by=SYSTEM, at=AT, **detail)])
        return dict(found)

    with translation.override("zh-hans"):
        yield said


def test_a_duty_that_changed_hands_names_its_kind_and_who_had_it(said, district):
    post = factories.post("handler", district, factories.unit(area=district, kind="department", name="住建局"))
    found = said(
        duty=uuid4(),
        duty_kind="incidents.handle",
        giver={"unit": post.unit_id, "post": None},
        taker={"unit": post.unit_id, "post": post.pk},
    )
    assert list(found) == ["任务", "移交方", "接收方"]
    assert found["移交方"] == post.unit.name
    assert found["接收方"] == post.author().label
    assert "incidents.handle" not in found["任务"]


@pytest.mark.parametrize(
    ("detail", "words"),
    [
        ({"due_after": "2026-11-23T03:53:50+08:00"}, "2026年11月23日 03:53"),
        ({"until": "2026-11-23"}, "2026年11月23日"),
        ({"urgent": True}, "是"),
        ({"stage": "answer"}, "反馈"),
        ({"days": 5}, "5"),
        ({"unit": "住建局"}, "住建局"),
        ({"counts": {"new": 3, "refused": 1, "odd": 7}}, "新增 3、不可用 1"),
        ({"role": "auditor"}, "安全审计员"),
    ],
)
def test_times_numbers_and_codes_are_said_in_words(said, detail, words):
    assert list(said(**detail).values()) == [words]


@pytest.mark.parametrize(
    "detail",
    [
        {"duty": "0190a5c2-9a3b-7c3d-8e4f-5a6b7c8d9e0f"},
        {"digest": "ab" * 32},
        {"duty_kind": "nobody.knows"},
        {"unit": 987654321},
        {"taker": "0190a5c2-9a3b-7c3d-8e4f-5a6b7c8d9e0f"},
        {"receipt": "0190a5c2-9a3b-7c3d-8e4f-5a6b7c8d9e0f"},
        {"why": "outbox.unreachable"},
        {"until": "soon"},
        {"whatever": "x"},
    ],
)
def test_what_has_no_words_is_not_shown(said, detail):
    assert said(**detail) == {}


def test_names_are_looked_up_once_for_a_page(said, district, django_assert_num_queries):
    unit = factories.unit(area=district, kind="department", name="住建局")
    posts = [factories.post("handler", district, unit) for _ in range(5)]
    about = About("thing", uuid4(), "T-1", district.pk, (district.pk,), privacy=Class.OPEN)
    entries = [
        journal.record("x.y", about, by=SYSTEM, at=AT, unit=post.unit_id, post=post.pk, category="manhole")
        for post in posts
    ]
    with django_assert_num_queries(3):
        details.told(entries)


def test_a_reason_that_the_system_gave_is_said_in_words():
    with translation.override("zh-hans"):
        assert details.reason("居民来电") == "居民来电"
        assert details.reason("0190a5c2-9a3b-7c3d-8e4f-5a6b7c8d9e0f") == ""
        assert re.search("[一-鿿]", details.reason("posts.volunteer_ended"))
