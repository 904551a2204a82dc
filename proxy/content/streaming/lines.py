"""Bodies made of lines: plain text, JSON lines, CSV.

Cut after a line break, which no edit crosses. In a CSV a line break inside quotes does not end a
record, and every stretch is read under the header line, so that columns keep their meaning.
"""

from __future__ import annotations

from collections.abc import Callable

from proxy.content import charset
from proxy.content.streaming.passage import Passage, Reader

_MOST_HEADER = 16 << 10


class Lines:
    """Whole lines at a time; a line longer than ``LONG`` goes to a reader of its own."""

    def __init__(
        self,
        passage: Passage,
        long_line: Callable[[], Reader],
        *,
        table: bool = False,
        least: int | None = None,
    ) -> None:
        """``least`` is how many bytes are waited for: 0 sends each line on as it comes."""
        self._passage = passage
        self._long_line = long_line
        self._table = table
        self._least = passage.span.stretch if least is None else least
        self._held = b""
        self._searched = 0
        self._header: str | None = "" if not table else None
        self._beyond: Reader | None = None

    def feed(self, data: bytes) -> bytes:
        if self._beyond is not None:
            return self._beyond.feed(data)
        self._held += data
        if len(self._held) < self._least:
            return b""
        cut = self._cut()
        out = b""
        if cut:
            out = self._read(cut)
        elif len(self._held) >= self._passage.span.long:
            self._beyond = self._long_line()
            out, self._held = self._beyond.feed(self._held), b""
        return out

    def end(self) -> bytes:
        if self._beyond is not None:
            return self._beyond.end()
        return self._read(len(self._held))

    def _cut(self) -> int:
        held = self._held
        cut = held.rfind(b"\n", self._searched) + 1
        if not self._table:
            self._searched = 0 if cut else len(held)
            return cut
        while cut and held.count(b'"', 0, cut) % 2:
            cut = held.rfind(b"\n", 0, cut - 1) + 1
            if len(held) - cut > self._passage.span.long:
                break
        return cut

    def _read(self, cut: int) -> bytes:
        stretch, self._held = self._held[:cut], self._held[cut:]
        if self._header is None:
            self._header = self._header_of(stretch)
            return self._passage.rewrite(stretch)
        return self._passage.rewrite(stretch, self._header)

    def _header_of(self, stretch: bytes) -> str:
        """The first line, unless it is no header that one could carry along."""
        end = stretch.find(b"\n") + 1
        if not 0 < end <= _MOST_HEADER or stretch.count(b'"', 0, end) % 2:
            return ""
        text = charset.read(stretch[:end], self._passage.charset)
        return text.view if text is not None else ""
