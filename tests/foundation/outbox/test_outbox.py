"""What is told to whom, when it may go out, and that it neither gets lost nor comes twice."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from qipan.foundation.journal.models import Entry
from qipan.foundation.journal.rules import SYSTEM, About
from qipan.foundation.outbox import operations, queries, rules, templates, worker
from qipan.foundation.outbox.models import Message, Policy
from qipan.foundation.outbox.operations import Contact
from qipan.foundation.posts.access import NotYours
from qipan.foundation.posts.rules import Role
from qipan.foundation.refusals import NotFound
from qipan.foundation.vault import operations as vault
from qipan.foundation.vault.models import Look
from tests import factories
from tests.foundation.outbox.conftest import body_of

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)  # 12:00 in Shanghai
NIGHT = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)  # 23:00
MORNING = datetime(2026, 3, 2, 23, 0, tzinfo=UTC)  # 07:00 the day after
SIGN = "klgEfHJHH1HI7onbT%2BEntIGCxutC3pPJ%2FesEM6zMe%2Bw%3D"


@pytest.fixture
def post():
    root = factories.district()
    person = factories.person(district=root, email="wang@example.org", phone="13800138000")
    return factories.post(Role.HANDLER, root, unit=factories.unit(area=root), person=person)


@pytest.fixture
def admin(post):
    return factories.post(Role.ADMINISTRATOR, post.area)


def thing(post) -> About:
    return About("test.thing", None, "a thing", post.district_id, (post.district_id,))


def tell(post, to=None, at=NOON, **more):
    values = {"template": "test.told", "context": {"number": "QP-1", "text": "看一下"}, "about": thing(post), **more}
    return operations.send(to=to or post, at=at, **values)


def gateway(admin, server, **more):
    values = {
        "name": "sms",
        "kind": "sms",
        "url": f"{server.address}/send",
        "body": {"mobile": "{phone}", "content": "【棋盘】{text}", "nested": [{"id": "{id}"}]},
        **more,
    }
    return operations.set_gateway(**values, by=admin, at=NOON)


def card(post, phone="13900139000"):
    return vault.seal(
        district_id=post.district_id,
        purpose="reporter",
        retention="case",
        about=("test.thing", None),
        fields={"phone": phone},
        by=SYSTEM,
        at=NOON,
    )


def contact(post) -> Contact:
    return Contact(card_id=card(post).pk, district_id=post.district_id)


def test_staff_get_it_in_the_application_at_once_and_read_it(post, template):
    (message,) = tell(post, link="/incidents/1/")
    assert (message.channel, message.state, message.sent_at) == ("app", "sent", NOON)
    assert [row.body for row in queries.inbox(person=post.person).items] == ["QP-1: 看一下"]
    assert queries.unread(person=post.person) == 1
    other = factories.post(area=post.area)
    assert operations.mark_read(by=other, at=NOON, message_ids=[message.pk]) == 0
    assert operations.mark_read(by=post, at=NOON) == 1
    assert operations.mark_read(by=post, at=NOON) == 0
    assert queries.unread(person=post.person) == 0


def test_a_message_is_there_only_if_what_it_tells_has_happened(post, template):
    with pytest.raises(RuntimeError), transaction.atomic():
        tell(post)
        raise RuntimeError
    assert not Message.objects.exists()


def test_a_unit_is_everybody_who_holds_a_post_there_once(post, template):
    factories.post(Role.DISPATCHER, post.area, post.unit, person=post.person)
    second = factories.post(Role.HANDLER, post.area, post.unit)
    factories.post(Role.HANDLER, post.area, post.unit, valid_to=NOON - timedelta(days=1))
    factories.post(Role.HANDLER, post.area, post.unit, person=factories.person(district=post.area, is_active=False))
    told = tell(post, to=post.unit)
    assert {message.to_person for message in told} == {post.person, second.person}
    assert len(told) == 2


def test_the_same_thing_is_told_once_however_often_it_is_sent(post, template):
    assert len(tell(post, dedupe="duty-1:warned")) == 1
    assert tell(post, dedupe="duty-1:warned") == []
    assert len(tell(post, dedupe="duty-2:warned")) == 1
    assert len(tell(post)) == 1
    assert Message.objects.count() == 3


def test_numbers_never_leave_in_a_text(post, template):
    (message,) = tell(post, context={"number": "QP-1", "text": "打 13800138000，身份证 11010519491231002X"})
    assert "13800138000" not in message.body
    assert "11010519491231002X" not in message.body


def test_a_number_at_the_end_of_a_long_subject_is_masked_before_it_is_cut(post, template):
    (message,) = tell(post, context={"number": "字" * 179 + "13800138000", "text": ""})
    assert "138001380" not in message.subject
    assert len(message.subject) <= 200


def test_each_reader_gets_the_language_they_chose(post, template):
    english = factories.post(
        Role.HANDLER, post.area, post.unit, person=factories.person(district=post.area, language="en")
    )
    tell(post, to=post.unit)
    assert queries.inbox(person=english.person).items[0].subject == "Message of QP-1"
    assert queries.inbox(person=post.person).items[0].language == "zh-hans"


def test_a_district_words_a_message_its_own_way(post, admin, template):
    operations.set_wording(
        template="test.told", language="zh-hans", subject="请办 {number}", body="{text}。", by=admin, at=NOON
    )
    assert tell(post)[0].subject == "请办 QP-1"
    stranger = factories.post()
    assert tell(stranger)[0].subject != "请办 QP-1"
    operations.clear_wording(template="test.told", language="zh-hans", by=admin, at=NOON)
    assert tell(post)[0].subject != "请办 QP-1"


def test_a_wording_with_an_unknown_place_or_from_a_handler_is_refused(post, admin, template):
    words = {"template": "test.told", "language": "zh-hans", "subject": "x", "at": NOON}
    with pytest.raises(rules.UnknownPlace):
        operations.set_wording(**words, body="{text.__class__} {secret}", by=admin)
    with pytest.raises(operations.Incomplete):
        operations.set_wording(**words, body=" ", by=admin)
    with pytest.raises(operations.NoSuchTemplate):
        operations.set_wording(**{**words, "template": "test.other"}, body="x", by=admin)
    with pytest.raises(NotYours):
        operations.set_wording(**words, body="x", by=post)
    assert not Entry.objects.exists()


def test_a_template_that_names_an_unknown_place_does_not_start():
    with pytest.raises(ValueError, match=r"test\.bad"):
        templates.register(name="test.bad", title="", subject="{a}", body="{b}", places={"a"})


def test_what_is_filled_in_is_never_looked_into():
    assert rules.fill("{a} {b} {a.x} {0}", {"a": "{b}", "b": "1"}) == "{b} 1 {a.x} "
    assert rules.fill_tree({"x": ["{a}", 1]}, {"a": '"}, {"evil": "1'}) == {"x": ['"}, {"evil": "1', 1]}


class TestQuietHours:
    @given(
        at=st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2030, 1, 1)),  # noqa: DTZ001
        first=st.times(),
        last=st.times(),
    )
    def test_what_is_let_through_is_never_in_the_quiet_hours_and_waits_a_day_at_most(self, at, first, last):
        at = at.replace(tzinfo=UTC)
        out = rules.after_quiet(at, quiet_from=first, quiet_to=last)
        assert at <= out <= at + timedelta(days=1)
        assert rules.after_quiet(out, quiet_from=first, quiet_to=last) == out
        local = out.astimezone(rules.TIME_ZONE).time()
        if first < last:
            assert not first <= local < last
        elif first > last:
            assert last <= local < first
        else:
            assert out == at

    def test_an_ordinary_message_waits_for_the_morning_and_an_urgent_one_does_not(
        self, post, admin, template, gateway_server
    ):
        gateway(admin, gateway_server)
        (ordinary,) = tell(post, to=contact(post), at=NIGHT)
        (urgent,) = tell(post, to=contact(post), at=NIGHT, urgent=True)
        assert (ordinary.not_before, urgent.not_before) == (MORNING, NIGHT)
        assert worker.deliver(NIGHT) == 1
        assert worker.deliver(MORNING - timedelta(seconds=1)) == 0
        assert worker.deliver(MORNING) == 1
        assert len(gateway_server.got) == 2

    def test_a_message_that_comes_back_into_the_quiet_hours_waits_too(self, post, admin, template, gateway_server):
        gateway(admin, gateway_server)
        (message,) = tell(post, to=contact(post), at=NOON)
        assert worker.deliver(NIGHT) == 0
        message.refresh_from_db()
        assert (message.state, message.not_before, message.tries) == ("queued", MORNING, 0)

    def test_a_district_sets_its_own(self, post, admin, template):
        operations.set_policy(
            quiet_from=time(0), quiet_to=time(0), staff_channels=["email"], urgent_channels=[], by=admin, at=NOON
        )
        told = tell(post, at=NIGHT)
        assert [(row.channel, row.not_before) for row in told] == [("app", NIGHT), ("email", NIGHT)]
        assert Entry.objects.filter(kind="outbox.policy_set").count() == 1


class TestGateway:
    def test_a_resident_gets_a_text_message_and_the_look_into_the_vault_is_journalled(
        self, post, admin, template, gateway_server, monkeypatch
    ):
        monkeypatch.setenv("QIPAN_SECRET_SMS", "s3cret")
        gateway(admin, gateway_server, headers={"Authorization": "Key {secret_SMS}"})
        (message,) = tell(post, to=contact(post))
        assert gateway_server.got == []
        assert worker.deliver(NOON) == 1
        (call,) = gateway_server.got
        assert body_of(call) == {
            "mobile": "13900139000",
            "content": "【棋盘】QP-1: 看一下",
            "nested": [{"id": str(message.pk)}],
        }
        assert call["headers"]["Authorization"] == "Key s3cret"
        assert call["headers"]["Idempotency-Key"] == str(message.pk)
        message.refresh_from_db()
        assert (message.state, message.sent_at, message.tries) == ("sent", NOON, 1)
        assert Look.objects.filter(card_id=message.to_address_card_id, ground="system").count() == 1
        assert worker.deliver(NOON) == 0
        assert "13900139000" not in str([vars(row) for row in (*Message.objects.all(), *Entry.objects.all())])

    def test_a_text_cannot_break_out_of_the_body(self, post, admin, template, gateway_server):
        gateway(admin, gateway_server)
        tell(post, to=contact(post), context={"number": "1", "text": '"}, "mobile": "13700137000'})
        worker.deliver(NOON)
        assert body_of(gateway_server.got[0])["mobile"] == "13900139000"

    def test_a_dingtalk_robot_is_signed_and_its_errcode_read(self, post, admin, template, gateway_server, monkeypatch):
        monkeypatch.setenv("QIPAN_SECRET_DING", "SEC1")
        gateway(
            admin,
            gateway_server,
            name="robot",
            kind="robot",
            unit=post.unit,
            url=f"{gateway_server.address}/robot/send?access_token=x",
            body={"msgtype": "text", "text": {"content": "{text}"}},
            sign_with="DING",
            success_field="errcode",
            success_value="0",
        )
        gateway_server.answers = [(200, {}, b'{"errcode": 310000}'), (200, {}, b'{"errcode": 0}')]
        told = [row for row in tell(post, to=post.unit) if row.channel == "http"]
        worker.deliver(NOON)
        told[0].refresh_from_db()
        assert (told[0].state, told[0].last_error) == ("queued", "errcode 310000")
        worker.deliver(told[0].not_before)
        told[0].refresh_from_db()
        assert told[0].state == "sent"
        # HMAC-SHA256 of "1772424000000\nSEC1" under SEC1, computed with openssl
        assert gateway_server.got[0]["path"].endswith("&timestamp=1772424000000&sign=" + SIGN)

    def test_a_failure_is_tried_again_later_and_later_and_ends_as_a_dead_letter(
        self, post, admin, template, gateway_server
    ):
        operations.set_policy(
            quiet_from=time(0), quiet_to=time(0), staff_channels=[], urgent_channels=[], by=admin, at=NOON
        )
        gateway(admin, gateway_server)
        gateway_server.answers = [(503, {}, b"")] * rules.MOST_TRIES
        (message,) = tell(post, to=contact(post))
        now, waits = NOON, []
        for _ in range(rules.MOST_TRIES):
            assert worker.deliver(now - timedelta(seconds=1)) == 0
            assert worker.deliver(now) == 1
            message.refresh_from_db()
            waits.append(message.not_before - now)
            now = max(message.not_before, now)
        assert (message.state, message.last_error, message.tries) == ("failed", "HTTP 503", rules.MOST_TRIES)
        growing = waits[:-1]
        assert growing[0] >= rules.FIRST_WAIT
        assert all(later > earlier for earlier, later in pairwise(growing[:7]))
        assert max(growing) <= rules.LONGEST_WAIT * 5 / 4
        assert worker.deliver(now + timedelta(days=1)) == 0
        assert Entry.objects.filter(kind="outbox.failed", about_id=message.pk).count() == 1
        operations.retry(message_id=message.pk, by=admin, at=now)
        assert worker.deliver(now) == 1
        message.refresh_from_db()
        assert message.state == "sent"
        with pytest.raises(operations.NotWaiting):
            operations.retry(message_id=message.pk, by=admin, at=now)

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 302])
    def test_what_will_never_work_is_not_tried_again(self, post, admin, template, gateway_server, status):
        gateway(admin, gateway_server)
        gateway_server.answers = [(status, {"Location": "http://127.0.0.1:1/"}, b"")]
        (message,) = tell(post, to=contact(post))
        worker.deliver(NOON)
        message.refresh_from_db()
        assert (message.state, message.last_error) == ("failed", f"HTTP {status}")
        assert len(gateway_server.got) == 1

    def test_a_gateway_that_asks_to_wait_is_left_alone(self, post, admin, template, gateway_server):
        gateway(admin, gateway_server)
        gateway_server.answers = [(429, {"Retry-After": "120"}, b"")]
        (message,) = tell(post, to=contact(post))
        worker.deliver(NOON)
        message.refresh_from_db()
        assert message.not_before == NOON + timedelta(seconds=120)

    def test_a_gateway_that_never_answers_is_given_up(self, post, admin, template, gateway_server, settings):
        settings.GATEWAY_TIMEOUT = 0.2
        gateway(admin, gateway_server)
        gateway_server.hold.clear()
        (message,) = tell(post, to=contact(post))
        worker.deliver(NOON)
        message.refresh_from_db()
        assert (message.state, message.last_error) == ("queued", "ReadTimeout")

    def test_a_gateway_that_answers_without_end_is_given_up(self, post, admin, template, gateway_server, settings):
        settings.GATEWAY_TIMEOUT = 0.3
        gateway(admin, gateway_server)
        gateway_server.drip, gateway_server.answers = 0.1, [(200, {}, b"." * 20)]
        (message,) = tell(post, to=contact(post))
        worker.deliver(NOON)
        message.refresh_from_db()
        assert (message.state, message.last_error) == ("queued", "the answer takes too long")

    def test_a_number_in_an_answer_is_kept_nowhere_and_holds_up_nobody(
        self, post, admin, template, gateway_server, monkeypatch
    ):
        monkeypatch.setattr(rules, "MOST_TRIES", 1)
        gateway(admin, gateway_server, success_field="code", success_value="0")
        gateway_server.answers = [
            (200, {}, b'{"code": "%s is on a list of those who want no messages"}' % number)
            for number in (b"13900139000", b"about this recipient, 13900139000,")
        ] + [(200, {}, b'{"code": 0}')]
        for _ in range(3):
            tell(post, to=contact(post))
        assert worker.deliver(NOON) == 3
        assert sorted(Message.objects.values_list("state", flat=True)) == ["failed", "failed", "sent"]
        kept = str([vars(row) for row in (*Message.objects.all(), *Entry.objects.all())])
        assert "1390013" not in kept
        assert Entry.objects.filter(kind="outbox.failed").count() == 2

    def test_a_message_that_breaks_in_our_own_hands_holds_up_nobody(
        self, post, admin, template, gateway_server, monkeypatch
    ):
        gateway(admin, gateway_server)
        (broken,) = tell(post, to=contact(post))
        (whole,) = tell(post, to=contact(post))
        use = vault.use

        def sometimes(**asked):
            if asked["card_id"] == broken.to_address_card_id:
                raise RuntimeError
            return use(**asked)

        monkeypatch.setattr(vault, "use", sometimes)
        assert worker.deliver(NOON) == 2
        broken.refresh_from_db()
        whole.refresh_from_db()
        assert (broken.state, broken.last_error, whole.state) == ("queued", "RuntimeError", "sent")

    def test_without_its_secret_or_gateway_or_address_it_says_why(self, post, admin, template, gateway_server):
        (nowhere,) = tell(post, to=contact(post))
        row = gateway(admin, gateway_server, headers={"X": "{secret_NONE}"})
        (secretless,) = tell(post, to=contact(post))
        gone = contact(post)
        (erased,) = tell(post, to=gone)
        vault.erase(card_id=gone.card_id, by=SYSTEM, at=NOON, reason="asked")
        worker.deliver(NOON)
        for message, state, why in (
            (nowhere, "failed", "no gateway"),
            (secretless, "queued", "QIPAN_SECRET_NONE is not set"),
            (erased, "failed", "erased"),
        ):
            message.refresh_from_db()
            assert (message.state, message.last_error) == (state, why)
        assert row.enabled
        assert gateway_server.got == []

    @pytest.mark.parametrize(
        "url",
        [
            "http://sms.example.org/",
            "https://sms.example.org/",
            "file:///etc/passwd",
            "https://127.0.0.1@evil.example/",
            "http://localhost@evil.example/",
        ],
    )
    def test_an_address_the_installation_does_not_allow_is_refused(self, admin, url):
        with pytest.raises(operations.NotSecure):
            operations.set_gateway(name="x", kind="sms", url=url, by=admin, at=NOON)

    def test_an_allowed_host_over_https_is_taken_and_a_place_nothing_fills_is_not(self, admin, settings):
        settings.GATEWAY_HOSTS = ["sms.example.org"]
        operations.set_gateway(name="x", kind="sms", url="https://sms.example.org/{secret_K}", by=admin, at=NOON)
        with pytest.raises(rules.UnknownPlace):
            operations.set_gateway(
                name="y", kind="sms", url="https://sms.example.org/", body={"a": ["{idcard}"]}, by=admin, at=NOON
            )

    def test_a_stranger_cannot_see_or_touch_messages(self, post, admin, template):
        (message,) = tell(post)
        stranger = factories.post(Role.ADMINISTRATOR)
        assert queries.sent(viewer=stranger) == []
        with pytest.raises(NotFound):
            operations.cancel(message_id=message.pk, by=stranger, at=NOON)
        with pytest.raises(NotYours):
            queries.sent(viewer=post)
        assert queries.sent(viewer=admin) == [message]

    def test_a_cancelled_message_does_not_go(self, post, admin, template, gateway_server):
        gateway(admin, gateway_server)
        (message,) = tell(post, to=contact(post))
        operations.cancel(message_id=message.pk, by=admin, at=NOON)
        assert worker.deliver(NOON) == 0
        with pytest.raises(operations.NotWaiting):
            operations.cancel(message_id=message.pk, by=admin, at=NOON)


class TestMail:
    def test_it_goes_by_smtp_with_its_own_id(self, post, template, mail_server):
        Policy.objects.create(district=post.district, staff_channels=["email"])
        message = next(row for row in tell(post, link="/x/") if row.channel == "email")
        worker.deliver(NOON)
        (letter,) = mail_server.letters
        assert f"Message-ID: <{message.pk}@qipan>" in letter
        assert "To: wang@example.org" in letter
        message.refresh_from_db()
        assert message.state == "sent"

    @pytest.mark.parametrize(("answer", "state"), [("550 no such user", "failed"), ("451 try later", "queued")])
    def test_a_refused_recipient_is_final_and_a_busy_server_is_not(self, post, template, mail_server, answer, state):
        mail_server.refusal = answer
        Policy.objects.create(district=post.district, staff_channels=["email"])
        message = next(row for row in tell(post) if row.channel == "email")
        worker.deliver(NOON)
        message.refresh_from_db()
        assert message.state == state

    def test_the_demo_sends_nothing_out_and_shows_it_as_sent(self, post, template, settings):
        settings.DEMO, settings.EMAIL_BACKEND = True, "django.core.mail.backends.dummy.EmailBackend"
        Policy.objects.create(district=post.district, staff_channels=["email"])
        tell(post)
        tell(post, to=contact(post))
        worker.deliver(NOON)
        assert set(Message.objects.values_list("state", flat=True)) == {"sent"}
        settings.DEMO = False
        tell(post)
        worker.deliver(NOON)
        assert Message.objects.filter(state="failed", last_error="no mail server is set").count() == 1


def test_old_messages_are_removed_and_waiting_ones_kept(post, template):
    tell(post)
    (waiting,) = tell(post, to=contact(post))
    assert operations.purge(before=NOON + timedelta(days=1)) == 1
    assert list(Message.objects.all()) == [waiting]


@pytest.mark.parametrize(("language", "name"), [("zh-hans", "中文"), ("en", "English")])
def test_the_page_of_a_wording_says_in_which_language_it_is_written(client, admin, template, language, name):
    page = factories.sign_in(client, admin).get(f"/messages/settings/wording/{template}/{language}/").content.decode()
    assert f'<span class="number">{name}</span>' in page
