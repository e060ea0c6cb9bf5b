"""The map below the board: a server of tiles that the installation names, and what the law wants of such a map.

Maps that are shown in China bear the number under which they were approved (审图号). Without one there is no map: the
server does not start, and whatever else reads these settings gets none.
"""

from __future__ import annotations

import os
import re
from urllib.parse import urlsplit

DATUMS = ("wgs84", "gcj02")
HOST = re.compile(r"[a-z0-9.\-]+(:\d+)?|\[[0-9a-f:]+\](:\d+)?", re.IGNORECASE)


def given() -> dict[str, str]:
    """The settings as they are."""
    return {
        "url": os.environ.get("QIPAN_TILES_URL", "").strip(),
        "datum": os.environ.get("QIPAN_TILES_DATUM", "wgs84").strip(),
        "approval": os.environ.get("QIPAN_TILES_APPROVAL", "").strip(),
        "attribution": os.environ.get("QIPAN_TILES_ATTRIBUTION", "").strip(),
    }


def origin(url: str) -> str:
    """`https://host:port` of an address; what the content policy opens, and nothing wider."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def problems(tiles: dict[str, str], *, mode: str) -> list[str]:
    """Everything that is wrong with these settings; empty where there is no map at all."""
    if not tiles["url"]:
        return []
    found = []
    parts = urlsplit(tiles["url"])
    if not all(place in tiles["url"] for place in ("{z}", "{x}", "{y}")):
        found.append("QIPAN_TILES_URL lacks {z}, {x} or {y}: it is the address of one tile with these three in it.")
    if parts.scheme not in {"http", "https"} or not HOST.fullmatch(parts.netloc):
        found.append("QIPAN_TILES_URL is no address of a server: write https://host/…, without a name or a password.")
    elif parts.scheme != "https" and mode not in {"demo", "development"}:
        found.append("QIPAN_TILES_URL is not https: others on the way could change the map, and browsers block it.")
    if not tiles["approval"]:
        found.append("QIPAN_TILES_APPROVAL is not set: a map shown in China bears its approval number (审图号).")
    if tiles["datum"] not in DATUMS:
        found.append(f"QIPAN_TILES_DATUM is neither {' nor '.join(DATUMS)}.")
    return found


def map_below(*, mode: str) -> dict[str, str] | None:
    """The map below the board, if one is set and may be shown."""
    tiles = given()
    return tiles if tiles["url"] and not problems(tiles, mode=mode) else None
