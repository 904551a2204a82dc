"""Events as they are written: what ``tail -f`` is to a text file, over segments.

Lines that are whole are given, sealed or not: this is for watching, not for proof.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import orjson

from proxy.audit.layout import SEGMENT, Layout


class Tail:
    """A place in a log that moves on as it is read."""

    def __init__(self, directory: Path, since: str | None) -> None:
        """Begin at the first segment that can hold events from ``since`` (RFC 3339) on; with
        ``None`` behind the last event there is."""
        self._layout = Layout(directory)
        numbers = list(self._layout.segment_numbers())
        self._number = numbers[-1] if numbers else 0
        self._offset = 0
        self._lines = 0
        if since is None:
            for _ in self.read():
                pass
            return
        for number in reversed(numbers):
            self._number = number
            if _first_time(self._layout.segment(number)) < since:
                break

    def read(self) -> Iterator[tuple[int, bytes]]:
        """What was written since the last call: number of the event, and its line."""
        while True:
            yield from self._read_segment()
            if self._lines < SEGMENT:
                return
            self._number, self._offset, self._lines = self._number + 1, 0, 0

    def _read_segment(self) -> Iterator[tuple[int, bytes]]:
        try:
            with self._layout.segment(self._number).open("rb") as file:
                file.seek(self._offset)
                data = file.read()
        except FileNotFoundError:
            return
        whole = data[: data.rfind(b"\n") + 1]
        self._offset += len(whole)
        for line in whole.split(b"\n")[:-1]:
            self._lines += 1
            yield self._number * SEGMENT + self._lines - 1, line


def _first_time(segment: Path) -> str:
    with segment.open("rb") as file:
        line = file.readline()
    return str(orjson.loads(line).get("time", "")) if line.endswith(b"\n") else ""
