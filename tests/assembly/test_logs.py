"""A log is read by whoever keeps the machine: no line of it names a person."""

from __future__ import annotations

import logging
import sys

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction

from qipan.assembly.logs import Line
from qipan.foundation.posts.models import Person
from tests import factories


def line(message: str, *words: object, problem: object = None) -> str:
    shape = settings.LOGGING["formatters"]["line"]
    assert shape["class"] == f"{Line.__module__}.{Line.__qualname__}"
    record = logging.LogRecord("qipan", logging.ERROR, "x.py", 1, message, words, problem)
    return Line(shape["format"], style=shape["style"]).format(record)


@pytest.mark.django_db
def test_a_row_that_the_database_refused_is_not_in_the_log() -> None:
    factories.person(username="zhang.wei.fang")
    try:
        with transaction.atomic():
            Person.objects.create(username="zhang.wei.fang", name="张伟芳")
    except IntegrityError:
        said = line("no answer to %s", "/posts/", problem=sys.exc_info())
    assert "IntegrityError" in said
    assert "zhang.wei.fang" not in said.replace('username="zhang.wei.fang"', "")
    assert said.count("DETAIL: left out") >= 1


def test_numbers_and_codes_are_masked() -> None:
    assert "13800138000" not in line("call %s", "13800138000")
    assert "41050519900307123" not in line("id %s", "410505199003071238")
    assert line("Not Found: %s", "/open311/v2/tokens/ABCD-EFGH-JKLM.json").endswith("/open311/v2/tokens/***.json")
