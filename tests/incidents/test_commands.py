from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from openpyxl import load_workbook
from tests.incidents.conftest import Town

from qipan.foundation.journal.models import Entry
from qipan.foundation.refusals import Invalid
from qipan.incidents import commands, operations
from qipan.incidents.commands import category, export
from qipan.incidents.models import Category


def test_a_list_is_exported_as_the_post_of_whoever_answers_for_it(town: Town, tmp_path: Path) -> None:
    town.report("rubbish")
    file = tmp_path / "list.xlsx"
    username = town.dispatcher.person.username
    done = CliRunner().invoke(export, ["incidents", str(file), "--as", username], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert load_workbook(file).active.max_row == 2
    assert Entry.objects.get(kind="incidents.exported").post_id == town.dispatcher.pk


def test_somebody_without_such_a_post_exports_nothing(town: Town, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    done = CliRunner().invoke(export, ["incidents", str(file), "--as", town.grid_worker.person.username])
    assert done.exit_code != 0
    assert not file.exists()


def test_a_category_is_added_by_who_may_configure(town: Town) -> None:
    asked = ["add", "hazard", "charging-pile", "--as", town.administrator.person.username, "--name", "充电桩故障",
             "--name-en", "Charging pile", "--limit", "handle", "working_days", "3", "--on-list", "3",
             "--not-public"]  # fmt: skip
    done = CliRunner().invoke(category, asked, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    added = Category.objects.get(district=town.administrator.district_id, key="charging-pile")
    assert added.limits == {"handle": {"clock": "working_days", "amount": 3}}
    assert (added.on_lists, added.public, added.name) == ([3], False, "充电桩故障")
    assert Entry.objects.get(kind="incidents.category_added").post_id == town.administrator.pk


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"--as": "nobody"}, commands.NoSuchSteward),
        ({"--limit": ("dance", "working_days", "3")}, commands.NotALimit),
        ({"--limit": ("handle", "working_days", "three")}, commands.NotALimit),
        ({"--limit": ("handle", "moons", "3")}, Invalid),
        ({"--name": " "}, operations.configure.KeyOrNameMissing),
    ],
)
def test_a_category_that_cannot_be_is_not_added(town: Town, given: dict[str, Any], refusal: type[Exception]) -> None:
    options: dict[str, Any] = {"--as": town.administrator.person.username, "--name": "新", "--name-en": "New", **given}
    words = [
        word for key, value in options.items() for word in (key, *(value if isinstance(value, tuple) else [value]))
    ]
    done = CliRunner().invoke(category, ["add", "hazard", "new-one", *words])
    assert isinstance(done.exception, refusal), done.output
    assert not Category.objects.filter(key="new-one").exists()
