"""What the feed reads from the database: open incidents, what changed after a position, who owes what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.sessions.models import Session
from django.db.models import Q

from qipan.foundation.duties.models import Duty
from qipan.foundation.duties.rules import State
from qipan.foundation.journal import queries as journal
from qipan.foundation.journal.models import Position
from qipan.foundation.posts.middleware import SESSION_KEY
from qipan.foundation.posts.models import Post
from qipan.incidents.models import IS_OPEN, Assistance, Incident
from qipan.incidents.queries import board
from qipan.incidents.rules.steps import OPEN
from qipan.live.sight import Row, Viewer, sees

MOST = board.MOST  # changes told one by one; after more, a board loads everything anew
INCIDENT = "incidents.incident"
ENTRY = ("entry__about_kind", "entry__about_id", "entry__kind")
IMPORTED = "incidents.imported"  # one entry for many rows
FIELDS = (
    "id", "district_id", "township_id", "village_id", "cell_id", "status", "private", "hidden_from_village",
    "victim_cannot_act", "reported_by_id", "handler_id", "verifier_id", "unit_id", "desk_id", "accused_id",
    "longitude", "latitude", "klass", "urgent", "supervised", "due_at", "number", "title", "unit__name",
    "category__name", "category__name_en",
)  # fmt: skip
Owners = frozenset[UUID | int]


@dataclass(frozen=True, slots=True)
class Known:
    """Everything that is open, as new as a position of the journal."""

    position: int
    rows: dict[UUID, Row]
    owners: dict[UUID, Owners]


@dataclass(frozen=True, slots=True)
class Change:
    """What lies between two positions. `places`: the incidents spoken of, each with its last position; `rows`: those
    among them that still exist; `owners`: of each thing spoken of, who owes what about it now."""

    position: int
    places: dict[UUID, int]
    rows: dict[UUID, Row]
    owners: dict[UUID, Owners]
    too_much: bool = False


def load(ids: Collection[UUID]) -> dict[UUID, Row]:
    """These incidents, in any state. Two queries, none for no ids."""
    return _rows(Q(pk__in=ids), Q(incident__in=ids)) if ids else {}


def known() -> Known:
    """Three queries and the position, which is read first: nothing is missed."""
    position = journal.last_position()
    return Known(position, _rows(IS_OPEN, Q(incident__status__in=OPEN)), _owners(Q()))


def _rows(condition: Q, helped: Q) -> dict[UUID, Row]:
    helpers: dict[UUID, set[int]] = defaultdict(set)
    for incident, unit in Assistance.objects.filter(helped).values_list("incident_id", "unit_id"):
        helpers[incident].add(unit)
    found = Incident.objects.filter(condition).order_by().values_list(*FIELDS)
    return {values[0]: Row(*(*values, frozenset(helpers.get(values[0], ())))) for values in found}


def _owners(condition: Q) -> dict[UUID, Owners]:
    found: dict[UUID, set[UUID | int]] = defaultdict(set)
    rows = Duty.objects.filter(condition).exclude(state=State.ENDED).order_by()
    for about, post, unit in rows.values_list("about_id", "post_id", "unit_id"):
        if owner := post or unit:
            found[about].add(owner)
    return {about: frozenset(owners) for about, owners in found.items()}


def since(after: int, *, upto: int | None = None) -> Change:
    """What was placed after a position (and up to another one). Five queries at the most."""
    placed = Position.objects.filter(position__gt=after)
    if upto is not None:
        placed = placed.filter(position__lte=upto)
    entries = list(placed.order_by("position").values_list("position", *ENTRY)[: MOST + 1])
    if not entries:
        return Change(after, {}, {}, {})
    if len(entries) > MOST or any(kind == IMPORTED for *_rest, kind in entries):
        return Change(after, {}, {}, {}, too_much=True)
    of = board.supervised(about for _position, what, about, _kind in entries if about and what == board.SUPERVISION)
    places: dict[UUID, int] = {}
    for position, what, about, _kind in entries:
        if about and (key := about if what == INCIDENT else of.get(about)):
            places[key] = position
    abouts = {about for _position, _what, about, _kind in entries if about}
    owners = dict.fromkeys(abouts, Owners()) | (_owners(Q(about_id__in=abouts)) if abouts else {})
    return Change(entries[-1][0], places, load(places), owners)


@dataclass(frozen=True, slots=True)
class Missed:
    """What a board that was away has to be told, in the order of positions: a row, or the id of what is gone."""

    told: list[tuple[int, UUID, Row | None]]
    too_much: bool = False


def missed(*, post: Post, after: int, upto: int) -> Missed:
    """What a viewer did not hear between two positions; too much also where the first is not of this journal."""
    if after > upto:  # ahead of this process, or of another journal
        return Missed([], too_much=after > journal.last_position())
    change = since(after, upto=upto)
    if change.too_much:
        return Missed([], too_much=True)
    viewer = Viewer.of(post)
    here = {key: row for key, row in change.rows.items() if row.open and sees(viewer, row)}
    away = set(board.gone([key for key in change.places if key not in here], viewer=post))
    told = [(position, key, here.get(key)) for key, position in change.places.items() if key in here or key in away]
    return Missed(sorted(told, key=lambda one: one[0]))


@dataclass(frozen=True, slots=True)
class Grounds:
    """By what somebody listens: a session, the post chosen in it, and what that post was."""

    session: str
    chosen: str
    viewer: Viewer
    password: str

    @classmethod
    def of(cls, post: Post, *, session: str, chosen: str) -> Grounds:
        return cls(session, chosen, Viewer.of(post), post.person.password)


def lapsed(grounds: Iterable[Grounds], *, at: datetime) -> set[Grounds]:
    """Those that no longer hold: the session ended or took another post, the password changed, the post ended or is
    another one now. Two queries."""
    asked = set(grounds)
    sessions = {
        each.session_key: str(each.get_decoded().get(SESSION_KEY, ""))
        for each in Session.objects.filter(session_key__in={one.session for one in asked}, expire_date__gt=at)
    }
    rows = Post.objects.filter(pk__in={one.viewer.post for one in asked}).in_force(at).with_names()
    held = {post.pk: (Viewer.of(post), post.person.password) for post in rows}
    return {
        one
        for one in asked
        if sessions.get(one.session) != one.chosen or held.get(one.viewer.post) != (one.viewer, one.password)
    }
