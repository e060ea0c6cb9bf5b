"""Two slices of Noto Sans SC made to measure: the characters of every Chinese text of the system, and beside them those
of the demo district and of the kinds of things, which are those of most districts too. What is in neither comes from
the hundred slices of the package, one by one.

    uv run --with fonttools --with brotli python web/src/fonts/make.py

writes `ui.woff2`, `places.woff2` and `slices.css` beside itself; `tests/web/test_fonts.py` says when it is time.
The font is under the SIL Open Font License 1.1 (web/node_modules/@fontsource-variable/noto-sans-sc/LICENSE)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
PACKAGE = ROOT / "web/node_modules/@fontsource-variable/noto-sans-sc"
FACE = re.compile(r"@font-face \{.*?url\(\./files/([^)]+)\).*?unicode-range: ([^;]+);", re.S)
FIRST = 0x2000  # what comes before it is in the Latin slice
RULE = """@font-face {{
  font-family: "Noto Sans SC Variable";
  font-style: normal;
  font-display: swap;
  font-weight: 100 900;
  src: url("./{name}.woff2") format("woff2-variations");
  unicode-range: {ranges};
}}
"""


def characters(*patterns: str) -> set[int]:
    """Those of all files of these patterns that are no Latin ones; of catalogues the Chinese only."""
    texts = (path.read_text() for pattern in patterns for path in sorted((ROOT / "src").glob(pattern)))
    return {ord(one) for text in texts for line in text.splitlines() if line[:1] != "#" for one in line} - set(
        range(FIRST)
    )


def ranges(points: Iterable[int]) -> str:
    """U+4E00-4E03, U+4E07"""
    found: list[list[int]] = []
    for point in sorted(points):
        if found and point == found[-1][1] + 1:
            found[-1][1] = point
        else:
            found.append([point, point])
    return ", ".join(f"U+{first:X}" if first == last else f"U+{first:X}-{last:X}" for first, last in found)


def sources() -> dict[int, Path]:
    """The package's slice of each character."""
    found = {}
    for name, given in FACE.findall((PACKAGE / "index.css").read_text()):
        for part in given.replace("U+", "").replace(" ", "").split(","):
            first, _, last = part.partition("-")
            for point in range(int(first, 16), int(last or first, 16) + 1):
                found[point] = PACKAGE / "files" / name
    return found


def merged(points: set[int]) -> tuple[object, set[int]]:
    """One font of these characters. The slices are cut from one master, so their glyphs fit beside each other."""
    from fontTools.ttLib import TTFont

    by_slice: dict[Path, list[int]] = {}
    for point, path in sources().items():
        if point in points:
            by_slice.setdefault(path, []).append(point)
    first, *others = (TTFont(path) for path in sorted(by_slice))
    wanted = {path: set(of) for path, of in by_slice.items()}
    cmap: dict[int, str] = {}
    order = list(first.getGlyphOrder())
    for font in (first, *others):
        _ = font["glyf"], font["gvar"], font["hmtx"]  # read before any order changes
    for path, font in zip(sorted(by_slice), [first, *others], strict=True):
        for point, glyph in font.getBestCmap().items():
            if point not in wanted[path] or point in cmap:
                continue
            assert not font["glyf"][glyph].isComposite(), glyph
            cmap[point] = glyph
            if font is not first and glyph not in order:
                order.append(glyph)
                first["glyf"][glyph] = font["glyf"][glyph]
                first["gvar"].variations[glyph] = font["gvar"].variations.get(glyph, [])
                first["hmtx"][glyph] = font["hmtx"][glyph]
    keep = {".notdef", *cmap.values()}
    for table in ("HVAR", "GSUB", "GPOS", "GDEF", "BASE", "vhea", "vmtx", "gasp"):
        if table in first:
            del first[table]
    kept = [glyph for glyph in order if glyph in keep]
    glyphs = {glyph: first["glyf"][glyph] for glyph in kept}
    first.setGlyphOrder(kept)
    first["glyf"].glyphs, first["glyf"].glyphOrder = glyphs, kept
    first["gvar"].variations = {glyph: first["gvar"].variations.get(glyph, []) for glyph in kept}
    first["hmtx"].metrics = {glyph: first["hmtx"].metrics[glyph] for glyph in kept}
    first["maxp"].numGlyphs = len(kept)
    for table in first["cmap"].tables:
        table.cmap = {point: glyph for point, glyph in cmap.items() if point < 0x10000 or table.format == 12}
    first["post"].formatType = 3.0
    first.flavor = "woff2"
    return first, set(cmap)


def main() -> None:
    interface = characters("qipan/**/locale/zh_Hans/LC_MESSAGES/*.po")
    places = characters("qipan/assembly/demo/data/*.*", "qipan/**/*.py") - interface
    css = ["/* Made by make.py. After the package's own rules: of two that hold a character the later one counts. */\n"]
    for name, points in {"ui": interface, "places": places}.items():
        font, found = merged(points)
        font.save(HERE / f"{name}.woff2")  # type: ignore[attr-defined]
        css.append(RULE.format(name=name, ranges=ranges(found)))
    (HERE / "slices.css").write_text("".join(css))


if __name__ == "__main__":
    main()
