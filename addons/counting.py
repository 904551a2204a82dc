"""What the metrics learn from the doors: requests in flight, and how the audit log fares."""

from __future__ import annotations

import time
from collections.abc import Sequence

from mitmproxy import http
from prometheus_client import Gauge

from addons.door import Recorder
from proxy.audit.events import Event
from proxy.errors import AuditUnavailable
from proxy.metrics import Metrics

_COUNTED = "preau.in_flight"


class CountedLog:
    """The audit log as adapters see it, with its pace and health in the metrics."""

    def __init__(self, audit: Recorder, metrics: Metrics) -> None:
        self._audit = audit
        self._metrics = metrics

    async def record(self, events: Sequence[Event]) -> int:
        """Return when the events are on disk. Raises ``AuditUnavailable``."""
        started = time.perf_counter()
        try:
            index = await self._audit.record(events)
        except AuditUnavailable:
            self._metrics.audit_up.set(0)
            raise
        types = (str(event["type"]) for event in events)
        self._metrics.recorded(types, time.perf_counter() - started)
        return index


class InFlight:
    """Counts the requests between their head and the end of their answer."""

    sees_refused = True

    def __init__(self, gauge: Gauge) -> None:
        self._gauge = gauge

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        """One more."""
        flow.metadata[_COUNTED] = True
        self._gauge.inc()

    def response(self, flow: http.HTTPFlow) -> None:
        """One less, once: an exchange may break after its answer."""
        if flow.metadata.pop(_COUNTED, False):
            self._gauge.dec()

    error = response
