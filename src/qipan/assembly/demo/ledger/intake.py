"""Reports as the ledger writes them: the file, who reported it, what is sealed."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.utils.crypto import salted_hmac

from qipan.assembly.demo.ledger.base import Base
from qipan.assembly.demo.ledger.rows import SYSTEM_BY, By, File, who
from qipan.assembly.demo.ledger.sealing import PRIVATE
from qipan.assembly.demo.ledger.text import binary, plain, stamp
from qipan.assembly.demo.scene import Actor, Place, Team
from qipan.foundation.vault.rules import Retention
from qipan.incidents import routing
from qipan.incidents.models import Category
from qipan.incidents.operations.report import ALPHABET, CODE_LENGTH, SEPARATOR
from qipan.incidents.rules.classes import CLASSES, Klass, Leg
from qipan.incidents.rules.steps import Status, Step
from qipan.kernels import bigrams, identity
from qipan.kernels.clock.timetable import MINUTE


@dataclass(frozen=True, slots=True)
class Report:
    """What somebody reports, before it is anybody's: the same for the ledger and for real operations."""

    at: int
    category: Category
    place: Place
    point: tuple[float, float] | None
    title: str
    text: str
    address: str
    urgent: bool | None
    source: str
    channel: str
    by: Actor | By
    premises: UUID | None = None
    accused: Team | None = None
    contact: dict[str, str] | None = None  # name, phone, language
    draft: bool = False
    victim_cannot_act: bool = False


class Intake(Base):
    """Opens files."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.codes = random.Random(self.ids.random())

    def report(self, given: Report) -> File:
        """As `operations.report`."""
        category = given.category
        klass = Klass(category.klass)
        urgent = category.urgent_default if given.urgent is None else given.urgent
        file = File(
            id=self.new_id(given.at), category=category, klass=category.klass, status=Status.DRAFT.value,
            status_at=given.at, urgent=urgent, private=category.private or CLASSES[klass].private,
            hidden=category.hidden_from_village, place=given.place, point=given.point, premises=given.premises,
            source=given.source, channel=given.channel, reported_at=given.at, accused=given.accused,
            reported_by=given.by if isinstance(given.by, Actor) else None, number=self.number("QP", given.at),
            victim_cannot_act=given.victim_cannot_act,
        )  # fmt: skip
        staffed = self.winder.staffed.between(given.at, given.at + MINUTE) > 0
        file.level = routing.first_level(klass=klass, urgent=urgent, hidden_from_village=file.hidden, staffed=staffed)
        self._write_words(file, given)
        if given.contact is not None:
            self._add_reporter(file, given)
        if not given.draft:
            self.take(file, Step.SUBMIT, by=who(given.by), at=given.at, klass=file.klass, category=category.key,
                      urgent=urgent, source=given.source)  # fmt: skip
            self._put_on_desk(file, given.at)
        return file

    def _put_on_desk(self, file: File, at: int) -> None:
        file.desk = self.scene.desk(file.place.path, file.level)
        if file.desk is None:
            return
        file.level = file.desk.level
        self.take(file, Step.RECEIVE, by=SYSTEM_BY, at=at, desk=file.desk.name)
        self.start_leg(file, Leg.ACCEPT, at=at, unit=file.desk)
        self.owe(file, level=file.level, at=at)

    def _write_words(self, file: File, given: Report) -> None:
        title, text, address = given.title, given.text, given.address
        if file.private:
            file.title, file.text, file.address = file.category.name, "", ""
            words = {"text": "\n".join(part for part in (title, text) if part), "address": address}
            file.text_card = self.seal(
                file, {key: value for key, value in words.items() if value}, by=given.by, at=given.at,
                purpose=PRIVATE, retention=Retention.DISPUTE,
            )  # fmt: skip
        else:
            whole = SEPARATOR.join((title, text, address))
            masked = _masked(whole)
            if masked.found:
                file.text_card = self.seal(file, {"text": whole}, by=given.by, at=given.at, found=masked.found,
                                           purpose="incidents.words", retention=Retention.CASE)  # fmt: skip
                title, text, address = masked.text.split(SEPARATOR)
            file.title, file.text, file.address = title[:120], text, address[:200]
        file.search = terms_of(file.number) | terms_of(file.title) | terms_of(file.address)
        for sentence in file.text.split("。"):
            file.search = file.search | terms_of(sentence)

    def _add_reporter(self, file: File, given: Report) -> None:
        assert given.contact is not None
        fields = {key: value for key, value in given.contact.items() if value and key != "language"}
        key = self.new_id(given.at)
        card = None
        if fields:
            card = self.seal(file, fields, by=given.by, at=given.at, purpose="incidents.reporter",
                             retention=Retention.DISPUTE if file.private else Retention.CASE)  # fmt: skip
        code = "".join(self.codes.choices(ALPHABET, k=CODE_LENGTH))
        file.reporters.append(
            {"id": key, "card": card, "code": salted_hmac("incidents.tracking", code, algorithm="sha256").digest(),
             "language": given.contact.get("language", "zh-hans"), "at": given.at, "informed": None, "came_with": None}
        )  # fmt: skip

    def tell(self, file: File, at: int) -> None:
        """Reporters who can be reached have been informed."""
        for reporter in file.reporters:
            if reporter["card"] is not None:
                reporter["informed"] = at

    def reporter_lines(self, file: File) -> None:
        for one in file.reporters:
            self.lines["incidents_reporter"].append(
                "\t".join(
                    (str(one["id"]), str(file.id), plain(one["card"]), binary(one["code"]), one["language"],
                     stamp(one["at"]), stamp(one["informed"]), plain(one["came_with"]))
                )
            )  # fmt: skip


@lru_cache(maxsize=20_000)
def terms_of(text: str) -> frozenset[str]:
    return frozenset(bigrams.terms(text, single=True))


@lru_cache(maxsize=2_000)
def _masked(text: str) -> identity.Masked:
    return identity.mask_text(text)
