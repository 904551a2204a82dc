"""A subject's handle: what people write instead of a name. Opaque, stable, safe to dictate.

It is the subject's random reference in Crockford's base 32 (no I, L, O, U) with a letter of
checksum, in groups: ``s-7zq4-0m2k-x5wd-1r``. It says nothing without the store.

The letter is a sum over the field of 32 elements in which each place has a weight of its own, so
one wrong letter, or two neighbours that changed places, never fit (a remainder modulo 31 takes
``0`` for ``z``).
"""

from __future__ import annotations

_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ALIKE = str.maketrans("ILO", "110")
_LENGTH = 13


def handle(ref: int) -> str:
    """The handle of a subject's reference."""
    digits = "".join(_LETTERS[ref >> 5 * at & 31] for at in range(_LENGTH - 1, -1, -1))
    text = (digits + _check(digits)).lower()
    return "s-" + "-".join(text[at : at + 4] for at in range(0, len(text), 4))


def parse(text: str) -> int | None:
    """The inverse; ``None`` for what is no handle, or one with a slip of the pen."""
    digits = text.strip().upper().removeprefix("S-").replace("-", "").translate(_ALIKE)
    if len(digits) != _LENGTH + 1 or any(letter not in _LETTERS for letter in digits):
        return None
    ref = 0
    for letter in digits[:-1]:
        ref = ref << 5 | _LETTERS.index(letter)
    fits = ref >> 64 == 0 and digits[-1] == _check(digits[:-1])
    return ref if fits and ref else None


def _check(digits: str) -> str:
    """By Horner's rule: all so far plus the next, times x, modulo x^5 + x^2 + 1."""
    total = 0
    for letter in digits:
        total = (total ^ _LETTERS.index(letter)) << 1
        if total & 32:
            total ^= 0b100101
    return _LETTERS[total]
