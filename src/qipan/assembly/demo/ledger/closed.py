"""Old incidents, of which only the close is kept in the journal: ten years of them in minutes."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from qipan.assembly.demo import words
from qipan.assembly.demo.ledger.book import Ledger
from qipan.assembly.demo.ledger.intake import terms_of
from qipan.assembly.demo.ledger.rows import RESIDENT_BY, File, who
from qipan.assembly.demo.scene import Place
from qipan.incidents.models import Category
from qipan.incidents.rules.classes import CLASSES, Klass
from qipan.incidents.rules.steps import Status

if TYPE_CHECKING:
    from qipan.assembly.demo.stories import Teller

SECOND = 1_000_000
HOUR = 3600 * SECOND


class Closed:
    """Writes closed incidents straight down: the row as it ended and one entry."""

    def __init__(self, ledger: Ledger, teller: Teller) -> None:
        self.ledger, self.teller = ledger, teller

    def day(self, day: int, *, per_day: float) -> int:
        teller = self.teller
        dice = random.Random(f"{teller.seed} {day}")
        drawn = []
        for _ in range(teller.rhythm.how_many(day, per_day=per_day, dice=dice)):
            place = teller.rhythm.place(dice)
            category = teller.rhythm.category(day, place, dice)
            drawn.append((teller.rhythm.moment(day, category, dice), place, category))
        for at, place, category in sorted(drawn, key=lambda row: row[0]):
            self._write(at, place, category, dice)
        return len(drawn)

    def _write(self, at: int, place: Place, category: Category, dice: random.Random) -> None:
        ledger, scene = self.ledger, self.teller.scene
        klass = Klass(category.klass)
        private = category.private or CLASSES[klass].private
        name, spot = scene.names[place.path[min(2, len(place.path) - 1)]], dice.choice(words.SPOTS)
        address = "" if private else f"{name}{spot}"
        closed_at = at + max(2 * HOUR, round(dice.lognormvariate(3.2, 1.0) * 3600) * SECOND)
        closed_at = min(closed_at, self.teller.now)
        file = File(
            id=ledger.new_id(at), category=category, klass=category.klass, status=Status.CLOSED.value,
            status_at=closed_at, urgent=category.urgent_default, private=private, hidden=category.hidden_from_village,
            place=place, point=self.teller.rhythm.point(place, dice), premises=None, source="import", channel="archive",
            reported_at=at, reported_by=None, number=ledger.number("QP", at), level=2, address=address,
            title=category.name if private else words.title(category.key, place=name, spot=spot, dice=dice),
            text="", search=frozenset(),
        )  # fmt: skip
        file.desk = scene.desk(place.path, 2)
        file.unit = scene.suggest(place.path, category)
        handlers = file.unit.handlers if file.unit else []
        file.handler = handlers[at // SECOND % len(handlers)] if handlers else None
        file.filed_at, file.dispatched_at, file.signed_at = at + 600 * SECOND, at + 1200 * SECOND, at + 2400 * SECOND
        file.answered_at, file.closed_at = max(at, closed_at - HOUR), closed_at
        file.status_at = file.closed_at
        file.outcome, file.on_time, file.version = "solved", dice.random() > 0.08, 1
        file.search = terms_of(file.number) | terms_of(file.title) | terms_of(file.address)
        people = file.desk.dispatchers if file.desk else []
        by = who(people[at // SECOND % len(people)]) if people else RESIDENT_BY
        ledger.record("incidents.closed", file.about(), by=by, at=file.closed_at, before=Status.ANSWERED.value,
                      after=Status.CLOSED.value, imported=True)  # fmt: skip
        ledger.lines["incidents_incident"].append(file.line())
