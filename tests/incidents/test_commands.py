from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner
from openpyxl import load_workbook
from tests.incidents.conftest import Town

from qipan.foundation.journal.models import Entry
from qipan.incidents.commands import export


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
