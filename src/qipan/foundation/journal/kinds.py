"""The kinds of entries and their words. Each app registers its own when it is ready."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_texts: dict[str, Any] = {}


def register(texts: Mapping[str, Any]) -> None:
    """`texts`: kind ("<app>.<verb past>") to its display text, a lazy translation."""
    _texts.update(texts)


def text(kind: str) -> str:
    """The words for a kind; the kind itself where nobody registered it."""
    return str(_texts.get(kind, kind))


def every() -> dict[str, str]:
    """All registered kinds with their words, sorted by kind."""
    return {kind: str(_texts[kind]) for kind in sorted(_texts)}
