"""What one request has already shown: identities of its fields, and whose classmates they are.

A value under a name field is certain there; in the comment beside it it is only a word. So the
first reading of a request notes what it met (``Seen``), and if any of that stands elsewhere
too, the request is read once more with a net made for it (``SeenNet``). A lone given name or
surname counts only here: because a field of this request holds it, or because several
classmates stand in it, so that the rest of their class is near (never a whole school: within
1,200 pupils every other given name is shared, and a hundred a megabyte are mere words).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from itertools import pairwise
from typing import Protocol

import re2

from proxy.directory.birth_dates import dates
from proxy.directory.classes import CLASS_SIZE
from proxy.directory.fold import Folded, expand, fold, words
from proxy.directory.match import Match
from proxy.directory.names import compile_words
from proxy.directory.neighbours import BREAK, capitalised, tied
from proxy.directory.words import COMMON_WORDS, PARTICLES
from proxy.kinds import Kind
from proxy.pseudonyms.dates import read

_MOST = 500
_MOST_TEXT = 2_000_000
_MIN_EXACT = 5
_NAMES = (Kind.GIVEN_NAME, Kind.FAMILY_NAME)
_EXACT = (
    Kind.EMAIL, Kind.LOGIN, Kind.NATIONAL_ID, Kind.STUDENT_NUMBER, Kind.PHONE, Kind.UUID,
)  # fmt: skip
_KEPT = (*_NAMES, *_EXACT, Kind.FULL_NAME)
_NO_LINE = (sys.maxsize, sys.maxsize)
_JOINED = re.compile(rb"[0-9]|[.@_+-]")


class People(Protocol):
    """The directory, as far as birth dates go. The index implements it."""

    def lookup(self, kind: Kind, text: str) -> int | None:
        """The value that a text spells."""

    def born(self, refs: Iterable[int]) -> frozenset[date | None]:
        """Birth dates of those whom values point at; ``None`` for one that is not known."""


@dataclass(slots=True)
class Seen:
    """What the first reading met. Lives as long as one request."""

    values: dict[tuple[Kind, str], None] = field(default_factory=dict)
    """Values of fields, in order."""
    halves: dict[tuple[Kind, str], None] = field(default_factory=dict)
    """The two names of each known person whose full name a field held."""
    logins: set[str] = field(default_factory=set)
    """Values of fields that the directory knows as logins: such a one may be a mere word."""
    refs: set[int] = field(default_factory=set)
    """Directory values found anywhere."""
    births: set[date] = field(default_factory=set)
    """Birth dates that fields gave."""
    texts: list[str] = field(default_factory=list)
    size: int = 0

    def value(self, kind: Kind, text: str) -> None:
        """A field held this."""
        if len(self.values) < _MOST and (
            kind in _NAMES or kind in _EXACT or kind is Kind.FULL_NAME
        ):
            self.values[kind, text] = None

    def person(self, given: str, family: str) -> None:
        """A field held the full name of somebody known: each half may stand alone elsewhere.

        A family name that is a word as well may as soon be the word (*Page*, *Petit*).
        """
        if len(self.halves) < _MOST:
            self.halves[Kind.GIVEN_NAME, given] = None
            if not _is_word(family):
                self.halves[Kind.FAMILY_NAME, family] = None

    def text(self, text: str) -> None:
        """A text was searched; it may be again."""
        if self.size < _MOST_TEXT:
            self.texts.append(text)
            self.size += len(text)

    def birth(self, text: str) -> None:
        """A field gave this as a birth date."""
        written = read(text.strip())
        if written is not None:
            self.births.add(written.day)

    def certain_dates(self, directory: People) -> frozenset[date]:
        """Dates in the texts that are birth dates of people in the request.

        What the words around say is believed where somebody stands here whose date is not known.
        """
        if not (self.refs or self.values or self.births) or self.size >= _MOST_TEXT:
            return frozenset()
        texts = list(filter(_may_date, self.texts))
        if not texts:
            return frozenset()
        named = self._named(directory)
        known = directory.born(self.refs | named)
        strange = None in known or (bool(self.values) and not named and not self.births)
        certain = self.births | known
        if not strange:
            years = {str(day.year) for day in certain if day is not None}
            texts = [text for text in texts if any(year in text for year in years)]
        found = (each for text in texts for each in dates(fold(text)))
        return frozenset(
            each.day for each in found if each.day in certain or (strange and each.told >= 0)
        )

    def _named(self, directory: People) -> set[int]:
        """The directory's values among those of fields, names in two fields too."""
        values = [value for value in self.values if value[0] not in _NAMES]
        names = [(kind, text) for kind, text in self.values if kind in _NAMES]
        for (kind, text), (other, beside) in pairwise(names):
            if kind is not other:
                parts = (text, beside) if kind is Kind.GIVEN_NAME else (beside, text)
                values.append((Kind.FULL_NAME, " ".join(parts)))
        return {ref for kind, text in values if (ref := directory.lookup(kind, text))}

    def net(
        self, classmates: Iterable[tuple[Kind, str]], certain: frozenset[date] = frozenset()
    ) -> SeenNet | None:
        """The net for a second reading, or ``None`` if it would find nothing."""
        values = [*self.values, *self.halves, *(near := list(classmates))]
        if certain:
            return SeenNet(self.values, near, certain, self.halves, self.logins)
        if not values or not self._may_stand(values):
            return None
        net = SeenNet(self.values, near, certain, self.halves, self.logins)
        if self.size >= _MOST_TEXT or any(net.catches(fold(text)) for text in self.texts):
            return net
        return None

    def _may_stand(self, values: Iterable[tuple[Kind, str]]) -> bool:
        """A quick look before a net is made: the longest word of one of the values."""
        if self.size >= _MOST_TEXT:
            return True
        folded = fold("\n".join(self.texts))
        for kind, text in values:
            if kind in _EXACT:
                if fold(text.strip()).ids in folded.ids:
                    return True
            elif _longest_word(text) in folded.names:
                return True
        return False


@lru_cache(4096)
def _is_word(family: str) -> bool:
    return COMMON_WORDS.issuperset(words(family))


@lru_cache(4096)
def _longest_word(text: str) -> bytes:
    """What a name cannot stand without; what never stands, where there is none."""
    return max(words(text), key=len, default=b"\n\n\n\n")


class SeenNet:
    """Finds the values of one request in its texts."""

    __slots__ = ("_births", "_exact", "_exact_found", "_names", "_names_found")

    def __init__(
        self,
        values: Iterable[tuple[Kind, str]],
        classmates: Iterable[tuple[Kind, str]],
        births: frozenset[date] = frozenset(),
        halves: Collection[tuple[Kind, str]] = (),
        logins: Collection[str] = (),
    ) -> None:
        values = list(values)
        self._births = births
        self._names: dict[bytes, tuple[Kind, bool]] = {}
        """What the words are, and whether a field held them."""
        for given, family in _pairs(values):
            for joined in (given + family, family + given):
                self._names.setdefault(b" ".join(joined), (Kind.FULL_NAME, True))
        lone = [value for value in values if value[0] in _NAMES]
        if len(lone) <= 2 * CLASS_SIZE:
            self._add_lone(lone, frozenset(), sure=True)
        if len(halves) <= 2 * CLASS_SIZE:
            self._add_lone(halves, frozenset(), sure=False)
        self._add_lone(classmates, COMMON_WORDS, sure=False)
        self._names_found = compile_words(self._names) if self._names else None
        self._exact = dict(_exact_keys(values, logins))
        self._exact_found = _compile_exact(self._exact) if self._exact else None

    def _add_lone(
        self, values: Iterable[tuple[Kind, str]], but: frozenset[bytes], *, sure: bool
    ) -> None:
        for kind, text in values:
            parts = words(text)
            if any(len(part) > 2 and part not in PARTICLES and part not in but for part in parts):
                self._names.setdefault(b" ".join(parts), (kind, sure))

    def catches(self, folded: Folded) -> bool:
        """Whether anything is found, in any case."""
        if self._exact_found is not None and self._exact_found.search(folded.ids) is not None:
            return True
        if self._births and any(each.day in self._births for each in dates(folded)):
            return True
        return any(True for _ in self._named(folded, True, ()))

    def find(
        self, folded: Folded, any_case: bool = False, names: Sequence[Match] = ()
    ) -> list[Match]:
        """Matches in ``folded.text``; they may overlap. ``names``: those already found."""
        found = list(self._named(folded, any_case, names))
        if self._exact_found is not None:
            for hit in self._exact_found.finditer(folded.ids):
                found.append(Match(hit.start(), hit.end(), self._exact[hit[0]], 0))
        if self._births:
            found += [
                Match(each.start, each.end, Kind.BIRTH_DATE, 0)
                for each in dates(folded)
                if each.day in self._births
            ]
        return found

    def _named(self, folded: Folded, any_case: bool, known: Iterable[Match]) -> Iterator[Match]:
        """Names, none of them half of a longer one.

        What a field held is replaced with what is tied to it, a classmate's name only where it
        stands apart. Inside a name that is all of its line nothing is looked for: what is tied
        to a part of it is part of it too.
        """
        if self._names_found is None:
            return
        lines = _whole_lines(folded.names, known)
        line = next(lines, _NO_LINE)
        position = 0
        while hit := self._names_found.search(folded.names, position):
            start, end = hit.start() + 1, hit.end() - 1
            position = end
            while line[1] < end:
                line = next(lines, _NO_LINE)
            if line[0] <= start:
                position = line[1]
                continue
            key = b" ".join([expand(word) for word in folded.names[start:end].split()])
            kind, sure = self._names.get(key, (Kind.GIVEN_NAME, False))
            if not capitalised(folded, start, end) and not (any_case and key not in COMMON_WORDS):
                continue
            around = tied(folded, start, end)
            if around == (start, end):
                yield Match(start - 1, end - 1, kind, 0)
            elif sure:
                yield Match(around[0] - 1, around[1] - 1, Kind.FULL_NAME, 0)
                position = around[1]


def _may_date(text: str) -> bool:
    return "19" in text or "20" in text


def _whole_lines(names: bytes, known: Iterable[Match]) -> Iterator[tuple[int, int]]:
    """The spans in ``names`` of full names that have a line for themselves."""
    for match in known:
        if match.ref and names[match.start] == BREAK and names[match.end + 1] == BREAK:
            yield match.start + 1, match.end + 1


def _pairs(values: list[tuple[Kind, str]]) -> Iterator[tuple[tuple[bytes, ...], tuple[bytes, ...]]]:
    """Full names cut at every word, and given names with the family names next to them."""
    for kind, text in values:
        if kind is Kind.FULL_NAME:
            parts = words(text)
            for cut in range(1, min(len(parts), 6)):
                yield parts[:cut], parts[cut:]
    names = [(kind, words(text)) for kind, text in values if kind in _NAMES]
    for at, (kind, typed) in enumerate(names):
        for other, beside in names[max(0, at - 2) : at]:
            if kind is not other and typed and beside:
                yield typed, beside


def _exact_keys(
    values: list[tuple[Kind, str]], logins: Collection[str]
) -> Iterator[tuple[bytes, Kind]]:
    for kind, text in values:
        if kind in _EXACT:
            key = fold(text.strip()).ids
            certain = _JOINED.search(key) or (text in logins and key not in COMMON_WORDS)
            if len(key) >= _MIN_EXACT and b"\0" not in key and certain:
                yield key, kind


def _compile_exact(keys: Iterable[bytes]) -> re2._Regexp:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    longest_first = sorted(keys, key=lambda key: (-len(key), key))
    any_key = "|".join(re2.escape(key.decode("latin-1")) for key in longest_first)
    return re2.compile(f"\\b(?:{any_key})\\b".encode("latin-1"), options)
