"""CBOR (RFC 8949): walked by offsets, only changed strings are written anew.

Items count elements and not bytes, so a change touches one head and nothing around it. A
string in pieces (indefinite length) is read whole, since a name may be cut by a piece, and
becomes one piece when it changed. The tags of COSE (RFC 9052)
hold what is signed, which is never changed, or encrypted, which cannot be read.
"""

from __future__ import annotations

import struct

from proxy.content.outline import MAX_DEPTH, Change, Leaf, Malformed, Outline, Walker, patched
from proxy.content.signed import refuse_signed
from proxy.content.walk import Walk
from proxy.policy.model import FieldState

_INTEGER, _NEGATIVE, _BYTES, _TEXT, _LIST, _MAP, _TAG, _SIMPLE = range(8)
_PIECES = 31
_BREAK = 0xFF
_WIDTHS = {24: 1, 25: 2, 26: 4, 27: 8}
_FLOATS = {25: struct.Struct(">e"), 26: struct.Struct(">f"), 27: struct.Struct(">d")}
_CONSTANTS = {20: "false", 21: "true"}
_SIGNED_TAGS = frozenset({17, 18, 97, 98})
_ENCRYPTED_TAGS = frozenset({16, 96})


def rewrite(data: bytes, walk: Walk, state: FieldState, *, strict: bool) -> bytes | None:
    """One item or a sequence of them (RFC 8742); ``None`` if it is not CBOR.

    ``strict``, for bytes that nobody declared: maps, lists and tags only, and text in them.
    """
    walker = _read(data, strict)
    if walker is None:
        return None
    if walker.encrypted:
        walk.note_opaque("encrypted")
    changes = walker.out.changes(walk, state)
    if any(walker.is_signed(change.leaf) for change in changes):
        refuse_signed(walk)
        changes = [change for change in changes if not walker.is_signed(change.leaf)]
    written = patched(data, changes, lambda change: _write(data, change))
    if not walker.signed:
        walker.out.check(written, walk, state)
    return written


def is_document(data: bytes) -> bool:
    """Whether ``data``, of which nobody says so, is CBOR."""
    return _read(data, strict=True) is not None


def _read(data: bytes, strict: bool) -> _Walker | None:
    walker = _Walker(Outline(data))
    try:
        walker.sequence(strict)
    except (Malformed, IndexError):
        return None
    if strict and not any(leaf.kind == _TEXT for leaf in walker.out.leaves):
        return None
    return walker


class _Walker(Walker):
    """Reads one item after the other; every claim of the bytes is checked against their end."""

    __slots__ = ("encrypted", "signed")

    def __init__(self, out: Outline) -> None:
        super().__init__(out)
        self.encrypted = False
        self.signed: list[tuple[int, int]] = []

    def is_container(self, at: int) -> bool:
        while self.data[at] >> 5 == _TAG:
            _, at = self.head(at)
        return self.data[at] >> 5 in (_LIST, _MAP)

    def closes(self, at: int) -> int:
        return at + 1 if self.data[at] == _BREAK else 0

    def is_signed(self, leaf: Leaf) -> bool:
        return any(start <= leaf.start < end for start, end in self.signed)

    def head(self, at: int) -> tuple[int | None, int]:
        """The argument of a head (``None``: pieces up to a break) and where it ends."""
        short = self.data[at] & 31
        if short < 24:
            return short, at + 1
        if short == _PIECES:
            return None, at + 1
        if short not in _WIDTHS:
            raise Malformed
        end = at + 1 + _WIDTHS[short]
        return int.from_bytes(self.slice(at + 1, end)), end

    def value(self, at: int, depth: int) -> int:
        major = self.data[at] >> 5
        if major == _SIMPLE:
            return self.simple(at)
        size, first = self.head(at)
        if major in (_BYTES, _TEXT):
            return self.text(at, first, size, major)
        if major == _LIST:
            return self.elements(first, size, depth)
        if major == _MAP:
            return self.members(first, size, depth)
        if size is None:
            raise Malformed
        if major == _TAG:
            return self.tagged(first, size, depth)
        number = size if major == _INTEGER else -1 - size
        self.out.number(str(number), at, first, major)
        return first

    def simple(self, at: int) -> int:
        """Truth values, nothing, floats."""
        short = self.data[at] & 31
        token = _CONSTANTS.get(short, "null")
        end = at + 1 + _WIDTHS.get(short, 0)
        if short > 27:
            raise Malformed
        raw = self.slice(at + 1, end)
        if short in _FLOATS:
            (number,) = _FLOATS[short].unpack(raw)
            if number == number and number not in (float("inf"), float("-inf")):
                token = repr(number)
        self.out.number(token, at, end, _SIMPLE)
        return end

    def tagged(self, at: int, tag: int, depth: int) -> int:
        """A tag is written with what it names; only COSE's say what must not be touched."""
        if depth >= MAX_DEPTH:
            raise Malformed
        end = self.value(at, depth + 1)
        if tag in _SIGNED_TAGS:
            self.signed.append((at, end))
        elif tag in _ENCRYPTED_TAGS:
            self.encrypted = True
        return end

    def text(self, at: int, first: int, size: int | None, major: int) -> int:
        if size is None:
            return self.pieces(at, first, major)
        end = first + size
        self.put(self.slice(first, end), at, end, major)
        return end

    def put(self, raw: bytes, at: int, end: int, major: int) -> None:
        if major == _TEXT:
            self.out.text(raw, at, end, major)
        else:
            self.out.blob(raw, at, end, major)

    def pieces(self, at: int, first: int, major: int) -> int:
        """A string in pieces, read as one."""
        joined: list[bytes] = []
        place = first
        while not self.closes(place):
            size, start = self.head(place)
            if self.data[place] >> 5 != major or size is None:
                raise Malformed
            place = start + size
            joined.append(self.slice(start, place))
        self.put(b"".join(joined), at, place + 1, major)
        return place + 1


def _write(data: bytes, change: Change) -> bytes:
    """A changed item with its head, the shortest that holds it."""
    leaf, value = change
    if value is None:
        return b"\xf6"
    body = value.encode() if isinstance(value, str) else value
    major = _BYTES if leaf.kind == _BYTES else _TEXT
    if data[leaf.start] & 31 == _PIECES and leaf.kind in (_BYTES, _TEXT):
        return bytes([major << 5 | _PIECES]) + _head(major, len(body)) + body + b"\xff"
    return _head(major, len(body)) + body


def _head(major: int, size: int) -> bytes:
    if size < 24:
        return bytes([major << 5 | size])
    short = 24 if size < 0x100 else 25 if size < 0x10000 else 26 if size < 1 << 32 else 27
    return bytes([major << 5 | short]) + size.to_bytes(_WIDTHS[short])
