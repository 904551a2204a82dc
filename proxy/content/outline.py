"""A binary document as JSON text: every net that reads JSON reads it too.

MessagePack, CBOR and protobuf hold what JSON holds: members, lists, strings, numbers. Their
walkers write what they meet into an outline, an equivalent JSON text, and note where each
value stands in the document. The JSON codec reads the outline: field rules by path, strings
with something inside, everything at once where nothing is. Its edits say which values
changed; the walker writes those, and only those, in the document's own way.

What is no text (``blob``) stands in the outline as one placeholder, so that a rule on a photo
finds it, and is read on its own as a nested body.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import NamedTuple

import orjson

from proxy.content import charset, json
from proxy.content.clear_text import refuse_names
from proxy.content.edits import splice
from proxy.content.visitor import Edit
from proxy.content.walk import Walk
from proxy.errors import Refused
from proxy.policy.model import FieldState
from proxy.reasons import Reason

MAX_DEPTH = 100
SMALL_BLOB = 64
"""Bytes that are no text: up to here a hash, a key, a UUID or a nonce, searched but not opaque."""
_GAP = 4
_PLACEHOLDER = '"\ufffc"'


_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class Malformed(ValueError):
    """The bytes are not of the format that the walker reads."""


class Leaf(NamedTuple):
    """A value: its token in the outline, its place in the document, its kind to the walker."""

    at: int
    to: int
    start: int
    end: int
    kind: int


class Change(NamedTuple):
    """What becomes of a leaf: other text, other bytes, or nothing (``None``)."""

    leaf: Leaf
    value: str | bytes | None


class Outline:
    """Written by a walker in document order, then asked once for the changes."""

    __slots__ = ("blobs", "data", "keyed", "leaves", "numbers_fixed", "pieces", "size", "strings")

    def __init__(self, data: bytes, *, numbers_fixed: bool = False) -> None:
        """``numbers_fixed``: the format cannot write text where a number stands."""
        self.data = data
        self.numbers_fixed = numbers_fixed
        self.keyed = False
        self.pieces: list[str] = []
        self.size = 0
        self.leaves: list[Leaf] = []
        self.strings: list[Leaf] = []
        self.blobs: list[tuple[Leaf, bytes]] = []

    def raw(self, text: str) -> None:
        """Punctuation of the outline."""
        self.pieces.append(text)
        self.size += len(text)

    def text(self, data: bytes, start: int, end: int, kind: int) -> None:
        """``data``, text if it reads as such; ``start`` to ``end``: with its header."""
        try:
            text = data.decode()
        except UnicodeDecodeError:
            self.blob(data, start, end, kind)
            return
        if "\0" in text and _is_wide(data):
            self.blob(data, start, end, kind)
        else:
            self._leaf(orjson.dumps(text).decode(), start, end, kind)
            self.strings.append(self.leaves[-1])

    def number(self, token: str, start: int, end: int, kind: int) -> None:
        """A number, a truth value or nothing. As the name of a member it is a string."""
        self._leaf(f'"{token}"' if self.keyed else token, start, end, kind)

    def blob(self, data: bytes, start: int, end: int, kind: int) -> None:
        """``data``, which is no text, and stands at ``start`` to ``end``, header included."""
        self._leaf(_PLACEHOLDER, start, end, kind)
        self.blobs.append((self.leaves[-1], data))
        self.strings.append(self.leaves[-1])

    def _leaf(self, token: str, start: int, end: int, kind: int) -> None:
        to = self.size + len(token)
        self.leaves.append(Leaf(self.size, to, start, end, kind))
        self.pieces.append(token)
        self.size = to

    def changes(self, walk: Walk, state: FieldState) -> list[Change]:
        """The leaves to be written anew, in document order."""
        text = "".join(self.pieces)
        changes = dict(self._changed(text, json.edits(text, walk, state)))
        for leaf, data in self.blobs:
            if leaf in changes:
                if changes[leaf]:
                    raise Refused(Reason.FIELD_REFUSED, "a field rule cannot write these bytes")
                continue
            new = read_blob(data, walk)
            if new is not data:
                changes[leaf] = new
        return [Change(leaf, value) for leaf, value in sorted(changes.items())]

    def _changed(self, text: str, edits: list[Edit]) -> Iterator[tuple[Leaf, str | bytes | None]]:
        starts = [leaf.at for leaf in self.leaves]
        at = 0
        while at < len(edits):
            index = bisect_right(starts, edits[at].start) - 1
            leaf = self.leaves[index]
            mine = []
            while at < len(edits) and edits[at].start < leaf.to:
                start, end, replacement = edits[at]
                if end > leaf.to:
                    raise Refused(Reason.UNDECODABLE, "an edit beyond its value")
                mine.append(Edit(start - leaf.at, end - leaf.at, replacement))
                at += 1
            if not mine:
                raise Refused(Reason.UNDECODABLE, "an edit between two values")
            token = text[leaf.at : leaf.to]
            value = orjson.loads(splice(token, mine))
            if self.numbers_fixed and value is not None and token[0] != '"':
                raise Refused(Reason.FIELD_REFUSED, "an identifier stands as a number")
            yield leaf, value

    def check(self, written: bytes, walk: Walk, state: FieldState) -> None:
        """A last look at what was written, as plain bytes: nobody may stand in it in clear.

        Broken or crafted bytes may cut a name in two values, or spell it in numbers. Where
        rules allow some values as they are, only what lies between strings is looked at.
        """
        if walk.answer:
            return
        if state.dead:
            refuse_names(written, walk)
            return
        gaps: list[bytes] = []
        at = 0
        for leaf in self.strings:
            if leaf.start - at >= _GAP:
                gaps.append(self.data[at : leaf.start])
            at = leaf.end
        gaps.append(self.data[at:])
        refuse_names(b"\n".join(gaps), walk)


class Walker:
    """What walkers of self-describing documents share: lists, members, the end of the bytes."""

    __slots__ = ("data", "out")

    def __init__(self, out: Outline) -> None:
        self.out = out
        self.data = out.data

    def value(self, at: int, depth: int) -> int:
        """Write the value at ``at`` into the outline; where it ends."""
        raise NotImplementedError

    def is_container(self, at: int) -> bool:
        """Whether a list or a map begins at ``at``."""
        raise NotImplementedError

    def closes(self, at: int) -> int:
        """Behind the mark that closes a container without a count, or 0 where none stands."""
        return 0

    def slice(self, first: int, end: int) -> bytes:
        """Bytes that must be there."""
        if end > len(self.data):
            raise Malformed
        return self.data[first:end]

    def sequence(self, strict: bool) -> None:
        """Values in a row. What reads as text, or nobody declared, has to be maps and lists."""
        strict = strict or clean_text(self.data, 0, len(self.data)) is not None
        at = 0
        while at < len(self.data):
            container = self.is_container(at)
            at = self.value(at, 0)
            if not container and (strict or at < len(self.data)):
                raise Malformed
            self.out.raw("\n")

    def elements(self, at: int, size: int | None, depth: int) -> int:
        """A list of ``size`` values, or up to its closing mark."""
        return self._between("[]", self.value, at, size, depth)

    def members(self, at: int, size: int | None, depth: int) -> int:
        """``size`` pairs, or up to the closing mark."""
        return self._between("{}", self._member, at, size, depth)

    def _between(
        self, signs: str, item: Callable[[int, int], int], at: int, size: int | None, depth: int
    ) -> int:
        at = self._bounded(at, size, depth)
        self.out.raw(signs[0])
        count = 0
        while count != size:
            if size is None and (end := self.closes(at)):
                at = end
                break
            self.out.raw("," if count else "")
            at = item(at, depth + 1)
            count += 1
        self.out.raw(signs[1])
        return at

    def _member(self, at: int, depth: int) -> int:
        if self.is_container(at):  # a name that is a structure: both go into a list
            self.out.raw('"":[')
            at = self.value(at, depth)
            self.out.raw(",")
            at = self.value(at, depth)
            self.out.raw("]")
            return at
        self.out.keyed = True
        at = self.value(at, depth)
        self.out.keyed = False
        self.out.raw(":")
        return self.value(at, depth)

    def _bounded(self, at: int, size: int | None, depth: int) -> int:
        if depth >= MAX_DEPTH or (size or 0) > len(self.data) - at:
            raise Malformed
        return at


def read_blob(data: bytes, walk: Walk) -> bytes:
    """Bytes inside a document as a body of their own."""
    noted = walk.opaque
    new = walk.data(data, "")
    if len(data) <= SMALL_BLOB and new is data:
        walk.opaque = noted
    return new


def _is_wide(data: bytes) -> bool:
    """Whether bytes that are also UTF-8 are UTF-16: ``J\\0e\\0a\\0n\\0``."""
    text = charset.read(data)
    return text is not None and text.is_wide


def clean_text(data: bytes, start: int, end: int) -> str | None:
    """UTF-8 without control characters, or ``None``."""
    if _CONTROL.search(data, start, end):
        return None
    try:
        return data[start:end].decode()
    except UnicodeDecodeError:
        return None


def patched(data: bytes, changes: list[Change], write: Callable[[Change], bytes]) -> bytes:
    """``data`` with each changed leaf written anew; the same object when there is none."""
    if not changes:
        return data
    return spliced(data, [(*change.leaf[2:4], write(change)) for change in changes])


def spliced(data: bytes, patches: list[tuple[int, int, bytes]]) -> bytes:
    """``data`` with ``patches`` (start, end, new bytes) in order."""
    pieces: list[bytes] = []
    at = 0
    for start, end, new in patches:
        pieces += (data[at:start], new)
        at = end
    pieces.append(data[at:])
    return b"".join(pieces)
