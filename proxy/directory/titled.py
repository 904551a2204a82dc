"""``Mme Le Gall``, ``J. Le Gall``, ``Le Gall J.``: a family name and a sign that it is one.

The sign alone is not enough: an academy has every initial with every common surname. The
family must be near, that is of the viewer's school (``FamilyScope``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Protocol

import re2

from proxy.directory.fold import Folded, expand
from proxy.directory.match import Match
from proxy.directory.neighbours import REACH, ends
from proxy.directory.words import TITLES
from proxy.kinds import Kind

_MOST_WORDS = 5
_WORD = re.compile(rb"[^ \n]+")
_INITIALS = re.compile(r"(?<![^\W_])(?:[^\W\d_]\.[ \xa0\u202f-]?){1,3}\Z")


class FamilyScope(Protocol):
    """Which families are near enough for a title or an initial to name one of theirs."""

    def family(self, key: bytes) -> int | None:
        """The reference of a family name of the viewer's school, by its folded words."""

    def person(self, letter: int, family: bytes) -> int | None:
        """The reference of somebody of that family whose given name begins so."""


def find(folded: Folded, scope: FamilyScope) -> Iterator[Match]:
    """Matches in ``folded.text``, left to right."""
    names, position = folded.names, 0
    while hit := _SIGN.search(names, position):
        start, end = hit.span()
        position = end - 3
        if names[start] in b" \n":
            match = _before(folded, start + 1, end, scope)
        else:
            match = _behind(folded, end - 2, scope)
        if match is not None:
            yield match
            position = max(match.end, position)


def _before(folded: Folded, start: int, end: int, scope: FamilyScope) -> Match | None:
    """A title or an initial at ``names[start]``, two letters of the next word before ``end``."""
    text, names = folded.text, folded.names
    if text[start - 1].islower():
        return None
    second = end - 2
    if text[second - 1].islower():
        return None
    stop = names.find(b"\n", second, second + REACH)
    stop = second + REACH if stop < 0 else stop
    line = list(islice(_WORD.finditer(names, second, stop), _MOST_WORDS))
    initials = _INITIALS.search(text, max(0, start - 9), second - 1)
    for count in range(len(line), 0, -1):
        last = line[count - 1]
        if text[last.start() - 1].islower() or not ends(folded, last.end()):
            continue
        family = b" ".join([expand(word[0]) for word in line[:count]])
        if initials is not None:
            ref = scope.person(names[initials.start() + 1], family)
            if ref is not None:
                return Match(initials.start(), last.end() - 1, Kind.FULL_NAME, ref)
        if names[start:second].split(None, 1)[0].strip() in TITLES:
            ref = scope.family(family)
            if ref is not None:
                return Match(second - 1, last.end() - 1, Kind.FAMILY_NAME, ref)
    return None


def _behind(folded: Folded, letter: int, scope: FamilyScope) -> Match | None:
    """``Le Gall J.``, the initial at ``names[letter]``."""
    text, names = folded.text, folded.names
    if text[letter : letter + 1] != "." or text[letter - 1].islower():
        return None
    near = max(0, letter - REACH)
    low = names.rfind(b"\n", near, letter)
    line = list(_WORD.finditer(names, max(low, near), letter - 1))[-_MOST_WORDS:]
    for first in range(len(line)):
        if text[line[first].start() - 1].islower() or text[line[-1].start() - 1].islower():
            continue
        family = b" ".join([expand(word[0]) for word in line[first:]])
        ref = scope.person(names[letter], family)
        if ref is not None:
            return Match(line[first].start() - 1, letter + 1, Kind.FULL_NAME, ref)
    return None


def _compile() -> re2._Regexp:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.never_capture = True
    titles = b"|".join(sorted(TITLES)).decode()
    before = rf"(?:(?:{titles})\n? {{1,3}}|[a-z]\n {{0,2}})[a-z\x9c-\x9e\xc0-\xff]{{2}}"
    behind = r"[a-z\x9c-\x9e\xc0-\xff]{2} {1,3}[a-z]\n"
    return re2.compile(f"(?:[ \\n](?:{before})|{behind})".encode("latin-1"), options)


_SIGN = _compile()
