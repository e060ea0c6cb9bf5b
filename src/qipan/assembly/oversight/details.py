"""What the detail of an entry says in words: only what the table below has words for. Ids, digests and codes that
nobody has a word for stay in the journal and are not shown."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from qipan.assembly.oversight.keys import PURPOSES
from qipan.foundation.areas.models import PremisesKind
from qipan.foundation.duties import kinds as duties
from qipan.foundation.duties.rules import Recipient
from qipan.foundation.journal import kinds
from qipan.foundation.journal.models import Entry
from qipan.foundation.outbox.templates import TEMPLATES
from qipan.foundation.posts.models import Post, Unit
from qipan.foundation.posts.rules import PostKind, Role, UnitKind
from qipan.foundation.vault.models import Request
from qipan.incidents.models import ASKS, KLASSES, Category
from qipan.incidents.pages.caps import NAMES as CAPS
from qipan.incidents.pages.settings import CategoryForm
from qipan.incidents.pages.wording import SOURCES

CODE = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-f]{32,}|[a-z][a-z0-9_]*(?:[.:][a-z0-9_]+)+")
LOOKS = ("vault.revealed", "vault.used", "vault.searched")
SAID_BESIDE = ("ground", "fields")  # of a look: said without unfolding
FIELDS: dict[str, Any] = {
    "name": _("Name"),
    "short_name": _("Short name"),
    "username": _("User name"),
    "id_number": _("ID-card number"),
    "phone": _("Phone number"),
    "email": _("E-mail"),
    "language": _("Language"),
    "address": _("Address"),
    "text": _("Private text"),
    "answer": _("Answer"),
    "other": _("Other"),
    "code": _("Code"),
    "kind": _("Kind"),
    "parent": _("Lies in"),
    "area": _("Place"),
    "longitude": _("Longitude"),
    "latitude": _("Latitude"),
    "contact_text": _("Contact"),
    "limits": _("Limits"),
    "stages": _("Stages"),
}
COUNTS: dict[str, Any] = {
    "rows": _("Rows"),
    "new": _("New"),
    "loaded": _("Loaded"),
    "changed": _("Changed"),
    "unchanged": _("Unchanged"),
    "left_out": _("Left out"),
    "refused": _("Not usable"),
    "areas": _("Areas"),
    "categories": _("Categories"),
    "checklists": _("Checklists"),
    "desks": _("Desks"),
}
FILTERS: dict[str, Any] = {
    "kind": _("Action"),
    "about": _("Number"),
    "area": _("Place"),
    "who": _("Name or role"),
    "since": _("From"),
    "until": _("To"),
    "klass": _("Class"),
    "category": _("Category"),
    "unit": _("Unit"),
    "source": _("Source"),
    "status": _("Status"),
    "urgent": _("Urgent"),
}
FACTORS = {
    "password": _("Password"),
    "totp": _("Authenticator app"),
    "webauthn": _("Passkey"),
    "recovery_codes": _("Recovery codes"),
    "mfa": _("Second factor"),
    "socialaccount": _("Identity provider"),
}
STAGES = {"report": _("with the report"), "answer": _("with the answer"), "verify": _("at verification")}
GROUNDS = {"duty": _("own open duty"), "reason": _("by a reason given"), "system": _("the system")}
BY = {"phone": _("Phone number"), "id": _("ID-card number"), "name": _("Name")}


@dataclass
class Names:
    """What is given by number or key, and its name: looked up for all entries of a page at once."""

    units: dict[int, str] = field(default_factory=dict)
    posts: dict[str, str] = field(default_factory=dict)
    categories: dict[str, str] = field(default_factory=dict)
    kind: str = ""  # of the entry that is said just now


Say = Callable[[Any, Names], str]


def _text(value: Any, names: Names) -> str:
    """Words that a person wrote, or a number. A code or an id says nothing."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    text = str(value)
    return "" if CODE.fullmatch(text) else text


def _when(value: Any, names: Names) -> str:
    """A day, or a moment to the minute."""
    try:
        if len(str(value)) == len("2026-11-23"):
            return format_date(dt.date.fromisoformat(str(value)), gettext("j M Y"))
        moment = dt.datetime.fromisoformat(str(value))
    except ValueError:
        return ""
    return format_date(timezone.localtime(moment) if moment.tzinfo else moment, gettext("j M Y, H:i"))


def _yes_no(value: Any, names: Names) -> str:
    return gettext("yes") if value else gettext("no")


def _one_of(words: Mapping[Any, Any]) -> Say:
    """A code, or several, in their words; what has none is left out."""

    def say(value: Any, names: Names) -> str:
        given = value if isinstance(value, list) else [value]
        return gettext(", ").join(str(words[one]) for one in given if isinstance(one, str) and one in words)

    return say


def _duty(value: Any, names: Names) -> str:
    return next((str(one.title) for one in duties.every() if one.name == value), "")


def _unit(value: Any, names: Names) -> str:
    return names.units.get(value, "") if isinstance(value, int) else _text(value, names)


def _post(value: Any, names: Names) -> str:
    return names.posts.get(str(value), "")


def _holder(value: Any, names: Names) -> str:
    """A unit and a post, as duties have them: {"unit": number, "post": id}."""
    if not isinstance(value, dict):
        return _post(value, names)
    return names.posts.get(str(value.get("post")), "") or names.units.get(value.get("unit") or 0, "")


def _category(value: Any, names: Names) -> str:
    if isinstance(value, dict):
        both = (names.categories.get(str(value.get(key)), "") for key in ("from", "to"))
        return " → ".join(filter(None, both))
    return names.categories.get(str(value), "")


def _counts(value: Any, names: Names) -> str:
    if not isinstance(value, dict):
        return _text(value, names)
    return gettext(", ").join(f"{COUNTS[key]} {number}" for key, number in value.items() if key in COUNTS)


def _filters(value: Any, names: Names) -> str:
    """By what a list was narrowed; of what is given by code or number only that it was."""
    if not isinstance(value, dict):
        return ""
    said = (
        (FILTERS[key], kinds.every().get(str(one), "") or _when(one, names))
        for key, one in value.items()
        if key in FILTERS
    )
    return gettext(", ").join(f"{label} {words}".strip() for label, words in said)


def _changed(value: Any, names: Names) -> str:
    """The names of what was changed; what it was before and is now stands where it belongs."""
    form = {key: one.label for key, one in CategoryForm.base_fields.items()}
    caps = {key: name for key, (name, _note) in CAPS.items()}
    if isinstance(value, list):
        return _fields(value, names)
    return _one_of({**FIELDS, **form, **caps})(list(value), names) if isinstance(value, dict) else ""


def _fields(value: Any, names: Names) -> str:
    """What of a card, a person, a unit or premises. Only people have a name as people have it."""
    thing = names.kind.startswith(("areas.", "posts.unit"))
    return _one_of({**FIELDS, "name": _("Its name")} if thing else FIELDS)(value, names)


def _template(value: Any, names: Names) -> str:
    return str(TEMPLATES[value].title) if value in TEMPLATES else ""


def _stage(value: Any, names: Names) -> str:
    return str(value) if isinstance(value, int) else _one_of(STAGES)(value, names)


# The order is that in which they are shown.
LABELS: dict[str, tuple[Any, Say]] = {
    "duty_kind": (_("Duty"), _duty),
    "giver": (_("Given by"), _holder),
    "taker": (_("Taken by"), _holder),
    "unit": (_("Unit"), _unit),
    "unit_before": (_("Unit before"), _unit),
    "unit_after": (_("Unit now"), _unit),
    "desk": (_("Desk"), _unit),
    "post": (_("Post"), _post),
    "deputy_of": (_("Deputy of"), _post),
    "verifier": (_("Verifier"), _post),
    "asked_by": (_("Asked for by"), _post),
    "role": (_("Role"), _one_of(dict(Role.choices))),
    "roles": (_("Role"), _one_of(dict(Role.choices))),
    "post_kind": (_("Kind"), _one_of(dict(PostKind.choices))),
    "unit_kind": (_("Kind"), _one_of(dict(UnitKind.choices))),
    "premises_kind": (_("Kind"), _one_of(dict(PremisesKind.choices))),
    "klass": (_("Class"), _one_of(dict(KLASSES))),
    "category": (_("Category"), _category),
    "source": (_("Source"), lambda value, names: _one_of(SOURCES)(value, names) or _text(value, names)),
    "urgent": (_("Urgent"), _yes_no),
    "victim_cannot_act": (_("The victim cannot act"), _yes_no),
    "chosen_by_victim": (_("Chosen by the victim"), _yes_no),
    "on_time": (_("In time"), _yes_no),
    "confirmed": (_("Solved"), _yes_no),
    "ask": (_("Request"), _one_of(dict(ASKS))),
    "asked": (_("What is asked"), _one_of(dict(Request.Kind.choices))),
    "how": (_("How it was checked"), _text),
    "days": (_("Days"), _text),
    "stars": (_("Stars"), _text),
    "receipt": (_("Receipt"), _text),
    "into": (_("Joined file"), _text),
    "number": (_("Joined file"), _text),
    "supervision": (_("Number"), _text),
    "stage": (_("Stage"), _stage),
    "due": (_("Due"), _when),
    "step": (_("Told"), _one_of(dict(Recipient.choices))),
    "due_before": (_("Due before"), _when),
    "due_after": (_("Due now"), _when),
    "away_from": (_("From"), _when),
    "away_to": (_("To"), _when),
    "begins_at": (_("From"), _when),
    "ends_at": (_("To"), _when),
    "valid_from": (_("Valid from"), _when),
    "valid_to": (_("Valid until"), _when),
    "since": (_("Valid from"), _when),
    "until": (_("Until"), _when),
    "until_before": (_("Valid until, before"), _when),
    "until_after": (_("Valid until"), _when),
    "expires_at": (_("Until"), _when),
    "day": (_("Day"), _when),
    "old": (_("Before"), _text),
    "new": (_("After"), _text),
    "parent": (_("Lies in"), _text),
    "name": (_("Its name"), _text),
    "area": (_("Place"), _text),
    "code": (_("Code"), _text),
    "place": (_("Place"), _text),
    "holders": (_("Held by"), lambda value, names: gettext(", ").join(map(str, value))),
    "purpose": (_("Purpose"), _one_of(PURPOSES)),
    "fields": (_("Seen or changed"), _fields),
    "changed": (_("Changed"), _changed),
    "after_values": (_("Changed"), _changed),
    "ground": (_("Ground"), _one_of(GROUNDS)),
    "by_kind": (_("Find by"), _one_of(BY)),
    "ways": (_("Signed in with"), _one_of(FACTORS)),
    "factor": (_("Factor"), _one_of(FACTORS)),
    "template": (_("Message"), _template),
    "language": (_("Language"), _one_of({"zh-hans": "中文", "en": "English"})),
    "why": (_("Why"), _text),
    "tries": (_("Tries"), _text),
    "quiet_from": (_("Quiet from"), lambda value, names: str(value)[:5]),
    "quiet_to": (_("until"), lambda value, names: str(value)[:5]),
    "enabled": (_("In use"), _yes_no),
    "daily": (_("Filled daily"), _yes_no),
    "year": (_("Year"), _text),
    "days_off": (_("Days off"), _text),
    "days_worked": (_("Days worked"), _text),
    "every_days": (_("Days from visit to visit"), _text),
    "findings": (_("Findings"), _text),
    "lines": (_("Lines"), _text),
    "cells": (_("Cells filled"), _text),
    "minutes": (_("Minutes on duty"), _text),
    "moved": (_("Duties handed over"), _text),
    "counts": (_("Rows"), _counts),
    "made": (_("Made"), _counts),
    "rows": (_("Rows"), _text),
    "entries": (_("Entries"), _text),
    "filters": (_("Filters"), _filters),
    "kept_heads": (_("Heads kept outside"), _text),
    "seals": (_("Seals"), _text),
    "sound": (_("Sound"), _yes_no),
    "records": (_("Records"), _text),
    "copies_ended": (_("Copies destroyed"), _text),
    "copies_open": (_("Copies left"), _text),
    "square_metres": (_("Square metres"), _text),
    "premises": (_("Premises"), _text),
    "points": (_("Points"), _text),
}
POSTS = ("post", "deputy_of", "verifier", "asked_by", "taker")


def told(entries: Sequence[Entry]) -> list[list[tuple[str, str]]]:
    """For each entry [(label, words)], in the page's language; a query each for units, posts and categories."""
    names = _names(entries)
    return [_told(entry, names) for entry in entries]


def reason(text: str) -> str:
    """A reason as a person gave it; one that the system gave, by the kind of entry that it names, in words."""
    return kinds.every().get(text, "") if CODE.fullmatch(text) else text


def _told(entry: Entry, names: Names) -> list[tuple[str, str]]:
    found = []
    names.kind = entry.kind
    beside = SAID_BESIDE if entry.kind in LOOKS else ()
    for key, (label, say) in LABELS.items():
        value = None if key in beside else entry.detail.get(key)
        if value not in (None, "", [], {}) and (words := say(value, names)):
            found.append((str(label), words))
    return found


def _names(entries: Iterable[Entry]) -> Names:
    units: set[int] = set()
    posts: set[UUID] = set()
    keys: set[str] = set()
    districts: set[int] = set()
    for entry in entries:
        detail = entry.detail
        given = [detail.get(key) for key in (*POSTS, "giver", "unit", "unit_before", "unit_after")]
        given += [one[part] for one in given if isinstance(one, dict) for part in ("unit", "post") if part in one]
        units |= {one for one in given if isinstance(one, int) and not isinstance(one, bool)}
        posts |= {UUID(one) for one in given if isinstance(one, str) and len(one) == 36 and CODE.fullmatch(one)}
        category = detail.get("category")
        found = set(map(str, category.values())) if isinstance(category, dict) else {str(category or "")} - {""}
        keys |= found
        districts |= {entry.district_id} if found and entry.district_id else set()
    names = Names()
    if units:
        names.units = dict(Unit.objects.filter(pk__in=units).values_list("pk", "name"))
    if posts:
        rows = Post.objects.filter(pk__in=posts).select_related("person", "unit", "area")
        names.posts = {str(row.pk): row.author().label for row in rows}
    if keys:
        of = Category.objects.filter(district__in=districts, key__in=keys).order_by("valid_from")
        names.categories = {one.key: str(one) for one in of}
    return names
