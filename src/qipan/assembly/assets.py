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


@cache
def needed(name: str) -> tuple[str, ...]:
    """Addresses of an entry and of all that it loads at once: what a phone keeps to start without a network."""
    entries: dict[str, dict[str, Any]] = json.loads((BUILT / "manifest.json").read_text())
    by_file = {entry["file"]: key for key, entry in entries.items()}
    found: dict[str, None] = {}
    waiting = [by_file[manifest()[name]]]
    while waiting:
        entry = entries[waiting.pop()]
        for file in (entry["file"], *entry.get("css", ())):
            found[static(f"built/{file}")] = None
        waiting += [key for key in entry.get("imports", ()) if static(f"built/{entries[key]['file']}") not in found]
    return tuple(found)


@cache
def font(name: str) -> str:
    """Where a browser gets one file of the fonts, such as `ui.woff2`: a page that shows it at once says so first."""
    entries: dict[str, dict[str, Any]] = json.loads((BUILT / "manifest.json").read_text())
    return static(f"built/{next(entry['file'] for key, entry in entries.items() if key.endswith(f'/{name}'))}")


def address(name: str) -> str:
    """Where a browser gets an entry of the build, such as `app.js`."""
    return static(f"built/{manifest()[name]}")
