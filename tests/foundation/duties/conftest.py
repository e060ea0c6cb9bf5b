"""A small district with a dispatcher, a department with its head and a handler, and kinds of duties for tests."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from django.utils.translation import gettext_lazy as _

from qipan.foundation.areas.models import Area
from qipan.foundation.duties import kinds
from qipan.foundation.duties.rules import PauseCap
from qipan.foundation.journal.rules import About
from qipan.foundation.posts.models import Post, Unit
from qipan.kernels.ids import new_id
from tests import factories

CHINA = timezone(timedelta(hours=8))
KIND = "tests.handle"
TEST_KINDS = (
    kinds.Kind(KIND, _("Open"), pause=PauseCap(count=2, total=timedelta(days=30))),
    kinds.Kind("tests.never_paused", _("Open"), pause=None),
)


def moment(text: str) -> datetime:
    """A time of Asia/Shanghai, such as "2026-03-02 09:00" (a Monday)."""
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)


@dataclass
class Thing:
    """Something a duty can be about."""

    area: Area
    privacy: int = 0
    id: Any = field(default_factory=new_id)
    longitude: float | None = None
    latitude: float | None = None

    def about(self) -> About:
        return About("tests.thing", self.id, "事项", self.area.district_id, self.area.path, privacy=self.privacy)


@dataclass
class District:
    area: Area
    unit: Unit
    dispatcher: Post
    commander: Post
    head: Post
    handler: Post
    colleague: Post

    def thing(self, privacy: int = 0) -> Thing:
        return Thing(factories.below(self.area, 4), privacy)


def small_district(name: str = "东区", prefix: str = "910101") -> District:
    """A district of one township, village and cell, with a department and its people."""
    area = factories.tree(name, prefix=prefix, townships=1, villages=1, cells=1)
    unit = factories.unit(area=area, name=f"{name}城管局")
    return District(
        area=area,
        unit=unit,
        dispatcher=factories.post("dispatcher", area),
        commander=factories.post("commander", area),
        head=factories.post("handler", area, unit, head=True),
        handler=factories.post("handler", area, unit),
        colleague=factories.post("handler", area, unit),
    )


def register_kinds() -> None:
    """The kinds that tests open duties of; safe to repeat."""
    for kind in TEST_KINDS:
        if kinds._kinds.get(kind.name) is not kind:
            kinds.register(kind)


@pytest.fixture(autouse=True, scope="session")
def registered() -> None:
    register_kinds()


@pytest.fixture
def make_district(db: None) -> Any:
    return small_district


@pytest.fixture
def district(make_district: Any) -> District:
    return make_district()  # type: ignore[no-any-return]
