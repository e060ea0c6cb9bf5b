"""Side tracks, supervision, photos; and the end of a story, when its rows are written down."""

from __future__ import annotations

from typing import Any

from qipan.assembly.demo.ledger.rows import About, Debt, File, id_of, who
from qipan.assembly.demo.ledger.text import binary, escaped, flag, json, stamp
from qipan.assembly.demo.ledger.way import Way
from qipan.assembly.demo.pictures import Picture
from qipan.assembly.demo.scene import Actor, Team
from qipan.incidents.operations.supervise import DEFAULT
from qipan.incidents.operations.upward import KIND as UPWARD
from qipan.incidents.rules.classes import Leg
from qipan.incidents.rules.steps import WITH_UNIT, Status, Step
from qipan.kernels.clock import Limit
from qipan.kernels.clock.timetable import DAY, moment_of


class Ledger(Way):
    """Everything that can happen to an incident. Moments are instants of the clock kernel; `finish` ends each story."""

    # Asked for by one, decided by another

    def ask(
        self, file: File, *, kind: str, at: int, by: Actor, reason: str, days: int | None = None,
        unit: Team | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        self.sweep(file, at)
        detail = {key: value for key, value in (("days", days), ("unit", unit and unit.id)) if value}
        reason = self.said(file, reason, by=who(by), at=at)
        asked = {"id": self.new_id(at), "kind": kind, "reason": reason, "detail": detail, "by": by, "at": at,
                 "state": "asked", "decided_by": None, "decided_at": None, "decision": "", "unit": unit}  # fmt: skip
        file.rows.append(("ask", asked))
        file.open_asks[kind] = asked
        self.note(file, "asked", by=who(by), at=at, reason=reason, ask=kind, **detail)
        self.open(file, kind="incidents.decide", limit=Limit.working(hours=4), at=at, unit=file.desk)
        return asked

    def decide(self, file: File, asked: dict[str, Any], *, at: int, by: Actor, approve: bool, reason: str = "") -> None:
        self.sweep(file, at)
        reason = self.said(file, reason, by=who(by), at=at)
        asked |= {"state": "approved" if approve else "refused", "decided_by": by, "decided_at": at, "decision": reason}
        del file.open_asks[asked["kind"]]
        self.note(file, "granted" if approve else "refused", by=who(by), at=at, reason=reason, ask=asked["kind"],
                  **asked["detail"])  # fmt: skip
        if not file.open_asks:
            self.end(file, kind="incidents.decide", at=at, outcome="decided")
        if approve:
            getattr(self, f"_{asked['kind']}")(file, asked, by, at)

    def _return(self, file: File, asked: dict[str, Any], by: Actor, at: int) -> None:
        file.handler = file.unit = None
        self.take(file, Step.RETURN, by=who(by), at=at, reason=asked["reason"])
        self.end_leg(file, Leg.HANDLE, at=at, outcome="returned")
        self.start_leg(file, Leg.DISPATCH, at=at, unit=file.desk)

    def _extension(self, file: File, asked: dict[str, Any], by: Actor, at: int) -> None:
        debt = self.handling(file)
        self.extend(debt, days=asked["detail"]["days"], at=at, reason=asked["reason"], by=by)
        file.extensions += 1
        file.due_at = debt.due

    def _hold(self, file: File, asked: dict[str, Any], by: Actor, at: int) -> None:
        until = at + asked["detail"]["days"] * DAY
        self.pause(
            self.handling(file), at=at, until=until, reason=asked["reason"], asked_by=asked["by"], approved_by=by
        )
        file.due_at = None

    def _escalate(self, file: File, asked: dict[str, Any], by: Actor, at: int) -> None:
        desk = self.scene.desk(file.place.path, file.level - 1)
        assert desk is not None and desk is not file.desk
        file.desk, file.level = desk, desk.level
        if Status(file.status) not in WITH_UNIT:
            raise ValueError("stories escalate what is with a unit")
        file.unit = file.handler = None
        self.take(file, Step.RETURN, by=who(by), at=at)
        self.end_leg(file, Leg.HANDLE, at=at, outcome="moved")
        self.start_leg(file, Leg.DISPATCH, at=at, unit=desk)
        self.end(file, kind=UPWARD, at=at, outcome="moved")
        self.owe(file, level=file.level, at=at)

    def _assist(self, file: File, asked: dict[str, Any], by: Actor, at: int) -> None:
        unit = asked["unit"]
        file.rows.append(("assist", {"unit": unit, "at": at, "answer": "", "by": None, "answered": None}))
        self.open(file, kind="incidents.assist", limit=Limit.working_days(3), at=at, unit=unit)

    def answer_assistance(self, file: File, *, at: int, by: Actor, text: str) -> None:
        self.sweep(file, at)
        unit = self.scene.teams[by.unit or 0]
        found = next(row for name, row in file.rows if name == "assist" and row["unit"] is unit)
        found |= {"answer": self.said(file, text, by=who(by), at=at), "by": by, "answered": at}
        self.end(file, kind="incidents.assist", unit=unit, at=at, outcome="answered")
        self.note(file, "assisted", by=who(by), at=at, unit=unit.name)

    def handling(self, file: File) -> Debt:
        """The open duty of the handling leg."""
        return next(one for one in file.duties if one.state == "open" and one.kind == "incidents.handle")

    # From above

    def remind(self, file: File, *, at: int, by: Actor, note: str) -> None:
        self.sweep(file, at)
        note = self.said(file, note, by=who(by), at=at)
        self.lines["incidents_reminder"].append(f"{file.id}\t{stamp(at)}\t{by.id}\t{escaped(note)}")
        self.note(file, "reminded", by=who(by), at=at, reason=note)

    def supervise(self, file: File, *, at: int, by: Actor, question: str) -> dict[str, Any]:
        self.sweep(file, at)
        question = self.said(file, question, by=who(by), at=at)
        unit = file.unit or file.desk
        assert unit is not None
        key, number, subject = self.new_id(at), self.number("DB", at), file.about()
        about = About("incidents.supervision", key, number, subject.areas, unit.id, subject.privacy)
        debt = self.open(file, kind="incidents.supervise", limit=DEFAULT, at=at, about=about, unit=unit)
        found = {"id": key, "about": about, "number": number, "question": question, "by": by, "at": at, "unit": unit,
                 "due": debt.due, "answer": "", "answered_by": None, "answered": None, "ended": None,
                 "ended_by": None}  # fmt: skip
        file.supervisions.append(found)
        file.supervised = True
        self.note(file, "supervised", by=who(by), at=at, reason=question, supervision=number)
        return found

    def answer_supervision(self, file: File, found: dict[str, Any], *, at: int, by: Actor, text: str) -> None:
        self.sweep(file, at)
        text = self.said(file, text, by=who(by), at=at)
        found |= {"answer": text, "answered_by": by, "answered": at}
        self.end(file, kind="incidents.supervise", about=found["id"], at=at, outcome="answered")
        self.note(file, "supervision_answered", by=who(by), at=at, supervision=found["number"])

    def end_supervision(self, file: File, found: dict[str, Any], *, at: int, by: Actor) -> None:
        self.sweep(file, at)
        found |= {"ended": at, "ended_by": by}
        file.supervised = any(one["ended"] is None for one in file.supervisions)
        self.record("incidents.supervision_ended", found["about"], by=who(by), at=at)

    # Two reports of one thing

    def merge(self, file: File, into: File, *, at: int, by: Actor) -> None:
        self.sweep(file, at)
        self.sweep(into, at)
        earlier = {debt.kind: debt.starts_at for debt in file.duties if debt.state != "ended"}
        if any(
            debt.starts_at > earlier.get(debt.kind, debt.starts_at) for debt in into.duties if debt.state != "ended"
        ):
            raise ValueError("stories merge later reports into earlier files")
        file.merged_into, file.outcome = into, "merged"
        self.take(file, Step.MERGE, by=who(by), at=at, into=into.number)
        self.end_all(file, at=at, outcome="merged")
        self.tell(file, at)
        for reporter in file.reporters:
            reporter["came_with"] = file.id
        into.reporters += file.reporters
        file.reporters = []
        into.reported_at = min(into.reported_at, file.reported_at)
        self.note(into, "merged_with", by=who(by), at=at, number=file.number)

    # Photos

    def photo(self, file: File, picture: Picture, *, stage: str, at: int, by: Actor) -> None:
        """As `operations.attach` of a picture that was drawn, and is clean, already."""
        self.sweep(file, at)
        key = self.new_id(at)
        path = f"{self.district}/{moment_of(at):%Y/%m/%d}/{key}.jpg"
        self.lines["incidents_attachment"].append(
            "\t".join(
                (str(key), str(file.id), stage, path, "image/jpeg", str(len(picture.content)), binary(picture.digest),
                 str(picture.likeness), stamp(at), str(by.id))
            )
        )  # fmt: skip
        picture.keep(path)
        self.record("incidents.photo_added", file.about(), by=who(by), at=at, stage=stage, digest=picture.digest.hex())

    # The end

    def finish(self, file: File, *, now: int) -> None:
        """Nothing more happens to it until `now`: its rows as they stand then."""
        self.sweep(file, now)
        lines = self.lines
        lines["incidents_incident"].append(file.line())
        self.card_lines(file)
        self.reporter_lines(file)
        for debt in file.duties:
            lines["duties_duty"].append(debt.line(self.district))
            for begin, until, ended, reason, asked, approved in debt.pauses:
                lines["duties_pause"].append(
                    "\t".join((str(debt.id), stamp(begin), stamp(until), stamp(ended), escaped(reason), str(asked.id),
                               str(approved.id)))
                )  # fmt: skip
        for one in file.supervisions:
            lines["incidents_supervision"].append(
                "\t".join(
                    (str(one["id"]), str(file.id), one["number"], "ordinary", escaped(one["question"]),
                     id_of(one["by"]), stamp(one["at"]), id_of(one["unit"]), stamp(one["due"]), escaped(one["answer"]),
                     id_of(one["answered_by"]), stamp(one["answered"]), stamp(one["ended"]), id_of(one["ended_by"]))
                )
            )  # fmt: skip
        for name, row in file.rows:
            table, line = ROWS[name](file, row)
            lines[table].append("\t".join(line))

    def number_lines(self) -> list[str]:
        """The last number of each series and day."""
        return [
            f"{self.district}\t{series}\t{moment_of(day * DAY):%Y-%m-%d}\t{last}"
            for (series, day), last in self.numbers.items()
        ]


def _ask_line(file: File, row: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    return "incidents_ask", (
        str(row["id"]), str(file.id), row["kind"], escaped(row["reason"]), json(row["detail"]), id_of(row["by"]),
        stamp(row["at"]), row["state"], id_of(row["decided_by"]), stamp(row["decided_at"]), escaped(row["decision"]),
    )  # fmt: skip


def _assist_line(file: File, row: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    return "incidents_assistance", (
        str(file.id), id_of(row["unit"]), stamp(row["at"]), escaped(row["answer"]), id_of(row["by"]),
        stamp(row["answered"]),
    )  # fmt: skip


def _rating_line(file: File, row: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    return "incidents_rating", (
        str(row["id"]), str(file.id), str(row["reporter"]), str(row["stars"]), escaped(row["comment"]),
        stamp(row["at"]), flag(row["reopened"]), stamp(row["called_at"]), id_of(row["called_by"]),
        escaped(row["note"]),
    )  # fmt: skip


def _check_line(file: File, row: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    return "incidents_spotcheck", (
        str(row["id"]), str(file.id), stamp(row["at"]), id_of(row["by"]), stamp(row["checked"]),
        flag(row["confirmed"]), escaped(row["note"]),
    )  # fmt: skip


ROWS = {"ask": _ask_line, "assist": _assist_line, "rating": _rating_line, "check": _check_line}
