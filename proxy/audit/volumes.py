"""How much went to each service and came back: counted for everybody together, then told.

Bytes stand in no event of a single request: the exact length of what somebody sent or read
tells which document it was, to whoever has the document. So they are added up by service, and
an event says the sum when ``FEW`` requests and ``EVERY`` seconds have gathered; what is less
waits, a day at the longest. Sums are rounded up to whole KiB.

Counted are the bodies as they are on the wire, with the address of a request; heads are not.
Of a connection that passes unread, all it carries. What a crash finds untold is lost: sums are
lower bounds by at most that.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from proxy.audit.events import Event, make_event

EVERY = 300.0
FEW = 10
DAY = 86_400.0
_KIB = 1024

type Key = tuple[str, bool]
"""A service (or none), and whether it passes unread."""


@dataclass(slots=True)
class _Sum:
    since: float
    count: int = 0
    sent: int = 0
    received: int = 0


class Volumes:
    """The sums of one process that were not told yet. Safe to use from any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._sums: dict[Key, _Sum] = {}
        self._lock = threading.Lock()

    def add(
        self, service: str, count: int, sent: int, received: int, *, unread: bool = False
    ) -> None:
        """So many more requests (or connections) and bytes."""
        with self._lock:
            found = self._sums.get((service, unread))
            if found is None:
                found = self._sums[service, unread] = _Sum(self._clock())
            found.count += count
            found.sent += sent
            found.received += received

    def tell(
        self, policy: str, record: Callable[[list[Event]], None], *, all: bool = False
    ) -> None:
        """Record what is due, or everything; what cannot be recorded is kept."""
        now = self._clock()
        with self._lock:
            due = {key: one for key, one in self._sums.items() if all or _is_due(one, now)}
            for key in due:
                del self._sums[key]
        if not due:
            return
        try:
            record([_event(key, one, policy) for key, one in due.items()])
        except BaseException:
            for (service, unread), one in due.items():
                self.add(service, one.count, one.sent, one.received, unread=unread)
            raise


def _is_due(one: _Sum, now: float) -> bool:
    age = now - one.since
    return age >= DAY or (one.count >= FEW and age >= EVERY)


def _event(key: Key, one: _Sum, policy: str) -> Event:
    service, unread = key
    fields: dict[str, Any] = {"service": service} if service else {}
    if unread:
        fields["action"] = "tunnel"
    return make_event(
        "traffic-counted",
        policy=policy,
        count=one.count,
        sent=_rounded(one.sent),
        received=_rounded(one.received),
        **fields,
    )


def _rounded(size: int) -> int:
    return -(-size // _KIB) * _KIB
