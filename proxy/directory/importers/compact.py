"""What must be remembered of millions of people, in a few bytes each.

An academy's roster has more people than a set or dict of their ids should hold: 100 bytes a
person is 270 MB. National ids are small numbers, so a bit each will do; links between ids are
packed into eight bytes.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from hashlib import blake2b
from typing import Final

_MAX_BIT: Final = 1 << 29  # 64 MB of bits
_BUCKETS: Final = 1 << 12
_WORD_BITS: Final = 16
_MAX_WORDS: Final = 1 << _WORD_BITS


class SeenIds:
    """Which ids were there before."""

    def __init__(self) -> None:
        self._bits = bytearray()
        self._others: set[str] = set()

    def add(self, text: str) -> bool:
        """Remember an id; whether it is new."""
        if not (text.isascii() and text.isdigit()) or text[0] == "0" or len(text) > 9:
            return self._add_other(text)
        number = int(text)
        if number >= _MAX_BIT:
            return self._add_other(text)
        index, bit = number >> 3, 1 << (number & 7)
        if index >= len(self._bits):
            self._bits.extend(bytes(index + 4096 - len(self._bits)))
        is_new = not self._bits[index] & bit
        self._bits[index] |= bit
        return is_new

    def _add_other(self, text: str) -> bool:
        count = len(self._others)
        self._others.add(text)
        return len(self._others) > count


class Marks:
    """Words that hang on ids, such as the schools of a guardian. First all ``add``, then ``of``."""

    def __init__(self) -> None:
        self._words: list[str] = []
        self._number_of: dict[str, int] = {}
        self._buckets = [array("Q") for _ in range(_BUCKETS)]
        self._is_sorted = bytearray(_BUCKETS)

    def add(self, text: str, word: str) -> None:
        """Hang a word on an id; beyond 65,536 different words, nothing."""
        number = self._number_of.get(word)
        if number is None:
            number = self._number_of[word] = len(self._words)
            self._words.append(word)
        if number < _MAX_WORDS:
            hashed = _hashed(text)
            self._buckets[hashed % _BUCKETS].append(hashed << _WORD_BITS | number)
            self._is_sorted[hashed % _BUCKETS] = 0

    def of(self, text: str) -> tuple[str, ...]:
        """The words that hang on an id, each once."""
        hashed = _hashed(text)
        bucket = self._sorted_bucket(hashed % _BUCKETS)
        first = bisect_left(bucket, hashed << _WORD_BITS)
        last = bisect_left(bucket, (hashed + 1) << _WORD_BITS) if first < len(bucket) else first
        return tuple(self._words[packed & (_MAX_WORDS - 1)] for packed in bucket[first:last])

    def _sorted_bucket(self, index: int) -> array[int]:
        if not self._is_sorted[index]:
            self._buckets[index] = array("Q", sorted(set(self._buckets[index])))
            self._is_sorted[index] = 1
        return self._buckets[index]


def _hashed(text: str) -> int:
    """48 bits: of two million ids, two are alike in one import of a hundred, and share schools."""
    digest = blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest) >> _WORD_BITS
