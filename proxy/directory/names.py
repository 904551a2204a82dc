"""Names in text, as pairs of given and family name.

A name alone is a word too often (8,700 false hits a megabyte of French prose); a given name
next to a family name hardly ever is (fewer than one). So:

1. One RE2 pass over the folded text finds a *seam*: the last word of a known given name next
   to the first word of a known family name, or the other way round (``name_table.Seam``).
2. At a seam, the longest pair of the directory that covers it, leftmost first. Between two
   cells or lines, a pair is two names, each replaced where it stands.
3. Rules that keep the catch clean: capitals, compound given names, never half a name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

import re2

from proxy.directory.fold import (
    OTHER_SCRIPT,
    SPACES,
    Folded,
    expand,
    spelling,
    words,
)
from proxy.directory.match import Match
from proxy.directory.name_table import TAGS, NamePair, NameTable, Seam, as_pattern
from proxy.directory.neighbours import BREAK, GAP, HYPHEN, REACH
from proxy.directory.words import COMMON_WORDS, COMPOUND_HEADS, PARTICLES
from proxy.kinds import Kind

_WORD = re.compile(rb"[^ \n]+")
_JOINT = " {1,8}"
_BETWEEN_CELLS = re.compile(rf"(?:[\s;|,\"'\[\]]|</?(?:{TAGS})>){{1,40}}", re.IGNORECASE)
_NEXT_LINE = re.compile(r"[ \t]*\r?\n[ \t]*")
_SPACES = re.compile(f"[{SPACES}]+")


class _Seam(NamedTuple):
    """Where two words meet that may be given and family name: two starts and the end."""

    first: int
    second: int
    end: int


class _Word(NamedTuple):
    letters: bytes
    start: int
    end: int


class NameNet:
    """Finds the full names of a directory in folded texts. Immutable, shared by threads."""

    def __init__(self, table: NameTable) -> None:
        self._table = table
        self._pairs, self._reach = table.pairs, table.reach
        self._longest = table.longest
        self._seam = Seam(table) if table.given_words else None

    def find(self, folded: Folded, any_case: bool = False) -> list[Match]:
        """Matches in ``folded.text``, left to right."""
        return list(self._found(folded, any_case))

    def catches(self, folded: Folded, any_case: bool = False) -> bool:
        """Whether there is any."""
        return next(self._found(folded, any_case), None) is not None

    def _found(self, folded: Folded, any_case: bool) -> Iterator[Match]:
        if self._seam is None:
            return
        names, position, floor = folded.names, 0, 0
        search = self._seam.search
        while hit := search(names, position):
            start, end = hit.span()
            cell = self._whole_cell(folded, start + 1, end - 1)
            if cell is not None:
                yield cell
                position = floor = end - 1
                continue
            second = max(names.rfind(b" ", start, end - 1), names.rfind(b"\n", start, end - 1)) + 1
            seam = _Seam(start + 1, second, end - 1)
            position = second - 1
            matches = self._matches(folded, seam, floor, any_case)
            if matches:
                yield from matches
                position = floor = matches[-1].end + 1

    def _matches(
        self, folded: Folded, seam: _Seam, floor: int, any_case: bool
    ) -> list[Match] | None:
        if BREAK in folded.names[seam.first : seam.second]:
            return self._across(folded, seam, floor)
        if not any_case and _is_plain_prose(folded, seam):
            return None
        match = self._at_seam(folded, seam, floor, any_case)
        return None if match is None else [match]

    def begins(self, typed: Sequence[bytes]) -> bool:
        """Whether a full name may begin with this folded word."""
        return bool(typed) and self._reach(typed[0]) > 0

    def pair(self, typed: Iterable[bytes]) -> NamePair | None:
        """The pair that these folded words are, all of them, in either order."""
        known = self._pairs(b" ".join(typed))
        return min(known) if known else None

    def of_text(self, text: str) -> NamePair | None:
        """The pair that a whole text is, as in a name field."""
        known = self._pairs(b" ".join(words(text)))
        return _best(known, text) if known else None

    # --- in two cells --------------------------------------------------------------------

    def _across(self, folded: Folded, seam: _Seam, floor: int) -> list[Match] | None:
        """``<td>Jean</td><td>Le Gall</td>``, ``Jean⇥Le Gall``, a name at the end of a line.

        Joined by a dot, all of a word: a login, ``jean.le-gall``.
        """
        text, names = folded.text, folded.names
        left_end = next(m.end() for m in _WORD.finditer(names, seam.first))
        joint = text[left_end - 1 : seam.second - 1]
        login = joint in (".", "_")
        if not login and _BETWEEN_CELLS.fullmatch(joint) is None:
            return None
        wrapped = _NEXT_LINE.fullmatch(joint) is not None
        left = _words_around(names, _Seam(seam.first, seam.first, left_end), floor, self._longest)
        left = [word for word in left if word.end <= left_end]
        right = _words_around(names, _Seam(seam.second, seam.second, seam.end), 0, self._longest)
        right = [word for word in right if word.start >= seam.second]
        for first in range(len(left)) if wrapped else (0,):
            for beyond in range(len(right), 0, -1) if wrapped else (len(right),):
                matches = self._cells(folded, left[first:], right[:beyond], wrapped)
                if matches and login:
                    return [Match(matches[0].start, matches[1].end, Kind.LOGIN, 0)]
                if matches:
                    return matches
        return None

    def _cells(
        self, folded: Folded, left: list[_Word], right: list[_Word], wrapped: bool
    ) -> list[Match] | None:
        known = self._pairs(b" ".join([word.letters for word in (*left, *right)]))
        if not known:
            return None
        candidate = _Candidate(folded.text, [*left, *right], 0, len(left) + len(right))
        if not candidate.capitalised(at_least=2 if wrapped else 0):
            return None
        if all(word in COMMON_WORDS or word in PARTICLES for word in candidate.letters) and (
            wrapped or not candidate.capitalised(at_least=2)
        ):
            return None
        typed = tuple(word.letters for word in left)
        kinds = next(
            (
                kinds
                for pair in _confirmed(known, candidate)
                for kinds, part in ((_GIVEN_FIRST, pair.given), (_FAMILY_FIRST, pair.family))
                if words(part) == typed
            ),
            None,
        )
        if kinds is None:
            return None
        spans = ((part[0].start - 1, part[-1].end - 1) for part in (left, right))
        return [Match(*span, kind, 0) for span, kind in zip(spans, kinds, strict=True)]

    # --- at a seam -----------------------------------------------------------------------

    def _whole_cell(self, folded: Folded, first: int, end: int) -> Match | None:
        """The quick way where data is dense: a name with capitals that is all of a cell."""
        names = folded.names
        if names[first - 1] != BREAK or names[end] != BREAK:
            return None
        words_in = names[first:end]
        known = self._pairs(words_in)
        if len(known) != 1 or not words_in.isascii():
            return None
        typed = folded.text[first - 1 : end - 1].split(" ")
        if all(word[:1].isupper() and word.isalpha() for word in typed):
            return Match(first - 1, end - 1, Kind.FULL_NAME, known[0].ref)
        return None

    def _at_seam(self, folded: Folded, seam: _Seam, floor: int, any_case: bool) -> Match | None:
        """The match that covers the seam."""
        around = _words_around(folded.names, seam, floor, self._longest)
        index = next((i for i, word in enumerate(around) if word.start == seam.first), -1)
        if index < 0:
            return None
        for first, beyond, known in self._candidates(around, index):
            candidate = _Candidate(folded.text, around, first, beyond)
            if self._accepts(candidate, any_case):
                pairs = _confirmed(known, candidate)
                if pairs:
                    return self._match(candidate, pairs)
        return None

    def _candidates(
        self, around: list[_Word], seam: int
    ) -> Iterator[tuple[int, int, tuple[NamePair, ...]]]:
        """Pairs that cover words ``seam`` and ``seam + 1``: leftmost, then longest."""
        for first in range(seam + 1):
            reach = self._reach(around[first].letters)
            for beyond in range(min(first + reach, len(around)), seam + 1, -1):
                key = b" ".join([word.letters for word in around[first:beyond]])
                if known := self._pairs(key):
                    yield first, beyond, known

    def _accepts(self, candidate: _Candidate, any_case: bool) -> bool:
        if all(word in COMMON_WORDS or word in PARTICLES for word in candidate.letters):
            good = candidate.capitalised(at_least=2)
        else:
            good = any_case or candidate.capitalised(at_least=2)
        return good and not self._is_given_name(candidate)

    def _is_given_name(self, candidate: _Candidate) -> bool:
        """``Jean-Pierre`` in ``Jean-Pierre Le Gall`` is a given name, not Jean of family Pierre."""
        if len(candidate.letters) != 2 or not candidate.hyphenated:
            return False
        head, tail = candidate.letters
        return (
            self._table.is_given_name(b" ".join(candidate.letters))
            or (head in COMPOUND_HEADS and self._table.is_given(tail))
            or candidate.has_neighbour
        )

    def _match(self, candidate: _Candidate, known: tuple[NamePair, ...]) -> Match:
        rest = candidate.around[candidate.beyond :]
        left, right = candidate.widened(
            self._table.is_given, self._table.is_family, right=not self._begins_pair(rest)
        )
        if (left, right) != (candidate.start, candidate.end):
            return Match(left, right, Kind.FULL_NAME, 0)
        return Match(left, right, Kind.FULL_NAME, _best(known, candidate.text[left:right]).ref)

    def _begins_pair(self, rest: list[_Word]) -> bool:
        """Whether the next words are a name of their own (``Paul Durand-Jean Martin``)."""
        return self._table.longest_pair([word.letters for word in rest])[0] > 0


class _Candidate:
    """Words ``first`` to ``beyond`` of those around a seam: perhaps a name."""

    __slots__ = ("around", "beyond", "end", "first", "letters", "start", "text")

    def __init__(self, text: str, around: list[_Word], first: int, beyond: int) -> None:
        self.text, self.around, self.first, self.beyond = text, around, first, beyond
        self.letters = [word.letters for word in around[first:beyond]]
        # The folded text has one more character at its start than the text.
        self.start, self.end = around[first].start - 1, around[beyond - 1].end - 1

    def capitalised(self, at_least: int) -> bool:
        """Every word of more than two letters, particles apart; ``at_least`` so many words."""
        count = 0
        for word in self.around[self.first : self.beyond]:
            if not self._small(word):
                count += 1
            elif word.end - word.start > 2 and word.letters not in PARTICLES:
                return False
        return count >= at_least

    @property
    def hyphenated(self) -> bool:
        """Whether a hyphen and nothing else joins the first two words."""
        return self._joint(self.first) in HYPHEN

    @property
    def has_neighbour(self) -> bool:
        """Whether a word with a capital stands on either side, only spaces between."""
        return any(
            0 <= other < len(self.around)
            and not self._small(self.around[other])
            and _SPACES.fullmatch(self._joint(min(other, joint)))
            for other, joint in ((self.first - 1, self.first), (self.beyond, self.beyond - 1))
        )

    def widened(
        self, given: Callable[[bytes], bool], family: Callable[[bytes], bool], *, right: bool
    ) -> tuple[int, int]:
        """The span with what is tied to it: half of ``Jean Martin-Durand`` is no name.

        A hyphen ties any word with a capital. A space ties a particle (``LE Gall Jean``) or
        another given name before the name (``Marie Jean Martin``), a family name behind it.
        """
        first, last = self.first, self.beyond - 1
        while first > 0 and (
            self._tied(first - 1, first - 1) or self._leans(first - 1, first - 1, given)
        ):
            first -= 1
        while (
            right
            and last + 1 < len(self.around)
            and (self._tied(last, last + 1) or self._leans(last, last + 1, family))
        ):
            last += 1
        return self.around[first].start - 1, self.around[last].end - 1

    def _leans(self, joint: int, other: int, names: Callable[[bytes], bool]) -> bool:
        """Whether a space, and its capital, make the other word part of the name."""
        word = self.around[other]
        if self._joint(joint) not in GAP or self._small(word) or len(word.letters) < 2:
            return False
        if word.letters in PARTICLES:
            return other < self.first and self.text[word.start - 1 : word.end - 1].isupper()
        return names(word.letters) and word.letters not in COMMON_WORDS

    def _tied(self, joint: int, other: int) -> bool:
        return self._joint(joint) in HYPHEN and not self._small(self.around[other])

    def _joint(self, index: int) -> str:
        """What stands between word ``index`` and the next one."""
        return self.text[self.around[index].end - 1 : self.around[index + 1].start - 1]

    def _small(self, word: _Word) -> bool:
        return self.text[word.start - 1].islower()


_GIVEN_FIRST = (Kind.GIVEN_NAME, Kind.FAMILY_NAME)
_FAMILY_FIRST = (Kind.FAMILY_NAME, Kind.GIVEN_NAME)


def _is_plain_prose(folded: Folded, seam: _Seam) -> bool:
    """Most false seams end here: both words are small, or one is and no particle."""
    text, names = folded.text, folded.names
    small_first, small_second = text[seam.first - 1].islower(), text[seam.second - 1].islower()
    if small_first and small_second:
        return True
    if small_first:
        word = names[seam.first : names.index(b" ", seam.first)]
        return len(word) > 2 and word not in PARTICLES
    if small_second:
        word = names[seam.second : seam.end]
        return len(word) > 2 and word not in PARTICLES
    return False


def _words_around(names: bytes, seam: _Seam, floor: int, count: int) -> list[_Word]:
    """Some ``count`` words of the seam's line on either side, none cut, none before ``floor``."""
    near, far = max(0, seam.first - REACH), seam.end + REACH
    low = max(names.rfind(b"\n", near, seam.first) + 1, floor)
    if low < near:
        low = names.index(b" ", near) + 1
    high = names.find(b"\n", seam.end, far)
    if high < 0:
        high = max(names.rfind(b" ", seam.end, far), seam.end)
    left = names[low : seam.first].rsplit(None, count)
    if len(left) > count:
        low += len(left[0])
    found = islice(_WORD.finditer(names, low, high), 2 * count + 2)
    around = [_Word(word[0], *word.span()) for word in found]
    if names[low:high].isascii():
        return around
    return [word._replace(letters=expand(word.letters)) for word in around]


def _confirmed(known: tuple[NamePair, ...], candidate: _Candidate) -> tuple[NamePair, ...]:
    """Letters of other scripts fold to classes: keep the pairs that have the very letters."""
    if not OTHER_SCRIPT.search(b"".join(candidate.letters)):
        return known
    typed = sorted(spelling(candidate.text[candidate.start : candidate.end]))
    return tuple(pair for pair in known if sorted(spelling(pair.given + pair.family)) == typed)


def _best(known: tuple[NamePair, ...], typed: str) -> NamePair:
    """Of names that fold alike, the one that is spelt as typed; then a stable choice."""
    if len(known) == 1:
        return known[0]
    bare = _SPACES.sub(" ", typed.casefold().replace(",", ""))
    shouted = typed.split(" ")[0].isupper() and not typed.isupper()

    def rank(pair: NamePair) -> tuple[bool, bool, int]:
        given, family = pair.given.casefold(), pair.family.casefold()
        natural, reverse = f"{given} {family}" == bare, f"{family} {given}" == bare
        return not (natural or reverse), natural if shouted else not natural, pair.ref

    return min(known, key=rank)


def compile_words(keys: Iterable[bytes]) -> re2._Regexp:
    """A pattern for these folded names of one or more words, the longest first."""
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    longest_first = sorted(keys, key=lambda key: (-len(key), key))
    names = "|".join(_JOINT.join(map(as_pattern, key.split())) for key in longest_first)
    return re2.compile(f"[ \n](?:{names})[ \n]".encode("latin-1"), options)
