"""Tables in mapped bytes: what a worker reads of a directory index, without a copy.

A ``HashTable`` finds numbers by a keyed 64-bit hash. Hashes are sorted; their first bits say
in which bucket of about eight, their last sixteen tell the entries of a bucket apart. What it
answers is a candidate: one in ten thousand is wrong, so who asks compares with the value
itself. In exchange an entry costs six bytes and none of them says anything without the key.

``References`` are the sorted 64-bit references of all values: number to reference and back.
``Scopes`` say of each value which schools and classes its people are in.

The making of the bytes is in ``building``, which needs numpy; reading does not.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Literal

type Sections = Mapping[str, memoryview]

HASH_BYTES = 8
MARK_BITS = 16
_MARK = (1 << MARK_BITS) - 1
_LOW_BITS = 48
_SCOPES_KEPT = 4096


def keyed_hash(message: bytes, key: bytes) -> bytes:
    """Eight bytes that only the holder of the key can compute."""
    return blake2b(message, digest_size=HASH_BYTES, key=key).digest()


class HashTable:
    """Candidate numbers by keyed hash."""

    __slots__ = ("_key", "_marks", "_mask", "_numbers", "_shift", "_starts")

    def __init__(
        self, sections: Sections, name: str, key: bytes, mark: Literal["H", "I"] = "H"
    ) -> None:
        """``mark``: the type of an entry's mark, ``H`` or, where nothing compares, ``I``."""
        self._starts = sections[f"{name}-starts"].cast("I")
        self._marks = sections[f"{name}-marks"].cast(mark)
        self._mask = (1 << 8 * self._marks.itemsize) - 1
        self._numbers = sections[f"{name}-numbers"].cast("I")
        self._shift = 65 - (len(self._starts) - 1).bit_length()
        self._key = key

    def __len__(self) -> int:
        return len(self._numbers)

    def get(self, message: bytes) -> Iterator[int]:
        """The numbers that may stand under ``message``."""
        found = int.from_bytes(keyed_hash(message, self._key), "little")
        bucket, mark = found >> self._shift, found & self._mask
        marks = self._marks
        for at in range(self._starts[bucket], self._starts[bucket + 1]):
            if marks[at] == mark:
                yield self._numbers[at]


class References:
    """Sorted references. The first sixteen bits are not kept but counted."""

    __slots__ = ("_low", "_middle", "_starts")

    def __init__(self, sections: Sections) -> None:
        self._starts = sections["reference-starts"].cast("I")
        self._middle = sections["reference-middles"].cast("I")
        self._low = sections["reference-lows"].cast("H")

    def __len__(self) -> int:
        return len(self._middle)

    def __getitem__(self, number: int) -> int:
        top = bisect_right(self._starts, number) - 1
        return top << _LOW_BITS | self._middle[number] << MARK_BITS | self._low[number]

    def number(self, ref: int) -> int | None:
        """The number of a reference, or ``None``."""
        top, middle, low = ref >> _LOW_BITS, ref >> MARK_BITS & 0xFFFF_FFFF, ref & _MARK
        end = self._starts[top + 1]
        at = bisect_left(self._middle, middle, self._starts[top], end)
        while at < end and self._middle[at] == middle:
            if self._low[at] == low:
                return at
            at += 1
        return None


class Scopes:
    """Schools and classes of each value; values of the same people share theirs."""

    def __init__(
        self, sections: Sections, schools: Sequence[str], classes: Sequence[tuple[str, str]]
    ) -> None:
        self._of = sections["scope-of"].cast("I")
        self._starts = sections["scope-starts"].cast("I")
        self._items = sections["scope-items"].cast("I")
        self._schools, self._classes = schools, classes
        self.schools = lru_cache(_SCOPES_KEPT)(self._find_schools)
        self.classes = lru_cache(_SCOPES_KEPT)(self._find_classes)

    def class_numbers(self, number: int) -> list[int]:
        """Which classes, as numbers of this version."""
        first = len(self._schools)
        return [item - first for item in self._found(number) if item >= first]

    def _find_schools(self, number: int) -> frozenset[str]:
        known = self._schools
        return frozenset(known[item] for item in self._found(number) if item < len(known))

    def _find_classes(self, number: int) -> frozenset[tuple[str, str]]:
        first = len(self._schools)
        return frozenset(
            self._classes[item - first] for item in self._found(number) if item >= first
        )

    def _found(self, number: int) -> memoryview:
        scope = self._of[number]
        return self._items[self._starts[scope] : self._starts[scope + 1]]
