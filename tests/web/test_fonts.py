"""The slices of the font that are made to measure hold nearly everything that the system itself writes."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

FONTS = Path(__file__).resolve().parents[2] / "web/src/fonts"


def test_the_texts_are_in_the_slices_made_for_them() -> None:
    spec = importlib.util.spec_from_file_location("make_fonts", FONTS / "make.py")
    assert spec and spec.loader
    make = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make)
    held: set[int] = set()
    for part in re.findall(r"U\+([0-9A-F-]+)", (FONTS / "slices.css").read_text()):
        first, _, last = part.partition("-")
        held |= set(range(int(first, 16), int(last or first, 16) + 1))
    wanted = make.characters("qipan/**/locale/zh_Hans/LC_MESSAGES/*.po") & {*range(0x3000, 0xFF00)}
    missing = "".join(map(chr, sorted(wanted - held)))
    # Each missing one costs whoever reads it a slice of 60 kB: then it is time for web/src/fonts/make.py.
    assert len(missing) <= len(wanted) * 0.02, missing
