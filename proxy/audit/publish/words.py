"""A checkpoint in words that can be read out over a telephone, in any language.

*Proquints* (arXiv:0901.4016): sixteen bits are five letters, consonant and vowel in turn,
``lusab`` ``babad``. Three words say the number of events, sixteen the root hash, two are a
check over both and the log's name, so a word misheard or a line swapped is noticed.
There is no signature in them: they prove what their reader has them from, as a wall does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from proxy.audit.errors import NoteError
from proxy.audit.note import Checkpoint

_CONSONANTS = "bdfghjklmnprstvz"
_VOWELS = "aiou"
_SIZE, _ROOT, _CHECK = 6, 32, 4
COUNT = (_SIZE + _ROOT + _CHECK) // 2
"""Words in a checkpoint."""


def to_words(checkpoint: Checkpoint) -> list[str]:
    """The words of a checkpoint."""
    raw = checkpoint.size.to_bytes(_SIZE) + checkpoint.root + _check(checkpoint)
    return [_word(int.from_bytes(raw[i : i + 2])) for i in range(0, len(raw), 2)]


def from_words(words: Sequence[str], origin: str) -> Checkpoint:
    """The checkpoint of the log ``origin`` that ``words`` say. Raises ``NoteError``."""
    spoken = [word for text in words for word in text.lower().replace("-", " ").split()]
    if len(spoken) != COUNT:
        raise NoteError(f"a checkpoint is {COUNT} words, these are {len(spoken)}")
    raw = b"".join(_number(place, word).to_bytes(2) for place, word in enumerate(spoken, start=1))
    size, root = int.from_bytes(raw[:_SIZE]), raw[_SIZE : _SIZE + _ROOT]
    checkpoint = Checkpoint(origin, size, root)
    if _check(checkpoint) != raw[_SIZE + _ROOT :]:
        raise NoteError(f"the words do not fit together, or are of another log than {origin}")
    return checkpoint


def _check(checkpoint: Checkpoint) -> bytes:
    return hashlib.sha256(checkpoint.text().encode()).digest()[:_CHECK]


def _word(number: int) -> str:
    letters = _CONSONANTS, _VOWELS, _CONSONANTS, _VOWELS, _CONSONANTS
    shifts = 12, 10, 6, 4, 0
    return "".join(
        alphabet[number >> shift & len(alphabet) - 1]
        for alphabet, shift in zip(letters, shifts, strict=True)
    )


def _number(place: int, word: str) -> int:
    number = 0
    good = len(word) == 5
    for position, letter in enumerate(word[:5]):
        alphabet = _VOWELS if position % 2 else _CONSONANTS
        found = alphabet.find(letter)
        good = good and found >= 0
        number = number * len(alphabet) + max(0, found)
    if not good:
        raise NoteError(
            f"word {place} cannot be right: expected five letters such as 'lusab', "
            "consonant and vowel in turn"
        )
    return number
