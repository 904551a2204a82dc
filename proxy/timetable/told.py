"""That an exception came to its end is said once, whichever worker sees it, and after a stop too.

``STATE/exceptions-ended.json`` holds, under a lock, which ends are in the log already.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path

from proxy.state_file import locked, replace_text
from proxy.timetable.entries import Entry
from proxy.timetable.plan import Timetable

FILE = "exceptions-ended.json"


class Ends:
    """Tells of ends, once each."""

    def __init__(self, state_dir: Path) -> None:
        self._folder = state_dir
        self._told: dict[str, float] = {}

    def tell(
        self, timetable: Timetable, now: float, record: Callable[[Sequence[Entry]], None]
    ) -> None:
        """Have ``record`` called with what came to its end and is not told yet.

        Raises ``OSError``; what ``record`` raises passes, and is then not taken as told.
        """
        over = [one for one in timetable.exceptions if _ended(one, now)]
        if all(self._told.get(one.name) == _end(one) for one in over):
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        with locked(self._folder):
            told = self._read()
            new = [one for one in over if told.get(one.name) != _end(one)]
            if new:
                record(new)
                ends = {one.name: _end(one) for one in over}
                replace_text(self._folder / FILE, json.dumps(ends))
            self._told = {one.name: _end(one) for one in over}

    def _read(self) -> dict[str, float]:
        with contextlib.suppress(OSError, ValueError, TypeError):
            data = json.loads((self._folder / FILE).read_bytes())
            return {str(name): float(end) for name, end in dict(data).items()}
        return {}


def _ended(entry: Entry, now: float) -> bool:
    """Whether it ran to its end: one that was revoked before has an event of its own."""
    terms = entry.terms
    return terms is not None and terms.ends <= now and terms.ends <= terms.revoked


def _end(entry: Entry) -> float:
    return entry.terms.ends if entry.terms else 0.0
