"""How another system's export is read: a mapping, checked once, and what each of its rows means."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from qipan.foundation.refusals import Invalid, NotFound
from qipan.kernels.tables import BadValue, Column, Problem, Row, parse_date, parse_degrees, parse_moment

KNOWN = frozenset({
    "external_id", "reported_at", "closed_at", "closed_days", "title", "text", "answer", "kind", "channel", "status",
    "address", "township", "village", "longitude", "latitude",
    "victim_cannot_act",
})  # fmt: skip
PACKAGE = "qipan.incidents.mappings"


class NoSuchMapping(NotFound):
    """There is no mapping {name}. Known ones: {known}."""


class BadMapping(Invalid):
    """The mapping file cannot be used: {reason}."""


@dataclass(frozen=True)
class Mapping:
    """See mappings/__init__.py. `categories` maps words within the file's kind to a category's key; "" is the rest."""

    name: str
    source: str
    zone: str
    columns: dict[str, list[str]]
    required: list[str]
    categories: dict[str, str]
    district: dict[str, str]
    closed: dict[str, Any]
    township: dict[str, str] = field(default_factory=dict)
    moment_form: str = ""
    days_only: bool = False
    private_kinds: list[str] = field(default_factory=list)
    no_village: list[str] = field(default_factory=lambda: [""])
    yes: list[str] = field(default_factory=lambda: ["是", "有", "1", "y", "yes", "true"])
    no_point: list[list[float]] = field(default_factory=list)

    def table_columns(self) -> list[Column]:
        return [Column(key, tuple(names), key in self.required) for key, names in self.columns.items()]

    def category(self, kind: str) -> str:
        """The key for a file's kind: the longest word that stands in it."""
        if kind in self.private_kinds:
            return "accusation"
        folded = kind.casefold()
        fitting = [word for word in self.categories if word.casefold() in folded]
        return self.categories[max(fitting, key=len)]


@dataclass(frozen=True, slots=True)
class Report:
    """One row as it was understood."""

    line: int
    external_id: str
    category: str
    title: str
    text: str
    answer: str
    channel: str
    address: str
    township: str
    village: str
    longitude: float | None
    latitude: float | None
    reported_at: datetime
    closed_at: datetime | None
    victim_cannot_act: bool = False


def load(name: str) -> Mapping:
    """A mapping of the project by its name, or any by its path. Raises NoSuchMapping, BadMapping."""
    if name.endswith(".json"):
        text = Path(name).read_text("utf-8") if Path(name).is_file() else None
    else:
        found = resources.files(PACKAGE) / f"{name}.json"
        text = found.read_text("utf-8") if name.isidentifier() and found.is_file() else None
    if text is None:
        raise NoSuchMapping(name=name, known=", ".join(known()))
    try:
        mapping = Mapping(**json.loads(text))
        ZoneInfo(mapping.zone)
    except (TypeError, ValueError, ZoneInfoNotFoundError) as problem:
        raise BadMapping(reason=str(problem)) from problem
    if not set(mapping.columns) <= KNOWN or not set(mapping.required) <= set(mapping.columns):
        raise BadMapping(reason=", ".join(sorted((set(mapping.columns) | set(mapping.required)) - KNOWN)) or "required")
    if "" not in mapping.categories:
        raise BadMapping(reason='categories[""]')
    return mapping


def known() -> list[str]:
    """The mappings of the project."""
    files = resources.files(PACKAGE).iterdir()
    return sorted(each.name.removesuffix(".json") for each in files if each.name.endswith(".json"))


def understand(row: Row, mapping: Mapping, *, now: datetime) -> Report | Problem:
    """What a row says, or what is wrong with it: times that cannot be, points that are none, nothing to call it by."""
    column = ""
    try:
        for column in mapping.required:
            if not row.values.get(column):
                raise BadValue("empty")
        column = "reported_at"
        reported = _moment(row.values["reported_at"], mapping, now)
        column = "closed_at"
        closed = _closed(row, mapping, reported, now)
        column = "longitude"
        point = _point(row, mapping)
    except BadValue as problem:
        name = mapping.columns.get(column, [column])[0]
        return Problem(row.line, name, problem.code, problem.facts)
    values = row.values
    township = mapping.township.get("fixed") or values.get("township", "")
    village = values.get("village", "")
    return Report(
        row.line, values["external_id"], mapping.category(values.get("kind") or values["title"]), values["title"],
        values.get("text", ""), values.get("answer", ""), values.get("channel", "")[:24], values.get("address", ""),
        "" if township.startswith("Unspecified") else township,
        "" if village in mapping.no_village or village.startswith("Unspecified") else village,
        point[0], point[1], reported, closed, values.get("victim_cannot_act", "").strip().lower() in mapping.yes,
    )  # fmt: skip


def _moment(text: str, mapping: Mapping, now: datetime) -> datetime:
    zone = ZoneInfo(mapping.zone)
    if mapping.days_only:
        day = parse_date(text, today=now.astimezone(zone).date())
        return datetime(day.year, day.month, day.day, 12, tzinfo=zone)
    return parse_moment(text, zone=zone, now=now, form=mapping.moment_form)


def _closed(row: Row, mapping: Mapping, reported: datetime, now: datetime) -> datetime | None:
    if "by" in mapping.closed:
        days = row.values.get(mapping.closed["by"], "")
        if not days:
            return None
        try:
            return reported + timedelta(days=float(days))
        except (ValueError, OverflowError):
            raise BadValue("not_a_number", value=days) from None
    if row.values.get("status", "") not in mapping.closed["status"]:
        return None
    if not row.values.get("closed_at"):
        raise BadValue("empty")
    closed = _moment(row.values["closed_at"], mapping, now)
    if closed < reported:
        raise BadValue("closed_before_reported", value=row.values["closed_at"])
    return closed


def _point(row: Row, mapping: Mapping) -> tuple[float | None, float | None]:
    longitude, latitude = row.values.get("longitude", ""), row.values.get("latitude", "")
    if not longitude or not latitude:
        return None, None
    point = (parse_degrees(longitude, limit=180), parse_degrees(latitude, limit=90))
    return (None, None) if list(point) in mapping.no_point else point
