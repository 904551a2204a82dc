"""MessagePack: walked by offsets, only changed strings are written anew.

Containers count elements and not bytes, so a change touches one header and nothing around
it. A changed string gets the shortest header that holds it, or the width it had where its
writer did not choose the shortest (writers of the old specification know no ``str 8``).
"""

from __future__ import annotations

import struct

from proxy.content.outline import Change, Malformed, Outline, Walker, patched
from proxy.content.walk import Walk
from proxy.policy.model import FieldState

_STR, _BIN, _EXT, _SCALAR = range(4)
_NUMBERS = {
    0xCA: ">f", 0xCB: ">d", 0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q",
    0xD0: ">b", 0xD1: ">h", 0xD2: ">i", 0xD3: ">q",
}  # fmt: skip
_UNPACK = {head: struct.Struct(form) for head, form in _NUMBERS.items()}
_LENGTHS = {
    0xC4: 1, 0xC5: 2, 0xC6: 4, 0xC7: 1, 0xC8: 2, 0xC9: 4, 0xD9: 1, 0xDA: 2, 0xDB: 4,
    0xDC: 2, 0xDD: 4, 0xDE: 2, 0xDF: 4,
}  # fmt: skip
_CONSTANTS = {0xC0: "null", 0xC2: "false", 0xC3: "true"}


def rewrite(data: bytes, walk: Walk, state: FieldState, *, strict: bool) -> bytes | None:
    """One or more objects in a row; ``None`` if it is not MessagePack.

    ``strict``, for bytes that nobody declared: maps and lists only, and a string in them.
    """
    outline = _read(data, strict)
    if outline is None:
        return None
    written = patched(data, outline.changes(walk, state), lambda change: _write(data, change))
    outline.check(written, walk, state)
    return written


def is_document(data: bytes) -> bool:
    """Whether ``data``, of which nobody says so, is MessagePack."""
    return _read(data, strict=True) is not None


def _read(data: bytes, strict: bool) -> Outline | None:
    outline = Outline(data)
    try:
        _Walker(outline).sequence(strict)
    except (Malformed, IndexError, struct.error):
        return None
    if strict and not any(leaf.kind == _STR for leaf in outline.leaves):
        return None
    return outline


class _Walker(Walker):
    """Reads one value after the other; every claim of the bytes is checked against their end."""

    __slots__ = ()

    def is_container(self, at: int) -> bool:
        head = self.data[at]
        return 0x80 <= head <= 0x9F or 0xDC <= head <= 0xDF

    def value(self, at: int, depth: int) -> int:
        head = self.data[at]
        if 0xA0 <= head <= 0xBF:
            return self.text(at, at + 1, head & 31)
        if head <= 0x7F or head >= 0xE0:
            number = head if head <= 0x7F else head - 256
            self.out.number(str(number), at, at + 1, _SCALAR)
            return at + 1
        if head <= 0x8F:
            return self.members(at + 1, head & 15, depth)
        if head <= 0x9F:
            return self.elements(at + 1, head & 15, depth)
        return self.long(at, head, depth)

    def long(self, at: int, head: int, depth: int) -> int:
        """Values whose head is a byte of its own."""
        if head in _LENGTHS:
            width = _LENGTHS[head]
            first = at + 1 + width
            size = int.from_bytes(self.slice(at + 1, first))
            if head <= 0xC6:
                return self.blob(at, first, size, _BIN)
            if head <= 0xC9:
                return self.blob(at, first + 1, size, _EXT)
            if head <= 0xDB:
                return self.text(at, first, size)
            read = self.elements if head <= 0xDD else self.members
            return read(first, size, depth)
        if head in _UNPACK:
            form = _UNPACK[head]
            (number,) = form.unpack_from(self.data, at + 1)
            finite = number == number and number not in (float("inf"), float("-inf"))
            end = at + 1 + form.size
            self.out.number(repr(number) if finite else "null", at, end, _SCALAR)
            return end
        if 0xD4 <= head <= 0xD8:
            return self.blob(at, at + 2, 1 << (head - 0xD4), _EXT)
        if head in _CONSTANTS:
            self.out.number(_CONSTANTS[head], at, at + 1, _SCALAR)
            return at + 1
        raise Malformed

    def text(self, at: int, first: int, size: int) -> int:
        """A string; the old specification also wrote bytes so."""
        end = first + size
        self.out.text(self.slice(first, end), at, end, _STR)
        return end

    def blob(self, at: int, first: int, size: int, kind: int) -> int:
        end = first + size
        self.out.blob(self.slice(first, end), at, end, kind)
        return end


def _write(data: bytes, change: Change) -> bytes:
    """A changed value with its header."""
    leaf, value = change
    if value is None:
        return b"\xc0"
    body = value.encode() if isinstance(value, str) else value
    head = data[leaf.start]
    if leaf.kind == _BIN:
        return _long(0xC4, body, _padded(data, leaf.start))
    if leaf.kind == _EXT:
        kind = data[leaf.start + 1 : leaf.start + 2]
        if head <= 0xC9:
            first = leaf.start + 1 + _LENGTHS[head]
            kind = data[first : first + 1]
        elif len(body) == 1 << (head - 0xD4):
            return data[leaf.start : leaf.start + 2] + body
        return _long(0xC7, body, 1, kind)
    width = _padded(data, leaf.start) if 0xD9 <= head <= 0xDB else 0
    if len(body) < 32 and width == 0:
        return bytes([0xA0 | len(body)]) + body
    return _long(0xD9, body, max(1, width))


def _padded(data: bytes, at: int) -> int:
    """The width of a length that a shorter one could have written, else 0."""
    width = _LENGTHS[data[at]]
    size = int.from_bytes(data[at + 1 : at + 1 + width])
    return width if width > 1 and size >> (width * 4) == 0 else 0


def _long(head: int, body: bytes, width: int, kind: bytes = b"") -> bytes:
    """Header of the ``8``, ``16`` or ``32`` form, at least ``width`` bytes of length."""
    step = 0 if len(body) < 0x100 and width <= 1 else 1 if len(body) < 0x10000 and width <= 2 else 2
    return bytes([head + step]) + len(body).to_bytes(1 << step) + kind + body
