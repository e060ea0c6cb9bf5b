"""What an installation that people depend on must not be set to."""

from __future__ import annotations

import pytest

from qipan.assembly import production

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("addresses", ["*", "10.0.0.1, *", "0.0.0.0/0", "::/0"])
def test_not_every_caller_may_say_who_they_are(monkeypatch: pytest.MonkeyPatch, addresses: str) -> None:
    monkeypatch.setenv("QIPAN_PROXY_ADDRESSES", addresses)
    assert any("QIPAN_PROXY_ADDRESSES" in problem for problem in production.problems())


@pytest.mark.parametrize("addresses", ["", "127.0.0.1", "10.0.0.1,10.0.0.0/24"])
def test_named_proxies_may(monkeypatch: pytest.MonkeyPatch, addresses: str) -> None:
    monkeypatch.setenv("QIPAN_PROXY_ADDRESSES", addresses)
    assert not any("QIPAN_PROXY_ADDRESSES" in problem for problem in production.problems())
