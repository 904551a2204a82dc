"""Answers that must leave at once: event streams, and documents a line that come one by one.

Each event is read like a whole body and leaves as soon as it is complete, none waits for the next.
Only what may be half a pseudonym does (``deltas``). An event is bounded.
"""

from __future__ import annotations

import re

from proxy.content import lines
from proxy.content.edits import splice
from proxy.content.streaming.deltas import Deltas, Event
from proxy.content.streaming.passage import Passage
from proxy.errors import Refused
from proxy.reasons import Reason

_END = re.compile(rb"(?:\r\n|\n|\r)(?:\r\n|\n|\r)")
_DATA = re.compile(r"^data:[ ]?([^\r\n]*)", re.M)
_CODE = re.compile(r"[0-9a-z]:")
_MOST = 1 << 20


class EventStream:
    """``text/event-stream``, one event after another."""

    def __init__(self, passage: Passage) -> None:
        self._passage = passage
        self._deltas = Deltas(passage.visitor)
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        self._held += data
        out: list[str] = []
        at = 0
        for match in _END.finditer(self._held):
            out.append(self._event(self._held[at : match.end()]))
            at = match.end()
        self._held = self._held[at:]
        if len(self._held) > _MOST:
            raise Refused(Reason.BODY_TOO_LARGE, "an event of the stream is too long")
        return _bytes("".join(out))

    def end(self) -> bytes:
        last = self._event(self._held) if self._held else ""
        return _bytes(last + self._deltas.flush())

    def _event(self, raw: bytes) -> str:
        text = raw.decode("utf-8", "surrogateescape")
        walk = self._passage.walk(len(text))
        data = list(_DATA.finditer(text))
        clean = _clean(text)
        if len(data) != 1 or data[0][1][:1] not in ("{", "[") or clean != text:
            return splice(text, lines.event_edits(clean, walk))
        start, end = data[0].span(1)
        event = Event(text[:start], text[start:end], text[end:])
        if event.raw == "[DONE]":
            return self._deltas.flush() + text
        return self._deltas.event(event, walk)


class DocumentStream:
    """A JSON document a line, or text a line (also behind a code: ``0:"Bonj"``)."""

    def __init__(self, passage: Passage) -> None:
        self._passage = passage
        self._deltas = Deltas(passage.visitor)
        self._held = b""
        self._code = ""

    def feed(self, data: bytes) -> bytes:
        self._held += data
        cut = self._held.rfind(b"\n") + 1
        ready, self._held = self._held[:cut], self._held[cut:]
        if len(self._held) > _MOST:
            raise Refused(Reason.BODY_TOO_LARGE, "a line of the stream is too long")
        return _bytes("".join([self._line(line) for line in ready.splitlines(keepends=True)]))

    def end(self) -> bytes:
        last = self._line(self._held) if self._held else ""
        return _bytes(last + self._deltas.flush())

    def _line(self, raw: bytes) -> str:
        text = raw.decode("utf-8", "surrogateescape")
        walk = self._passage.walk(len(text))
        clean = _clean(text)
        if clean != text:
            return splice(text, walk.text(clean))
        bare = text.rstrip("\r\n")
        code = _CODE.match(bare)
        before = code[0] if code else ""
        left = self._deltas.flush() if before != self._code else ""
        self._code = before
        event = Event(before, bare[len(before) :], text[len(bare) :])
        return left + self._deltas.event(event, walk)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _clean(text: str) -> str:
    """Stray bytes (surrogates) as replacement characters, same length."""
    return text if text.isascii() else re.sub("[\ud800-\udfff]", "\ufffd", text)
