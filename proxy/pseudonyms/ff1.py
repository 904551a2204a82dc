"""FF1, format-preserving encryption as NIST SP 800-38G has it (revision 1: FF3 is gone).

A permutation of the numbers below ``radix ** length``, for fields too short for a whole AES
block. Ten Feistel rounds; the round function is AES in CBC-MAC over P (what is being
enciphered: radix, length, tweak) and Q (round number and one half). Numbers below are those
of the steps of algorithm 7. P and the constant blocks of Q are enciphered once, here, so that
a round costs one AES block for every length we use.

The standard asks for at least a million numbers; so does ``FF1``.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

SMALLEST = 1_000_000
_ROUNDS = 10
_BLOCK = 16


class FF1:
    """One key, radix, length and tweak; works on numbers, most significant numeral first."""

    __slots__ = ("_chained", "_encrypt", "_half_bytes", "_moduli", "_pad", "_tail", "_take", "size")

    def __init__(self, key: bytes, radix: int, length: int, tweak: bytes = b"") -> None:
        self.size: int = radix**length
        if length < 2 or self.size < SMALLEST:
            raise ValueError(f"FF1 needs {SMALLEST} numbers or more")
        # ECB block by block is the bare cipher that CBC-MAC is made of.
        self._encrypt = Cipher(AES(key), ECB()).encryptor().update  # noqa: S305
        u = length // 2  # 1
        v = length - u
        self._moduli: tuple[int, int] = (radix**u, radix**v)
        self._half_bytes = ((radix**v - 1).bit_length() + 7) // 8  # 3: b
        self._take = 4 * ((self._half_bytes + 3) // 4) + 4  # 4: d
        p = bytes((1, 2, 1)) + radix.to_bytes(3) + bytes((10, u & 0xFF))  # 5
        p += length.to_bytes(4) + len(tweak).to_bytes(4)
        q = tweak + bytes(-(len(tweak) + self._half_bytes + 1) % _BLOCK)  # 6i, what is constant
        constant = len(q) - len(q) % _BLOCK
        self._chained = self._mac(0, p + q[:constant])
        self._tail = int.from_bytes(q[constant:])
        self._pad = len(q) - constant + 1 + self._half_bytes

    def __repr__(self) -> str:
        return "FF1()"

    def encrypt(self, number: int) -> int:
        """The number that stands for ``number``; both below ``size``."""
        moduli = self._moduli
        a, b = divmod(number, moduli[1])  # 2
        for i in range(_ROUNDS):
            a, b = b, (a + self._round(i, b)) % moduli[i & 1]  # 6v to 6ix
        return a * moduli[1] + b  # 7: after an even number of rounds A has u numerals again

    def decrypt(self, number: int) -> int:
        """The inverse of ``encrypt``."""
        moduli = self._moduli
        a, b = divmod(number, moduli[1])
        for i in range(_ROUNDS - 1, -1, -1):
            a, b = (b - self._round(i, a)) % moduli[i & 1], a
        return a * moduli[1] + b

    def _round(self, i: int, half: int) -> int:
        """6i to 6iv: y, from the round's number and the half that stays."""
        q = ((self._tail << 8) | i) << (8 * self._half_bytes) | half
        if self._pad == _BLOCK:
            r = self._encrypt((self._chained ^ q).to_bytes(_BLOCK))
        else:
            r = self._mac(self._chained, q.to_bytes(self._pad)).to_bytes(_BLOCK)
        s = r
        for j in range(1, (self._take + _BLOCK - 1) // _BLOCK):  # 6iii
            s += self._encrypt((int.from_bytes(r) ^ j).to_bytes(_BLOCK))
        return int.from_bytes(s[: self._take])

    def _mac(self, chained: int, blocks: bytes) -> int:
        for at in range(0, len(blocks), _BLOCK):
            block = chained ^ int.from_bytes(blocks[at : at + _BLOCK])
            chained = int.from_bytes(self._encrypt(block.to_bytes(_BLOCK)))
        return chained
