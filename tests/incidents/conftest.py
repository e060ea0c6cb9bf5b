"""A small district with its three-level centres, a department, and somebody for each role."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
from tests import factories

from qipan.foundation.areas.models import Area
from qipan.foundation.duties.models import Duty
from qipan.foundation.posts.models import Post, Unit
from qipan.foundation.posts.rules import Role
from qipan.incidents import defaults, operations
from qipan.incidents.models import Category, Incident
from qipan.incidents.operations.report import Contact, Place
from qipan.incidents.rules.classes import Leg

MORNING = datetime(2026, 4, 8, 1, 30, tzinfo=UTC)  # a Wednesday, 09:30 in China


@dataclass
class Town:
    """Everybody and everything a journey needs. `at` moves on by `later`."""

    district: Area
    township: Area
    village: Area
    cell: Area
    centre: Unit
    desk: Unit
    department: Unit
    other: Unit
    commander: Post
    dispatcher: Post
    handler: Post
    colleague: Post
    grid_worker: Post
    administrator: Post
    at: datetime = MORNING

    def later(self, **length: float) -> datetime:
        self.at += timedelta(**(length or {"minutes": 5}))
        return self.at

    def category(self, key: str) -> Category:
        return Category.objects.get(district=self.district, key=key, valid_to=None)

    def report(self, key: str = "rubbish", **fields: object) -> Incident:
        values = {"title": "小区门口垃圾堆放", "text": "已经三天", "source": "staff", "by": self.grid_worker} | fields
        place = values.pop("place", Place(area=self.cell))
        incident, self.code = operations.report(category=self.category(key), place=place, at=self.later(), **values)
        return incident

    code: str = ""
    by_hand: bool = False  # a test that writes deadlines itself

    def with_contact(self, key: str = "water", **fields: object) -> Incident:
        return self.report(key, contact=Contact(name="某某", phone="13800138000"), **fields)

    def dispatched(self, key: str = "street-light", **fields: object) -> Incident:
        incident = self.report(key, **fields)
        operations.accept(incident_id=incident.id, by=self.dispatcher, at=self.later())
        return operations.dispatch(incident_id=incident.id, unit=self.department, by=self.dispatcher, at=self.later())

    def answered(self, key: str = "street-light", **fields: object) -> Incident:
        incident = self.dispatched(key, **fields)
        operations.sign(incident_id=incident.id, by=self.handler, at=self.later())
        return operations.answer(incident_id=incident.id, text="已修复", by=self.handler, at=self.later())

    def closed(self, key: str = "street-light", **fields: object) -> Incident:
        incident = self.answered(key, **fields)
        operations.check_back(incident_id=incident.id, by=self.dispatcher, at=self.later())
        return operations.verify(incident_id=incident.id, by=self.grid_worker, at=self.later())


@pytest.fixture
def town(db: None) -> Iterator[Town]:
    made = make_town()
    yield made
    if not made.by_hand:
        every_row_shows_its_leg()


def every_row_shows_its_leg() -> None:
    """After whatever a test did: the stored deadline of each incident is that of its open leg."""
    legs = Duty.objects.filter(kind__in=[f"incidents.{leg}" for leg in Leg]).exclude(state="ended")
    due = {duty.about_id: duty.due_at for duty in legs if duty.state == "open"}
    for incident in Incident.objects.all():
        assert incident.due_at == due.get(incident.pk), incident.number


def make_town(name: str = "") -> Town:
    district = factories.tree(name=name) if name else factories.tree()
    township, village, cell = (factories.below(district, level) for level in (2, 3, 4))
    centre = factories.unit(area=district, kind="centre", name="区网格化中心")
    desk = factories.unit(area=township, kind="centre", name="乡镇网格化中心")
    department = factories.unit(area=district, kind="department", name="城管局")
    other = factories.unit(area=district, kind="department", name="水务局")
    defaults.load(district, since=date(2020, 1, 1))
    return Town(
        district, township, village, cell, centre, desk, department, other,
        commander=factories.post(Role.COMMANDER, district, centre),
        dispatcher=factories.post(Role.DISPATCHER, township, desk),
        handler=factories.post(Role.HANDLER, district, department),
        colleague=factories.post(Role.HANDLER, district, other),
        grid_worker=factories.post(Role.GRID_WORKER, cell),
        administrator=factories.post(Role.ADMINISTRATOR, district),
    )  # fmt: skip
