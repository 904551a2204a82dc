"""What a worker has on its hands: requests in flight, bytes of bodies held, how late its loop is.

Plain counting, no decision but one: ``is_too_much``. A worker is overloaded when its loop was late
at every look for a while (one large body is late once, and no reason to refuse anybody), when too
many requests are in flight, or when their bodies fill what memory they may have.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from mitmproxy import http

from proxy.traffic import Traffic

PATIENCE = 3.0
"""Seconds of lateness without a break before new requests are refused."""
LOOK_EVERY = 0.1


@dataclass(slots=True)
class _Held:
    """Bytes that one flow holds."""

    client: str
    request: int = 0
    answer: int = 0


@dataclass(slots=True)
class Load:
    """Of one worker."""

    traffic: Traffic
    held: int = 0
    lag: float = 0.0
    _flows: dict[str, _Held] = field(default_factory=dict)
    _clients: dict[str, set[str]] = field(default_factory=dict)
    _late_since: float | None = None

    @property
    def requests(self) -> int:
        """Requests in flight."""
        return len(self._flows)

    def begin(self, flow: http.HTTPFlow) -> None:
        """A request's head has come."""
        client = flow.client_conn.id
        self._flows[flow.id] = _Held(client)
        self._clients.setdefault(client, set()).add(flow.id)

    def holds(self, flow: http.HTTPFlow, held: int, request: bool) -> bool:
        """A flow holds so many bytes of a body now; whether there is room for them."""
        mine = self._flows.get(flow.id)
        if mine is None:
            return True
        before = mine.request if request else mine.answer
        if request:
            mine.request = held
        else:
            mine.answer = held
        self.held += held - before
        return held <= before or self.held <= self.traffic.held

    def of(self, flow: http.HTTPFlow, request: bool) -> int:
        """Bytes of a body that a flow holds."""
        mine = self._flows.get(flow.id)
        return 0 if mine is None else mine.request if request else mine.answer

    def end(self, flow: http.HTTPFlow) -> None:
        """The flow is over; more than once does no harm."""
        self._drop(flow.id)
        of_client = self._clients.get(flow.client_conn.id)
        if of_client is not None:
            of_client.discard(flow.id)

    def client_left(self, client: str) -> None:
        """Whatever it had in flight is over."""
        for flow in self._clients.pop(client, ()):
            self._drop(flow)

    def is_busy(self, client: str) -> bool:
        """Whether a client has requests in flight."""
        return bool(self._clients.get(client))

    def _drop(self, flow: str) -> None:
        mine = self._flows.pop(flow, None)
        if mine is not None:
            self.held -= mine.request + mine.answer

    def looked(self, late: float) -> None:
        """The loop came to look ``late`` seconds after it should have."""
        self.lag = late
        if late < self.traffic.lag_time:
            self._late_since = None
        elif self._late_since is None:
            self._late_since = time.monotonic() - late

    def is_too_much(self) -> bool:
        """Whether a new request is one too many."""
        return (
            len(self._flows) >= self.traffic.requests
            or self.held >= self.traffic.held
            or (self._late_since is not None and time.monotonic() - self._late_since > PATIENCE)
        )
