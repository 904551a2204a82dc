"""Which reader a body needs, told by its first bytes as for a body read whole.

What turns out short is read whole. What is binary is policy's: refused before anything left, or
passed on and looked through for identifiers in clear. UTF-16 and UTF-32 are read as UTF-8 and
written back.
"""

from __future__ import annotations

import codecs
from dataclasses import replace

from proxy.content import charset, compression, files, inner_requests, multipart, sniff
from proxy.content.clear_text import refuse_names_in_binary
from proxy.content.coding import BACKSLASHES
from proxy.content.data import rewrite
from proxy.content.sniff import Format
from proxy.content.streaming.document import Document
from proxy.content.streaming.form import Form
from proxy.content.streaming.json_document import JsonDocument
from proxy.content.streaming.json_text import JsonText
from proxy.content.streaming.lines import Lines
from proxy.content.streaming.parts import Parts
from proxy.content.streaming.passage import Passage, Reader
from proxy.content.streaming.window import Window
from proxy.errors import Refused
from proxy.reasons import Reason

_PROBE = 64 << 10
_MOST_FILE = 8 << 20
_OVERLAP = 1 << 10
_LINE_TYPES = ("ndjson", "jsonl", "json-seq", "jsonlines", "json-lines")


def reader_of(passage: Passage) -> Reader:
    """A reader for a body of any kind and length."""
    return Undecided(passage, passage.span.long)


def reader_of_long(passage: Passage) -> Reader:
    """A reader for a body that is known to be long: its first piece tells what it is."""
    return Undecided(passage, 1)


class Undecided:
    """Waits for enough to tell what it is; a short body is read whole."""

    def __init__(self, passage: Passage, least: int) -> None:
        self._passage = passage
        self._least = least
        self._held = b""
        self._reader: Reader | None = None

    def feed(self, data: bytes) -> bytes:
        if self._reader is not None:
            return self._reader.feed(data)
        self._held += data
        if len(self._held) < self._least:
            return b""
        held, self._held = self._held, b""
        self._reader = choose(self._passage, held)
        return self._reader.feed(held)

    def end(self) -> bytes:
        if self._reader is not None:
            return self._reader.end()
        walk = self._passage.walk(len(self._held))
        written = rewrite(self._held, self._passage.declared, walk, self._passage.fields)
        self._passage.settle(walk)
        return written


def choose(passage: Passage, head: bytes) -> Reader:
    """The reader of a body that begins with ``head``."""
    if passage.depth >= passage.limits.nesting:
        raise Refused(Reason.UNDECODABLE, "nested too deeply")
    if sniff.is_gzip(head):
        return _Gzip(passage)
    if files.codec_of(head) is not None:  # a file is read whole or not at all
        if passage.depth:
            return _File(passage)
        return Opaque(passage, sniff.opaque_word(head, passage.media))
    boundary = multipart.boundary_of(passage.declared, head)
    if boundary is not None:
        return Parts(passage, boundary, reader_of)
    probe = _whole_characters(head[:_PROBE])
    text = charset.read(probe, passage.charset)
    if text is None:
        return Opaque(passage, sniff.opaque_word(head, passage.media))
    if text.is_wide:
        return _Wide(passage, text.charset, text.mark)
    if text.mark:
        return _Marked(_of_text(passage, text.view), text.mark)
    return _of_text(passage, text.view)


def _whole_characters(data: bytes) -> bytes:
    """Without a character that is cut at the end, for charsets of 1, 2 and 4 bytes alike."""
    end = len(data) & ~3
    for _ in range(3):
        if end and data[end - 1] & 0xC0 == 0x80:
            end -= 1
    if end and data[end - 1] >= 0xC0:
        end -= 1
    return data[:end] if end % 4 == 0 or b"\0" not in data else data[: len(data) & ~3]


def _of_text(passage: Passage, view: str) -> Reader:
    first = view[sniff.guard_end(view) :][:200].lstrip()[:1]
    media = passage.media
    if passage.fields.inner and inner_requests.begins_batch(view):
        raise Refused(Reason.BODY_TOO_LARGE, "a batch of requests too long to be read whole")
    if first in ("{", "[", '"') and not media.startswith("text/csv"):
        if any(kind in media for kind in _LINE_TYPES) or _is_lines(view):
            return Lines(passage, lambda: _json(passage))
        return _json(passage)
    found = sniff.other_format(view, media, first)
    if found is Format.FORM and "\n" not in view.rstrip("\r\n"):
        return Form(passage, reader_of)
    if found in (Format.HTML, Format.XML):
        return Document(passage, reader_of, xml=found is Format.XML)
    if found is Format.CSV:
        return Lines(passage, lambda: Window(passage, reader_of), table=True)
    coding = BACKSLASHES if found is Format.SCRIPT else None
    return Lines(passage, lambda: Window(passage, reader_of, coding))


def _json(passage: Passage) -> Reader:
    return JsonText(passage, reader_of) if passage.answer else JsonDocument(passage, reader_of)


def _is_lines(view: str) -> bool:
    """Whether the first two lines are a JSON value each."""
    lines = view.split("\n", 2)
    return len(lines) == 3 and all(
        line.strip()[:1] in ("{", "[") and line.strip()[-1:] in ("}", "]") for line in lines[:2]
    )


class Opaque:
    """Binary: unchanged where policy lets it pass; identifiers in clear inside it do not."""

    def __init__(self, passage: Passage, word: str) -> None:
        self._passage = passage
        self._tail = b""
        self._held = b""
        passage.unread_word(word)

    def feed(self, data: bytes) -> bytes:
        if self._passage.answer:
            return data
        self._held += data
        return self._look() if len(self._held) >= self._passage.span.stretch else b""

    def end(self) -> bytes:
        return self._look() if self._held else b""

    def _look(self) -> bytes:
        held, self._held = self._held, b""
        seen = self._tail + held
        walk = self._passage.walk(len(seen))
        refuse_names_in_binary(seen, walk)
        self._tail = seen[-_OVERLAP:]
        return held


class _File:
    """A file inside a body: read whole, up to ``_MOST_FILE``; a larger one is opaque."""

    def __init__(self, passage: Passage) -> None:
        self._passage = passage
        self._held = b""
        self._opaque: Opaque | None = None

    def feed(self, data: bytes) -> bytes:
        if self._opaque is None:
            self._held += data
            if len(self._held) <= _MOST_FILE:
                return b""
            word = sniff.opaque_word(self._held, self._passage.media)
            self._opaque, data, self._held = Opaque(self._passage, word), self._held, b""
        return self._opaque.feed(data)

    def end(self) -> bytes:
        if self._opaque is not None:
            return self._opaque.end()
        walk = self._passage.walk(len(self._held))
        written = rewrite(self._held, self._passage.declared, walk)
        self._passage.settle(walk)
        return written


class _Wide:
    """UTF-16 and UTF-32, read as UTF-8."""

    def __init__(self, passage: Passage, name: str, mark: bytes) -> None:
        self._reader = reader_of(replace(passage, declared=f"{passage.media}; charset=utf-8"))
        self._decoder = codecs.getincrementaldecoder(name)()
        self._back = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._name = name
        self._mark = mark
        self._left = len(mark)

    def feed(self, data: bytes) -> bytes:
        skipped, self._left = self._left, 0
        return self._mark_once(skipped) + self._pass(data[skipped:], final=False)

    def end(self) -> bytes:
        return self._pass(b"", final=True)

    def _mark_once(self, skipped: int) -> bytes:
        return self._mark if skipped else b""

    def _pass(self, data: bytes, *, final: bool) -> bytes:
        try:
            plain = self._decoder.decode(data, final).encode()
        except UnicodeError as error:
            raise Refused(Reason.UNDECODABLE, "broken UTF-16 or UTF-32 text") from error
        written = self._reader.feed(plain) + (self._reader.end() if final else b"")
        return self._back.decode(written, final).encode(self._name, "replace")


class _Marked:
    """UTF-8 behind a byte order mark."""

    def __init__(self, reader: Reader, mark: bytes) -> None:
        self._reader = reader
        self._mark = mark
        self._left = len(mark)

    def feed(self, data: bytes) -> bytes:
        skipped, self._left = self._left, 0
        return (self._mark if skipped else b"") + self._reader.feed(data[skipped:])

    def end(self) -> bytes:
        return self._reader.end()


class _Gzip:
    """Gzip that nobody declared: a layer like any other."""

    def __init__(self, passage: Passage) -> None:
        most = passage.limits.streamed
        self._unpacker = compression.Unpacker(["gzip"], passage.limits, most)
        self._packer = compression.Packer(["gzip"])
        self._reader = reader_of(passage.inside(passage.declared))

    def feed(self, data: bytes) -> bytes:
        return b"".join(
            self._packer.feed(self._reader.feed(piece)) for piece in self._unpacker.feed(data)
        )

    def end(self) -> bytes:
        self._unpacker.finish()
        return self._packer.feed(self._reader.end()) + self._packer.finish()
