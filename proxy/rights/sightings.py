"""Sightings: which service was sent a pseudonym of which value, first and last on what day, how
many times. Never where, by whom, or in what.

A request costs one dictionary update a value. Every half minute a thread writes what has
gathered: one sealed note a value. So a crash forgets at most that half minute; memory is bounded
(what does not fit until the next writing is not counted, and the log says so). The note is sealed
under the value's own key: an erased value's sightings are as unreadable as the value.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from itertools import batched
from typing import NamedTuple

import orjson

from proxy.errors import Erased
from proxy.pseudonyms.values import ValueSealer
from proxy.store.interface import Store

log = logging.getLogger("preau.rights")

NOTE = "s"
MOST = 50_000
_DAY = 86_400
KEEP_DAYS = 400
"""After the last one: longer than a school year, so that a year's report is whole."""
_EVERY_SECONDS = 30.0
_SOON = 10_000
_CHUNK = 500


class Sighting(NamedTuple):
    """Days since 1970, and requests."""

    first: int
    last: int
    times: int


type Seen = dict[str, Sighting]
"""By service."""


class Sightings:
    """Gathers and writes. One a process."""

    def __init__(
        self,
        store: Store,
        sealer: ValueSealer,
        keep_days: int = KEEP_DAYS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store, self._sealer, self._clock = store, sealer, clock
        self._keep_days = keep_days
        self._counts: dict[tuple[str, int], int] = {}
        self._lock = threading.Lock()
        self._written = clock()
        self._left_out = 0

    def add(self, service: str, refs: Iterable[int]) -> None:
        """A request with these values goes to a service."""
        with self._lock:
            counts = self._counts
            for ref in refs:
                key = (service, ref)
                known = counts.get(key)
                if known is not None:
                    counts[key] = known + 1
                elif len(counts) < MOST:
                    counts[key] = 1
                else:
                    self._left_out += 1

    def write_when_due(self) -> None:
        """Ask every second."""
        due = self._clock() - self._written >= _EVERY_SECONDS or len(self._counts) >= _SOON
        if due and self._counts:
            self.write()

    def write(self) -> None:
        """Write now; what fails is kept for the next time."""
        with self._lock:
            counts, self._counts = self._counts, {}
            left_out, self._left_out = self._left_out, 0
        self._written = self._clock()
        if left_out:
            log.warning("%d sightings were too many at once and were not counted", left_out)
        by_ref: defaultdict[int, dict[str, int]] = defaultdict(dict)
        for (service, ref), count in counts.items():
            by_ref[ref][service] = count
        today = int(self._clock() // _DAY)
        for refs in batched(list(by_ref), _CHUNK):
            try:
                self._store.notes.merge(NOTE, refs, self._merger(refs, by_ref, today))
            except BaseException:
                self._put_back(by_ref)
                raise
            for ref in refs:
                del by_ref[ref]

    def expire(self) -> int:
        """Forget what is older than ``keep_days``, once a day; how many values it concerned."""
        today = int(self._clock() // _DAY)
        old = []
        for ref, sealed in self._store.notes.every(NOTE):
            try:
                seen = _opened(self._sealer, ref, sealed)
            except Erased:
                continue
            if any(self._is_old(known, today) for known in seen.values()):
                old.append(ref)
        for refs in batched(old, _CHUNK):
            self._store.notes.merge(NOTE, refs, self._merger(refs, defaultdict(dict), today))
        return len(old)

    def _is_old(self, known: Sighting, today: int) -> bool:
        return known.last <= today - self._keep_days

    def _put_back(self, by_ref: Mapping[int, Mapping[str, int]]) -> None:
        with self._lock:
            for ref, services in by_ref.items():
                for service, count in services.items():
                    key = (service, ref)
                    if key in self._counts or len(self._counts) < MOST:
                        self._counts[key] = self._counts.get(key, 0) + count

    def _merger(
        self, refs: Iterable[int], by_ref: Mapping[int, Mapping[str, int]], today: int
    ) -> Callable[[list[bytes | None]], list[bytes]]:
        def merge(before: list[bytes | None]) -> list[bytes]:
            rows = zip(refs, before, strict=True)
            return [self._merged(ref, sealed, by_ref[ref], today) for ref, sealed in rows]

        return merge

    def _merged(
        self, ref: int, sealed: bytes | None, counts: Mapping[str, int], today: int
    ) -> bytes:
        try:
            seen = _opened(self._sealer, ref, sealed)
            seen = {s: known for s, known in seen.items() if not self._is_old(known, today)}
            for service, count in counts.items():
                known = seen.get(service, Sighting(today, today, 0))
                seen[service] = Sighting(known.first, today, known.times + count)
            if not seen:
                return b""
            content = {name: list(figures) for name, figures in seen.items()}
            return self._sealer.seal_note(NOTE, ref, orjson.dumps(content))
        except Erased:
            return b""


def of(
    store: Store, sealer: ValueSealer, refs: Iterable[int], now: float | None = None
) -> dict[int, Seen]:
    """What was written about values, and is not too old."""
    asked = list(refs)
    since = int((time.time() if now is None else now) // _DAY) - KEEP_DAYS
    found = {}
    for ref, sealed in zip(asked, store.notes.get(NOTE, asked), strict=True):
        try:
            seen = _opened(sealer, ref, sealed)
        except Erased:
            continue
        if recent := {name: known for name, known in seen.items() if known.last > since}:
            found[ref] = recent
    return found


def _opened(sealer: ValueSealer, ref: int, sealed: bytes | None) -> Seen:
    if sealed is None:
        return {}
    content = orjson.loads(sealer.open_note(NOTE, ref, sealed))
    return {service: Sighting(*figures) for service, figures in content.items()}
