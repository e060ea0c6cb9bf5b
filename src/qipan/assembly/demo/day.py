"""The day goes on: new reports come in, and the people of the demo do their work, through the real operations.

Nothing is planned ahead. At every beat each open duty may be done, the likelier the longer the beat; who owes it does
it. What a visitor of the demo touched lately is left alone, so that nobody finishes their work behind their back.
"""

from __future__ import annotations

import logging
import math
import random
import threading
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import close_old_connections, transaction
from django.db.models import F, Max
from django.utils import timezone

from qipan.assembly.demo import pictures, rhythm, scene, stories, words
from qipan.assembly.demo.ledger import By, Ledger
from qipan.assembly.demo.ledger.intake import Report
from qipan.assembly.demo.scene import Actor
from qipan.foundation.areas.models import Area, Level, Premises
from qipan.foundation.duties.models import Duty
from qipan.foundation.duties.rules import State
from qipan.foundation.journal.models import Entry
from qipan.foundation.journal.rules import RESIDENT, SYSTEM, HasAuthor
from qipan.foundation.posts.models import Post, Unit
from qipan.foundation.refusals import Refusal
from qipan.incidents import operations, routing
from qipan.incidents.models import Ask, Incident, Rating, Reporter, SpotCheck, Supervision
from qipan.incidents.operations.attach import attach
from qipan.incidents.operations.report import Contact, Place
from qipan.incidents.rules.classes import CLASSES, Klass
from qipan.incidents.rules.steps import Status
from qipan.kernels.clock.timetable import DAY, instant

log = logging.getLogger(__name__)
BEAT = 5.0  # seconds
ALONE = timedelta(minutes=15)  # for which what a visitor touched is left alone
# Minutes of work on average until somebody does what they owe: ordinary, urgent.
MEANS: dict[str, tuple[float, float]] = {
    "accept": (6, 2), "dispatch": (8, 2), "sign": (45, 5), "start": (40, 5), "answer": (900, 45), "verify": (60, 15),
    "decide": (60, 20), "call-back": (90, 60), "check": (400, 200), "supervise": (240, 120), "assist": (200, 60),
}  # fmt: skip
RATE = 600.0  # minutes until a reporter rates, on average


def hand_in(given: Report, *, by: Post | HasAuthor, at: datetime) -> Incident:
    """A drawn report through the real operation."""
    longitude, latitude = given.point or (None, None)
    premises = Premises.objects.get(pk=given.premises) if given.premises else None
    area = Area.objects.get(pk=given.place.id)
    incident, _code = operations.report(
        category=given.category, place=Place(longitude, latitude, area, premises, given.address), title=given.title,
        text=given.text, urgent=given.urgent, source=given.source, channel=given.channel, by=by, at=at,
        accused=Unit.objects.get(pk=given.accused.id) if given.accused else None, draft=given.draft,
        contact=Contact(**given.contact) if given.contact is not None else None,
        victim_cannot_act=given.victim_cannot_act,
    )  # fmt: skip
    return incident


class Player:
    """Plays one district. Deterministic by seed as far as the district's own state and the beats are the same."""

    def __init__(self, district: Area, *, seed: int, per_day: float, speed: float = 1.0, at: datetime) -> None:
        self.scene = scene.load(district, at=at)
        self.dice = random.Random(f"day {seed}")
        self.teller = stories.Teller(self.scene, Ledger(self.scene, seed=seed), seed=seed, now=2**62)
        self.teller.dice = self.dice
        self.per_day, self.speed = per_day, speed
        self.own: set[datetime] = set()  # the moments of its own acts
        self.first_entry = Entry.objects.aggregate(last=Max("id"))["last"] or 0
        self.posts: dict[UUID, Post] = {}
        self.done = 0

    def run(self, stop: threading.Event, *, beat: float = BEAT) -> None:
        """Play until `stop` is set. What goes wrong is told and left; the day goes on."""
        while not stop.wait(beat):
            close_old_connections()
            try:
                self.beat(at=timezone.now(), minutes=beat / 60 * self.speed)
            except Exception:
                log.exception("a beat of the demo's day failed")

    def beat(self, *, at: datetime, minutes: float) -> int:
        """What happens in `minutes` that end at `at`. Returns how many things were done."""
        before = self.done
        local = instant(at)
        share = rhythm.HOURS[local % DAY // rhythm.HOUR] / sum(rhythm.HOURS)
        for _ in range(self._poisson(self.per_day * share * minutes / 60)):
            at = self._moment(at)
            self._try(self._arrive, at)
        working = self.scene_works(at, "working")
        staffed = self.scene_works(at, "staffed")
        rows = Duty.objects.filter(state=State.OPEN, district=self.scene.district, kind__startswith="incidents.")
        for duty in rows.order_by("opened_at", "pk").select_related("unit", "post").iterator(chunk_size=500):
            name = duty.kind.removeprefix("incidents.")
            awake = duty.urgent or (staffed if name in {"accept", "dispatch", "decide", "call-back"} else working)
            if awake and self._happens(self._mean(name, duty, at), minutes):
                at = self._moment(at)
                self._try(self._act, at, name, duty)
        if self._happens(RATE / 40, minutes):
            self._try(self._rate, self._moment(at))
        return self.done - before

    # One act

    def _try(self, act: Any, at: datetime, *given: Any) -> None:
        self.own.add(at)
        try:
            with transaction.atomic():
                if act(at, *given):
                    self.done += 1
        except Refusal as refusal:  # somebody else was first, or the law of the district says no
            log.debug("not done: %s", refusal)

    def _arrive(self, at: datetime) -> bool:
        local = instant(at)
        place = self.teller.rhythm.place(self.dice)
        category = self.teller.rhythm.category(local // DAY, place, self.dice)
        given = self.teller.given(local, place, category)
        by: Post | HasAuthor = self.post(given.by) if isinstance(given.by, Actor) else self._author(given.by)
        incident = hand_in(given, by=by, at=at)
        if given.draft and isinstance(by, Post):
            operations.settle(incident_id=incident.pk, text=words.answer(category.key, self.dice), by=by, at=at)
        return True

    def _act(self, at: datetime, name: str, duty: Duty) -> bool:
        about = duty.about_id
        if name == "supervise":
            about = Supervision.objects.values_list("incident", flat=True).get(pk=duty.about_id)
        incident = Incident.objects.select_related("category", "desk", "unit", "handler").get(pk=about)
        if self.touched(incident.pk, at=at):
            return False
        return bool(getattr(self, f"_{name.replace('-', '_')}")(at, duty, incident))

    def _accept(self, at: datetime, _duty: Duty, incident: Incident) -> bool:
        by = self.dispatcher(incident)
        if by is None:
            return False
        if CLASSES[Klass(incident.klass)].refer or incident.victim_cannot_act:
            receipt = self.dice.choice(words.RECEIPTS)
            operations.refer(incident_id=incident.pk, receipt=receipt, by=by, at=at)
        elif self.dice.random() < 0.03:
            operations.decline(incident_id=incident.pk, reason=self.dice.choice(words.DECLINED), by=by, at=at)
        else:
            operations.accept(incident_id=incident.pk, by=by, at=at)
        return True

    def _report_up(self, at: datetime, duty: Duty, incident: Incident) -> bool:
        commanders = self.scene.commanders if duty.level == Level.DISTRICT else ()
        by = self.post(self.dice.choice(commanders)) if commanders else self.dispatcher(incident)
        if by is None:
            return False
        operations.report_up(incident_id=incident.pk, note_text=self.dice.choice(words.UPWARD), by=by, at=at)
        return True

    def _dispatch(self, at: datetime, _duty: Duty, incident: Incident) -> bool:
        by, unit = self.dispatcher(incident), routing.suggest(incident, at=at)
        if by is None or unit is None:
            return False
        operations.dispatch(incident_id=incident.pk, unit=unit, chosen_by_victim=incident.category.never_mediated,
                            by=by, at=at)  # fmt: skip
        return True

    def _handle(self, at: datetime, duty: Duty, incident: Incident) -> bool:
        by = self.handler(duty, incident)
        if by is None:
            return False
        if incident.status == Status.DISPATCHED:
            operations.sign(incident_id=incident.pk, by=by, at=at)
        elif incident.status == Status.SIGNED and self.dice.random() < 0.8:
            operations.start(incident_id=incident.pk, by=by, at=at)
        else:
            if incident.category.photo_reason:
                data = pictures.draw(self.dice, after=True).content
                attach(incident=incident, stage="answer", data=data, by=by, at=at)
            operations.answer(
                incident_id=incident.pk, text=words.answer(incident.category.key, self.dice), by=by, at=at
            )
        return True

    def _verify(self, at: datetime, _duty: Duty, incident: Incident) -> bool:
        desk = self.dispatcher(incident, other_than=incident.handler)
        if desk is None:
            return False
        if incident.status == Status.ANSWERED:
            if CLASSES[Klass(incident.klass)].call_back and (incident.hidden_from_village or self.dice.random() < 0.8):
                operations.close(incident_id=incident.pk, note=self.dice.choice(words.CALLED_BACK), by=desk, at=at)
            else:
                operations.check_back(incident_id=incident.pk, by=desk, at=at)
            return True
        by = self.post_of(incident.verifier_id) or desk
        if self.dice.random() < 0.06 and incident.reworks < 2:
            operations.rework(incident_id=incident.pk, reason=self.dice.choice(words.REWORKS), by=by, at=at)
        else:
            operations.verify(incident_id=incident.pk, by=by, at=at)
        return True

    def _decide(self, at: datetime, _duty: Duty, incident: Incident) -> bool:
        asked = Ask.objects.filter(incident=incident, state="asked").select_related("asked_by").first()
        by = self.dispatcher(incident, other_than=asked.asked_by if asked else None)
        if asked is None or by is None:
            return False
        approve = self.dice.random() < 0.8
        reason = "" if approve else self.dice.choice(words.REFUSED)
        operations.decide(ask_id=asked.pk, approve=approve, reason=reason, by=by, at=at)
        return True

    def _call_back(self, at: datetime, _duty: Duty, incident: Incident) -> bool:
        rating = Rating.objects.filter(incident=incident, called_back_at=None, stars__lte=2).order_by("at").first()
        by = self.dispatcher(incident)
        if rating is None or by is None:
            return False
        operations.call_back(rating_id=rating.pk, note=self.dice.choice(words.CALLS), by=by, at=at)
        return True

    def _check(self, at: datetime, _duty: Duty, incident: Incident) -> bool:
        found = SpotCheck.objects.filter(incident=incident, checked_at=None).first()
        by = self.dispatcher(incident, other_than=incident.verifier)
        if found is None or by is None:
            return False
        operations.check_again(
            spot_check_id=found.pk, confirmed=True, note=self.dice.choice(words.CHECKED), by=by, at=at
        )
        return True

    def _supervise(self, at: datetime, duty: Duty, incident: Incident) -> bool:
        by = self.handler(duty, incident)
        if by is None:
            return False
        text = self.dice.choice(words.EXPLAINED)
        operations.answer_supervision(supervision_id=duty.about_id, text=text, by=by, at=at)
        return True

    def _assist(self, at: datetime, duty: Duty, incident: Incident) -> bool:
        by = self.member(duty.unit_id)
        if by is None:
            return False
        operations.answer_assistance(incident_id=incident.pk, text=self.dice.choice(words.HELPED), by=by, at=at)
        return True

    def _rate(self, at: datetime) -> bool:
        since = at - timedelta(days=3)
        rows = Reporter.objects.filter(
            incident__district=self.scene.district, incident__status=Status.CLOSED, incident__closed_at__gte=since,
            incident__closed_at__lt=at - timedelta(minutes=20), card__isnull=False,
        ).exclude(ratings__at__gte=F("incident__closed_at"))  # fmt: skip
        found = rows.order_by("incident__closed_at", "pk").first()
        if found is None or self.touched(found.incident_id, at=at):
            return False
        stars = self.dice.choices((5, 4, 3, 2, 1), (60, 22, 9, 5, 4))[0]
        operations.rate(reporter_id=found.pk, stars=stars, comment=self.dice.choice(words.COMMENTS[stars]), at=at)
        return True

    # Who, when, whether

    def touched(self, incident_id: UUID, *, at: datetime) -> bool:
        """Whether somebody else than this player, or the system, did something with it lately."""
        rows = Entry.objects.filter(about_id=incident_id, id__gt=self.first_entry, at__gt=at - ALONE)
        moments = rows.exclude(by_label=SYSTEM.label).values_list("at", flat=True)
        return any(moment not in self.own for moment in moments)

    def scene_works(self, at: datetime, hours: str) -> bool:
        counter = getattr(self.teller.winder, hours)
        minute = instant(at)
        return bool(counter.between(minute, minute + stories.MINUTE))

    def dispatcher(self, incident: Incident, other_than: Post | None = None) -> Post | None:
        """Somebody of its desk, or of a desk above; never the person `other_than`."""
        path = incident.areas()
        for level in range(incident.level, 0, -1):
            desk = self.scene.desk(path, level)
            people = [one for one in (desk.dispatchers if desk else ())
                      if other_than is None or one.person != other_than.person_id]  # fmt: skip
            if people:
                return self.post(self.dice.choice(people))
        return None

    def handler(self, duty: Duty, incident: Incident) -> Post | None:
        if duty.post_id in self.scene.actors:
            return self.post(self.scene.actors[duty.post_id])
        return self.member(duty.unit_id or incident.unit_id)

    def member(self, unit_id: int | None) -> Post | None:
        team = self.scene.teams.get(unit_id or 0)
        people = (team.handlers or team.dispatchers) if team else []
        return self.post(self.dice.choice(people)) if people else None

    def post_of(self, post_id: UUID | None) -> Post | None:
        return self.post(self.scene.actors[post_id]) if post_id in self.scene.actors else None

    def post(self, actor: Actor) -> Post:
        if actor.id not in self.posts:
            self.posts[actor.id] = Post.objects.with_names().get(pk=actor.id)
        return self.posts[actor.id]

    @staticmethod
    def _author(by: By) -> HasAuthor:
        return SYSTEM if by[0] == SYSTEM.label else RESIDENT

    def _mean(self, name: str, duty: Duty, at: datetime) -> float:
        if name == "handle":
            signed = duty.post_id is not None
            name = (
                "answer" if signed and duty.opened_at < at - timedelta(minutes=30) else ("start" if signed else "sign")
            )
        ordinary, urgent = MEANS.get(name, (120, 60))
        mean = urgent if duty.urgent else ordinary
        pressed = duty.warn_at is not None and duty.warn_at < at  # near its deadline people hurry
        return mean / 3 if pressed else mean

    def _happens(self, mean: float, minutes: float) -> bool:
        return self.dice.random() < -math.expm1(-minutes / mean)

    def _poisson(self, mean: float) -> int:
        """Knuth (1969): how many of a mean number."""
        left, count = math.exp(-mean), 0
        product = self.dice.random()
        while product > left:
            product *= self.dice.random()
            count += 1
        return count

    def _moment(self, at: datetime) -> datetime:
        """A moment of its own for each act, a little after the one before."""
        while at in self.own:
            at += timedelta(microseconds=1)
        return at
