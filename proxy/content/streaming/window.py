"""Text without a place to cut: read through a window that moves.

The window holds a little that has left already (what stands before decides too), then what is to
be read. It is scanned whole; what lies ``HOLD`` bytes before its end may leave, cut where no
escape is split and no edit lies across. With a ``coding`` (the inside of a JSON string, a value of
a form) the escapes are undone for reading and used for writing.

A word of base64 longer than all that is decoded as it passes, quantum by quantum, and what is in
it is a body of its own.
"""

from __future__ import annotations

import re
from binascii import Error, a2b_base64, b2a_base64
from collections.abc import Callable

from proxy.content import charset, sniff
from proxy.content.coding import FORM, Coding, back
from proxy.content.edits import splice
from proxy.content.streaming.passage import Passage, Reader
from proxy.content.visitor import Edit
from proxy.content.walk import Walk
from proxy.errors import Refused
from proxy.reasons import Reason

_CONTEXT = 1 << 10
_NEAR = 4 << 10
_PLACE = re.compile(
    rb"(?<!\\)[ \t\r\n\"'<>,|{}\[\]]"
    rb"|%(?:25)*(?:20|0[9AaDd]|2[2Cc7]|3[CcEe]|5[BbDd]|7[BbDdCc])"
    rb"|(?<!\\)\\[nrt\"]"
    rb"|&(?:quot|lt|gt|nbsp|#10|#13|#34|#32);"
)
"""Signs that part words, raw or escaped once or more. None of them can stand inside an escape."""
_FORM_PLACE = re.compile(_PLACE.pattern + rb"|\+")
_NOT_WORD = re.compile(rb"[^A-Za-z0-9+/_-]")
_NOT_FORM_WORD = re.compile(rb"[^A-Za-z0-9/_-]")
_PADDING = re.compile(rb"={0,2}")
_FROM_URL = bytes.maketrans(b"-_", b"+/")
_TO_URL = bytes.maketrans(b"+/", b"-_")

type Inner = Callable[[Passage], Reader]
"""Makes the reader of what is inside a long word of base64."""


class Window:
    """Reads text that offers no place to cut."""

    def __init__(self, passage: Passage, inner: Inner, coding: Coding | None = None) -> None:
        self._passage = passage
        self._inner = inner
        self._coding = coding
        self._place = _FORM_PLACE if coding is FORM else _PLACE
        self._not_word = _NOT_FORM_WORD if coding is FORM else _NOT_WORD
        self._before = b""
        """What has left, unchanged, right before the window."""
        self._held = b""
        self._word: _Word | None = None

    def feed(self, data: bytes) -> bytes:
        self._held += data
        out = b""
        while True:
            if self._word is not None:
                out += self._through_word()
                if self._word is not None:
                    return out
            if len(self._held) < self._passage.span.stretch + self._passage.span.hold:
                return out
            begin, size = self._long_word(), len(self._held)
            left = self._leave(self._cut() if begin is None else begin)
            if begin is not None and len(self._held) == size - begin:
                out += left
                self._word = _Word(self._passage, self._inner, self._held)
                continue
            if not left:
                return out
            out += left

    def end(self) -> bytes:
        out = b""
        if self._word is not None:
            out = self._word.feed(self._held) + self._word.end()
            self._word, self._held = None, b""
        return out + self._leave(len(self._held))

    def _leave(self, cut: int) -> bytes:
        """Read all that is held, send on what stands before ``cut``."""
        if not cut:
            return b""
        context, held = self._before, self._held
        if self._passage.absent is not None and self._passage.absent(context + held):
            passed, self._held = held[:cut], held[cut:]
            self._before = _from_a_place((context + passed)[-_CONTEXT:])
            return passed
        seen = context + (held if cut == len(held) else _whole_characters(held))
        walk = self._passage.walk(len(seen))
        text = charset.read(seen, self._passage.charset)
        if text is None:
            raise Refused(Reason.CONTENT_MISMATCH, "binary inside text")
        low = len(_characters(context, text))
        edits = [edit for edit in self._edits(text.view, walk) if edit.end > low]
        self._passage.settle(walk)
        high = len(_characters(context + held[:cut], text))
        if cut < len(held):
            while edits and edits[-1].end > high:
                high = min(high, edits.pop().start)
        if high <= low:
            if len(held) > 2 * self._passage.span.long:
                raise Refused(Reason.BODY_TOO_LARGE, "an edit longer than the window")
            return b""
        edits = [edit if edit.start >= low else edit._replace(start=low) for edit in edits]
        left = text.raw[low:high]
        sent = splice(left, [Edit(s - low, e - low, written) for s, e, written in edits])
        size = len(_bytes(left, text))
        raw, self._held = held[:size], held[size:]
        self._before = _from_a_place((context + raw)[-_CONTEXT:])
        return text.encode(sent) if edits else raw

    def _edits(self, view: str, walk: Walk) -> list[Edit]:
        coding = self._coding
        if coding is None:
            return walk.prose(view)
        return back(view, walk.prose(coding.decode(view)), coding)

    def _cut(self) -> int:
        """Where the window may be cut: before a sign that parts words in any layer."""
        held = self._held
        last = len(held) - self._passage.span.hold
        for low in (max(1, last - _NEAR), 1):
            best = 0
            for match in self._place.finditer(held, low, last):
                best = match.start()
            if best:
                return best
        if len(held) < 2 * self._passage.span.long:
            return 0
        if not self._passage.answer:
            raise Refused(Reason.BODY_TOO_LARGE, "a word too long to be read as it passes")
        while held[last] & 0xC0 == 0x80:
            last -= 1
        return last

    # --- long words ----------------------------------------------------------------------

    def _long_word(self) -> int | None:
        """Where the word begins that fills most of the window, if there is one."""
        held, word = self._held, self._passage.span.word
        if len(held) < word or self._not_word.search(held, len(held) - word):
            return None
        begin = len(held) - word
        while begin and not self._not_word.match(held, begin - 1):
            begin -= 1
        return begin

    def _through_word(self) -> bytes:
        word, held = self._word, self._held
        assert word is not None
        match = self._not_word.search(held)
        if match is None:
            self._held = b""
            return word.feed(held)
        padding = _PADDING.match(held, match.start())
        end = padding.end() if padding else match.start()
        if end == len(held):
            return b""  # perhaps more padding follows
        self._word, self._held = None, held[end:]
        self._before = b""
        return word.feed(held[:end]) + word.end()


def _from_a_place(before: bytes) -> bytes:
    """Context from where no escape is open."""
    place = _PLACE.search(before)
    return before[place.start() :] if place else b""


def _whole_characters(data: bytes) -> bytes:
    """Without a UTF-8 character that is cut at the end."""
    for size in range(1, min(3, len(data)) + 1):
        byte = data[-size]
        if byte >= 0xC0:
            whole = size >= (2 if byte < 0xE0 else 3 if byte < 0xF0 else 4)
            return data if whole else data[:-size]
        if byte < 0x80:
            break
    return data


def _is_utf8(text: charset.Text) -> bool:
    """What is read as Windows-1252 byte by byte was split as UTF-8 all the same."""
    return text.charset in ("utf-8", "legacy")


def _characters(data: bytes, text: charset.Text) -> str:
    """The characters that ``data``, from the start of ``text``, was read as."""
    if _is_utf8(text):
        return data.decode("utf-8", "surrogateescape")
    return data.decode(text.charset, "replace")


def _bytes(characters: str, text: charset.Text) -> bytes:
    if _is_utf8(text):
        return characters.encode("utf-8", "surrogateescape")
    return characters.encode(text.charset)


class _Word:
    """A long word of base64 of text, decoded as it passes; any other passes as it is."""

    __slots__ = ("_held", "_out", "_reader", "_url")

    def __init__(self, passage: Passage, inner: Inner, begins: bytes) -> None:
        self._held = self._out = b""
        self._url = False
        self._reader: Reader | None = None
        plain = _decoded(begins[: len(begins) & ~3])
        if plain is not None and (sniff.is_gzip(plain) or charset.read(plain) is not None):
            self._reader = inner(passage.inside(""))
        else:
            passage.unread_word(sniff.opaque_word(plain or b"", ""))

    def feed(self, data: bytes) -> bytes:
        self._held += data
        size = len(self._held) & ~3
        if b"=" in self._held[max(0, size - 4) :]:
            size = max(0, size - 4)
        taken, self._held = self._held[:size], self._held[size:]
        return self._pass(taken)

    def end(self) -> bytes:
        tail, self._held = self._held, b""
        if self._reader is None:
            return tail
        bare = tail.rstrip(b"=")
        out = self._pass(bare + b"=" * (-len(bare) % 4))
        last = self._coded(self._out + self._reader.end())
        padded = tail.endswith(b"=") or not len(bare) % 4
        return out + (last if padded else last.rstrip(b"="))

    def _pass(self, coded: bytes) -> bytes:
        if self._reader is None or not coded:
            return coded
        self._url = self._url or b"-" in coded or b"_" in coded
        plain = _decoded(coded)
        if plain is None or (self._url and (b"+" in coded or b"/" in coded)):
            raise Refused(Reason.UNDECODABLE, "a long word that is no base64")
        self._out += self._reader.feed(plain)
        whole = len(self._out) // 3 * 3
        ready, self._out = self._out[:whole], self._out[whole:]
        return self._coded(ready)

    def _coded(self, data: bytes) -> bytes:
        written = b2a_base64(data, newline=False)
        return written.translate(_TO_URL) if self._url else written


def _decoded(word: bytes) -> bytes | None:
    try:
        return a2b_base64(word.translate(_FROM_URL))
    except Error:
        return None
