"""Notes: what is kept about a reference beside the directory, a few bytes each.

Objections, consents, sightings, canaries, tombstones: a *kind* (one letter) and a 64-bit
reference find a content, which who writes it has sealed. ``version`` grows with every ``put``, so
that workers notice (they ask every second); ``merge`` is for figures that nobody waits for.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

type Merge = Callable[[list[bytes | None]], list[bytes]]
"""What is there (``None``: nothing), in the order asked, to what is to be there."""


class Notes(Protocol):
    """One contract for every store. All methods may raise ``StoreUnavailable``."""

    def version(self) -> int:
        """Grows with every ``put``; 0 at first. Cheap: polled by workers."""

    def get(self, kind: str, refs: Sequence[int]) -> list[bytes | None]:
        """In the order asked."""

    def every(self, kind: str) -> Iterator[tuple[int, bytes]]:
        """All notes of a kind, in no particular order."""

    def put(self, kind: str, rows: Mapping[int, bytes]) -> None:
        """Set durably, whole or not at all; an empty content deletes."""

    def merge(self, kind: str, refs: Sequence[int], merge: Merge) -> None:
        """Read, compute and write with nobody in between. The version stays."""


class MemoryNotes:
    """``Notes`` in dictionaries."""

    def __init__(self, ping: Callable[[], None]) -> None:
        self._ping = ping
        self._lock = threading.RLock()
        self._rows: dict[str, dict[int, bytes]] = {}
        self._version = 0

    def version(self) -> int:
        """Of this process."""
        self._ping()
        return self._version

    def get(self, kind: str, refs: Sequence[int]) -> list[bytes | None]:
        """In the order asked."""
        self._ping()
        rows = self._rows.get(kind, {})
        return [rows.get(ref) for ref in refs]

    def every(self, kind: str) -> Iterator[tuple[int, bytes]]:
        """As they are now."""
        self._ping()
        yield from list(self._rows.get(kind, {}).items())

    def put(self, kind: str, rows: Mapping[int, bytes]) -> None:
        """Under a lock."""
        self._ping()
        with self._lock:
            self._set(kind, rows)
            self._version += 1

    def merge(self, kind: str, refs: Sequence[int], merge: Merge) -> None:
        """Under a lock."""
        with self._lock:
            merged = merge(self.get(kind, refs))
            self._set(kind, dict(zip(refs, merged, strict=True)))

    def _set(self, kind: str, rows: Mapping[int, bytes]) -> None:
        kept = self._rows.setdefault(kind, {})
        for ref, content in rows.items():
            if content:
                kept[ref] = content
            else:
                kept.pop(ref, None)
