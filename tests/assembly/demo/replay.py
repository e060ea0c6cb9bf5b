"""The same stories told twice at once: to the ledger, which knows what comes next, and to the real operations."""

from __future__ import annotations

import random
from typing import Any
from uuid import UUID

from qipan.assembly.demo.ledger import By, File, Ledger
from qipan.assembly.demo.ledger.intake import Report
from qipan.assembly.demo.pictures import Picture
from qipan.assembly.demo.scene import Actor, Scene, Team
from qipan.foundation.areas.models import Area, Premises
from qipan.foundation.duties import sweeper
from qipan.foundation.duties.models import Duty
from qipan.foundation.journal.rules import RESIDENT, SYSTEM
from qipan.foundation.posts.models import Post, Unit
from qipan.incidents import operations
from qipan.incidents.models import Incident, SpotCheck
from qipan.incidents.operations.attach import attach
from qipan.incidents.operations.report import Contact, Place
from qipan.incidents.rules.steps import Status
from qipan.kernels.clock.timetable import moment_of


class Draw(random.Random):
    """Draws the row at one place and no other."""

    def __init__(self, place: int) -> None:
        super().__init__()
        self.left = place

    def random(self) -> float:
        self.left -= 1
        return 0.0 if self.left == -1 else 1.0


class Both:
    """A stage (`stories.Stage`) that does every act with the ledger and with the operation of the same name."""

    def __init__(self, scene: Scene, *, seed: int) -> None:
        self.scene, self.ledger = scene, Ledger(scene, seed=seed)
        self.winder = self.ledger.winder
        self.ids: dict[UUID, UUID] = {}
        self.posts: dict[UUID, Post] = {}
        self.calls: set[str] = set()

    # What only looks

    def handling(self, file: File) -> Any:
        return self.ledger.handling(file)

    def finish(self, file: File, *, now: int) -> None:
        self.ledger.finish(file, now=now)
        self.real_sweep(now)

    def sweep(self, file: File, until: int) -> None:
        self.ledger.sweep(file, until)
        self.real_sweep(until)

    def real_sweep(self, until: int) -> None:
        """The sweeper, awake at the very moment of each step."""
        while True:
            rows = Duty.objects.filter(next_at__lte=moment_of(until)).order_by("next_at")
            first = rows.values_list("next_at", flat=True).first()
            if first is None:
                return
            sweeper.sweep(now=first)

    def act(self, name: str, file: File, at: int) -> dict[str, Any]:
        self.calls.add(name)
        self.real_sweep(at)
        return {"incident_id": self.ids[file.id], "at": moment_of(at)}

    def post(self, actor: Actor) -> Post:
        if actor.id not in self.posts:
            self.posts[actor.id] = Post.objects.select_related("person", "area", "unit").get(pk=actor.id)
        return self.posts[actor.id]

    def author(self, by: Actor | By) -> Any:
        if isinstance(by, Actor):
            return self.post(by)
        return SYSTEM if by[0] == SYSTEM.label else RESIDENT

    def unit(self, team: Team | None) -> Unit | None:
        return Unit.objects.get(pk=team.id) if team else None

    # Acts

    def report(self, given: Report) -> File:
        file = self.ledger.report(given)
        self.real_report(file, given)
        return file

    def real_report(self, file: File, given: Report) -> Incident:
        self.calls.add("report")
        self.real_sweep(given.at)
        longitude, latitude = given.point or (None, None)
        premises = Premises.objects.get(pk=given.premises) if given.premises else None
        place = Place(longitude, latitude, Area.objects.get(pk=given.place.id), premises, given.address)
        incident, _code = operations.report(
            category=given.category, place=place, title=given.title, text=given.text, urgent=given.urgent,
            source=given.source, channel=given.channel, accused=self.unit(given.accused), by=self.author(given.by),
            contact=Contact(**given.contact) if given.contact is not None else None, at=moment_of(given.at),
            draft=given.draft, victim_cannot_act=given.victim_cannot_act,
        )  # fmt: skip
        self.ids[file.id] = incident.pk
        return incident

    def settle(self, given: Report, *, text: str) -> File:
        file = self.ledger.settle(given, text=text)
        incident = self.real_report(file, given)
        self.calls.add("settle")
        operations.settle(incident_id=incident.pk, text=text, by=self.author(given.by), at=moment_of(given.at))
        return file

    def plain(self, name: str, file: File, at: int, by: Actor, **words: Any) -> None:
        getattr(operations, name)(**self.act(name, file, at), by=self.post(by), **words)
        getattr(self.ledger, name)(file, at=at, by=by, **words)

    def accept(self, file: File, *, at: int, by: Actor) -> None:
        self.plain("accept", file, at, by)

    def decline(self, file: File, *, at: int, by: Actor, reason: str) -> None:
        self.plain("decline", file, at, by, reason=reason)

    def void(self, file: File, *, at: int, by: Actor, reason: str) -> None:
        self.plain("void", file, at, by, reason=reason)

    def refer(self, file: File, *, at: int, by: Actor, receipt: str) -> None:
        operations.refer(**self.act("refer", file, at), by=self.post(by), receipt=receipt)
        self.ledger.refer(file, at=at, by=by, receipt=receipt)

    def report_up(self, file: File, *, at: int, by: Actor, note: str) -> None:
        operations.report_up(**self.act("report_up", file, at), by=self.post(by), note_text=note)
        self.ledger.report_up(file, at=at, by=by, note=note)

    def sign(self, file: File, *, at: int, by: Actor) -> None:
        self.plain("sign", file, at, by)

    def start(self, file: File, *, at: int, by: Actor) -> None:
        self.plain("start", file, at, by)

    def answer(self, file: File, *, at: int, by: Actor, text: str) -> None:
        self.plain("answer", file, at, by, text=text)

    def check_back(self, file: File, *, at: int, by: Actor) -> None:
        self.plain("check_back", file, at, by)

    def verify(self, file: File, *, at: int, by: Actor) -> None:
        self.plain("verify", file, at, by)

    def close(self, file: File, *, at: int, by: Actor, note: str) -> None:
        self.plain("close", file, at, by, note=note)

    def rework(self, file: File, *, at: int, by: Actor, reason: str) -> None:
        self.plain("rework", file, at, by, reason=reason)

    def dispatch(self, file: File, *, at: int, by: Actor, unit: Team) -> None:
        operations.dispatch(**self.act("dispatch", file, at), by=self.post(by), unit=self.unit(unit),
                            chosen_by_victim=file.category.never_mediated)  # fmt: skip
        self.ledger.dispatch(file, at=at, by=by, unit=unit)

    def photo(self, file: File, picture: Picture, *, stage: str, at: int, by: Actor) -> None:
        self.act("photo", file, at)
        incident = Incident.objects.get(pk=self.ids[file.id])
        attach(incident=incident, stage=stage, data=picture.content, by=self.post(by), at=moment_of(at))
        self.ledger.photo(file, picture, stage=stage, at=at, by=by)

    def rate(self, file: File, *, at: int, stars: int, comment: str) -> dict[str, Any]:
        self.act("rate", file, at)
        reporter = Incident.objects.get(pk=self.ids[file.id]).reporters.order_by("reported_at", "id").first()
        rating = operations.rate(reporter_id=reporter.pk, stars=stars, comment=comment, at=moment_of(at))
        found = self.ledger.rate(file, at=at, stars=stars, comment=comment)
        self.ids[found["id"]] = rating.pk
        return found

    def call_back(self, file: File, rating: dict[str, Any], *, at: int, by: Actor, note: str) -> None:
        self.act("call_back", file, at)
        operations.call_back(rating_id=self.ids[rating["id"]], note=note, by=self.post(by), at=moment_of(at))
        self.ledger.call_back(file, rating, at=at, by=by, note=note)

    def draw(self, file: File, *, at: int) -> dict[str, Any]:
        self.act("draw", file, at)
        incident = Incident.objects.get(pk=self.ids[file.id])
        rows = Incident.objects.filter(
            district=incident.district_id, status__in=(Status.CLOSED, Status.RATED), closed_at__gte=incident.closed_at,
            closed_at__lt=moment_of(at), spot_checks=None, private=False,
        ).order_by("id")  # fmt: skip
        place = list(rows.values_list("pk", flat=True)).index(incident.pk)
        (drawn,) = operations.draw_spot_checks(
            district_id=incident.district_id, since=incident.closed_at, at=moment_of(at), draw=Draw(place)
        )
        found = self.ledger.draw(file, at=at)
        self.ids[found["id"]] = drawn.pk
        return found

    def check_again(self, file: File, found: dict[str, Any], *, at: int, by: Actor, confirmed: bool, note: str) -> None:
        self.act("check_again", file, at)
        operations.check_again(spot_check_id=self.ids[found["id"]], confirmed=confirmed, note=note, by=self.post(by),
                               at=moment_of(at))  # fmt: skip
        assert SpotCheck.objects.get(pk=self.ids[found["id"]]).checked_at
        self.ledger.check_again(file, found, at=at, by=by, confirmed=confirmed, note=note)

    def ask(
        self, file: File, *, kind: str, at: int, by: Actor, reason: str, days: int | None = None,
        unit: Team | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        given = self.act(f"ask {kind}", file, at)
        asked = operations.ask(**given, kind=kind, by=self.post(by), reason=reason, days=days, unit=self.unit(unit))
        found = self.ledger.ask(file, kind=kind, at=at, by=by, reason=reason, days=days, unit=unit)
        self.ids[found["id"]] = asked.pk
        return found

    def decide(self, file: File, asked: dict[str, Any], *, at: int, by: Actor, approve: bool, reason: str = "") -> None:
        self.act(f"{'grant' if approve else 'refuse'} {asked['kind']}", file, at)
        operations.decide(
            ask_id=self.ids[asked["id"]], approve=approve, reason=reason, by=self.post(by), at=moment_of(at)
        )
        self.ledger.decide(file, asked, at=at, by=by, approve=approve, reason=reason)

    def answer_assistance(self, file: File, *, at: int, by: Actor, text: str) -> None:
        self.plain("answer_assistance", file, at, by, text=text)

    def remind(self, file: File, *, at: int, by: Actor, note: str) -> None:
        operations.remind(**self.act("remind", file, at), by=self.post(by), note_text=note)
        self.ledger.remind(file, at=at, by=by, note=note)

    def supervise(self, file: File, *, at: int, by: Actor, question: str) -> dict[str, Any]:
        made = operations.supervise(**self.act("supervise", file, at), by=self.post(by), question=question)
        found = self.ledger.supervise(file, at=at, by=by, question=question)
        self.ids[found["id"]] = made.pk
        return found

    def answer_supervision(self, file: File, found: dict[str, Any], *, at: int, by: Actor, text: str) -> None:
        self.act("answer_supervision", file, at)
        operations.answer_supervision(
            supervision_id=self.ids[found["id"]], text=text, by=self.post(by), at=moment_of(at)
        )
        self.ledger.answer_supervision(file, found, at=at, by=by, text=text)

    def end_supervision(self, file: File, found: dict[str, Any], *, at: int, by: Actor) -> None:
        self.act("end_supervision", file, at)
        operations.end_supervision(supervision_id=self.ids[found["id"]], by=self.post(by), at=moment_of(at))
        self.ledger.end_supervision(file, found, at=at, by=by)

    def merge(self, file: File, into: File, *, at: int, by: Actor) -> None:
        operations.merge(**self.act("merge", file, at), into_id=self.ids[into.id], by=self.post(by))
        self.ledger.merge(file, into, at=at, by=by)
