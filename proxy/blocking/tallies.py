"""Which list earns its place: how often each decided, and when it last did.

A worker counts in memory and adds what it counted to one small file of the site every minute
(``STATE/list-hits.json``), under a lock, by rename. List names are the site's own, so their
number is bounded by its lists; a crash loses a minute of counting and nothing else. These
numbers are for judging lists, not for proof: that is the audit log.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from proxy.state_file import locked, replace_text

FILE = "list-hits.json"
MAX_LISTS = 4096
EVERY = 60.0
"""Seconds between two additions to the file."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What one list did. Times are Unix seconds; 0 is never."""

    since: float
    """When it was first counted."""
    hits: int = 0
    last: float = 0.0

    def quiet_days(self, now: float) -> int:
        """Whole days without a hit: since the last one, or since counting began."""
        return max(0, int((now - (self.last or self.since)) // 86_400))


class Tallies:
    """Counts of one worker on their way to the site's file."""

    def __init__(self, state_dir: Path, now: float) -> None:
        self._folder = state_dir
        self._hits: dict[str, int] = {}
        self._last: dict[str, float] = {}
        self._written = now

    def hit(self, name: str, now: float) -> None:
        """A list decided about a request."""
        if name in self._hits or len(self._hits) < MAX_LISTS:
            self._hits[name] = self._hits.get(name, 0) + 1
            self._last[name] = now

    def flush_if_due(self, lists: Iterable[str], now: float) -> None:
        """Add to the file what was counted, once a minute."""
        if not 0 <= now - self._written < EVERY:  # a clock put back is due as well
            self.flush(lists, now)

    def flush(self, lists: Iterable[str], now: float) -> None:
        """Add what was counted; lists that are no more are dropped. Raises ``OSError``."""
        self._written = now
        self._folder.mkdir(parents=True, exist_ok=True)
        with locked(self._folder):
            known = read_tallies(self._folder)
            kept = {name: known.get(name, Tally(now)) for name in list(lists)[:MAX_LISTS]}
            for name, hits in self._hits.items():
                if (old := kept.get(name)) is not None:
                    last = max(old.last, self._last[name])
                    kept[name] = Tally(old.since, old.hits + hits, last)
            if kept != known:
                rows = {name: asdict(one) for name, one in kept.items()}
                replace_text(self._folder / FILE, json.dumps(rows, indent=1))
        self._hits.clear()
        self._last.clear()


def read_tallies(state_dir: Path) -> dict[str, Tally]:
    """The counts of a site's lists; empty when there are none that can be read."""
    with contextlib.suppress(OSError, ValueError, TypeError, AttributeError):
        data = json.loads((state_dir / FILE).read_bytes())
        return {str(name): Tally(**row) for name, row in data.items()}
    return {}
