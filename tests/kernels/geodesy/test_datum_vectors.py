"""Positions in WGS 84 and GCJ-02: the same here as in the board's script (vitest holds that to the same file)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from qipan.kernels.geodesy.datums import Datum, convert

VECTORS = json.loads((Path(__file__).parents[2] / "vectors/datums.json").read_text())


@pytest.mark.parametrize("vector", VECTORS["points"], ids=lambda vector: vector["name"])
def test_a_position_in_the_other_datum(vector: dict[str, Any]) -> None:
    there = convert(*vector["wgs84"], source=Datum.WGS84, target=Datum.GCJ02)
    assert [float(one) for one in there] == pytest.approx(vector["gcj02"], abs=1e-10)
    back = convert(*vector["gcj02"], source=Datum.GCJ02, target=Datum.WGS84)
    assert [float(one) for one in back] == pytest.approx(vector["wgs84"], abs=1e-10)
