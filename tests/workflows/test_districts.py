"""A second district imports its own areas and starts, by the command line alone."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner
from django.utils import timezone
from tests import factories
from tests.incidents.conftest import make_town

from qipan.foundation.areas.commands import areas, import_
from qipan.foundation.areas.models import Area
from qipan.foundation.posts.rules import Role
from qipan.incidents import operations
from qipan.incidents.models import Category
from qipan.incidents.operations.report import Place
from qipan.workflows.commands import district


def run(group: object, *words: str) -> str:
    done = CliRunner().invoke(group, list(words), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_a_second_district_imports_its_areas_and_takes_a_report(db: None, shared: Path) -> None:
    first = make_town().district
    file = str(shared / "1_divisions/yindu_actual_jurisdiction_candidate_19_townships.csv")
    run(areas, "found", "殷都区", "--code", "410505")
    run(import_, "areas", file, "--district", "410505", "--since", "2022-01-01")
    run(district, "begin", "--district", "410505")
    assert "0" in run(district, "begin", "--district", "410505")  # nothing is made twice
    second = Area.objects.get(name="殷都区", level=1)
    township = Area.objects.get(district=second, name="水冶镇")
    category = Category.objects.get(district=second, key="rubbish", valid_to=None)
    worker = factories.post(Role.GRID_WORKER, township)
    incident, _code = operations.report(
        category=category, place=Place(area=township), title="垃圾堆放", source="staff", by=worker, at=timezone.now()
    )
    assert incident.desk.name == "水冶镇网格化服务中心"
    assert incident.district_id != first.pk
