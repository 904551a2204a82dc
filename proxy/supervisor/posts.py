"""Places to be filled: a worker's slot, the signer, the audit writer; and how soon again.

A process that dies is started again at once; one that dies again and again, ever more
rarely, up to ``CAP``: a broken site must not burn the machine, and whoever looks sees when
the next try is. A life of ``FORGIVEN`` seconds makes it all forgotten.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

FIRST = 0.1
CAP = 30.0
FORGIVEN = 60.0


@dataclass(slots=True)
class Post:
    """One place."""

    restarts: int = 0
    failures: int = 0
    """Short lives in a row."""
    next_try: float = 0.0
    """By the monotonic clock; 0 when nobody is awaited."""
    last_exit: str = ""

    def lost(self, lived: float, how: str) -> float:
        """Its process ended after ``lived`` seconds; the seconds to wait before the next."""
        self.failures = 1 if lived >= FORGIVEN else self.failures + 1
        self.restarts += 1
        self.last_exit = how
        wait = min(CAP, FIRST * 2.0 ** min(self.failures - 1, 16))
        self.next_try = time.monotonic() + wait
        return wait

    def document(self) -> dict[str, Any]:
        """For the status."""
        wait = max(0.0, self.next_try - time.monotonic()) if self.next_try else 0.0
        return {
            "restarts": self.restarts,
            "last_exit": self.last_exit,
            "next_try_in": round(wait, 1),
            "capped": self.failures > 0 and FIRST * 2.0 ** min(self.failures - 1, 16) >= CAP,
        }
