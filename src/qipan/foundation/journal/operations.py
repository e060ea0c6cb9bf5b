"""Every write of the journal but the sequencer's: entries, and the commands that were carried out."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import connection, transaction
from django.utils.functional import Promise
from psycopg.types.json import Jsonb

from qipan.foundation.journal.models import Command, Entry
from qipan.foundation.journal.rules import About, HasAbout, HasAuthor
from qipan.foundation.refusals import Conflict
from qipan.kernels import identity

COLUMNS = (
    "at, kind, about_kind, about_id, about_label, district_id, areas, unit_id, post_id, person_id, by_label, privacy,"
    " status_before, status_after, reason, detail, command_id"
)
INSERT = (
    f"WITH new AS (INSERT INTO journal_entry ({COLUMNS}) VALUES ({', '.join(['%s'] * 17)}) RETURNING id) "  # noqa: S608
    "INSERT INTO journal_pending (entry_id) SELECT id FROM new RETURNING entry_id"
)


MACHINE_MADE = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|\b[0-9a-f]{32,}\b")  # ids and digests


INSERT_MANY = (
    f"WITH new AS (INSERT INTO journal_entry ({COLUMNS}) VALUES {{values}} RETURNING id) "  # noqa: S608
    "INSERT INTO journal_pending (entry_id) SELECT id FROM new"
)
MANY = 500  # entries to a statement: 17 values each, of the 65,535 that a statement may have


class PersonalDetail(ValueError):
    """A defect, not a refusal: the detail of an entry holds an identification or phone number, or is not JSON."""


class CommandReused(Conflict):
    """This form or request was already used for something else. Please reload the page and try again."""


def record(
    kind: str,
    about: HasAbout | About,
    *,
    by: HasAuthor,
    at: datetime,
    reason: str = "",
    before: str = "",
    after: str = "",
    command_id: UUID | None = None,
    privacy: int | None = None,
    **detail: Any,
) -> Entry:
    """Appends what happened, in the caller's transaction; the sequencer gives it its position after the commit.

    `detail` must be JSON-able and free of personal data: an identification or phone number in it raises
    PersonalDetail. The same numbers in `reason`, which a person typed, are masked. `privacy` overrides the class of
    `about`. Times inside `detail` may be aware datetimes, ids UUIDs; both are kept as text.
    """
    entry = _entry(
        kind=kind,
        about=about,
        by=by,
        at=at,
        reason=reason,
        before=before,
        after=after,
        command_id=command_id,
        privacy=privacy,
        detail=detail,
    )
    with connection.cursor() as cursor:
        cursor.execute(INSERT, _row(entry))
        entry.id = cursor.fetchone()[0]
    entry._state.adding = False
    entry._state.db = "default"
    return entry


def _entry(
    *,
    kind: str,
    about: HasAbout | About,
    by: HasAuthor,
    at: datetime,
    detail: dict[str, Any],
    reason: str = "",
    before: str = "",
    after: str = "",
    command_id: UUID | None = None,
    privacy: int | None = None,
) -> Entry:
    of = about if isinstance(about, About) else about.about()
    author = by.author()
    if at.tzinfo is None:
        raise ValueError("journal entries need aware times")
    return Entry(
        at=at,
        kind=kind,
        about_kind=of.kind,
        about_id=of.id,
        about_label=identity.mask_text(of.label).text[:200],
        district_id=of.district_id if of.district_id is not None else author.district_id,
        areas=list(of.areas),
        unit_id=of.unit_id,
        post_id=author.post_id,
        person_id=author.person_id,
        by_label=author.label[:200],
        privacy=int(of.privacy if privacy is None else privacy),
        status_before=str(before),
        status_after=str(after),
        reason=identity.mask_text(reason).text,
        detail=checked_detail(detail),
        command_id=command_id,
    )


def record_many(entries: Sequence[Mapping[str, Any]]) -> None:
    """Appends many entries, a few hundred to a statement. Each mapping holds what `record` takes (kind, about, by, at,
    and perhaps reason, before, after, command_id, privacy), what else there is to say under "detail"."""
    rows = [_row(_entry(**{"detail": {}, **entry})) for entry in entries]
    with connection.cursor() as cursor:
        for start in range(0, len(rows), MANY):
            chunk = rows[start : start + MANY]
            values = ", ".join([f"({', '.join(['%s'] * 17)})"] * len(chunk))
            cursor.execute(INSERT_MANY.format(values=values), [value for row in chunk for value in row])


def _row(entry: Entry) -> list[Any]:
    values = [getattr(entry, name.strip()) for name in COLUMNS.split(",")]
    values[15] = Jsonb(entry.detail)
    return values


def checked_detail(detail: dict[str, Any]) -> dict[str, Any]:
    """The detail as plain JSON; raises PersonalDetail where it must not be written."""
    try:
        plain: dict[str, Any] = orjson.loads(orjson.dumps(detail, default=_plain, option=orjson.OPT_NON_STR_KEYS))
    except TypeError as problem:
        raise PersonalDetail(str(problem)) from problem
    for text in _strings(plain):
        if identity.has_numbers(MACHINE_MADE.sub(" ", text)):
            raise PersonalDetail("an identification or phone number in the detail of a journal entry")
    return plain


def _plain(value: Any) -> Any:
    if isinstance(value, Promise):
        return str(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError(f"not JSON: {type(value).__name__}")


def _strings(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


def once(command_id: UUID | None, *, author: HasAuthor, name: str, body: Any, at: datetime) -> dict[str, Any] | None:
    """Makes a command happen once. Call it first, inside the operation's transaction.

    None: go on, and end with `answer`. A dict: it was carried out before, and this was its answer ({} if it gave
    none). A twin that is under way is waited for; if it is rolled back, this call is the first. `body` is what was
    asked (JSON-able): the same id with another author, name or body raises CommandReused. Without an id (commands of
    the system itself) it always answers None.
    """
    if command_id is None:
        return None
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("journal.once needs the operation's transaction")
    who = author.author()
    owner = str(who.post_id or who.person_id or who.label)
    digest = hashlib.sha256(
        orjson.dumps(body, default=str, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    ).digest()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO journal_command (id, author, name, digest, at) VALUES (%s, %s, %s, %s, %s) "
            "ON CONFLICT (id) DO NOTHING",
            [command_id, owner, name, digest, at],
        )
        if cursor.rowcount:
            return None
    earlier = Command.objects.get(id=command_id)
    if (earlier.author, earlier.name, bytes(earlier.digest)) != (owner, name, digest):
        raise CommandReused
    return earlier.answer if earlier.answer is not None else {}


def answer(command_id: UUID | None, answer: dict[str, Any]) -> None:
    """Keeps what a command answered, for its repetitions. Ids and states only, nothing personal."""
    if command_id is not None:
        Command.objects.filter(id=command_id).update(answer=checked_detail(answer))
