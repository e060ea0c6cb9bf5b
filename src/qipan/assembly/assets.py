"""The front end's built files: names carry a hash, the build's manifest knows them."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from django.templatetags.static import static

BUILT = Path(__file__).resolve().parent / "static/built"
SPRITE = "icons.svg"


@cache
def manifest() -> dict[str, str]:
    """{"app.js": "assets/app-XXXX.js", ...} for every entry of the build."""
    path = BUILT / "manifest.json"
    if not path.exists():
        raise FileNotFoundError("the pages' assets are not built: run `python3 run.py setup`")
    entries: dict[str, dict[str, Any]] = json.loads(path.read_text())
    return {
        entry["name"] + Path(entry["file"]).suffix: entry["file"] for entry in entries.values() if entry.get("isEntry")
    }


def address(name: str) -> str:
    """Where a browser gets an entry of the build, such as `app.js`."""
    return static(f"built/{manifest()[name]}")
