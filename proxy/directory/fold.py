"""Folding: what two spellings of one name or number have in common, one byte a character.

A text is folded twice, into two byte strings of the text's own length (so that an offset in
one is an offset in the other):

``names``  letters become a-z (accents and case gone); what may stand between the words of a
           name (space, no-break space, hyphen, apostrophe, comma) becomes a space; everything
           else, a line break. A name therefore never crosses a quote, a brace or a digit.
``ids``    ASCII in lower case, accents gone, ``_`` as byte 2 so that ``\\b`` sees a boundary
           there, every space a space, anything else NUL.

Both come from one ``bytes.translate`` for the 99 % of texts that Latin-1 or Windows-1252 can
hold (1 GB/s); a rare character among them (an arrow, ł, ş) is encoded as one that folds alike.
Other texts (decomposed accents, other scripts) take the slow path: marks are taken out, the
rest is translated character by character, and ``shift`` brings offsets back.

Letters that are two in ASCII keep one byte here (``œ`` 0x9C, ``æ`` 0x9D, ``ß`` 0x9E); tokens
are expanded after splitting. A letter of another script is one of 64 classes (0xC0-0xFF): a
filter, to be confirmed on the text itself with ``spelling``.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import NamedTuple

type Handler = Callable[[UnicodeError], tuple[bytes, int]]

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
_FOREIGN = b"\x81"
"""A byte that Windows-1252 leaves free."""
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
        return _fold_marked(text)
    try:
        raw = text.encode("latin-1")
    except UnicodeEncodeError:
        try:
            return Folded(text, *_fold_wide(text), None)
        except UnicodeEncodeError:
            return _fold_marked(text)
    names, ids = _LATIN_1
    return Folded(text, b"\n%b\n" % raw.translate(names), raw.translate(ids), None)


def flat(text: str) -> bytes | None:
    """One folding for both nets, no coarser than either, for who only wants to know what cannot
    stand in a text: letters as in ``names``, all else as in ``ids``, a soft hyphen as byte 3,
    a control character as byte 5.

    ``None`` for a text with letters beyond Latin-1, and marks on letters.
    """
    try:
        raw = text.encode("latin-1")
    except UnicodeEncodeError:
        for stranger, usual in _USUAL_STRANGERS:
            text = text.replace(stranger, usual)
        try:
            raw = text.encode("latin-1", _FOR_FLAT)
        except UnicodeEncodeError:
            return None
    return raw.translate(_FLAT)


def _flat_stranger(error: UnicodeError) -> tuple[bytes, int]:
    """An error handler of ``str.encode``: signs beyond Latin-1, but no letter or half of one."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    found = bytearray()
    for character in error.object[error.start : error.end]:
        if character.isalpha() or _MARKS.match(character) or "\ud800" <= character <= "\udfff":
            raise error
        found.append(_id_byte(character))
    return bytes(found), error.end


def _fold_marked(text: str) -> Folded:
    """Marks are taken out first. What no page can hold is translated letter by letter."""
    shift = Shift(text) if _MARKS.search(text) else None
    bare = _MARKS.sub("", text) if shift else text
    try:
        return Folded(bare, *_fold_wide(bare), shift)
    except UnicodeEncodeError:
        names = bare.translate(_WIDE_NAMES).encode("latin-1")
        ids = bare.translate(_WIDE_IDS).encode("latin-1")
        return Folded(bare, b"\n%b\n" % names, ids, shift)


def _fold_wide(text: str) -> tuple[bytes, bytes]:
    """Windows-1252, its rare strangers as characters that fold alike (``_stand_in``)."""
    names, ids = _CP1252
    raw = text.encode("cp1252", _FOR_NAMES)
    folded = b"\n%b\n" % raw.translate(names)
    if (count := raw.count(_FOREIGN)) * 20 > len(raw):
        raise UnicodeEncodeError("cp1252", text[:1], 0, 1, "another script")
    if count:
        written, at = bytearray(folded), raw.find(_FOREIGN)
        while at >= 0:
            written[at + 1] = _name_byte(text[at])
            at = raw.find(_FOREIGN, at + 1)
        folded = bytes(written)
    return folded, text.encode("cp1252", _FOR_IDS).translate(ids)


def _stand_in(bytes_of: Mapping[int, int], fold_one: Callable[[str], int]) -> Handler:
    """An error handler of ``str.encode``: for a rare character a byte that folds as it does.

    One arrow or ligature in a page would otherwise send all of it the slow way. A letter of
    another script becomes ``_FOREIGN``, which no text is encoded to; a mark is refused.
    """

    def handle(error: UnicodeError) -> tuple[bytes, int]:
        if not isinstance(error, UnicodeEncodeError):
            raise error
        found = bytearray()
        for character in error.object[error.start : error.end]:
            if _MARKS.match(character):
                raise error
            found.append(bytes_of.get(fold_one(character), _FOREIGN[0]))
        return bytes(found), error.end

    return handle


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
    if word.isascii():
        return word
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


def _inverse(table: bytes) -> dict[int, int]:
    return {folded: byte for byte, folded in reversed(list(enumerate(table)))}


_CONTROLS = "".join(chr(code) for code in (*range(32), 127) if code not in (9, 10, 13))


def _flat_byte(character: str) -> int:
    if character == "\xad":
        return 3
    if character in _CONTROLS:
        return 5
    letter = _name_byte(character) if character.isalpha() else 0
    return letter if letter >= 0x80 else _id_byte(character)


_FLAT = bytes(_flat_byte(chr(code)) for code in range(0x9C)) + bytes(
    (0x9C, *(_flat_byte(chr(code)) for code in range(0x9D, 0x100)))
)
"""The control character 0x9C stands for ``œ``, which Latin-1 lacks."""
_USUAL_STRANGERS = (
    *((stranger, "'") for stranger in "’‘"),
    *((stranger, "-") for stranger in "–\u2011"),
    *((stranger, " ") for stranger in "\u202f\u2009"),
    *((stranger, "\x9c") for stranger in "œŒ"),
    *((stranger, "\0") for stranger in "“”…—•€"),
)
_WIDE_NAMES, _WIDE_IDS = _Wide(ids=False), _Wide(ids=True)
_LATIN_1, _CP1252 = _tables("latin-1"), _tables("cp1252")
_FOR_NAMES, _FOR_IDS, _FOR_FLAT = "preau-fold-names", "preau-fold-ids", "preau-fold-flat"
_CP1252_NAMES, _CP1252_IDS = map(_inverse, _CP1252)
codecs.register_error(_FOR_NAMES, _stand_in(_CP1252_NAMES, lru_cache(4096)(_name_byte)))
codecs.register_error(_FOR_IDS, _stand_in(_CP1252_IDS, lru_cache(4096)(_id_byte)))
codecs.register_error(_FOR_FLAT, _flat_stranger)
