"""Blocks as letters: base 32 (a-z2-7, RFC 4648 in lower case) and base 26 (letters only).

Python has no C encoder for either (``base64.b32encode`` takes 7.5 µs); tables of three
characters and, on the way back, ``int(text, 32)`` do. Both directions are one to one: a text
that ``block32`` or ``block26`` accepts is exactly what its inverse gives.
"""

from __future__ import annotations

import string

BASE32 = "abcdefghijklmnopqrstuvwxyz234567"
LETTERS = string.ascii_lowercase
LENGTH32 = 26
LENGTH26 = 28  # two halves of 14 letters, 26**14 > 2**64
LENGTH_SHORT = 17  # 79.9 bits

_TWO = tuple(a + b for a in BASE32 for b in BASE32)
_THREE = tuple(a + b for a in _TWO for b in BASE32)
_PAIRS = tuple(a + b for a in LETTERS for b in LETTERS)
_QUADS_BASE = 26**4


def _digits(alphabet: str, python: bytes) -> bytes:
    """A translation to Python's digits; every other byte becomes one that ``int`` refuses."""
    table = bytearray(b"!" * 256)
    for letter, digit in zip(alphabet.encode(), python, strict=True):
        table[letter] = digit
    return bytes(table)


_TO_PYTHON32 = _digits(BASE32, b"0123456789abcdefghijklmnopqrstuv")
_TO_PYTHON26 = _digits(LETTERS, b"0123456789abcdefghijklmnop")
_HALF = 1 << 64


def text32(block: bytes) -> str:
    """26 characters for 16 bytes, high bits first, two zero bits at the end."""
    n = int.from_bytes(block) << 2
    three = _THREE
    return (
        three[n >> 115]
        + three[n >> 100 & 0x7FFF]
        + three[n >> 85 & 0x7FFF]
        + three[n >> 70 & 0x7FFF]
        + three[n >> 55 & 0x7FFF]
        + three[n >> 40 & 0x7FFF]
        + three[n >> 25 & 0x7FFF]
        + three[n >> 10 & 0x7FFF]
        + _TWO[n & 0x3FF]
    )


def block32(text: bytes) -> bytes | None:
    """The inverse; ``None`` if no block gives this text."""
    try:
        n = int(text.translate(_TO_PYTHON32), 32)
    except ValueError:
        return None
    return None if n & 3 or len(text) != LENGTH32 else (n >> 2).to_bytes(16)


def text26(block: bytes) -> str:
    """28 letters for 16 bytes."""
    return _half26(int.from_bytes(block[:8])) + _half26(int.from_bytes(block[8:]))


def _half26(n: int) -> str:
    parts: list[str] = []
    for _ in range(3):
        n, low = divmod(n, _QUADS_BASE)
        high, low = divmod(low, 676)
        parts += (_PAIRS[low], _PAIRS[high])
    parts.append(_PAIRS[n])
    return "".join(parts[::-1])


def block26(text: bytes) -> bytes | None:
    """The inverse; ``None`` if no block gives this text."""
    digits = text.translate(_TO_PYTHON26)
    try:
        high, low = int(digits[:14], 26), int(digits[14:], 26)
    except ValueError:
        return None
    if high >= _HALF or low >= _HALF or len(text) != LENGTH26:
        return None
    return high.to_bytes(8) + low.to_bytes(8)


def letters_of(number: int, length: int) -> str:
    """A number as so many letters."""
    letters = []
    for _ in range(length):
        number, letter = divmod(number, 26)
        letters.append(LETTERS[letter])
    return "".join(letters[::-1])


def number_of(letters: bytes) -> int | None:
    """The inverse of ``letters_of``; ``None`` if it is anything but lower-case letters."""
    try:
        return int(letters.translate(_TO_PYTHON26), 26)
    except ValueError:
        return None
