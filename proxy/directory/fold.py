"""Folding: what two spellings of one name or number have in common, one byte a character.

A text is folded twice, into two byte strings of the text's own length (so that an offset in
one is an offset in the other):

``names``  letters become a-z (accents and case gone); what may stand between the words of a
           name (space, no-break space, hyphen, apostrophe, comma) becomes a space; everything
           else, a line break. A name therefore never crosses a quote, a brace or a digit.
``ids``    ASCII in lower case, accents gone, ``_`` as byte 2 so that ``\\b`` sees a boundary
           there, every space a space, anything else NUL.

Both come from one ``bytes.translate`` for the 99 % of texts that Latin-1 or Windows-1252 can
hold (1 GB/s). Other texts (ł, ş, decomposed accents, other scripts) take the slow path: marks
are taken out, the rest is translated character by character, and ``shift`` brings offsets back.

Letters that are two in ASCII keep one byte here (``œ`` 0x9C, ``æ`` 0x9D, ``ß`` 0x9E); tokens
are expanded after splitting. A letter of another script is one of 64 classes (0xC0-0xFF): a
filter, to be confirmed on the text itself with ``spelling``.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from typing import NamedTuple

HYPHENS = "-\u2010\u2011\u2012\u2013\u2043\u2212\ufe63\uff0d"
SPACES = " \xa0\u2002\u2003\u2005\u2007\u2009\u202f\u3000"
APOSTROPHES = "'’\u02bc\u2018\uff07"
SOFT = SPACES + HYPHENS + APOSTROPHES + ","
"""What may stand between two words of one name. See the contract in ``content/visitor.py``."""

_LIGATURES = {"œ": 0x9C, "æ": 0x9D, "ß": 0x9E}
EXPANSIONS = ((b"\x9c", b"oe"), (b"\x9d", b"ae"), (b"\x9e", b"ss"))
_UNDECOMPOSED = {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "ŧ": "t", "ĸ": "k"}
OTHER_SCRIPT = re.compile(rb"[\xc0-\xff]")
_MARKS = re.compile("[\u0300-\u036f\xad\u200b-\u200d\u2060\ufeff]+")
"""What a reader does not see: combining marks, soft hyphens, joiners of no width."""
_HARD, _SPACE, _UNDERSCORE = 0x0A, 0x20, 0x02


class Shift:
    """Offsets in a text without its marks (``_MARKS``), brought back to the text as given."""

    __slots__ = ("_at", "_by")

    def __init__(self, text: str) -> None:
        self._at: list[int] = []
        self._by = [0]
        for mark in _MARKS.finditer(text):
            self._at.append(mark.start() - self._by[-1])
            self._by.append(self._by[-1] + mark.end() - mark.start())

    def back(self, offset: int) -> int:
        """Marks that stand at ``offset`` belong to the character before it."""
        return offset + self._by[bisect_right(self._at, offset)]


class Folded(NamedTuple):
    """A text and its two foldings. ``text`` is the given one without combining marks."""

    text: str
    names: bytes
    ids: bytes
    shift: Shift | None


def fold(text: str) -> Folded:
    """Both foldings of ``text``. ``names`` has one line break more at either end."""
    if "\xad" in text:
        return _fold_slowly(text)
    try:
        raw = text.encode("latin-1")
        tables = _LATIN_1
    except UnicodeEncodeError:
        try:
            raw = text.encode("cp1252")
            tables = _CP1252
        except UnicodeEncodeError:
            return _fold_slowly(text)
    names, ids = tables
    return Folded(text, b"\n%b\n" % raw.translate(names), raw.translate(ids), None)


def _fold_slowly(text: str) -> Folded:
    shift = Shift(text) if _MARKS.search(text) else None
    bare = _MARKS.sub("", text) if shift else text
    names = bare.translate(_WIDE_NAMES).encode("latin-1")
    ids = bare.translate(_WIDE_IDS).encode("latin-1")
    return Folded(bare, b"\n%b\n" % names, ids, shift)


def words(name: str) -> tuple[bytes, ...]:
    """The folded words of one name of the directory. Whatever parts words parts them here."""
    return tuple(expand(word) for word in fold(name).names.split())


def name_key(name: str) -> str:
    """One name alone, whatever its case, accents and separators."""
    folded = b" ".join(words(name))
    key = folded.decode("latin-1")
    return f"{key} {spelling(name)}" if OTHER_SCRIPT.search(folded) else key


def expand(word: bytes) -> bytes:
    """``œ`` and its like as the two letters they also are written with."""
    for short, long in EXPANSIONS:
        if short in word:
            word = word.replace(short, long)
    return word


def spelling(text: str) -> str:
    """The letters of a text without case and accents: confirms what classes of letters met."""
    return "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if c.isalpha())


def _name_byte(character: str) -> int:
    if character in SOFT:
        return _SPACE
    if not character.isalpha():
        return _HARD
    letter = character.lower()[0]
    if letter in _LIGATURES:
        return _LIGATURES[letter]
    base = _UNDECOMPOSED.get(letter) or unicodedata.normalize("NFKD", letter)[0]
    if base.isascii():
        return ord(base) if base.isalpha() else _HARD
    return 0xC0 | ord(base) & 0x3F if base.isalpha() else _HARD


def _id_byte(character: str) -> int:
    if character == "_":
        return _UNDERSCORE
    if character.isascii():
        return ord(character.lower())
    if character in SOFT:
        if character in APOSTROPHES:
            return ord("'")
        return _SPACE if character in SPACES else ord("-")
    byte = _name_byte(character)
    return byte if byte < 0x80 and byte != _HARD else 0


class _Wide(dict[int, int]):
    """A translation table that grows as characters are met, up to the 65,536 usual ones."""

    def __init__(self, *, ids: bool) -> None:
        super().__init__()
        self._byte = _id_byte if ids else _name_byte

    def __missing__(self, code: int) -> int:
        byte = self._byte(chr(code))
        if code < 0x10000:
            self[code] = byte
        return byte


def _tables(encoding: str) -> tuple[bytes, bytes]:
    characters = [bytes((code,)).decode(encoding, "replace") for code in range(256)]
    return bytes(map(_name_byte, characters)), bytes(map(_id_byte, characters))


_WIDE_NAMES, _WIDE_IDS = _Wide(ids=False), _Wide(ids=True)
_LATIN_1, _CP1252 = _tables("latin-1"), _tables("cp1252")
