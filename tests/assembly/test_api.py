"""The API's frame: who is let in, what a refusal looks like, writes under a key, the document and its page."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.test import Client

from qipan.assembly import api as api_module
from qipan.foundation.journal.models import Entry
from qipan.foundation.posts import operations
from qipan.foundation.posts.models import Shift
from qipan.foundation.refusals import Conflict
from tests import factories

pytestmark = pytest.mark.django_db
AT = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)


@pytest.fixture
def post():
    return factories.post("dispatcher", factories.tree("甲区"))


@pytest.fixture
def bearer(post):
    now = datetime.now(UTC)
    _token, secret = operations.issue_token(
        post=post, name="t", scopes=["read", "write"], expires_at=now + timedelta(days=1), by=post, at=now
    )
    return {"authorization": f"Bearer {secret}"}


def key() -> dict[str, str]:
    return {"idempotency-key": str(uuid4())}


def test_nobody_is_let_in_without_a_session_or_a_token(client):
    answer = client.get("/api/v1/posts/me", headers={"accept-language": "en"})
    assert answer.status_code == 401
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json() == {
        "type": "about:blank",
        "title": "Not signed in",
        "status": 401,
        "code": "not-signed-in",
        "detail": "Sign in first, or send the token of a post in force.",
    }


def test_a_refusal_is_said_in_the_readers_language(client):
    answer = client.get("/api/v1/posts/me", headers={"accept-language": "zh-CN"})
    assert answer.json()["detail"] == "请先登录，或使用在任岗位的令牌。"


def test_a_token_and_a_session_act_as_the_same_post(client, bearer, post):
    by_token = client.get("/api/v1/posts/me", headers=bearer).json()
    by_session = factories.sign_in(client, post).get("/api/v1/posts/me").json()
    assert by_token["post"]["id"] == by_session["post"]["id"] == str(post.pk)


def test_a_write_by_a_session_needs_the_form_token(post):
    client = factories.sign_in(Client(enforce_csrf_checks=True), post)
    answer = client.post("/api/v1/posts/me/shift", headers=key())
    assert (answer.status_code, answer.json()["code"]) == (403, "no-form-token")
    assert not Shift.objects.exists()


def test_a_cookie_beside_a_wrong_token_opens_nothing(client, post):
    factories.sign_in(client, post)
    assert client.get("/api/v1/posts/me", headers={"authorization": "Bearer qipan_wrong"}).status_code == 401


@pytest.mark.parametrize("given", ["", "1", "not-a-uuid"])
def test_a_write_without_a_key_is_refused_and_changes_nothing(client, bearer, given):
    answer = client.post("/api/v1/posts/me/shift", headers=bearer | {"idempotency-key": given})
    assert (answer.status_code, answer.json()["code"]) == (400, "key-missing")
    assert not Shift.objects.exists()


def test_the_same_write_ten_times_happens_once(client, bearer):
    headers = bearer | key()
    answers = [client.post("/api/v1/posts/me/shift", headers=headers) for _ in range(10)]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert [answer.headers.get("Idempotent-Replayed") for answer in answers] == [None] + ["true"] * 9
    assert Shift.objects.count() == 1
    assert Entry.objects.filter(kind="posts.shift_opened").count() == 1


def test_a_key_used_for_something_else_is_refused(client, bearer):
    headers = bearer | key()
    client.post("/api/v1/posts/me/shift", headers=headers)
    answer = client.post("/api/v1/posts/me/shift/close", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (409, "command-reused")
    assert Shift.objects.filter(closed_at=None).count() == 1


def test_a_refused_write_may_be_sent_again_under_its_key(client, bearer):
    headers = bearer | key()
    assert client.post("/api/v1/posts/me/shift/close", headers=headers).status_code == 409
    client.post("/api/v1/posts/me/shift", headers=bearer | key())
    assert client.post("/api/v1/posts/me/shift/close", headers=headers).status_code == 200


def test_wrong_values_are_named_one_by_one(client, bearer):
    answer = client.get("/api/v1/areas/locate?longitude=200&latitude=x", headers=bearer | {"accept-language": "en"})
    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {"field": "longitude", "message": "Must be 180 or less."},
        {"field": "latitude", "message": "Must be a number."},
    ]


@pytest.mark.parametrize("query", ["text=%00", "cursor=%00", "text=a%00b"])
def test_what_no_text_can_hold_is_refused(client, bearer, query):
    assert client.get(f"/api/v1/areas?{query}", headers=bearer).status_code == 400


@pytest.mark.parametrize(
    ("since", "status"),
    [("2026-05-04T00:00:00-16:08", 200), ("2026-05-04T00:00:00+23:59", 200), ("9999-12-31T23:59:59-14:00", 422)],
)
def test_a_moment_that_the_database_cannot_read_is_counted_in_utc_or_refused(client, bearer, since, status):
    answer = client.get("/api/v1/journal/entries", {"since": since}, headers=bearer)
    assert answer.status_code == status


@pytest.mark.parametrize("cursor", ["x", "bm90IGpzb24", "WzFd", "WyJ4IiwiMiIsIjMiXQ", "W251bGwsbnVsbCxudWxsXQ", "é"])
def test_a_made_up_cursor_is_refused(client, bearer, cursor):
    answer = client.get("/api/v1/areas", {"cursor": cursor}, headers=bearer)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad-cursor")


def test_an_unknown_address_and_a_wrong_method_are_problems_too(client, bearer):
    missing = client.get("/api/v1/there-is-nothing", headers=bearer)
    assert (missing.status_code, missing.json()["code"]) == (404, "not-found")
    wrong = client.delete("/api/v1/posts/me", headers=bearer)
    assert (wrong.status_code, wrong.json()["code"]) == (405, "method-not-allowed")
    assert wrong.headers["Allow"]


def test_a_failure_says_nothing_of_itself(bearer, monkeypatch):
    monkeypatch.setattr("qipan.foundation.areas.queries.search", lambda **_: 1 / 0)
    answer = Client(raise_request_exception=False).get("/api/v1/areas", headers=bearer)
    assert (answer.status_code, answer.json()["code"]) == (500, "broken")
    assert "division" not in answer.content.decode()


def test_requests_of_nobody_are_limited(client, monkeypatch):
    monkeypatch.setattr(api_module, "ANONYMOUS_REQUESTS", 3)
    codes = [client.get("/api/v1/posts/me").status_code for _ in range(5)]
    assert codes[:3] == [401] * 3
    assert codes[-1] == 429


def test_the_limit_of_nobody_is_not_that_of_a_post(client, bearer, monkeypatch):
    monkeypatch.setattr(api_module, "ANONYMOUS_REQUESTS", 0)
    assert client.get("/api/v1/posts/me", headers=bearer).status_code == 200


def test_pages_hold_every_row_once(client, bearer, post):
    seen, cursor = [], ""
    while True:
        page = client.get("/api/v1/areas", {"limit": 4, "cursor": cursor}, headers=bearer).json()
        seen += [row["id"] for row in page["items"]]
        cursor = page["next"]
        if not cursor:
            break
    assert len(seen) == len(set(seen)) == 1 + 2 + 4 + 8


@pytest.mark.parametrize("path", ["areas", "posts", "posts/units", "journal/entries"])
def test_lists_are_turned_back_by_previous(client, bearer, post, path):
    for _ in range(4):
        factories.post("handler", post.district, factories.unit(area=post.district))
    for what in ("", "/close"):
        client.post(f"/api/v1/posts/me/shift{what}", headers=bearer | key())

    def asked(cursor=""):
        return client.get(f"/api/v1/{path}", {"limit": 1, "cursor": cursor}, headers=bearer).json()

    first = asked()
    second = asked(first["next"])
    assert first["items"] != second["items"]
    assert asked(second["previous"]) == first
    assert first["previous"] == ""


def test_the_journal_is_followed_by_its_cursor(client, bearer, post):
    from qipan.foundation.journal import sequencer

    client.post("/api/v1/posts/me/shift", headers=bearer | key())
    sequencer.drain()
    first = client.get("/api/v1/journal/positions", headers=bearer).json()
    assert first["items"][-1]["kind"] == "posts.shift_opened"
    assert client.get("/api/v1/journal/positions", {"cursor": first["next"]}, headers=bearer).json()["items"] == []
    client.post("/api/v1/posts/me/shift/close", headers=bearer | key())
    sequencer.drain()
    then = client.get("/api/v1/journal/positions", {"cursor": first["next"]}, headers=bearer).json()
    assert [entry["kind"] for entry in then["items"]] == ["posts.shift_closed"]


def test_a_refusal_that_a_page_does_not_catch_is_a_page_or_a_toast(client, monkeypatch):
    def refuse():
        raise Conflict

    monkeypatch.setattr("qipan.assembly.style_page._content", refuse)
    page = client.get("/style/", headers={"accept-language": "en"})
    assert page.status_code == 409
    assert "data-problem" in page.content.decode()
    toast = client.get("/style/", headers={"accept-language": "en", "hx-request": "true"})
    assert toast.status_code == 409
    assert toast.json()["detail"] == "This is not possible in the present state."


@pytest.mark.parametrize(("language", "words"), [("en", "Interface for programs"), ("zh-hans", "程序接口")])
def test_the_docs_page_needs_nothing_from_elsewhere(client, language, words):
    page = client.get("/api/v1/docs", {"language": language})
    text = page.content.decode()
    assert words in text
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    assert "https://" not in text
    assert "cdn" not in text
    for name in ("/static/ninja/swagger-ui-bundle.js", "/static/api-docs.js", "/static/ninja/swagger-ui.css"):
        assert name in text
        assert client.get(name).status_code == 200


def test_the_document_is_json_in_both_languages(client):
    english = json.loads(client.get("/api/v1/openapi.json", {"language": "en"}).content)
    chinese = json.loads(client.get("/api/v1/openapi.json", {"language": "zh-hans"}).content)
    assert english["openapi"] == chinese["openapi"] == "3.1.0"
    assert english["paths"].keys() == chinese["paths"].keys()
    assert english["paths"]["/api/v1/posts/me"]["get"]["summary"] == "Who I am here"
    assert chinese["paths"]["/api/v1/posts/me"]["get"]["summary"] == "我的身份"
