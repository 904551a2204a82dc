"""Which line of which list: a compact map from a rule or a host to the place it stands.

The engine gives back the text of the rule that matched and nothing else. Keeping a
dictionary of all rules would cost each worker tens of megabytes; here it is two sorted
arrays of 64-bit numbers, 16 bytes a rule, that can stay in a mapped file and be shared.

A key is the first 8 bytes of BLAKE2b over the text: among a million rules two collide with
a probability of 3 in 10⁸, and the worst outcome is a wrong line number.
"""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping
from hashlib import blake2b
from typing import NamedTuple
from zlib import crc32

from proxy.blocking.lists import CATEGORIES, Category
from proxy.blocking.patterns import with_parents

_LINE_BITS = 32
_LIST_BITS = 12
_CATEGORY_BITS = 8
_IMPORTANT = 1 << (_LINE_BITS + _LIST_BITS + _CATEGORY_BITS)
_TOP_LEVEL = _IMPORTANT << 1

MAX_LISTS = 1 << _LIST_BITS


class Place(NamedTuple):
    """Where a rule stands and what it is for."""

    list: int
    """Index of the list among those the blocker was built from."""
    line: int
    category: Category
    important: bool
    top_level: bool


def pack(place: Place) -> int:
    """A place as one 64-bit number."""
    return (
        place.line
        | place.list << _LINE_BITS
        | CATEGORIES.index(place.category) << (_LINE_BITS + _LIST_BITS)
        | (_IMPORTANT if place.important else 0)
        | (_TOP_LEVEL if place.top_level else 0)
    )


def unpack(number: int) -> Place:
    """The inverse of ``pack``."""
    return Place(
        number >> _LINE_BITS & (MAX_LISTS - 1),
        number & (1 << _LINE_BITS) - 1,
        CATEGORIES[number >> (_LINE_BITS + _LIST_BITS) & (1 << _CATEGORY_BITS) - 1],
        bool(number & _IMPORTANT),
        bool(number & _TOP_LEVEL),
    )


def key(text: str) -> int:
    """The 64-bit key of a rule's text or a host."""
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=8).digest())


class Sieve:
    """Says of most texts that are not in a map, in a tenth of the time, that they are not.

    A bit for each text, found by its CRC; a text whose bit is set may be there (one in sixteen
    that is not). Most requests go to hosts that no list names: they end here.
    """

    __slots__ = ("_bits", "_mask")

    def __init__(self, bits: memoryview) -> None:
        self._bits = bits.cast("B")
        self._mask = len(self._bits) * 8 - 1

    def sift(self, named: Iterable[tuple[int, str]]) -> list[str]:
        """Of what ``hashed`` gave, the names that may be there: the others are not."""
        bits, mask = self._bits, self._mask
        return [name for crc, name in named if bits[(crc & mask) >> 3] >> (crc & 7) & 1]


def hashed(host: str) -> list[tuple[int, str]]:
    """A host and its parents, longest first, each with its hash."""
    return [(crc32(name.encode("utf-8", "replace")), name) for name in with_parents(host)]


def sieve_bytes(texts: Collection[str]) -> bytes:
    """The bits of a ``Sieve``: sixteen a text, or more."""
    size = 1 << max(6, (16 * len(texts)).bit_length())
    bits = bytearray(size // 8)
    for text in texts:
        bit = crc32(text.encode("utf-8", "replace")) & (size - 1)
        bits[bit >> 3] |= 1 << (bit & 7)
    return bytes(bits)


class LineIndex:
    """A read-only map from text to ``Place``, over two sorted arrays."""

    __slots__ = ("_keys", "_places")

    def __init__(self, keys: memoryview, places: memoryview) -> None:
        self._keys = keys.cast("B").cast("Q")
        self._places = places.cast("B").cast("Q")

    @classmethod
    def of(cls, places: Mapping[str, Place]) -> LineIndex:
        """An index in memory."""
        return cls(*(memoryview(part) for part in to_bytes(places)))

    def get(self, text: str) -> Place | None:
        """The place of ``text``, or ``None``."""
        wanted = key(text)
        at = bisect_left(self._keys, wanted)
        if at < len(self._keys) and self._keys[at] == wanted:
            return unpack(self._places[at])
        return None

    def __len__(self) -> int:
        return len(self._keys)


def to_bytes(places: Mapping[str, Place]) -> tuple[bytes, bytes]:
    """Keys and places as two little-endian arrays, sorted by key."""
    rows = sorted((key(text), pack(place)) for text, place in places.items())
    keys = array("Q", (row[0] for row in rows))
    values = array("Q", (row[1] for row in rows))
    if sys.byteorder == "big":  # pragma: no cover - the cache file is machine-local anyway
        keys.byteswap()
        values.byteswap()
    return keys.tobytes(), values.tobytes()
