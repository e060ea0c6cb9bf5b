"""Terms for full-text search in Chinese without a dictionary: overlapping pairs of characters.

A run of Chinese characters of length n gives its n-1 pairs (and itself if n = 1); a run of Latin letters or digits
gives one lower-case word. A query matches a text when all its terms are among the terms of the text; for a query of
one character, see `terms(..., single=True)`, which also gives every single character.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

RUNS = re.compile(r"([\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+)|([0-9a-z]+)")
LONGEST = 60  # characters of one Latin word that are kept: longer is noise, and PostgreSQL limits a lexeme


def terms(text: str, *, single: bool = False) -> list[str]:
    """The distinct terms of a text in order of appearance; `single` adds each Chinese character alone."""
    folded = unicodedata.normalize("NFKC", text).lower()
    found: dict[str, None] = {}
    for run in RUNS.finditer(folded):
        chinese, latin = run.groups()
        if latin:
            found[latin[:LONGEST]] = None
            continue
        if len(chinese) == 1 or single:
            found.update(dict.fromkeys(chinese))
        found.update(dict.fromkeys(first + second for first, second in pairwise(chinese)))
    return list(found)


def query(text: str) -> list[str]:
    """The terms that a text must hold to answer this query."""
    return terms(text)
