"""The pages of posts, people, units and the own account; the inbox and the way of sending."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from io import BytesIO
from uuid import uuid4

import openpyxl
import pytest
from allauth.usersessions.models import UserSession
from django.test import Client
from django.urls import reverse
from django.utils import translation

from qipan.foundation.journal.models import Entry
from qipan.foundation.outbox.models import Gateway, Message, Wording
from qipan.foundation.posts import operations, queries
from qipan.foundation.posts.models import Absence, Person, Shift, Token, Unit, Volunteer
from qipan.foundation.posts.pages import people, staff
from qipan.foundation.posts.pages.me import browser
from qipan.foundation.posts.rules import Role
from tests import factories
from tests.foundation.outbox.conftest import template  # noqa: F401
from tests.foundation.outbox.test_outbox import tell
from tests.turning import there_and_back

pytestmark = pytest.mark.django_db


@pytest.fixture
def root(settings, tmp_path):
    settings.KEYS = tmp_path
    return factories.tree(name="殷都区")


@pytest.fixture
def admin(root):
    return factories.post(Role.ADMINISTRATOR, root)


@pytest.fixture
def signed(client, admin):
    return factories.sign_in(client, admin)


def send(client, page, /, *args, command=None, **fields):
    return client.post(reverse(page, args=args), {"command": str(command or uuid4()), **fields})


def held(person):
    return queries.in_force(person, datetime.now(UTC))


class TestStaff:
    def test_the_list_is_filtered_sorted_and_says_how_many(self, signed, root):
        factories.post(Role.LAB, root, person=factories.person(district=root, name="钱文"))
        factories.post(Role.LAB, valid_to=None)
        page = signed.get("/posts/", {"role": "lab"})
        assert [row.person.name for row in page.context["rows"]] == ["钱文"]
        assert signed.get("/posts/", {"q": "钱"}).context["page"]["total"] == 1
        assert signed.get("/posts/", {"q": "钱", "when": "ended"}).context["page"]["total"] == 0
        names = [row.person.name for row in signed.get("/posts/", {"sort": "-name"}).context["rows"]]
        assert names == sorted(names, reverse=True)

    def test_a_long_list_takes_as_many_queries_as_a_short_one(self, signed, root, django_assert_max_num_queries):
        unit = factories.unit(area=root)
        signed.get("/posts/")
        for _ in range(60):
            factories.post(Role.GRID_WORKER, factories.below(root, 4), unit)
        with django_assert_max_num_queries(14):
            page = signed.get("/posts/")
        first = page.context["page"]
        assert (first["total"], first["shown"]) == (61, 50)
        last = signed.get("/posts/", {"after": first["next"]}).context["page"]
        assert (last["shown"], last["next"]) == (11, "")

    @pytest.mark.parametrize("sort", [sign + name for name in staff.SORTS for sign in ("", "-")])
    def test_its_pages_are_the_whole_list_once_in_every_order(self, signed, root, sort, monkeypatch):
        unit = factories.unit(area=root)
        for number in range(8):
            soon = datetime.now(UTC) + timedelta(days=number) if number % 2 else None
            factories.post(Role.HANDLER, root, unit if number % 3 else None, valid_to=soon and soon + timedelta(days=1))
        whole = [row.pk for row in signed.get("/posts/", {"sort": sort}).context["rows"]]
        monkeypatch.setattr(staff, "SHOWN", 2)
        seen = there_and_back(signed, f"/posts/?sort={sort}", lambda page: [row.pk for row in page.context["rows"]])
        assert len(whole) == 9
        assert [key for page in seen for key in page] == whole

    @pytest.mark.parametrize(("language", "words"), [("zh-hans", ("上一页", "下一页")), ("en", ("Previous", "Next"))])
    def test_people_are_turned_both_ways_by_links_in_both_languages(self, signed, root, language, words, monkeypatch):
        for number in range(6):
            factories.person(district=root, name=f"李{number % 2}")
        monkeypatch.setattr(people, "SHOWN", 3)
        whole = there_and_back(signed, "/people/?q=李", lambda page: [row.pk for row in page.context["rows"]])
        assert [len(page) for page in whole] == [3, 3]
        signed.cookies["django_language"] = language
        with translation.override(language):
            first = signed.get("/people/")
            second = signed.get("/people/", {"after": first.context["page"]["next"]}).content.decode()
        links = re.findall(r'<a class="button" rel="(prev|next)"[^>]*>(?:<svg.*?</svg>)?([^<]+)', second)
        assert links == [("prev", words[0]), ("next", words[1])]

    def test_it_goes_to_excel_and_csv_whole_and_never_as_a_formula(self, signed, root):
        for number in range(55):
            factories.post(Role.LAB, root, person=factories.person(district=root, name=f"=HYPERLINK({number})"))
        book = openpyxl.load_workbook(BytesIO(signed.get("/posts/", {"format": "xlsx"}).content))
        rows = list(book.active.iter_rows(values_only=True))
        assert len(rows) == 57
        text = b"".join(signed.get("/posts/", {"format": "csv"}).streaming_content).decode("utf-8-sig")
        assert len(text.strip().splitlines()) == 57
        assert "\n=HYPERLINK" not in text

    def test_appointing_by_the_form_once_however_often_it_is_sent(self, signed, root):
        person, cell = factories.person(district=root), factories.below(root, 4)
        fields = {
            "person": person.pk, "role": "grid_worker", "area": root.pk, "cell": cell.codes.get().code,
            "kind": "regular", "command": uuid4(),
        }  # fmt: skip
        for _ in range(3):
            assert send(signed, "posts_appoint", **fields).status_code == 302
        (post,) = held(person)
        assert (post.area, post.role) == (cell, "grid_worker")
        assert Entry.objects.filter(kind="posts.appointed").count() == 1

    def test_what_is_wrong_stands_beside_the_field_and_what_was_typed_is_kept(self, signed, root):
        person = factories.person(district=root)
        fields = {"person": person.pk, "role": "lab", "area": root.pk, "reason": "应急需要"}
        page = send(signed, "posts_appoint", **fields, kind="emergency")
        assert page.status_code == 422
        assert "valid_to" in page.context["form"].errors
        assert "应急需要" in page.content.decode()
        assert "cell" in send(signed, "posts_appoint", **fields, kind="regular", cell="999").context["form"].errors
        assert not held(person)

    def test_another_districts_person_unit_and_area_cannot_be_picked(self, signed, root):
        other = factories.tree(name="别区", prefix="999999")
        mine = {"person": factories.person(district=root).pk, "role": "lab", "area": root.pk, "kind": "regular"}
        for field, value in (
            ("person", factories.person(district=other).pk),
            ("unit", factories.unit(area=other).pk),
            ("area", other.pk),
            ("cell", factories.below(other, 4).codes.get().code),
        ):
            page = send(signed, "posts_appoint", **{**mine, field: value})
            assert field in page.context["form"].errors

    def test_a_post_is_changed_deputised_set_away_and_ended_on_its_page(self, signed, root):
        post, deputy = factories.post(Role.COMMANDER, root), factories.person(district=root)
        unit = factories.unit(area=root)
        today = datetime.now(UTC).date()
        for what, fields in (
            ("change", {"change-unit": unit.pk, "change-reason": "调整"}),
            ("deputy", {"deputy-person": deputy.pk, "deputy-stands_in": "away"}),
            ("away", {"away-away_from": today, "away-away_to": today + timedelta(days=1)}),
        ):
            assert send(signed, "posts_act", post.pk, what, **fields).status_code == 302, what
        post.refresh_from_db()
        assert post.unit == unit
        assert held(deputy)
        page = signed.get(reverse("posts_one", args=[post.pk]))
        assert len(page.context["history"]) == 2  # the deputy is an entry of its own post
        assert send(signed, "posts_act", post.pk, "end", **{"end-reason": ""}).status_code == 422
        assert send(signed, "posts_act", post.pk, "end", **{"end-reason": "调离"}).status_code == 302
        assert not held(post.person)
        assert send(signed, "posts_act", post.pk, "fly").status_code == 404

    def test_hand_over_is_looked_at_before_it_is_done(self, signed, root):
        giver, taker = factories.post(Role.HANDLER, root), factories.post(Role.HANDLER, root)
        chosen = {"giver": giver.person_id, "taker": taker.person_id}
        page = signed.get("/posts/hand-over/", chosen)
        assert [post for post, _counts, _sum in page.context["preview"]] == [giver]
        assert not Entry.objects.filter(kind="posts.handed_over").exists()
        assert send(signed, "posts_hand_over", **chosen).status_code == 422
        assert send(signed, "posts_hand_over", **chosen, reason="休假").status_code == 302
        assert Entry.objects.filter(kind="posts.handed_over").count() == 1


class TestPeople:
    def test_a_person_is_created_changed_disabled_and_enabled(self, signed, root):
        made = send(signed, "people_new", username="zhou", name="周", password="a long new phrase")
        person = Person.objects.get(username="zhou")
        assert made["Location"] == reverse("people_one", args=[person.pk])
        assert person.check_password("a long new phrase")
        send(signed, "people_act", person.pk, "change", name="周正", phone="0372-1", email="")
        send(signed, "people_act", person.pk, "password", password="another long phrase")
        send(signed, "people_act", person.pk, "disable", reason="离职")
        person.refresh_from_db()
        assert (person.name, person.is_active, person.check_password("another long phrase")) == ("周正", False, True)
        send(signed, "people_act", person.pk, "enable")
        person.refresh_from_db()
        assert person.is_active
        weak = send(signed, "people_act", person.pk, "password", password="short")
        assert (weak.status_code, "password" in weak.context["password"].errors) == (422, True)

    def test_the_rule_for_second_factors_is_set(self, signed, root):
        send(signed, "posts_sign_in", roles=["dispatcher", "lab"])
        assert queries.second_factor_roles(root.pk) == {"dispatcher", "lab"}
        assert signed.get("/posts/sign-in/").context["form"].initial == {"roles": ["dispatcher", "lab"]}


class TestUnits:
    def test_a_unit_is_made_changed_and_closed(self, signed, root):
        send(signed, "units_new", name="城管局", kind="department", area=root.pk, code="CG")
        unit = Unit.objects.get()
        send(signed, "units_act", unit.pk, "change", name="城市管理局", kind="department", code="CG")
        page = signed.get("/units/")
        assert [row["unit"].name for row in page.context["rows"]] == ["城市管理局"]
        double = send(signed, "units_new", name="别的", kind="department", area=root.pk, code="CG")
        assert "code" in double.context["form"].errors
        send(signed, "units_act", unit.pk, "close", reason="撤并")
        assert signed.get("/units/").context["rows"] == []

    def test_no_telephone_becomes_the_code_of_a_unit(self, signed, root):
        answer = send(signed, "units_new", name="城管局", kind="department", area=root.pk, code="13812345678")
        assert "code" in answer.context["form"].errors
        assert not Unit.objects.exists()

    def test_volunteers_are_masked_and_erased_when_they_leave(self, signed, root):
        unit = factories.unit(area=root)
        send(signed, "units_act", unit.pk, "volunteer", **{
            "volunteer-name": "张三丰", "volunteer-phone": "13800138000", "volunteer-skills": "急救，驾驶",
        })  # fmt: skip
        page = signed.get(reverse("units_one", args=[unit.pk])).content.decode()
        assert "张三丰" not in page
        assert "138****8000" in page
        volunteer = Volunteer.objects.get()
        assert volunteer.skills == ["急救", "驾驶"]
        send(signed, "volunteers_end", volunteer.pk)
        assert "138****8000" not in signed.get(reverse("units_one", args=[unit.pk])).content.decode()
        wrong = send(signed, "units_act", unit.pk, "volunteer", **{"volunteer-name": "李", "volunteer-phone": "12"})
        assert wrong.status_code == 422
        assert Volunteer.objects.count() == 1


class TestMe:
    def test_the_shift_button_opens_and_closes_once(self, signed, admin):
        command = uuid4()
        for _ in range(2):
            send(signed, "posts_shift", to="on", command=command)
        assert Shift.objects.filter(closed_at=None).count() == 1
        send(signed, "posts_shift", to="off")
        assert not Shift.objects.filter(closed_at=None).exists()
        assert send(signed, "posts_shift", to="off").status_code == 302

    def test_a_form_without_its_command_does_nothing(self, signed):
        signed.post(reverse("posts_shift"), {"to": "on"})
        assert not Shift.objects.exists()

    def test_the_next_address_is_ours_or_not_taken(self, signed):
        assert send(signed, "posts_shift", to="on", next="//evil.example/")["Location"] == "/me/"
        assert send(signed, "posts_shift", to="off", next="/posts/")["Location"] == "/posts/"

    def test_a_token_is_shown_once_and_revoked(self, signed, admin):
        until = datetime.now(UTC).date() + timedelta(days=30)
        fields = {"name": "热线", "post": admin.pk, "scopes": ["read"], "expires_at": until, "command": uuid4()}
        page = send(signed, "posts_token", **fields)
        secret = page.context["secret"]
        assert secret in page.content.decode()
        assert page["Cache-Control"] == "private, no-store"
        assert send(signed, "posts_token", **fields).status_code == 302
        assert secret not in signed.get("/me/").content.decode()
        bearer = {"Authorization": f"Bearer {secret}"}
        assert Client().get("/me/", headers=bearer).wsgi_request.post == admin
        send(signed, "posts_revoke_token", Token.objects.get().pk)
        assert Client().get("/me/", headers=bearer).wsgi_request.post is None
        far = send(signed, "posts_token", **{**fields, "command": uuid4(), "expires_at": until + timedelta(days=999)})
        assert "expires_at" in far.context["token"].errors

    def test_one_session_is_ended_and_only_ones_own(self, signed, admin):
        lost = factories.sign_in(Client(), admin)
        session = UserSession.objects.create(
            user=admin.person, ip="127.0.0.1", session_key=lost.session.session_key, user_agent="Lost"
        )
        stranger = factories.sign_in(Client(), factories.post(Role.ADMINISTRATOR))
        assert send(stranger, "posts_end_session", session.pk).status_code == 404
        assert lost.get("/me/").status_code == 200
        send(signed, "posts_end_session", session.pk)
        assert lost.get("/me/").status_code == 302
        assert Entry.objects.filter(kind="posts.session_ended").count() == 1

    def test_days_away_and_the_profile_are_ones_own_to_set(self, client, root):
        post = factories.post(Role.HANDLER, root)
        factories.sign_in(client, post)
        today = datetime.now(UTC).date()
        send(client, "posts_away", away_from=today, away_to=today + timedelta(days=2))
        send(client, "posts_profile", phone="0372-5110000", email="", language="en")
        post.person.refresh_from_db()
        assert (post.person.phone, post.person.language) == ("0372-5110000", "en")
        send(client, "posts_back", Absence.objects.get().pk)
        assert not queries.absences(post=post, at=datetime.now(UTC))
        wrong = send(client, "posts_away", away_from=today, away_to=today - timedelta(days=2))
        assert "away_to" in wrong.context["away"].errors

    @pytest.mark.parametrize(
        ("agent", "words"),
        [
            (
                "Mozilla/5.0 (Linux; Android 12) AppleWebKit Chrome/107 Mobile Safari MicroMessenger/8.0",
                "微信 · Android",
            ),
            ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit Chrome/120 Safari Edg/120", "Edge · Windows"),
            ("curl/8", "curl/8"),
            ("", "—"),
        ],
    )
    def test_a_browser_is_named_in_words_people_know(self, agent, words):
        assert browser(agent) == words


class TestMessages:
    def test_the_inbox_is_ones_own_and_a_message_leads_where_it_says(self, client, root, template):  # noqa: F811
        post, other = factories.post(Role.HANDLER, root), factories.post(Role.HANDLER, root)
        (message,) = tell(post, link="/posts/")
        (away,) = tell(post, link="https://evil.example/")
        factories.sign_in(client, other)
        assert client.post(reverse("inbox_open", args=[message.pk])).status_code == 404
        assert client.get("/messages/").context["rows"] == []
        factories.sign_in(client, post)
        assert client.get("/messages/").context["unread"] == 2
        assert client.post(reverse("inbox_open", args=[message.pk]))["Location"] == "/posts/"
        assert client.post(reverse("inbox_open", args=[away.pk]))["Location"] == "/messages/"
        tell(post)
        send(client, "inbox_read")
        assert client.get("/messages/").context["unread"] == 0

    def test_what_was_sent_is_for_those_who_look_after_it_and_in_the_demo_for_all(
        self,
        client,
        signed,
        admin,
        root,
        settings,
        template,  # noqa: F811
    ):
        post = factories.post(Role.HANDLER, root)
        tell(post)
        tell(factories.post(Role.HANDLER))
        assert [row["to"] for row in signed.get("/messages/sent/").context["rows"]] == [str(post.person)]
        factories.sign_in(client, post)
        assert client.get("/messages/sent/").status_code == 403
        settings.DEMO = True
        assert len(client.get("/messages/sent/").context["rows"]) == 1

    def test_a_message_is_given_up_or_tried_again_by_the_administrator(self, signed, root, template):  # noqa: F811
        post = factories.post(Role.HANDLER, root)
        from tests.foundation.outbox.test_outbox import contact

        (message,) = tell(post, to=contact(post))
        send(signed, "outbox_act", message.pk, "cancel")
        assert Message.objects.get(pk=message.pk).state == "cancelled"
        assert send(signed, "outbox_act", message.pk, "explode").status_code == 404

    def test_the_way_of_sending_is_set(self, signed, root, template):  # noqa: F811
        send(signed, "outbox_settings", quiet_from="21:30", quiet_to="06:00", urgent_channels=["email"])
        send(signed, "outbox_gateway", name="短信", kind="sms", url="http://127.0.0.1:9/", method="POST",
             headers='{"X": "{secret_SMS}"}', body='{"to": "{phone}"}', enabled="on")  # fmt: skip
        gateway = Gateway.objects.get()
        assert (gateway.headers, gateway.body) == ({"X": "{secret_SMS}"}, {"to": "{phone}"})
        page = reverse("outbox_gateway_one", args=[gateway.pk])
        assert "{secret_SMS}" in signed.get(page).content.decode()
        wrong = send(signed, "outbox_gateway", name="x", kind="sms", url="ftp://x/", method="POST", body="{not json")
        assert set(wrong.context["form"].errors) == {"body"}
        wrong = send(signed, "outbox_gateway", name="x", kind="sms", url="ftp://x/", method="POST")
        assert set(wrong.context["form"].errors) == {"url"}
        send(signed, "outbox_wording", "test.told", "zh-hans", subject="请办 {number}", body="{text}")
        assert Wording.objects.get().subject == "请办 {number}"
        send(signed, "outbox_wording", "test.told", "zh-hans", subject="x", body="x", reset="1")
        assert not Wording.objects.exists()
        assert (
            "subject"
            in send(signed, "outbox_wording", "test.told", "en", subject="{nonsense}", body="x").context["form"].errors
        )
        stranger = factories.sign_in(Client(), factories.post(Role.ADMINISTRATOR))
        assert stranger.get(page).status_code == 404


def test_every_page_is_closed_to_strangers_and_to_nobody(client, admin, root):
    """As every role of another jurisdiction nothing is read or written; without a session one signs in."""
    post = factories.post(Role.HANDLER, root, factories.unit(area=root))
    volunteer = operations.add_volunteer(unit_id=post.unit_id, name="张", by=admin, at=datetime.now(UTC))
    token, _secret = operations.issue_token(
        post=post,
        name="x",
        scopes=["read"],
        expires_at=datetime.now(UTC) + timedelta(days=1),
        by=post,
        at=datetime.now(UTC),
    )
    reads = [("posts_one", post.pk), ("people_one", post.person_id), ("units_one", post.unit_id)]
    writes = [
        *(("posts_act", post.pk, what) for what in ("end", "change", "deputy", "away")),
        *(("people_act", post.person_id, what) for what in ("change", "password", "disable", "enable")),
        *(("units_act", post.unit_id, what) for what in ("change", "close", "volunteer")),
        ("volunteers_end", volunteer.pk),
        ("posts_revoke_token", token.pk),
    ]
    every = {
        "end-reason": "x", "change-reason": "x", "deputy-person": str(admin.person_id), "deputy-stands_in": "away",
        "away-away_from": "2030-01-01", "away-away_to": "2030-01-02", "name": "x", "password": "a long new phrase",
        "reason": "x", "kind": "team", "volunteer-name": "x",
    }  # fmt: skip
    before = Entry.objects.count()
    for name, *args in (*reads, *writes):
        assert reverse("account_login") in client.get(reverse(name, args=args))["Location"]
    elsewhere = factories.tree(name="别区", prefix="999999")
    for role in Role:
        stranger = factories.sign_in(Client(), factories.post(role, elsewhere))
        for name, *args in reads:
            assert stranger.get(reverse(name, args=args)).status_code in {403, 404}
        for name, *args in writes:
            assert send(stranger, name, *args, **every).status_code in {403, 404}, (role, name)
    assert Entry.objects.exclude(kind="posts.signed_in").count() == before


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_page_speaks_both_languages(signed, root, language, template):  # noqa: F811
    signed.cookies["django_language"] = language
    post = factories.post(Role.HANDLER, root, factories.unit(area=root))
    for address in (
        "/me/", "/posts/", "/posts/appoint/", "/posts/hand-over/", "/posts/sign-in/", f"/posts/{post.pk}/", "/people/",
        "/people/new/", f"/people/{post.person_id}/", "/units/", "/units/new/", f"/units/{post.unit_id}/", "/messages/",
        "/messages/sent/", "/messages/settings/", "/messages/settings/gateway/",
        "/messages/settings/wording/test.told/en/",
    ):  # fmt: skip
        page = signed.get(address)
        assert page.status_code == 200, address
        assert f'lang="{"zh" if language.startswith("zh") else "en"}' in page.content.decode().lower()
        assert page.content.decode().count("<h1") == 1, address
