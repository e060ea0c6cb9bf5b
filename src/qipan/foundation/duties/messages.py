"""What duties say to people: warnings, breaches, escalations, moved deadlines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.utils.functional import lazystr
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from qipan.foundation.duties import clocks, kinds
from qipan.foundation.duties.models import Duty
from qipan.foundation.duties.recipients import Directory
from qipan.foundation.duties.rules import BREACH, RESUME, WARN, Planned, Recipient
from qipan.foundation.journal.rules import About, Class
from qipan.foundation.outbox import operations as outbox
from qipan.foundation.outbox import templates
from qipan.foundation.posts.models import Post
from qipan.kernels import clock

# More than this to one person at one moment become one message that counts them.
MOST = 3
PLACES = {"title", "label", "due", "kind"}


class Words:
    """A moment written in the language that is active when it is turned into text."""

    def __init__(self, at: datetime | None) -> None:
        self.at = at

    def __str__(self) -> str:
        if self.at is None:
            return ""
        return clock.text.moment(self.at, language=get_language() or "zh-hans", weekday=True, closing=True)


# By name: its title, its subject, its body, the places in them.
TEXTS = {
    "duties.warned": (
        _("A deadline is near"), _("Due soon: {title}"), _("{label} {title}: due {due}."), PLACES,
    ),
    "duties.breached": (
        _("A deadline was missed"), _("Overdue: {title}"), _("{label} {title}: was due {due} and is not done."), PLACES,
    ),
    "duties.escalated": (
        _("An overdue duty is brought to a higher level"), _("Long overdue: {title}"),
        _("{label} {title}: was due {due} and is still not done. Please see to it."), PLACES,
    ),
    "duties.several": (
        _("Several deadlines at once"), _("{count} duties are due soon or overdue"),
        _("{count} duties need attention. The first: {title}."), {"count", "title"},
    ),
    "duties.moved": (
        _("Deadlines were counted anew"), _("{count} of your deadlines have moved"),
        _("Counted anew ({reason}). The next deadline: {title}, due {due}."), {"count", "title", "due", "reason"},
    ),
    "duties.relief": (
        _("A colleague asks to be relieved"), _("Relief needed within two hours"),
        _("A colleague of your unit has a family emergency and asks to be relieved by {due}."), PLACES,
    ),
    "duties.relieved": (
        _("You are relieved"), _("You are relieved and may go"), _("{count} of your duties were taken over. {who}"),
        {"count", "who"},
    ),
    "duties.handed_over": (
        _("Duties were handed over"), _("{count} duties were handed over to you"),
        _("{count} duties were handed over to you. The first: {title}."), {"count", "title"},
    ),
}  # fmt: skip


def register() -> None:
    """Tell the outbox our templates."""
    for name, (title, subject, body, places) in TEXTS.items():
        templates.register(name=name, title=title, subject=subject, body=body, places=places)


def _title(duty: Duty) -> Any:
    """What it is; of what not everybody may read, only its kind."""
    return duty.title if duty.privacy == Class.OPEN else lazystr(kinds.known(duty.kind).title)


def tell(fired: Sequence[tuple[Duty, list[Planned]]], *, now: datetime) -> None:
    """Queue the messages of steps that have just fired, in the sweeper's transaction. A handful of queries."""
    fired = [(duty, steps) for duty, steps in fired if steps]
    if not fired:
        return
    directory = Directory([duty for duty, _steps in fired], at=now)
    found: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    for duty, steps in fired:
        told: set[Any] = set()
        for template, recipient in reversed(_what(duty, steps)):  # the gravest first: each person is told once
            for post in directory.find(duty, recipient):
                if post.person_id not in told:
                    told.add(post.person_id)
                    found[post.person_id].append(_letter(duty, template=template, to=post))
    outbox.send_many([letter for letters in found.values() for letter in _gathered(letters)], at=now)


def _what(duty: Duty, steps: Iterable[Planned]) -> list[tuple[str, Recipient]]:
    """Whom each step tells of what. A warning that comes with its breach is left out: late by then."""
    names = {clocks.base(step.name) for step in steps} - {RESUME}
    if BREACH in names:
        names.discard(WARN)
    found: list[tuple[str, Recipient]] = []
    if WARN in names:
        found.append(("duties.warned", Recipient.OWNER))
    if BREACH in names:
        found += [("duties.breached", Recipient.OWNER), ("duties.breached", Recipient.HEAD)]
    for step in kinds.steps_of(kind=kinds.known(duty.kind), chain=duty.escalation):
        if step.name in names:
            found.append(("duties.escalated", step.action))
    return found


def _letter(duty: Duty, *, template: str, to: Post) -> dict[str, Any]:
    return {
        "template": template,
        "to": to,
        "context": {
            "title": _title(duty),
            "label": duty.about_label,
            "due": Words(duty.due_at),
            "kind": kinds.known(duty.kind).title,
        },
        "about": duty.about(),
        "urgent": duty.urgent,
        "link": duty.link or f"/duties/{duty.pk}/explain/",
    }


def _gathered(letters: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One person's messages; many at once as one that counts them."""
    if len(letters) <= MOST:
        return letters
    first = letters[0]
    return [
        {
            **first,
            "template": "duties.several",
            "context": {"count": len(letters), "title": first["context"]["title"]},
            "about": _desk(first["to"]),
            "urgent": any(letter["urgent"] for letter in letters),
            "link": "/my-work/",
        }
    ]


def tell_moved(rows: Sequence[tuple[Duty, datetime | None]], *, reason: str, now: datetime) -> None:
    """Tell owners, one message a person, that deadlines of theirs were counted anew."""
    directory = Directory([duty for duty, _before in rows], at=now)
    found: dict[Any, list[tuple[Post, Duty]]] = defaultdict(list)
    for duty, _before in rows:
        for post in directory.find(duty, Recipient.OWNER):
            found[post.person_id].append((post, duty))
    letters = []
    for moved in found.values():
        post, first = min(moved, key=lambda pair: (pair[1].due_at is None, pair[1].due_at or now))
        letters.append(
            {
                "template": "duties.moved",
                "to": post,
                "context": {"count": len(moved), "title": _title(first), "due": Words(first.due_at), "reason": reason},
                "about": _desk(post),
                "link": "/my-work/",
            }
        )
    outbox.send_many(letters, at=now)


def tell_handed_over(duties: Sequence[Duty], *, to: Post, now: datetime) -> None:
    """Tell the taker, in one message, what came."""
    if duties:
        outbox.send(
            template="duties.handed_over",
            to=to,
            context={"count": len(duties), "title": _title(duties[0])},
            about=_desk(to),
            at=now,
            link="/my-work/",
        )


def _desk(post: Post) -> About:
    """What a message about several duties is about: the post whose list they stand in."""
    return About("posts.post", post.pk, "", post.district_id, (post.district_id,), post.unit_id)
