"""What changes of the tree have in common: a district's lock, its revision, and versions that follow one another."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db import connection

from qipan.foundation.areas import rules
from qipan.foundation.areas.models import Revision
from qipan.foundation.refusals import Invalid
from qipan.kernels import identity

DIGITS = re.compile(r"\d+")


class PersonalNumber(Invalid):
    """An identification or phone number must not stand here."""


def impersonal(*, name: str = "", code: str = "") -> None:
    """Names and codes of places go to every list, map and file. Raises PersonalNumber."""
    if identity.has_numbers(name):
        raise PersonalNumber(field="name")
    if rules.personal_code(code):
        raise PersonalNumber(field="code")


def hold(district_id: int) -> None:
    """One writer of a district's tree and outlines at a time, until the transaction ends."""
    Revision.objects.get_or_create(pk=district_id)
    Revision.objects.select_for_update().get(pk=district_id)


def touch(district_id: int) -> None:
    """Tell every process that the tree or the outlines of a district changed.

    The number comes from a sequence, which a rollback does not turn back: a number never means two states.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO areas_revision (district_id, number) "
            "VALUES (%s, nextval(pg_get_serial_sequence('areas_boundary', 'id'))) "
            "ON CONFLICT (district_id) DO UPDATE SET number = EXCLUDED.number",
            [district_id],
        )


def succeed(current: Any | None, *, since: date, build: Any) -> Any:
    """Let a new version follow the one in force: the old one ends where the new one begins.

    A version that begins on the same day or later is corrected in place: it never was in force alone.
    `build(row)` fills a row, new or corrected.
    """
    if current is not None and current.valid_from >= since:
        build(current)
        current.save()
        return current
    if current is not None:
        current.valid_to = since
        current.save(update_fields=["valid_to"])
        fresh = type(current)(area_id=current.area_id, valid_from=since)
        build(fresh)
        fresh.save()
        return fresh
    return None


def pinyin(name: str) -> str:
    """The key that orders Chinese names: toneless pinyin, letters and digits as they are."""
    from pypinyin import lazy_pinyin

    # 第2网格 comes before 第10网格.
    return DIGITS.sub(lambda number: number[0].zfill(4), " ".join(lazy_pinyin(name)).lower())


def pinyins(names: Iterable[str]) -> list[str]:
    """The same for many names."""
    return [pinyin(name) for name in names]
