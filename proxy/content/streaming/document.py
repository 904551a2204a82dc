"""Markup: cut behind an end tag, outside scripts, comments and other raw content."""

from __future__ import annotations

import re

from proxy.content import markup, xml_fields
from proxy.content.coding import ENTITIES, SCRIPT
from proxy.content.streaming.passage import Passage, Reader
from proxy.content.streaming.window import Inner, Window
from proxy.content.visitor import Edit
from proxy.content.walk import Walk

_END_TAG = re.compile(rb"</[A-Za-z][^<>]{0,200}>")
_MARK = re.compile(rb"<(/?)([A-Za-z_][^\s/<>]*+)[^<>]*+>")
_MOST_OPEN = 256
_RAW = (
    (re.compile(rb"<(script)\b", re.I), re.compile(rb"</script", re.I)),
    (re.compile(rb"<(style)\b", re.I), re.compile(rb"</style", re.I)),
    (re.compile(rb"<!--"), re.compile(rb"-->")),
    (re.compile(rb"<!\[CDATA\["), re.compile(rb"\]\]>")),
)


class Document:
    """Whole elements at a time, as far as end tags tell."""

    def __init__(self, passage: Passage, inner: Inner, *, xml: bool) -> None:
        self._passage = passage
        self._inner = inner
        self._xml = xml
        self._held = b""
        self._raw: tuple[Reader, re.Pattern[bytes]] | None = None
        self._open: list[bytes] = []
        """In XML, the elements around what is held."""

    def feed(self, data: bytes) -> bytes:
        self._held += data
        out = b""
        while True:
            if self._raw is not None:
                out += self._through_raw()
                if self._raw is not None:
                    return out
            if len(self._held) < self._passage.span.stretch:
                return out
            cut, closing = self._cut()
            if cut:
                out += self._read(cut)
            elif len(self._held) < self._passage.span.long:
                return out
            else:
                coding = SCRIPT if closing is not None else ENTITIES
                self._raw = Window(self._passage, self._inner, coding), closing or _END_TAG

    def end(self) -> bytes:
        if self._raw is not None:
            return self._raw[0].feed(self._held) + self._raw[0].end()
        return self._read(len(self._held))

    def _cut(self) -> tuple[int, re.Pattern[bytes] | None]:
        """Behind the last end tag outside raw content; else what would close that content."""
        begins, closing = self._open_raw()
        if self._xml:
            return self._shallowest(begins), closing
        cut = 0
        for tag in _END_TAG.finditer(self._held, 0, begins):
            cut = tag.end()
        return cut, closing

    def _shallowest(self, end: int) -> int:
        """Behind the last end tag where the document is shallowest: a record stays whole.

        Where that leaves most of it, which would be looked through again and again, behind the
        last end tag of all.
        """
        depth = cut = last = 0
        least: int | None = None
        for tag in _MARK.finditer(self._held, 0, end):
            if tag[1]:
                depth -= 1
                last = tag.end()
                if least is None or depth <= least:
                    cut, least = last, depth
            elif not tag[0].endswith(b"/>"):
                depth += 1
        return cut if 4 * cut > len(self._held) else last

    def _open_raw(self) -> tuple[int, re.Pattern[bytes] | None]:
        """Where raw content begins that is not closed in what is held."""
        held, at = self._held, 0
        while True:
            found = [(m.start(), close) for opens, close in _RAW if (m := opens.search(held, at))]
            if not found:
                return len(held), None
            start, close = min(found, key=lambda one: one[0])
            end = close.search(held, start)
            if end is None:
                return start, close
            at = end.end()

    def _through_raw(self) -> bytes:
        assert self._raw is not None
        reader, closing = self._raw
        found = closing.search(self._held, 1)
        if found is not None:
            end, self._raw = found.start(), None
            out = reader.feed(self._held[:end]) + reader.end()
            self._held = self._held[end:]
            return out
        keep = max(0, len(self._held) - 256)
        taken, self._held = self._held[:keep], self._held[keep:]
        return reader.feed(taken)

    def _read(self, cut: int) -> bytes:
        stretch, self._held = self._held[:cut], self._held[cut:]
        written = self._passage.rewrite_with(self._edits, stretch)
        if self._xml:
            self._follow(stretch)
        return written

    def _follow(self, stretch: bytes) -> None:
        for tag in _MARK.finditer(stretch):
            if not tag[1]:
                if not tag[0].endswith(b"/>") and len(self._open) < _MOST_OPEN:
                    self._open.append(tag[2])
            elif tag[2] in self._open:
                while self._open.pop() != tag[2]:
                    pass

    def _edits(self, view: str, walk: Walk) -> list[Edit]:
        around = [name.decode("utf-8", "replace") for name in self._open]
        state = xml_fields.below(self._passage.fields.json, around)
        return markup.edits(view, walk, xml=self._xml, state=state)
