"""Believable lives of incidents, told to a stage: the ledger, or the real operations (tests).

Every moment is drawn from one seed: people work in their hours, most are in time, some are late, some things are done
badly and come back. A story ends where `now` is; what is open then stays open.
"""

from __future__ import annotations

import random
from contextlib import suppress
from typing import Any

from qipan.assembly.demo import persons, pictures, words
from qipan.assembly.demo.ledger import RESIDENT_BY, SYSTEM_BY, By, File, Ledger
from qipan.assembly.demo.ledger.intake import Report
from qipan.assembly.demo.rhythm import HOUR, SECOND, Rhythm, premises_near
from qipan.assembly.demo.scene import Actor, Place, Scene, Team
from qipan.foundation.areas.models import Level, PremisesKind
from qipan.incidents.models import Category
from qipan.incidents.rules.classes import CLASSES, Klass
from qipan.incidents.rules.steps import Status
from qipan.kernels.clock.timetable import DAY

MINUTE = 60 * SECOND
ON_THE_SPOT = frozenset({"street-trade", "parking", "ebike", "dust", "fitness", "dead-animal", "tree"})
TWICE = frozenset({"hazard", "city", "facility", "help"})
AT_PREMISES: dict[str, frozenset[str]] = {
    "enterprise": frozenset({PremisesKind.ENTERPRISE}), "site": frozenset({PremisesKind.ENTERPRISE}),
    "accident": frozenset({PremisesKind.ENTERPRISE}), "food": frozenset({PremisesKind.SCHOOL, PremisesKind.SHOP}),
    "cluster": frozenset({PremisesKind.SCHOOL}), "school-road": frozenset({PremisesKind.SCHOOL}),
    "consumer": frozenset({PremisesKind.SHOP}), "fire-exit": frozenset({PremisesKind.SHOP}),
    "wages": frozenset({PremisesKind.ENTERPRISE}), "noise": frozenset({PremisesKind.SHOP}),
}  # fmt: skip


class Over(Exception):
    """The next thing would happen after now."""


# How often something out of the ordinary happens, of all incidents that come so far.
CHANCES = {
    "declined": 0.03, "void": 0.01, "twin": 0.05, "rework": 0.05, "drawn": 0.05, "check fails": 0.07, "reminded": 0.03,
    "supervised": 0.015, "rated": 0.38, "refused": 0.18, "unhappy": 0.09,
    "return": 0.02, "extension": 0.04, "hold": 0.006, "escalate": 0.008, "assist": 0.03,
}  # fmt: skip


class Teller:
    """Tells stories of one scene up to `now`; the same seed tells the same ones of a day, whatever came before."""

    def __init__(
        self, scene: Scene, stage: Ledger, *, seed: int, now: int, photos: bool = True,
        chances: dict[str, float] = CHANCES,
    ) -> None:  # fmt: skip
        self.scene, self.stage, self.seed, self.now, self.photos = scene, stage, seed, now, photos
        self.chances = chances
        self.rhythm = Rhythm(scene, seed=seed)
        self.winder = stage.winder
        self.dice = random.Random(seed)
        self.twins: list[File] = []  # what was merged into the file being told of

    def day(self, day: int, *, per_day: float) -> int:
        """All stories that begin on a day (an ordinal). Returns how many."""
        self.dice = dice = random.Random(f"{self.seed} {day}")
        drawn = []
        for _ in range(self.rhythm.how_many(day, per_day=per_day, dice=dice)):
            place = self.rhythm.place(dice)
            category = self.rhythm.category(day, place, dice)
            drawn.append((self.rhythm.moment(day, category, dice), dice.random(), place, category))
        told = 0
        for at, key, place, category in sorted(drawn, key=lambda row: row[:2]):
            if at <= self.now:
                self.dice = random.Random(f"{self.seed} {day} {key}")  # one life does not change the next
                self.tell(at, place, category)
                told += 1
        return told

    def tell(self, at: int, place: Place, category: Category) -> None:
        given = self.given(at, place, category)
        if given.draft:
            self.stage.finish(self.stage.settle(given, text=words.answer(category.key, self.dice)), now=self.now)
            return
        file = self.stage.report(given)
        self.twins = []
        with suppress(Over):
            self.life(file, given)
        for one in (file, *self.twins):
            self.stage.finish(one, now=self.now)

    # Reports

    def given(self, at: int, place: Place, category: Category) -> Report:
        dice, key = self.dice, category.key
        point, premises, address = self.rhythm.point(place, dice), None, ""
        spot = dice.choice(words.SPOTS)
        name = self.scene.names[place.path[2] if len(place.path) > 2 else place.id]
        if key in AT_PREMISES and dice.random() < 0.8:
            found = premises_near(self.scene, place, AT_PREMISES[key], dice)
            if found is not None:
                premises, spot, point = found[0], found[2], (found[3], found[4])
        address = f"{name}{spot}" if not spot.startswith(name) else spot
        source, channel, by, contact = self.source(place, category, at)
        text = words.text(key, place=name, spot=spot, dice=dice)
        if (
            contact and "phone" in contact and dice.random() < 0.06
        ):  # people write their number where everybody could read it
            text += f"联系电话{contact['phone']}。"
        on_the_spot = source == "grid" and key in ON_THE_SPOT and dice.random() < 0.4 and not category.urgent_default
        urgent = None if category.urgent_default or dice.random() > 0.03 else True
        return Report(
            at=at, category=category, place=place, point=point, premises=premises, urgent=urgent, address=address,
            title=words.title(key, place=name, spot=spot, dice=dice)[:120], text=text, source=source, channel=channel,
            by=by, contact=contact, draft=on_the_spot, accused=self.accused(category),
            victim_cannot_act=category.never_mediated and dice.random() < 0.25,
        )  # fmt: skip

    def source(self, place: Place, category: Category, at: int) -> tuple[str, str, Actor | By, dict[str, str] | None]:
        dice = self.dice
        if category.klass == Klass.DEVICE:
            return "device", "iot", SYSTEM_BY, None
        workers = next((self.scene.grid[area] for area in reversed(place.path) if area in self.scene.grid), None)
        contact = {"name": persons.name(dice.randrange(persons.COMBINATIONS)), "phone": persons.phone(dice),
                   "language": "en" if dice.random() < 0.01 else "zh-hans"}  # fmt: skip
        drawn = dice.random()
        personal = category.private or CLASSES[Klass(category.klass)].private
        if drawn < (0.1 if personal else 0.48) and workers and not category.hidden_from_village:
            return "grid", "app", dice.choice(workers), None
        if drawn < 0.72:
            anonymous = dice.random() < 0.2
            blank = {"language": contact["language"]}
            return "resident", dice.choice(("wechat", "web")), RESIDENT_BY, blank if anonymous else contact
        centre = self.scene.desk(place.path, Level.DISTRICT)
        if drawn < 0.95 and centre and centre.dispatchers:
            return "hotline", "12345", dice.choice(centre.dispatchers), contact
        desk = self.scene.desk(place.path, Level.TOWNSHIP)
        if desk and desk.dispatchers:
            return "staff", "", dice.choice(desk.dispatchers), None
        return "resident", "web", RESIDENT_BY, contact

    def accused(self, category: Category) -> Team | None:
        if category.key != "accusation":
            return None
        suspects = [team for team in self.scene.teams.values() if team.kind == "township"]
        return self.dice.choice(suspects) if suspects else None

    # Lives

    def life(self, file: File, given: Report) -> None:
        dice, klass = self.dice, Klass(file.klass)
        if file.desk is None:
            return
        desk_at = self.at_desk(file, file.reported_at, 6)
        if klass == Klass.POLICE or file.victim_cannot_act:
            self.stage.refer(file, at=desk_at, by=self.dispatcher(file), receipt=dice.choice(words.RECEIPTS))
            return
        if self.happens("declined") or (klass == Klass.DEVICE and dice.random() < 0.35):
            self.stage.decline(file, at=desk_at, by=self.dispatcher(file), reason=dice.choice(words.DECLINED))
            return
        if self.happens("void"):
            self.stage.void(file, at=desk_at, by=self.dispatcher(file), reason=dice.choice(words.VOIDED))
            return
        self.stage.accept(file, at=desk_at, by=self.dispatcher(file))
        at = self.round(file, given, self.upward(file, desk_at))
        self.after(file, given, at)

    def upward(self, file: File, at: int) -> int:
        """What has to be reported level by level is, mostly in time; what is not climbs by itself, and the district's
        own report is made late."""
        if CLASSES[Klass(file.klass)].upward is None:
            return at
        for level in range(file.level, 0, -1):
            people = [self.dispatcher(file)] if level > Level.DISTRICT else self.scene.commanders
            late = not people or self.dice.random() >= 0.8
            if late:
                at = self.now_or(at + 2 * HOUR + MINUTE)
                self.stage.sweep(file, at)
            if people and (level == Level.DISTRICT or not late):
                at = self.at_desk(file, at, 12)
                self.stage.report_up(file, at=at, by=self.dice.choice(people), note=self.dice.choice(words.UPWARD))
        return at

    def round(self, file: File, given: Report, at: int) -> int:
        """From filed to closed; the moment of the close."""
        at = self.dispatch(file, at)
        if file.klass in TWICE and not file.private and self.happens("twin"):
            at = self.twin(file, given, at)
        at = self.sign(file, at)
        at = self.side_track(file, at)
        if self.dice.random() < 0.8:
            at = self.at_work(file, at, 25)
            self.stage.start(file, at=at, by=self.handler(file))
        at = self.pressed(file, at)
        at = self.answer(file, at)
        while True:
            at = self.at_desk(file, at, 15)
            if self.closes_by_call(file):
                self.stage.close(file, at=at, by=self.dispatcher(file, other_than=file.handler),
                                 note=self.dice.choice(words.CALLED_BACK))  # fmt: skip
                return at
            self.stage.check_back(file, at=at, by=self.dispatcher(file, other_than=file.handler))
            at = self.at_work(file, at, 60)
            by = file.verifier or self.dispatcher(file, other_than=file.handler)
            if file.reworks > 1 or not self.happens("rework"):
                self.stage.verify(file, at=at, by=by)
                return at
            self.stage.rework(file, at=at, by=by, reason=self.dice.choice(words.REWORKS))
            at = self.answer(file, at)

    def dispatch(self, file: File, at: int, other_than: Team | None = None) -> int:
        at = self.at_desk(file, at, 8)
        unit = self.scene.suggest(file.place.path, file.category, file.accused.id if file.accused else None)
        if unit is None or not unit.handlers or unit is other_than:
            choices = [team for team in self.scene.teams.values()
                       if team.level == 1 and team.handlers and team not in (other_than, file.accused)]  # fmt: skip
            unit = self.dice.choice(choices)
        self.stage.dispatch(file, at=at, by=self.dispatcher(file), unit=unit)
        return at

    def sign(self, file: File, at: int) -> int:
        assert file.unit is not None
        at = self.at_work(file, at, 45)
        self.stage.sign(file, at=at, by=self.dice.choice(file.unit.handlers))
        return at

    def side_track(self, file: File, at: int) -> int:
        """Now and then a handler asks for something else than to go on; the desk decides."""
        dice, handler = self.dice, self.handler(file)
        kind = next((name for name in words.ASKED if self.happens(name)), "")
        higher = self.scene.desk(file.place.path, file.level - 1)
        if not kind or file.urgent or (kind == "escalate" and (file.level == 1 or higher in (None, file.desk))):
            return at
        days = {"extension": dice.randint(3, 10), "hold": dice.randint(5, 40)}.get(kind)
        unit = self.helper(file) if kind == "assist" else None
        at = self.at_work(file, at, 30)
        asked = self.stage.ask(file, kind=kind, at=at, by=handler, reason=dice.choice(words.ASKED[kind]), days=days,
                               unit=unit)  # fmt: skip
        at = self.at_desk(file, at, 60)
        approve = not self.happens("refused")
        self.stage.decide(file, asked, at=at, by=self.dispatcher(file, other_than=handler), approve=approve,
                          reason="" if approve else dice.choice(words.REFUSED))  # fmt: skip
        if not approve:
            return at
        if kind in {"return", "escalate"}:
            former = file.unit if kind == "return" else None
            return self.sign(file, self.dispatch(file, at, former))
        if kind == "assist" and unit is not None:
            at = self.at_work(file, at, 120)
            self.stage.answer_assistance(file, at=at, by=dice.choice(unit.handlers), text=dice.choice(words.HELPED))
        if kind == "hold" and days:
            at = self.now_or(at + days * DAY + 30 * MINUTE)
            self.stage.sweep(file, at)  # the clock runs again
        return at

    def pressed(self, file: File, at: int) -> int:
        """Reminders, and supervision from above."""
        dice = self.dice
        if self.happens("reminded"):
            at = self.at_desk(file, at, 240)
            self.stage.remind(file, at=at, by=self.dispatcher(file), note=dice.choice(words.REMINDERS))
        if self.scene.commanders and self.happens("supervised"):
            commander = dice.choice(self.scene.commanders)
            at = self.at_work(file, at, 300)
            found = self.stage.supervise(file, at=at, by=commander, question=dice.choice(words.QUESTIONS))
            at = self.at_work(file, at, 200)
            self.stage.answer_supervision(file, found, at=at, by=self.handler(file), text=dice.choice(words.EXPLAINED))
            at = self.at_work(file, at, 120)
            self.stage.end_supervision(file, found, at=at, by=commander)
        return at

    def answer(self, file: File, at: int) -> int:
        """Somewhere in the time that the handling clock allows, or beyond it."""
        dice, handler = self.dice, self.handler(file)
        due = file.due_at or self.stage.handling(file).due or at
        drawn = dice.random()
        if drawn < 0.03 and due > at:
            when = max(at + 2 * MINUTE, due - dice.randrange(20, 110) * SECOND)  # in the last minute
        elif drawn < 0.10:
            when = self.share(file, at, due, dice.uniform(1.02, 1.7))
        elif drawn < 0.11:
            when = self.share(file, at, due, dice.uniform(3, 12))
        else:
            when = self.share(file, at, due, dice.betavariate(1.6, 2.6))
        at = self.now_or(max(at + 90 * SECOND, when))
        if self.photos and file.category.photo_reason:
            self.stage.photo(file, pictures.draw(dice, after=True), stage="answer", at=at - 20 * SECOND, by=handler)
        self.stage.answer(file, at=at, by=handler, text=words.answer(file.category.key, dice))
        return at

    def share(self, file: File, at: int, due: int, part: float) -> int:
        """When `part` of the time from `at` to `due` has passed, counted in the hours in which the unit works."""
        counter = None if self.around_the_clock(file) else self.winder.working
        left = due - at if counter is None else (counter.between(at, due) if due > at else 0)
        left = max(left, HOUR)
        length = round(left * part / SECOND) * SECOND + self.dice.randrange(60) * SECOND
        return at + length if counter is None else counter.advance(at, length)

    def twin(self, file: File, given: Report, at: int) -> int:
        """Somebody else reports the same thing; the desk joins the two."""
        later = self.now_or(at + self.dice.randrange(10, 300) * MINUTE)
        again = self.given(later, given.place, given.category)
        again = Report(**{name: getattr(again, name) for name in Report.__slots__} | {
            "title": given.title, "address": given.address, "premises": given.premises, "point": given.point,
            "draft": False, "accused": None,
        })  # fmt: skip
        other = self.stage.report(again)
        self.twins.append(other)
        if other.desk is None or other.private != file.private:
            return later
        at = self.at_desk(other, later, 10)
        self.stage.merge(other, file, at=at, by=self.dispatcher(file, of=other))
        return at

    def after(self, file: File, given: Report, at: int) -> None:
        """Ratings, call backs, second rounds, second checks."""
        dice = self.dice
        if not file.private and self.happens("drawn"):
            found = self.stage.draw(file, at=self.now_or(at + 3 * HOUR))
            at = self.at_desk(file, at + 3 * HOUR, 400)
            people = {one.person for one in (file.handler, file.verifier, file.reported_by) if one}
            checkers = [one for one in self.desk_people(file) if one.person not in people]
            if checkers:
                confirmed = not self.happens("check fails")
                self.stage.check_again(file, found, at=at, by=dice.choice(checkers), confirmed=confirmed,
                                       note=dice.choice(words.CHECKED if confirmed else words.FAILED))  # fmt: skip
                if not confirmed:
                    at = self.round(file, given, at)
        if not file.reporters or not self.happens("rated"):
            return
        unhappy = self.happens("unhappy")
        stars = dice.choice((1, 2)) if unhappy else dice.choices((5, 4, 3), (66, 24, 10))[0]
        at = self.now_or(at + round(dice.expovariate(1 / 20) * 60) * MINUTE + 30 * MINUTE)
        rating = self.stage.rate(file, at=at, stars=stars, comment=dice.choice(words.COMMENTS[stars]))
        if stars > 2:
            return
        called = self.at_desk(file, at, 90)
        self.stage.call_back(file, rating, at=called, by=self.dispatcher(file), note=dice.choice(words.CALLS))
        if file.status == Status.FILED:
            self.round(file, given, called)

    # People and their hours

    def happens(self, what: str) -> bool:
        return self.dice.random() < self.chances[what]

    def now_or(self, at: int) -> int:
        if at > self.now:
            raise Over
        return at

    def around_the_clock(self, file: File) -> bool:
        return bool(file.urgent) or file.klass in {Klass.HEALTH, Klass.EMERGENCY, Klass.DEVICE}

    def at_desk(self, file: File, at: int, minutes: float) -> int:
        """When a desk gets to it: around `minutes` later, in its hours."""
        return self._later(at, minutes, None if self.around_the_clock(file) else self.winder.staffed)

    def at_work(self, file: File, at: int, minutes: float) -> int:
        """When a unit or a grid worker gets to it."""
        return self._later(at, minutes, None if self.around_the_clock(file) else self.winder.working)

    def _later(self, at: int, minutes: float, counter: Any) -> int:
        if counter is None:
            minutes = min(minutes, 12) / 2
        length = max(20, round(minutes * 60 * self.dice.lognormvariate(-0.2, 0.7))) * SECOND
        return self.now_or(at + length if counter is None else counter.advance(at, length))

    def desk_people(self, file: File) -> list[Actor]:
        """The dispatchers of its desk, then those of the desks above."""
        found: list[Actor] = []
        for level in range(file.level, 0, -1):
            desk = self.scene.desk(file.place.path, level)
            found += [one for one in (desk.dispatchers if desk else ()) if one not in found]
        return found

    def dispatcher(self, file: File, *, other_than: Actor | None = None, of: File | None = None) -> Actor:
        """Somebody of its desk; not the person `other_than`; who sees the other file `of` too."""
        people = [one for one in self.desk_people(file) if other_than is None or one.person != other_than.person]
        if of is not None:
            people = [one for one in people if one.area in of.place.path]
        own = [one for one in people if file.desk and one.unit == file.desk.id]
        return self.dice.choice(own or people)

    def handler(self, file: File) -> Actor:
        assert file.unit is not None
        return file.handler or file.unit.handlers[0]

    def helper(self, file: File) -> Team:
        teams = [team for team in self.scene.teams.values() if team.level == 1 and team.handlers]
        return self.dice.choice([team for team in teams if team not in (file.unit, file.accused)])

    def closes_by_call(self, file: File) -> bool:
        if not CLASSES[Klass(file.klass)].call_back:
            return False
        return file.hidden or self.dice.random() < 0.8
