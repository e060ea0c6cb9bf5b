"""Entries of the journal as the timeline shows them: what, who, when, why, before and after."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from qipan.foundation.duties.rules import State
from qipan.foundation.journal.models import Entry
from qipan.foundation.posts.models import Unit
from qipan.incidents.models import ASKS, Category
from qipan.incidents.pages import wording
from qipan.incidents.rules.steps import Status

MAJOR = {
    "incidents.reported", "incidents.accepted", "incidents.declined", "incidents.voided", "incidents.merged",
    "incidents.unmerged", "incidents.dispatched", "incidents.signed", "incidents.answered", "incidents.verified",
    "incidents.sent_back", "incidents.closed", "incidents.rated", "incidents.reopened", "incidents.referred",
    "incidents.settled", "incidents.supervised",
}  # fmt: skip
HIDDEN = {
    "duties.opened",
    "duties.ended",
    "vault.sealed",
    "duties.reassigned",
}  # each stands beside a step that says it

BESIDE = {"duties.handed_over"}  # said by the step of the same moment


def entries(rows: list[Entry]) -> list[dict[str, Any]]:
    """Newest first, as they come. What merely accompanies a step is left out."""
    steps = {row.at for row in rows if row.kind.startswith("incidents.")}
    rows = [row for row in rows if row.kind not in HIDDEN and not (row.kind in BESIDE and row.at in steps)]
    names = _names(rows)
    return [_entry(row, names) for row in rows]


def _names(rows: list[Entry]) -> dict[tuple[str, str], str]:
    """The names of units and categories that the details give by number or key, in a query each."""
    units = {row.detail["unit"] for row in rows if isinstance(row.detail.get("unit"), int)}
    keys: set[str] = set()
    for row in rows:
        value = row.detail.get("category")
        keys |= set(value.values()) if isinstance(value, dict) else {value} if isinstance(value, str) else set()
    found: dict[tuple[str, str], str] = {}
    if units:
        found |= {("unit", str(key)): name for key, name in Unit.objects.filter(pk__in=units).values_list("pk", "name")}
    if keys and rows:
        of = Category.objects.filter(district=rows[0].district_id, key__in=keys).order_by("valid_from")
        found |= {("category", one.key): str(one) for one in of}
    return found


def _entry(row: Entry, names: dict[tuple[str, str], str]) -> dict[str, Any]:
    return {
        "title": row.kind_text,
        "at": row.at,
        "who": row.by_text,
        "reason": _stars(row.reason) if row.kind == "incidents.reopened" else row.reason,
        "changes": _changes(row, names),
        "weight": "major" if row.kind in MAJOR else "aside",
    }


def _changes(row: Entry, names: dict[tuple[str, str], str]) -> list[dict[str, str]]:
    found = []
    if row.status_after and row.status_before != row.status_after:
        found.append({"label": _("Status"), "before": _status(row.status_before), "after": _status(row.status_after)})
    for key, value in row.detail.items():
        if key == "stage" and isinstance(value, int):
            found.append({"label": _("Stages done"), "before": "", "after": str(value)})
        elif key in SAID and value not in (None, "", []):
            label, say = SAID[key]
            before, after = (names.get((key, one), one) for one in say(value))
            if key == "unit" and after.isdigit():  # of a unit that is not here
                continue
            found.append({"label": label(), "before": before, "after": after})
    return found


def _stars(reason: str) -> str:
    """A file that reopened by itself gives the rating as its reason: 1/5."""
    given = re.fullmatch(r"([1-5])/5", reason)
    return (
        ngettext("rated %(n)s star of five", "rated %(n)s stars of five", int(given[1])) % {"n": given[1]}
        if given
        else reason
    )


def _status(value: str) -> str:
    return wording.status_name(value, "") if value in set(Status) else str(dict(State.choices).get(value, value))


def _plain(value: Any) -> tuple[str, str]:
    return "", str(value)


def _from_to(value: Any) -> tuple[str, str]:
    return (str(value.get("from", "")), str(value.get("to", ""))) if isinstance(value, dict) else _plain(value)


def _yes_no(value: Any) -> tuple[str, str]:
    return "", _("yes") if value else _("no")


def _ask(value: Any) -> tuple[str, str]:
    return "", str(dict(ASKS).get(value, value))


def _fields(value: Any) -> tuple[str, str]:
    return "", "、".join(str(wording.FIELDS.get(name, name)) for name in value) if isinstance(value, list) else str(
        value
    )


def _ground(value: Any) -> tuple[str, str]:
    return "", {"duty": _("own open duty"), "reason": _("by a reason given"), "system": _("the system")}.get(
        str(value), str(value)
    )


def _stage(value: Any) -> tuple[str, str]:
    return "", {"report": _("with the report"), "answer": _("with the answer"), "verify": _("at verification")}.get(
        str(value), str(value)
    )


SAID: dict[str, tuple[Callable[[], str], Callable[[Any], tuple[str, str]]]] = {
    "unit": (lambda: _("Unit"), _plain),
    "desk": (lambda: _("Desk"), _plain),
    "category": (lambda: _("Category"), _from_to),
    "urgent": (lambda: _("Urgent"), _yes_no),
    "on_time": (lambda: _("In time"), _yes_no),
    "into": (lambda: _("Joined file"), _plain),
    "number": (lambda: _("Joined file"), _plain),
    "ask": (lambda: _("Request"), _ask),
    "days": (lambda: _("Days"), _plain),
    "supervision": (lambda: _("Number"), _plain),
    "stars": (lambda: _("Stars"), _plain),
    "receipt": (lambda: _("Receipt"), _plain),
    "confirmed": (lambda: _("Solved"), _yes_no),
    "fields": (lambda: _("Seen"), _fields),
    "ground": (lambda: _("Ground"), _ground),
    "stage": (lambda: _("Photo"), _stage),
}
