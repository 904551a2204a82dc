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
Black and Rogaway 2002; 64 steps on average): a permutation of the UUIDs of version 8.

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
from proxy.pseudonyms.keys import Keys
from proxy.pseudonyms.radix import block26, block32, text26, text32

CACHE = 1 << 12
"""Sealed references remembered each way, by service and version: about 1 MB when full."""

_VAULT = 0x80
_LAYOUT = Struct(">QQ")
_WALK_LIMIT = 4096  # a longer walk has a chance of 1e-28


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

    The five methods are cached functions, made in ``__init__`` so that a hit costs no
    Python frame.
    """

    __slots__ = ("core26", "core32", "open26", "open32", "open_uuid", "uuid")

    def __init__(self, block_key: bytes, uuid_key: bytes) -> None:
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

    def __repr__(self) -> str:
        return "Sealer()"


def _uuid_functions(
    key: bytes,
) -> tuple[Callable[[Reference], str], Callable[[bytes], Reference | None]]:
    cipher = Cipher(AES(key), ECB())  # noqa: S305 - see Sealer
    encrypt, decrypt = cipher.encryptor().update, cipher.decryptor().update

    def walk(step: Callable[[bytes], bytes], block: bytes) -> bytes:
        for _ in range(_WALK_LIMIT):
            block = step(block)
            if block[6] >> 4 == 8 and block[8] >> 6 == 2:
                return block
        raise RuntimeError("a cycle walk did not end")  # pragma: no cover - 1e-28

    @lru_cache(CACHE)
    def uuid(reference: Reference) -> str:
        digits = walk(encrypt, _in_uuid(reference)).hex()
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"

    @lru_cache(CACHE)
    def open_uuid(text: bytes) -> Reference | None:
        plain = walk(decrypt, bytes.fromhex(text.replace(b"-", b"").decode()))
        n = int.from_bytes(plain)
        payload = (n >> 80) << 24 | (n >> 64 & 0xFFF) << 12 | (n >> 50 & 0xFFF)
        found = _OF_TAIL.get((payload & 0xFF) << 56)
        zeros = n & (1 << 50) - 1 == 0
        return Reference(payload >> 8, *found) if found and zeros and payload >> 8 else None

    return uuid, open_uuid


def _in_uuid(reference: Reference) -> bytes:
    """72 bits into the first free bits of a version 8 UUID; the other 50 are zero."""
    ref, kind, in_vault = reference
    n = ref << 8 | _TAIL_OF[kind, in_vault] >> 56
    high, middle, low = n >> 24, n >> 12 & 0xFFF, n & 0xFFF
    return (high << 80 | 8 << 76 | middle << 64 | 2 << 62 | low << 50).to_bytes(16)


class ServiceSeal:
    """All versions of one service's seal: new pseudonyms by the current, any is opened."""

    __slots__ = ("current", "sealers", "service")

    def __init__(self, keys: Keys, service: str) -> None:
        self.service = service
        self.current = keys.current
        self.sealers = {
            version: Sealer(keys.pseudonym_key(version, service), keys.uuid_key(version, service))
            for version in keys.versions
        }

    def __repr__(self) -> str:
        return f"ServiceSeal({self.service!r}, versions={sorted(self.sealers)})"
