"""Which unit the rules suggest."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from tests.incidents.conftest import Town

from qipan.incidents import operations, routing

pytestmark = pytest.mark.django_db
BEIJING = ZoneInfo("Asia/Shanghai")


def test_a_rule_holds_from_the_midnight_of_its_day_in_china(town: Town) -> None:
    """In the first hours of a day the date elsewhere is still the one before."""
    town.at = datetime(2026, 5, 5, 0, 10, tzinfo=BEIJING)
    operations.set_rule(area=town.township, unit=town.other, by=town.administrator, at=town.later())
    incident = town.report("street-light")
    assert routing.suggest(incident, at=datetime(2026, 5, 5, 1, tzinfo=BEIJING)) == town.other
    assert routing.suggest(incident, at=datetime(2026, 5, 4, 23, 59, tzinfo=BEIJING)) is None


def test_the_deepest_rule_suggests_and_never_the_accused_unit(town: Town) -> None:
    operations.set_rule(area=town.district, unit=town.other, by=town.administrator, at=town.later())
    operations.set_rule(area=town.village, unit=town.department, by=town.administrator, at=town.later())
    incident = town.report("street-light")
    assert routing.suggest(incident, at=town.at) == town.department
    incident.accused = town.department
    assert routing.suggest(incident, at=town.at) == town.other
