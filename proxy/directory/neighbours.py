"""What stands next to a name, and whether it belongs to it: never half a name.

``Jean`` in ``Jean-Pierre Le Gall`` is half of another name, ``Gall`` in ``LE GALL`` as well.
"""

from __future__ import annotations

import re

from proxy.directory.fold import HYPHENS, SPACES, Folded
from proxy.directory.words import PARTICLES, TITLES

REACH = 256
"""How far from a word we look for its neighbour."""
HYPHEN = frozenset(HYPHENS)
GAP = frozenset(SPACES)
BREAK = 0x0A
_WORD = re.compile(rb"[^ \n]+")
_MOST_TIED = 3


def capitalised(folded: Folded, start: int, end: int) -> bool:
    """Whether the words of ``names[start:end]`` have capitals, small ones and particles apart."""
    typed = folded.text[start - 1 : end - 1]
    return not any(
        len(word[0]) > 2 and typed[word.start()].islower() and word[0] not in PARTICLES
        for word in _WORD.finditer(folded.names[start:end])
    )


def tied(folded: Folded, start: int, end: int) -> tuple[int, int]:
    """``names[start:end]`` with what makes it part of a longer name: hyphens, capitals."""
    names = folded.names
    for _ in range(_MOST_TIED):
        if begins(folded, start):
            break
        near = max(0, start - REACH)
        start = max(names.rfind(b" ", near, start - 1), names.rfind(b"\n", near, start - 1)) + 1
    for _ in range(_MOST_TIED):
        if ends(folded, end):
            break
        word = _WORD.search(names, end, end + REACH)
        end = word.end() if word else end
    return start, end


def begins(folded: Folded, start: int) -> bool:
    """Whether no particle and no hyphen ties what stands before ``names[start]`` to it."""
    text, names = folded.text, folded.names
    before = text[start - 2 : start - 1] if start > 1 else ""
    if before in HYPHEN and start > 2 and text[start - 3].isalpha():
        return False
    if before not in GAP:
        return True
    near = max(0, start - REACH)
    word_at = max(names.rfind(b" ", near, start - 1), names.rfind(b"\n", near, start - 1)) + 1
    word = names[word_at : start - 1]
    if not word or text[word_at - 1].islower() or word in TITLES:
        return True
    opens = word_at < 2 or names[word_at - 1] == BREAK
    opens = opens or text[max(0, word_at - 9) : word_at - 1].rstrip()[-1:] in ".!?:"
    return opens and word not in PARTICLES


def ends(folded: Folded, end: int) -> bool:
    """Whether no hyphen and no capital ties what stands behind ``names[end]`` to it."""
    text, names = folded.text, folded.names
    behind = text[end - 1 : end]
    if behind in HYPHEN and behind:
        return not text[end : end + 1].isalpha()
    if behind not in GAP:
        return True
    following = text[end : end + 1]
    return not following.isalpha() or following.islower() or names[end + 1] == BREAK
