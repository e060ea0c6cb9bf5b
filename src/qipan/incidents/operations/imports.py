"""Exports of a hotline or of another 311 system, loaded as history: every row is loaded or refused with its reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from django.db import connection, transaction
from django.utils import timezone

from qipan.foundation.areas import operations as areas
from qipan.foundation.areas.access import within
from qipan.foundation.areas.models import Area, Kind, Level
from qipan.foundation.areas.queries import locate
from qipan.foundation.journal import operations as journal
from qipan.foundation.journal.rules import HasAuthor
from qipan.foundation.refusals import tables
from qipan.incidents import defaults, routing
from qipan.incidents.models import Category, Incident
from qipan.incidents.operations.report import Place, put_on_desk, search_vector, write_words
from qipan.incidents.operations.said import answered
from qipan.incidents.rules import mapping as mappings
from qipan.incidents.rules.classes import CLASSES, Klass
from qipan.incidents.rules.mapping import Mapping, Report
from qipan.incidents.rules.steps import Status
from qipan.kernels.ids import new_id
from qipan.kernels.tables import Problem, Table

BATCH = 500
Progress = Callable[[int, int], None]


@dataclass(slots=True)
class Outcome:
    """What became of a file: its rows are loaded, already there, or refused; nothing is left over."""

    digest: str
    rows: int
    loaded: int = 0
    unchanged: int = 0
    areas: int = 0
    problems: list[Problem] = field(default_factory=list)

    @property
    def refused(self) -> int:
        return len({problem.line for problem in self.problems})

    def counts(self) -> dict[str, int]:
        return {"rows": self.rows, "loaded": self.loaded, "unchanged": self.unchanged, "refused": self.refused,
                "areas": self.areas}  # fmt: skip


def read(source: bytes | Path, mapping: Mapping) -> Table:
    """The file's table. Raises the refusals of `refusals.tables` for a file that cannot be used at all."""
    return tables.read(source, columns=mapping.table_columns())


@transaction.atomic
def found(mapping: Mapping, *, by: HasAuthor, at: datetime) -> Area:
    """A district of its own for a file whose areas are not ours: its townships and villages come with the rows."""
    since = datetime(2000, 1, 1, tzinfo=timezone.get_default_timezone()).date()
    district = areas.found_district(**mapping.district, by=by, at=at, since=since)
    defaults.load(district, since=since)
    return district


def check(source: bytes | Path, *, mapping: Mapping, district: Area, at: datetime) -> Outcome:
    """What a load would do, without doing it. Raises like `read`."""
    outcome, reports = _understood(read(source, mapping), mapping, at)
    known = _known(district, mapping)
    outcome.unchanged = sum(report.external_id in known for report in reports)
    outcome.loaded = len(reports) - outcome.unchanged
    return outcome


@transaction.atomic
def load(
    source: bytes | Path,
    *,
    mapping: Mapping,
    district: Area,
    by: HasAuthor,
    at: datetime,
    build_areas: bool = False,
    progress: Progress | None = None,
) -> Outcome:
    """Load an export into a district, in one transaction with one journal entry; the same file again changes nothing.

    Closed rows become closed files; open ones are put on the desk of their area, whose clock starts now. A row stands
    in the area that its point lies in, else in the one it names; with `build_areas` areas it names are made. A row
    that cannot be used is refused with its reason, the others are loaded. Raises like `read` for the whole file.
    """
    outcome, reports = _understood(read(source, mapping), mapping, at)
    known = _known(district, mapping)
    places = _Places(district, mapping, build=build_areas, by=by, at=at)
    categories = {row.key: row for row in Category.objects.filter(district=district, valid_to=None)}
    fresh = [report for report in reports if report.external_id not in known]
    outcome.unchanged = len(reports) - len(fresh)
    numbers = iter(_numbers(district.pk, timezone.localdate(at), len(fresh)))
    closed: list[Incident] = []
    for done, report in enumerate(fresh, 1):
        area = places.find(report)
        if area is None:
            outcome.problems.append(Problem(report.line, "", "no_such_area", {"value": report.village}))
            continue
        incident = _incident(report, area, categories[report.category], mapping, number=next(numbers), by=by, at=at)
        outcome.loaded += 1
        if report.closed_at:
            closed.append(incident)
        else:
            put_on_desk(incident, at=at)
        if progress and not done % BATCH:
            progress(done, len(fresh))
    Incident.objects.bulk_create(closed, batch_size=BATCH)
    outcome.areas = places.made
    if outcome.loaded or outcome.areas:
        journal.record("incidents.imported", district, by=by, at=at, digest=outcome.digest, mapping=mapping.name,
                       counts=outcome.counts())  # fmt: skip
    if progress:
        progress(len(fresh), len(fresh))
    return outcome


def _understood(table: Table, mapping: Mapping, at: datetime) -> tuple[Outcome, list[Report]]:
    outcome = Outcome(table.digest, rows=len(table.rows) + len({each.line for each in table.problems}))
    outcome.problems = list(table.problems)
    reports: dict[str, Report] = {}
    for row in table.rows:
        report = mappings.understand(row, mapping, now=at)
        if isinstance(report, Problem):
            outcome.problems.append(report)
        elif report.external_id in reports:
            earlier = reports[report.external_id].line
            outcome.problems.append(Problem(row.line, mapping.columns["external_id"][0], "twice", {"line": earlier}))
        else:
            reports[report.external_id] = report
    return outcome, list(reports.values())


def _known(district: Area, mapping: Mapping) -> set[str]:
    rows = Incident.objects.filter(district=district, source=mapping.source).exclude(external_id="")
    return set(rows.values_list("external_id", flat=True))


def _numbers(district_id: int, day: date, count: int) -> list[str]:
    """A run of numbers of the imports' own series."""
    if not count:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO incidents_number (district_id, series, day, last) VALUES (%s, 'DR', %s, %s) "
            "ON CONFLICT (district_id, series, day) DO UPDATE SET last = incidents_number.last + EXCLUDED.last "
            "RETURNING last",
            [district_id, day, count],
        )
        last = cursor.fetchone()[0]
    return [f"DR{day:%Y%m%d}-{number:05d}" for number in range(last - count + 1, last + 1)]


def _incident(
    report: Report, area: Area, category: Category, mapping: Mapping, *, number: str, by: HasAuthor, at: datetime
) -> Incident:
    klass = Klass(category.klass)
    incident = Incident(
        id=new_id(), number=number, category=category, klass=klass, source=mapping.source, channel=report.channel,
        external_id=report.external_id, reported_at=report.reported_at,
        status_at=report.closed_at or report.reported_at,
        status=Status.CLOSED if report.closed_at else Status.REPORTED, closed_at=report.closed_at,
        outcome="imported" if report.closed_at else "",
        private=category.private or CLASSES[klass].private, hidden_from_village=category.hidden_from_village,
        victim_cannot_act=report.victim_cannot_act and category.never_mediated,
        level=min(area.level, routing.first_level(
            klass=klass, urgent=False, hidden_from_village=category.hidden_from_village, staffed=True)),
    )  # fmt: skip
    incident.place(area, report.longitude, report.latitude)
    place = Place(area=area, address=report.address)
    write_words(incident, place=place, title=report.title, text=report.text, by=by, at=at)
    incident.answer = answered(incident, report.answer, by=by, at=at)
    incident.search = search_vector(" ".join((number, incident.title, incident.text, incident.address)))
    return incident


class _Places:
    """Finds the area of a row, and makes those that a file brings."""

    def __init__(self, district: Area, mapping: Mapping, *, build: bool, by: HasAuthor, at: datetime) -> None:
        self.district, self.mapping, self.build, self.by, self.at = district, mapping, build, by, at
        rows = Area.objects.filter(within(district), valid_to=None, level__in=(Level.TOWNSHIP, Level.VILLAGE))
        self.known = {(row.parent_id, row.name): row for row in rows}
        self.by_name: dict[str, Area | None] = {}
        for row in self.known.values():
            self.by_name[row.name] = None if row.name in self.by_name else row
        self.made = 0

    def find(self, report: Report) -> Area | None:
        if report.longitude is not None and report.latitude is not None:
            cell = locate(
                district_id=self.district.pk, longitude=report.longitude, latitude=report.latitude, at=self.at
            )
            if cell is not None:
                return cell
        if not self.build:
            named = self.by_name.get(report.village) if report.village else None
            return named or (self.by_name.get(report.township) if report.township else None)
        township = self._below(self.district, report.township, Kind.OTHER)
        return self._below(township, report.village, Kind.OTHER)

    def _below(self, parent: Area, name: str, kind: str) -> Area:
        if not name:
            return parent
        there = self.known.get((parent.pk, name))
        if there is None:
            since = parent.valid_from
            there = areas.create(parent=parent, name=name, kind=kind, by=self.by, at=self.at, since=since)
            self.known[parent.pk, name] = there
            self.made += 1
        return there
