"""A circuit breaker: when the server is gone, everybody learns it at once, and nobody waits.

``closed``     calls go through; ``FAILURES`` bad ones in a row open it (no answer, or one that
               took ``SLOW_SECONDS``), and so does one request that waited too long in all
``open``       calls fail at once
``half-open``  one probe is on its way; other calls still fail at once

The probe is sent by a thread of our own that lives only while the circuit is open: a request
is never the guinea pig, and the circuit closes by itself even if nobody asks. Pauses between
probes double from ``FIRST_PAUSE`` to ``LONGEST_PAUSE``, with a jitter so that ten gateways do
not knock together; a circuit that opens again soon goes on with the pause it had.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from enum import StrEnum
from typing import Final

FAILURES: Final = 3
SLOW_SECONDS: Final = 0.5
FIRST_PAUSE: Final = 0.25
LONGEST_PAUSE: Final = 4.0
_SOON: Final = 30.0

log = logging.getLogger("preau.store")


class Circuit(StrEnum):
    """The state of a breaker."""

    CLOSED = "closed"
    HALF_OPEN = "half-open"
    OPEN = "open"


class Breaker:
    """One server's circuit; shared by threads. ``probe`` raises while the server is not well."""

    def __init__(self, probe: Callable[[], object], place: str) -> None:
        self._probe, self._place = probe, place
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._bad = 0
        self._pause = FIRST_PAUSE
        self._closed_at = 0.0
        self._state = Circuit.CLOSED

    def __repr__(self) -> str:
        return f"Breaker({self._state.value})"

    @property
    def state(self) -> Circuit:
        """As it is now."""
        return self._state

    def good(self, seconds: float) -> None:
        """A call was answered, in so many seconds."""
        if seconds > SLOW_SECONDS:
            self.bad()
        elif self._bad:
            self._bad = 0

    def bad(self, *, at_once: bool = False) -> None:
        """A call was not answered, or late; ``at_once``: enough to open."""
        with self._lock:
            self._bad += 1
            if self._state is not Circuit.CLOSED or (self._bad < FAILURES and not at_once):
                return
            if self._ended.is_set():
                return
            self._state = Circuit.OPEN
            if time.monotonic() - self._closed_at > _SOON:
                self._pause = FIRST_PAUSE
        log.error("store circuit open: %s is asked again until it answers", self._place)
        threading.Thread(target=self._recover, name="store-probe", daemon=True).start()

    def end(self) -> None:
        """Stop probing: the store is closed."""
        self._ended.set()

    def _recover(self) -> None:
        while not self._ended.wait(self._pause * random.uniform(0.75, 1.25)):  # noqa: S311 - jitter
            self._state = Circuit.HALF_OPEN
            if self._answers():
                with self._lock:
                    self._bad, self._closed_at = 0, time.monotonic()
                    self._state = Circuit.CLOSED
                log.warning("store circuit closed: %s answers again", self._place)
                return
            self._state = Circuit.OPEN
            self._pause = min(2 * self._pause, LONGEST_PAUSE)

    def _answers(self) -> bool:
        started = time.monotonic()
        try:
            self._probe()
        except Exception:  # whatever it is, the server is not well
            return False
        return time.monotonic() - started < SLOW_SECONDS
