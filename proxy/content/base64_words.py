"""Which words may be base64 of text: one pass that leaves next to none of a language's own.

Three bytes are four characters of six bits. The first two bits of each byte (is it ASCII,
does it begin or go on with a UTF-8 sequence, is it a control?) stand each in a character of
their own, the first three of a group. So "what these characters stand for is UTF-8" is a
regular language over the characters themselves, and RE2 tells it without decoding: of the
words of prose, keys, hashes and numbers hardly one in a thousand is left. What is left is
decoded and judged by its bytes (``base64.readable``).

The languages, for the first eleven characters (eight bytes) of a word:

- UTF-8: ``(ASCII | lead continuation{1,3})*``;
- a legacy charset, for the first ten characters: no control byte, at most three bytes beyond
  ASCII, and a capital among the characters (hardly a text is without);
- hexadecimal of UTF-8 (``4a65616e…``), for its first six characters;
- gzip, and UTF-16 with a byte order mark or a Latin letter among its first four.

All are wider than what they stand for: a word is judged only after it was decoded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache

import re2

MIN = 11
"""Eight bytes of text are eleven characters without padding."""
_LEGACY = 10
_MEMORY = 64 << 20
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_CAPITALS = frozenset(range(26))
_ALL = frozenset(range(64))
_UTF_16 = (
    "[/_][/_][4-7]|[/_]v[89+/_-]",  # byte order marks
    ".[AQgw][ABCD]",  # little end first: the second byte is zero
    "A[A-P]",  # big end first: the first one is
    "....A[A-P]",  # the same for the second letter
    "..[AEIMQUYcgkosw048]A",
    "......[AEIMQUYcgkosw048]A",  # and the third, and the fourth
    ".....[AQgw][ABCD]",
    ".........[AQgw][ABCD]",
    "........A[A-P]",
)
_HEXADECIMAL = (
    r"(?:0x)?(?:[2-7][0-9A-Fa-f]|[cCdD][0-9A-Fa-f][89abAB][0-9A-Fa-f]"
    r"|[eE][0-9A-Fa-f](?:[89abAB][0-9A-Fa-f]){2}){6}"
)
_RUN = re.compile(rb"[A-Za-z0-9+/_-]+")
_RUN_BACKWARDS = re.compile(rb"[A-Za-z0-9+/_-]*")
_REACH = 4096


def _ascii(place: int, code: int) -> bool:
    """Whether this character says that byte ``place`` is ASCII, and no control byte."""
    if place == 1:
        return code < 32 and code not in (0, 1, 4, 5, 6, 7)
    if place == 2:
        return not code & 8 and code & 15 != 1
    return not code & 2


def _high(place: int, code: int) -> bool:
    return bool(code & (32, 8, 2)[place - 1])


def _continues(place: int, code: int) -> bool:
    return _high(place, code) and not code & (16, 4, 1)[place - 1]


def _leads(place: int, code: int) -> bool:
    return _high(place, code) and bool(code & (16, 4, 1)[place - 1])


def _codes(place: int, holds: Callable[[int, int], bool]) -> frozenset[int]:
    return frozenset(code for code in range(64) if holds(place, code))


@cache
def _one_of(codes: frozenset[int]) -> str:
    """A character class, both alphabets."""
    letters = "".join(_LETTERS[code] for code in sorted(codes) if code < 62)
    signs = ("+" if 62 in codes else "") + ("/" if 63 in codes else "")
    url = ("_" if 63 in codes else "") + ("-" if 62 in codes else "")
    return f"[{letters}{signs}{url}]"


def _either(ways: Iterable[str]) -> str:
    return "(?:" + "|".join(ways) + ")"


@cache
def _utf8(at: int, due: tuple[int, int]) -> str:
    """The language from character ``at`` on; ``due``: continuations that must, and may, come."""
    if at == MIN:
        return ""
    place = at % 4 + 1
    if place == 4:
        return _one_of(_ALL) + _utf8(at + 1, due)
    must, may = due
    ways = []
    if may:
        going_on = (max(0, must - 1), may - 1)
        ways.append(_one_of(_codes(place, _continues)) + _utf8(at + 1, going_on))
    if not must:
        ways.append(_one_of(_codes(place, _ascii)) + _utf8(at + 1, (0, 0)))
        ways.append(_one_of(_codes(place, _leads)) + _utf8(at + 1, (1, 3)))
    return _either(ways)


@cache
def _legacy(at: int, highs: int, capital: bool) -> str | None:
    """The language from character ``at`` on: how many high bytes may come, is a capital due."""
    if at == _LEGACY:
        return None if capital else ""
    place = at % 4 + 1
    if place == 4:
        kinds = [(_ALL, highs)]
    else:
        kinds = [(_codes(place, _ascii), highs)]
        if highs:
            kinds.append((_codes(place, _high), highs - 1))
    ways = []
    for codes, left in kinds:
        split = [(codes, False)]
        if capital:
            split = [(codes & _CAPITALS, False), (codes - _CAPITALS, True)]
        for some, due in split:
            rest = _legacy(at + 1, left, due)
            if some and rest is not None:
                ways.append(_one_of(some) + rest)
    return _either(ways) if ways else None


def _compile() -> re2._Regexp:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    options.never_capture = True
    options.max_mem = _MEMORY
    any_one = _one_of(_ALL)
    ways = [_utf8(0, (0, 0)), _legacy(0, 3, True) or "", "H4sI"]
    ways.append(_HEXADECIMAL)
    ways += [f"{way}{any_one}{{5}}".replace(".", any_one) for way in _UTF_16]
    return re2.compile(f"[^A-Za-z0-9]{_either(ways)}".encode(), options)


_SUSPECT = _compile()


def suspects(text: str) -> Iterator[bytes]:
    """The words of ``text`` that may be base64 of text: whole runs of either alphabet."""
    data = b"\n" + text.encode("latin-1", "replace")
    at = 0
    while hit := _SUSPECT.search(data, at):
        begin = hit.start() + 1
        run = _RUN.match(data, begin)
        assert run is not None
        before = _RUN_BACKWARDS.match(data[max(at, begin - _REACH) : begin][::-1])
        assert before is not None
        at = run.end()
        yield data[begin - before.end() : at]


def may_hold(text: str) -> bool:
    """Whether there is any such word."""
    if len(text) < MIN:
        return False
    return _SUSPECT.search(b"\n" + text.encode("latin-1", "replace")) is not None
