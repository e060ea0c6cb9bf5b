"""Lengths and areas that the board's script measures too (vitest holds that to the same file)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from shapely import LineString, Polygon

from qipan.kernels.geodesy import shapes

VECTORS = json.loads((Path(__file__).parents[2] / "vectors/measures.json").read_text())


@pytest.mark.parametrize("vector", VECTORS["lines"], ids=lambda vector: vector["name"])
def test_a_length(vector: dict[str, Any]) -> None:
    assert shapes.length(LineString(vector["points"])) == pytest.approx(vector["metres"], rel=1e-9)


@pytest.mark.parametrize("vector", VECTORS["areas"], ids=lambda vector: vector["name"])
def test_an_area(vector: dict[str, Any]) -> None:
    assert shapes.area(Polygon(vector["points"])) == pytest.approx(vector["squareMetres"], rel=1e-9)
