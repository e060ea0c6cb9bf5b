"""What people report, answer and say, drawn from the sentences of data/words.toml."""

from __future__ import annotations

import random
import tomllib
from importlib import resources
from typing import Any, NamedTuple


class Say(NamedTuple):
    """Of a kind of event: titles, what is told, what more may be said, and what the unit answers."""

    titles: tuple[str, ...]
    told: tuple[str, ...]
    more: tuple[str, ...]
    answers: tuple[str, ...]


_said: dict[str, Any] = tomllib.loads(
    resources.files("qipan.assembly.demo").joinpath("data/words.toml").read_text(encoding="utf-8")
)


def _of(name: str) -> tuple[str, ...]:
    return tuple(_said[name])


EVENTS = {key: Say(*(tuple(parts[name]) for name in Say._fields)) for key, parts in _said["events"].items()}
COMMENTS = {int(stars): tuple(said) for stars, said in _said["comments"].items()}
ASKED = {kind: tuple(reasons) for kind, reasons in _said["asked"].items()}
SPOTS, SINCE, ASKS, DONE, WELL = map(_of, ("spots", "since", "asks", "done", "well"))
DECLINED, VOIDED, REWORKS, REFUSED = map(_of, ("declined", "voided", "reworks", "refused"))
QUESTIONS, EXPLAINED, HELPED, REMINDERS = map(_of, ("questions", "explained", "helped", "reminders"))
CALLS, CALLED_BACK, CHECKED, FAILED, RECEIPTS = map(_of, ("calls", "called_back", "checked", "failed", "receipts"))
UPWARD = _of("upward")


def title(key: str, *, place: str, spot: str, dice: random.Random) -> str:
    return dice.choice(EVENTS[key].titles).format(place=place, spot=spot)


def text(key: str, *, place: str, spot: str, dice: random.Random) -> str:
    """One to three sentences."""
    say = EVENTS[key]
    parts = [dice.choice(say.told).format(place=place, spot=spot, since=dice.choice(SINCE))]
    if dice.random() < 0.7:
        parts.append(dice.choice(say.more))
    if dice.random() < 0.6:
        parts.append(dice.choice(ASKS))
    return "。".join(parts) + "。"


def answer(key: str, dice: random.Random) -> str:
    return dice.choice(DONE) + dice.choice(EVENTS[key].answers) + dice.choice(WELL)
