"""Every read of the journal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, Max, Q, QuerySet

from qipan.foundation.interface.cursors import Page, keyset
from qipan.foundation.journal.models import Entry, Pending, Position, Seal


def history(about_kind: str, about_id: UUID, *, privacy: int | None = None) -> list[Entry]:
    """All entries about one thing, oldest first. `privacy`: the highest class that the caller's viewer may read."""
    found = Entry.objects.filter(about_kind=about_kind, about_id=about_id)
    if privacy is not None:
        found = found.filter(privacy__lte=privacy)
    return list(found.order_by("at", "id"))


def after(position: int, *, limit: int) -> list[Entry]:
    """Entries after a position, in order, each with its `position`: what feeds, cursors and replay read."""
    found = Entry.objects.filter(place__position__gt=position).annotate(position=F("place__position"))
    return list(found.order_by("place__position")[:limit])


def feed(*, viewer: Any, after: int, limit: int) -> tuple[list[Entry], int]:
    """Placed entries after a position that a viewer may read, in order, each with its `position`; and the position that
    was read up to (the newest one where the page is not full), from which to go on."""
    from qipan.foundation.journal import access

    newest = last_position()
    found = access.visible(viewer=viewer).filter(place__position__gt=after, place__position__lte=newest)
    page: list[Any] = list(found.annotate(position=F("place__position")).order_by("place__position")[:limit])
    return page, page[-1].position if len(page) == limit else max(after, newest)


def label(about_kind: str, about_id: UUID | None) -> str:
    """What a thing is called, by the newest entry about it; empty if there is none."""
    if about_id is None:
        return ""
    found = Entry.objects.filter(about_kind=about_kind, about_id=about_id).order_by("-id")
    return found.values_list("about_label", flat=True).first() or ""


def positions(entry_ids: Iterable[int]) -> dict[int, int]:
    """The positions of entries that have one."""
    return dict(Position.objects.filter(entry_id__in=list(entry_ids)).values_list("entry_id", "position"))


def newest(kind: str) -> Entry | None:
    """The newest entry of a kind."""
    return Entry.objects.filter(kind=kind).order_by("-id").first()


def last_position() -> int:
    """The newest position, 0 in an empty journal."""
    return Position.objects.aggregate(last=Max("position"))["last"] or 0


def waiting() -> int:
    """Entries that have no position yet."""
    return Pending.objects.count()


def newest_seal() -> Seal | None:
    return Seal.objects.order_by("-number").first()


@dataclass(frozen=True, slots=True)
class Filters:
    """What the auditor's list asks for; empty means any."""

    kind: str = ""  # "incidents." means every kind of that app
    kinds: tuple[str, ...] = ()
    area_id: int | None = None
    post_ids: tuple[UUID, ...] | None = None
    about_kind: str = ""
    about: str = ""  # a label (number) or an id
    since: datetime | None = None
    until: datetime | None = None


def recent(*, viewer: Any, filters: Filters | None = None, after: str = "", limit: int = 50) -> Page[Entry]:
    """Entries that a viewer may read, newest first, page by page. Raises BadCursor."""
    from qipan.foundation.journal import access

    found = filtered(access.visible(viewer=viewer), filters or Filters())
    return keyset(found, order=("-id",), after=after, limit=limit)


def filtered(entries: QuerySet[Entry], filters: Filters) -> QuerySet[Entry]:
    if filters.kind:
        entries = (
            entries.filter(kind__startswith=filters.kind)
            if filters.kind.endswith(".")
            else entries.filter(kind=filters.kind)
        )
    if filters.area_id is not None:
        entries = entries.filter(areas__contains=[filters.area_id])
    if filters.kinds:
        entries = entries.filter(kind__in=filters.kinds)
    if filters.post_ids is not None:
        entries = entries.filter(post_id__in=filters.post_ids)
    if filters.about_kind:
        entries = entries.filter(about_kind=filters.about_kind)
    if filters.about:
        try:
            entries = entries.filter(Q(about_id=UUID(filters.about)))
        except ValueError:
            entries = entries.filter(about_label=filters.about)
    if filters.since:
        entries = entries.filter(at__gte=filters.since)
    if filters.until:
        entries = entries.filter(at__lt=filters.until)
    return entries
