"""qipan import areas|premises and qipan areas."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from django.utils import translation

from qipan.assembly import cli
from qipan.foundation.areas.models import Area, Premises
from tests.kernels.tables import files

pytestmark = pytest.mark.django_db


def qipan(*words: str) -> Result:
    with translation.override("en"):
        return CliRunner().invoke(cli.complete(), list(words))


@pytest.fixture
def towns(tmp_path: Path) -> Path:
    path = tmp_path / "areas.csv"
    path.write_bytes(files.csv(("代码", "名称"), ("410502001", "东大街街道"), ("410502100", "宝莲寺镇")))
    return path


def test_a_second_district_is_made_and_imports_its_own_areas(towns):
    made = json.loads(qipan("areas", "found", "文峰区", "--code", "410502", "--json").stdout)
    assert made["name"] == "文峰区"
    looked_at = qipan("import", "areas", str(towns), "--district", "410502", "--dry-run", "--json")
    assert json.loads(looked_at.stdout)["counts"]["new"] == 2
    assert Area.objects.count() == 1
    loaded = qipan("import", "areas", str(towns), "--district", "文峰区")
    assert (loaded.exit_code, loaded.stdout.splitlines()[-1]) == (0, "Loaded.")
    again = qipan("import", "areas", str(towns), "--district", "410502")
    assert again.stdout.splitlines()[-1] == "Nothing was changed."
    (row,) = json.loads(qipan("areas", "list", "--json").stdout)
    assert (row["code"], row["townships"]) == ("410502", 2)


def test_refused_rows_end_with_their_exit_code_and_their_file(towns, tmp_path):
    qipan("areas", "found", "文峰区", "--code", "410502")
    bad, errors = tmp_path / "bad.csv", tmp_path / "errors.csv"
    bad.write_bytes(files.csv(("代码", "名称"), ("410502001", "东大街街道"), ("4.1E+11", "宝莲寺镇")))
    done = qipan("import", "areas", str(bad), "--district", "410502", "--errors", str(errors))
    assert done.exit_code == 3
    assert done.stdout.splitlines()[-1] == "Nothing was loaded."
    assert errors.read_text(encoding="utf-8-sig").splitlines()[1].startswith("3,代码,")
    assert Area.objects.count() == 1


def test_premises_are_imported_and_an_unknown_district_is_refused(towns, tmp_path):
    qipan("areas", "found", "文峰区", "--code", "410502")
    qipan("import", "areas", str(towns), "--district", "410502")
    path = tmp_path / "premises.csv"
    path.write_bytes(files.csv(("名称", "类型", "区域代码"), ("好日子超市", "商铺", "410502001")))
    assert qipan("import", "premises", str(path), "--district", "410502").exit_code == 0
    assert Premises.objects.get().township.name == "东大街街道"
    refused = qipan("import", "premises", str(path), "--district", "410599")
    assert (refused.exit_code, "410599" in refused.output) == (5, True)
    assert qipan("import", "premises", str(path), "--district", "410502", "--since", "15/05/20").exit_code == 3


def test_what_is_printed_of_a_slipped_column_holds_no_number_of_a_person(towns, tmp_path):
    qipan("areas", "found", "文峰区", "--code", "410502")
    qipan("import", "areas", str(towns), "--district", "410502")
    path, errors = tmp_path / "premises.csv", tmp_path / "errors.csv"
    path.write_bytes(files.csv(("名称", "类型", "区域代码"), ("好店", "13812345678", "410502001")))
    words = ["import", "premises", str(path), "--district", "410502", "--errors", str(errors)]
    for said in (qipan(*words).stdout, qipan(*words, "--json").stdout, errors.read_text(encoding="utf-8-sig")):
        assert "138****5678" in said
        assert "13812345678" not in said
