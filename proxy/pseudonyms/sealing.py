"""Sealed references: the core of every pseudonym.

A reference says which value is meant; it is random (directory) or keyed (vault) and tells
nothing about the value. One AES-256 block over

    reference 64 bits | kind 8 bits | zeros 56 bits

under the key of (root version, service) hides it. The block is a permutation, so two values
never collide; it is deterministic, so a value keeps its pseudonym; and who does not have
the key hits the 56 zeros with a chance of 2**-56 a try, so pseudonyms cannot be forged and
a chance look-alike in an answer is not mistaken for one. A single block of a block cipher on
distinct inputs is what it is made for: no mode, no nonce, no home-made construction.

The UUID shape has 122 free bits. It seals reference 64 | kind 8 | zeros 50 set into a UUID's
free bits, and applies the block cipher until the result is a UUID again (cycle walking,
Black and Rogaway 2002; 64 steps on average): a permutation of the UUIDs of version 8, or of
version 4 for services that know no other.

The short form has 17 letters, 79.9 bits: reference 64 | kind 8 under FF1 (``ff1``), the rest
zero. Its 8 spare bits alone would be weak; what makes it unforgeable is that references are
sparse: of 2**64, a directory of ten million values has 10**7. So a short form counts only if
its reference exists (``Pseudonymiser`` asks), and a made-up one passes once in about 2**50.

The kind's top bit says where the reference lives: 0 directory, 1 vault.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from struct import Struct
from typing import NamedTuple

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

from proxy.kinds import KIND_OF_CODE, Kind
from proxy.pseudonyms.ff1 import FF1
from proxy.pseudonyms.keys import Keys
from proxy.pseudonyms.radix import (
    LENGTH_SHORT,
    block26,
    block32,
    letters_of,
    number_of,
    text26,
    text32,
)

CACHE = 1 << 12
"""Sealed references remembered each way, by service and version: about 1 MB when full."""

_VAULT = 0x80
_LAYOUT = Struct(">QQ")
_WALK_LIMIT = 4096  # a longer walk has a chance of 1e-28
UUID_VERSIONS = (8, 4)


class Reference(NamedTuple):
    """Which value is meant."""

    ref: int
    kind: Kind
    in_vault: bool


_OF_TAIL = {
    (code | _VAULT * in_vault) << 56: (kind, in_vault)
    for code, kind in KIND_OF_CODE.items()
    for in_vault in (False, True)
}
"""The second half of a block that is ours: a kind, then 56 zero bits."""
_TAIL_OF = {meaning: tail for tail, meaning in _OF_TAIL.items()}


class Sealer:
    """Seals references of one service under one version of the root key.

    Its methods are cached functions, made in ``__init__`` so that a hit costs no Python frame.
    """

    __slots__ = ("core26", "core32", "open26", "open32", "open_short", "open_uuid", "short", "uuid")

    def __init__(self, block_key: bytes, uuid_key: bytes, short_key: bytes) -> None:
        # ECB of exactly one block is the bare permutation; the contexts carry no state.
        cipher = Cipher(AES(block_key), ECB())  # noqa: S305
        encrypt, decrypt = cipher.encryptor().update, cipher.decryptor().update

        pack, unpack = _LAYOUT.pack, _LAYOUT.unpack

        def block(reference: Reference) -> bytes:
            ref, kind, in_vault = reference
            return encrypt(pack(ref, _TAIL_OF[kind, in_vault]))

        def opened(block: bytes | None) -> Reference | None:
            if block is None:
                return None
            ref, tail = unpack(decrypt(block))
            found = _OF_TAIL.get(tail)  # kind and zeros checked in one step
            return Reference(ref, *found) if found and ref else None

        cached = lru_cache(CACHE)
        self.core32: Callable[[Reference], str] = cached(lambda r: text32(block(r)))
        self.core26: Callable[[Reference], str] = cached(lambda r: text26(block(r)))
        self.open32: Callable[[bytes], Reference | None] = cached(lambda t: opened(block32(t)))
        self.open26: Callable[[bytes], Reference | None] = cached(lambda t: opened(block26(t)))
        self.uuid, self.open_uuid = _uuid_functions(uuid_key)
        self.short, self.open_short = _short_functions(short_key)

    def __repr__(self) -> str:
        return "Sealer()"


def _short_functions(
    key: bytes,
) -> tuple[Callable[[Reference], str], Callable[[bytes], Reference | None]]:
    cipher = FF1(key, 26, LENGTH_SHORT)

    @lru_cache(CACHE)
    def short(reference: Reference) -> str:
        return letters_of(cipher.encrypt(_number(reference)), LENGTH_SHORT)

    @lru_cache(CACHE)
    def open_short(text: bytes) -> Reference | None:
        sealed = number_of(text)
        return None if sealed is None else _reference(cipher.decrypt(sealed))

    return short, open_short


def _number(reference: Reference) -> int:
    """72 bits: the reference, then its kind."""
    ref, kind, in_vault = reference
    return ref << 8 | _TAIL_OF[kind, in_vault] >> 56


def _reference(number: int) -> Reference | None:
    """The inverse of ``_number``; ``None`` if nothing gives this number."""
    ref = number >> 8
    found = _OF_TAIL.get((number & 0xFF) << 56)
    return Reference(ref, *found) if found and 0 < ref < 1 << 64 else None


def _uuid_functions(
    key: bytes,
) -> tuple[Callable[[Reference, int], str], Callable[[bytes], Reference | None]]:
    cipher = Cipher(AES(key), ECB())  # noqa: S305 - see Sealer
    encrypt, decrypt = cipher.encryptor().update, cipher.decryptor().update

    def walk(step: Callable[[bytes], bytes], block: bytes, version: int) -> bytes:
        for _ in range(_WALK_LIMIT):
            block = step(block)
            if block[6] >> 4 == version and block[8] >> 6 == 2:
                return block
        raise RuntimeError("a cycle walk did not end")  # pragma: no cover - 1e-28

    @lru_cache(CACHE)
    def uuid(reference: Reference, version: int = 8) -> str:
        digits = walk(encrypt, _in_uuid(reference, version), version).hex()
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"

    @lru_cache(CACHE)
    def open_uuid(text: bytes) -> Reference | None:
        block = bytes.fromhex(text.replace(b"-", b"").decode())
        n = int.from_bytes(walk(decrypt, block, block[6] >> 4))
        if n & (1 << 50) - 1:
            return None
        return _reference((n >> 80) << 24 | (n >> 64 & 0xFFF) << 12 | (n >> 50 & 0xFFF))

    return uuid, open_uuid


def _in_uuid(reference: Reference, version: int) -> bytes:
    """72 bits into the first free bits of a UUID of this version; the other 50 are zero."""
    n = _number(reference)
    high, middle, low = n >> 24, n >> 12 & 0xFFF, n & 0xFFF
    return (high << 80 | version << 76 | middle << 64 | 2 << 62 | low << 50).to_bytes(16)


class ServiceSeal:
    """All versions of one service's seal: new pseudonyms by the current, any is opened."""

    __slots__ = ("current", "sealers", "service")

    def __init__(self, keys: Keys, service: str) -> None:
        self.service = service
        self.current = keys.current
        self.sealers = {
            version: Sealer(
                keys.pseudonym_key(version, service),
                keys.uuid_key(version, service),
                keys.short_key(version, service),
            )
            for version in keys.versions
        }

    def __repr__(self) -> str:
        return f"ServiceSeal({self.service!r}, versions={sorted(self.sealers)})"
