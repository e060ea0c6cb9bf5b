"""The main navigation: each post sees what it may do, and the page it is on."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.test import RequestFactory
from django.urls import NoReverseMatch, reverse

from qipan.assembly import navigation
from qipan.assembly.navigation import Entry

ENTRIES = (
    Entry("work", "usersessions_list", order=10, icon="inbox"),
    Entry("second factor", "mfa_index", group="rules", roles=frozenset({"auditor"})),
    Entry("password", "account_change_password", group="system", ability="x.do"),
    Entry("accounts", "posts_demo", group="district"),
)


def seen(monkeypatch, *, role="dispatcher", may=(), path="/", entries=ENTRIES):
    monkeypatch.setattr(navigation, "entries", cache(lambda: entries))  # registering empties the cache
    request = RequestFactory().get(path)
    request.post = SimpleNamespace(role=role, may=lambda ability: ability in may)
    return {str(line["label"]): line for group in navigation.groups(request) for line in group["entries"]}


def test_a_post_sees_what_is_everybodys(monkeypatch):
    assert list(seen(monkeypatch)) == ["work", "accounts"]


def test_a_role_sees_its_own(monkeypatch):
    assert "second factor" in seen(monkeypatch, role="auditor")


def test_an_ability_shows_what_needs_it(monkeypatch):
    assert "password" in seen(monkeypatch, may={"x.do"})


def test_nobody_sees_nothing():
    request = RequestFactory().get("/")
    request.post = None
    assert navigation.groups(request) == []


def test_the_page_one_is_on_is_marked_by_the_longest_address(monkeypatch):
    lines = seen(monkeypatch, path=f"{reverse('usersessions_list')}123/")
    assert [label for label, line in lines.items() if line["active"]] == ["work"]


def test_a_name_that_leads_nowhere_is_a_mistake(monkeypatch):
    with pytest.raises(NoReverseMatch):
        seen(monkeypatch, entries=(Entry("x", "no_such_page"),))


def test_every_entry_of_every_room_leads_somewhere_and_has_an_icon():
    icons = (Path(navigation.__file__).parent / "static/icons.svg").read_text()
    for entry in navigation.entries():
        assert reverse(entry.url_name)
        assert entry.group in navigation.GROUPS
        assert f'id="{entry.icon}"' in icons


def test_a_page_that_lies_elsewhere_belongs_to_the_entry_that_covers_it(monkeypatch):
    accounts = Entry("accounts", "account_login", order=1)
    work = Entry("work", "usersessions_list", covers=("mfa_index",))
    lines = seen(monkeypatch, path=reverse("mfa_index"), entries=(accounts, work))
    assert [label for label, line in lines.items() if line["active"]] == ["work"]
