"""What the ledger keeps of an incident while its story is told, and the rows that come of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from qipan.assembly.demo.ledger.text import NULL, array, escaped, flag, iso, json, plain, stamp, vector
from qipan.assembly.demo.scene import Actor, Place, Team
from qipan.foundation.journal.rules import RESIDENT, SYSTEM
from qipan.incidents.models import Category
from qipan.kernels.clock import Limit

By = tuple[str, UUID | None, UUID | None]  # label, post, person
SYSTEM_BY: By = (SYSTEM.label, None, None)
RESIDENT_BY: By = (RESIDENT.label, None, None)

COLUMNS: dict[str, tuple[str, ...]] = {
    "incidents_incident": (
        "id", "number", "category_id", "klass", "status", "status_at", "urgent", "private", "hidden_from_village",
        "victim_cannot_act", "district_id", "township_id", "village_id", "cell_id", "longitude", "latitude",
        "premises_id", "address", "title", "text", "text_card", "search", "source", "channel", "external_id",
        "reported_at", "reported_by_id", "level", "desk_id", "unit_id", "accused_id", "handler_id", "verifier_id",
        "due_at", "filed_at", "dispatched_at", "signed_at", "answered_at", "closed_at", "outcome", "answer", "on_time",
        "immediate", "major", "supervised", "reworks", "reopenings", "extensions", "flags", "merged_into_id", "version",
    ),
    "incidents_reporter": ("id", "incident_id", "card", "code", "language", "reported_at", "informed_at", "came_with"),
    "incidents_attachment": (
        "id", "incident_id", "stage", "path", "content_type", "size", "digest", "likeness", "added_at", "added_by_id",
    ),
    "incidents_ask": (
        "id", "incident_id", "kind", "reason", "detail", "asked_by_id", "asked_at", "state", "decided_by_id",
        "decided_at", "decision",
    ),
    "incidents_assistance": ("incident_id", "unit_id", "asked_at", "answer", "answered_by_id", "answered_at"),
    "incidents_supervision": (
        "id", "incident_id", "number", "kind", "question", "issued_by_id", "issued_at", "unit_id", "due_at", "answer",
        "answered_by_id", "answered_at", "ended_at", "ended_by_id",
    ),
    "incidents_reminder": ("incident_id", "at", "by_id", "note"),
    "incidents_rating": (
        "id", "incident_id", "reporter_id", "stars", "comment", "at", "reopened", "called_back_at",
        "called_back_by_id", "call_note",
    ),
    "incidents_spotcheck": ("id", "incident_id", "drawn_at", "checked_by_id", "checked_at", "confirmed", "note"),
    "incidents_number": ("district_id", "series", "day", "last"),
    "duties_duty": (
        "id", "kind", "about_kind", "about_id", "about_label", "title", "link", "privacy", "level", "urgent",
        "district_id", "township_id", "village_id", "cell_id", "longitude", "latitude", "unit_id", "post_id", "state",
        "opened_at", "starts_at", "limit", "hours", "escalation", "warn_at", "due_at", "provisional", "schedule",
        "next_at", "paused_from", "ended_at", "outcome", "on_time",
    ),
    "duties_step": ("duty_id", "name", "round", "planned_at", "fired_at"),
    "duties_pause": ("duty_id", "begins_at", "until", "ended_at", "reason", "asked_by_id", "approved_by_id"),
    "duties_extension": ("duty_id", "limit", "given_at", "reason", "approved_by_id"),
    "vault_card": (
        "id", "district_id", "areas", "purpose", "retention", "about_kind", "about_id", "key_id", "sealed", "masked",
        "created_at", "erase_after",
    ),
    "vault_index": ("card_id", "kind", "digest", "key_id"),
    "journal_entry": (
        "at", "kind", "about_kind", "about_id", "about_label", "district_id", "areas", "unit_id", "post_id",
        "person_id", "by_label", "privacy", "status_before", "status_after", "reason", "detail",
    ),
}  # fmt: skip


class About(NamedTuple):
    """As `journal.rules.About`, of this district."""

    kind: str
    id: UUID
    label: str
    areas: tuple[int, ...]
    unit: int | None
    privacy: int


@dataclass(slots=True, eq=False, kw_only=True)
class Debt:
    """A duty."""

    id: UUID
    kind: str
    about: About
    point: tuple[float, float] | None
    title: str
    link: str
    level: int
    urgent: bool
    unit: int | None
    post: UUID | None
    opened_at: int
    starts_at: int
    limit: str
    limits: Limit
    hours: str
    escalation: str
    warn: int | None
    due: int | None
    provisional: bool
    steps: list[tuple[str, int, int]]
    state: str = "open"
    paused_from: int | None = None
    ended_at: int | None = None
    outcome: str = ""
    on_time: bool | None = None
    rounds: dict[str, int] = field(default_factory=dict)
    pauses: list[list[Any]] = field(default_factory=list)
    extensions: list[Limit] = field(default_factory=list)

    def line(self, district: int) -> str:
        about: About = self.about
        areas = [*about.areas, None, None, None, None]
        longitude, latitude = self.point or (None, None)
        schedule = [[name, iso(at), round_] for name, at, round_ in self.steps] if self.steps else []
        return "\t".join(
            (
                str(self.id), self.kind, about.kind, str(about.id), about.label, escaped(self.title), self.link,
                str(about.privacy), plain(self.level), flag(self.urgent), str(district), plain(areas[1]),
                plain(areas[2]), plain(areas[3]), plain(longitude), plain(latitude), plain(self.unit),
                plain(self.post), self.state, stamp(self.opened_at), stamp(self.starts_at), self.limit, self.hours,
                self.escalation, stamp(self.warn), stamp(self.due), flag(self.provisional), json(schedule),
                stamp(self.steps[0][1] if self.steps else None), stamp(self.paused_from), stamp(self.ended_at),
                self.outcome, flag(self.on_time),
            )
        )  # fmt: skip


@dataclass(slots=True, eq=False, kw_only=True)
class File:
    """An incident; the names of its parts are those of the model, moments are instants."""

    id: UUID
    number: str
    category: Category
    klass: str
    status: str
    status_at: int
    urgent: bool
    private: bool
    hidden: bool
    place: Place
    point: tuple[float, float] | None
    premises: UUID | None
    source: str
    channel: str
    reported_at: int
    reported_by: Actor | None
    victim_cannot_act: bool = False
    level: int = 0
    title: str = ""
    text: str = ""
    address: str = ""
    text_card: UUID | None = None
    search: frozenset[str] = frozenset()
    desk: Team | None = None
    unit: Team | None = None
    accused: Team | None = None
    handler: Actor | None = None
    verifier: Actor | None = None
    due_at: int | None = None
    filed_at: int | None = None
    dispatched_at: int | None = None
    signed_at: int | None = None
    answered_at: int | None = None
    closed_at: int | None = None
    outcome: str = ""
    answer: str = ""
    on_time: bool | None = None
    immediate: bool = False
    supervised: bool = False
    reworks: int = 0
    reopenings: int = 0
    extensions: int = 0
    merged_into: File | None = None
    version: int = 0
    reporters: list[dict[str, Any]] = field(default_factory=list)
    duties: list[Debt] = field(default_factory=list)
    open_asks: dict[str, dict[str, Any]] = field(default_factory=dict)
    supervisions: list[dict[str, Any]] = field(default_factory=list)
    rows: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    words: dict[str, str] = field(default_factory=dict)  # of a private matter: what its card holds
    words_at: int = 0
    cards: list[list[Any]] = field(default_factory=list)  # row without its end, retention, kept from when
    _about: About | None = None

    def about(self) -> About:
        unit = self.unit.id if self.unit else None
        if self._about is None or self._about.unit != unit or self._about.privacy != int(self.private):
            areas = self.place.path[:2] if self.hidden else self.place.path
            self._about = About("incidents.incident", self.id, self.number, areas, unit, int(self.private))
        return self._about

    def line(self) -> str:
        district, township, village, cell = (*self.place.path, None)[:4]
        longitude, latitude = self.point or (None, None)
        return "\t".join(
            (
                str(self.id), self.number, str(self.category.id), self.klass, self.status, stamp(self.status_at),
                flag(self.urgent), flag(self.private), flag(self.hidden), flag(self.victim_cannot_act), plain(district),
                plain(township), plain(village), plain(cell), plain(longitude), plain(latitude), plain(self.premises),
                escaped(self.address), escaped(self.title), escaped(self.text), plain(self.text_card),
                vector(self.search), self.source, self.channel, "", stamp(self.reported_at), id_of(self.reported_by),
                str(self.level), id_of(self.desk), id_of(self.unit), id_of(self.accused), id_of(self.handler),
                id_of(self.verifier), stamp(self.due_at), stamp(self.filed_at), stamp(self.dispatched_at),
                stamp(self.signed_at), stamp(self.answered_at), stamp(self.closed_at), self.outcome,
                escaped(self.answer), flag(self.on_time), flag(self.immediate), "", flag(self.supervised),
                str(self.reworks), str(self.reopenings), str(self.extensions), "{}", id_of(self.merged_into),
                str(self.version),
            )
        )  # fmt: skip


def id_of(thing: Actor | Team | File | None) -> str:
    return NULL if thing is None else str(thing.id)


def entry_line(
    *, at: int, kind: str, about: About, district: int, by: By, before: str, after: str, reason: str,
    detail: dict[str, Any],
) -> str:  # fmt: skip
    label, post, person = by
    return "\t".join(
        (
            stamp(at), kind, about.kind, str(about.id), about.label, str(district), array(about.areas),
            plain(about.unit), plain(post), plain(person), label, str(about.privacy), before, after, escaped(reason),
            escaped(orjson.dumps(detail).decode()) if detail else "{}",
        )
    )  # fmt: skip


def who(by: Actor | By) -> By:
    return (by.label, by.id, by.person) if isinstance(by, Actor) else by
