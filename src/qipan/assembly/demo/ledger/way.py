"""The steps of an incident's way as the ledger writes them; each mirrors the operation of its name."""

from __future__ import annotations

from typing import Any

from qipan.assembly.demo.ledger.intake import Intake, Report
from qipan.assembly.demo.ledger.rows import RESIDENT_BY, SYSTEM_BY, By, File, who
from qipan.assembly.demo.scene import Actor, Team
from qipan.incidents.operations.upward import KIND as UPWARD
from qipan.incidents.rules.caps import CAPS, UNHAPPY
from qipan.incidents.rules.classes import CLASSES, Klass, Leg
from qipan.incidents.rules.steps import Status, Step
from qipan.kernels.clock import Limit

A_DAY = Limit.working_days(1)


def _choice(file: File) -> dict[str, Any]:
    return {"chosen_by_victim": True} if file.category.never_mediated and not file.victim_cannot_act else {}


class Way(Intake):
    """From the desk to the close and beyond it."""

    def accept(self, file: File, *, at: int, by: Actor) -> None:
        self.sweep(file, at)
        file.filed_at = at
        self.take(file, Step.ACCEPT, by=who(by), at=at)
        self.end_leg(file, Leg.ACCEPT, at=at, outcome="accepted")
        self.start_leg(file, Leg.DISPATCH, at=at, unit=file.desk)
        self.tell(file, at)

    def decline(self, file: File, *, at: int, by: Actor, reason: str) -> None:
        self.sweep(file, at)
        file.outcome, file.answer = "declined", self.answered(file, reason, by=who(by), at=at)
        reason = file.answer
        self.take(file, Step.DECLINE, by=who(by), at=at, reason=reason)
        self.end_all(file, at=at, outcome="declined")
        self.tell(file, at)

    def void(self, file: File, *, at: int, by: Actor, reason: str) -> None:
        self.sweep(file, at)
        file.outcome = "void"
        self.take(file, Step.VOID, by=who(by), at=at, reason=reason)
        self.end_all(file, at=at, outcome="void")
        self.tell(file, at)

    def refer(self, file: File, *, at: int, by: Actor, receipt: str) -> None:
        self.sweep(file, at)
        receipt = self.answered(file, receipt, by=who(by), at=at)
        file.outcome, file.answer, file.closed_at = "referred", receipt, at
        self.take(file, Step.REFER, by=who(by), at=at, receipt=receipt, **_choice(file))
        self.end_all(file, at=at, outcome="referred")

    def dispatch(self, file: File, *, at: int, by: Actor, unit: Team) -> None:
        self.sweep(file, at)
        file.unit, file.handler, file.dispatched_at = unit, None, at
        self.take(file, Step.DISPATCH, by=who(by), at=at, unit=unit.name, **_choice(file))
        self.end_leg(file, Leg.DISPATCH, at=at, outcome="dispatched")
        self.start_leg(file, Leg.HANDLE, at=at, unit=unit)

    def sign(self, file: File, *, at: int, by: Actor) -> None:
        self.sweep(file, at)
        file.handler, file.signed_at = by, at
        self.take(file, Step.SIGN, by=who(by), at=at)
        for debt in file.duties:
            if debt.state != "ended" and debt.kind == "incidents.handle":
                giver = {"unit": debt.unit, "post": debt.post}
                debt.unit, debt.post = by.unit, by.id
                self._say(debt, "duties.handed_over", at=at, by=who(by), duty=str(debt.id), duty_kind=debt.kind,
                          giver=giver, taker={"unit": by.unit, "post": str(by.id)})  # fmt: skip

    def start(self, file: File, *, at: int, by: Actor) -> None:
        self.sweep(file, at)
        self.take(file, Step.START, by=who(by), at=at)

    def answer(self, file: File, *, at: int, by: Actor, text: str) -> None:
        self.sweep(file, at)
        file.handler = file.handler or by
        file.answer, file.answered_at = self.answered(file, text, by=who(by), at=at), at
        on_time = self.end_leg(file, Leg.HANDLE, at=at, outcome="answered")
        file.on_time = on_time if file.on_time is None else file.on_time and on_time is not False
        self.take(file, Step.ANSWER, by=who(by), at=at, on_time=on_time)
        self.start_leg(file, Leg.VERIFY, at=at, unit=file.desk)

    def settle(self, given: Report, *, text: str) -> File:
        """A draft by whoever is on the spot, put right at once (即办)."""
        file = self.report(given)
        assert isinstance(given.by, Actor)
        file.immediate = file.on_time = True
        file.handler, file.unit = given.by, self.scene.teams.get(given.by.unit or 0)
        file.filed_at = file.answered_at = file.closed_at = given.at
        file.outcome, file.answer = "settled", self.answered(file, text, by=who(given.by), at=given.at)
        self.take(file, Step.SETTLE, by=who(given.by), at=given.at, klass=file.klass, category=file.category.key)
        return file

    def check_back(self, file: File, *, at: int, by: Actor) -> None:
        self.sweep(file, at)
        path = file.place.path
        file.verifier = self.scene.verifier(path[3] if len(path) > 3 else None, path[2], file.handler)
        self.take(file, Step.CHECK_BACK, by=who(by), at=at, verifier=str(file.verifier.id) if file.verifier else "")
        self.end_leg(file, Leg.VERIFY, at=at, outcome="sent")
        self.start_leg(file, Leg.VERIFY, at=at, post=file.verifier, unit=None if file.verifier else file.desk)

    def verify(self, file: File, *, at: int, by: Actor) -> None:
        self.sweep(file, at)
        file.verifier = by
        self._close(file, Step.VERIFY, at=at, by=by, note="")

    def close(self, file: File, *, at: int, by: Actor, note: str) -> None:
        if not CLASSES[Klass(file.klass)].call_back:
            raise ValueError(f"{file.klass} is closed after a visit")
        self.sweep(file, at)
        self._close(file, Step.CLOSE, at=at, by=by, note=note)

    def _close(self, file: File, step: Step, *, at: int, by: Actor, note: str) -> None:
        file.closed_at, file.outcome = at, file.outcome or "solved"
        self.take(file, step, by=who(by), at=at, reason=note)
        self.end_leg(file, Leg.VERIFY, at=at, outcome="closed")
        self.end_all(file, at=at, outcome="closed", but=UPWARD)
        self.tell(file, at)

    def rework(self, file: File, *, at: int, by: Actor, reason: str) -> None:
        self.sweep(file, at)
        file.reworks += 1
        file.verifier = None
        self.take(file, Step.REWORK, by=who(by), at=at, reason=reason)
        self.end_leg(file, Leg.VERIFY, at=at, outcome="rework")
        handler = file.handler
        self.start_leg(file, Leg.HANDLE, at=at, unit=file.unit, post=handler)

    # After the close

    def rate(self, file: File, *, at: int, stars: int, comment: str) -> dict[str, Any]:
        """By the first reporter; an unhappy rating reopens the file by itself, once."""
        self.sweep(file, at)
        unhappy = stars <= UNHAPPY
        comment = self.said(file, comment, by=RESIDENT_BY, at=at)
        rating = {"id": self.new_id(at), "reporter": file.reporters[0]["id"], "stars": stars, "at": at,
                  "comment": comment, "reopened": unhappy and file.reopenings < CAPS.automatic_reopenings,
                  "called_at": None, "called_by": None, "note": ""}  # fmt: skip
        if file.status == Status.CLOSED:
            self.take(file, Step.RATE, by=RESIDENT_BY, at=at, stars=stars)
        else:
            self.record("incidents.rated", file.about(), by=RESIDENT_BY, at=at, stars=stars)
        if unhappy:
            self.open(file, kind="incidents.call-back", limit=A_DAY, at=at, unit=file.desk)
        if rating["reopened"]:
            self._reopen(file, at=at, by=SYSTEM_BY, reason=f"{stars}/5")
        file.rows.append(("rating", rating))
        return rating

    def call_back(self, file: File, rating: dict[str, Any], *, at: int, by: Actor, note: str) -> None:
        self.sweep(file, at)
        rating["called_at"], rating["called_by"] = at, by
        rating["note"] = self.said(file, note, by=who(by), at=at)
        self.end(file, kind="incidents.call-back", at=at, outcome="called")
        self.record("incidents.called_back", file.about(), by=who(by), at=at)

    def _reopen(self, file: File, *, at: int, by: By, reason: str) -> None:
        file.reopenings += 1
        file.closed_at = file.answered_at = file.signed_at = file.dispatched_at = None
        file.handler = file.verifier = None
        file.filed_at, file.outcome, file.on_time, file.immediate = at, "", None, False
        self.take(file, Step.REOPEN, by=by, at=at, reason=reason)
        self.start_leg(file, Leg.DISPATCH, at=at, unit=file.desk)
        self.tell(file, at)

    def draw(self, file: File, *, at: int) -> dict[str, Any]:
        """Drawn for a second check."""
        self.sweep(file, at)
        found = {"id": self.new_id(at), "at": at, "by": None, "checked": None, "confirmed": None, "note": ""}
        file.rows.append(("check", found))
        self.open(file, kind="incidents.check", limit=Limit.working_days(3), at=at, unit=file.desk)
        self.record("incidents.drawn", file.about(), by=SYSTEM_BY, at=at)
        return found

    def check_again(self, file: File, found: dict[str, Any], *, at: int, by: Actor, confirmed: bool, note: str) -> None:
        self.sweep(file, at)
        note = self.said(file, note, by=who(by), at=at)
        found |= {"by": by, "checked": at, "confirmed": confirmed, "note": note}
        self.end(file, kind="incidents.check", at=at, outcome="confirmed" if confirmed else "reopened")
        self.record("incidents.checked_again", file.about(), by=who(by), at=at, reason=note, confirmed=confirmed)
        if not confirmed:
            self._reopen(file, at=at, by=who(by), reason=note)
