"""How often somebody may ask. Counted in the cache that all processes share."""

from __future__ import annotations

import time
from datetime import datetime

from django.core.cache import cache
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from qipan.foundation.refusals import TooMany


def address(request: HttpRequest) -> str:
    """The caller's network address. The server believes a forwarded one from our own proxies only."""
    return str(request.META.get("REMOTE_ADDR", ""))


def count(name: str, who: str, *, most: int, seconds: int, at: datetime | None = None) -> None:
    """Count one more by `who` in the present window of `seconds`; the one after `most` raises TooMany.

    The address or name is kept as a keyed digest only, and forgotten with its window.
    """
    window = int((at.timestamp() if at else time.time()) // seconds)
    key = f"limit:{name}:{window}:{salted_hmac('qipan.limits', who).hexdigest()[:24]}"
    cache.add(key, 0, seconds + 5)
    try:
        number = cache.incr(key)
    except ValueError:  # the window ended between the two
        return
    if number > most:
        raise TooMany
