"""The leak oracle: does a captured stream say who anybody is?

Two searches over every reading of the bytes (``decodings``):

``people``  nobody of the cast may be found by any identifier that is claimed: both names in
            either order (whatever stands between them), e-mail and its hashes, INE, phone,
            login and number.
``near``    of the people who are in this very request not even half a name may be left: no
            word of their names at all. (The filler of the tests holds no word of any name.)
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from typing import NamedTuple

import re2

from proxy.demo.people import Person
from tests.adversary.decodings import read, views
from tests.adversary.hashes import digests

PARTICLES = frozenset("de la le du des van von der el da ben".split())
_LETTERS = str.maketrans(
    {"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ß": "ss"}
)
_BETWEEN = re.compile(r"[\W_]+")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")
_SHORT = 9
"""Names shorter than this, both together, must stand as words of their own to count."""

_TELLING = 7
"""Letters that random bytes do not spell by chance in a few megabytes."""


class Leak(NamedTuple):
    """What was found, by which search, and how it had to be read."""

    what: str
    path: str

    def __str__(self) -> str:
        return f"{self.what!r} ({self.path})"


@cache
def _plain(letters: str) -> str:
    """Letters beyond ASCII as those without marks that stand for them."""
    text = unicodedata.normalize("NFKD", letters.casefold().translate(_LETTERS))
    return "".join(c for c in text if not unicodedata.combining(c)).translate(_LETTERS)


def fold(text: str) -> str:
    """Words of small unaccented letters and digits, one space between them and at the ends."""
    if not text.isascii():
        text = _BEYOND_ASCII.sub(lambda match: _plain(match[0]), text)
    return f" {_BETWEEN.sub(' ', text.casefold()).strip()} "


def squash(text: str) -> str:
    """A folded text without its spaces."""
    return fold(text).replace(" ", "")


def name_words(person: Person) -> set[str]:
    """Words of a person's names that must not stand anywhere."""
    words = fold(f"{person.given_name} {person.family_name}").split()
    return {word for word in words if len(word) >= 4 and word not in PARTICLES}


class Oracle:
    """Knows the whole cast. ``logins``: whether a login alone is an identifier here."""

    def __init__(self, people: Iterable[Person]) -> None:
        words: set[str] = set()
        tight: set[str] = set()
        loose: set[str] = set()
        for person in people:
            words |= {item.lower() for item in (person.national_id, person.student_number) if item}
            words |= {person.login} if any(c.isdigit() for c in person.login) else set()
            tight |= {squash(person.email), person.phone[1:]}
            tight |= {squash(digest) for digest in digests(person.email)}
            for order in (
                (person.given_name, person.family_name),
                (person.family_name, person.given_name),
            ):
                name = " ".join(order)
                if len(squash(name)) < _SHORT:
                    loose.add(fold(name))
                else:
                    tight.add(squash(name))
        self._words = words
        self._tight, self._loose = _any_of(tight), _any_of(loose)

    def people(self, raw: bytes) -> list[Leak]:
        """Identifiers of anybody in any reading of ``raw``."""
        return list(self.search(raw, ()))

    def near(self, raw: bytes, here: Iterable[Person]) -> list[Leak]:
        """The same, and what is left of the names of those who are in this request."""
        return list(self.search(raw, here))

    def in_clear(self, raw: bytes) -> list[Leak]:
        """Only what anybody sees who opens a file: for megabytes of it.

        Sealed values are random bytes, which spell any word of a few letters now and then.
        """
        texts = {raw, raw.replace(b"\0", b"")}
        words = {word for word in self._words if len(word) >= _TELLING}
        found = {
            what
            for text in texts
            for what in self._in_text(fold(read(text)), words)
            if len(what.replace(" ", "")) >= _TELLING
        }
        return [Leak(what, "in clear") for what in sorted(found)]

    def search(self, raw: bytes, here: Iterable[Person]) -> Iterator[Leak]:
        """Each leak once, with the shortest way to it."""
        forbidden = self._words.union(*map(name_words, here))
        seen: set[str] = set()
        for path, data in views(raw):
            for what in self._in_text(fold(read(data)), forbidden):
                if what not in seen:
                    seen.add(what)
                    yield Leak(what, path)

    def _in_text(self, folded: str, forbidden: set[str]) -> Iterator[str]:
        yield from forbidden.intersection(folded.split())
        for pattern, text in ((self._loose, folded), (self._tight, folded.replace(" ", ""))):
            for match in pattern.finditer(text):
                yield match.group()


def _any_of(texts: set[str]) -> re2._Regexp:
    options = re2.Options()
    options.max_mem = 256 << 20
    return re2.compile("|".join(re.escape(text) for text in sorted(texts)), options)
