"""One's own inbox over the API."""

from __future__ import annotations

from uuid import uuid4

import pytest

from qipan.foundation.outbox import queries
from qipan.foundation.posts.rules import Role
from tests import factories
from tests.foundation.outbox.test_outbox import tell

pytestmark = pytest.mark.django_db
INBOX = "/api/v1/messages"


@pytest.fixture
def post(client):
    post = factories.post(Role.HANDLER)
    factories.sign_in(client, post)
    return post


def read(client, *ids, key=None):
    return client.post(
        f"{INBOX}/read",
        {"ids": [str(one) for one in ids]},
        content_type="application/json",
        headers={"Idempotency-Key": str(key or uuid4())},
    )


def test_ones_own_messages_come_page_by_page_newest_first(client, post, template):
    told = [tell(post)[0] for _ in range(3)]
    tell(factories.post(Role.HANDLER, post.area))
    page = client.get(INBOX, {"limit": 2}).json()
    rest = client.get(INBOX, {"limit": 2, "cursor": page["next"]}).json()
    ids = [row["id"] for row in page["items"] + rest["items"]]
    assert sorted(ids) == sorted(str(one.pk) for one in told)
    assert rest["next"] == ""
    assert client.get(INBOX, {"limit": 2, "cursor": rest["previous"]}).json() == page
    assert page["previous"] == ""


def test_reading_happens_once_and_touches_nobody_elses(client, post, template):
    one, two = tell(post)[0], tell(post)[0]
    other = factories.post(Role.HANDLER, post.area)
    (foreign,) = tell(other)
    key = uuid4()
    assert read(client, one.pk, foreign.pk, key=key).json() == {"read": 1}
    again = read(client, one.pk, foreign.pk, key=key)
    assert (again.json(), again.headers["Idempotent-Replayed"]) == ({"read": 1}, "true")
    assert queries.unread(person=other.person) == 1
    assert queries.unread(person=post.person) == 1
    assert read(client).json() == {"read": 1}
    two.refresh_from_db()
    assert two.read_at is not None


def test_nobody_and_whoever_has_no_key_is_refused(client, post, template):
    tell(post)
    assert client.post(f"{INBOX}/read", {}, content_type="application/json").status_code == 400
    client.logout()
    assert client.get(INBOX).status_code == 401
