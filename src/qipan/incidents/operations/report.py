"""Intake: somebody reports something at a place."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.postgres.search import SearchVectorField
from django.db import transaction
from django.db.models import Func, Value
from django.utils import timezone
from django.utils.crypto import salted_hmac

from qipan.foundation.areas import queries as areas
from qipan.foundation.areas.models import Area, Premises
from qipan.foundation.journal.rules import SYSTEM, HasAuthor
from qipan.foundation.posts.access import require
from qipan.foundation.posts.models import Post, Unit
from qipan.foundation.refusals import Conflict, Invalid
from qipan.foundation.vault import operations as vault
from qipan.foundation.vault.rules import Retention
from qipan.incidents import routing
from qipan.incidents.models import Category, Incident, Reporter
from qipan.incidents.operations.steps import next_number, start_leg, take
from qipan.incidents.operations.upward import owe
from qipan.incidents.rules.classes import CLASSES, Klass, Leg
from qipan.incidents.rules.steps import Status, Step
from qipan.kernels import bigrams
from qipan.kernels.ids import new_id

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # no letter or digit that is read as another
SEPARATOR = "\x1e"  # between title, text and address where they are sealed together
CODE_LENGTH = 12  # 30^12: 58 bits


class NoPlace(Invalid):
    """Say where it is: choose a place on the map, or a village or community from the list."""


class OutsideDistrict(Invalid):
    """This place lies outside the district."""


class TitleMissing(Invalid):
    """Say in a few words what it is about."""


class CategoryEnded(Invalid):
    """This category is no longer in use. Please choose another."""


class OnlyTheAccused(Conflict):
    """The only desk that could receive this is the one it is about. Please hand it to the discipline inspection."""


class FromTheFuture(Invalid):
    """The time of the report lies in the future."""


@dataclass(frozen=True, slots=True)
class Contact:
    """How to answer somebody who reports. Everything may stay empty: a report without a name is a report."""

    name: str = ""
    phone: str = ""
    id_number: str = ""
    address: str = ""
    language: str = "zh-hans"

    def fields(self) -> dict[str, str]:
        given = {"name": self.name, "phone": self.phone, "id_number": self.id_number, "address": self.address}
        return {key: value.strip() for key, value in given.items() if value.strip()}


@dataclass(frozen=True, slots=True)
class Place:
    """Where: a point (degrees, WGS 84), or an area where no point is known; perhaps the premises and words."""

    longitude: float | None = None
    latitude: float | None = None
    area: Area | None = None
    premises: Premises | None = None
    address: str = ""
    names: tuple[str, ...] = field(default=())  # names in the texts that the reporter marked as a person's


@transaction.atomic
def report(
    *,
    category: Category,
    place: Place,
    title: str,
    text: str = "",
    urgent: bool | None = None,
    source: str,
    channel: str = "",
    external_id: str = "",
    contact: Contact | None = None,
    accused: Unit | None = None,
    victim_cannot_act: bool = False,
    by: Post | HasAuthor,
    at: datetime,
    reported_at: datetime | None = None,
    draft: bool = False,
    code: str = "",
) -> tuple[Incident, str]:
    """Open a file for something reported; it lies on the desk of its area, and that desk's clock runs.

    Returns the incident and the reporter's tracking code ("" without `contact`), which is told once and kept only as
    a digest; an edge that may have to tell it twice gives its own `code`. In a private class the words go to the vault
    as they are; otherwise ID-card and phone numbers and the names the reporter marked are masked.
    `victim_cannot_act` (a minor, or unable) is kept only where the category is never mediated.
    Raises NoPlace, OutsideDistrict, TitleMissing, CategoryEnded, FromTheFuture.
    """
    if isinstance(by, Post):
        require(by, "incidents.report")
    today = timezone.localdate(at)
    if category.valid_from > today or (category.valid_to and category.valid_to <= today):
        raise CategoryEnded(field="category")
    if reported_at and reported_at > at + timedelta(minutes=5):
        raise FromTheFuture(field="reported_at")
    klass = Klass(category.klass)
    private = category.private or CLASSES[klass].private
    incident = Incident(
        id=new_id(), category=category, klass=klass, status=Status.DRAFT, status_at=at,
        urgent=category.urgent_default if urgent is None else urgent,
        private=private, hidden_from_village=category.hidden_from_village, source=source, channel=channel,
        external_id=external_id, reported_at=reported_at or at, reported_by=by if isinstance(by, Post) else None,
        accused=accused, premises=place.premises,
        victim_cannot_act=victim_cannot_act and category.never_mediated,
    )  # fmt: skip
    locate(incident, place, district_id=category.district_id, at=at)
    incident.level = routing.first_level(
        klass=klass, urgent=incident.urgent, hidden_from_village=incident.hidden_from_village,
        staffed=routing.staffed(district_id=incident.district_id, at=at),
    )  # fmt: skip
    if not draft:
        _find_desk(incident, at=at)
    # From here on the district's other reports wait for their numbers until this one is committed.
    incident.number = next_number(district_id=incident.district_id, series="QP", day=today)
    write_words(incident, place=place, title=title, text=text, by=by, at=at)
    write_search(incident)
    if draft:
        incident.save(force_insert=True)
    else:
        _handed_in(incident, by=by, at=at)
    code = add_reporter(incident, contact=contact, by=by, at=at, code=code) if contact else ""
    return incident, code


def hand_in(incident: Incident, *, by: HasAuthor, at: datetime) -> Incident:
    """A draft becomes a report: the nearest desk receives it. Raises WrongStep, OnlyTheAccused."""
    _find_desk(incident, at=at)
    return _handed_in(incident, by=by, at=at)


def _handed_in(incident: Incident, *, by: HasAuthor, at: datetime) -> Incident:
    take(incident, Step.SUBMIT, by=by, at=at, klass=incident.klass, category=incident.category.key,
         urgent=incident.urgent, source=incident.source, save=False)  # fmt: skip
    return _received(incident, at=at)


def put_on_desk(incident: Incident, *, at: datetime) -> Incident:
    """The nearest desk receives it, and its acceptance clock starts. Without any desk it stays reported. Saves it.

    Raises OnlyTheAccused: an accusation would lie there unseen.
    """
    _find_desk(incident, at=at)
    return _received(incident, at=at)


def _find_desk(incident: Incident, *, at: datetime) -> None:
    incident.desk = routing.desk(areas=incident.areas(), level=incident.level, at=at, accused=incident.accused_id)
    if incident.desk is None and incident.accused_id:
        raise OnlyTheAccused(field="accused")


def _received(incident: Incident, *, at: datetime) -> Incident:
    if incident.desk is None:
        incident.save(force_insert=incident._state.adding)
        return incident
    incident.level = incident.desk.area.level
    start_leg(incident, Leg.ACCEPT, by=SYSTEM, at=at, unit=incident.desk)
    take(incident, Step.RECEIVE, by=SYSTEM, at=at, desk=incident.desk.name)
    owe(incident, level=incident.level, by=SYSTEM, at=at)
    return incident


def locate(incident: Incident, place: Place, *, district_id: int, at: datetime) -> None:
    longitude, latitude, area = place.longitude, place.latitude, place.area
    if longitude is not None and latitude is not None:
        found = areas.locate(district_id=district_id, longitude=longitude, latitude=latitude, at=at)
        area = found or area
        if area is None:
            raise OutsideDistrict(field="place")
    elif place.premises is not None and area is None:
        premises = place.premises
        area = premises.cell or premises.village or premises.township or premises.district
        longitude, latitude = premises.longitude, premises.latitude
    if area is None:
        raise NoPlace(field="place")
    if area.district_id != district_id:
        raise OutsideDistrict(field="place")
    incident.place(area, longitude, latitude)


def write_words(incident: Incident, *, place: Place, title: str, text: str, by: HasAuthor, at: datetime) -> None:
    """Title, text and address as the lists may show them; what is personal goes to the vault."""
    title, text, address = (given.replace(SEPARATOR, " ").strip() for given in (title, text, place.address))
    if incident.private:
        incident.title, incident.text, incident.address = incident.category.name, "", ""
        words = {"text": "\n".join(part for part in (title, text) if part), "address": address}
        words = {key: value for key, value in words.items() if value}
        if words:
            incident.text_card = vault.seal(
                district_id=incident.district_id, purpose="incidents.private", retention=Retention.DISPUTE,
                about=incident, fields=words, by=by, at=at,
            ).id  # fmt: skip
        return
    if not title:
        raise TitleMissing(field="title")
    masked, card = vault.seal_text(
        text=SEPARATOR.join((title, text, address)), names=place.names, district_id=incident.district_id,
        purpose="incidents.words", retention=Retention.CASE, about=incident, by=by, at=at,
    )  # fmt: skip
    title, text, address = masked.split(SEPARATOR)
    incident.title, incident.text, incident.address = title[:120], text, address[:200]
    incident.text_card = card.id if card else None


def write_search(incident: Incident) -> None:
    """The terms under which lists find it: of masked text only. The caller saves the row, now and perhaps again."""
    words = " ".join((incident.number, incident.title, incident.text, incident.address))
    incident.search = search_vector(words)


def search_vector(words: str) -> Func:
    return Func(Value(bigrams.terms(words, single=True)), function="array_to_tsvector",
                template="%(function)s(%(expressions)s::text[])", output_field=SearchVectorField())  # fmt: skip


def add_reporter(
    incident: Incident, *, contact: Contact, by: HasAuthor, at: datetime, came_with: UUID | None = None, code: str = ""
) -> str:
    """Keep who reported it in the vault and give a tracking code out, once."""
    fields = contact.fields()
    reporter = Reporter(id=new_id(), incident=incident, language=contact.language, reported_at=at, came_with=came_with)
    if fields:
        reporter.card = vault.seal(
            district_id=incident.district_id, purpose="incidents.reporter", about=incident,
            retention=Retention.DISPUTE if incident.private else Retention.CASE, fields=fields, by=by, at=at,
        ).id  # fmt: skip
    code = code or grouped("".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH)))
    reporter.code = code_digest(code)
    reporter.save(force_insert=True)
    return code


def grouped(code: str) -> str:
    """A tracking code as it is written down: ABCD-EFGH-JKLM."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def code_of(secret: bytes) -> str:
    """The tracking code that a secret of at least 16 bytes leads to, always the same: no letter is likelier."""
    number, letters = int.from_bytes(secret, "big"), []
    for _ in range(CODE_LENGTH):
        number, digit = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[digit])
    return grouped("".join(letters))


def code_digest(code: str) -> bytes:
    """The digest under which a tracking code is found; typing mistakes of case, spaces and dashes do not matter."""
    return salted_hmac("incidents.tracking", plain_code(code), algorithm="sha256").digest()


def plain_code(code: str) -> str:
    return "".join(letter for letter in code.upper() if letter.isalnum())
