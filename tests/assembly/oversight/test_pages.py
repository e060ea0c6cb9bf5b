"""The pages of oversight: who may read what, by which filters, and what is taken out is recorded."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.utils import timezone
from openpyxl import load_workbook

from qipan.assembly import tasks
from qipan.foundation.duties.models import Duty
from qipan.foundation.journal import operations as journal
from qipan.foundation.journal import sequencer
from qipan.foundation.journal.models import Entry
from qipan.foundation.journal.rules import SYSTEM, About, Class
from qipan.foundation.posts.rules import Role
from qipan.foundation.vault import operations as vault
from qipan.foundation.vault.models import Card, KeyCopy, Look, Request
from tests import factories
from tests.turning import there_and_back

pytestmark = pytest.mark.django_db
AT = datetime(2026, 5, 4, 2, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def keys(settings, tmp_path):
    settings.KEYS = tmp_path / "keys"


@pytest.fixture
def district():
    return factories.tree()


@pytest.fixture
def enter(client):
    def enter(role, area):
        post = factories.post(role, area)
        factories.sign_in(client, post)
        return post

    return enter


def text(answer):
    return answer.content.decode()


def thing(district, label="T-1", *, areas=(), privacy=Class.OPEN):
    return About("thing", uuid4(), label, district.pk, (district.pk, *areas), privacy=privacy)


def write(about, kind="incidents.filed", **more):
    return journal.record(kind, about, by=SYSTEM, at=AT, **more)


def card(district, **fields):
    return vault.seal(
        district_id=district.pk,
        purpose="incidents.reporter",
        retention="case",
        about=("thing", uuid4()),
        fields=fields or {"name": "王小明", "phone": "13812345678"},
        by=SYSTEM,
        at=AT,
        areas=(district.pk,),
    )


@pytest.mark.parametrize(
    ("path", "roles"),
    [
        ("/journal/", {"auditor", "dpo", "commander", "administrator"}),
        ("/data-requests/", {"dpo"}),
        ("/data-requests/new/", {"dpo"}),
        ("/keys/", {"administrator", "dpo", "auditor"}),
    ],
)
def test_each_page_is_open_to_its_roles_only(client, enter, district, path, roles):
    for role in Role.values:
        enter(role, district)
        assert client.get(path).status_code == (200 if role in roles else 403), role


def test_the_journal_shows_the_own_subtree_and_what_the_post_may_read(client, enter, district):
    township, other = factories.below(district, 2, 0), factories.below(district, 2, 1)
    foreign = factories.tree()
    write(thing(district, "HERE-1", areas=(township.pk,)))
    write(thing(district, "THERE-1", areas=(other.pk,)))
    write(thing(district, "PRIVATE-1", areas=(township.pk,), privacy=Class.PRIVATE))
    write(thing(district, "SECRET-1", areas=(township.pk,), privacy=Class.SECRET))
    write(thing(foreign, "FOREIGN-1"))
    seen = {}
    for role, area in (("commander", district), ("commander", township), ("auditor", district), ("auditor", township)):
        enter(role, area)
        page = text(client.get("/journal/"))
        seen[role, area.level] = {
            word for word in ("HERE", "THERE", "PRIVATE", "SECRET", "FOREIGN") if f"{word}-1" in page
        }
    assert seen == {
        ("commander", 1): {"HERE", "THERE"},
        ("commander", 2): {"HERE"},
        ("auditor", 1): {"HERE", "THERE", "PRIVATE", "SECRET"},
        ("auditor", 2): {"HERE", "PRIVATE", "SECRET"},
    }


def test_one_things_history_of_another_district_does_not_exist(client, enter, district):
    foreign = thing(factories.tree(), "FOREIGN-1")
    write(foreign)
    enter("auditor", district)
    answer = client.get(f"/journal/of/{foreign.kind}/{foreign.id}/")
    assert answer.status_code == 404
    assert "FOREIGN-1" not in text(answer)
    own = thing(district, "OWN-1")
    write(own, reason="because")
    answer = client.get(f"/journal/of/{own.kind}/{own.id}/")
    assert answer.status_code == 200
    assert "because" in text(answer)


def test_filters_narrow_by_kind_place_person_number_and_day(client, enter, district):
    township = factories.below(district, 2)
    clerk = factories.post("dispatcher", township, person=factories.person(district=district, name="赵钱孙"))
    write(thing(district, "A-1", areas=(township.pk,)))
    write(thing(district, "B-1"), kind="incidents.declined")
    journal.record("incidents.filed", thing(district, "C-1"), by=clerk, at=datetime(2026, 6, 1, tzinfo=UTC))
    enter("auditor", district)

    def found(**filters):
        page = text(client.get("/journal/", filters))
        return "".join(letter for letter in "ABC" if f"{letter}-1<" in page)

    assert found() == "ABC"
    assert found(kind="incidents.declined") == "B"
    assert found(kind="incidents.") == "ABC"
    assert found(kind="duties.") == ""
    assert found(area=township.pk) == "A"
    assert found(who="赵钱") == "C"
    assert found(who="nobody") == ""
    assert found(about="B-1") == "B"
    assert found(since="2026-05-05") == "C"
    assert found(until="2026-05-04") == "AB"
    assert found(since="0020-15-15", area="x", post="'", after="-1") == "ABC"


def test_pages_follow_by_key_and_leave_nothing_out(client, enter, district, monkeypatch):
    from qipan.assembly.oversight import journal as page

    monkeypatch.setattr(page, "PAGE", 3)
    enter("auditor", district)
    Entry.objects.all().delete()
    for number in range(8):
        write(thing(district, f"N-{number}"))
    seen = there_and_back(client, "/journal/", lambda it: [row["entry"].about_label for row in it.context["rows"]])
    assert [label for page in seen for label in page] == [f"N-{number}" for number in reversed(range(8))]


def test_the_list_takes_the_same_number_of_queries_however_long(client, enter, district, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    enter("auditor", district)
    counts = []
    for more in (1, 30):
        for _ in range(more):
            write(thing(district, areas=(factories.below(district, 2).pk,)))
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get("/journal/")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_look_tells_the_auditor_who_saw_what_and_why(client, enter, district):
    about = thing(district, "20260504-00017")
    write(about)
    sealed = vault.seal(
        district_id=district.pk,
        purpose="p",
        retention="case",
        about=about,
        fields={"name": "王小明", "phone": "13812345678"},
        by=SYSTEM,
        at=AT,
    )
    clerk = factories.post("dispatcher", district)
    vault.reveal(card_id=sealed.id, by=clerk, at=AT, reason="居民要求回电")
    enter("auditor", district)
    page = text(client.get("/journal/", {"chip": "looks"}, headers={"accept-language": "zh-hans"}))
    assert str(clerk.person) in page
    assert "居民要求回电" in page
    assert "20260504-00017" in page
    assert f"/journal/of/thing/{about.id}/" in page
    assert "姓名、电话" in page
    assert "王小明" not in page
    assert "13812345678" not in page


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_taking_the_journal_out_is_recorded_and_holds_what_the_filters_say(client, enter, district, form):
    write(thing(district, "A-1"), reason="=cmd()")
    write(thing(district, "B-1"), kind="incidents.declined")
    write(thing(factories.tree(), "FOREIGN-1"))
    enter("auditor", district)
    answer = client.post(f"/journal/export.{form}?kind=incidents.filed", headers={"accept-language": "en"})
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if form == "xlsx":
        rows = [[cell.value for cell in row] for row in load_workbook(io.BytesIO(content)).active.rows]
        assert [row[5] for row in rows] == ["About", "A-1"]
    else:
        table = content.decode("utf-8-sig")
        assert "A-1" in table
        assert "B-1" not in table
        assert "FOREIGN-1" not in table
        assert ",'=cmd()," in table
    entry = Entry.objects.get(kind="journal.exported")
    assert entry.detail == {"entries": 1, "filters": {"kind": "incidents.filed"}}


def test_a_number_searched_for_is_masked_in_the_entry_about_taking_the_journal_out(client, enter, district):
    enter("auditor", district)
    assert client.post("/journal/export.csv?about=13812345678").status_code == 200
    entry = Entry.objects.get(kind="journal.exported")
    assert entry.detail["filters"] == {"about": "138****5678"}


def test_a_commander_cannot_take_the_journal_out(client, enter, district):
    enter("commander", district)
    assert client.post("/journal/export.csv").status_code == 403
    assert client.get("/journal/export.csv").status_code == 405
    assert client.post("/journal/verify/").status_code == 403


def test_a_proof_is_recorded_and_shown(client, enter, district):
    write(thing(district))
    sequencer.drain()
    post = enter("auditor", district)
    tasks.prove(post_id=post.pk)
    entry = Entry.objects.get(kind="journal.verified")
    assert (entry.detail["sound"], entry.detail["entries"], entry.post_id) == (True, 1, post.pk)
    page = client.get("/journal/")
    assert page.context["state"]["sound"]


def test_a_journal_that_does_not_prove_is_the_auditors_duty_once(client, enter, district):
    entry = write(thing(district))
    sequencer.drain()
    Entry.objects.filter(pk=entry.pk).update(reason="altered")
    post = enter("auditor", district)
    tasks.prove()
    tasks.prove()
    duty = Duty.objects.get(kind="oversight.unsound")
    assert (duty.post_id, duty.state) == (post.pk, "open")
    page = client.get("/journal/", headers={"accept-language": "en"})
    assert not page.context["state"]["sound"]
    assert "altered 1" in text(page)


def test_the_worker_is_asked_to_prove_it_once(client, enter, district):
    from procrastinate.contrib.django.models import ProcrastinateJob

    enter("auditor", district)
    assert client.post("/journal/verify/").status_code == 302
    assert client.post("/journal/verify/").status_code == 302
    assert ProcrastinateJob.objects.filter(task_name="prove_journal").count() == 1


# Residents' requests


def take(client, **more):
    given = {"kind": "access", "name": "王小明", "phone": "13812345678", "text": "我要查询", "command": str(uuid4())}
    return client.post("/data-requests/new/", given | more)


def test_a_request_goes_its_way_from_the_desk_to_the_copy(client, enter, district):
    officer, held = enter("dpo", district), card(district)
    answer = take(client)
    asked = Request.objects.get()
    assert answer.url == f"/data-requests/{asked.id}/"
    duty = Duty.objects.get(kind="oversight.request")
    assert (duty.post_id, duty.link) == (officer.pk, answer.url)
    page = text(client.get(answer.url))
    assert "王*" in page
    assert "王小明" not in page
    assert client.post(f"{answer.url}access/", {"card": held.id}).status_code == 409
    client.post(f"{answer.url}check/", {"how": "id_shown"})
    found = text(client.post(f"{answer.url}find/", {"by": "phone", "value": "138 1234 5678"}))
    assert str(held.id) in found
    assert str(asked.asker_card_id) not in found
    copy = client.post(f"{answer.url}access/", {"card": held.id})
    assert "王小明" in text(copy)
    assert "13812345678" in text(copy)
    assert copy.headers["Cache-Control"] == "no-store"
    assert Look.objects.get(card_id=held.id).ground == "request"
    assert Request.objects.get().state == "done"
    duty.refresh_from_db()
    assert duty.state == "ended"


def test_a_double_click_takes_the_request_once(client, enter, district):
    enter("dpo", district)
    command = str(uuid4())
    first, second = take(client, command=command), take(client, command=command)
    assert first.url == second.url
    assert Request.objects.count() == 1


def test_a_wrong_number_is_told_beside_its_field_and_what_was_typed_is_kept(client, enter, district):
    enter("dpo", district)
    answer = take(client, phone="12345")
    assert answer.status_code == 422
    assert answer.context["form"].errors["phone"]
    assert "我要查询" in text(answer)
    assert not Request.objects.exists()


def test_a_correction_and_a_deletion_are_carried_out(client, enter, district):
    enter("dpo", district)
    held = card(district)
    for kind, action, fields in (("correction", "correct", {"phone": "13900001111"}), ("deletion", "delete", {})):
        address = take(client, kind=kind).url
        client.post(f"{address}check/", {"how": "called_back"})
        assert client.post(f"{address}{action}/", {"card": held.id, **fields}).status_code == 302
    held.refresh_from_db()
    assert held.erased_at is not None
    assert [request.state for request in Request.objects.all()] == ["done", "done"]


def test_a_wrong_correction_is_told_and_the_choice_is_kept(client, enter, district):
    enter("dpo", district)
    held, address = card(district), take(client, kind="correction").url
    client.post(f"{address}check/", {"how": "called_back"})
    answer = client.post(f"{address}correct/", {"card": held.id, "phone": "1"})
    assert answer.status_code == 422
    assert str(held.id) in text(answer)
    assert Card.objects.get(id=held.id).masked == held.masked


def test_a_refusal_needs_a_reason_that_the_resident_reads(client, enter, district):
    enter("dpo", district)
    address = take(client).url
    assert client.post(f"{address}refuse/", {"reason": ""}).status_code == 422
    assert client.post(f"{address}refuse/", {"reason": "法律要求保存"}).status_code == 302
    assert "法律要求保存" in text(client.get(address))


def test_requests_of_another_district_do_not_exist(client, enter, district):
    enter("dpo", district)
    address, held = take(client).url, card(district)
    enter("dpo", factories.tree())
    assert client.get(address).status_code == 404
    assert "王*" not in text(client.get("/data-requests/?show=all"))
    for action in ("check", "find", "access", "correct", "delete", "refuse", "withdraw"):
        data = {"card": held.id, "how": "x", "reason": "because", "by": "phone", "value": "13812345678"}
        assert client.post(f"{address}{action}/", data).status_code == 404, action
    assert Request.objects.get().state == "received"


# Keys


def test_the_keys_page_counts_copies_and_takes_a_destroyed_one_off(client, enter, district):
    card(district)
    card(factories.tree())
    vault.escrow(holders=("甲", "乙"), by=SYSTEM, at=timezone.now(), place="保险柜")
    enter("dpo", district)
    page = client.get("/keys/")
    assert {row["purpose"] for row in page.context["rows"]} == {"incidents.reporter", "blind-index"}
    assert {row["district_id"] for row in page.context["rows"]} == {district.pk}
    assert "保险柜" in text(page)
    copy = KeyCopy.objects.filter(form="export", key_id=page.context["rows"][0]["id"]).get()
    assert client.post(f"/keys/copies/{copy.id}/end/", {"how": "两人监督粉碎"}).status_code == 302
    copy.refresh_from_db()
    assert copy.ended_how == "两人监督粉碎"
    enter("auditor", district)
    other = KeyCopy.objects.filter(form="export", ended_at=None).first()
    assert client.post(f"/keys/copies/{other.id}/end/", {"how": "x"}).status_code == 403


def test_the_keys_page_says_when_the_store_cannot_be_reached(client, enter, district, settings, tmp_path):
    card(district)
    enter("auditor", district)
    assert client.get("/keys/").context["reachable"]
    settings.KEYS = tmp_path / "unmounted"
    page = client.get("/keys/", headers={"accept-language": "en"})
    assert page.status_code == 200
    assert not page.context["reachable"]
    assert KeyCopy.objects.filter(ended_at=None).count() == 2  # nothing is taken for lost
