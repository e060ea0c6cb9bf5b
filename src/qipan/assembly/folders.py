"""Where this installation keeps what is not in the database."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[3]


def data_folder() -> Path:
    """QIPAN_DATA, or a folder of this checkout's own: below /var/lib for root (never in a home), else in the home."""
    if given := os.environ.get("QIPAN_DATA"):
        return Path(given).resolve()
    name = hashlib.sha256(str(CHECKOUT).encode()).hexdigest()[:12]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return Path("/var/lib/qipan") / name
    return Path.home() / ".local/share/qipan" / name
