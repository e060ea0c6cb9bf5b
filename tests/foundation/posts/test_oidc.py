"""Signing in through the district's own service, played by a small server of the test."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse

import pytest

from qipan.foundation.posts.models import Person
from qipan.foundation.posts.rules import Role
from tests import factories

pytestmark = pytest.mark.django_db
LOGIN = "/accounts/oidc/district/login/"


class Service(ThreadingHTTPServer):
    """Answers discovery, token and user-info requests for one subject."""

    claims: dict[str, str]
    forms: list[dict[str, list[str]]]

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Service

    def log_message(self, *_: object) -> None: ...

    def answer(self, body: object) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def do_GET(self) -> None:
        here = self.server.address
        if self.path.startswith("/.well-known"):
            self.answer(
                {
                    "issuer": here,
                    "authorization_endpoint": f"{here}/authorize",
                    "token_endpoint": f"{here}/token",
                    "userinfo_endpoint": f"{here}/me",
                    "jwks_uri": f"{here}/keys",
                    "token_endpoint_auth_methods_supported": ["client_secret_post"],
                }
            )
        else:
            self.answer(self.server.claims)

    def do_POST(self) -> None:
        self.server.forms.append(parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        self.answer({"access_token": "opaque", "token_type": "Bearer"})


@pytest.fixture
def service(settings) -> Iterator[Service]:
    server = Service(("127.0.0.1", 0), Handler)
    server.claims, server.forms = {"sub": "42", "preferred_username": "wang.li"}, []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    app = {
        "provider_id": "district",
        "name": "政务统一认证",
        "client_id": "qipan",
        "secret": "s3cret",
        "settings": {"server_url": f"{server.address}/.well-known/openid-configuration"},
    }
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}}
    yield server
    server.shutdown()
    server.server_close()


def come_back(client):
    """Start at the sign-in page, return from the service with a code."""
    there = client.post(LOGIN)
    assert there.status_code == 302
    query = parse_qs(urlparse(there["Location"]).query)
    assert query["code_challenge_method"] == ["S256"]
    return client.get(f"{LOGIN}callback/", {"code": "abc", "state": query["state"][0]})


def signed_in(client):
    return client.get("/nowhere").wsgi_request.post


def test_somebody_known_by_user_name_is_signed_in(client, service):
    post = factories.post(Role.HANDLER, person=factories.person(district=None, username="wang.li"))
    assert come_back(client).status_code == 302
    assert signed_in(client) == post
    assert service.forms[0]["code_verifier"]
    client.logout()
    service.claims["preferred_username"] = "renamed.there"
    come_back(client)
    assert signed_in(client) == post


def test_somebody_unknown_or_disabled_stays_outside_and_nobody_is_created(client, service):
    assert come_back(client).status_code == 403
    factories.person(username="wang.li", is_active=False)
    assert come_back(client).status_code == 403
    assert not client.get("/nowhere").wsgi_request.user.is_authenticated
    assert Person.objects.count() == 1


def test_a_second_subject_cannot_take_over_the_same_account(client, service):
    factories.post(Role.HANDLER, person=factories.person(username="wang.li"))
    come_back(client)
    client.logout()
    service.claims["sub"] = "43"
    assert come_back(client).status_code == 403
    assert signed_in(client) is None


def test_a_forged_state_is_refused(client, service):
    factories.post(Role.HANDLER, person=factories.person(username="wang.li"))
    client.post(LOGIN)
    client.get(f"{LOGIN}callback/", {"code": "abc", "state": "forged"})
    assert signed_in(client) is None
    assert service.forms == []
