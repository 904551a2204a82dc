"""How far behind each task is: from the log's checkpoint and the tasks' files alone.

So the process that serves can say it in its metrics, and ``preau status`` on the command line,
whoever does the sending.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from proxy.audit.errors import NoteError
from proxy.audit.export import Cursor, LogReader
from proxy.audit.outgoing.plan import Plan
from proxy.audit.outgoing.state import cursor_path, read_state
from proxy.site import Site

_SILENT = 60.0
"""Seconds without a sign of life after which nobody seems to be at work."""


@dataclass(frozen=True, slots=True)
class Lag:
    """One task."""

    name: str
    events: int
    """Sealed events that its destination has not confirmed."""
    failure: str
    running: bool

    @property
    def good(self) -> bool:
        """Nothing failed, and what there is to do is being done."""
        return not self.failure and (self.running or not self.events)

    @property
    def detail(self) -> str:
        """For people."""
        told = f"{self.events} events behind"
        if self.failure:
            return f"{told}: {self.failure}"
        if not self.running and self.events:
            return f"{told}, nobody is sending: 'preau serve' does, or 'preau audit follow'"
        return told


def lags(site: Site) -> list[Lag]:
    """Every task of the site's settings."""
    plan = Plan(site)
    if not plan.names:
        return []
    reader = LogReader(site.audit_dir)
    try:
        newest = reader.newest()
    except NoteError:
        newest = None  # the audit check says what is wrong with the log
    return [_lag(plan, name, newest.size if newest else 0, reader) for name in plan.names]


def confirmed_everywhere(site: Site) -> int | None:
    """Events that every export and copy has: what retention may take without a loss.

    ``None`` when nothing is exported or copied. A destination that is away for ever holds
    retention up until a person takes it out of the settings.
    """
    asked = site.outgoing
    names = [item.name for item in asked.export] + [item.name for item in asked.ship]
    if not names:
        return None
    folder, origin = Plan(site).folder, LogReader(site.audit_dir).key().name
    return min(Cursor(cursor_path(folder, name), origin).index for name in names)


def _lag(plan: Plan, name: str, sealed: int, reader: LogReader) -> Lag:
    state = read_state(plan.folder, name)
    running = state is not None and time.time() - state.at < _SILENT
    failure = state.failure if state else ""
    try:
        cursor = Cursor(cursor_path(plan.folder, name), reader.key().name)
    except NoteError as error:
        return Lag(name, sealed, failure or (str(error) if sealed else ""), running)
    return Lag(name, max(0, sealed - cursor.index), failure, running)
