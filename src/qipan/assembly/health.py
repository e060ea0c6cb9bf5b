"""Whether this process is up, and whether it can do its work. Answered beside Django, by the server itself."""

from __future__ import annotations

import hmac
import ipaddress
import threading
import time
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

import orjson
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from qipan.foundation.duties.queries import calendar_warnings
from qipan.foundation.journal.models import Pending, Seal
from qipan.foundation.vault import keystore

PATHS = frozenset({"/healthz", "/readyz", "/metrics"})
LONGEST_LAG = 10.0
_first_seen: dict[int, float] = {}
_migrated = threading.Event()


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    content_type: str = "application/json"


def answer(scope: MutableMapping[str, Any]) -> Answer:
    """The answer to one of PATHS. Runs in a thread; leaves no database connection behind."""
    if scope["path"] == "/healthz":
        return Answer(200, b'{"up":true}')
    try:
        if scope["path"] == "/readyz":
            checks = ready()
            good = not any(checks.values())
            body: dict[str, Any] = {
                "ready": good,
                "checks": {name: problem or "ok" for name, problem in checks.items()},
                "warnings": warnings() if good else [],
            }
            return Answer(200 if good else 503, orjson.dumps(body))
        if not _may_read_metrics(scope):
            return Answer(404, b"")
        from qipan.assembly import metrics

        return Answer(200, metrics.text(), "text/plain; version=0.0.4; charset=utf-8")
    finally:
        connection.close()


def ready() -> dict[str, str]:
    """Each thing this process needs, and what is wrong with it ("" where nothing is)."""
    return {
        "database": _problem(_database),
        "migrations": _problem(_migrations),
        "journal": _problem(_journal),
        "keys": _problem(_keys),
    }


def warnings() -> list[str]:
    """What does not stop this process but needs somebody: calendars that a district should have by now."""
    try:
        missing = calendar_warnings(now=timezone.now())
    except Exception as problem:
        return [type(problem).__name__]
    return [f"calendar: {year} missing in district {district.pk}" for district, year in missing]


def journal_lag() -> tuple[int, float]:
    """(entries without a position, seconds for which the oldest of them has been seen waiting).

    An entry's own time may lie in the past (an import), so the wait is counted from when this process saw it first.
    """
    oldest = Pending.objects.order_by("pk").values_list("pk", flat=True).first()
    if oldest is None:
        _first_seen.clear()
        return 0, 0.0
    now = time.monotonic()
    for known in [key for key in _first_seen if key != oldest]:
        del _first_seen[known]
    since = _first_seen.setdefault(oldest, now)
    return Pending.objects.count(), now - since


def _problem(check: Callable[[], str]) -> str:
    try:
        return check()
    except Exception as problem:  # whatever it is, we are not ready
        return type(problem).__name__


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return ""


def _migrations() -> str:
    if not _migrated.is_set():
        if unapplied():
            return "not applied: run `qipan init`"
        _migrated.set()  # once applied they stay applied: it is not worked out for every question
    return ""


def unapplied() -> int:
    """How many migrations the database lacks."""
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _journal() -> str:
    pending, seconds = journal_lag()
    newest = Seal.objects.order_by("-number").values_list("sealed_at", flat=True).first()
    resting = newest is None or (timezone.now() - newest).total_seconds() > LONGEST_LAG
    if pending and seconds > LONGEST_LAG and resting:
        return f"{pending} entries wait for the sequencer: is a worker running?"
    return ""


def _keys() -> str:
    keystore.store().every()
    return ""


def _may_read_metrics(scope: MutableMapping[str, Any]) -> bool:
    """The machine itself, or whoever has the token; for all others there are no metrics."""
    if token := settings.METRICS_TOKEN:
        given = dict(scope["headers"]).get(b"authorization", b"").decode("latin1")
        return hmac.compare_digest(given.encode(), f"Bearer {token}".encode())
    host, _port = scope.get("client") or ("", 0)
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
