"""Full text over masked words."""

from __future__ import annotations

import pytest
from tests.incidents.conftest import Town

from qipan.incidents import operations, queries
from qipan.incidents.queries import Filters


@pytest.mark.database
def test_an_incident_is_found_by_its_words_at_every_step(town: Town) -> None:
    incident = town.report("street-light", title="路灯不亮", text="活动广场东侧整排熄灭")

    def found(text: str) -> bool:
        page = queries.page(viewer=town.dispatcher, filters=Filters(text=text), now=town.at)
        return [row["id"] for row in page.rows] == [incident.pk]

    assert found("整排熄灭")
    assert found(incident.number)
    assert not found("井盖")
    operations.accept(incident_id=incident.pk, by=town.dispatcher, at=town.later())
    assert found("路灯")
    operations.dispatch(incident_id=incident.pk, unit=town.department, by=town.dispatcher, at=town.later())
    assert found("广场")
