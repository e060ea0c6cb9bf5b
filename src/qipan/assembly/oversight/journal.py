"""The journal as the auditor reads it: filtered, page by page, with its state of proof, and taken out as a table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from qipan.assembly.oversight import details
from qipan.foundation.areas import queries as areas
from qipan.foundation.duties.rules import State as Duty
from qipan.foundation.interface.cursors import BadCursor
from qipan.foundation.interface.files import sheet
from qipan.foundation.interface.pages import CURSORS, staff, turned, unturned
from qipan.foundation.journal import access, kinds, operations, queries
from qipan.foundation.journal.models import Entry
from qipan.foundation.journal.queries import Filters
from qipan.foundation.journal.rules import EXPORT, READ_SECRET, SEE, About, Class
from qipan.foundation.posts import access as posts
from qipan.foundation.posts.middleware import Acting
from qipan.foundation.posts.models import Post
from qipan.foundation.posts.rules import Role
from qipan.foundation.refusals import Invalid
from qipan.foundation.vault.models import Look, Request
from qipan.incidents.rules import steps
from qipan.kernels import identity

PAGE = 50
PAGES = {"incidents.incident": "/incidents/{}/", "request": "/data-requests/{}/"}
MOST_ROWS = 200_000
CHIPS = {
    "looks": (_("Looks behind masks"), details.LOOKS),
    "keys": (
        _("Keys and erasure"),
        (
            "vault.key_renewed",
            "vault.key_destroyed",
            "vault.escrowed",
            "vault.escrow_restored",
            "vault.copy_ended",
            "vault.master_renewed",
            "vault.erased",
            "journal.key_rotated",
        ),
    ),
    "out": (_("Taken out"), ("journal.exported", "incidents.exported", "reporting.exported")),
    "accounts": (
        _("Accounts and posts"),
        (
            "posts.signed_in",
            "posts.sign_in_failed",
            "posts.appointed",
            "posts.ended",
            "posts.person_created",
            "posts.person_disabled",
            "posts.token_issued",
            "posts.token_revoked",
            "posts.factor_reset",
            "posts.password_set",
        ),
    ),
}
ROOMS = {
    "incidents": _("Incidents"),
    "duties": _("Duties"),
    "workflows": _("Districts"),
    "inspections": _("Inspections"),
    "reporting": _("Papers and forms"),
    "areas": _("Areas"),
    "posts": _("Posts and accounts"),
    "outbox": _("Messages"),
    "vault": _("Personal data"),
    "journal": _("Journal"),
}
HEADER = (
    _("Position"),
    _("Time"),
    _("Action"),
    _("Before"),
    _("After"),
    _("About"),
    _("Place"),
    _("By"),
    _("Reason"),
    _("Detail"),
    _("Entry"),
)
STATES: dict[str, Any] = (
    {
        "owed": _("Visit owed"),
        "cancelled": _("Visit cancelled"),
    }
    | dict(Duty.choices)
    | {str(status): name for status, name in steps.STATUS_NAMES.items()}
    | dict(Request.State.choices)
)


class TooManyRows(Invalid):
    """That is more than {most} entries. Choose a shorter time or one kind."""


@require_GET
@staff(SEE)
def page(request: Acting) -> HttpResponse:
    viewer = request.post
    filters = read_filters(request, viewer)
    try:
        found = queries.recent(viewer=viewer, filters=filters, after=turned(request), limit=PAGE)
    except BadCursor:
        found = queries.recent(viewer=viewer, filters=filters, limit=PAGE)
    context = {
        "rows": list(rows(found.items)),
        "page": found,
        "kinds": grouped_kinds(),
        "areas": places(viewer),
        "chips": CHIPS,
        "query": unturned(request),
        "may_export": viewer.may(EXPORT),
        "state": state(viewer),
    }
    return render(request, "oversight/journal.html", context)


@require_GET
@staff(SEE)
def thing(request: Acting, about_kind: str, about_id: UUID) -> HttpResponse:
    """Everything that happened to one thing, oldest last, as far as the viewer may read it."""
    viewer = request.post
    entries = list(
        access.visible(viewer=viewer).filter(about_kind=about_kind, about_id=about_id).order_by("-at", "-id")[:500]
    )
    context = {
        "rows": list(rows(entries)),
        "label": entries[0].about_label if entries else "",
        "page_of_it": PAGES[about_kind].format(about_id) if entries and about_kind in PAGES else "",
    }
    return render(request, "oversight/thing.html", context, status=200 if entries else 404)


@require_POST
@staff(EXPORT)
def export(request: Acting, form: str) -> HttpResponseBase:
    """The filtered entries as CSV or xlsx. That they were taken out, and by which filters, is recorded first."""
    viewer = request.post
    filters = read_filters(request, viewer)
    found = queries.filtered(access.visible(viewer=viewer), filters)
    count = found[: MOST_ROWS + 1].count()
    if count > MOST_ROWS:
        raise TooManyRows(most=f"{MOST_ROWS:,}")
    now = timezone.now()
    operations.record(
        "journal.exported",
        About("journal", None, form, viewer.district_id, viewer.area.path, privacy=Class.SECRET),
        by=viewer,
        at=now,
        entries=count,
        filters={
            key: identity.mask_text(str(value)).text
            for key, value in request.GET.items()
            if value and key not in CURSORS
        },
    )
    table = (_flat(row) for row in _all_rows(found.order_by("-id")))
    name = f"{gettext('Journal')}-{timezone.localdate():%Y%m%d}"
    return sheet(form, name=name, header=HEADER, rows=table, title=gettext("Journal"))


@require_POST
@staff(EXPORT)
def verify(request: Acting) -> HttpResponse:
    """Asks the worker to prove the journal now."""
    from qipan.assembly import tasks

    viewer = request.post
    tasks.ask_to_verify(post_id=viewer.id)
    messages.success(request, gettext("The worker is verifying the journal. The result appears here."))
    return redirect("journal_list")


def read_filters(request: HttpRequest, viewer: Post) -> Filters:
    """The filters of the address; what cannot be read counts as not given."""
    given = request.GET
    chip = CHIPS.get(given.get("chip", ""))
    who = given.get("who", "").strip()
    post_ids = None
    if given.get("post"):
        post_ids = tuple(_ids([given["post"]])) or None
    elif who:
        post_ids = tuple(_posts_named(who, viewer))
    return Filters(
        kind=given.get("kind", ""),
        kinds=chip[1] if chip else (),
        area_id=_number(given.get("area", "")),
        post_ids=post_ids,
        about=given.get("about", "").strip(),
        since=_day(given.get("since", "")),
        until=_day(given.get("until", ""), following=True),
    )


def rows(entries: Iterable[Entry]) -> Iterator[dict[str, Any]]:
    """Entries with the words that people read: places, kinds, states, details."""
    entries = list(entries)
    names = areas.area_names({entry.areas[-1] for entry in entries if entry.areas})
    placed = queries.positions(entry.id for entry in entries)
    for entry, said in zip(entries, details.told(entries), strict=True):
        detail = dict(entry.detail)
        yield {
            "entry": entry,
            "position": placed.get(entry.id),
            "kind": entry.kind_text,
            "by": entry.by_text,
            "place": names.get(entry.areas[-1], "") if entry.areas else "",
            "before": str(STATES.get(entry.status_before, entry.status_before)),
            "after": str(STATES.get(entry.status_after, entry.status_after)),
            "look": _look(detail) if entry.kind in details.LOOKS else "",
            "link": _link(entry, detail),
            "reason": details.reason(entry.reason),
            "detail": said,
        }


def state(viewer: Post) -> dict[str, Any]:
    """How far the journal is placed and sealed, and what the last verification said."""
    seal, proven = queries.newest_seal(), queries.newest("journal.verified")
    return {
        "placed": queries.last_position(),
        "waiting": queries.waiting(),
        "seal": seal,
        "head": bytes(seal.head).hex()[:16] if seal else "",
        "proven": proven,
        "sound": bool(proven and proven.detail.get("sound")),
        "shown": viewer.may(READ_SECRET),
    }


def grouped_kinds() -> list[tuple[str, str, list[tuple[str, str]]]]:
    """[(prefix, room's name, [(kind, words)])] for the filter."""
    found: dict[str, list[tuple[str, str]]] = {}
    for kind, words in kinds.every().items():
        found.setdefault(kind.split(".")[0], []).append((kind, words))
    return [(f"{room}.", str(ROOMS.get(room, room)), sorted(found[room], key=lambda each: each[1])) for room in found]


def places(viewer: Post) -> list[tuple[int, str]]:
    """Areas that the viewer can filter by: its own and those below it, to the village."""
    below = (
        areas.subtree(viewer.area).filter(level__lte=3, valid_to__isnull=True).order_by("township", "level", "pinyin")
    )
    return [(area.pk, "\u3000" * max(0, area.level - viewer.level) + area.name) for area in below]


def _all_rows(found: Any) -> Iterator[dict[str, Any]]:
    block: list[Entry] = []
    for entry in found.iterator(chunk_size=1000):
        block.append(entry)
        if len(block) == 1000:
            yield from rows(block)
            block = []
    yield from rows(block)


def _flat(row: dict[str, Any]) -> list[Any]:
    entry = row["entry"]
    return [
        row["position"],
        entry.at,
        row["kind"],
        row["before"],
        row["after"],
        entry.about_label,
        row["place"],
        row["by"],
        row["reason"],
        "; ".join(f"{key}: {value}" for key, value in row["detail"]),
        entry.id,
    ]


def _look(detail: dict[str, Any]) -> str:
    ground = str(detail.pop("ground", ""))
    fields = detail.pop("fields", [])
    names = {
        "name": gettext("name"),
        "id_number": gettext("ID-card number"),
        "phone": gettext("phone"),
        "address": gettext("address"),
        "text": gettext("private text"),
        "other": gettext("other"),
    }
    words = dict(Look.Ground.choices).get(ground, "")
    return " · ".join(
        part for part in (str(words), gettext(", ").join(names.get(field, field) for field in fields)) if part
    )


def _link(entry: Entry, detail: dict[str, Any]) -> str:
    matter = detail.pop("matter", None) or {}
    kind = matter.get("kind") or entry.about_kind
    thing_id = matter.get("id") or entry.about_id
    return f"/journal/of/{kind}/{thing_id}/" if thing_id else ""


def _posts_named(who: str, viewer: Post) -> list[UUID]:
    roles = [role for role, words in Role.choices if who.casefold() in str(words).casefold()]
    found = posts.visible_posts(viewer=viewer).filter(Q(person__name__icontains=who) | Q(role__in=roles))
    return list(found.values_list("pk", flat=True)[:1000])


def _ids(given: Iterable[str]) -> Iterator[UUID]:
    for text in given:
        try:
            yield UUID(text)
        except ValueError:
            continue


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _day(text: str, *, following: bool = False) -> dt.datetime | None:
    try:
        day = dt.date.fromisoformat(text)
        start = dt.datetime.combine(day + dt.timedelta(days=int(following)), dt.time())
    except (ValueError, OverflowError):
        return None
    return timezone.make_aware(start)
