"""``multipart/*``: parts one after another, each small one whole, each large one as it passes.

A part is read whole up to ``LONG`` bytes, headers, field rule and all. A larger one (a file) sends
its headers on and its body through a reader of its own kind, transfer encoding undone and redone.
"""

from __future__ import annotations

import re
from binascii import Error, a2b_base64, b2a_base64
from collections.abc import Callable

from proxy.content import multipart
from proxy.content.streaming.form import must_wait, ruled
from proxy.content.streaming.passage import Passage, Reader
from proxy.errors import Refused
from proxy.reasons import Reason

type Make = Callable[[Passage], Reader]

_HARD_BREAK = re.compile(rb"(?<![=\r])\r?\n")
_BASE64_LINE = re.compile(rb"[A-Za-z0-9+/=]+")


class Parts:
    """Reads a multipart body."""

    def __init__(self, passage: Passage, boundary: bytes, make: Make) -> None:
        self._passage = passage
        self._make = make
        self._boundary = boundary
        self._first = multipart.delimiter_of(boundary)
        self._next = multipart.delimiter_of(boundary, first=False)
        self._keep = len(boundary) + 16
        """So many bytes at the end may be a delimiter that is not whole yet."""
        self._held = b""
        self._searched = 0
        self._parts = 0
        self._loose = True
        """Before the first part and behind the last."""
        self._long: Reader | None = None

    def feed(self, data: bytes) -> bytes:
        self._held += data
        out: list[bytes] = []
        while mark := self._mark(final=False):
            out += (self._close(mark.start()), self._open(mark))
        if self._long is None and len(self._held) >= self._passage.span.long:
            out.append(self._begin_long(len(self._held)))
        if self._long is not None:
            keep = max(0, len(self._held) - self._keep)
            out.append(self._long.feed(self._held[:keep]))
            self._held, self._searched = self._held[keep:], 0
        return b"".join(out)

    def end(self) -> bytes:
        out: list[bytes] = []
        while mark := self._mark(final=True):
            out += (self._close(mark.start()), self._open(mark))
        out.append(self._close(len(self._held)))
        return b"".join(out)

    def _mark(self, *, final: bool) -> re.Match[bytes] | None:
        """The next delimiter that is there to the end of its line."""
        pattern = self._next if self._parts or self._long is not None else self._first
        mark = pattern.search(self._held, self._searched)
        if mark is None or (not final and mark.end() + 2 > len(self._held)):
            self._searched = max(0, len(self._held) - self._keep)
            return None
        return mark

    def _open(self, mark: re.Match[bytes]) -> bytes:
        """Behind a delimiter."""
        self._parts += 1
        if self._parts > self._passage.limits.parts:
            raise Refused(Reason.UNDECODABLE, "too many parts")
        self._loose = mark[0].rstrip().endswith(self._boundary + b"--")
        self._held, self._searched = self._held[len(mark[0]) :], 0
        return mark[0]

    def _close(self, end: int) -> bytes:
        """What is before a delimiter, or before the end."""
        content, self._held = self._held[:end], self._held[end:]
        if self._long is not None:
            tail = _line_break(content)
            reader, self._long = self._long, None
            body = content[: len(content) - len(tail)]
            return reader.feed(body) + reader.end() + tail
        if not content:
            return content
        walk = self._passage.walk(len(content))
        if self._loose:
            written = multipart.loose(content, walk)
        else:
            written = multipart.part(content, walk, self._passage.fields.form)
        self._passage.settle(walk)
        return written

    def _begin_long(self, size: int) -> bytes:
        """A part too large to be read whole: its head leaves, its body has a reader."""
        if self._loose:
            self._long = self._make(self._passage.inside("text/plain"))
            return b""
        match = multipart.HEAD_END.search(self._held)
        if match is None:
            raise Refused(Reason.BODY_TOO_LARGE, "the headers of a part are too long")
        head, gap = self._held[: match.start()], match[0]
        fields = multipart.fields_of(head)
        name = multipart.name_of(fields.get(b"content-disposition", b""))
        rule = self._passage.fields.form.get(name)
        if must_wait(self._passage, rule, size):
            return b""
        self._held = self._held[match.end() :]
        self._long = ruled(self._passage, rule) or self._reader_of(fields)
        walk = self._passage.walk(len(head))
        written = multipart.head_of(head, walk)
        self._passage.settle(walk)
        return written + gap

    def _reader_of(self, fields: dict[bytes, bytes]) -> Reader:
        declared = fields.get(b"content-type", b"").decode("latin-1")
        encoding = fields.get(b"content-transfer-encoding", b"").lower()
        if encoding == b"quoted-printable":
            return _QuotedPrintable(self._passage, fields)
        http = declared.lower().startswith("application/http")
        if (http or multipart.OPENING.match(self._held[:200])) and not self._passage.answer:
            raise Refused(Reason.BODY_TOO_LARGE, "a request inside a part is too long")
        reader = self._make(self._passage.inside(declared))
        return _Base64Part(reader) if encoding == b"base64" else reader


def _line_break(content: bytes) -> bytes:
    if content.endswith(b"\r\n"):
        return b"\r\n"
    return b"\n" if content.endswith(b"\n") else b""


class _QuotedPrintable:
    """Read between hard line breaks."""

    def __init__(self, passage: Passage, fields: dict[bytes, bytes]) -> None:
        self._passage = passage
        self._fields = fields
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        self._held += data
        if len(self._held) < self._passage.span.stretch:
            return b""
        cut = 0
        for match in _HARD_BREAK.finditer(self._held, 0, len(self._held) - 2):
            cut = match.end()
        if not cut and len(self._held) > 4 * self._passage.span.long:
            raise Refused(Reason.BODY_TOO_LARGE, "a line too long to be read as it passes")
        return self._read(cut)

    def end(self) -> bytes:
        return self._read(len(self._held))

    def _read(self, cut: int) -> bytes:
        stretch, self._held = self._held[:cut], self._held[cut:]
        walk = self._passage.walk(len(stretch))
        written = multipart.body_of(stretch, self._fields, walk, {})
        self._passage.settle(walk)
        return written


class _Base64Part:
    """A part in base64, decoded as it passes and written in lines of the same length."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._coded = b""
        self._plain = b""
        self._length = 0
        self._break = b""
        self._column = 0

    def feed(self, data: bytes) -> bytes:
        if not self._length:
            self._layout(data)
        self._coded += data.translate(None, b"\r\n \t")
        size = len(self._coded) & ~3
        taken, self._coded = self._coded[:size], self._coded[size:]
        self._plain += self._reader.feed(self._decoded(taken))
        whole = len(self._plain) // 3 * 3
        ready, self._plain = self._plain[:whole], self._plain[whole:]
        return self._lines(b2a_base64(ready, newline=False))

    def end(self) -> bytes:
        rest = self._plain + self._reader.feed(self._decoded(self._coded)) + self._reader.end()
        return self._lines(b2a_base64(rest, newline=False))

    def _layout(self, data: bytes) -> None:
        first = _BASE64_LINE.search(data)
        self._length = len(first[0]) if first else 76
        after = data[first.end() : first.end() + 2] if first else b"\r\n"
        self._break = b"\r\n" if after == b"\r\n" else after[:1] if after[:1] == b"\n" else b""

    def _decoded(self, coded: bytes) -> bytes:
        try:
            return a2b_base64(coded, strict_mode=True)
        except Error as error:
            raise Refused(Reason.UNDECODABLE, "broken transfer encoding") from error

    def _lines(self, written: bytes) -> bytes:
        """``written`` broken into lines, going on where the last piece ended."""
        if not self._break:
            return written
        pieces: list[bytes] = []
        at = 0
        while at < len(written):
            if self._column == self._length:
                pieces.append(self._break)
                self._column = 0
            end = min(len(written), at + self._length - self._column)
            pieces.append(written[at:end])
            self._column += end - at
            at = end
        return b"".join(pieces)
