"""The registry of kinds of duties. Each room and domain registers its own in AppConfig.ready; shared code asks here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from qipan.foundation.duties.rules import PauseCap, Planned, Recipient
from qipan.kernels.clock import Limit

if TYPE_CHECKING:
    from django.db.models import Q

    from qipan.foundation.duties.models import Duty
    from qipan.foundation.posts.models import Post

Hook = Callable[["Duty", Planned, datetime], None]


@dataclass(frozen=True, slots=True)
class Escalation:
    """A step beyond the deadline: `after` it, `action` says who is told. `name` is unique within a chain."""

    name: str
    after: Limit
    action: Recipient


CHAINS: dict[str, tuple[Escalation, ...]] = {
    "default": (
        Escalation("dispatcher", Limit.working(hours=4), Recipient.DISPATCHER),
        Escalation("commander", Limit.working(hours=12), Recipient.COMMANDER),
    ),
    "urgent": (
        Escalation("dispatcher", Limit.natural(minutes=30), Recipient.DISPATCHER),
        Escalation("commander", Limit.natural(hours=1), Recipient.COMMANDER),
    ),
    "none": (),
}


@dataclass(frozen=True, slots=True)
class Kind:
    """What a domain says of one kind of duty.

    `link` gives the path of the page of the thing with that id. `may_see` says, for a viewer, which private duties of
    this kind are visible beyond those that are owed by the viewer: a condition on Duty rows. `warn` is the part of the
    budget after which the owner is warned. `steps` replaces the chain that a duty names. Hooks run inside the sweeper's
    transaction, with the duty locked: they change rows and queue messages, and do nothing slow. `on_moved` is called
    with duties, of all kinds that name it, whose deadline has moved (resumed, extended, counted anew), in that
    transaction: a domain that shows a deadline of its own keeps it the same.
    """

    name: str
    title: Any
    link: Callable[[UUID], str] | None = None
    may_see: Callable[[Post], Q] | None = None
    warn: float = 0.8
    steps: tuple[Escalation, ...] | None = None
    pause: PauseCap | None = field(default_factory=PauseCap)
    on_warn: Hook | None = None
    on_breach: Hook | None = None
    on_step: Hook | None = None
    on_moved: Callable[[Sequence[Duty]], None] | None = None

    def __post_init__(self) -> None:
        if not 0 < self.warn < 1:
            raise ValueError(f"{self.name}: warn must be a part of the budget, between 0 and 1")


class UnknownKind(LookupError):
    """A duty of a kind that nobody registered."""


_kinds: dict[str, Kind] = {}


def register(*kinds: Kind) -> None:
    """Add kinds. A name is registered once."""
    for kind in kinds:
        if _kinds.setdefault(kind.name, kind) is not kind:
            raise ValueError(f"{kind.name} is registered twice")


def get(name: str) -> Kind:
    try:
        return _kinds[name]
    except KeyError:
        raise UnknownKind(name) from None


def known(name: str) -> Kind:
    """The kind, or a plain one for an old row of a kind that is no longer there."""
    return _kinds.get(name) or Kind(name, name)


def moved(duties: Sequence[Duty]) -> None:
    """Tell the kinds of these duties that their deadlines have moved: kinds that share a hook at once."""
    for hook, rows in concerned(duties).items():
        hook(rows)


def concerned(duties: Sequence[Duty]) -> dict[Callable[[Sequence[Duty]], None], list[Duty]]:
    """Those of the duties whose kinds want to be told of moved deadlines, by the hook."""
    found: dict[Callable[[Sequence[Duty]], None], list[Duty]] = {}
    for duty in duties:
        if (hook := known(duty.kind).on_moved) is not None:
            found.setdefault(hook, []).append(duty)
    return found


def every() -> list[Kind]:
    return [_kinds[name] for name in sorted(_kinds)]


def title(name: str) -> str:
    """The words for a kind; the kind itself where nobody registered it (an old row of a removed domain)."""
    return str(known(name).title)


def steps_of(*, kind: Kind, chain: str) -> tuple[Escalation, ...]:
    return CHAINS[chain] if kind.steps is None else kind.steps
