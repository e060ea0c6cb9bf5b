"""Steps and duties of the ledger."""

from __future__ import annotations

from datetime import UTC
from typing import Any
from uuid import UUID

import orjson

from qipan.assembly.demo.ledger.rows import SYSTEM_BY, About, By, Debt, File, who
from qipan.assembly.demo.ledger.sealing import Sealing
from qipan.assembly.demo.ledger.text import escaped, iso, json, stamp
from qipan.assembly.demo.scene import Actor, Team
from qipan.foundation.areas.models import Level
from qipan.foundation.duties import clocks
from qipan.foundation.duties.models import Duty
from qipan.foundation.duties.rules import BREACH, RESUME, WARN
from qipan.incidents.operations.steps import SAID
from qipan.incidents.operations.steps import limit as limit_of_leg
from qipan.incidents.operations.upward import KIND as UPWARD
from qipan.incidents.rules.classes import CLASSES, Klass, Leg
from qipan.incidents.rules.steps import ENDED, Status, Step, check
from qipan.kernels import clock
from qipan.kernels.clock import Limit
from qipan.kernels.clock.timetable import instant, moment_of


class Base(Sealing):
    """Steps and duties, which every part of the ledger shares."""

    def take(self, file: File, step: Step, *, by: By, at: int, reason: str = "", **detail: Any) -> None:
        before = file.status
        file.status = check(step, before).value
        reason = self.said(file, reason, by=by, at=at)
        file.status_at = at
        file.version += 1
        self.record(f"incidents.{SAID[step]}", file.about(), by=by, at=at, before=before, after=file.status,
                    reason=reason, **detail)  # fmt: skip
        if Status(file.status) in ENDED and Status(before) not in ENDED:  # what is known of people is kept from today
            for card in file.cards:
                card[2] = at

    def note(self, file: File, kind: str, *, by: By, at: int, reason: str = "", **detail: Any) -> None:
        reason = self.said(file, reason, by=by, at=at)
        file.version += 1
        self.record(f"incidents.{kind}", file.about(), by=by, at=at, reason=reason, before=file.status,
                    after=file.status, **detail)  # fmt: skip

    # Duties

    def open(
        self, file: File, *, kind: str, limit: Limit, at: int, about: About | None = None, unit: Team | None = None,
        post: Actor | None = None, hours: str = "working", stored: str = "", urgent: bool = False,
        level: int = 0, escalation: str = "",
    ) -> Debt:  # fmt: skip
        escalation = escalation or ("urgent" if urgent else "default")
        wound = self.winder.wind(kind=kind, limit=limit, hours=hours, start=at, escalation=escalation)
        debt = Debt(
            id=self.new_id(at), kind=kind, about=about or file.about(), point=None if about else file.point,
            title=file.title, link=f"/incidents/{file.id}/", level=level or file.level, urgent=urgent,
            unit=unit.id if unit else None, post=post.id if post else None, opened_at=at, starts_at=at,
            limit=stored or escaped(orjson.dumps(clocks.dump(limit)).decode()), limits=limit, hours=hours,
            escalation=escalation, warn=wound.warn, due=wound.due, provisional=wound.provisional, steps=wound.steps,
        )  # fmt: skip
        file.duties.append(debt)
        return debt

    def start_leg(
        self, file: File, leg: Leg, *, at: int, unit: Team | None = None, post: Actor | None = None
    ) -> None:  # fmt: skip
        first, hours, stored = self.limit(file, leg)
        debt = self.open(file, kind=f"incidents.{leg}", limit=first, hours=hours, stored=stored, urgent=file.urgent,
                         at=at, unit=unit, post=post)  # fmt: skip
        file.due_at = debt.due

    def limit(self, file: File, leg: Leg) -> tuple[Limit, str, str]:
        """The first limit of a leg, its hours, and how it is stored."""
        key = (file.category.id, leg, file.urgent, file.level)
        if key not in self._limits:
            found, hours = limit_of_leg(file, leg)  # type: ignore[arg-type]  # a File has what it looks at
            first = found[0] if isinstance(found, list) else found
            self._limits[key] = (first, str(hours), json(clocks.dump(found)))
        return self._limits[key]

    def end(self, file: File, *, at: int, outcome: str, kind: str = "", but: str = "", about: UUID | None = None,
            unit: Team | None = None) -> list[Debt]:  # fmt: skip
        """End open duties of a kind or all but one kind, about the incident itself (or about `about`)."""
        ended = []
        for debt in file.duties:
            if debt.state == "ended" or debt.about.id != (about or file.id) or (kind and debt.kind != kind) \
                    or debt.kind == but:  # fmt: skip
                continue
            if unit is not None and debt.unit != unit.id:
                continue
            if debt.state == "paused":
                raise ValueError("the ledger ends no duty that is paused")
            debt.state, debt.ended_at, debt.outcome, debt.steps = "ended", at, outcome, []
            debt.on_time = None if debt.due is None else at <= debt.due
            ended.append(debt)
        return ended

    def end_leg(self, file: File, leg: Leg, *, at: int, outcome: str) -> bool | None:
        ended = self.end(file, kind=f"incidents.{leg}", at=at, outcome=outcome)
        file.due_at = None
        return ended[0].on_time if ended else None

    def end_all(self, file: File, *, at: int, outcome: str, but: str = "") -> None:
        self.end(file, at=at, outcome=outcome, but=but)
        file.due_at = None

    # The sweeper

    def sweep(self, file: File, until: int) -> None:
        """What the sweeper would have fired by now of this incident's duties, each at its own moment."""
        for debt in file.duties:
            while debt.state != "ended" and debt.steps and debt.steps[0][1] <= until:
                name, at, round_ = debt.steps.pop(0)
                self.lines["duties_step"].append(f"{debt.id}\t{name}\t{round_}\t{stamp(at)}\t{stamp(at)}")
                debt.rounds[name] = round_
                if name == RESUME:
                    self._resume(debt, at)
                elif name != WARN:
                    if name == BREACH and debt.kind == UPWARD and debt.level > Level.DISTRICT:
                        self._climb(file, debt, at)
                    self._say(debt, "duties.breached" if name == BREACH else "duties.escalated", at=at, by=SYSTEM_BY,
                              duty=str(debt.id), duty_kind=debt.kind, step=name, due=iso(at))  # fmt: skip

    # Reports that the law wants level by level

    def owe(self, file: File, *, level: int, at: int) -> None:
        limit, desk = CLASSES[Klass(file.klass)].upward, self.scene.desk(file.place.path, level)
        if limit is not None and desk is not None:
            self.open(file, kind=UPWARD, limit=clocks.load_one(limit), at=at, unit=desk, urgent=True, level=desk.level,
                      escalation="urgent" if desk.level == Level.DISTRICT else "none")  # fmt: skip

    def _climb(self, file: File, debt: Debt, at: int) -> None:
        self.end(file, kind=UPWARD, at=at, outcome="climbed")
        self.record("incidents.climbed", file.about(), by=SYSTEM_BY, at=at, level=debt.level)
        self.owe(file, level=debt.level - 1, at=at)

    def report_up(self, file: File, *, at: int, by: Actor, note: str) -> None:
        self.sweep(file, at)
        level = next(one.level for one in file.duties if one.kind == UPWARD and one.state != "ended")
        self.end(file, kind=UPWARD, at=at, outcome="reported")
        self.note(file, "reported_up", by=who(by), at=at, reason=note, level=level)
        if level > Level.DISTRICT:
            self.owe(file, level=level - 1, at=at)

    def _say(self, debt: Debt, kind: str, *, at: int, by: By, reason: str = "", before: str = "", after: str = "",
             **detail: Any) -> None:  # fmt: skip
        self.record(kind, debt.about._replace(unit=debt.unit), by=by, at=at, reason=reason, before=before, after=after,
                    **detail)  # fmt: skip

    def pause(self, debt: Debt, *, at: int, until: int, reason: str, asked_by: Actor, approved_by: Actor) -> None:
        debt.state, debt.paused_from = "paused", at
        debt.pauses.append([at, until, None, reason, asked_by, approved_by])
        debt.steps = [(RESUME, until, len(debt.pauses))]
        self._say(debt, "duties.paused", at=at, by=who(approved_by), reason=reason, before="open", after="paused",
                  duty=str(debt.id), duty_kind=debt.kind, asked_by=str(asked_by.id), until=iso(until),
                  due_before=utc_iso(debt.due))  # fmt: skip

    def _resume(self, debt: Debt, at: int) -> None:
        before = debt.due
        debt.pauses[-1][2] = at
        debt.state, debt.paused_from = "open", None
        self.rewind(debt, at)
        self._say(debt, "duties.resumed", at=at, by=SYSTEM_BY, before="paused", after="open", duty=str(debt.id),
                  duty_kind=debt.kind, due_before=utc_iso(before), due_after=iso(debt.due or 0))  # fmt: skip

    def extend(self, debt: Debt, *, days: int, at: int, reason: str, by: Actor) -> None:
        before, add = debt.due, Limit.natural_days(days)
        self.lines["duties_extension"].append(
            "\t".join((str(debt.id), json(clocks.dump(add)), stamp(at), escaped(reason), str(by.id)))
        )
        debt.extensions.append(add)
        self.rewind(debt, at)
        self._say(debt, "duties.extended", at=at, by=who(by), reason=reason, duty=str(debt.id), duty_kind=debt.kind,
                  due_before=utc_iso(before), due_after=iso(debt.due or 0))  # fmt: skip

    def rewind(self, debt: Debt, at: int) -> None:
        """Count a deadline anew, by the real rules."""
        model = Duty(
            kind=debt.kind, district_id=self.district, limit=clocks.dump(debt.limits), hours=debt.hours,
            urgent=debt.urgent, starts_at=moment_of(debt.starts_at), escalation=debt.escalation,
        )  # fmt: skip
        stops = [clock.Pause(moment_of(one[0]), None if one[2] is None else moment_of(one[2])) for one in debt.pauses]
        clocks.wind(model, now=moment_of(at), pauses=stops, extensions=debt.extensions, fired=debt.rounds,
                    rules=self.scene.clock)  # fmt: skip
        debt.due = instant(model.due_at) if model.due_at else None
        debt.warn = instant(model.warn_at) if model.warn_at else None
        debt.provisional = model.provisional
        debt.steps = [(step.name, instant(step.at), step.round) for step in model.pending()]


def utc_iso(at: int | None) -> str | None:
    """As `datetime.isoformat` writes what the database gave back."""
    return None if at is None else moment_of(at).astimezone(UTC).isoformat()
