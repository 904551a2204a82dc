"""One destination, kept up to date: read, format, send, confirm, move the cursor.

``step`` does one round and never waits for the log; whoever calls it decides when again. It
holds at most one segment (1,024 events) in memory, whatever the lag.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from proxy.audit.errors import NoteError
from proxy.audit.export.cursor import Cursor
from proxy.audit.export.formats import Entry, Origin
from proxy.audit.export.reader import LogReader
from proxy.audit.export.sinks import Sink
from proxy.outbound import Outage

CONFIRM_EVENTS = 8192
CONFIRM_SECONDS = 5.0


class Exporter:
    """Moves events of one log to one sink."""

    def __init__(
        self,
        reader: LogReader,
        sink: Sink,
        cursor: Cursor,
        origin: Origin,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reader = reader
        self._sink = sink
        self._cursor = cursor
        self._origin = origin
        self._clock = clock
        self._sent = cursor.index
        self._since = clock()
        """When what is not confirmed yet began to be sent."""

    def step(self) -> bool:
        """Send the next events; whether there is more to do at once.

        Raises ``Outage`` when the destination does not take them (try again later),
        ``NoteError`` when the log is not the one that was exported so far.
        """
        newest = self._reader.newest()
        sealed = 0 if newest is None else newest.size
        if sealed < self._cursor.index:
            raise NoteError(
                f"{self._cursor.index} events of {self._origin.log} were exported, its newest "
                f"checkpoint covers {sealed}: it was rolled back to an older copy"
            )
        if self._sent == 0:
            self._sent = self._reader.first()
        lines = self._reader.read(self._sent, sealed)
        try:
            if lines:
                # An empty line is an event that retention took away.
                pairs = enumerate(lines, start=self._sent)
                entries = [Entry.read(index, line) for index, line in pairs if line]
                self._sink.send(entries, self._origin)
                self._sent += len(lines)
            self._confirm_if_due(done=self._sent >= sealed)
        except Outage:
            self.abandon()
            raise
        return self._sent < sealed

    def finish(self) -> None:
        """Confirm what was sent."""
        try:
            self._sink.confirm()
        except Outage:
            self.abandon()
            raise
        self._cursor.advance(self._sent)

    def abandon(self) -> None:
        """Go back to what was confirmed."""
        self._sink.abandon()
        self._sent = self._cursor.index

    def _confirm_if_due(self, *, done: bool) -> None:
        waiting = self._sent - self._cursor.index
        if not waiting:
            self._since = self._clock()
        elif waiting >= CONFIRM_EVENTS or (done and self._clock() - self._since >= CONFIRM_SECONDS):
            self.finish()
            self._since = self._clock()
