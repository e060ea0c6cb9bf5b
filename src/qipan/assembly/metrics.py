"""What Prometheus reads: requests by route and status with their times, and how much work is waiting."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest, multiprocess
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
REQUESTS = Counter("qipan_requests", "Requests answered", ["method", "route", "status"])
SECONDS = Histogram(
    "qipan_request_seconds", "Seconds from the first middleware to the last", ["route"], buckets=BUCKETS
)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def count(request: HttpRequest, status: int, seconds: float) -> None:
    """Note one request. Addresses that no route has are one route: nobody can make the list of them grow."""
    match = request.resolver_match
    route = f"/{match.route}" if match else "(none)"
    method = request.method if request.method in METHODS else "OTHER"
    REQUESTS.labels(method, route, str(status)).inc()
    SECONDS.labels(route).observe(seconds)


class Waiting(Collector):
    """Read from the database when asked: duties open and breached, messages by state, entries not yet in sequence."""

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        from qipan.assembly import health
        from qipan.foundation.duties.models import Duty
        from qipan.foundation.outbox import queries as outbox

        open_duties = Duty.objects.filter(state__in=["open", "paused"])
        duties = GaugeMetricFamily("qipan_duties", "Duties that are owed", labels=["state"])
        duties.add_metric(["open"], open_duties.count())
        duties.add_metric(["breached"], open_duties.filter(state="open", due_at__lt=timezone.now()).count())
        yield duties
        messages = GaugeMetricFamily("qipan_messages", "Messages not sent", labels=["state"])
        found = outbox.waiting()
        for state in ("queued", "sending", "failed"):
            messages.add_metric([state], found.get(state, 0))
        yield messages
        pending, seconds = health.journal_lag()
        yield GaugeMetricFamily("qipan_journal_pending", "Entries that have no position yet", value=pending)
        yield GaugeMetricFamily("qipan_journal_lag_seconds", "Since when entries wait for a position", value=seconds)


def text() -> bytes:
    """Everything, in Prometheus' text form; of all server processes together where there are several."""
    registry: Any = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    here = CollectorRegistry()
    here.register(Waiting())
    return generate_latest(registry) + generate_latest(here)
