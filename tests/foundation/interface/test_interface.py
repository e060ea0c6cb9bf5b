"""What all rooms share: pages by key, refusals beside fields, limits, what commands print."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import click
import pytest
from click.testing import CliRunner
from django import forms
from django.test import RequestFactory
from django.utils import translation

from qipan.foundation.areas.models import Area
from qipan.foundation.interface import console, cursors, limits, problems
from qipan.foundation.interface.forms import refused_into
from qipan.foundation.posts.models import Unit
from qipan.foundation.refusals import Conflict, Forbidden, Invalid, NotFound, TooMany
from tests import factories

AT = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)


class TooShort(Invalid):
    """Write at least {least} words."""


class Words(forms.Form):
    text = forms.CharField()


def test_a_problem_names_its_field_and_row():
    with translation.override("en"):
        found = problems.body(TooShort(field="text", row=7, least=3))
    assert found == {
        "type": "about:blank",
        "title": "Not valid",
        "status": 422,
        "code": "too-short",
        "detail": "Write at least 3 words.",
        "field": "text",
        "row": 7,
    }


def test_a_refusal_stands_beside_the_field_it_names_and_keeps_what_was_typed():
    form = Words({"text": "one"})
    with translation.override("en"), refused_into(form):
        raise TooShort(field="text", least=3)
    assert form.errors == {"text": ["Write at least 3 words."]}
    assert form["text"].value() == "one"


def test_an_operations_name_may_differ_from_the_forms():
    form = Words({"text": "one"})
    with refused_into(form, fields={"body": "text"}):
        raise TooShort(field="body", least=3)
    assert list(form.errors) == ["text"]


def test_a_refusal_without_a_field_stands_above_the_form():
    form = Words({"text": "one"})
    with refused_into(form):
        raise Conflict
    assert list(form.errors) == ["__all__"]


@pytest.mark.parametrize("kind", [NotFound, Forbidden, TooMany])
def test_what_is_not_the_forms_matter_goes_on(kind):
    with pytest.raises(kind), refused_into(Words({"text": "one"})):
        raise kind


@pytest.mark.django_db
@pytest.mark.parametrize("order", [("level", "name", "id"), ("-level", "-id"), ("-level", "name", "id")])
def test_pages_in_any_order_are_the_whole_list_once(order):
    factories.tree("乙区")
    whole = list(Area.objects.order_by(*order))
    seen: list[Area] = []
    cursor = ""
    for _ in range(len(whole)):
        page = cursors.keyset(Area.objects.all(), order=order, after=cursor, limit=4)
        seen += page.items
        cursor = page.next
        if not cursor:
            break
    assert seen == whole


@pytest.mark.django_db
def test_a_row_that_goes_away_does_not_shift_the_next_page():
    where = factories.district()
    for _ in range(8):
        factories.unit(area=where)
    order = ("name", "id")
    first = cursors.keyset(Unit.objects.all(), order=order, limit=3)
    second = cursors.keyset(Unit.objects.all(), order=order, after=first.next, limit=3)
    first.items[0].delete()
    assert cursors.keyset(Unit.objects.all(), order=order, after=first.next, limit=3) == second
    assert len(second.items) == 3


@pytest.mark.parametrize("cursor", ["?", "e30", "WzFd", "a" * 500, "WzEsMiwzXQ"])
def test_a_cursor_of_another_shape_is_refused(cursor):
    with pytest.raises(cursors.BadCursor):
        cursors.decode(cursor, length=2)


@pytest.mark.django_db
def test_a_limit_holds_for_one_address_and_one_window():
    for _ in range(3):
        limits.count("x", "192.0.2.1", most=3, seconds=60, at=AT)
    with pytest.raises(TooMany):
        limits.count("x", "192.0.2.1", most=3, seconds=60, at=AT)
    limits.count("x", "192.0.2.2", most=3, seconds=60, at=AT)
    limits.count("y", "192.0.2.1", most=3, seconds=60, at=AT)
    limits.count("x", "192.0.2.1", most=3, seconds=60, at=AT.replace(minute=1))


def test_a_claimed_address_is_not_believed():
    request = RequestFactory().get("/", headers={"x-forwarded-for": "203.0.113.9"})
    assert limits.address(request) == "127.0.0.1"


def run(*words: str, parent: bool = False) -> Any:
    @click.group()
    @click.pass_context
    def top(context: click.Context) -> None:
        context.obj = {"json": parent}

    @top.command()
    @console.json_option
    def areas(*, as_json: bool) -> None:
        rows = [{"id": 1, "name": "甲区", "at": AT, "open": True}]
        console.show(rows, columns={"name": "Name", "at": "At", "open": "Open"}, as_json=as_json)

    @top.command()
    @click.option("--yes", is_flag=True)
    def erase(*, yes: bool) -> None:
        console.confirm("Really?", yes=yes)
        with console.progress("Erasing", total=2) as advance:
            advance()
            advance()
        console.tell({"erased": 2}, "Two erased.")

    return CliRunner().invoke(top, words)


def test_rows_are_a_table_for_people():
    output = run("areas").stdout
    assert "甲区" in output
    assert "2026-05-04 08:00" in output
    assert "✓" in output


@pytest.mark.parametrize("words", [(("areas", "--json"), False), (("areas",), True)])
def test_rows_are_json_wherever_it_was_asked_for(words):
    arguments, parent = words
    (row,) = json.loads(run(*arguments, parent=parent).stdout)
    assert row["id"] == 1
    assert row["name"] == "甲区"


def test_what_cannot_be_taken_back_is_not_done_unasked():
    refused = run("erase")
    assert refused.exit_code == 2
    assert "--yes" in refused.output
    done = run("erase", "--yes")
    assert done.stdout == "Two erased.\n"
