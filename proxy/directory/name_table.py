"""The names of a directory version, as finding them needs them.

Words and pairs are looked up by keyed hash in the mapped file. The only names in a worker's
memory are the words of given names, a few thousand however large the directory: a *seam*, where
a given name meets a family name, is found by them (``Seam``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import re2

from proxy.directory.fold import EXPANSIONS, expand, words
from proxy.directory.tables import HashTable
from proxy.directory.values import PAIR, Values, initial_key
from proxy.pseudonyms.canonical import NAME_SEPARATOR

GIVEN_FIRST, GIVEN_LAST, FAMILY_FIRST, FAMILY_LAST, GIVEN_NAME = 1, 2, 4, 8, 16
"""Where a word stands in names of the directory; ``GIVEN_NAME``: the words are one given name."""

REACH_SHIFT = 8
_KEPT = 1 << 13
_NEAR = 240
TAGS = "td|th|tr|b|i|em|strong|span|li|div|p|dt|dd|u"
"""Elements that may stand between the two halves of a name."""
_SGAT = "|".join(tag[::-1] for tag in TAGS.split("|"))
_BEFORE = re.compile(rb"(?:\n(?:%b)(?=\n)|[ \n]){1,24}([^ \n]{1,128})(?=[ \n])" % _SGAT.encode())
_AFTER = re.compile(rb"(?:\n(?:%b)(?=\n)|[ \n]){1,24}([^ \n]{1,128})[ \n]" % TAGS.encode())
"""The word next to another, on its line, in the next cell or on the next line. Bounded, so
that no text is quadratic."""


class NamePair(NamedTuple):
    """One full name of the directory."""

    ref: int
    given: str
    family: str


class NameTable:
    """Membership, pairs and reach of folded words. Shared by threads."""

    def __init__(
        self, table: HashTable, values: Values, given_words: Sequence[bytes], longest: int
    ) -> None:
        self._table, self._values = table, values
        self.given_words = given_words
        """Words that begin or end a given name of a pair."""
        self.longest = longest
        """Words of the longest name."""
        self.roles = lru_cache(_KEPT)(self._roles)
        self.pairs = lru_cache(_KEPT)(self._pairs)

    def reach(self, word: bytes) -> int:
        """Words of the longest name that begins with this one; 0 if none does."""
        return self.roles(word) >> REACH_SHIFT

    def is_given(self, word: bytes) -> bool:
        """Whether a given name of a pair begins or ends with this word."""
        return bool(self.roles(word) & (GIVEN_FIRST | GIVEN_LAST))

    def is_family(self, word: bytes) -> bool:
        """Whether a family name of a pair begins or ends with this word."""
        return bool(self.roles(word) & (FAMILY_FIRST | FAMILY_LAST))

    def is_given_name(self, joined: bytes) -> bool:
        """Whether these words, joined by spaces, are one given name."""
        return bool(self.roles(joined) & GIVEN_NAME)

    def longest_pair(self, typed: Sequence[bytes]) -> tuple[int, tuple[NamePair, ...]]:
        """The longest full name that these words begin with: how many words, and which."""
        reach = self.reach(typed[0]) if typed else 0
        for count in range(min(reach, len(typed)), 1, -1):
            if known := self.pairs(b" ".join(typed[:count])):
                return count, known
        return 0, ()

    def initialled(self, letter: int, family: bytes) -> Iterator[NamePair]:
        """Full names of this family, by its folded words, whose given name begins so."""
        for ref, _, text in self._values.candidates(initial_key(letter, family)):
            given, _, name = text.partition(NAME_SEPARATOR)
            first = words(given)[:1]
            if first and first[0][0] == letter and b" ".join(words(name)) == family:
                yield NamePair(ref, given, name)

    def _roles(self, word: bytes) -> int:
        """All flags and the reach, or 0."""
        found = 0
        for roles in self._table.get(word):
            flags, reach = found | roles, max(found >> REACH_SHIFT, roles >> REACH_SHIFT)
            found = flags & ((1 << REACH_SHIFT) - 1) | reach << REACH_SHIFT
        return found

    def _pairs(self, joined: bytes) -> tuple[NamePair, ...]:
        """The full names that these words are, joined by spaces, in either order."""
        found = []
        for ref, _, text in self._values.candidates(PAIR + joined):
            given, _, family = text.partition(NAME_SEPARATOR)
            if joined in pair_keys(words(given), words(family)):
                found.append(NamePair(ref, given, family))
        return tuple(sorted(found))


def pair_keys(given: tuple[bytes, ...], family: tuple[bytes, ...]) -> tuple[bytes, bytes]:
    """A full name's folded words in both orders."""
    return b" ".join(given + family), b" ".join(family + given)


class _Hit(NamedTuple):
    """As a match of ``re``."""

    start: int
    end: int

    def span(self) -> tuple[int, int]:
        """From the separator before the first word to the one after the second."""
        return self.start, self.end


class Seam:
    """Finds where a given name's last word meets a family name's first, or the other way.

    RE2 finds words of given names: a few thousand make an automaton of some megabytes, where
    all family names of an academy would make one of 150 in every worker. The word next to one
    is looked up. Same answers, same speed: given names are rare in prose.
    """

    def __init__(self, table: NameTable) -> None:
        self._roles = table.roles
        self._given = _compile(table.given_words)

    def search(self, names: bytes, position: int) -> _Hit | None:
        """The first seam that begins at ``position`` or later."""
        at = position
        while hit := self._given.search(names, at):
            start, end = hit.span()
            roles = self._roles(expand(names[start + 1 : end - 1]))
            left = self._left(names, start, position, roles)
            if left is not None:
                return _Hit(left, end)
            right = self._right(names, end - 1, roles)
            if right is not None:
                return _Hit(start, right)
            at = end - 1
        return None

    def _left(self, names: bytes, gap: int, floor: int, roles: int) -> int | None:
        """Where a seam begins whose second word is the given name's, after ``gap``."""
        found = _BEFORE.match(names[max(0, gap - _NEAR) : gap + 1][::-1])
        if found is None or gap - found.end() < floor:
            return None
        other = self._roles(expand(found[1][::-1]))
        fits = (roles & GIVEN_FIRST and other & FAMILY_LAST) or (
            roles & FAMILY_FIRST and other & GIVEN_LAST
        )
        return gap - found.end() if fits else None

    def _right(self, names: bytes, gap: int, roles: int) -> int | None:
        """Where a seam ends whose first word is the given name's, before ``gap``."""
        found = _AFTER.match(names, gap)
        if found is None:
            return None
        other = self._roles(expand(found[1]))
        fits = (roles & GIVEN_LAST and other & FAMILY_FIRST) or (
            roles & FAMILY_LAST and other & GIVEN_FIRST
        )
        return found.end() if fits else None


def _compile(given_words: Iterable[bytes]) -> re2._Regexp:
    known = sorted(given_words)
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    options.never_capture = True
    options.max_mem = (8 << 20) + 400 * sum(map(len, known))
    pattern = "|".join(map(as_pattern, known))
    return re2.compile(f"[ \n](?:{pattern})[ \n]".encode("latin-1"), options)


def as_pattern(word: bytes) -> str:
    """A folded word as a pattern for text in which ligatures stand as they were typed."""
    pattern = word.decode("latin-1")
    for short, long in EXPANSIONS:
        pattern = pattern.replace(long.decode(), f"(?:{long.decode()}|{short.decode('latin-1')})")
    return pattern
