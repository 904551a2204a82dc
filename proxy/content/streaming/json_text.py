"""JSON in answers: no field rule asks where a value stands, so only strings are followed.

Cut at a comma outside strings, which counting quotes tells. A string longer than ``long`` has its
inside read through a window.
"""

from __future__ import annotations

import re

from proxy.content import json
from proxy.content.coding import BACKSLASHES
from proxy.content.streaming.passage import Passage, Reader
from proxy.content.streaming.window import Inner, Window
from proxy.content.visitor import Edit
from proxy.content.walk import Walk

_ESCAPED = re.compile(rb"\\.", re.S)
_OUTSIDE = re.compile(rb'(?:[^"]++|"[^"\\]*+(?:\\.[^"\\]*+)*+")*+', re.S)
_INSIDE = re.compile(rb'(?:[^"\\]++|\\.)*+', re.S)
_TRIES = 32


class JsonText:
    """Reads JSON for what stands in its strings."""

    def __init__(self, passage: Passage, inner: Inner) -> None:
        self._passage = passage
        self._inner = inner
        self._held = b""
        self._string: Reader | None = None

    def feed(self, data: bytes) -> bytes:
        self._held += data
        out: list[bytes] = []
        while self._string is not None or len(self._held) >= self._passage.span.stretch:
            if not self._step(out):
                break
        return b"".join(out)

    def end(self) -> bytes:
        out: list[bytes] = []
        while self._string is not None and self._step(out):
            pass
        if self._string is not None:  # never closed: broken JSON
            return b"".join(out) + self._string.feed(self._held) + self._string.end()
        return b"".join(out) + self._read(len(self._held))

    def _step(self, out: list[bytes]) -> bool:
        """Send something on; false to wait for more."""
        if self._string is not None:
            return self._through_string(out)
        cut = self._cut()
        if cut:
            out.append(self._read(cut))
            return len(self._held) >= self._passage.span.long
        if len(self._held) < self._passage.span.long:
            return False
        outside = _OUTSIDE.match(self._held)
        quote = outside.end() if outside else 0
        out.append(self._read(quote + 1))
        self._string = Window(self._passage, self._inner, BACKSLASHES)
        return True

    def _through_string(self, out: list[bytes]) -> bool:
        assert self._string is not None
        inside = _INSIDE.match(self._held)
        end = inside.end() if inside else 0
        out.append(self._string.feed(self._held[:end]))
        self._held = self._held[end:]
        if not self._held.startswith(b'"'):
            return False
        out += (self._string.end(), b'"')
        self._held, self._string = self._held[1:], None
        return True

    def _cut(self) -> int:
        """Before the last comma outside strings, among the last few commas."""
        held = self._held
        at = len(held)
        for _ in range(_TRIES):
            at = held.rfind(b",", 0, at)
            if at <= 0:
                return 0
            if not _open(held[:at]):
                return at
        outside = _OUTSIDE.match(held)
        return held.rfind(b",", 0, outside.end()) if outside else 0

    def _read(self, cut: int) -> bytes:
        stretch, self._held = self._held[:cut], self._held[cut:]
        return self._passage.rewrite_with(_edits, stretch)


def _open(text: bytes) -> bool:
    """Whether a string is open at the end of ``text``, which begins outside one."""
    if b"\\" in text:
        text = _ESCAPED.sub(b"", text)
    return text.count(b'"') % 2 == 1


def _edits(view: str, walk: Walk) -> list[Edit]:
    return json.edits(view, walk)
